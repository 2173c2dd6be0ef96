"""A file that says where a running program can be reached; there only while it runs."""

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
        path: Where; nobody ever reads half of it.
        ports: By the names that stand in the file.
    """
    draft = path.with_suffix(".new")
    draft.write_bytes(msgspec.json.encode({"pid": os.getpid(), **ports}) + b"\n")
    draft.replace(path)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
