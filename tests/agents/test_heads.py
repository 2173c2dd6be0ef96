"""Heads: receipts, the proof that all read one log, and what is anchored in them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from blo_agent.api.present_cases import event_status
from blo_agent.commands.accept import CommandRefused
from blo_agent.office.viewer import viewer
from blo_agent.outbound.heads import make_head
from blo_agent.store.tables import journal
from blo_log.memory import MemoryCluster, MemoryLog
from blo_log.port import ProducerRecord
from blo_log.topics import heads_topic
from blo_schemas.codec import encode
from blo_schemas.hashes import certificate_tag, document_id
from blo_schemas.heads import HEAD, SIGNED_HEAD, Head, head_record_key
from blo_schemas.ids import EventId, OfficeId
from blo_schemas.summary import Step
from blo_sealing.keys import NodeKeys
from blo_sealing.statements import sign_head
from tests.agents.crashing import agree
from tests.agents.started import begin, both_up, opened_case, three_up
from tests.agents.world import (
    CORRIDOR,
    LINK,
    NOW,
    PROVINCE,
    A,
    B,
    RunningAgent,
    World,
    all_read,
    two_offices,
)
from tests.unit.store.journal_chain import verify_journal

C = OfficeId("la-c")
ELSEWHERE = bytes(range(32))


async def head_of(agent: RunningAgent, **changed: Any) -> Head:
    """What the office would say of the link now, changed as a liar would."""
    office = agent.agent.office
    made = await agent.ask(lambda tx: make_head(office, agent.desk(), NOW, tx))
    return msgspec.structs.replace(made, **changed)


def signed(head: Head, keys: NodeKeys) -> ProducerRecord:
    key = head_record_key(LINK, head.office)
    return ProducerRecord(heads_topic(CORRIDOR), 0, key, encode(sign_head(head, keys.signing)))


async def say(world: World, keys: NodeKeys, *heads: Head) -> None:
    """Publish heads, signed by whoever's keys are given."""
    await world.append([signed(one, keys) for one in heads])


async def test_a_head_over_another_log_halts_the_link(tmp_path: Path) -> None:
    async with both_up(tmp_path) as (world, a, b):
        case = await opened_case(a, [b])
        lie = await head_of(b, log_hash=ELSEWHERE)
        await b.stop()
        await say(world, world.keys[B], lie)
        await a.until(lambda: a.desk().status.halted is not None)
        with pytest.raises(CommandRefused) as refusal:
            await a.do(Step.URGE, case)
        assert refusal.value.reason == "halted"
        assert "were shown different logs" in refusal.value.words
        assert not a.agent.checks()["links"]().ok
        entries = await a.ask(lambda tx: list(journal.entries(tx)))
        evidence = [one.detail for one in entries if one.action == f"halt over {B}"]
        assert [HEAD.decode(SIGNED_HEAD.decode(one).head) for one in evidence] == [lie]
        # It stays so over a restart, as long as that head stands.
        await a.kill()
        a = await world.agent(A)
        assert a.desk().status.halted is not None


def size_of_head(agent: RunningAgent) -> int | None:
    """What the counterpart's newest head says it has read, as far as the agent knows."""
    head = agent.agent.office.heads.get((LINK, B))
    return None if head is None else head.size


async def test_a_head_that_is_ahead_is_compared_when_the_log_has_been_read_that_far(
    tmp_path: Path,
) -> None:
    async with both_up(tmp_path) as (world, a, b):
        case = await opened_case(a, [b])
        lie = await head_of(b, size=2, log_hash=ELSEWHERE)
        await b.stop()
        await say(world, world.keys[B], lie)
        await a.until(lambda: size_of_head(a) == 2)
        assert a.desk().status.halted is None
        await a.do(Step.URGE, case)
        await a.read(2)
        await a.until(lambda: a.desk().status.halted is not None)


async def test_two_heads_of_one_size_are_noticed_before_one_replaces_the_other(
    tmp_path: Path,
) -> None:
    async with both_up(tmp_path) as (world, a, b):
        await opened_case(a, [b])
        head = await head_of(b, size=9)
        await b.stop()
        await say(world, world.keys[B], head)
        await a.until(lambda: size_of_head(a) == 9)
        await say(world, world.keys[B], msgspec.structs.replace(head, log_hash=ELSEWHERE))
        await a.until(lambda: a.desk().status.halted is not None)
        assert "has signed two different hashes" in (a.desk().status.halted or "")


async def test_a_lie_between_two_true_heads_is_found_all_the_same(tmp_path: Path) -> None:
    async with both_up(tmp_path) as (world, a, b):
        await opened_case(a, [b])
        truth = await head_of(b)
        lie = msgspec.structs.replace(truth, log_hash=ELSEWHERE)
        await b.stop()
        await say(world, world.keys[B], truth, lie, truth)
        await a.until(lambda: a.desk().status.halted is not None)


