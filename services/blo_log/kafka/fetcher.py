"""Fetches records and ends of any partitions, for all readers of a program over one connection.

A consumer of aiokafka costs a connection, some tasks and a loop that looks at each of its partitions
five times a second. A program that reads thousands of partitions now and then needs none of that:
``KafkaFetcher`` holds no assignment and no positions. Each request names what is wanted now, and
requests of callers that wait at the same time go to a broker as one.

Connections, metadata and the protocol's structs are aiokafka's.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from functools import partial
from typing import Any, Final, NamedTuple

from aiokafka import TopicPartition as KafkaPartition
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import (
    LeaderNotAvailableError,
    NoError,
    OffsetOutOfRangeError,
    TopicAuthorizationFailedError,
    for_code,
)
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.protocol.offset import OffsetRequest
from aiokafka.record import MemoryRecords

from blo_log.errors import LogFault
from blo_log.kafka.connection import KafkaConnection, known_partitions
from blo_log.kafka.errors import FAILURES, translate
from blo_log.kafka.record_decoder import DecodedBatch
from blo_log.port import TopicPartition

END: Final = -1
BEGIN: Final = -2
"""Kafka's names for the offset after the last record, and for the first offset that is there."""

_PARTITION_BYTES: Final = 1024 * 1024
_ANSWER_BYTES: Final = 8 * 1024 * 1024
"""An answer's bytes at most, except that the first partition with records gives at least a batch."""
_READ_UNCOMMITTED: Final = 0
_RETRY_S: Final = 0.1
_MOMENT_S: Final = 1.0
"""The age of an answer about partitions that readers still take."""
_RAISED: Final = (OffsetOutOfRangeError, TopicAuthorizationFailedError)
"""Errors of a partition that no repetition mends; a topic that is unknown leaves the metadata."""

Answer = DecodedBatch | Exception
"""What one partition gave: records, or why it gives none."""


class _Want(NamedTuple):
    """A caller that waits for the first records of any of its partitions."""

    positions: Mapping[TopicPartition, int]
    answers: asyncio.Future[dict[TopicPartition, Answer]]


class _Question(NamedTuple):
    """Offsets that will be asked for together."""

    partitions: dict[TopicPartition, None]
    answers: asyncio.Task[dict[TopicPartition, int | Exception]]


class _Partitions(NamedTuple):
    """The numbers of a topic's partitions, and when Kafka named them, by the loop's clock."""

    numbers: frozenset[int]
    at: float


