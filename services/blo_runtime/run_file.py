"""A file with a running program's process id and ports, which exists only while it runs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec


@contextmanager
def pid_file(path: Path, **ports: int) -> Iterator[None]:
    """Write a program's process id and ports as JSON, and remove the file at the end.

    Args:
        path: The file; it is replaced as a whole, so no reader sees half of it.
        ports: The ports by their names in the file.
    """
    draft = path.with_suffix(".new")
    draft.write_bytes(msgspec.json.encode({"pid": os.getpid(), **ports}) + b"\n")
    draft.replace(path)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
