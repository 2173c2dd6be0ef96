"""The errors of a processor.

.. code-block:: text

    ProcessorError
    ├── NoProcessorIdentity      no valid certificate of role processor names a key of the key file
    ├── WorkerBroken    an output was not acknowledged; the worker must be replaced
    ├── StreamFailed    Faust has ended, or has assigned nothing
    ├── TempTableFailed    the temporary file of closed cases can't be used
    └── Unprocessable   a record can't be folded; it becomes a dead letter
"""

from __future__ import annotations

from blo_schemas.ids import LinkId, OfficeId


class ProcessorError(Exception):
    """The base of all errors of this package."""


class NoProcessorIdentity(ProcessorError):
    """No valid certificate of role processor names a key of the key file."""

    def __init__(self, subject: OfficeId) -> None:
        super().__init__(
            f"no valid certificate names a key of {subject}: have the country's root certify the"
            " request of `blo processors init`, and publish the certificate"
        )


class WorkerBroken(ProcessorError):
    """An output was not acknowledged before, so the worker must be replaced."""

    def __init__(self, link: LinkId) -> None:
        super().__init__(f"the worker of {link} has failed and was not replaced")


class StreamFailed(ProcessorError):
    """Faust has ended, or has never assigned anything."""

    def __init__(self, detail: str) -> None:
        super().__init__(f"the stream does not work ({detail}): it is started again")


class TempTableFailed(ProcessorError):
    """The temporary file of closed cases can't be written or read; no record is at fault."""

    def __init__(self, detail: Exception) -> None:
        super().__init__(
            f"the temporary file for closed cases can't be used ({detail}): make room in the"
            " directory for temporary files, or set TMPDIR to one that has some"
        )


class Unprocessable(ProcessorError):
    """A record can't be folded.

    Attributes:
        position: Its position.
        error: The error's text.
    """

    def __init__(self, position: int, error: str) -> None:
        super().__init__(f"record {position}: {error}")
        self.position = position
        self.error = error
