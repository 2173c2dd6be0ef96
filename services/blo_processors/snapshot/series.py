"""Series: bytes that grow with a link's log, of which only the end is in memory."""

from __future__ import annotations

import struct
from collections import OrderedDict
from collections.abc import Mapping
from typing import Final, Self

from blo_processors.snapshot.state_file import CHUNK_SIZE, StateFile
from blo_projection.office_chain import AppendOnlyBytes
from blo_schemas.processor_state import StateRowKind

_MOST_CHUNKS: Final = 4
"""The number of chunks that a series keeps in memory after they were read."""
_INSTANT: Final = struct.Struct(">q")


class Series:
    """An ``AppendOnlyBytes`` in a state file.

    Args:
        file: The file.
        name: The series' name.
        size: The number of bytes in full chunks of the file.
        tail: The bytes behind them.
    """

    __slots__ = ("_chunks", "_file", "_stored", "_tail", "name")

    def __init__(self, file: StateFile, name: str, size: int = 0, tail: bytes = b"") -> None:
        self.name = name
        self._file = file
        self._stored = size
        self._tail = bytearray(tail)
        self._chunks: OrderedDict[int, bytes] = OrderedDict()

    def __len__(self) -> int:
        return self._stored + len(self._tail)

    @property
    def tail(self) -> bytes:
        """The bytes that do not fill a chunk."""
        return bytes(self._tail)

    @property
    def stored(self) -> int:
        """The number of bytes in full chunks of the file."""
        return self._stored

    def __iadd__(self, more: bytes, /) -> Self:
        """Append; raises as ``StateFile.put_chunk``."""
        self._tail += more
        while len(self._tail) >= CHUNK_SIZE:
            chunk = bytes(self._tail[:CHUNK_SIZE])
            self._file.put_chunk(self.name, self._stored // CHUNK_SIZE, chunk)
            del self._tail[:CHUNK_SIZE]
            self._stored += CHUNK_SIZE
        return self

    def __getitem__(self, part: slice, /) -> bytes:
        """The bytes of a slice without a step; raises as ``StateFile.chunk``."""
        start, stop, _ = part.indices(len(self))
        pieces: list[bytes] = []
        while start < stop:
            if start >= self._stored:
                pieces.append(bytes(self._tail[start - self._stored : stop - self._stored]))
                break
            number, at = divmod(start, CHUNK_SIZE)
            piece = self._chunk(number)[at : at + stop - start]
            pieces.append(piece)
            start += len(piece)
        return b"".join(pieces)

    def startswith(self, prefix: bytes, start: int, /) -> bool:
        """Whether ``prefix`` stands at ``start``; raises as ``StateFile.chunk``."""
        return self[start : start + len(prefix)] == prefix

    def _chunk(self, number: int) -> bytes:
        chunk = self._chunks.get(number)
        if chunk is None:
            chunk = self._chunks[number] = self._file.chunk(self.name, number)
            if len(self._chunks) > _MOST_CHUNKS:
                self._chunks.popitem(last=False)
        return chunk


class SeriesSet:
    """All series of a state file; a ``BufferFactory`` of the chain.

    Args:
        file: The file.
        rows: The ends of its series, by name, as a start loads them.

    Attributes:
        file: The file.
    """

    def __init__(self, file: StateFile, rows: Mapping[bytes, bytes] | None = None) -> None:
        self.file = file
        self._series: dict[str, Series] = {}
        for name, value in (rows or {}).items():
            text, stored = name.decode(), int.from_bytes(value[:8], "big")
            self._series[text] = Series(file, text, stored, value[8:])

    def __call__(self, name: str) -> Series:
        """The series of a name; an empty one if there was none."""
        series = self._series.get(name)
        if series is None:
            series = self._series[name] = Series(self.file, name)
        return series

    def save(self) -> None:
        """Write the end of each series; raises as ``StateFile.put_open``."""
        for name, series in self._series.items():
            value = series.stored.to_bytes(8, "big") + series.tail
            self.file.put_open(StateRowKind.TAIL, name.encode(), value)


class LogTimes:
    """The log time of each record, Unix milliseconds.

    Args:
        memory: Where they lie, eight bytes each.
    """

    def __init__(self, memory: AppendOnlyBytes) -> None:
        self._memory = memory

    def __len__(self) -> int:
        return len(self._memory) // _INSTANT.size

    def append(self, log_time: int) -> None:
        """Append that of the next record."""
        self._memory += _INSTANT.pack(log_time)

    def __getitem__(self, position: int) -> int:
        """That of the record at a position.

        Raises:
            IndexError: There is no such record.
        """
        start = position * _INSTANT.size
        packed = self._memory[start : start + _INSTANT.size] if position >= 0 else b""
        if len(packed) != _INSTANT.size:
            raise IndexError(position)
        log_time: int = _INSTANT.unpack(packed)[0]
        return log_time
