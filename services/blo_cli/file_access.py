"""Files that commands read and write, with words for what can't be done."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from blo_cli.errors import CannotWrite, FileUnusable
from blo_runtime.files import LARGE, check_new_file, read_file, write_file


def write_output(path: Path, data: bytes, *, private: bool = False, replace: bool = False) -> None:
    """Writes a file that a command makes, whole or not at all.

    Args:
        path: Its name.
        data: Its bytes.
        private: Whether it is for its owner alone.
        replace: Whether it takes the place of a file that is there.

    Raises:
        FileUnusable: A file is there already.
        CannotWrite: It can't be made.
    """
    with writes(path):
        write_file(path, data, private=private, replace=replace)


def check_output(path: Path, *, replace: bool = False) -> None:
    """Finds out, before long work, whether a file can be made at its end; makes its folder.

    Raises:
        FileUnusable: A file is there already.
        CannotWrite: It can't be made.
    """
    with writes(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        check_new_file(path, replace=replace)


@contextmanager
def writes(path: Path) -> Iterator[None]:
    """Tells the user in words that a file can't be made, for the length of the block.

    Raises:
        FileUnusable: A file is there already.
        CannotWrite: It can't be made.
    """
    try:
        yield
    except OSError as error:
        if error.filename != str(path):
            raise
        if not isinstance(error, FileExistsError):
            raise CannotWrite(path, error) from error
        raise FileUnusable(
            str(path),
            "is there already and was not touched",
            todo="Name another file, or move that one away.",
        ) from None


def read_input(path: Path, todo: str, limit: int = LARGE) -> bytes:
    """Reads an ordinary file.

    Args:
        path: Its name.
        todo: What the user does if it can't be read.
        limit: The most bytes that it may have.

    Raises:
        FileUnusable: It can't be read, is no ordinary file, or is longer.
    """
    with reads(path, todo):
        return read_file(path, limit)


@contextmanager
def reads(path: Path, todo: str) -> Iterator[None]:
    """Tells the user in words that a file can't be read, for the length of the block.

    Raises:
        FileUnusable: It can't be read.
    """
    try:
        yield
    except OSError as error:
        problem = f"cannot be read ({error.strerror or error})"
        raise FileUnusable(str(path), problem, todo=todo) from error
