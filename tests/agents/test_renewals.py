"""New certificates and agreements from today on: no command is refused, and no log is folded again."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable
from pathlib import Path

import pytest

from blo_agent.store.tables import journal
from blo_log.memory import MemoryCluster, MemoryLog
from blo_schemas.hashes import document_id
from blo_schemas.ids import LinkId, OfficeId
from blo_schemas.trust import SignedDocument
from blo_sealing.keys import NodeKeys
from tests.agents.crashing import agree
from tests.agents.started import both_up, opened_case
from tests.agents.world import (
    LINK,
    NOW,
    YEAR_MS,
    A,
    B,
    RunningAgent,
    World,
    all_read,
)

pytestmark = pytest.mark.slow

OFFICES = 12
"""So many offices on the other side, each on a link of its own."""


async def folds(agent: RunningAgent) -> int:
    """How often a log was folded again, or read again."""
    return await agent.ask(
        lambda tx: [entry.action for entry in journal.entries(tx)].count("refold")
    )


async def digest(agent: RunningAgent, link: LinkId) -> bytes:
    """The digest of the link's views."""
    return await agent.ask(lambda _: agent.desk(link).views.digest())


async def taken(agent: RunningAgent, documents: Iterable[SignedDocument]) -> None:
    """Wait until the agent has the documents."""
    ids = {document_id(one.payload) for one in documents}
    await agent.until(lambda: ids <= set(agent.agent.office.directory.documents))


async def test_the_renewal_of_all_certificates_of_a_corridor_refuses_and_folds_nothing(
    tmp_path: Path,
) -> None:
    others = [OfficeId(f"la-{number}") for number in range(OFFICES)]
    links = [LinkId(f"{other}~{A}") for other in others]
    cluster = MemoryCluster()
    world = World(tmp_path, lambda: MemoryLog(cluster))
    for office in (A, *others):
        world.certify(office)
    for partition, (link, other) in enumerate(zip(links, others, strict=True)):
        world.agree(link, (A, other), partition)
    async with world:
        await world.publish(links=OFFICES)
        a, one, last = [await world.agent(office) for office in (A, others[0], others[-1])]
        for link in links:
            await a.has_desk(link)
            await a.open(link)
            await a.read(1, link)
        read = [a.desk(link).fold for link in links]

        renewed = [world.certify(office, not_before=NOW - 1000) for office in (A, *others)]
        wider = [
            world.agree(link, (A, other), partition, version=2, effective_from=NOW + YEAR_MS // 2)
            for partition, (link, other) in enumerate(zip(links, others, strict=True))
        ]
        done = asyncio.Event()

        async def command() -> int:
            """Give commands all the while; a refusal would be raised."""
            given = 0
            while not done.is_set() or given < OFFICES:
                await a.open(links[given % OFFICES])
                given += 1
                await asyncio.sleep(0.01)
            return given

        async with asyncio.TaskGroup() as tasks:
            giving = tasks.create_task(command())
            for document in (*renewed, *wider):
                await world.publish([document], links=OFFICES)
            await taken(a, [*renewed, *wider])
            done.set()
        given = giving.result()

        for number, link in enumerate(links):
            count = 1 + len(range(number, given, OFFICES))
            await a.read(count, link)
            assert a.desk(link).tally.accepted == count
        assert [a.desk(link).fold for link in links] == read
        for agent, link in ((one, links[0]), (last, links[-1])):
            await taken(agent, [*renewed, *wider])
            await agent.read(a.desk(link).size, link)
            assert await digest(agent, link) == await digest(a, link)
        assert [await folds(agent) for agent in (a, one, last)] == [0, 0, 0]
        # What is written now is written under the new certificates, over a restart as well.
        await a.kill()
        a = await world.agent(A)
        await all_read([a, one], a.desk(links[0]).size, links[0])
        tag = a.agent.office.author(links[0], NOW).kid
        assert tag == a.agent.office.directory.certificates(A)[-1].tag
        assert await folds(a) == 0


async def test_certificates_of_an_attackers_root_have_nobody_fold_a_log(tmp_path: Path) -> None:
    """Whatever one country certifies, for strangers or for its own office, and for whenever."""
    async with both_up(tmp_path) as (world, a, b):
        case = await opened_case(a, [b])
        strangers = [world.certify(OfficeId(f"la-x{number}")) for number in range(20)]
        more = [
            world.certify(B, not_before=NOW - YEAR_MS + number, keys=NodeKeys.generate(os.urandom))
            for number in range(1, 20)
        ]
        await world.publish([*strangers, *more])
        for agent in (a, b):
            await taken(agent, [*strangers, *more])
            assert await folds(agent) == 0
            assert agent.desk().trust_digest == world.directory().digest_for_link(LINK)
        await all_read([a, b], 1)
        assert a.desk().views.get(case) is not None
        await agree([a, b])
