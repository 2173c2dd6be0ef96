"""Bytes that grow with the log, kept in an unnamed temporary file, the newest in memory.

An audit looks back rarely, and then mostly a little: an office's ``seen_hash`` is that of the last
records. So the newest bytes stay in memory, and what lies further back is read by its place. The
file has no name, and is gone with the program, however it ends. Nothing in it is secret.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import ExitStack
from typing import IO, Final, Self

WINDOW: Final = 256 * 1024
"""How many of the newest bytes stay in memory at least; at most twice as many do."""


class SpillBuffer:
    """An ``AppendOnlyBytes`` of bounded memory.

    Args:
        file: Takes the older bytes; no other buffer uses it.
        window: How many of the newest bytes stay in memory at least.
    """

    __slots__ = ("_base", "_file", "_limit", "_tail", "_window")

    def __init__(self, file: IO[bytes], window: int = WINDOW) -> None:
        self._file = file
        self._window = window
        self._limit = 2 * window
        self._base = 0
        self._tail = bytearray()

    def __len__(self) -> int:
        """How many bytes there are."""
        return self._base + len(self._tail)

    def __iadd__(self, more: bytes) -> Self:
        """Append."""
        self._tail += more
        if len(self._tail) > self._limit:
            self._shed()
        return self

    def __getitem__(self, part: slice) -> bytes:
        """The bytes of a slice, as far as they are there."""
        start, stop, _ = part.indices(len(self))
        if start >= self._base:
            return bytes(self._tail[start - self._base : stop - self._base])
        old = min(stop, self._base)
        head = os.pread(self._file.fileno(), max(old - start, 0), start)
        return head + bytes(self._tail[: max(stop - self._base, 0)])

    def startswith(self, prefix: bytes, start: int) -> bool:
        """Whether ``prefix`` stands at ``start``."""
        inside = start - self._base
        if inside >= 0:
            return self._tail.startswith(prefix, inside)
        return self[start : start + len(prefix)] == prefix

    def _shed(self) -> None:
        old = len(self._tail) - self._window
        self._file.write(self._tail[:old])
        # What was written is read by its place, behind the file's own buffer.
        self._file.flush()
        self._base += old
        del self._tail[:old]


class SpillFolder:
    """Makes spill buffers; ``close`` deletes their files."""

    def __init__(self) -> None:
        self._open = ExitStack()

    def buffer(self) -> SpillBuffer:
        """A new one, with an unnamed file of its own."""
        return SpillBuffer(self._open.enter_context(tempfile.TemporaryFile(prefix="blo-audit-")))

    def close(self) -> None:
        """Give back all files."""
        self._open.close()
