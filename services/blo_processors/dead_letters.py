"""The dead letters of a corridor: read, and tried again with the program as it is now.

Nobody signs them. So a letter is shown only where the log has the very record that it is about, and
names a processor of that link; what it says of the error may still be anybody's words.
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
    """A dead letter that was tried again.

    Attributes:
        letter: The letter.
        error: What happened this time; ``None``: it was processed.
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
    found: list[DeadLetter] = []
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
        found += await _about_records(log, place, letters.values())
    return found


async def retry_letters(context: WorkerContext, corridor: CorridorId) -> list[Retried]:
    """Fold the links that have dead letters again, and write what has become right.

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
    places = [LinkPartition(one.link, corridor, one.partition) for one in agreements]
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
    """Those of the letters whose record is the log's, by their position."""
    exchange = TopicPartition(topics.exchange_topic(place.corridor), place.partition)
    ordered = sorted(letters, key=lambda letter: letter.offset)
    if not ordered:
        return []
    found = []
    reader = await log.reader({exchange: 0})
    try:
        end = (await reader.high_watermarks())[exchange]
        for letter in ordered:
            if letter.offset >= end:
                break
            reader.seek(exchange, letter.offset)
            record = await _next(reader, exchange)
            if (record.offset, record.value) == (letter.offset, letter.value):
                found.append(letter)
    finally:
        await reader.close()
    return found


async def _next(reader: LogReader, partition: TopicPartition) -> ConsumedRecord:
    async for batch in read_to_end(reader, max_records=1):
        return batch[partition][0]
    raise LogTruncated(*partition, reader.position(partition), "its end has moved back")
