"""The dead letters of a corridor: read, and tried again with the program as it is now."""

from __future__ import annotations

import msgspec

from blo_log import topics
from blo_log.port import Log, TopicPartition, read_to_end
from blo_processors.scribe import Place
from blo_processors.surroundings import Surroundings
from blo_processors.worker import LinkWorker
from blo_schemas.errors import WireError
from blo_schemas.ids import CorridorId
from blo_schemas.outputs import DEAD_LETTER, DeadLetter


class Retried(msgspec.Struct, frozen=True):
    """A dead letter that was tried again.

    Attributes:
        letter: The letter.
        error: What happened this time; ``None``: it was processed.
    """

    letter: DeadLetter
    error: str | None


async def read_letters(log: Log, corridor: CorridorId, partitions: int) -> list[DeadLetter]:
    """All dead letters of a corridor, each once.

    Raises:
        LogError: The topic could not be read.
    """
    topic = topics.dead_topic(corridor)
    letters: dict[bytes, DeadLetter] = {}
    reader = await log.reader({TopicPartition(topic, number): 0 for number in range(partitions)})
    try:
        async for batch in read_to_end(reader):
            for stored in (one for records in batch.values() for one in records):
                try:
                    letter = DEAD_LETTER.decode(stored.value or b"")
                except WireError:
                    continue
                letters[stored.key or b""] = letter
    finally:
        await reader.close()
    return sorted(letters.values(), key=lambda one: (one.partition, one.offset))


async def retry(around: Surroundings, corridor: CorridorId) -> list[Retried]:
    """Fold the links that have dead letters again, and write what has become right.

    Raises:
        LogError: The log could not be read, or an output could not be written.
    """
    directory = around.feed.directory
    letters = await read_letters(around.log, corridor, directory.partition_count(corridor))
    places = {
        one.link: Place(one.link, corridor, one.partition)
        for one in directory.newest_agreements(corridor)
    }
    retried: list[Retried] = []
    for link in sorted({letter.link for letter in letters} & places.keys()):
        worker = LinkWorker(places[link], around)
        await worker.start()
        await worker.close()
        errors = worker.dead()
        retried += [
            Retried(letter, errors.get(letter.offset)) for letter in letters if letter.link == link
        ]
    return retried


__all__ = ["Retried", "read_letters", "retry"]