async def test_heads_that_nobody_of_the_link_has_signed_are_counted_and_ignored(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    cluster = MemoryCluster()
    async with two_offices(tmp_path, lambda: MemoryLog(cluster)) as world:
        stranger = world.certify(C)
        a, b = await begin(world, A, B)
        await opened_case(a, [b])
        lie = await head_of(b, size=1, log_hash=ELSEWHERE)
        tag = certificate_tag(document_id(stranger.payload))
        await say(world, world.keys[C], lie)
        await say(world, world.keys[C], msgspec.structs.replace(lie, office=C, kid=tag))
        await say(world, world.keys[B], msgspec.structs.replace(lie, at=NOW - 400 * 86_400_000 * 2))
        await world.append([ProducerRecord(heads_topic(CORRIDOR), 0, b"rubbish", b"rubbish")])
        await a.do(Step.URGE, (await a.open()).case)
        await all_read([a, b], 3)
        await a.until(lambda: a.agent.office.heads[LINK, B].size == 3)
        assert a.desk().status.halted is None
        assert set(a.agent.office.heads) == {(LINK, B)}
        told = capfd.readouterr().err
        assert told.count("bytes that do not belong on their topic were ignored") >= 1


async def test_an_event_is_accepted_then_appended_read_delivered_and_opened(
    tmp_path: Path,
) -> None:
    cluster = MemoryCluster()
    async with two_offices(tmp_path, lambda: MemoryLog(cluster)) as world:
        (a,) = await begin(world, A)
        await a.line_down()
        event = (await a.open()).event
        assert await state_of(a, event) == ("accepted", None)
        a.line_up()
        await a.read(1)
        assert await state_of(a, event) == ("read", "accepted")
        lacking = await head_of(a, office=B, unopened=1, first_unopened=(0,))
        certified = a.agent.office.directory.certificate(B, NOW)
        assert certified is not None
        lacking = msgspec.structs.replace(lacking, kid=certified.tag)
        await say(world, world.keys[B], lacking)
        await a.until(lambda: (LINK, B) in a.agent.office.heads)
        assert await state_of(a, event) == ("delivered", "accepted")
        b = await world.agent(B)
        await b.read(1)
        await a.until(lambda: a.agent.office.heads[LINK, B].unopened == 0)
        assert await state_of(a, event) == ("opened", "accepted")
        assert (await state_of(b, event))[1] == "accepted"


async def state_of(agent: RunningAgent, event: EventId) -> tuple[str, str | None]:
    status = await agent.ask(lambda tx: event_status(viewer(agent.agent.office), tx, event))
    assert status is not None
    return status.state, status.verdict


async def test_a_superior_reads_its_branchs_link_and_appends_nothing(tmp_path: Path) -> None:
    async with three_up(tmp_path) as (_, a, b, province):
        case = await opened_case(a, [b, province])
        await b.do(Step.ACKNOWLEDGE, case)
        await all_read([a, b, province], 2)
        await province.until(lambda: not province.desk().unopened)
        await agree([a, b, province])
        with pytest.raises(CommandRefused) as refusal:
            await province.open()
        assert refusal.value.reason == "not_a_party"
        assert "reads vn-a~la-b as a superior" in refusal.value.words
        await a.until(lambda: (LINK, PROVINCE) in a.agent.office.heads)
        await a.until(lambda: a.agent.office.heads[LINK, PROVINCE].size == 2)
        replayed = await province.replay()
        assert replayed.equal
        assert replayed.live_digest == (await a.replay()).live_digest


async def test_a_journal_that_was_cut_shows_against_its_signed_head(tmp_path: Path) -> None:
    async with both_up(tmp_path) as (_, a, b):
        before = await a.ask(verify_journal)
        await a.open()
        with pytest.raises(CommandRefused):
            await a.do(Step.ANSWER, (await a.open()).case, {"text": "fictional"})
        await all_read([a, b], 2)
        stands = await a.ask(verify_journal)
        actions = await a.ask(lambda tx: [one.action for one in journal.entries(tx)])
        assert actions[before.size :] == ["submit open", "submit open", "refused answer"]
        await b.until(lambda: (LINK, A) in b.agent.office.heads)
        await b.until(lambda: b.agent.office.heads[LINK, A].journal_size == stands.size)
        assert b.agent.office.heads[LINK, A].journal_hash == stands.hash
        # Whoever restores the journal of before has a chain that fits, and a head that does not.
        assert (before.size, before.hash) != (stands.size, stands.hash)
