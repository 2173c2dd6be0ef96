"""An office says what is new, once, and no more: what makes a head, and what does not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from blo_agent.commands.accept import CommandRefused
from blo_agent.store.tables import journal
from blo_log.memory import MemoryCluster, MemoryLog
from blo_log.port import ProducerRecord, TopicPartition
from blo_log.topics import heads_topic, liveness_topic
from blo_schemas.heads import HEAD, SIGNED_HEAD, Head, head_record_key
from blo_schemas.heartbeats import HEARTBEAT, SIGNED_HEARTBEAT
from blo_schemas.ids import OfficeId
from blo_schemas.summary import Step
from tests.agents.started import begin, opened_case
from tests.agents.world import CORRIDOR, LINK, A, B, RunningAgent, World, all_read, two_offices

HEADS = TopicPartition(heads_topic(CORRIDOR), 0)
LIVENESS = TopicPartition(liveness_topic(CORRIDOR), 0)
LONG_S = 3600.0
"""Longer than any test."""


def heads_of(cluster: MemoryCluster, office: OfficeId) -> list[Head]:
    """All heads of an office, in order."""
    key = head_record_key(LINK, office)
    records = [one for one in cluster.partition(HEADS).records if one.key == key and one.value]
    return [HEAD.decode(SIGNED_HEAD.decode(one.value or b"").head) for one in records]


def sizes(cluster: MemoryCluster, office: OfficeId) -> list[int]:
    return [head.size for head in heads_of(cluster, office)]


def anchors(cluster: MemoryCluster) -> list[int]:
    """The journal's size in each heartbeat."""
    records = cluster.partition(LIVENESS).records
    signed = [SIGNED_HEARTBEAT.decode(one.value or b"") for one in records]
    return [HEARTBEAT.decode(one.heartbeat).journal_size for one in signed]


@asynccontextmanager
async def quiet(
    folder: Path, settle_s: float = LONG_S
) -> AsyncIterator[tuple[World, MemoryCluster, RunningAgent, RunningAgent]]:
    """Two offices whose own records are covered after ``settle_s``; each has said that it began."""
    cluster = MemoryCluster()
    async with two_offices(folder, lambda: MemoryLog(cluster)) as world:
        world.settle_s = settle_s
        a, b = await begin(world, A, B)
        for agent in (a, b):
            office = agent.agent.office.id
            await agent.until(lambda office=office: bool(sizes(cluster, office)))  # type: ignore[misc]
        yield world, cluster, a, b


async def test_what_was_read_is_said_once_by_its_reader_and_not_by_its_writer(
    tmp_path: Path,
) -> None:
    async with quiet(tmp_path) as (_, cluster, a, b):
        case = await opened_case(a, [b])
        await b.until(lambda: sizes(cluster, B)[-1:] == [1])
        await b.do(Step.ACKNOWLEDGE, case)
        await all_read([a, b], 2)
        await a.until(lambda: sizes(cluster, A)[-1:] == [2])
        # Heads, grants that open nothing more and the notice of the own records made none.
        assert sizes(cluster, A) == [0, 2]
        assert sizes(cluster, B) == [0, 1]
        counted = heads_of(cluster, A)[-1]
        assert counted.log_hash == a.desk().fold.chain.log_hash


async def test_what_comes_within_the_interval_is_said_together(tmp_path: Path) -> None:
    cluster = MemoryCluster()
    async with two_offices(tmp_path, lambda: MemoryLog(cluster)) as world:
        world.settle_s, world.head_interval_s = LONG_S, 2.0
        a, b = await begin(world, A, B)
        for number in range(1, 6):
            await a.open()
            await all_read([a, b], number)
        await b.until(lambda: sizes(cluster, B)[-1:] == [5])
        assert len(sizes(cluster, B)) <= 3


async def test_own_records_are_said_when_it_is_time(tmp_path: Path) -> None:
    async with quiet(tmp_path, settle_s=0.3) as (_, cluster, a, b):
        await opened_case(a, [b])
        await a.until(lambda: sizes(cluster, A) == [0, 1])
        head = heads_of(cluster, A)[-1]
        assert (head.log_hash, head.tree_root) == (
            a.desk().fold.chain.log_hash,
            a.desk().fold.chain.tree_root(),
        )
        await b.until(lambda: (LINK, A) in b.agent.office.heads)


async def test_a_head_that_somebody_has_written_over_is_said_again(tmp_path: Path) -> None:
    async with quiet(tmp_path, settle_s=0.3) as (world, cluster, a, b):
        await opened_case(a, [b])
        await b.until(lambda: sizes(cluster, B)[-1:] == [1])
        key = head_record_key(LINK, B)
        for spoiled in (b"rubbish", None):
            await world.append([ProducerRecord(*HEADS, key, spoiled)])
            await b.until(lambda: last_of(cluster, key) not in (b"rubbish", None))
            head = HEAD.decode(SIGNED_HEAD.decode(last_of(cluster, key) or b"").head)
            assert head.size == 1


def last_of(cluster: MemoryCluster, key: bytes) -> bytes | None:
    """What compaction would leave under a key."""
    return [one.value for one in cluster.partition(HEADS).records if one.key == key][-1]


async def test_the_journal_of_an_office_that_reads_nothing_is_anchored_by_a_heartbeat(
    tmp_path: Path,
) -> None:
    async with quiet(tmp_path, settle_s=0.3) as (_, cluster, a, b):
        case = await opened_case(a, [b])
        await b.stop()
        await a.until(lambda: sizes(cluster, A)[-1:] == [1])
        said = len(sizes(cluster, A))
        with suppress(CommandRefused):
            await a.do(Step.ANSWER, case, {"text": "fictional"})
        size = (await a.ask(journal.head)).size
        await a.until(lambda: size in anchors(cluster))
        assert len(sizes(cluster, A)) == said
