"""The options of a replay's own statement: one to go on from, and one to be written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from blo_audit.auditor import Auditor, auditor_of
from blo_audit.config import AuditorSettings
from blo_audit.replay.options import AuditOptions
from blo_audit.replay.state_file import EarlierStatement, StateWriter, open_statement
from blo_cli.errors import CliError
from blo_cli.file_access import writes
from blo_runtime.clock import SystemClock
from blo_runtime.config import load
from blo_runtime.files import NewFile, check_new_file

F = TypeVar("F", bound=Callable[..., Any])

_FILE: Final = click.Path(path_type=Path)


def since_option(function: F) -> F:
    """Adds ``--since``."""
    return click.option(
        "--since", type=_FILE, help="Go on from this statement of yours; read only what is new."
    )(function)


def statement_option(function: F) -> F:
    """Adds ``--statement``."""
    return click.option(
        "--statement", type=_FILE, help="Write a statement here, signed, to go on from later."
    )(function)


def require_auditor(config: Path | None, settings: AuditorSettings | None) -> Auditor:
    """The auditor whose statements are written and read.

    Raises:
        CliError: No key file is named.
        KeyFileError: It can't be used.
    """
    auditor = None if settings is None else auditor_of(settings)
    if auditor is None:
        raise CliError(
            "no configuration" if config is None else str(config),
            "names no key file, and a statement is signed",
            todo='Give --config with auditor = "…" and keys = "auditor.key"; run blo audit init',
        )
    return auditor


@contextmanager
def opened_since(path: Path | None, config: Path | None) -> Iterator[EarlierStatement | None]:
    """The statement of ``--since``, for the length of the block; ``None`` without the option.

    Args:
        path: The statement's file.
        config: The auditor's configuration, which names its keys.

    Raises:
        StatementRefused: No replay can go on from it.
        CliError: No key file is named.
        ConfigurationError: The configuration can't be read.
    """
    if path is None:
        yield None
        return
    settings = None if config is None else load(config, AuditorSettings)
    with open_statement(path, require_auditor(config, settings)) as statement:
        yield statement


@contextmanager
def written_statement(
    path: Path | None,
    config: Path,
    settings: AuditorSettings,
    options: AuditOptions,
    *,
    replace: bool,
) -> Iterator[StateWriter | None]:
    """Takes the statement of ``--statement``; the file is there after the block.

    Raises:
        FileUnusable: The file is there already.
        CannotWrite: It can't be made.
        CliError: No key file is named.
    """
    if path is None:
        yield None
        return
    auditor = require_auditor(config, settings)
    with writes(path):
        check_new_file(path, replace=replace)
        with NewFile(path, private=True, replace=replace) as target:
            writer = StateWriter(
                target.stream,
                auditor,
                settings.trust.roots,
                tolerance_ms=options.tolerance_ms,
                late_ms=options.late_ms,
                made_at=SystemClock().now_ms(),
            )
            yield writer
            writer.finish()
