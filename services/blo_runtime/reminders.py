"""Saying a lasting trouble once, and again at intervals that grow.

A program that meets the same trouble many times a second would fill the disk with its log. Each
part that may do so asks here before it writes a line.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from typing import Final

FIRST_INTERVAL_S: Final = 60.0
"""The interval between the first line about a cause and the second, in seconds."""
LONGEST_INTERVAL_S: Final = 3600.0
"""Intervals double up to this one, in seconds."""
MOST_CAUSES: Final = 256
"""At most so many causes are remembered; the one that was said the longest ago is forgotten."""


class _Said:
    """A cause that was said: when, when it may be said again, and how often it was kept back."""

    def __init__(self, now: float) -> None:
        self.interval_s = FIRST_INTERVAL_S
        self.again_at = now + self.interval_s
        self.kept_back = 0


class Reminders:
    """Decides when a cause is said again.

    Args:
        monotonic: Seconds from an arbitrary start.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._said: dict[Hashable, _Said] = {}

    def is_due(self, cause: Hashable) -> bool:
        """Whether a line about the cause is to be written now; if so, it counts as written."""
        return self.take(cause) is not None

    def take(self, cause: Hashable) -> int | None:
        """Ask as ``is_due`` does.

        Returns:
            The number of lines about the cause that were kept back since the last one; ``None`` if
            no line is to be written now.
        """
        now = self._monotonic()
        said = self._said.get(cause)
        if said is not None and now < said.again_at:
            said.kept_back += 1
            return None
        if said is None or now >= said.again_at + said.interval_s:
            # It is new, or was quiet for a whole interval, so it begins anew.
            kept_back = 0 if said is None else said.kept_back
            self._remember(cause, _Said(now))
            return kept_back
        kept_back, said.kept_back = said.kept_back, 0
        said.interval_s = min(2 * said.interval_s, LONGEST_INTERVAL_S)
        said.again_at = now + said.interval_s
        self._remember(cause, said)
        return kept_back

    def forget(self, cause: Hashable) -> bool:
        """Note that a cause is over; returns whether it had been said."""
        return self._said.pop(cause, None) is not None

    def _remember(self, cause: Hashable, said: _Said) -> None:
        self._said.pop(cause, None)
        if len(self._said) >= MOST_CAUSES:
            del self._said[next(iter(self._said))]
        self._said[cause] = said