class KafkaFetcher:
    """Fetches from any partitions over one connection to each broker.

    Args:
        connection: How to reach Kafka.

    Attributes:
        closed: Whether it was closed.
    """

    def __init__(self, connection: KafkaConnection) -> None:
        self.closed = False
        self._connection = connection
        self._client = AIOKafkaClient(**connection.client_options())
        self._topics: set[str] = set()
        self._partitions: dict[str, _Partitions] = {}
        self._searches: dict[str, asyncio.Task[frozenset[int]]] = {}
        self._wants: list[_Want] = []
        self._fetches: dict[int | None, asyncio.Task[None]] = {}
        self._questions: dict[int, _Question] = {}

    async def connect(self) -> None:
        """Make the connection.

        Raises:
            LogError: It could not be made.
        """
        try:
            await self._client.bootstrap()
        except FAILURES as error:
            await self.close()
            raise translate(error, self._connection) from error
        except BaseException:
            await self.close()
            raise

    async def partitions(self, topic: str, wanted: Collection[int] | None = None) -> frozenset[int]:
        """Ask which partitions a topic has.

        Kafka answers with all that it knows of each of them. So that the readers of many links do
        not ask for all of them once each, callers of one moment share an answer.

        Args:
            topic: The topic.
            wanted: Of an answer that has these, a moment's age does not matter; ``None``: it does.

        Raises:
            UnknownTopicOrPartitionError: There is no such topic.
            KafkaError: Another error of the broker or the client.
        """
        self._check_open()
        known = self._partitions.get(topic)
        oldest = asyncio.get_running_loop().time() - _MOMENT_S
        is_fresh = known is not None and known.at > oldest
        if known and wanted is not None and is_fresh and known.numbers.issuperset(wanted):
            return known.numbers
        task = self._searches.get(topic)
        if task is None:
            task = asyncio.create_task(self._search(topic), name="partitions")
            self._searches[topic] = task
            task.add_done_callback(lambda _: self._searches.pop(topic))
        # A caller that is cancelled leaves the others their answer.
        return await asyncio.shield(task)

    async def _search(self, topic: str) -> frozenset[int]:
        partitions = await known_partitions(self._client, topic)
        # The client keeps its metadata fresh from here on; a topic that is there isn't made by it.
        await self._client.add_topic(topic)
        self._topics.add(topic)
        self._partitions[topic] = _Partitions(partitions, asyncio.get_running_loop().time())
        return partitions

    def knows(self, topic: str) -> bool:
        """Whether ``partitions`` has found the topic before."""
        return topic in self._topics

    def has_leaders(self, topic: str) -> bool:
        """Whether the metadata name a partition of the topic that has a leader."""
        return bool(self._client.cluster.available_partitions_for_topic(topic))

    async def fetch(self, positions: Mapping[TopicPartition, int]) -> dict[TopicPartition, Answer]:
        """Wait until any of these partitions gives records or an error.

        Args:
            positions: The offset of the first record wanted, for each partition.
        """
        self._check_open()
        want = _Want(positions, asyncio.get_running_loop().create_future())
        self._wants.append(want)
        self._send_fetches()
        return await want.answers

    async def offsets(
        self, partitions: Iterable[TopicPartition], which: int = END
    ) -> dict[TopicPartition, int | Exception]:
        """Ask for an offset of each partition; the other answer is why a partition can't say.

        Args:
            partitions: The partitions.
            which: ``END``, ``BEGIN``, or a log time in Unix milliseconds: the first offset of that
                time or later, -1 if there is none.
        """
        self._check_open()
        wanted = list(partitions)
        question = self._questions.get(which)
        if question is None:
            asked: dict[TopicPartition, None] = {}
            task = asyncio.create_task(self._ask(which, asked), name="offsets")
            question = self._questions[which] = _Question(asked, task)
        question.partitions.update(dict.fromkeys(wanted))
        # A caller that is cancelled leaves the others their answers.
        answers = await asyncio.shield(question.answers)
        return {partition: answers[partition] for partition in wanted}

    async def close(self) -> None:
        """Let go of all connections; callers that wait get ``LogFault``."""
        self.closed = True
        tasks: list[asyncio.Task[Any]] = list(self._fetches.values())
        tasks += [question.answers for question in self._questions.values()]
        tasks += self._searches.values()
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        for want in self._wants:
            if not want.answers.done():
                want.answers.set_exception(LogFault("this log was closed"))
        await self._client.close()

    def _check_open(self) -> None:
        if self.closed:
            raise LogFault("this log was closed")

    # Records.

    def _send_fetches(self) -> None:
        """See to it that each node that leads a wanted partition is being asked."""
        self._wants = [want for want in self._wants if not want.answers.done()]
        if self.closed or not self._wants:
            return
        for node in self._by_leader(self._positions()):
            if node not in self._fetches:
                task = asyncio.create_task(self._fetch(node), name="fetch")
                self._fetches[node] = task
                task.add_done_callback(partial(self._fetched, node))

    def _fetched(self, node: int | None, task: asyncio.Task[None]) -> None:
        del self._fetches[node]
        if not task.cancelled() and (error := task.exception()) is not None:
            for want in self._wants:
                if not want.answers.done():
                    want.answers.set_exception(error)
        self._send_fetches()

    def _positions(self) -> dict[TopicPartition, int]:
        """The positions to ask for; of two wants for one partition the first one counts now."""
        positions: dict[TopicPartition, int] = {}
        for want in self._wants:
            for partition, offset in want.positions.items():
                positions.setdefault(partition, offset)
        return positions

    async def _fetch(self, node: int | None) -> None:
        # This task begins after all who are ready to fetch in this turn of the loop have said so.
        wanted = self._by_leader(self._positions()).get(node)
        if wanted is None:
            return
        # Whoever gets nothing now is asked for first the next time.
        self._wants.append(self._wants.pop(0))
        if node is None:
            self._client.force_metadata_update()
            await asyncio.sleep(_RETRY_S)
            return
        by_topic: dict[str, list[tuple[int, int, int]]] = defaultdict(list)
        for (topic, partition), offset in wanted:
            by_topic[topic].append((partition, offset, _PARTITION_BYTES))
        request = FetchRequest(
            round(self._connection.fetch_wait_s * 1000),
            1,
            _ANSWER_BYTES,
            _READ_UNCOMMITTED,
            list(by_topic.items()),
        )
        try:
            response = await self._client.send(node, request)
        except FAILURES:
            self._client.force_metadata_update()
            await asyncio.sleep(_RETRY_S)
            return
        answers: dict[TopicPartition, tuple[int, Answer]] = {}
        asked = dict(wanted)
        for topic, partitions in response.topics:
            for number, code, _highwater, *rest in partitions:
                place = TopicPartition(topic, number)
                offset = asked[place]
                answer = self._answer(place, offset, code, rest[-1])
                if answer is not None:
                    answers[place] = offset, answer
        self._hand_out(answers)
        if not answers and any(code for _, parts in response.topics for _, code, *_ in parts):
            await asyncio.sleep(_RETRY_S)

    def _answer(
        self, partition: TopicPartition, offset: int, code: int, records: Any
    ) -> Answer | None:
        error = for_code(code)
        if error is NoError:
            fetched = MemoryRecords(records)
            if not fetched.has_next():
                return None
            return DecodedBatch(KafkaPartition(*partition), fetched, offset)
        if error in _RAISED or not error.retriable:
            raised: Exception = error(partition.topic)
            return raised
        self._client.force_metadata_update()
        return None

    def _hand_out(self, answers: Mapping[TopicPartition, tuple[int, Answer]]) -> None:
        if not answers:
            return
        served: set[TopicPartition] = set()
        for want in self._wants:
            own = {
                partition: answers[partition][1]
                for partition, offset in want.positions.items()
                if partition not in served
                and partition in answers
                and answers[partition][0] == offset
            }
            if own and not want.answers.done():
                # An answer's records can be read once.
                served.update(own)
                want.answers.set_result(own)

    # Offsets.

    async def _ask(
        self, which: int, asked: dict[TopicPartition, None]
    ) -> dict[TopicPartition, int | Exception]:
        # All who are ready to ask in this turn of the loop do so before the request is made.
        await asyncio.sleep(0)
        del self._questions[which]
        positions = dict.fromkeys(asked, which)
        answers: dict[TopicPartition, int | Exception] = {}
        by_node = self._by_leader(positions)
        for partition, _ in by_node.pop(None, []):
            self._client.force_metadata_update()
            answers[partition] = LeaderNotAvailableError(partition.topic)
        jobs = [self._offsets_at(node, wanted) for node, wanted in by_node.items()]
        for part in await asyncio.gather(*jobs):
            answers.update(part)
        return answers

    async def _offsets_at(
        self, node: int, wanted: list[tuple[TopicPartition, int]]
    ) -> dict[TopicPartition, int | Exception]:
        by_topic: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for (topic, partition), which in wanted:
            by_topic[topic].append((partition, which))
        request = OffsetRequest(-1, _READ_UNCOMMITTED, list(by_topic.items()))
        try:
            response = await self._client.send(node, request)
        except FAILURES as error:
            self._client.force_metadata_update()
            return {partition: error for partition, _ in wanted}
        answers: dict[TopicPartition, int | Exception] = {}
        for topic, partitions in response.topics:
            for number, code, _time, offset, *_ in partitions:
                kind = for_code(code)
                if kind is not NoError and kind.invalid_metadata:
                    self._client.force_metadata_update()
                place = TopicPartition(topic, number)
                answers[place] = offset if kind is NoError else kind(topic)
        return answers

    def _by_leader(
        self, positions: Mapping[TopicPartition, int]
    ) -> dict[Any, list[tuple[TopicPartition, int]]]:
        """The partitions by the node that leads them; ``None``: no leader is known."""
        leader = self._client.cluster.leader_for_partition
        by_node: dict[Any, list[tuple[TopicPartition, int]]] = defaultdict(list)
        for partition, offset in positions.items():
            node = leader(KafkaPartition(*partition))
            by_node[None if node == -1 else node].append((partition, offset))
        return by_node
