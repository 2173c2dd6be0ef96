"""What tests of shredding share: cases that may be shredded, and what is left of one in a store."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable, Iterator, Sequence, Sized
from pathlib import Path

from blo_agent.api.present_cases import case_history
from blo_agent.api.response_types import CaseHistory
from blo_agent.commands.accept import Accepted
from blo_agent.office.viewer import viewer
from blo_agent.store.connection import Snapshot, open_connection
from blo_agent.store.keyfile import load_store_key
from blo_agent.store.tables import files, keys, outbox
from blo_agent.store.tables import shredded as table
from blo_schemas.codec import encode
from blo_schemas.ids import CaseId, KeyId, LinkId, OfficeId
from blo_schemas.summary import Step
from blo_schemas.views import State
from tests.agents.world import LINK, REQUEST, RunningAgent, World, all_read
from tests.patience import PATIENCE_S

_PAGE, _FRAME_HEAD, _WAL_HEAD = 4096, 24, 32
"""Sizes in a write-ahead log of SQLite: a page, the head of its frame, the head of the file."""

GROUND = {"ground": "retention_ended", "provision": "(fictional) article 7"}
SUBJECT = str(REQUEST["subject"]).encode()
WHY = "the term has ended (fictional)"


async def withdrawn(a: RunningAgent, readers: list[RunningAgent], link: LinkId = LINK) -> CaseId:
    """A case of A's in which nothing more is owed, and that all have read."""
    before = a.desk(link).size
    case = (await a.open(link)).case
    await a.do(Step.WITHDRAW, case, link=link)
    await all_read([a, *readers], before + 2, link)
    return case


async def consents(agent: RunningAgent, case: CaseId, link: LinkId = LINK) -> Accepted:
    return await agent.do(Step.SHRED, case, GROUND, link, reason=WHY)


async def confirms(agent: RunningAgent, case: CaseId, link: LinkId = LINK) -> Accepted:
    """Confirms as soon as the agent lets the office."""
    await until_scrubbed(agent)
    await tombstones_sent(agent)
    return await agent.do(Step.CONFIRM_SHREDDING, case, link=link)


async def both_consent(
    a: RunningAgent, b: RunningAgent, case: CaseId, readers: Sequence[RunningAgent] = ()
) -> None:
    """Both offices consent, and all have read it."""
    await _by_both(consents, a, b, case, readers)


async def both_confirm(
    a: RunningAgent, b: RunningAgent, case: CaseId, readers: Sequence[RunningAgent] = ()
) -> None:
    """Both offices confirm, A first, and all have read it."""
    await _by_both(confirms, a, b, case, readers)


async def _by_both(
    deed: Callable[[RunningAgent, CaseId], Awaitable[Accepted]],
    a: RunningAgent,
    b: RunningAgent,
    case: CaseId,
    readers: Sequence[RunningAgent],
) -> None:
    before = a.desk().size
    for one in (a, b):
        await deed(one, case)
    await all_read([a, b, *readers], before + 2)


async def until_scrubbed(agent: RunningAgent) -> None:
    """Waits until nothing that was shredded is left on the disk."""
    await _empty(agent, table.unscrubbed)


async def tombstones_sent(agent: RunningAgent) -> None:
    """Waits until no grant, and no withdrawal of one or of a file, waits for the line."""

    def query(snapshot: Snapshot) -> list[object]:
        waiting = outbox.pending(snapshot, limit=1000)
        return [*(row for row in waiting if row.event_id is None), *files.withdrawals(snapshot, 9)]

    await _empty(agent, query)


async def _empty(agent: RunningAgent, query: Callable[[Snapshot], Sized]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while len(await agent.ask(query)):  # noqa: ASYNC110 - the store tells nobody
            await asyncio.sleep(0.01)


async def shredded(a: RunningAgent, b: RunningAgent, readers: list[RunningAgent]) -> CaseId:
    """A case that was shredded and confirmed, as all have read."""
    case = await withdrawn(a, [b, *readers])
    await both_consent(a, b, case, readers)
    await both_confirm(a, b, case, readers)
    return case


def state_of(agent: RunningAgent, case: CaseId, link: LinkId = LINK) -> State:
    view = agent.view(case, link)
    assert view is not None
    return view.state


async def history(agent: RunningAgent, case: CaseId, link: LinkId = LINK) -> CaseHistory:
    """What the desk shows of a case."""
    at, now = viewer(agent.agent.office), agent.agent.clock.now_ms()
    found = await agent.ask(
        lambda snapshot: case_history(at, snapshot, link, case, now, is_read=True)
    )
    assert found is not None
    return found


async def key_of(agent: RunningAgent, case: CaseId, link: LinkId = LINK) -> bytes | None:
    """The case's key, if the store holds it."""

    def query(snapshot: Snapshot) -> bytes | None:
        found = keys.get(snapshot, link, KeyId(case))
        return None if found is None else found.key

    return await agent.ask(query)


def pages(world: World, office: OfficeId) -> bytes:
    """Every page of an office's store, decrypted, free ones and unused space included.

    The agent must not run, so that nothing is left in the write-ahead log.
    """
    return _pages(world.folder / f"{office}.db", _store_key(world, office))


def states_on_disk(world: World, office: OfficeId) -> Iterator[bytes]:
    """Every page of each state of a store that its files still hold, while the agent may run.

    A write-ahead log that is cut after any of its frames shows the state of that moment.
    """
    key = _store_key(world, office)
    path = world.folder / f"{office}.db"
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / path.name
        log = copy.with_name(f"{copy.name}-wal")
        file, frames = path.read_bytes(), path.with_name(log.name).read_bytes()
        size = _PAGE + _FRAME_HEAD
        for count in range((len(frames) - _WAL_HEAD) // size + 1 if frames else 1):
            for left in Path(folder).iterdir():
                left.unlink()
            copy.write_bytes(file)
            log.write_bytes(frames[: _WAL_HEAD + count * size])
            yield _pages(copy, key)


def _pages(path: Path, key: bytes) -> bytes:
    connection = open_connection(path, key)
    try:
        return bytes(connection.serialize("main"))
    finally:
        connection.close()


def _store_key(world: World, office: OfficeId) -> bytes:
    return load_store_key(world.folder / f"{office}.key")


def traces(data: bytes, key: bytes) -> list[bytes]:
    """What of a shredded case's secrets is in these pages."""
    wanted = (key, SUBJECT, WHY.encode(), encode(SUBJECT.decode()))
    return [secret for secret in wanted if secret in data]


__all__ = [
    "GROUND",
    "SUBJECT",
    "WHY",
    "both_confirm",
    "both_consent",
    "confirms",
    "consents",
    "history",
    "key_of",
    "pages",
    "shredded",
    "state_of",
    "states_on_disk",
    "tombstones_sent",
    "traces",
    "until_scrubbed",
    "withdrawn",
]
