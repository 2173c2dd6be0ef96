"""The outputs of the fold against those on the topics.

While a link is folded again, only missing or wrong outputs are written. After that every output is
written, and kept until it was read back once. The records are generated as they are sealed and
signed, so they need not be in memory at once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from typing import Final

from blo_log.port import ProducerRecord
from blo_processors.link.case_store import CaseStore
from blo_processors.link.fold_state import Effects
from blo_processors.outputs.encode import Mark, OutputDraft, OutputEncoder, own_mark
from blo_processors.outputs.mark_table import (
    NO_MARK,
    KnownMarks,
    KnownOutputs,
    pending_key,
    position_key,
    seen_key,
)
from blo_processors.outputs.published import OVERWRITTEN, PublishedOutputs
from blo_schemas.clocks import Alert
from blo_schemas.hashes import clearing_id
from blo_schemas.ids import CaseId
from blo_schemas.outputs import CaseRecord, DeadLetter, OutputKind, TrailEntry, TrailState

_MOST_STRANGE: Final = 1_000
"""The number of alerts of others, not known here, that are remembered until they are known."""

MOST_WAITING: Final = 1_000
"""The most entries that are held back, some 300 bytes each."""


class OutputReconciler:
    """Decides which outputs of one link are written.

    Args:
        encoder: Makes the records.
        published: The outputs on the topics before the fold begins; of a fold that goes on, those
            that came since.
        known: Remembers the outputs that are on the topics.
        is_resumed: Whether the fold goes on from a stored state.

    Attributes:
        healed: The number of outputs that were repaired, by topic; the caller empties it.
        contested: Whether valid outputs of others on the topics contradict ones that were written
            before; only a fold from the first record mends that.
    """

    def __init__(
        self,
        encoder: OutputEncoder,
        published: PublishedOutputs,
        known: KnownOutputs,
        *,
        is_resumed: bool = False,
    ) -> None:
        self.healed: Counter[str] = Counter()
        self.contested = False
        self._encoder = encoder
        self._published: PublishedOutputs | None = published
        self._known = known
        self._is_resumed = is_resumed
        self._moved: dict[CaseId, None] = {}
        self._unread: dict[tuple[OutputKind, int], ProducerRecord] = {}
        self._strange: dict[bytes, None] = {}
        self._waiting: dict[int, TrailEntry] = {}
        self._overdue: Collection[int] = ()

    @property
    def unread(self) -> int:
        """The number of outputs that were not read back yet."""
        return len(self._unread)

    @property
    def is_contested(self) -> bool:
        """Whether the topics have what only a fold from the first record can judge."""
        return self.contested or bool(self._strange)

    def write(
        self, effects: Effects, cases: CaseStore, letters: Iterable[DeadLetter]
    ) -> Iterator[ProducerRecord]:
        """The records to write for these effects.

        The entry of a record that waits for its summary key is held back: mostly the key comes with
        the record, and one entry says all. ``overdue`` writes it if the key stays away.
        """
        for entry in effects.trail.values():
            if entry.finality is not TrailState.PENDING:
                self._waiting.pop(entry.position, None)
                yield from self._entry(entry)
            elif self._published is None:
                self._waiting[entry.position] = entry
        if effects.checkpoints or len(self._waiting) > MOST_WAITING:
            # A checkpoint says that the entries below it are there.
            self._overdue = self._waiting
            yield from self.overdue()
        for made in effects.checkpoints:
            draft = self._encoder.checkpoint(made)
            yield from self._in_order(draft, position_key(draft.position))
        if self._published is None:
            for case in effects.cases:
                record = cases.record(case)
                assert record is not None
                yield self._encoder.message(self._encoder.case(record))
        elif self._is_resumed:
            self._moved.update(effects.cases)
        for alert in effects.alerts:
            yield from self._alert(self._encoder.alert(alert))
        yield from self._dead(letters)

    @property
    def held_back(self) -> int:
        """The number of entries that ``overdue`` may have to write."""
        return len(self._waiting)

    def overdue(self) -> Iterator[ProducerRecord]:
        """The entries that were held back since the call before."""
        for position in tuple(self._overdue):
            entry = self._waiting.pop(position, None)
            if entry is not None:
                yield from self._entry(entry)
        self._overdue = tuple(self._waiting)

    def settle(
        self, cases: CaseStore, pending: Iterable[TrailEntry], unfounded: Iterable[Alert]
    ) -> Iterator[ProducerRecord]:
        """The records that are missing after the fold: cases, pending entries, clearings."""
        published = self._published
        assert published is not None
        for entry in pending:
            if self._known.get(OutputKind.TRAIL, pending_key(entry.position)) is None:
                yield from self._entry(entry)
        for alert in unfounded:
            yield from self._alert(self._encoder.alert(alert))
        for record in self._to_settle(cases, published):
            draft = self._encoder.case(record)
            message = self._encoder.message(draft)
            mark = published.cases.get(draft.key)
            if mark is not None and mark in (_mark(message), draft.plain_mark):
                continue
            if draft.position < published.trail_end:
                self.healed[message.topic] += 1
            yield message
        self._look_at_alerts(published, settles=True)
        self._published = None
        self._moved.clear()

    def overwritten_alerts(self, published: PublishedOutputs) -> dict[bytes, Mark]:
        """The marks of the known alerts whose last value on the topic is another one."""
        overwritten: dict[bytes, Mark] = {}
        for key, mark in published.alerts.items():
            known = self._known.get(OutputKind.ALERT, key)
            if known is not None and mark not in known:
                overwritten[key] = known.own
        return overwritten

    def audit(self, published: PublishedOutputs, cases: CaseStore) -> Iterator[ProducerRecord]:
        """The records to write again, after the topics were read to their end."""
        lost = {
            place: message
            for place, message in self._unread.items()
            if not self._known.has(*place, published.trail.get(place) or OVERWRITTEN)
        }
        self.look_at_trail(published)
        self._look_at_alerts(published, settles=False)
        self._unread = lost
        self.healed.update(message.topic for message in lost.values())
        yield from tuple(lost.values())
        for key, mark in published.cases.items():
            record = cases.record(CaseId(key))
            if record is None:
                continue
            draft = self._encoder.case(record)
            message = self._encoder.message(draft)
            if mark not in (_mark(message), draft.plain_mark):
                self.healed[message.topic] += 1
                yield message

    def _to_settle(self, cases: CaseStore, published: PublishedOutputs) -> Iterable[CaseRecord]:
        """The cases whose records may be missing: all, or those that have moved or were written."""
        if not self._is_resumed:
            return cases
        keys = dict.fromkeys([*self._moved, *(CaseId(key) for key, _ in published.cases.items())])
        records = (cases.record(key) for key in keys)
        return (record for record in records if record is not None)

    def look_at_trail(self, published: PublishedOutputs) -> None:
        """Note what others have written to the trail that contradicts known outputs."""
        for place, mark in published.trail.items():
            kind, position = place
            if place in self._unread or self._known.has(*place, mark):
                continue
            # Of what is not known yet, the own output will come last.
            is_judged = self._known.get(kind, position_key(position)) is not None
            self.contested = self.contested or is_judged

    def _look_at_alerts(self, published: PublishedOutputs, *, settles: bool) -> None:
        """Note the alerts of others that the fold has not given, or not yet."""
        for key in tuple(self._strange):
            if self._known.has_alert(key) or self._known.has_alert(clearing_id(key)):
                del self._strange[key]
        for key, alert in published.known.items():
            if self._known.has_alert(key):
                continue
            mark = published.alerts.get(key) or NO_MARK
            marks = KnownMarks(mark, mark)
            is_cleared = published.alerts.get(clearing_id(key)) or self._known.has_alert(
                clearing_id(key)
            )
            if alert.clears is not None or is_cleared or (settles and alert.signal is not None):
                self._known.put(OutputKind.ALERT, key, marks)
                continue
            self._known.put(OutputKind.ALERT, seen_key(key), marks)
            if len(self._strange) < _MOST_STRANGE:
                self._strange[key] = None
            else:
                self.contested = True

    def _entry(self, entry: TrailEntry) -> Iterator[ProducerRecord]:
        is_pending = entry.finality is TrailState.PENDING
        key = (pending_key if is_pending else position_key)(entry.position)
        return self._in_order(self._encoder.trail(entry), key)

    def _in_order(self, draft: OutputDraft, key: bytes) -> Iterator[ProducerRecord]:
        message = self._encoder.message(draft)
        marks = KnownMarks(_mark(message), draft.plain_mark)
        place = (draft.kind, draft.position)
        self._known.put(draft.kind, key, marks)
        if self._published is not None:
            if self._published.trail.get(place) in marks:
                return
            if draft.position < self._published.trail_end:
                self.healed[message.topic] += 1
        self._unread[place] = message
        yield message

    def _alert(self, draft: OutputDraft) -> Iterator[ProducerRecord]:
        message = self._encoder.message(draft)
        marks = KnownMarks(_mark(message), draft.plain_mark)
        mark = None if self._published is None else self._published.alerts.get(draft.key)
        known = self._known.get(OutputKind.ALERT, draft.key)
        known = known or self._known.get(OutputKind.ALERT, seen_key(draft.key))
        self._known.put(OutputKind.ALERT, draft.key, marks)
        if mark in marks or (mark is None and known is not None and set(known) & set(marks)):
            return
        if mark is not None or known is not None:
            self.healed[message.topic] += 1
        yield message

    def _dead(self, letters: Iterable[DeadLetter]) -> Iterator[ProducerRecord]:
        for letter in letters:
            message = self._encoder.dead_letter(letter)
            mark = None if self._published is None else self._published.dead.get(message.key or b"")
            if mark != _mark(message):
                yield message


def _mark(message: ProducerRecord) -> Mark:
    return own_mark(message.value or b"")
