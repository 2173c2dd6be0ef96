"""The errors of the store, as a tree.

.. code-block:: text

    StoreError                  carries the file and what to do
    ├── KeyFileUnusable         the key file is missing, readable by others, or no 32-byte key
    ├── StoreMissing            there is no file
    ├── WrongStoreKey           the file does not open with this key
    ├── NewerStore              the file was written by a newer program
    ├── StoreMixed              the file and its write-ahead log are of different moments
    ├── StoreInUse              another process has the file open
    ├── BackupRefused           the destination of a backup can't be used
    ├── StoreClosed             a job came after the store was closed
    └── StoreFailed             the writer has stopped; only a restart helps
        └── StoreCorrupt        a page of the file is not what was written
    JobRefused                  raised by a job: an expected refusal that wrote nothing
    └── ActionRefused           one with a reason and words for the person who asked
    JobFailed                   a job raised unexpectedly: it was rolled back, the writer goes on
    RefusedAfterWriting         a fault of the program: a job refused after it had written
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import ClassVar


class StoreError(Exception):
    """Something is wrong with the store.

    Attributes:
        file: The file that is at fault.
        problem: What is wrong.
        todo: What the operator does next.
    """

    def __init__(self, file: Path, problem: str, *, todo: str) -> None:
        self.file = file
        self.problem = problem
        self.todo = todo
        super().__init__(f"{file}: {problem}. {todo}")


class KeyFileUnusable(StoreError):
    """The key file is missing, can be read by others, or does not hold a 32-byte key."""


class StoreMissing(StoreError):
    """There is no store where the configuration says that it is."""

    def __init__(self, file: Path) -> None:
        super().__init__(
            file,
            "there is no store",
            todo="Mount its disk. If it is lost, restore the last backup with: blo agent restore. "
            "Without a backup: blo agent replace. To set an office up: blo agent init",
        )


class WrongStoreKey(StoreError):
    """The store does not open with this key."""

    def __init__(self, file: Path) -> None:
        super().__init__(
            file,
            "the store does not open with this key, or its first page is damaged",
            todo="Give the key file that was made with this store; if it is that one, "
            "restore the last backup",
        )


class NewerStore(StoreError):
    """The store was written by a newer program.

    Attributes:
        found: The file's schema version.
        known: The newest version that this program knows.
    """

    def __init__(self, file: Path, found: int, known: int) -> None:
        self.found = found
        self.known = known
        super().__init__(
            file,
            f"the store has schema version {found}, this program knows versions up to {known}",
            todo="Start the newer program, or restore a backup from before the upgrade",
        )


class StoreMixed(StoreError):
    """The file and the write-ahead log beside it are of different moments.

    Attributes:
        log: The write-ahead log.
    """

    def __init__(self, file: Path, log: Path) -> None:
        self.log = log
        super().__init__(
            file,
            f"the store and its write-ahead log {log.name} are of different moments: one of the "
            "two was put back without the other. Nothing was changed",
            todo="Put back both files of one moment, or a backup, with: blo agent restore. If "
            f"there is none, move {log.name} away and start again: what the store then lacks is "
            "read from the log, but accepted commands that were not sent yet are lost",
        )


class StoreInUse(StoreError):
    """Another process has the store open."""

    def __init__(self, file: Path) -> None:
        super().__init__(
            file,
            "another process has the store open",
            todo="Stop the other agent; two of them with one identity would fork its chain",
        )


class BackupRefused(StoreError):
    """The destination of a backup exists already or can't be written."""


class StoreClosed(StoreError):
    """A job came after the store was closed."""

    def __init__(self, file: Path) -> None:
        super().__init__(file, "the store is closed", todo="Open it again before writing")


class StoreFailed(StoreError):
    """The writer has stopped, and whether the job is on disk is not known.

    What is in memory may differ from what is on disk, so the program must end and start again
    from the disk. The cause is in ``__cause__`` and in the message.
    """

    def __init__(self, file: Path, cause: BaseException, todo: str = "") -> None:
        again = "Restart the program; it goes on from what is on disk"
        super().__init__(
            file,
            f"the store has stopped after {type(cause).__name__}: {cause}",
            todo=f"{todo}. {again}" if todo else again,
        )
        self.__cause__ = cause


class StoreCorrupt(StoreFailed):
    """A page of the file is not what the store wrote."""

    def __init__(self, file: Path, cause: BaseException) -> None:
        StoreError.__init__(
            self,
            file,
            f"the file is damaged ({cause})",
            todo="Check the disk, restore the last backup, and let the agent read the log again",
        )
        self.__cause__ = cause


class JobRefused(Exception):
    """Base of the refusals that a job may raise: it was not carried out, and left no trace.

    A job refuses before its first write and before it changes anything in memory (or it was
    handed in as ``undoable``, which takes back the writes but not what it did in memory).
    """


class ActionRefused(JobRefused):
    """A refusal for the person who asked; nothing was stored or sent.

    Each reason is a problem of ``docs/problems.md``, as which the API answers it.

    Attributes:
        reasons: The closed lists from which a subclass takes its reasons.
        reason: A stable word of one of them.
        words: What is wrong and what to do.

    Raises:
        TypeError: The reason is of another list.
    """

    reasons: ClassVar[tuple[type[StrEnum], ...]] = ()

    def __init__(self, reason: StrEnum, words: str) -> None:
        if not isinstance(reason, self.reasons):
            raise TypeError(f"{reason!r} is no reason of {type(self).__name__}")
        super().__init__(words)
        self.reason = reason
        self.words = words


class JobFailed(Exception):
    """A job raised something that is no refusal, and was rolled back; the store goes on.

    What the job had changed in memory was put back from the disk.

    Attributes:
        incident: The id under which the log file has the cause and its trace.
    """

    def __init__(self, incident: str, cause: BaseException) -> None:
        self.incident = incident
        super().__init__(
            f"an unexpected error, incident {incident} ({type(cause).__name__}); nothing was "
            "changed. Look for the incident in the log file, and report it"
        )
        self.__cause__ = cause


class RefusedAfterWriting(Exception):
    """A job refused after it had written, and was not handed in as ``undoable``."""
