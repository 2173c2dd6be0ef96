"""A log is folded a second time beside the conclusions in use; what comes out is a fold from zero."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from blo_agent.commands.accept import Accepted, CommandRefused
from blo_agent.inbound import second_reader
from blo_agent.inbound.own_chain import successor
from blo_agent.inbound.second_reader import SecondReader
from blo_agent.office import kept_states, revise
from blo_agent.office.link_status import HaltReason
from blo_agent.office.revision import Revision
from blo_agent.office.verdict_counts import load_tally
from blo_agent.store.connection import Transaction
from blo_agent.store.tables import cases, halts, journal, meta, records, revised
from blo_agent.store.writer import AFTER_COMMIT
from blo_domain.cases import legal_steps
from blo_log.memory import MemoryCluster
from blo_log.port import ProducerRecord, TopicPartition
from blo_log.topics import exchange_topic
from blo_projection.link_chain import LinkChain
from blo_schemas.codec import encode
from blo_schemas.event import ENVELOPE, LogRecord
from blo_schemas.hashes import document_id, event_id
from blo_schemas.ids import CaseId, CountryId, OfficeId
from blo_schemas.summary import Step
from blo_schemas.trust import Revocation, RevokedFrom, SignedDocument
from blo_schemas.views import CaseView
from tests.agents.crashing import CrashPlan, agree
from tests.agents.started import both_up, opened_case
from tests.agents.world import (
    CORRIDOR,
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

EXCHANGE = TopicPartition(exchange_topic(CORRIDOR), 0)
_PLAIN = {Step.ACKNOWLEDGE, Step.ACCEPT, Step.URGE, Step.CLOSE, Step.REOPEN}


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """States a few records apart, and portions of two records."""
    monkeypatch.setattr(kept_states, "EVERY", 3)
    monkeypatch.setattr(second_reader, "_PORTION", 2)


def revoked(
    world: World, certificate: SignedDocument, *, at: int = NOW, size: int | None = None
) -> SignedDocument:
    """A revocation from a size of the link's log on, or from an instant on."""
    office = next(one for one in world.documents if one == certificate)
    country = "la" if b"la-" in office.payload else "vn"
    links = () if size is None else (RevokedFrom(link=LINK, size=size),)
    document = Revocation(
        country=CountryId(country),
        certificate=document_id(certificate.payload),
        at=at,
        links=links,
        reason="(fictional) the key was lost",
    )
    return world.sign(document, [world.root_keys[country]])


async def whole(agent: RunningAgent, cluster: MemoryCluster) -> None:
    """What is stored of the link, and what is in memory, is what its log and documents give."""
    desk = agent.desk()

    def check(tx: Transaction) -> None:
        assert desk.tally == load_tally(tx, agent.agent.office.id, LINK)
        meta.remove(tx, f"tally/{LINK}")
        counted = load_tally(tx, agent.agent.office.id, LINK)
        assert {**desk.tally.rejected} == {
            **counted.rejected,
            **dict.fromkeys(desk.tally.rejected.keys() - counted.rejected.keys(), 0),
        }
        assert (desk.tally.accepted, desk.tally.own) == (counted.accepted, counted.own)
        assert desk.unopened == list(records.unopened_positions(tx, LINK))
        assert list(revised.iterate(tx, LINK)) == []
        views: list[CaseView] = list(cases.iterate(tx, LINK))
        assert [desk.views.get(CaseId(view.case)) for view in views] == views

    await agent.agent.store.write(check)
    chain = LinkChain(LINK, desk.fold.trust)
    kept = {state.size: state for state in desk.kept}
    for record in cluster.partition(EXCHANGE).records[: desk.size]:
        chain.admit(LogRecord(record.offset, record.timestamp, record.value or b""))
        state = kept.pop(chain.size, None)
        assert state is None or (state.chain, state.latest) == (
            chain.snapshot(),
            chain.traces.latest,
        )
    assert not kept
    assert desk.fold.chain.snapshot() == chain.snapshot()


async def play(agents: list[RunningAgent], dice: random.Random, steps: int) -> list[Accepted]:
    """Have the agents take steps that they take to be legal; those refused are passed over."""
    accepted = []
    for _ in range(steps):
        agent = dice.choice(agents)
        office = agent.agent.office.id
        views = await agent.ask(lambda tx: list(cases.iterate(tx, LINK)))
        moves = [
            (CaseId(view.case), step)
            for view in views
            for step in legal_steps(view, office, (B, A))
            if step in _PLAIN
        ]
        with suppress(CommandRefused):
            if not moves or dice.random() < 0.3:
                accepted.append(await agent.open())
            else:
                case, step = dice.choice(moves)
                accepted.append(await agent.do(step, case))
        await asyncio.sleep(dice.choice((0, 0, 0.01)))
    return accepted


