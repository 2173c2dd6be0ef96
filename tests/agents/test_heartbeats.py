"""Heartbeats: who is at work, in one small statement an office and corridor, and what liars get."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from blo_agent.api.present_cases import link_answer
from blo_agent.inbound.heartbeats import stored_heartbeat
from blo_agent.office.viewer import link_role, viewer
from blo_agent.outbound.heartbeats import agreed_interval_s
from blo_domain.deadlines.health import LogFacts, Peer, health, speaks_every, with_heartbeat
from blo_domain.heartbeats import HeartbeatOrder, HeartbeatReason, order_heartbeats
from blo_log.directory import DirectoryFeed
from blo_log.memory import MemoryCluster, MemoryLog
from blo_log.port import ConsumedRecord, ProducerRecord, TopicPartition
from blo_log.topics import liveness_topic
from blo_processors.link.fold_state import terms_of_link
from blo_processors.liveness import LivenessFeed
from blo_schemas.clocks import Signal
from blo_schemas.codec import encode
from blo_schemas.errors import WireError
from blo_schemas.hashes import certificate_tag, document_id
from blo_schemas.heartbeats import (
    HEARTBEAT,
    HEARTBEAT_VERSION,
    SIGNED_HEARTBEAT,
    Heartbeat,
    SignedHeartbeat,
    heartbeat_record_key,
)
from blo_schemas.ids import CorridorId, LinkId, OfficeId
from blo_schemas.instants import local
from blo_schemas.policy import Span, SpanUnit
from blo_schemas.trust import Role, SignedDocument
from blo_sealing.errors import HeartbeatRefused
from blo_sealing.heartbeats import accept_heartbeat
from blo_sealing.keys import NodeKeys
from blo_sealing.statements import sign_heartbeat
from tests.agents.backups import back_up, restore
from tests.agents.started import begin, both_up, opened_case
from tests.agents.test_heads_that_count import revoke, say_documents
from tests.agents.world import CORRIDOR, LINK, NOW, YEAR_MS, A, B, RunningAgent, World, two_offices

OBSERVER = OfficeId("la-ministry")
STRANGER = OfficeId("la-c")
TOPIC = TopicPartition(liveness_topic(CORRIDOR), 0)
DAY_MS = 86_400_000


class Case(NamedTuple):
    """A heartbeat that somebody has published.

    Attributes:
        signer: Whose key has signed it; the heartbeat names that certificate.
        reason: Why it does not count; ``None``: it does.
        said: What it says otherwise than an honest one of office B.
        key: Under which record key, if not its office's.
    """

    signer: str
    reason: HeartbeatReason | None
    said: dict[str, Any]
    key: bytes | None = None


CASES = {
    "honest": Case("b", None, {}),
    "a huge number": Case("b", None, {"count": 2**53}),
    "before its revocation": Case("cut", None, {"at": NOW - 1}),
    "of another corridor": Case(
        "b", HeartbeatReason.OTHER_CORRIDOR, {"corridor": CorridorId("cn-vn")}
    ),
    "under another office's key": Case("b", HeartbeatReason.OTHER_KEY, {}, A.encode()),
    "without a key": Case("b", HeartbeatReason.OTHER_KEY, {}, b""),
    "of another office": Case("b", HeartbeatReason.UNKNOWN_CERTIFICATE, {"office": A}),
    "of an unknown key": Case("b", HeartbeatReason.UNKNOWN_CERTIFICATE, {"kid": bytes(8)}),
    "an observer's": Case("observer", HeartbeatReason.NOT_A_READER, {"office": OBSERVER}),
    "a stranger's": Case("stranger", HeartbeatReason.NOT_A_READER, {"office": STRANGER}),
    "badly signed": Case("b", HeartbeatReason.BAD_SIGNATURE, {}),
    "expired": Case("old", HeartbeatReason.NOT_VALID_THEN, {}),
    "not yet valid": Case("next", HeartbeatReason.NOT_VALID_THEN, {}),
    "revoked": Case("cut", HeartbeatReason.KEY_REVOKED, {}),
}


class Scene(NamedTuple):
    """An agent with a case, and what everybody can sign."""

    world: World
    agent: RunningAgent
    keys: dict[str, NodeKeys]
    documents: dict[str, SignedDocument]

    def record(self, case: Case) -> tuple[bytes, bytes]:
        kid = certificate_tag(document_id(self.documents[case.signer].payload))
        beat = heartbeat(kid, **case.said)
        signed = sign_heartbeat(beat, self.keys[case.signer].signing)
        if case.reason is HeartbeatReason.BAD_SIGNATURE:
            signed = SignedHeartbeat(signed.heartbeat, bytes(64))
        key = heartbeat_record_key(beat.office) if case.key is None else case.key
        return key, encode(signed)


def heartbeat(tag: bytes, **said: Any) -> Heartbeat:
    """A heartbeat of office B, changed as a liar would."""
    given: dict[str, Any] = {
        "v": HEARTBEAT_VERSION,
        "corridor": CORRIDOR,
        "office": B,
        "kid": tag,
        "count": 7,
        "journal_size": 0,
        "journal_hash": bytes(32),
        "at": NOW,
    }
    return Heartbeat(**{**given, **said})


@asynccontextmanager
async def a_scene(folder: Path) -> AsyncIterator[Scene]:
    cluster = MemoryCluster()
    async with two_offices(folder, lambda: MemoryLog(cluster)) as world:
        keys = {"b": world.keys[B]}
        documents = {"b": world.documents[-2]}
        more: dict[str, tuple[OfficeId, dict[str, Any]]] = {
            "old": (B, {"not_before": NOW - 3 * YEAR_MS, "not_after": NOW - 2 * YEAR_MS}),
            "next": (B, {"not_before": NOW + YEAR_MS}),
            "cut": (B, {}),
            "observer": (OBSERVER, {"role": Role.OBSERVER}),
            "stranger": (STRANGER, {}),
        }
        for name, (subject, validity) in more.items():
            keys[name] = NodeKeys.generate(os.urandom)
            documents[name] = world.certify(
                subject, keys=keys[name], **{"not_after": NOW + 2 * YEAR_MS, **validity}
            )
        revoke(world, documents["cut"], NOW)
        (a,) = await begin(world, A)
        yield Scene(world, a, keys, documents)


async def say(world: World, key: bytes, value: bytes) -> None:
    """Publish a record where heartbeats lie, as anybody with access may."""
    await world.append([ProducerRecord(*TOPIC, key, value)])


def liveness() -> LivenessFeed:
    """What a processor reads heartbeats with; its log is not asked."""
    log = MemoryLog(MemoryCluster())
    return LivenessFeed(log, DirectoryFeed(log, {}), CORRIDOR)


def known(agent: RunningAgent, office: OfficeId = B) -> Heartbeat | None:
    return agent.agent.office.heartbeats.get((CORRIDOR, office))


async def test_every_reader_of_heartbeats_decides_the_same_of_each(tmp_path: Path) -> None:
    async with a_scene(tmp_path) as scene:
        directory = scene.world.directory()
        for name, case in CASES.items():
            key, value = scene.record(case)
            reason = None
            try:
                accept_heartbeat(key, value, directory, CORRIDOR)
            except HeartbeatRefused as refused:
                reason = refused.reason
            assert reason is case.reason, name
            processor = liveness()
            processor.take(ConsumedRecord(0, NOW, key, value), directory)
            assert bool(processor._newest) is (case.reason is None), name


async def test_an_agent_keeps_none_that_does_not_count_and_goes_on(tmp_path: Path) -> None:
    async with a_scene(tmp_path) as scene:
        for case in CASES.values():
            if case.reason is not None:
                await say(scene.world, *scene.record(case))
        await say(scene.world, b"rubbish", b"rubbish")
        await say(scene.world, *scene.record(CASES["honest"]))
        await scene.agent.until(lambda: known(scene.agent) is not None)
        beat = known(scene.agent)
        assert beat is not None
        assert beat.count == 7
        offices = {office for _, office in scene.agent.agent.office.heartbeats}
        assert offices <= {A, B}


ORDER: list[tuple[str, dict[str, Any], HeartbeatOrder]] = [
    ("the next", {"count": 8}, HeartbeatOrder.REPLACES),
    ("the next after its clock was set back", {"count": 8, "at": NOW - 1}, HeartbeatOrder.REPLACES),
    ("the same", {}, HeartbeatOrder.IS_OLDER),
    ("an older one", {"count": 6}, HeartbeatOrder.IS_OLDER),
    ("an older one with a newer time", {"count": 6, "at": NOW + 1}, HeartbeatOrder.IS_OLDER),
    ("another of that number", {"at": NOW + 1}, HeartbeatOrder.CONTRADICTS),
    ("another journal", {"journal_hash": bytes(range(32))}, HeartbeatOrder.CONTRADICTS),
]


@pytest.mark.parametrize(("name", "said", "order"), ORDER, ids=[name for name, *_ in ORDER])
def test_of_two_heartbeats_the_one_with_the_larger_number_counts(
    name: str, said: dict[str, Any], order: HeartbeatOrder
) -> None:
    del name
    first, second = heartbeat(bytes(8)), heartbeat(bytes(8), **said)
    assert order_heartbeats(first, second) is order
    peer = with_heartbeat(with_heartbeat(Peer(B, 0), first, NOW), second, NOW + 1)
    assert peer.heartbeat == (second if order is HeartbeatOrder.REPLACES else first)


async def test_a_heartbeat_that_is_put_there_again_is_no_sign_of_life(tmp_path: Path) -> None:
    async with a_scene(tmp_path) as scene:
        a, world = scene.agent, scene.world
        old, new = (scene.record(Case("b", None, {"count": count})) for count in (1, 2))
        await say(world, *old)
        await say(world, *new)
        await a.until(lambda: (beat := known(a)) is not None and beat.count == 2)
        await say(world, *old)
        await say(world, *scene.record(Case("b", None, {"count": 3})))
        await a.until(lambda: (beat := known(a)) is not None and beat.count == 3)
        # A processor that runs, and one that starts when compaction has left only the old one.
        directory = world.directory()
        running, late = liveness(), liveness()
        replayed = ConsumedRecord(2, NOW + DAY_MS, *old)
        for record in (ConsumedRecord(0, NOW, *old), ConsumedRecord(1, NOW, *new), replayed):
            running.take(record, directory)
        assert running._newest[B].log_time == NOW
        late.take(replayed, directory)
        peer = with_heartbeat(Peer(B, 0), *late._newest[B])
        term = terms_of_link(directory, LINK)
        facts = LogFacts(LINK, 0, lambda _: 0)
        signals = {one.signal: one for one in health(facts, [peer], term, NOW + DAY_MS + 1)}
        # Silence counts from what was signed; and the time that does not fit shows by itself.
        assert signals.keys() == {Signal.SILENT, Signal.SKEWED}
        assert signals[Signal.SILENT].since == NOW + DAY_MS


async def test_two_heartbeats_with_one_number_are_told(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    async with a_scene(tmp_path) as scene:
        await say(scene.world, *scene.record(CASES["honest"]))
        await say(scene.world, *scene.record(Case("b", None, {"at": NOW + 1})))
        told: list[str] = []

        def is_told() -> bool:
            told.append(capfd.readouterr().err)
            return "has signed two different heartbeats" in "".join(told)

        await scene.agent.until(is_told)
        assert known(scene.agent) == beat_of_record(*scene.record(CASES["honest"]))


def beat_of_record(key: bytes, value: bytes) -> Heartbeat:
    del key
    return HEARTBEAT.decode(SIGNED_HEARTBEAT.decode(value).heartbeat)


async def test_a_heartbeat_that_was_kept_counts_no_more_once_its_key_is_revoked(
    tmp_path: Path,
) -> None:
    async with a_scene(tmp_path) as scene:
        world, a = scene.world, scene.agent
        thief = NodeKeys.generate(os.urandom)
        stolen = world.certify(B, keys=thief)
        await say_documents(world, [stolen])
        lie = heartbeat(certificate_tag(document_id(stolen.payload)), count=2**53)
        value = encode(sign_heartbeat(lie, thief.signing))
        await say(world, B.encode(), value)
        await a.until(lambda: known(a) == lie)
        before = len(world.documents)
        revoke(world, stolen, 0)
        await say_documents(world, world.documents[before:])
        await a.until(lambda: known(a) is None)
        await say(world, *scene.record(CASES["honest"]))
        await a.until(lambda: (beat := known(a)) is not None and beat.count == 7)
        await a.kill()
        a = await world.agent(A)
        beat = known(a)
        assert beat is not None
        assert beat.count == 7


async def test_an_idle_office_sends_one_heartbeat_a_corridor_and_no_head(tmp_path: Path) -> None:
    cluster = MemoryCluster()
    other = LinkId("vn-a~la-c")
    async with two_offices(tmp_path, lambda: MemoryLog(cluster)) as world:
        world.settle_s = world.heartbeat_s = 0.05
        world.certify(STRANGER)
        world.agree(other, (A, STRANGER), partition=1)
        await world.publish(links=2)
        a = await world.agent(A)
        await a.has_desk(other)
        heads = TopicPartition("blo.heads.la-vn", 0)
        await a.until(lambda: len(cluster.partition(heads).records) > 0)
        await a.until(lambda: (beat := known(a, A)) is not None and beat.count >= 10)
        # One when the link was opened; the heartbeats of all this time are of both links.
        assert len(cluster.partition(heads).records) <= 2
        counts = [beat_of(one).count for one in cluster.partition(TOPIC).records]
        assert counts == list(range(len(counts)))


def size_of_head(agent: RunningAgent) -> int | None:
    head = agent.agent.office.heads.get((LINK, B))
    return None if head is None else head.size


def beat_of(record: ConsumedRecord) -> Heartbeat:
    return HEARTBEAT.decode(SIGNED_HEARTBEAT.decode(record.value or b"").heartbeat)


async def test_a_restored_store_goes_on_behind_the_numbers_that_it_has_used(
    tmp_path: Path,
) -> None:
    cluster = MemoryCluster()
    async with two_offices(tmp_path, lambda: MemoryLog(cluster)) as world:
        world.heartbeat_s = world.settle_s = 0.05
        (a,) = await begin(world, A)
        await a.until(lambda: known(a, A) is not None)
        backup = await back_up(world, a)
        await a.until(lambda: (beat := known(a, A)) is not None and beat.count >= 5)
        await a.stop()
        used = len(cluster.partition(TOPIC).records)
        restore(world, backup)
        a = await world.agent(A)
        await a.until(lambda: len(cluster.partition(TOPIC).records) > used + 1)
        counts = [beat_of(one).count for one in cluster.partition(TOPIC).records]
        assert len(set(counts)) == len(counts)
        assert counts == sorted(counts)


async def test_the_counterpart_is_heard_by_its_heartbeats_when_it_has_nothing_to_say(
    tmp_path: Path,
) -> None:
    async with both_up(tmp_path) as (world, a, b):
        await opened_case(a, [b])
        await a.until(lambda: size_of_head(a) == 1)
        head = a.agent.office.heads[LINK, B]
        kid = b.agent.office.author(LINK, NOW).kid
        await b.stop()
        later = heartbeat(kid, count=10**6, at=head.at + 60_000)
        await say(world, B.encode(), encode(sign_heartbeat(later, world.keys[B].signing)))
        await a.until(lambda: known(a) == later)
        at, role = viewer(a.agent.office), link_role(a.desk())
        answer = await a.ask(lambda tx: link_answer(at, tx, role, 1))
        (shown,) = answer.heads
        assert (shown.at, shown.heard_at) == (local(head.at), local(later.at))
        assert await a.ask(lambda tx: stored_heartbeat(tx, CORRIDOR, B)) == later


def test_an_office_speaks_four_times_in_the_shortest_silence_that_is_agreed() -> None:
    hours = Span(amount=2, unit=SpanUnit.HOURS)
    minutes = Span(amount=10, unit=SpanUnit.MINUTES)
    days = Span(amount=1, unit=SpanUnit.WORKING_DAYS)
    assert speaks_every([hours, minutes, days]) == 150_000
    assert speaks_every([]) is None


async def test_an_agreement_that_allows_less_silence_has_its_offices_speak_more_often(
    tmp_path: Path,
) -> None:
    async with both_up(tmp_path) as (world, a, _):
        directory = world.directory()
        # The project's default is 24 hours.
        assert agreed_interval_s(directory, [LINK], NOW) == 6 * 3600
        publisher = a.agent._publisher
        assert publisher._at_most(900.0, [LINK]) == 900.0
        assert publisher._at_most(86_400.0, [LINK]) == 6 * 3600


def test_a_heartbeat_larger_than_its_limit_is_not_read() -> None:
    with pytest.raises(WireError):
        SIGNED_HEARTBEAT.decode(bytes(1025))
    with pytest.raises(WireError):
        HEARTBEAT.decode(bytes(513))
