"""Reading and writing files, in one way for all programs.

A file is written under a temporary name in its own folder, flushed to the disk and renamed; so its
name shows it whole or not at all. A file that is there already is left alone unless the caller asks
to replace it. Only an ordinary file is read, and only up to a bound.
"""

from __future__ import annotations

import errno
import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Self

SMALL: Final = 1 << 20
"""The most bytes of a configuration, a key, a state or a trust document."""
LARGE: Final = 64 << 20
"""The most bytes of any other file that is read whole, such as the journal of many years."""

PRIVATE: Final = 0o600
PUBLIC: Final = 0o644
_PRIVATE_FOLDER: Final = 0o700
_DISK: Final = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}
"""The error numbers of a write that the disk refuses."""


class NewFile:
    """A file that is there whole under its name, or not at all.

    Args:
        path: Its name.
        private: Whether it is for its owner alone (mode 0600), else 0644.
        replace: Whether it takes the place of a file that is there.

    Attributes:
        stream: Where its bytes go.

    Raises:
        FileExistsError: On entering or at the end: a file of this name is there.
        OSError: It can't be made or written; nothing is left of it.
    """

    def __init__(self, path: Path, *, private: bool = False, replace: bool = False) -> None:
        self._path = path
        self._mode = PRIVATE if private else PUBLIC
        self._replace = replace
        self._part = path.with_name(f".blo-{secrets.token_hex(8)}.part")
        self.stream: BinaryIO

    def __enter__(self) -> Self:
        if self._path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(self._path))
        if not self._replace and _is_there(self._path):
            raise self._exists()
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        try:
            descriptor = os.open(self._part, flags, self._mode)
        except OSError as error:
            raise self._named(error) from error
        self.stream = os.fdopen(descriptor, "wb")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                self._finish()
        except OSError as failure:
            raise self._named(failure) from failure
        else:
            if isinstance(error, OSError) and error.errno in _DISK and error.filename is None:
                raise self._named(error) from error
        finally:
            # A stream that could not be flushed fails again when it is closed.
            self.discard()

    def discard(self) -> None:
        """Removes what was written so far; the file of that name stays as it was."""
        with suppress(OSError):
            self.stream.close()
        self._part.unlink(missing_ok=True)

    def _finish(self) -> None:
        self.stream.flush()
        os.fsync(self.stream.fileno())
        if self._replace:
            self._part.replace(self._path)
        else:
            try:
                # A link, unlike a rename, does not take the place of a file made in the meantime.
                os.link(self._part, self._path)
            except FileExistsError:
                raise
            except OSError:
                self._rename_new()
        sync_folder(self._path.parent)

    def _rename_new(self) -> None:
        """For file systems without hard links."""
        if _is_there(self._path):
            raise self._exists()
        self._part.rename(self._path)

    def _exists(self) -> FileExistsError:
        return FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(self._path))

    def _named(self, error: OSError) -> OSError:
        """The error, about the name that the caller knows."""
        return type(error)(error.errno, error.strerror, str(self._path))


def write_file(path: Path, data: bytes, *, private: bool = False, replace: bool = False) -> None:
    """Writes a file whole, or not at all.

    Args:
        path: Its name.
        data: Its bytes.
        private: Whether it is for its owner alone.
        replace: Whether it takes the place of a file that is there.

    Raises:
        FileExistsError: A file of this name is there, and ``replace`` is false.
        OSError: It can't be written; nothing is left of it.
    """
    with NewFile(path, private=private, replace=replace) as new:
        new.stream.write(data)


def check_new_file(path: Path, *, replace: bool = False) -> None:
    """Finds out, before long work, whether a file can be made at its end.

    Raises:
        FileExistsError: A file of this name is there, and ``replace`` is false.
        OSError: It can't be made.
    """
    new = NewFile(path, replace=replace)
    new.__enter__()
    new.discard()


def read_file(path: Path, limit: int) -> bytes:
    """Reads an ordinary file.

    Args:
        path: Its name.
        limit: The most bytes that it may have.

    Raises:
        OSError: It can't be read, is no ordinary file (a device, a pipe, a folder), or is longer.
    """
    return read_with_mode(path, limit)[0]


def read_with_mode(path: Path, limit: int) -> tuple[bytes, int]:
    """Reads an ordinary file, and says who may read and change it.

    Args:
        path: Its name.
        limit: The most bytes that it may have.

    Returns:
        Its bytes, and its permission bits.

    Raises:
        OSError: As ``read_file``.
    """
    # Opening a pipe would wait for its writer.
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            raise OSError(errno.EINVAL, "is no ordinary file", str(path))
        data = file.read(limit + 1)
    if len(data) > limit:
        raise OSError(errno.EFBIG, f"is longer than {limit:,} bytes", str(path))
    return data, stat.S_IMODE(mode)


def make_private_folder(path: Path) -> None:
    """Makes a folder and those above it that are missing, for their owner alone (mode 0700).

    Folders that are there stay as they are.

    Raises:
        OSError: It can't be made.
    """
    missing = []
    while not path.exists():
        missing.append(path)
        path = path.parent
    for folder in reversed(missing):
        with suppress(FileExistsError):
            folder.mkdir(mode=_PRIVATE_FOLDER)


def sync_folder(path: Path) -> None:
    """Makes a new or renamed name in a folder survive a power failure."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _is_there(path: Path) -> bool:
    """Whether anything has this name; a link to nothing, too."""
    return os.path.lexists(path)
