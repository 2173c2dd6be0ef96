"""What lies on the output topics of a link, as marks that can be compared with what should.

Signing is deterministic, so an own output is recognised by its bytes: bytes that are not those that
this program would write are no output of its own, whoever they name. What is opened, and what
another processor of the link wrote or this one under an earlier certificate, is verified first. What
does not count is passed over and counted.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from blo_domain.processor_outputs import OutputReason
from blo_log import topics
from blo_log.errors import LogTruncated
from blo_log.port import ConsumedRecord, Log, TopicPartition, read_to_end
from blo_processors.kafka_line import KafkaLine
from blo_processors.outputs.encode import LinkPartition, Mark, opened_mark, own_mark
from blo_projection.errors import OutputRefused
from blo_projection.outputs import OpenedOutput, alert_in
from blo_schemas.clocks import Alert
from blo_schemas.errors import WireError
from blo_schemas.ids import CertificateTag
from blo_schemas.outputs import OUTPUT, SIGNED_OUTPUT, Output, OutputKind
from blo_sealing.errors import SealingError

_BATCH: Final = 500
OVERWRITTEN: Final[Mark] = b""
"""The mark of a key whose last value does not count: what should be there has to be written again."""


class PublishedOutputs(msgspec.Struct):
    """What was found.

    Attributes:
        trail: Per kind and position the mark of the last entry or checkpoint.
        alerts: The mark of the last record of each alert and clearing, by its id.
        known: What these say.
        cases: Per record key the mark of the last record, which is what compaction keeps.
        dead: The mark of the last dead letter of each key.
        trail_end: One more than the highest position of an entry.
        refused: How many values do not count.
    """

    trail: dict[tuple[OutputKind, int], Mark] = msgspec.field(default_factory=dict)
    alerts: dict[bytes, Mark] = msgspec.field(default_factory=dict)
    known: dict[bytes, Alert] = msgspec.field(default_factory=dict)
    cases: dict[bytes, Mark] = msgspec.field(default_factory=dict)
    dead: dict[bytes, Mark] = msgspec.field(default_factory=dict)
    trail_end: int = 0
    refused: int = 0


class PublishedOutputsReader:
    """Reads the output topics of one link, each time from where it stopped.

    Args:
        log: Where they lie.
        place: The link.
        tag: The certificate whose outputs are recognised by their bytes.
        open_output: Verifies and opens any; raises ``WireError``, ``SealingError`` or
            ``OutputRefused``.
        line: Where is waited while Kafka is away.
    """

    def __init__(
        self,
        log: Log,
        place: LinkPartition,
        tag: CertificateTag,
        open_output: Callable[[bytes], OpenedOutput],
        line: KafkaLine,
    ) -> None:
        self._log = log
        self._link = place.link
        self._tag = tag
        self._open_output = open_output
        self._line = line
        self._trail_end = 0
        corridor = place.corridor
        self._trail = TopicPartition(topics.trail_topic(corridor), place.partition)
        self._cases = TopicPartition(topics.cases_topic(corridor), place.partition)
        self._alerts = TopicPartition(topics.alerts_topic(corridor), place.partition)
        self._dead = TopicPartition(topics.dead_topic(corridor), place.partition)
        self._next = dict.fromkeys((self._trail, self._cases, self._alerts, self._dead), 0)

    async def read(self) -> PublishedOutputs:
        """Read on to the present end; while Kafka is away, it waits.

        Raises:
            LogError: The topics could not be read.
        """
        found = PublishedOutputs()
        for partition in self._next:

            async def attempt(partition: TopicPartition = partition) -> None:
                await self._read(partition, found)

            await self._line.keep_trying(self._link, attempt)
        found.trail_end = self._trail_end
        return found

    async def written_before(self, marks: dict[bytes, Mark]) -> dict[bytes, bytes]:
        """The values on the topic of alerts with these marks, by their keys, as far as they are there.

        Raises:
            LogError: The topic could not be read.
        """

        async def attempt() -> dict[bytes, bytes]:
            values: dict[bytes, bytes] = {}
            reader = await self._log.reader({self._alerts: 0})
            try:
                async for batch in read_to_end(reader, max_records=_BATCH):
                    for stored in batch[self._alerts]:
                        key, value = stored.key or b"", stored.value or b""
                        if key in marks and own_mark(value) == marks[key]:
                            values[key] = value
            except LogTruncated:
                return values
            finally:
                await reader.close()
            return values

        return await self._line.keep_trying(self._link, attempt)

    async def _read(self, partition: TopicPartition, found: PublishedOutputs) -> None:
        reader = await self._log.reader({partition: self._next[partition]})
        try:
            while True:
                try:
                    async for batch in read_to_end(reader, max_records=_BATCH):
                        await asyncio.to_thread(self._take, partition, batch[partition], found)
                        self._next[partition] = batch[partition][-1].offset + 1
                    self._next[partition] = reader.position(partition)
                    return
                except LogTruncated as truncated:
                    # Outputs may be cut or made anew: what is missing is written again.
                    if truncated.begin is None:
                        raise
                    reader.seek(partition, truncated.begin)
        finally:
            await reader.close()

    def _take(
        self, partition: TopicPartition, batch: Sequence[ConsumedRecord], found: PublishedOutputs
    ) -> None:
        for stored in batch:
            try:
                self._take_one(partition, stored, found)
            except (WireError, SealingError, OutputRefused):
                found.refused += 1
                if partition == self._cases:
                    found.cases[stored.key or b""] = OVERWRITTEN
                elif partition == self._alerts:
                    found.alerts[stored.key or b""] = OVERWRITTEN
                    found.known.pop(stored.key or b"", None)

    def _take_one(
        self, partition: TopicPartition, stored: ConsumedRecord, found: PublishedOutputs
    ) -> None:
        key, value = stored.key or b"", stored.value or b""
        if partition == self._dead:
            # Nobody signs them, so only the very bytes that should be there count.
            found.dead[key] = own_mark(value)
        elif partition == self._alerts:
            self._take_alert(key, value, found)
        elif partition == self._cases:
            found.cases[key] = self._mark(value, OUTPUT.decode(SIGNED_OUTPUT.decode(value).output))
        else:
            self._take_trail(value, found)

    def _take_alert(self, key: bytes, value: bytes, found: PublishedOutputs) -> None:
        opened = self._open_output(value)
        if opened.output.kind is not OutputKind.ALERT:
            raise OutputRefused(f"it is a {opened.output.kind.word}", OutputReason.OTHER_KIND)
        alert = alert_in(opened)
        if alert.id != key:
            raise OutputRefused("its record has another key", OutputReason.OTHER_ID)
        own = opened.output.kid == self._tag
        found.alerts[key] = own_mark(value) if own else opened_mark(opened)
        found.known[key] = alert

    def _take_trail(self, value: bytes, found: PublishedOutputs) -> None:
        output = OUTPUT.decode(SIGNED_OUTPUT.decode(value).output)
        if output.kind not in (OutputKind.TRAIL, OutputKind.CHECKPOINT):
            raise OutputRefused(f"it is a {output.kind.word}", OutputReason.OTHER_KIND)
        mark = self._mark(value, output)
        # The trail is written in order; a position far ahead is believed of nobody unverified.
        if output.position > self._trail_end and output.kid == self._tag:
            self._open_output(value)
        found.trail[output.kind, output.position] = mark
        if output.kind is OutputKind.TRAIL:
            self._trail_end = max(self._trail_end, output.position + 1)

    def _mark(self, value: bytes, output: Output) -> Mark:
        if output.kid == self._tag:
            return own_mark(value)
        return opened_mark(self._open_output(value))
