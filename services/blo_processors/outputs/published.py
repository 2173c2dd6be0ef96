"""The outputs on a link's topics, as marks that are compared with the marks of the fold's outputs.

Signing is deterministic, so an own output is recognised by its bytes. Other bytes are no own
output, whoever they name. An output is verified before it is opened, and so is an output of another
processor of the link or of an earlier certificate. Values that are not valid are only counted.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final, NamedTuple

import msgspec

from blo_domain.processor_outputs import OutputReason
from blo_log import topics
from blo_log.errors import LogTruncated
from blo_log.port import ConsumedRecord, Log, TopicPartition, read_to_end
from blo_processors.link.topic_places import TopicPlaces
from blo_processors.outputs.encode import LinkPartition, Mark, opened_mark, own_mark
from blo_processors.outputs.mark_table import MarkTable, trail_name, trail_place
from blo_projection.errors import OutputRefused
from blo_projection.outputs import OpenedOutput, alert_in
from blo_runtime.kafka_line import KafkaLine
from blo_schemas.clocks import Alert
from blo_schemas.errors import WireError
from blo_schemas.ids import CertificateTag
from blo_schemas.outputs import OUTPUT, SIGNED_OUTPUT, Output, OutputKind
from blo_sealing.errors import SealingError

_BATCH: Final = 500
OVERWRITTEN: Final[Mark] = b""
"""The mark of a key whose last value is not valid: the output must be written again."""


class PublishedOutputs(msgspec.Struct):
    """The outputs that a read has brought.

    Attributes:
        trail: Per kind and position the mark of the last entry or checkpoint.
        alerts: The mark of the last record of each alert and clearing, by its id.
        known: These alerts and clearings.
        cases: Per record key the mark of the last record, which is what compaction keeps.
        dead: The mark of the last dead letter of each key.
        trail_end: One more than the highest position of an entry.
        refused: The number of values that are not valid.
    """

    trail: MarkTable[tuple[OutputKind, int]] = msgspec.field(
        default_factory=lambda: MarkTable(trail_name, trail_place)
    )
    alerts: MarkTable[bytes] = msgspec.field(default_factory=lambda: MarkTable(bytes, bytes))
    known: dict[bytes, Alert] = msgspec.field(default_factory=dict)
    cases: MarkTable[bytes] = msgspec.field(default_factory=lambda: MarkTable(bytes, bytes))
    dead: dict[bytes, Mark] = msgspec.field(default_factory=dict)
    trail_end: int = 0
    refused: int = 0


Expects = Callable[[OutputKind, int, Mark, Mark], bool]
"""Whether an own trail entry or checkpoint, by position and both marks, is one that was written."""


class OwnCheckpoint(NamedTuple):
    """The last checkpoint under the certificate that was read.

    Attributes:
        size: The number of records that it covers.
        offset: Its offset on the trail.
    """

    size: int
    offset: int


class PublishedOutputsReader:
    """Reads the output topics of one link on from where it stopped.

    Args:
        log: The log.
        place: The link.
        tag: The certificate whose outputs are recognised by their bytes.
        open_output: Verifies and opens any; raises ``WireError``, ``SealingError`` or
            ``OutputRefused``.
        line: Where it waits while Kafka is away.

    Attributes:
        checkpoint: As its class says; ``None``: none was read.
        expects: Says which own outputs of the trail need no verification.
        places: How far each topic was read.
        signers: The certificates of the valid outputs that were read.
        trail_end: One more than the highest position of an entry that is known.
        was_cut: Whether a topic, that of dead letters apart, has lost records meanwhile.
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
        self.trail_end = 0
        self.was_cut = False
        corridor = place.corridor
        self._trail = TopicPartition(topics.trail_topic(corridor), place.partition)
        self._cases = TopicPartition(topics.cases_topic(corridor), place.partition)
        self._alerts = TopicPartition(topics.alerts_topic(corridor), place.partition)
        self._dead = TopicPartition(topics.dead_topic(corridor), place.partition)
        self._partitions = (self._trail, self._cases, self._alerts, self._dead)
        self.places = TopicPlaces()
        self.checkpoint: OwnCheckpoint | None = None
        self.expects: Expects = _any
        self.signers: set[CertificateTag] = set()

    def go_on(self, places: TopicPlaces, size: int, checkpoint: int) -> None:
        """Go on where an earlier program stopped.

        Args:
            places: How far the topics were read.
            size: The number of records whose outputs are known.
            checkpoint: Offset of the checkpoint of this size.
        """
        self.places = places
        self.trail_end = size
        self.checkpoint = OwnCheckpoint(size, checkpoint)

    @property
    def partitions(self) -> Collection[TopicPartition]:
        """The partitions that are read."""
        return self._partitions

    def is_behind(self, ends: Mapping[TopicPartition, int]) -> bool:
        """Whether there is something to read, by where the topics end."""
        return any(ends.get(part) != self.places.next(part) for part in self._partitions)

    async def read(self) -> PublishedOutputs:
        """Read on to the present end. While Kafka is away, it waits.

        Raises:
            LogError: The topics could not be read.
        """
        published = PublishedOutputs()
        for partition in self._partitions:

            async def attempt(partition: TopicPartition = partition) -> None:
                await self._read(partition, published)

            await self._line.keep_trying(self._link, attempt)
        published.trail_end = self.trail_end
        return published

    async def written_before(self, marks: dict[bytes, Mark]) -> dict[bytes, bytes]:
        """The values on the topic of alerts that have these marks, by key; a value may be missing.

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

    async def _read(self, partition: TopicPartition, published: PublishedOutputs) -> None:
        reader = await self._log.reader({partition: self.places.next(partition)})
        try:
            while True:
                try:
                    async for batch in read_to_end(reader, max_records=_BATCH):
                        await asyncio.to_thread(self._take, partition, batch[partition], published)
                        self.places.read(partition, batch[partition][-1])
                    self.places.reached(partition, reader.position(partition))
                    return
                except LogTruncated as truncated:
                    # The topic was cut or made again: missing outputs are written again.
                    if truncated.begin is None:
                        raise
                    self.was_cut |= partition != self._dead
                    reader.seek(partition, truncated.begin)
        finally:
            await reader.close()

    def _take(
        self,
        partition: TopicPartition,
        batch: Sequence[ConsumedRecord],
        published: PublishedOutputs,
    ) -> None:
        for stored in batch:
            try:
                self._take_one(partition, stored, published)
            except (WireError, SealingError, OutputRefused):
                published.refused += 1
                if partition == self._cases:
                    published.cases[stored.key or b""] = OVERWRITTEN
                elif partition == self._alerts:
                    published.alerts[stored.key or b""] = OVERWRITTEN
                    published.known.pop(stored.key or b"", None)

    def _take_one(
        self, partition: TopicPartition, stored: ConsumedRecord, published: PublishedOutputs
    ) -> None:
        key, value = stored.key or b"", stored.value or b""
        if partition == self._dead:
            # Dead letters are not signed, so only the exact bytes are valid.
            published.dead[key] = own_mark(value)
        elif partition == self._alerts:
            self._take_alert(key, value, published)
        elif partition == self._cases:
            published.cases[key] = self._mark(
                value, OUTPUT.decode(SIGNED_OUTPUT.decode(value).output)
            )
        else:
            self._take_trail(stored.offset, value, published)

    def _take_alert(self, key: bytes, value: bytes, published: PublishedOutputs) -> None:
        opened = self._open_output(value)
        if opened.output.kind is not OutputKind.ALERT:
            raise OutputRefused(f"it is a {opened.output.kind.word}", OutputReason.OTHER_KIND)
        alert = alert_in(opened)
        if alert.id != key:
            raise OutputRefused("its record has another key", OutputReason.OTHER_ID)
        own = opened.output.kid == self._tag
        self.signers.add(CertificateTag(opened.output.kid))
        published.alerts[key] = own_mark(value) if own else opened_mark(opened)
        published.known[key] = alert

    def _take_trail(self, offset: int, value: bytes, published: PublishedOutputs) -> None:
        output = OUTPUT.decode(SIGNED_OUTPUT.decode(value).output)
        if output.kind not in (OutputKind.TRAIL, OutputKind.CHECKPOINT):
            raise OutputRefused(f"it is a {output.kind.word}", OutputReason.OTHER_KIND)
        mark = self._mark(value, output)
        if output.kid == self._tag:
            plain = opened_mark(OpenedOutput(output, output.body))
            # The trail is written in order, so a position further ahead is verified first.
            is_ahead = output.position > self.trail_end
            if is_ahead or not self.expects(output.kind, output.position, mark, plain):
                self._open_output(value)
            if output.kind is OutputKind.CHECKPOINT:
                self.checkpoint = OwnCheckpoint(output.position, offset)
        published.trail[output.kind, output.position] = mark
        if output.kind is OutputKind.TRAIL:
            self.trail_end = max(self.trail_end, output.position + 1)

    def _mark(self, value: bytes, output: Output) -> Mark:
        if output.kid == self._tag:
            return own_mark(value)
        opened = self._open_output(value)
        self.signers.add(CertificateTag(output.kid))
        return opened_mark(opened)


def _any(kind: OutputKind, position: int, own: Mark, plain: Mark) -> bool:
    del kind, position, own, plain
    return True
