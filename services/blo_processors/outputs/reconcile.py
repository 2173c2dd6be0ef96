"""The outputs of the fold against those on the topics.

While a link is folded again, only missing or wrong outputs are written. After that every output is
written, and kept until it was read back once. The records are generated as they are sealed and
signed, so they need not be in memory at once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from blo_log.port import ProducerRecord
from blo_processors.link.case_store import CaseStore
from blo_processors.link.fold_state import Effects
from blo_processors.outputs.encode import Mark, OutputDraft, OutputEncoder, own_mark
from blo_processors.outputs.published import OVERWRITTEN, PublishedOutputs
from blo_schemas.clocks import Alert
from blo_schemas.ids import CaseId
from blo_schemas.outputs import DeadLetter, OutputKind, TrailEntry, TrailState


class OutputReconciler:
    """Decides which outputs of one link are written.

    Args:
        encoder: Makes the records.
        published: The outputs on the topics before the fold begins.

    Attributes:
        healed: The number of outputs that were repaired, by topic; the caller empties it.
        alerts: The mark of every alert and clearing that is on the topic, by its id.
    """

    def __init__(self, encoder: OutputEncoder, published: PublishedOutputs) -> None:
        self.healed: Counter[str] = Counter()
        self._encoder = encoder
        self._published: PublishedOutputs | None = published
        self.alerts = published.alerts
        self._unread: dict[tuple[OutputKind, int], ProducerRecord] = {}

    @property
    def unread(self) -> int:
        """The number of outputs that were not read back yet."""
        return len(self._unread)

    def write(
        self, effects: Effects, cases: CaseStore, letters: Iterable[DeadLetter]
    ) -> Iterator[ProducerRecord]:
        """The records to write for these effects."""
        for entry in effects.trail.values():
            if self._published is None or entry.finality is not TrailState.PENDING:
                yield from self._in_order(self._encoder.trail(entry))
        for made in effects.checkpoints:
            yield from self._in_order(self._encoder.checkpoint(made))
        if self._published is None:
            for case in effects.cases:
                record = cases.record(case)
                assert record is not None
                yield self._encoder.message(self._encoder.case(record))
        for alert in effects.alerts:
            yield from self._alert(self._encoder.alert(alert))
        yield from self._dead(letters)

    def settle(
        self, cases: CaseStore, pending: Iterable[TrailEntry], unfounded: Iterable[Alert]
    ) -> Iterator[ProducerRecord]:
        """The records that are missing after the fold: cases, pending entries, clearings."""
        published = self._published
        assert published is not None
        for entry in pending:
            yield from self._in_order(self._encoder.trail(entry))
        for alert in unfounded:
            yield from self._alert(self._encoder.alert(alert))
        for record in cases:
            draft = self._encoder.case(record)
            message = self._encoder.message(draft)
            mark = published.cases.get(draft.key)
            if mark is not None and mark in (_mark(message), draft.plain_mark):
                continue
            if draft.position < published.trail_end:
                self.healed[message.topic] += 1
            yield message
        self._published = None

    def overwritten_alerts(self, published: PublishedOutputs) -> dict[bytes, Mark]:
        """The marks of the alerts whose last value on the topic is not valid."""
        keys = [key for key, mark in published.alerts.items() if mark == OVERWRITTEN]
        return {key: self.alerts[key] for key in keys if self.alerts.get(key, OVERWRITTEN)}

    def audit(self, published: PublishedOutputs, cases: CaseStore) -> Iterator[ProducerRecord]:
        """The records to write again, after the topics were read to their end."""
        lost = {
            place: message
            for place, message in self._unread.items()
            if published.trail.get(place) != _mark(message)
        }
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

    def _in_order(self, draft: OutputDraft) -> Iterator[ProducerRecord]:
        message = self._encoder.message(draft)
        place = (draft.kind, draft.position)
        if self._published is not None:
            if self._published.trail.get(place) in (_mark(message), draft.plain_mark):
                return
            if draft.position < self._published.trail_end:
                self.healed[message.topic] += 1
        self._unread[place] = message
        yield message

    def _alert(self, draft: OutputDraft) -> Iterator[ProducerRecord]:
        message = self._encoder.message(draft)
        mark = self.alerts.get(draft.key)
        if mark in (_mark(message), draft.plain_mark):
            return
        if mark is not None:
            self.healed[message.topic] += 1
        self.alerts[draft.key] = _mark(message)
        yield message

    def _dead(self, letters: Iterable[DeadLetter]) -> Iterator[ProducerRecord]:
        for letter in letters:
            message = self._encoder.dead_letter(letter)
            mark = None if self._published is None else self._published.dead.get(message.key or b"")
            if mark != _mark(message):
                yield message


def _mark(message: ProducerRecord) -> Mark:
    return own_mark(message.value or b"")
