"""What should be on the output topics against what is there.

While a link is folded anew, only what is missing or wrong is written. After that everything is
written, and remembered until it was read back once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from blo_log.port import Message
from blo_processors.found import Found
from blo_processors.scribe import Draft, Mark, Scribe, own_mark
from blo_processors.shelf import Shelf
from blo_processors.state import Effects
from blo_schemas.ids import CaseId
from blo_schemas.outputs import DeadLetter, Finality, OutputKind


class Ledger:
    """The outputs of one link.

    Args:
        scribe: Makes the records.
        found: What lies on the topics before the fold begins.

    Attributes:
        healed: How many outputs were written anew, by topic; to be emptied by whoever counts.
    """

    def __init__(self, scribe: Scribe, found: Found) -> None:
        self.healed: Counter[str] = Counter()
        self._scribe = scribe
        self._found: Found | None = found
        self._unread: dict[tuple[OutputKind, int], Message] = {}

    @property
    def unread(self) -> int:
        """How many outputs have not been read back."""
        return len(self._unread)

    def write(self, effects: Effects, letters: Iterable[DeadLetter]) -> list[Message]:
        """The records to write for these effects."""
        messages: list[Message] = []
        for entry in effects.trail.values():
            if self._found is None or entry.finality is not Finality.PENDING:
                messages += self._in_order(self._scribe.trail(entry))
        for made in effects.checkpoints:
            messages += self._in_order(self._scribe.checkpoint(made))
        if self._found is None:
            for view in effects.views.values():
                messages.append(self._scribe.message(self._scribe.case(view)))
        messages += self._dead(letters)
        return messages

    def settle(self, shelf: Shelf, pending: Iterable[Draft]) -> list[Message]:
        """What is still missing at the end of the fold: views, and entries that wait for a key."""
        found = self._found
        assert found is not None
        messages = [message for draft in pending for message in self._in_order(draft)]
        for view in shelf:
            draft = self._scribe.case(view)
            message = self._scribe.message(draft)
            there = found.cases.get(draft.key)
            if there is not None and there in (_mark(message), draft.plain_mark):
                continue
            if draft.position < found.trail_end:
                self.healed[message.topic] += 1
            messages.append(message)
        self._found = None
        return messages

    def audit(self, found: Found, shelf: Shelf) -> list[Message]:
        """What has to be written again, after the topics were read on to their end."""
        lost = {
            place: message
            for place, message in self._unread.items()
            if found.trail.get(place) != _mark(message)
        }
        self._unread = lost
        messages = list(lost.values())
        for key, there in found.cases.items():
            view = shelf.get(CaseId(key))
            if view is None:
                continue
            draft = self._scribe.case(view)
            message = self._scribe.message(draft)
            if there not in (_mark(message), draft.plain_mark):
                messages.append(message)
        self.healed.update(message.topic for message in messages)
        return messages

    def _in_order(self, draft: Draft) -> Iterator[Message]:
        message = self._scribe.message(draft)
        place = (draft.kind, draft.position)
        if self._found is not None:
            if self._found.trail.get(place) in (_mark(message), draft.plain_mark):
                return
            if draft.position < self._found.trail_end:
                self.healed[message.topic] += 1
        self._unread[place] = message
        yield message

    def _dead(self, letters: Iterable[DeadLetter]) -> Iterator[Message]:
        for letter in letters:
            message = self._scribe.dead_letter(letter)
            if self._found is None or message.key not in self._found.dead:
                yield message


def _mark(message: Message) -> Mark:
    return own_mark(message.value or b"")


__all__ = ["Ledger"]
