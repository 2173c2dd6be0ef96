"""Errors of floor 5: what stops a fold, or does not count in one.

.. code-block:: text

    ProjectionError
    ├── PositionError      a record was offered out of its order
    ├── SnapshotMismatch   a stored chain state and its rows don't belong together
    ├── RecordChanged      a record that is read again has other bytes than before
    ├── ParkingFailed      the table of waiting records can't be written or read
    └── OutputRefused      a processor's output does not count for the link
"""

from __future__ import annotations

from blo_domain.processor_outputs import OutputReason


class ProjectionError(Exception):
    """Base of all errors of this floor."""


class PositionError(ProjectionError):
    """A record was offered out of order: the reader must go back to the position it has.

    Attributes:
        expected: The position that comes next.
        got: The position of the record.
    """

    def __init__(self, expected: int, got: int) -> None:
        super().__init__(f"record {got} was offered where record {expected} comes next")
        self.expected = expected
        self.got = got


class SnapshotMismatch(ProjectionError):
    """A stored chain state and its rows don't belong together: fold the log again."""


class RecordChanged(ProjectionError):
    """A record that is read again has other bytes than when it was read first."""

    def __init__(self, position: int) -> None:
        super().__init__(
            f"the record at {position} is not the one that was read there before: whoever keeps it"
            " has altered it; compare with another copy of the log"
        )


class ParkingFailed(ProjectionError):
    """The table of records that wait for a key can't be written or read."""

    def __init__(self, detail: str) -> None:
        super().__init__(
            f"records that wait for a key cannot be noted ({detail}): make room in the directory"
            " for temporary files (TMPDIR)"
        )


class OutputRefused(ProjectionError):
    """A value on a processors' topic does not count for the link.

    Attributes:
        reason: From the closed list.
    """

    def __init__(self, detail: str, reason: OutputReason) -> None:
        super().__init__(detail)
        self.reason = reason
