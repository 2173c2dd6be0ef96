"""Programs that tests start have default signal handling, whatever the runner was started with.

A shell that is not interactive starts what it puts into the background with SIGINT ignored, and
``nohup`` ignores SIGHUP. A program inherits that an ignored signal is ignored, and Python then
installs no handler of its own, so that Ctrl-C would do nothing in any program that a test starts. A
signal that has a handler is reset to its default in whatever is started.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

STOPS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""The signals that ask a program to end."""


def start_programs_with_default_signals() -> None:
    """Lets this process go on ignoring what it ignores, and no program that it starts."""
    for number in STOPS:
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, _ignored)


@contextmanager
def interruptible() -> Iterator[None]:
    """Lets SIGINT raise ``KeyboardInterrupt`` in this process, as at a terminal."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _ignored(number: int, frame: FrameType | None) -> None:
    """Does nothing, as the signal's disposition did before."""
