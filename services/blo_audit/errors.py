"""Errors of an audit itself. A fault in a log is a finding, not an error.

.. code-block:: text

    AuditError
    ├── NoQuorum           not everybody who must has signed a checkpoint
    ├── WitnessStateError  the witness's state file can't be used
    ├── StatementRefused   no replay can go on from this statement
    ├── NothingToAudit     no link fits what was asked for
    ├── NoTrust            no pinned root is proved, so nothing can be
    └── NoProof            a record can't be proved to be in a log
"""

from __future__ import annotations

from pathlib import Path


class AuditError(Exception):
    """Base of the errors of this package."""


class NoQuorum(AuditError):
    """Not everybody who must has signed a checkpoint; the message says who has not."""


class WitnessStateError(AuditError):
    """The witness's state file is damaged, or another witness's.

    Attributes:
        path: The file.
    """

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(
            f"{path} {problem}. Bring back its safe copy; or remove it: the witness then reads "
            "the log from its first record, and what it has published binds it all the same"
        )
        self.path = path


class StatementRefused(AuditError):
    """A replay can't go on from a statement; the message says why.

    Attributes:
        name: The statement's file.
    """

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(
            f"{name} is refused: {problem}. Replay from the first record, without --since"
        )
        self.name = name


class NothingToAudit(AuditError):
    """No link fits what was asked for."""


class NoTrust(AuditError):
    """No pinned country root is among the trust documents."""


class NoProof(AuditError):
    """A record can't be proved to be in a log; the message says why not."""
