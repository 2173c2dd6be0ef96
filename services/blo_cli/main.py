"""The ``blo`` command: what it runs, how it ends, and what it says when it does not succeed."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import Final

import click

from blo_cli import terminal
from blo_cli.commands import DEBUG, LazyGroup, show_usage_error
from blo_cli.errors import Exit, expected_errors
from blo_cli.incident_file import traceback_lines, write_incident
from blo_cli.interrupts import Interrupted

DISTRIBUTION: Final = "blo-exchange"
_COMPLETE: Final = "_BLO_COMPLETE"


def _show_version(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted and not context.resilient_parsing:
        terminal.line(f"blo, version {version(DISTRIBUTION)}")
        context.exit()


@click.group(cls=LazyGroup)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help="Show the version and exit.",
)
def blo() -> None:
    """Sealed, signed and audited exchange between border liaison offices, over Apache Kafka."""


def run(arguments: Sequence[str]) -> int:
    """Runs ``blo`` with these arguments.

    Returns:
        The exit code, as ``blo_cli.errors`` says; an error message is on standard error by then.
    """
    meta: dict[str, object] = {}
    try:
        with terminal.checked_streams():
            try:
                return _invoke(arguments, meta)
            except terminal.OutputFailed:
                raise
            except BaseException as error:  # noqa: BLE001 - whatever it is, it ends in one sentence
                return _ended_by(error, debug=DEBUG in meta)
    except terminal.OutputFailed as error:
        if error.reader_gone:
            return Exit.READER_GONE
        terminal.problem(error)
        return Exit.ERROR


def _invoke(arguments: Sequence[str], meta: dict[str, object]) -> int:
    try:
        with blo.make_context("blo", list(arguments)) as context:
            try:
                result = blo.invoke(context)
            finally:
                meta.update(context.meta)
    except click.exceptions.Exit as ended:
        return ended.exit_code
    return result if isinstance(result, int) else Exit.OK


def _ended_by(error: BaseException, *, debug: bool) -> int:
    """Says why a command ended; the exit code."""
    match error:
        case click.Abort() | KeyboardInterrupt():
            return _tell("interrupted", Exit.INTERRUPTED)
        case Interrupted():
            return _tell("interrupted", error.exit_code)
        case click.ClickException():
            show_usage_error(error)
            return Exit.ERROR
        case OSError():
            place = "" if error.filename is None else f"{error.filename}: "
            return _tell(f"{place}{error.strerror or error}", Exit.ERROR)
        case MemoryError():
            return _tell("there is not enough memory", Exit.ERROR)
        case SystemExit():
            return error.code if isinstance(error.code, int) else Exit.UNEXPECTED
    interrupt = _interrupt_beneath(error)
    if interrupt is not None:
        return _tell("interrupted", interrupt.exit_code)
    if isinstance(error, expected_errors()):
        return _tell(str(error), Exit.ERROR)
    return _tell_unexpected(error, debug=debug)


def _interrupt_beneath(error: BaseException) -> Interrupted | None:
    """The interrupt during which an error was raised.

    A signal may come in the middle of the library's own locks, whose ends then raise errors.
    """
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        if isinstance(cause, Interrupted):
            return cause
        seen.add(id(cause))
        cause = cause.__context__
    return None


def _tell_unexpected(error: BaseException, *, debug: bool) -> int:
    path = write_incident(error, version(DISTRIBUTION))
    if debug:
        for text in traceback_lines(error):
            terminal.note(text)
    what = f"this is a defect of blo ({type(error).__name__})"
    if path is None:
        todo = "run it again with --debug, because no incident file can be written"
        return _tell(f"{what}; {todo}", Exit.UNEXPECTED)
    todo = f"send {path} to its maintainers, or add --debug to see it"
    return _tell(f"{what}; {todo}", Exit.UNEXPECTED)


def _tell(message: str, code: int) -> int:
    terminal.problem(message)
    return code


def main() -> None:
    """The console script."""
    _open_closed_descriptors()
    if instruction := os.environ.get(_COMPLETE):
        from click.shell_completion import shell_complete

        sys.exit(shell_complete(blo, {}, "blo", _COMPLETE, instruction))
    sys.exit(run(sys.argv[1:]))


def _open_closed_descriptors() -> None:
    """Keeps files that are opened later from taking the place of a closed standard stream."""
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
