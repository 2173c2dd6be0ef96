"""Replaying a link's log from its first record, to show that the live views are what it says."""

from __future__ import annotations

from hashlib import sha256
from typing import Final

import msgspec

from blo_agent.desk import LinkDesk
from blo_agent.office import Office
from blo_agent.store.connection import Transaction
from blo_agent.store.facade import Store
from blo_agent.store.tables import events
from blo_log.fold import Folded
from blo_log.port import Log, TopicPartition
from blo_log.topics import exchange_topic
from blo_schemas.codec import encode
from blo_schemas.event import LogRecord
from blo_schemas.ids import Digest, EventId

_EVENTS: Final = b"blo/events/v1\0"


class Replayed(msgspec.Struct, frozen=True):
    """The result of a replay.

    Attributes:
        size: How many records were replayed.
        live_digest: Digest of the live views and opened contents.
        rebuilt_digest: The same of the replayed ones.
        verified: Records whose signature and chains are good.
        rejected: Records that were rejected, by reason.
    """

    size: int
    live_digest: Digest
    rebuilt_digest: Digest
    verified: int
    rejected: dict[str, int]

    @property
    def equal(self) -> bool:
        """Whether the rebuilt views are the live ones."""
        return self.live_digest == self.rebuilt_digest


async def replay(office: Office, store: Store, log: Log, desk: LinkDesk) -> Replayed:
    """Read a link from its first record up to where the office stands, and compare.

    The fold runs in the store's thread in portions, because it uses the office's keys.

    Raises:
        LogError: The log can't be read.
    """

    def begin(tx: Transaction) -> tuple[int, Digest]:
        return desk.size, _digest(desk.views.digest(), _stored_contents(tx, desk))

    size, live = await store.write(begin)
    fold, views = office.fresh_fold(desk)
    found: list[Folded] = []
    partition = TopicPartition(exchange_topic(desk.corridor), desk.partition)
    reader = await log.reader({partition: 0})
    try:
        while fold.size < size:
            batch = await reader.poll(max_records=min(400, size - fold.size))
            records = [
                LogRecord(one.offset, one.timestamp, one.value or b"")
                for one in batch.get(partition, [])
                if one.offset < size
            ]

            def portion(_: Transaction, records: list[LogRecord] = records) -> list[Folded]:
                return [fold.feed(record) for record in records]

            found.extend(await store.write(portion))
    finally:
        await reader.close()
    contents = {
        one.event: encode(one.content)
        for one in found
        if one.event is not None and one.content is not None
    }
    rejected: dict[str, int] = {}
    for one in found:
        if one.verdict is not None and one.verdict.reason is not None:
            reason = one.verdict.reason.value
            rejected[reason] = rejected.get(reason, 0) + 1
    verified = sum(one.admitted is not None and one.admitted.chained for one in found)
    return Replayed(size, live, _digest(views.digest(), contents), verified, rejected)


def _stored_contents(tx: Transaction, desk: LinkDesk) -> dict[EventId, bytes]:
    return {
        event.event_id: event.content
        for event in events.iterate(tx, desk.link)
        if event.content is not None
    }


def _digest(views: Digest, contents: dict[EventId, bytes]) -> Digest:
    whole = sha256(_EVENTS + views)
    for event in sorted(contents):
        whole.update(event)
        whole.update(sha256(contents[event]).digest())
    return Digest(whole.digest())


__all__ = ["Replayed", "replay"]
