"""The one way in which ``blo`` prints.

A line is one line: whatever stands in its values is shown, not obeyed (``blo_schemas.plain_text``).
Styles are told apart from texts, so that no value can style, link or colour anything. Characters
that the encoding lacks become escapes. What can't be printed raises ``OutputFailed``, so that no
command mistakes a full disk for a finding.
"""

from __future__ import annotations

import errno
import os
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from json import dumps
from typing import TYPE_CHECKING, Any, Final, TextIO

import msgspec

from blo_schemas.plain_text import plain

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

_NARROWEST: Final = 40
_WIDEST: Final = 500
_NARROW_BAR: Final = 80
_BAR_WIDTH: Final = 30
_LONGEST_ANSWER: Final = 100


class OutputFailed(Exception):
    """Standard output can't be written.

    Attributes:
        reader_gone: Whether the program that read it has ended.
    """

    def __init__(self, error: OSError | ValueError) -> None:
        words = (error.strerror if isinstance(error, OSError) else None) or str(error)
        super().__init__(f"standard output cannot be written ({words})")
        self.reader_gone = isinstance(error, OSError) and error.errno == errno.EPIPE


def line(text: object = "", style: str = "", *, indent: int = 0, hang: int = 0) -> None:
    """Prints one line to standard output.

    Args:
        text: Its text, whole; newlines in it are shown as escapes.
        style: A style of rich, such as ``bold red``; only terminals show it.
        indent: Cells before the line.
        hang: Cells before its further lines, where a terminal is too narrow for it.
    """
    shown = plain(text)
    if not _is_terminal(sys.stdout) or not (style or hang):
        _write(" " * indent + shown + "\n")
        return
    from rich.text import Text

    console = _console(sys.stdout)
    before = indent
    for part in Text(shown, style=style).wrap(console, width() - max(indent, hang)):
        part.rstrip()
        console.print(Text(" " * before).append(part), soft_wrap=True)
        before = max(indent, hang)


def lines(texts: Iterable[object]) -> None:
    """Prints each text as a line."""
    for text in texts:
        line(text)


def document(text: str) -> None:
    """Prints a text of several lines; only a newline begins one."""
    lines(text.removesuffix("\n").split("\n"))


def json(value: object) -> None:
    """Prints a value as JSON in ASCII, indented."""
    _write(json_text(value))


def json_text(value: object) -> str:
    """A value as JSON in ASCII, indented, with a newline at its end."""
    # A file's name may hold halves of surrogates, which UTF-8 has no bytes for.
    return dumps(msgspec.to_builtins(value, str_keys=True), ensure_ascii=True, indent=2) + "\n"


def note(text: object, style: str = "") -> None:
    """Prints a line to standard error; that it can't be printed is no failure."""
    shown = plain(text)
    with suppress(OSError, ValueError):
        if style and _is_terminal(sys.stderr):
            from rich.text import Text

            _console(sys.stderr).print(Text(shown, style=style), soft_wrap=True)
        elif sys.stderr is not None:
            sys.stderr.write(shown + "\n")


def problem(text: object) -> None:
    """Prints to standard error why something was not done."""
    note(f"blo: {plain(text)}")


def confirmed(question: str) -> bool:
    """Asks on standard error, and reads one line of standard input: whether it is a yes.

    Args:
        question: The question; ``yes`` and ``y`` agree, anything else and an end do not.
    """
    with suppress(OSError, ValueError):
        if sys.stderr is not None:
            sys.stderr.write(f"{plain(question)} [yes/no] ")
            sys.stderr.flush()
    try:
        answer = sys.stdin.readline(_LONGEST_ANSWER) if sys.stdin is not None else ""
    except (OSError, ValueError):
        answer = ""
    return answer.strip().lower() in {"y", "yes"}


def from_signal_handler(text: str) -> None:
    """Prints a line to standard error past its stream, in whose middle a signal may have come."""
    with suppress(OSError, ValueError, AttributeError):
        data = f"\n{plain(text)}\n".encode(sys.stderr.encoding, "backslashreplace")
        os.write(sys.stderr.fileno(), data)


