"""The log lines of libraries, and what the interpreter would write to standard error by itself.

A client of Kafka says many times a second that Kafka is away, in dozens of ways, some with a stack
trace. A Kafka that is away is a state of which the program itself says a line
(``blo_runtime/kafka_line.py``). So of each such client one line of each level is quoted, and another
at intervals that grow from a minute on (``blo_runtime/reminders.py``). Of other libraries each cause
is treated so. What was left out is counted in the next line.
"""

from __future__ import annotations

import logging
import re
import sys
import threading
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, NamedTuple

from blo_runtime.reminders import Reminders

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

KAFKA_CLIENTS: Final = frozenset({"aiokafka", "faust", "kafka", "mode"})
"""The libraries that talk to Kafka, by the first part of their loggers' names."""

_CHANGING: Final = re.compile(r"0x[0-9a-fA-F]+|\d+")
_interpreter: Final = logging.getLogger("python")


class LibraryLine(NamedTuple):
    """A line of a library that is to be written.

    Attributes:
        library: The name of the logger.
        is_error: Whether its level is an error's, and not a warning's.
        text: What it says.
        error: The exception it quotes, if any, as ``logging`` has it.
        kept_back: The number of lines about the same that were left out before this one.
    """

    library: str
    is_error: bool
    text: str
    error: object
    kept_back: int


def listen_to_libraries(
    write: Callable[[LibraryLine], None], show: Callable[[object], object], *, limited: bool
) -> None:
    """From now on pass the warnings and errors of libraries to ``write`` alone.

    Args:
        write: Writes a line.
        show: Makes an argument of a line what may be shown.
        limited: Whether repetitions are left out.
    """
    root = logging.getLogger()
    for handler in [each for each in root.handlers if isinstance(each, _LibraryHandler)]:
        root.removeHandler(handler)
    root.addHandler(_LibraryHandler(write, show, limited=limited))


@contextmanager
def interpreter_in_logs() -> Iterator[None]:
    """Let exceptions that nobody catches, and warnings, become lines of the log.

    Python itself writes them to standard error as stack traces of many lines.
    """

    def in_thread(failed: threading.ExceptHookArgs) -> None:
        name = failed.thread.name if failed.thread is not None else "unknown"
        _interpreter.error("thread %s ended by an exception", name, exc_info=failed.exc_value)

    def nowhere(failed: UnraisableHookArgs) -> None:
        _interpreter.error(
            "an exception was raised where nobody can catch it", exc_info=failed.exc_value
        )

    hooks = threading.excepthook, sys.unraisablehook
    threading.excepthook, sys.unraisablehook = in_thread, nowhere
    logging.captureWarnings(capture=True)
    try:
        yield
    finally:
        logging.captureWarnings(capture=False)
        threading.excepthook, sys.unraisablehook = hooks


class _LibraryHandler(logging.Handler):
    """Passes on the records of libraries that use the standard library's logging."""

    def __init__(
        self,
        write: Callable[[LibraryLine], None],
        show: Callable[[object], object],
        *,
        limited: bool,
    ) -> None:
        super().__init__(logging.WARNING)
        self._write = write
        self._show = show
        self._limited = limited
        self._reminders = Reminders()

    def emit(self, record: logging.LogRecord) -> None:
        kept_back = self._reminders.take(_cause(record)) if self._limited else 0
        if kept_back is None:
            return
        try:
            self._write(self._line(record, kept_back))
        except Exception:  # noqa: BLE001 - as logging asks: a bad record must not stop its caller
            self.handleError(record)

    def _line(self, record: logging.LogRecord, kept_back: int) -> LibraryLine:
        if isinstance(record.args, dict):
            record.args = {name: self._argument(one) for name, one in record.args.items()}
        elif record.args:
            record.args = tuple(self._argument(one) for one in record.args)
        is_error = record.levelno >= logging.ERROR
        text = record.getMessage()
        return LibraryLine(record.name, is_error, text, record.exc_info, kept_back)

    def _argument(self, value: object) -> object:
        # A number stays one, for %d and %f; anything else shows as it would in a field.
        return value if isinstance(value, int | float) else self._show(value)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - its name in logging
        """Say in one line that a record can't be written; logging would print a stack trace."""
        error = sys.exc_info()[1]
        text = "a line of this library can't be written"
        self._write(LibraryLine(record.name, is_error=True, text=text, error=error, kept_back=0))


def _cause(record: logging.LogRecord) -> Hashable:
    library = record.name.partition(".")[0]
    if library in KAFKA_CLIENTS:
        return library, record.levelno
    # Two texts that differ in numbers and addresses alone are about the same.
    return record.name, record.levelno, _CHANGING.sub("#", str(record.msg)[:200])
