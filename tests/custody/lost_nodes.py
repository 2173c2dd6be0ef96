"""Nodes whose disk is lost, and what a test asks of them when they are back."""

from __future__ import annotations

import os

from blo_agent.custody.regrant import Regrant, regrants
from blo_agent.store.tables import events
from blo_schemas.content import CONTENT
from blo_schemas.ids import CaseId, LinkId, OfficeId
from blo_schemas.trust import Revocation, RevokedFrom
from blo_sealing.keys import NodeKeys
from tests.agents.world import LINK, NOW, RunningAgent, World


def lose_disk(world: World, office: OfficeId) -> None:
    """Nothing of the office's node is left: not the store, not its key."""
    for path in world.folder.glob(f"{office}.*"):
        path.unlink()


def certify_new_keys(world: World, office: OfficeId) -> None:
    """A certificate of new keys, which the next store of the office gets."""
    world.keys[office] = NodeKeys.generate(os.urandom)
    world.certify(office, not_before=NOW - 60_000)


def revoke(world: World, office: OfficeId, sizes: dict[LinkId, int]) -> None:
    """End the office's newest certificate from these log sizes on."""
    certified = world.directory().certificates(office)[-1]
    body = Revocation(
        country=certified.certificate.country,
        certificate=certified.id,
        at=NOW,
        links=tuple(RevokedFrom(link=link, size=size) for link, size in sorted(sizes.items())),
        reason="(fictional) the node is lost",
    )
    world.sign(body, [world.root_keys[str(certified.certificate.country)]])


async def regranted(
    giver: RunningAgent, reader: OfficeId, link: LinkId = LINK, reason: str = "lost"
) -> Regrant:
    """Have an office grant its keys of a link again, and wait until all was sent."""
    asked = await giver.agent.regrants.ask(link, reader, reason, "operator")

    async def is_done() -> bool:
        rows = await giver.ask(regrants)
        return any(row.done and row.asked_at == asked.asked_at for row in rows)

    await giver.until_true(is_done)
    (done,) = [row for row in await giver.ask(regrants) if (row.link, row.reader) == (link, reader)]
    return done


def contents_of(agent: RunningAgent, case: CaseId, link: LinkId = LINK) -> list[bool]:
    """For each step of a case, whether the office has its contents."""

    def query(snapshot: object) -> list[bool]:
        rows = events.by_case(snapshot, link, case)  # type: ignore[arg-type]
        return [row.content is not None and bool(CONTENT.decode(row.content)) for row in rows]

    return agent.read_store(query)


async def opens(agent: RunningAgent, case: CaseId, steps: int, link: LinkId = LINK) -> None:
    """Wait until an office has the contents of all steps of a case."""

    async def is_open() -> bool:
        return contents_of(agent, case, link) == [True] * steps

    await agent.until_true(is_open)
