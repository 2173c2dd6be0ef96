"""The dead letters of a corridor: read, and retried with the present program.

Dead letters are not signed. A letter is shown only if the log has the record that it names and if
it names a processor of the link. Anybody may have written its error text.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from blo_domain.processor_outputs import processors_ever
from blo_domain.trust import TrustedDirectory
from blo_log import topics
from blo_log.errors import LogTruncated
from blo_log.port import ConsumedRecord, Log, LogReader, TopicPartition, read_to_end
from blo_processors.context import WorkerContext
from blo_processors.link.worker import LinkWorker
from blo_processors.outputs.encode import LinkPartition
from blo_schemas.errors import WireError
from blo_schemas.ids import CorridorId
from blo_schemas.outputs import DEAD_LETTER, DeadLetter, dead_letter_key


class Retried(msgspec.Struct, frozen=True):
    """A dead letter whose record was retried.

    Attributes:
        letter: The letter.
        error: The error of this attempt; ``None``: the record was processed.
    """

    letter: DeadLetter
    error: str | None


async def read_letters(
    log: Log, directory: TrustedDirectory, corridor: CorridorId
) -> list[DeadLetter]:
    """The dead letters of a corridor that are about a record of its log, each once.

    Raises:
        LogError: The topics could not be read.
    """
    confirmed: list[DeadLetter] = []
    for place in _places(directory, corridor):
        letters: dict[bytes, DeadLetter] = {}
        dead = TopicPartition(topics.dead_topic(corridor), place.partition)
        reader = await log.reader({dead: 0})
        try:
            async for batch in read_to_end(reader):
                for stored in batch[dead]:
                    letter = _letter(stored, place, directory)
                    if letter is not None:
                        letters[stored.key or b""] = letter
        finally:
            await reader.close()
        confirmed += await _about_records(log, place, letters.values())
    return confirmed


async def retry_letters(context: WorkerContext, corridor: CorridorId) -> list[Retried]:
    """Fold again the links that have dead letters, and write the outputs that were missing.

    Raises:
        LogError: The log could not be read, or an output could not be written.
    """
    letters = await read_letters(context.log, context.feed.directory, corridor)
    retried: list[Retried] = []
    for place in _places(context.feed.directory, corridor):
        of_link = [letter for letter in letters if letter.link == place.link]
        if not of_link:
            continue
        worker = LinkWorker(place, context)
        await worker.start()
        await worker.close()
        errors = worker.dead()
        retried += [Retried(letter, errors.get(letter.offset)) for letter in of_link]
    return retried


def _places(directory: TrustedDirectory, corridor: CorridorId) -> list[LinkPartition]:
    agreements = directory.newest_agreements(corridor)
    places = [
        LinkPartition(agreement.link, corridor, agreement.partition) for agreement in agreements
    ]
    return sorted(places, key=lambda place: place.partition)


def _letter(
    stored: ConsumedRecord, place: LinkPartition, directory: TrustedDirectory
) -> DeadLetter | None:
    try:
        letter = DEAD_LETTER.decode(stored.value or b"")
    except WireError:
        return None
    where = (place.link, topics.exchange_topic(place.corridor), place.partition)
    key = dead_letter_key(letter.topic, letter.partition, letter.offset)
    if (letter.link, letter.topic, letter.partition) != where or stored.key != key:
        return None
    return letter if letter.processor in processors_ever(directory, place.link) else None


async def _about_records(
    log: Log, place: LinkPartition, letters: Iterable[DeadLetter]
) -> list[DeadLetter]:
    """The letters whose record the log has, by position."""
    exchange = TopicPartition(topics.exchange_topic(place.corridor), place.partition)
    ordered = sorted(letters, key=lambda letter: letter.offset)
    if not ordered:
        return []
    confirmed = []
    reader = await log.reader({exchange: 0})
    try:
        end = (await reader.high_watermarks())[exchange]
        for letter in ordered:
            if letter.offset >= end:
                break
            reader.seek(exchange, letter.offset)
            record = await _next(reader, exchange)
            if (record.offset, record.value) == (letter.offset, letter.value):
                confirmed.append(letter)
    finally:
        await reader.close()
    return confirmed


async def _next(reader: LogReader, partition: TopicPartition) -> ConsumedRecord:
    async for batch in read_to_end(reader, max_records=1):
        return batch[partition][0]
    raise LogTruncated(*partition, reader.position(partition), "its end has moved back")
