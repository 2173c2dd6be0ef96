"""Files sealed chunk by chunk: what opens is what was sealed, in its place."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blo_schemas.errors import WireError
from blo_schemas.files import CHUNK_SIZE, MAX_CHUNKS, MAX_FILE_SIZE, chunk_count, chunk_length
from blo_schemas.ids import FileId, LinkId
from blo_sealing.errors import SealingError
from blo_sealing.files import (
    SealedFile,
    chunk_record,
    derive_file_key,
    open_chunk_record,
    seal_chunk,
)
from blo_sealing.keys import ContentKey

LINK = LinkId("vn-a~la-b")
CASE = ContentKey(bytes(range(32)))


def named(data: bytes) -> SealedFile:
    return SealedFile(LINK, CASE.id, FileId(bytes(16)), len(data), sha256(data).digest())


@pytest.mark.parametrize("size", [1, 2, CHUNK_SIZE - 1, CHUNK_SIZE, CHUNK_SIZE + 1, 3 * CHUNK_SIZE])
def test_a_file_comes_back_from_its_chunks_whatever_it_ends_with(size: int) -> None:
    data = bytes(size)
    file = named(data)
    key = derive_file_key(file, CASE)
    pieces = [data[at : at + CHUNK_SIZE] for at in range(0, size, CHUNK_SIZE)]
    assert len(pieces) == chunk_count(size)
    assert [len(piece) for piece in pieces] == [chunk_length(size, n) for n in range(len(pieces))]
    records = [chunk_record(file, key, n, piece) for n, piece in enumerate(pieces)]
    assert records == [chunk_record(file, key, n, piece) for n, piece in enumerate(pieces)]
    assert b"".join(open_chunk_record(file, key, *record) for record in records) == data
    for record in records:
        for other in set(records) - {record}:
            with pytest.raises(SealingError):
                open_chunk_record(file, key, record[0], other[1])


def test_the_largest_file_has_as_many_chunks_as_may_be() -> None:
    assert chunk_count(MAX_FILE_SIZE) == MAX_CHUNKS
    with pytest.raises(ValueError, match="no chunk"):
        seal_chunk(named(b"one"), bytes(32), 1, b"one")


@given(st.integers(0, 10_000), st.integers(0, 7))
def test_no_altered_bit_opens(at: int, bit: int) -> None:
    data = b"(fictional)" * 9
    file = named(data)
    key = derive_file_key(file, CASE)
    record_key, value = chunk_record(file, key, 0, data)
    altered = bytearray(value)
    altered[at % len(value)] ^= 1 << bit
    with pytest.raises((SealingError, WireError)):
        open_chunk_record(file, key, record_key, bytes(altered))
