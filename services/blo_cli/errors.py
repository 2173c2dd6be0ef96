"""Errors of the command, each with its place, its cause and the next step for the user.

.. code-block:: text

    CliError
    ├── AgentAnswerError    an agent refused or did not answer
    └── CannotWrite         a file or folder that cannot be made

An error ends the command with code 2; code 1 says that it ran and a check failed, and 128 plus the
signal's number that it was interrupted.
"""

from __future__ import annotations

from enum import IntEnum
from importlib import import_module
from typing import Final

from blo_cli.subcommands import subcommands


class Exit(IntEnum):
    """How ``blo`` ends."""

    OK = 0
    CHECK_FAILED = 1
    ERROR = 2


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
