"""Files that travel beside an event, in sealed chunks (docs/wire-format.md §15).

An event's content names a file with its size and SHA-256 (``blo_schemas.content.Attachment``). The
file itself is cut into chunks of ``CHUNK_SIZE`` bytes, the last one is shorter, and each chunk is a
record of ``blo.files.{corridor}``. Size and SHA-256 together say how many chunks there are and what
each one holds, so a chunk's record says nothing that the signed event does not say.
"""

from __future__ import annotations

from typing import Annotated, Final, NamedTuple

import msgspec

from blo_schemas.codec import Codec
from blo_schemas.fields import Bytes16, Bytes32
from blo_schemas.ids import HASH_SIZE, CaseId, FileId

FILE_CHUNK_VERSION: Final = 1
FILE_ID_SIZE: Final = 16
CHUNK_SIZE: Final = 64 * 1024
"""Bytes of each chunk of a file but the last one."""

MAX_FILE_SIZE: Final = 50 * 1024 * 1024
MAX_CHUNKS: Final = MAX_FILE_SIZE // CHUNK_SIZE
MAX_FILES: Final = 10
"""Files of one step."""

SEAL_SIZE: Final = 16
"""Bytes by which sealing makes a chunk longer: the tag of AES-GCM."""

_INDEX_SIZE: Final = 4
_KEY_SIZE: Final = HASH_SIZE + FILE_ID_SIZE + _INDEX_SIZE


class FileChunk(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """One sealed chunk of a file, the value on ``blo.files.{corridor}``.

    It needs no signature of its own: it opens only with a key that is derived from the case's key
    and from the SHA-256 that the signed event names.

    Attributes:
        v: Version of this layout, 1.
        case: The case's id.
        file: The file's id.
        index: Which chunk, from 0.
        count: How many chunks the file has.
        sealed: The sealed bytes.
    """

    v: int
    case: Bytes32
    file: Bytes16
    index: Annotated[int, msgspec.Meta(ge=0, le=MAX_CHUNKS - 1)]
    count: Annotated[int, msgspec.Meta(ge=1, le=MAX_CHUNKS)]
    sealed: Annotated[bytes, msgspec.Meta(max_length=CHUNK_SIZE + SEAL_SIZE)]


def _check_index(chunk: FileChunk) -> None:
    if chunk.index >= chunk.count:
        raise ValueError("the index is not below the count")


FILE_CHUNK: Final = Codec(
    FileChunk, versions=(FILE_CHUNK_VERSION,), limit=CHUNK_SIZE + 256, check=_check_index
)


class ChunkKey(NamedTuple):
    """What the Kafka key of a chunk names: the case, the file, and which chunk it is, from 0."""

    case: CaseId
    file: FileId
    number: int


def chunk_record_key(case: CaseId, file: FileId, index: int) -> bytes:
    """The Kafka key of a chunk: 32 bytes of case id, 16 of file id, 4 of index (big-endian)."""
    return case + file + index.to_bytes(_INDEX_SIZE, "big")


def read_chunk_key(key: bytes | None) -> ChunkKey | None:
    """What a record's key names; ``None``: it is not the key of a chunk."""
    if key is None or len(key) != _KEY_SIZE:
        return None
    ends = HASH_SIZE, HASH_SIZE + FILE_ID_SIZE
    index = int.from_bytes(key[ends[1] :], "big")
    return ChunkKey(CaseId(key[: ends[0]]), FileId(key[ends[0] : ends[1]]), index)


def chunk_count(size: int) -> int:
    """How many chunks a file of so many bytes has."""
    return -(-size // CHUNK_SIZE)


def chunk_length(size: int, index: int) -> int:
    """How many bytes of a file of ``size`` bytes its chunk ``index`` holds."""
    return min(CHUNK_SIZE, size - index * CHUNK_SIZE)
