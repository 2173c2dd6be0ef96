"""The office's own chain: backups, copies of an agent, and certificates that ran out on the way."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from copy import copy
from pathlib import Path

import msgspec
import pytest

from blo_agent.api.present_cases import event_status
from blo_agent.api.response_types import EventStatus
from blo_agent.commands.accept import CommandRefused
from blo_agent.office.viewer import viewer
from blo_agent.store.tables import journal
from blo_log.memory import MemoryCluster, MemoryLog
from blo_log.port import ProducerRecord
from blo_log.topics import exchange_topic
from blo_runtime.clock import ManualClock
from blo_schemas.codec import encode
from blo_schemas.event import ENVELOPE, HEADER
from blo_schemas.ids import EventId
from blo_schemas.summary import Step
from tests.agents.backups import back_up, restore
from tests.agents.crashing import agree, counts_of, same_place_same_bytes
from tests.agents.started import begin, both_up, opened_case
from tests.agents.world import (
    CORRIDOR,
    LINK,
    NOW,
    A,
    B,
    RunningAgent,
    World,
    all_read,
)

pytestmark = pytest.mark.slow

HOUR_MS = 3_600_000


def on_a_clock(folder: Path) -> tuple[World, MemoryCluster, ManualClock]:
    """A world without documents yet, whose time the test moves."""
    clock = ManualClock(NOW)
    cluster = MemoryCluster(clock.now_ms)
    world = World(folder, lambda: MemoryLog(cluster))
    world.clock = clock
    return world, cluster, clock


def alter_the_next(
    cluster: MemoryCluster, monkeypatch: pytest.MonkeyPatch, alter: Callable[[bytes], bytes]
) -> None:
    """Let the broker keep something else in the place of the next record of the exchange."""
    append = cluster.append

    def altering(message: ProducerRecord) -> int:
        if message.topic != exchange_topic(CORRIDOR):
            return append(message)
        monkeypatch.setattr(cluster, "append", append)
        return append(msgspec.structs.replace(message, value=alter(message.value or b"")))

    monkeypatch.setattr(cluster, "append", altering)


async def became(agent: RunningAgent, event: EventId) -> list[str]:
    """What an agent says of each record of an event."""
    return [str(one) for one in await counts_of(agent, event)]


async def test_an_agent_from_an_older_backup_reads_its_own_chain_before_it_writes(
    tmp_path: Path,
) -> None:
    cluster = MemoryCluster()
    async with both_up(tmp_path, cluster) as (world, a, b):
        first = await opened_case(a, [b])
        backup = await back_up(world, a)
        await a.do(Step.URGE, first)
        await b.do(Step.ACKNOWLEDGE, first)
        later = await a.open()
        await all_read([a, b], 4)
        await a.stop()
        restore(world, backup)
        a = await world.agent(A)
        # Even a command that comes before the log was read finds its place in the end.
        early = await a.open()
        await all_read([a, b], 5)
        await a.do(Step.WITHDRAW, later.case)
        await all_read([a, b], 6)
        await agree([a, b])
        same_place_same_bytes(cluster)
        assert {outcome for outcome, _, _ in await a.verdicts()} == {"accepted"}
        assert await became(a, early.event) == ["accepted"]
        assert all(a.content_key(case) for case in (first, later.case))


async def test_what_an_old_outbox_still_holds_is_sealed_anew_behind_the_chain_in_the_log(
    tmp_path: Path,
) -> None:
    cluster = MemoryCluster()
    async with both_up(tmp_path, cluster) as (world, a, b):
        case = await opened_case(a, [b])
        empty = await back_up(world, a, "empty")
        await a.line_down()
        waiting = [await a.do(Step.URGE, case) for _ in range(2)]
        full = await back_up(world, a, "full")
        await a.kill()
        restore(world, empty)
        a = await world.agent(A)
        for _ in range(3):
            await a.do(Step.URGE, case)
        await all_read([a, b], 4)
        await a.stop()
        restore(world, full)
        a = await world.agent(A)
        await all_read([a, b], 6)
        await agree([a, b])
        same_place_same_bytes(cluster)
        assert {outcome for outcome, _, _ in await b.verdicts()} == {"accepted"}
        for accepted in waiting:
            assert await became(a, accepted.event) == ["accepted"]
            status = await status_of(a, accepted.event)
            assert status.verdict == "accepted"
            assert status.event != accepted.event.hex()
        assert (await actions(a)).count("seal anew") == 2


async def status_of(agent: RunningAgent, event: EventId) -> EventStatus:
    found = await agent.ask(lambda tx: event_status(viewer(agent.agent.office), tx, event))
    assert found is not None
    return found


async def actions(agent: RunningAgent) -> list[str]:
    return await agent.ask(lambda tx: [entry.action for entry in journal.entries(tx)])


async def twin_of(world: World, agent: RunningAgent) -> RunningAgent:
    """Another agent with a copy of the same store."""
    twin = copy(world)
    twin.folder = world.folder / "twin"
    twin.folder.mkdir()
    shutil.copy(await back_up(world, agent, "twin"), twin.folder / f"{A}.db")
    shutil.copy(world.folder / f"{A}.key", twin.folder / f"{A}.key")
    return await twin.agent(A)


async def test_a_second_writer_halts_the_link(tmp_path: Path) -> None:
    cluster = MemoryCluster()
    async with both_up(tmp_path, cluster) as (world, a, b):
        case = await opened_case(a, [b])
        twin = await twin_of(world, a)
        await twin.until(lambda: twin.desk().status.own_chain_checked)
        await a.line_down()
        await twin.line_down()
        await a.do(Step.URGE, case)
        await twin.do(Step.WITHDRAW, case)
        a.line_up()
        twin.line_up()
        await a.until(lambda: a.desk().status.halted is not None)
        await twin.until(lambda: twin.desk().status.halted is not None)
        for one in (a, twin):
            with pytest.raises(CommandRefused) as refusal:
                await one.do(Step.URGE, case)
            assert refusal.value.reason == "halted"
            assert "Another copy of the agent or of its keys" in refusal.value.words
            links = one.agent.checks()["links"]()
            assert not links.ok
            assert LINK in links.detail
        await b.read(3)
        assert [reason for _, reason, _ in await b.verdicts()] == ["None", "None", "fork"]
        assert b.desk().status.halted is None
        assert b.agent.metrics.forks.labels(link=LINK)._value.get() == 1
        # Nothing of what was accepted is thrown away: it waits until a person has decided.
        assert len(a.desk().under_way) + len(twin.desk().under_way) == 1
        same_halted = len(cluster.records(exchange_topic(CORRIDOR), 0))
        assert same_halted == 3


async def test_a_record_that_only_claims_to_be_ours_halts_nothing(tmp_path: Path) -> None:
    cluster = MemoryCluster()
    async with both_up(tmp_path, cluster) as (world, a, b):
        case = await opened_case(a, [b])
        genuine = ENVELOPE.decode(cluster.records(exchange_topic(CORRIDOR), 0)[0].value or b"")
        header = msgspec.structs.replace(HEADER.decode(genuine.header), oseq=1)
        forged = msgspec.structs.replace(genuine, header=encode(header))
        await world.append([ProducerRecord(exchange_topic(CORRIDOR), 0, b"", encode(forged))])
        await all_read([a, b], 2)
        assert (await a.verdicts())[1] == ("rejected", "bad_signature", False)
        assert a.desk().status.halted is None
        await a.do(Step.URGE, case)
        await all_read([a, b], 3)
        await agree([a, b])


async def test_an_event_that_the_broker_altered_is_refused_by_its_own_office_too_and_sent_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = MemoryCluster()
    async with both_up(tmp_path, cluster) as (_, a, b):
        case = await opened_case(a, [b])

        def unsigned(value: bytes) -> bytes:
            envelope = ENVELOPE.decode(value)
            return encode(msgspec.structs.replace(envelope, signature=bytes(64)))

        alter_the_next(cluster, monkeypatch, unsigned)
        urged = await a.do(Step.URGE, case)
        await all_read([a, b], 3)
        await agree([a, b])
        assert await became(b, urged.event) == ["rejected"]
        assert await became(a, urged.event) == ["accepted"]


async def test_an_acknowledged_event_that_is_not_in_the_log_is_sealed_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = MemoryCluster()
    async with both_up(tmp_path, cluster) as (_, a, b):
        case = await opened_case(a, [b])
        alter_the_next(cluster, monkeypatch, lambda _: b"rubbish")
        urged = await a.do(Step.URGE, case)
        await all_read([a, b], 3)
        await agree([a, b])
        assert await became(a, urged.event) == ["accepted"]


async def test_what_a_certificate_outran_is_sealed_anew_under_the_next_one(tmp_path: Path) -> None:
    world, cluster, clock = on_a_clock(tmp_path)
    world.certify(A, not_after=NOW + HOUR_MS)
    world.certify(B)
    world.agree(LINK, (A, B))
    async with world:
        a, b = await begin(world, A, B)
        case = await opened_case(a, [b])
        await a.line_down()
        late = [await a.do(Step.URGE, case), await a.open()]
        clock.advance(2 * HOUR_MS)
        a.line_up()
        await b.read(3)
        assert [reason for _, reason, _ in await b.verdicts()] == ["None", *["key_expired"] * 2]
        await a.until(lambda: not a.desk().status.own_chain_checked)
        with pytest.raises(CommandRefused) as refusal:
            await a.open()
        assert refusal.value.reason == "no_identity"
        assert "ask the country's root for one" in refusal.value.words
        # It does not try in vain again and again.
        await asyncio.sleep(0.3)
        assert len(cluster.records(exchange_topic(CORRIDOR), 0)) == 3
        renewed = world.certify(A, not_before=NOW + HOUR_MS)
        await world.publish([renewed])
        await all_read([a, b], 5)
        await agree([a, b])
        for accepted in late:
            assert await became(a, accepted.event) == ["accepted"]
        assert [outcome for outcome, _, _ in await b.verdicts()][3:] == ["accepted"] * 2


async def test_while_no_agreement_is_in_force_nothing_is_sealed_anew(tmp_path: Path) -> None:
    world, cluster, clock = on_a_clock(tmp_path)
    world.certify(A)
    world.certify(B)
    world.agree(LINK, (A, B), effective_until=NOW + HOUR_MS)
    async with world:
        a, b = await begin(world, A, B)
        case = await opened_case(a, [b])
        await a.line_down()
        late = await a.do(Step.URGE, case)
        clock.advance(2 * HOUR_MS)
        a.line_up()
        await b.read(2)
        assert (await b.verdicts())[1] == ("rejected", "no_agreement", False)
        await asyncio.sleep(0.3)
        assert len(cluster.records(exchange_topic(CORRIDOR), 0)) == 2
        # What was agreed and done before is still there to be read.
        await a.kill()
        a = await world.agent(A)
        assert a.view(case) is not None
        clock.advance(2 * HOUR_MS)
        renewed = world.agree(LINK, (A, B), version=2, effective_from=NOW + 3 * HOUR_MS)
        await world.publish([renewed])
        await all_read([a, b], 3)
        await agree([a, b])
        assert await became(a, late.event) == ["accepted"]
