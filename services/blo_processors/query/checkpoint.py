"""This processor's newest signed checkpoint of a link.

A checkpoint states the running hash over the link's first records, and what the record layer
concluded of each (``admissions``). A reader of the same bytes who comes to the same admissions need
not check the encoding and the signatures again.
"""

from __future__ import annotations

from typing import Final

from blo_domain.trust import TrustedDirectory
from blo_log import topics
from blo_log.errors import LogTruncated
from blo_log.port import Log, LogReader, TopicPartition, read_to_end
from blo_processors.outputs.encode import LinkPartition
from blo_projection.errors import OutputRefused
from blo_projection.granted_keys import GrantedKeys
from blo_projection.outputs import OutputReader
from blo_schemas.errors import WireError
from blo_schemas.ids import OfficeId
from blo_schemas.outputs import OUTPUT, SIGNED_OUTPUT, OutputKind, TrailCheckpoint
from blo_sealing.errors import SealingError

_FIRST_LOOK: Final = 2_500
"""The number of records at the trail's end that are searched first."""
_FURTHER: Final = 8


async def newest_checkpoint(
    log: Log,
    directory: TrustedDirectory,
    granted: GrantedKeys,
    place: LinkPartition,
    processor: OfficeId,
    now: int,
) -> TrailCheckpoint | None:
    """The newest checkpoint that this processor has signed; ``None``: there is none.

    A checkpoint of another processor would prove only what that processor has checked.

    Args:
        log: The log.
        directory: The certificates.
        granted: The keys of the output reader; the trail itself is not sealed.
        place: The link.
        processor: The processor that must have signed.
        now: Unix milliseconds; the certificate must not be revoked then.

    Raises:
        LogError: The trail could not be read.
    """
    trail = TopicPartition(topics.trail_topic(place.corridor), place.partition)
    outputs = OutputReader(place.link, directory, granted, lambda: now)
    reader = await log.reader({trail: 0})
    try:
        end = (await reader.high_watermarks())[trail]
        window = _FIRST_LOOK
        while True:
            begin = max(0, end - window)
            checkpoint = await _newest(reader, trail, begin, outputs, processor)
            if checkpoint is not None or begin == 0:
                return checkpoint
            window *= _FURTHER
    finally:
        await reader.close()


async def _newest(
    reader: LogReader, trail: TopicPartition, begin: int, outputs: OutputReader, processor: OfficeId
) -> TrailCheckpoint | None:
    reader.seek(trail, begin)
    claimed: list[tuple[int, bytes]] = []
    try:
        async for batch in read_to_end(reader):
            for stored in batch[trail]:
                value = stored.value or b""
                try:
                    output = OUTPUT.decode(SIGNED_OUTPUT.decode(value).output)
                except WireError:
                    continue
                if output.kind is OutputKind.CHECKPOINT and output.processor == processor:
                    claimed.append((output.position, value))
    except LogTruncated:
        # The trail was cut, so it proves nothing.
        return None
    for _, value in sorted(claimed, reverse=True):
        try:
            checkpoint = outputs.trail(value)
        except (WireError, SealingError, OutputRefused):
            continue
        if isinstance(checkpoint, TrailCheckpoint):
            return checkpoint
    return None
