"""Folds a link's log from its first record and compares the result with the live views."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import partial
from hashlib import sha256
from typing import Final

import msgspec

from blo_agent.office.keyring import ReaderKeys
from blo_agent.office.link_state import LinkState
from blo_agent.office.state import Office
from blo_agent.office.viewer import stored_link
from blo_agent.store.connection import Snapshot
from blo_agent.store.facade import Store
from blo_agent.store.tables import events, shredded, view_groups
from blo_log.errors import LogUnavailable
from blo_log.port import Log, LogReader, TopicPartition
from blo_log.topics import exchange_topic
from blo_projection.fold import LinkFold
from blo_schemas.codec import encode
from blo_schemas.event import LogRecord
from blo_schemas.ids import Digest, EventId, LinkId

_EVENTS: Final = b"blo/events/v1\0"
_PORTION: Final = 400
_SILENCE_POLLS: Final = 10


class LinkComparison(msgspec.Struct, frozen=True):
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


class _Rebuilt:
    """The result of a fold; it keeps the hash of each content, so that a long log fits in memory."""

    def __init__(self, fold: LinkFold) -> None:
        self.fold = fold
        self.verified = 0
        self.rejected: Counter[str] = Counter()
        self.contents: dict[EventId, bytes] = {}

    def feed(self, records: list[LogRecord]) -> None:
        for record in records:
            outcome = self.fold.feed(record)
            self.verified += outcome.admitted.chained
            if outcome.verdict is not None and outcome.verdict.reason is not None:
                self.rejected[outcome.verdict.reason.value] += 1
            if outcome.event is not None and outcome.content is not None:
                self.contents[outcome.event] = sha256(encode(outcome.content)).digest()


async def replay(office: Office, store: Store, log: Log, state: LinkState) -> LinkComparison:
    """Read a link from its first record up to where the office stands, and compare.

    What the office shows is what the store has. The fold runs in a reader's thread, in portions.

    Raises:
        LogError: The log can't be read.
    """
    link = state.link

    def begin(snapshot: Snapshot) -> tuple[int, Digest, dict[EventId, bytes]]:
        digest = view_groups.views_digest(snapshot, link)
        return stored_link(snapshot, link).size, digest, _stored_contents(snapshot, link)

    size, live_views, live_contents = await store.read(begin)
    keys = ReaderKeys(link)
    fold, views = office.fresh_fold(state, keys)
    rebuilt = _Rebuilt(fold)
    partition = TopicPartition(exchange_topic(state.corridor), state.partition)
    reader = await log.reader({partition: 0})
    try:
        while fold.size < size:
            records = await _next(reader, partition, min(_PORTION, size - fold.size))
            await store.read(partial(_feed, rebuilt, keys, records))
    finally:
        await reader.close()

    def gone(snapshot: Snapshot) -> set[EventId]:
        deleted = shredded.of_link(snapshot, link)
        return {event for case in deleted for event in events.ids(snapshot, link, case)}

    # What was shredded while this went on is on one side only.
    for event in await store.read(gone):
        live_contents.pop(event, None)
        rebuilt.contents.pop(event, None)
    live = _digest(live_views, live_contents)
    digest = _digest(views.digest(), rebuilt.contents)
    return LinkComparison(size, live, digest, rebuilt.verified, dict(rebuilt.rejected))


def _feed(
    rebuilt: _Rebuilt, keys: ReaderKeys, records: list[LogRecord], snapshot: Snapshot
) -> None:
    keys.snapshot = snapshot
    rebuilt.feed(records)


async def _next(reader: LogReader, partition: TopicPartition, count: int) -> list[LogRecord]:
    """The next records, ``count`` at most.

    Raises:
        LogError: They do not come.
    """
    for _ in range(_SILENCE_POLLS):
        batch = await reader.poll(max_records=count)
        fetched = batch.get(partition, [])
        if fetched:
            return [
                LogRecord(record.offset, record.timestamp, record.value or b"")
                for record in fetched
            ]
        await reader.high_watermarks()
    raise LogUnavailable("records that were read before do not come again; try later")


def _stored_contents(snapshot: Snapshot, link: LinkId) -> dict[EventId, bytes]:
    return {
        event.event_id: sha256(event.content).digest()
        for event in events.iterate(snapshot, link)
        if event.content is not None
    }


def _digest(views: Digest, contents: Mapping[EventId, bytes]) -> Digest:
    whole = sha256(_EVENTS + views)
    for event in sorted(contents):
        whole.update(event)
        whole.update(contents[event])
    return Digest(whole.digest())
