"""What should be on the output topics against what is there.

While a link is folded anew, only what is missing or wrong is written. After that everything is
written, and remembered until it was read back once. The records come one by one as they are sealed
and signed, so whoever writes them need not hold all of them at once.
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
    """The outputs of one link.

    Args:
        encoder: Makes the records.
        found: What lies on the topics before the fold begins.

    Attributes:
        healed: How many outputs were written anew, by topic; to be emptied by whoever counts.
        alerts: The mark of every alert and clearing that is on the topic, by its id.
    """

    def __init__(self, encoder: OutputEncoder, found: PublishedOutputs) -> None:
        self.healed: Counter[str] = Counter()
        self._encoder = encoder
        self._found: PublishedOutputs | None = found
        self.alerts = found.alerts
        self._unread: dict[tuple[OutputKind, int], ProducerRecord] = {}

    @property
    def unread(self) -> int:
        """How many outputs have not been read back."""
        return len(self._unread)

    def write(
        self, effects: Effects, cases: CaseStore, letters: Iterable[DeadLetter]
    ) -> Iterator[ProducerRecord]:
        """The records to write for these effects."""
        for entry in effects.trail.values():
            if self._found is None or entry.finality is not TrailState.PENDING:
                yield from self._in_order(self._encoder.trail(entry))
        for made in effects.checkpoints:
            yield from self._in_order(self._encoder.checkpoint(made))
        if self._found is None:
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
        """What is missing at the end of the fold: cases, entries that wait for a key, clearings."""
        found = self._found
        assert found is not None
        for entry in pending:
            yield from self._in_order(self._encoder.trail(entry))
        for alert in unfounded:
            yield from self._alert(self._encoder.alert(alert))
        for record in cases:
            draft = self._encoder.case(record)
            message = self._encoder.message(draft)
            there = found.cases.get(draft.key)
            if there is not None and there in (_mark(message), draft.plain_mark):
                continue
            if draft.position < found.trail_end:
                self.healed[message.topic] += 1
            yield message
        self._found = None

    def overwritten_alerts(self, found: PublishedOutputs) -> dict[bytes, Mark]:
        """The marks of the alerts over which somebody has written what does not count."""
        keys = [key for key, there in found.alerts.items() if there == OVERWRITTEN]
        return {key: self.alerts[key] for key in keys if self.alerts.get(key, OVERWRITTEN)}

    def audit(self, found: PublishedOutputs, cases: CaseStore) -> Iterator[ProducerRecord]:
        """What has to be written again, after the topics were read on to their end."""
        lost = {
            place: message
            for place, message in self._unread.items()
            if found.trail.get(place) != _mark(message)
        }
        self._unread = lost
        self.healed.update(message.topic for message in lost.values())
        yield from tuple(lost.values())
        for key, there in found.cases.items():
            record = cases.record(CaseId(key))
            if record is None:
                continue
            draft = self._encoder.case(record)
            message = self._encoder.message(draft)
            if there not in (_mark(message), draft.plain_mark):
                self.healed[message.topic] += 1
                yield message

    def _in_order(self, draft: OutputDraft) -> Iterator[ProducerRecord]:
        message = self._encoder.message(draft)
        place = (draft.kind, draft.position)
        if self._found is not None:
            if self._found.trail.get(place) in (_mark(message), draft.plain_mark):
                return
            if draft.position < self._found.trail_end:
                self.healed[message.topic] += 1
        self._unread[place] = message
        yield message

    def _alert(self, draft: OutputDraft) -> Iterator[ProducerRecord]:
        message = self._encoder.message(draft)
        there = self.alerts.get(draft.key)
        if there in (_mark(message), draft.plain_mark):
            return
        if there is not None:
            self.healed[message.topic] += 1
        self.alerts[draft.key] = _mark(message)
        yield message

    def _dead(self, letters: Iterable[DeadLetter]) -> Iterator[ProducerRecord]:
        for letter in letters:
            message = self._encoder.dead_letter(letter)
            there = None if self._found is None else self._found.dead.get(message.key or b"")
            if there != _mark(message):
                yield message


def _mark(message: ProducerRecord) -> Mark:
    return own_mark(message.value or b"")
