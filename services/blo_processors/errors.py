"""The errors of a processor.

.. code-block:: text

    ProcessorError
    ├── NoProcessorIdentity      no valid certificate of role processor names a key of the key file
    ├── WorkerBroken    an output was not acknowledged; the worker must be replaced
    ├── StreamFailed    Faust has ended, or has assigned nothing
    ├── TempTableFailed    the temporary file of closed cases can't be used
    ├── StateError         the stored state of a link can't be used; it is folded from the first record
    │   ├── StateInUse         another program has the file open
    │   ├── StateDamaged       the file is not a whole state of this link and processor
    │   ├── StateRefused       the log, the documents or the program do not confirm it
    │   └── StateUnwritable    the folder or the disk does not take it
    └── Unprocessable   a record can't be folded; it becomes a dead letter
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

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


class StateRefusal(StrEnum):
    """Why a link is folded from its first record and not from a stored state."""

    MISSING = "missing"
    """There is none."""
    DAMAGED = "damaged"
    """It is not whole, or it is another link's or processor's."""
    IN_USE = "in_use"
    """Another program has it open."""
    UNWRITABLE = "unwritable"
    """The folder or its disk does not take it."""
    RULES = "rules"
    """Another version of the program has written it."""
    TRUST = "trust"
    """New trust documents change what is concluded of its records."""
    SIGNERS = "signers"
    """A certificate that has signed its outputs counts no more."""
    CHECKPOINT = "checkpoint"
    """The trail does not have the processor's checkpoint of it."""
    LOG = "log"
    """The log is not the one that it was made of, or has lost records."""
    OUTPUTS = "outputs"
    """The topics of outputs are not those that it was made beside, or contradict it."""


class StateError(ProcessorError):
    """The stored state of a link can't be used; the link is folded from its first record.

    Attributes:
        path: The file; ``None``: one without a name.
        reason: Why, from the closed list.
    """

    reason = StateRefusal.DAMAGED

    def __init__(self, path: Path | None, detail: str) -> None:
        super().__init__(f"the stored state {path or 'without a name'} {detail}")
        self.path = path


class StateInUse(StateError):
    """Another program has the file open."""

    reason = StateRefusal.IN_USE

    def __init__(self, path: Path | None) -> None:
        super().__init__(path, "is used by another program: every worker needs a folder of its own")


class StateDamaged(StateError):
    """The file is not a whole state of this link and processor."""

    reason = StateRefusal.DAMAGED

    def __init__(self, path: Path | None, detail: str) -> None:
        super().__init__(path, f"is damaged or foreign ({detail}): it is thrown away")


class StateRefused(StateError):
    """The file is whole, and the log, the documents or the program do not confirm it."""

    def __init__(self, path: Path | None, reason: StateRefusal, detail: str) -> None:
        super().__init__(path, f"is not used: {detail}")
        self.reason = reason


class StateUnwritable(StateError):
    """The folder or its disk does not take the file."""

    reason = StateRefusal.UNWRITABLE

    def __init__(self, path: Path | None, detail: Exception) -> None:
        super().__init__(
            path,
            f"can't be read or written ({detail}): make room, or let the processor's user write"
            " there; until the next start the link has no stored state",
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
