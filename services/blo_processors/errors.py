"""What can go wrong with a processor.

.. code-block:: text

    ProcessorError
    ├── NoIdentity      no valid certificate of role processor names a key that is held
    ├── WorkerBroken    an output was not acknowledged; only a new worker may go on
    └── Unprocessable   a record can't be folded (inside; it becomes a dead letter)
"""

from __future__ import annotations

from blo_schemas.ids import LinkId, OfficeId


class ProcessorError(Exception):
    """Anything that this floor raises."""


class NoIdentity(ProcessorError):
    """No valid certificate of role processor names a key that is held."""

    def __init__(self, subject: OfficeId) -> None:
        super().__init__(
            f"no valid certificate names a key of {subject}: have the country's root certify the"
            " request of `blo processors init`, and publish the certificate"
        )


class WorkerBroken(ProcessorError):
    """An output was not acknowledged before; only a new worker may go on."""

    def __init__(self, link: LinkId) -> None:
        super().__init__(f"the worker of {link} has failed and was not replaced")


class Unprocessable(ProcessorError):
    """A record can't be folded.

    Attributes:
        position: Its position.
        error: What happened.
    """

    def __init__(self, position: int, error: str) -> None:
        super().__init__(f"record {position}: {error}")
        self.position = position
        self.error = error


__all__ = ["NoIdentity", "ProcessorError", "Unprocessable", "WorkerBroken"]
