"""What can go wrong with a processor.

.. code-block:: text

    ProcessorError
    ├── NoProcessorIdentity      no valid certificate of role processor names a key that is held
    ├── WorkerBroken    an output was not acknowledged; only a new worker may go on
    ├── StreamFailed    Faust has ended or never assigned anything; a new start of it would
    ├── TempTableFailed    cases at rest can't be put on the disk, or read from it
    └── Unprocessable   a record can't be folded (inside; it becomes a dead letter)
"""

from __future__ import annotations

from blo_schemas.ids import LinkId, OfficeId


class ProcessorError(Exception):
    """Anything that this floor raises."""


class NoProcessorIdentity(ProcessorError):
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


class StreamFailed(ProcessorError):
    """Faust has ended, or has never assigned anything."""

    def __init__(self, detail: str) -> None:
        super().__init__(f"the stream does not work ({detail}): it is started anew")


class TempTableFailed(ProcessorError):
    """Cases at rest can't be put on the disk, or read from it; that is no record's fault."""

    def __init__(self, detail: Exception) -> None:
        super().__init__(
            f"the temporary file for cases at rest can't be used ({detail}): make room in the"
            " directory for temporary files, or set TMPDIR to one that has some"
        )


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
