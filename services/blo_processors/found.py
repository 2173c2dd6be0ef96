"""What lies on the output topics of a link, as marks that can be compared with what should.

Signing is deterministic, so an own output is recognised by its bytes. What another processor of
the link wrote, or this one under an earlier certificate, is verified, opened and compared by what
it says.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from blo_log import topics
from blo_log.errors import LogTruncated, OutputRefused
from blo_log.outputs import Opened
from blo_log.port import Log, Stored, TopicPartition, read_to_end
from blo_processors.scribe import Mark, Place, opened_mark, own_mark
from blo_schemas.errors import WireError
from blo_schemas.ids import CertificateTag
from blo_schemas.outputs import OUTPUT, SIGNED_OUTPUT, Output, OutputKind
from blo_sealing.errors import SealingError

_BATCH = 2000
_NOTHING: Mark = b""


class Found(msgspec.Struct):
    """What was found.

    Attributes:
        trail: Per kind and position the mark of the last entry or checkpoint.
        alerts: The mark of the last record of each alert and clearing, by its id.
        alert_values: Its value.
        cases: Per record key the mark of the last record, which is what compaction keeps.
        dead: Keys of the dead letters.
        trail_end: One more than the highest position of an entry.
        refused: How many values no processor of the link has signed.
    """

    trail: dict[tuple[OutputKind, int], Mark] = msgspec.field(default_factory=dict)
    alerts: dict[bytes, Mark] = msgspec.field(default_factory=dict)
    alert_values: dict[bytes, bytes] = msgspec.field(default_factory=dict)
    cases: dict[bytes, Mark] = msgspec.field(default_factory=dict)
    dead: set[bytes] = msgspec.field(default_factory=set)
    trail_end: int = 0
    refused: int = 0


class OutputWatch:
    """Reads the output topics of one link, each time from where it stopped.

    Args:
        log: Where they lie.
        place: The link.
        tag: The certificate whose outputs are recognised by their bytes.
        open_other: Verifies and opens the others.
    """

    def __init__(
        self,
        log: Log,
        place: Place,
        tag: CertificateTag,
        open_other: Callable[[bytes, Output], Opened],
    ) -> None:
        self._log = log
        self._tag = tag
        self._open_other = open_other
        corridor = place.corridor
        self._trail = TopicPartition(topics.trail_topic(corridor), place.partition)
        self._cases = TopicPartition(topics.cases_topic(corridor), place.partition)
        self._alerts = TopicPartition(topics.alerts_topic(corridor), place.partition)
        self._dead = TopicPartition(topics.dead_topic(corridor), place.partition)
        self._next = dict.fromkeys((self._trail, self._cases, self._alerts, self._dead), 0)

    async def read(self) -> Found:
        """Read on to the present end.

        Raises:
            LogError: The topics could not be read.
        """
        found = Found()
        reached = {partition: await self._read(partition, found) for partition in self._next}
        self._next = reached
        return found

    async def _read(self, partition: TopicPartition, found: Found) -> int:
        reader = await self._log.reader({partition: self._next[partition]})
        try:
            while True:
                try:
                    async for batch in read_to_end(reader, max_records=_BATCH):
                        for stored in batch[partition]:
                            self._take(partition, stored, found)
                    return reader.position(partition)
                except LogTruncated as truncated:
                    # Outputs may be cut or made anew: what is missing is written again.
                    if truncated.begin is None:
                        raise
                    reader.seek(partition, truncated.begin)
        finally:
            await reader.close()

    def _take(self, partition: TopicPartition, stored: Stored, found: Found) -> None:
        if partition == self._dead:
            found.dead.add(stored.key or b"")
            return
        value = stored.value or b""
        try:
            output = OUTPUT.decode(SIGNED_OUTPUT.decode(value).output)
            mark = self._mark(value, output)
        except (WireError, SealingError, OutputRefused):
            found.refused += 1
            if partition == self._cases:
                found.cases[stored.key or b""] = _NOTHING
            return
        if partition == self._cases:
            found.cases[stored.key or b""] = mark
        elif partition == self._alerts:
            found.alerts[stored.key or b""] = mark
            found.alert_values[stored.key or b""] = value
        else:
            found.trail[output.kind, output.position] = mark
            if output.kind is OutputKind.TRAIL:
                found.trail_end = max(found.trail_end, output.position + 1)

    def _mark(self, value: bytes, output: Output) -> Mark:
        if output.kid == self._tag:
            return own_mark(value)
        return opened_mark(self._open_other(value, output))


__all__ = ["Found", "OutputWatch"]
