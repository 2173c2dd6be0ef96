"""How far the topics of a link were read, and by which record each is known again."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import Final

from blo_log.port import ConsumedRecord, TopicPartition
from blo_schemas.processor_state import TopicPlace

_MARK_SIZE: Final = 16


class TopicPlaces:
    """The places in the topics of one link.

    Args:
        stored: Where an earlier program stopped.
        partition: The link's partition in all of them.
    """

    def __init__(self, stored: Iterable[TopicPlace] = (), partition: int = 0) -> None:
        self._places = {TopicPartition(place.topic, partition): place for place in stored}

    def next(self, partition: TopicPartition) -> int:
        """The offset that is read next."""
        place = self._places.get(partition)
        return 0 if place is None else place.offset

    def read(self, partition: TopicPartition, stored: ConsumedRecord) -> None:
        """Note that a record was read, with all before it."""
        mark = record_mark(stored)
        place = TopicPlace(partition.topic, stored.offset + 1, stored.offset, mark)
        self._places[partition] = place

    def reached(self, partition: TopicPartition, offset: int) -> None:
        """Note that there is nothing before an offset that was not read."""
        place = self._places.get(partition)
        last, mark = (None, bytes(_MARK_SIZE)) if place is None else (place.last, place.mark)
        self._places[partition] = TopicPlace(partition.topic, offset, last, mark)

    def forget(self, partition: TopicPartition) -> None:
        """Read a partition from its first record again."""
        self._places.pop(partition, None)

    def stored(self) -> tuple[TopicPlace, ...]:
        """What another program goes on from, by topic."""
        return tuple(sorted(self._places.values(), key=lambda place: place.topic))

    def marked(self) -> dict[TopicPartition, TopicPlace]:
        """The places of the partitions of which a record was read."""
        return {
            partition: place for partition, place in self._places.items() if place.last is not None
        }


def record_mark(stored: ConsumedRecord) -> bytes:
    """The mark by which a record is known again: 16 bytes."""
    hashed = sha256(stored.key or b"")
    hashed.update(b"\0")
    hashed.update(stored.value or b"")
    return hashed.digest()[:_MARK_SIZE]
