"""Ctrl-C and its kin, at any moment, without leaving anything behind.

A signal raises ``Interrupted`` in the main thread, once: what comes after it finds the clean-up
under way and is not let in between. What must not be cut in two, such as starting a process and
noting that it was started, is put into a ``shielded`` block; a signal then waits for its end.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

from blo_cli import terminal

STOPPING: Final = "stopping …"
"""What a command that has much to end says at once."""

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(BaseException):
    """The user, or the system, wants the command to end.

    Attributes:
        number: The signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number

    @property
    def exit_code(self) -> int:
        """What a shell expects: 128 plus the signal's number."""
        return 128 + self.number


class Interrupts:
    """The signal handlers of one command, and whether they may raise just now.

    Args:
        words: Told on standard error as soon as a signal comes, whatever is under way; empty:
            nothing is.
    """

    def __init__(self, words: str = "") -> None:
        self._words = words
        self._shields = 0
        self._waiting: int | None = None
        self._raised = False

    @contextmanager
    def installed(self) -> Iterator[Interrupts]:
        """Turns signals into ``Interrupted`` for the length of the block; main thread only."""
        before = {number: signal.signal(number, self._handle) for number in _SIGNALS}
        try:
            yield self
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    @contextmanager
    def shielded(self) -> Iterator[None]:
        """Keeps signals out of the block; one that came is raised at its end."""
        self._shields += 1
        try:
            yield
        finally:
            self._shields -= 1
        self._raise_waiting()

    def _handle(self, number: int, _: FrameType | None) -> None:
        if not self._raised and self._waiting is None:
            self._waiting = number
            if self._words:
                terminal.from_signal_handler(self._words)
        self._raise_waiting()

    def _raise_waiting(self) -> None:
        if self._shields == 0 and self._waiting is not None and not self._raised:
            self._raised = True
            raise Interrupted(self._waiting)

    @contextmanager
    def cleaning_up(self, clean_up: Callable[[], None]) -> Iterator[None]:
        """Runs ``clean_up`` at the block's end, whole, however the block ends.

        It runs twice: a signal may cut into the first run's first step, but as only one signal
        raises, never into the second's. So the second run must find nothing left to do, or do it.
        """
        try:
            try:
                yield
            finally:
                with self.shielded():
                    clean_up()
        finally:
            clean_up()