class Grid:
    """A table for people: texts in columns, as wide as the terminal.

    Args:
        title: The line above it.
        columns: The columns' headings.
        right: The indices of the columns that are set to the right.
        whole: The indices of the columns whose texts are not broken.
        caption: The line below it.
    """

    def __init__(
        self,
        title: str,
        columns: Sequence[str],
        *,
        right: Sequence[int] = (),
        whole: Sequence[int] = (),
        caption: str = "",
    ) -> None:
        from rich.table import Table
        from rich.text import Text

        self._title, self._caption = title, caption
        self._columns = [plain(column) for column in columns]
        self._rows: list[tuple[list[str], str]] = []
        self._table = Table(
            title=Text(plain(title), "italic"),
            title_justify="left",
            caption=Text(plain(caption), "dim") if caption else None,
            caption_justify="left",
        )
        for index, heading in enumerate(columns):
            self._table.add_column(
                Text(plain(heading)),
                justify="right" if index in right else "left",
                overflow="fold",
                no_wrap=index in whole,
            )

    def section(self) -> None:
        """Draws a line below the rows so far."""
        self._table.add_section()

    def row(self, *cells: object, style: str = "") -> None:
        """Adds a row; the style is that of its first cell."""
        from rich.text import Text

        first, *others = [plain(cell) for cell in cells]
        missing = len(self._columns) - 1 - len(others)
        self._rows.append(([first, *others, *[""] * missing], style))
        self._table.add_row(Text(first, style), *map(Text, others))

    def show(self) -> None:
        """Prints it to standard output; where words would have to be cut, as a list of rows."""
        if self._narrowest() <= width():
            _console(sys.stdout).print(self._table)
            return
        line(self._title, "italic")
        for cells, style in self._rows:
            first, *others = zip(self._columns, cells, strict=True)
            line(": ".join(filter(None, first)) or "-", style or "bold", indent=2, hang=4)
            for name, cell in others:
                if cell:
                    line(f"{name}: {cell}", indent=6, hang=8)
        if self._caption:
            line(self._caption, "dim")

    def _narrowest(self) -> int:
        """How many cells it needs to keep every word whole."""
        from rich.cells import cell_len

        rows = [self._columns, *(cells for cells, _ in self._rows)]
        words = [
            max((cell_len(word) for row in rows for word in row[index].split()), default=0)
            for index in range(len(self._columns))
        ]
        return sum(words) + 3 * len(words) + 1


def progress() -> Progress:
    """A bar on standard error; it shows nothing where that is no terminal."""
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
    )

    console = _console(sys.stderr)
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=None if console.width < _NARROW_BAR else _BAR_WIDTH),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


def width() -> int:
    """How many cells wide the output may be: ``COLUMNS``, or the terminal's own width."""
    return min(max(shutil.get_terminal_size().columns, _NARROWEST), _WIDEST)


def _console(stream: TextIO) -> Console:
    from rich.console import Console

    return Console(
        file=stream, width=width(), markup=False, emoji=False, highlight=False, soft_wrap=False
    )


def _is_terminal(stream: TextIO | None) -> bool:
    return stream is not None and not getattr(stream, "closed", False) and stream.isatty()


def _write(text: str) -> None:
    if sys.stdout is None:
        raise OutputFailed(OSError(errno.EBADF, "it is closed"))
    sys.stdout.write(text)


class _CheckedStream:
    """A text stream whose failures are ``OutputFailed``, or are passed over."""

    def __init__(self, stream: TextIO, *, must_print: bool) -> None:
        self._stream = stream
        self._must_print = must_print

    def write(self, text: str) -> int:
        try:
            return self._stream.write(text)
        except (OSError, ValueError) as error:
            return self._failed(error)

    def flush(self) -> None:
        try:
            self._stream.flush()
        except (OSError, ValueError) as error:
            self._failed(error)

    def writelines(self, texts: Iterable[str]) -> None:
        for text in texts:
            self.write(text)

    def _failed(self, error: OSError | ValueError) -> int:
        _discard(self._stream)
        if self._must_print:
            raise OutputFailed(error) from error
        return 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def checked_streams() -> Iterator[None]:
    """Makes standard output and standard error safe to print to, for the length of the block.

    Raises:
        OutputFailed: What was printed could not be written, at the latest at the block's end.
    """
    out, err = sys.stdout, sys.stderr
    for stream in (out, err):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
    sys.stdout = out if out is None else _checked(out, must_print=True)
    sys.stderr = err if err is None else _checked(err, must_print=False)
    try:
        yield
        if sys.stdout is not None:
            sys.stdout.flush()
    finally:
        if sys.stderr is not None:
            sys.stderr.flush()
        sys.stdout, sys.stderr = out, err


def _checked(stream: TextIO, *, must_print: bool) -> Any:
    return _CheckedStream(stream, must_print=must_print)


def _discard(stream: TextIO) -> None:
    """Lets what is still buffered go nowhere, so that Python's own end does not try it again."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)
        try:
            os.dup2(nowhere, stream.fileno())
        finally:
            os.close(nowhere)
        stream.flush()
