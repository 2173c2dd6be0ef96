"""Errors of the command, each with its place, its cause and the next step for the user.

.. code-block:: text

    CliError
    ├── AgentAnswerError    an agent refused or did not answer
    ├── FileUnusable        a file that cannot be read, or is not what it should be
    └── CannotWrite         a file or folder that cannot be made

Exit codes mean one thing each, in every command: see ``Exit``. A signal ends a command with 128
plus its number.
"""

from __future__ import annotations

from enum import IntEnum
from importlib import import_module
from typing import Final

from blo_cli.subcommands import subcommands


class Exit(IntEnum):
    """How ``blo`` ends."""

    OK = 0
    """It was done; what was checked is right."""
    CHECK_FAILED = 1
    """It was done; what was checked is not right."""
    ERROR = 2
    """It could not be done; standard error says why."""
    UNEXPECTED = 70
    """A defect of ours; an incident file holds the traceback."""
    INTERRUPTED = 130
    """Ctrl-C."""
    READER_GONE = 141
    """The program that read standard output has ended."""


class CliError(Exception):
    """An expected failure, in one message.

    Attributes:
        where: The file, line, folder or program concerned.
        what: The fault.
        todo: The next step for the user.
    """

    def __init__(self, where: str, what: str, *, todo: str) -> None:
        super().__init__(f"{where}: {what}. {todo}")
        self.where = where
        self.what = what
        self.todo = todo


class AgentAnswerError(CliError):
    """An agent, or its admin listener, answered with an error, or not at all."""


class FileUnusable(CliError):
    """A file that is not what it should be."""


class CannotWrite(CliError):
    """A file or folder can't be made."""

    def __init__(self, path: object, error: OSError) -> None:
        super().__init__(
            str(path),
            f"cannot be written ({error.strerror or error})",
            todo="Name another place, or give yourself the right to write there.",
        )


_TREES: Final = (
    "blo_schemas.errors:WireError",
    "blo_domain.errors:DomainError",
    "blo_sealing.errors:SealingError",
    "blo_log.errors:LogError",
    "blo_runtime.errors:RuntimeFault",
    "blo_projection.errors:ProjectionError",
    "blo_agent.store.errors:StoreError",
    "blo_audit.errors:AuditError",
    "blo_desk.errors:DeskError",
    "blo_printout.errors:PaperError",
    "blo_processors.errors:ProcessorError",
)


def expected_errors() -> tuple[type[Exception], ...]:
    """The root of every floor's tree of errors; whatever else is raised is a defect of ours."""
    others = (root for command in subcommands().values() for root in command.errors)
    roots = []
    for root in (*_TREES, *others):
        module, _, name = root.partition(":")
        roots.append(getattr(import_module(module), name))
    return (CliError, *roots)