def _documents(world: World, agent: RunningAgent, dice: random.Random) -> list[SignedDocument]:
    """A change that reaches back to anywhere, with new certificates to go on under."""
    size = agent.desk().size
    version = 2 + sum(b"agreement" in one.payload for one in world.documents)
    certificates = [one for one in world.documents if b"certificate" in one.payload[:30]]
    certificates = [one for one in certificates if b"revocation" not in one.payload[:30]]
    cut = dice.choice(certificates)
    since = int(NOW - YEAR_MS + len(world.documents))
    renewed = [world.certify(office, not_before=since) for office in (A, B)]
    kind = dice.choice(("size", "agreement", "both"))
    documents = list(renewed)
    if kind != "agreement":
        documents.append(revoked(world, cut, size=dice.randrange(size + 2)))
    if kind != "size":
        documents.append(world.agree(LINK, (A, B), version=version - 1))
    dice.shuffle(documents)
    return documents


@pytest.mark.parametrize("seed", range(6))
async def test_any_documents_in_any_order_lead_to_what_a_fold_from_zero_gives(
    tmp_path: Path, seed: int
) -> None:
    dice = random.Random(seed)
    cluster = MemoryCluster()
    async with both_up(tmp_path, cluster) as (world, a, b):
        await opened_case(a, [b])
        given = await play([a, b], dice, 12)
        for _ in range(3):
            await all_read([a, b], max(a.desk().size, b.desk().size))
            await world.publish(_documents(world, a, dice))
            given += await play([a, b], dice, dice.randrange(6))
            if dice.random() < 0.5:
                await a.kill()
                a = await world.agent(A)
            for agent in (a, b):
                await agent.heeds(world)
            given += await play([a, b], dice, 4)
        for agent in (a, b):
            await agent.until(lambda agent=agent: agent.desk().status.own_chain_checked)  # type: ignore[misc]
            await agent.until(lambda agent=agent: not agent.desk().under_way)  # type: ignore[misc]
        await all_read([a, b], len(cluster.partition(EXCHANGE).records))
        await agree([a, b])
        for agent in (a, b):
            await whole(agent, cluster)

        # Every event that was accepted is in the log, or the one is that it was sealed anew as.
        values = [record.value or b"" for record in cluster.partition(EXCHANGE).records]
        written = {event_id(LINK, ENVELOPE.decode(value).header) for value in values}
        for one in given:
            names = [
                await agent.ask(lambda tx, one=one: successor(tx, one.event))  # type: ignore[misc]
                for agent in (a, b)
            ]
            assert written & {one.event, *names}


async def test_a_log_is_folded_from_the_newest_state_before_what_documents_concern(
    tmp_path: Path,
) -> None:
    cluster = MemoryCluster()
    async with both_up(tmp_path, cluster) as (world, a, b):
        for _ in range(20):
            await opened_case(a, [b])
        since = cluster.partition(EXCHANGE).records[16].timestamp
        first = next(
            number
            for number, one in enumerate(cluster.partition(EXCHANGE).records)
            if one.timestamp >= since
        )
        starts: list[int] = []
        begun = kept_states.newest_spared

        def noted(*args: object) -> kept_states.KeptState:
            found = begun(*args)  # type: ignore[arg-type]
            starts.append(found.size)
            return found

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(revise, "newest_spared", noted)
            await world.publish([world.agree(LINK, (A, B), version=2, effective_from=since)])
            for agent in (a, b):
                await agent.heeds(world)
        assert len(starts) == 2
        assert all(first - 4 <= start <= first for start in starts)
        await agree([a, b])
        for agent in (a, b):
            await whole(agent, cluster)


async def test_keys_that_come_while_a_log_is_folded_again_open_what_waits_in_both_folds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = MemoryCluster()
    async with both_up(tmp_path, cluster) as (world, a, b):
        append, kept_back = cluster.append, list[ProducerRecord]()

        def without_keys(message: ProducerRecord) -> int:
            if message.topic.startswith("blo.keys."):
                kept_back.append(message)
                return 0
            return append(message)

        monkeypatch.setattr(cluster, "append", without_keys)
        for _ in range(4):
            await a.open()
        await b.read(4)
        assert b.desk().fold.parked_count() == 4
        step, steps = SecondReader.step, 2

        async def some_steps(reader: SecondReader) -> bool:
            nonlocal steps
            if reader is b.agent.receiver._second:
                if steps == 0:
                    return False
                steps -= 1
            return await step(reader)

        monkeypatch.setattr(SecondReader, "step", some_steps)
        await world.publish([world.agree(LINK, (A, B), version=2)])
        await b.until(lambda: b.desk().revision is not None and steps == 0)
        revision = b.desk().revision
        assert revision is not None
        await b.until(lambda: revision.fold.parked_count() == 2)
        monkeypatch.setattr(cluster, "append", append)
        await world.append(kept_back)
        await b.until(lambda: b.desk().tally.accepted == 4)
        assert revision.fold.parked_count() == 0
        steps = 100
        await b.heeds(world)
        await a.heeds(world)
        assert b.desk().unopened == []
        await agree([a, b])
        await whole(b, cluster)


async def test_a_broker_that_gives_other_records_than_before_halts_the_link(tmp_path: Path) -> None:
    cluster = MemoryCluster()
    async with both_up(tmp_path, cluster) as (world, a, b):
        case = await opened_case(a, [b])
        await b.do(Step.ACKNOWLEDGE, case)
        await all_read([a, b], 2)
        await b.stop()
        before = await a.verdicts()
        held = cluster.partition(EXCHANGE).records
        honest = list(held)
        held[1] = replace(held[1], value=b"something else")
        await world.publish([world.agree(LINK, (A, B), version=2)])
        await a.until(lambda: a.desk().status.halted is not None)
        (halt,) = await a.ask(lambda tx: halts.standing(tx, LINK))
        assert halt.reason == HaltReason.LOG_CUT
        assert await a.verdicts() == before
        view = a.desk().views.get(case)
        assert view is not None
        assert view.version == 2
        held[:] = honest
        await a.agent.resume(LINK, "brought back (fictional)", "chief")
        await a.heeds(world)
        await a.until(lambda: a.desk().status.own_chain_checked)
        await a.do(Step.URGE, case)
        await a.read(3)
        await agree([a])


async def test_a_fault_while_a_log_is_folded_again_has_it_read_in_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = MemoryCluster()
    async with both_up(tmp_path, cluster) as (world, a, b):
        for _ in range(5):
            await opened_case(a, [b])
        known, left = Revision._is_known, 3

        def failing(revision: Revision, *args: Any) -> bool:
            nonlocal left
            left -= 1
            if left == 0:
                raise RuntimeError("a fault of this program")
            return known(revision, *args)

        monkeypatch.setattr(Revision, "_is_known", failing)
        await world.publish([world.agree(LINK, (A, B), version=2)])
        for agent in (a, b):
            await agent.heeds(world)
        await all_read([a, b], 5)
        actions = [
            await one.ask(lambda tx: [e.action for e in journal.entries(tx)]) for one in (a, b)
        ]
        assert sorted(entries.count("refold") for entries in actions) == [1, 2]
        await agree([a, b])
        await whole(a, cluster)


def stored_verdicts(world: World, office: OfficeId) -> tuple[list[tuple[str, str]], list[bytes]]:
    """What the store of an office that is down says of the link: verdicts, and views in order."""
    with world.store(office) as store:
        rows = store.submit_read(lambda snapshot: list(records.iterate(snapshot, LINK))).result()
        views = store.submit_read(lambda snapshot: list(cases.iterate(snapshot, LINK))).result()
    verdicts = [(str(row.outcome), str(row.reason)) for row in rows]
    return verdicts, sorted(encode(view) for view in views)


def files_of(folder: Path, office: OfficeId) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.glob(f"{office}.db*")}


def put_back(folder: Path, office: OfficeId, saved: dict[Path, bytes]) -> None:
    for path in folder.glob(f"{office}.db*"):
        path.unlink()
    for path, data in saved.items():
        path.write_bytes(data)


async def test_a_kill_between_any_two_steps_leaves_the_old_or_the_new_whole(tmp_path: Path) -> None:
    cluster = MemoryCluster()
    async with both_up(tmp_path, cluster) as (world, a, b):
        for _ in range(4):
            case = await opened_case(a, [b])
            await b.do(Step.ACKNOWLEDGE, case)
            await all_read([a, b], b.desk().size + 1)
        await b.until(lambda: not b.desk().under_way)
        await b.stop()
        old = stored_verdicts(world, B)
        saved = files_of(tmp_path, B)
        certificate = next(
            one
            for one in world.documents
            if b"certificate" in one.payload[:30] and A.encode() in one.payload
        )
        renewed = world.certify(A, not_before=int(NOW - YEAR_MS + 1))
        await world.publish([renewed, revoked(world, certificate, size=3)])
        await a.heeds(world)
        new: tuple[list[tuple[str, str]], list[bytes]] | None = None
        struck = set[bool]()
        for step in count():
            put_back(tmp_path, B, saved)
            plan = CrashPlan()
            b = await world.agent(B, store_probe=plan, line_up=False)
            if step:
                plan.arm(step, AFTER_COMMIT)
            b.line_up()
            heeds = asyncio.create_task(b.heeds(world))
            await asyncio.wait({heeds, b.task}, return_when=asyncio.FIRST_COMPLETED)
            was_killed = plan.disarm()
            heeds.cancel()
            await asyncio.wait({heeds})
            await b.kill()
            left = stored_verdicts(world, B)
            new = new or left
            struck.add(left == old)
            assert left in (old, new)
            assert old != new
            b = await world.agent(B)
            await b.heeds(world)
            await whole(b, cluster)
            await b.kill()
            assert stored_verdicts(world, B) == new
            if step and not was_killed:
                break
        # It was killed before the exchange, and after it.
        assert struck == {True, False}
        assert step > 3
