"""Files, sealed chunk by chunk (docs/wire-format.md §15).

Each file has a key of its own, derived from the case's content key, the file's id, and the SHA-256
of the whole file. Under that key the chunk ``index`` has exactly one plaintext, so its number is its
nonce, and a chunk that is sealed again has the same bytes.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from blo_schemas.files import (
    FILE_CHUNK,
    FILE_CHUNK_VERSION,
    FileChunk,
    chunk_count,
    chunk_length,
    chunk_record_key,
    read_chunk_key,
)
from blo_schemas.ids import CaseId, FileId, LinkId
from blo_sealing.errors import Unopenable, WrongChunk
from blo_sealing.hkdf import derive_key
from blo_sealing.keys import ContentKey
from blo_sealing.padding import padme_size

_KEY_LABEL: Final = b"blo/file-key/v1\0"
_CHUNK_LABEL: Final = b"blo/file-chunk/v1\0"
_NONCE_SIZE: Final = 12


class SealedFile(NamedTuple):
    """A file as the signed event names it, in its place.

    Attributes:
        link: The link.
        case: The case.
        file: The file's id.
        size: Its size in bytes.
        sha256: SHA-256 of all its bytes.
    """

    link: LinkId
    case: CaseId
    file: FileId
    size: int
    sha256: bytes


def derive_file_key(named: SealedFile, content_key: ContentKey) -> bytes:
    """The 32-byte key that opens the chunks of one file and nothing else."""
    info = _KEY_LABEL + named.link.encode() + b"\0" + named.sha256
    return derive_key(content_key.secret, named.file, info)


def seal_chunk(named: SealedFile, file_key: bytes, index: int, plain: bytes) -> bytes:
    """Seals one chunk; the last one is padded with zeros to Padmé's size.

    Args:
        named: The file.
        file_key: Its key.
        index: Which chunk, from 0.
        plain: The chunk's bytes.

    Raises:
        ValueError: The file has no such chunk, or it has another length.
    """
    if not 0 <= index < chunk_count(named.size) or len(plain) != chunk_length(named.size, index):
        raise ValueError(f"a file of {named.size} bytes has no chunk {index} of {len(plain)} bytes")
    padded = plain.ljust(padme_size(len(plain)), b"\0")
    return AESGCM(file_key).encrypt(_nonce(index), padded, _bound(named, index))


def open_chunk(named: SealedFile, file_key: bytes, index: int, sealed: bytes) -> bytes:
    """Opens one chunk.

    Args:
        named: The file.
        file_key: Its key.
        index: Which chunk it has to be, from 0.
        sealed: The sealed bytes.

    Raises:
        Unopenable: It was altered, or is another chunk, or one of another file.
    """
    if not 0 <= index < chunk_count(named.size):
        raise Unopenable("chunk")
    length = chunk_length(named.size, index)
    try:
        padded = AESGCM(file_key).decrypt(_nonce(index), sealed, _bound(named, index))
    except (InvalidTag, ValueError):
        raise Unopenable("chunk") from None
    if len(padded) != padme_size(length) or any(padded[length:]):
        raise Unopenable("chunk")
    return padded[:length]


def chunk_record(
    named: SealedFile, file_key: bytes, index: int, plain: bytes
) -> tuple[bytes, bytes]:
    """The key and the value of a chunk's record; the same bytes whenever it is made.

    Raises:
        ValueError: As for ``seal_chunk``.
    """
    chunk = FileChunk(
        v=FILE_CHUNK_VERSION,
        case=named.case,
        file=named.file,
        index=index,
        count=chunk_count(named.size),
        sealed=seal_chunk(named, file_key, index, plain),
    )
    return chunk_record_key(named.case, named.file, index), FILE_CHUNK.encode(chunk)


def open_chunk_record(named: SealedFile, file_key: bytes, key: bytes, value: bytes) -> bytes:
    """Opens the chunk that a record should hold by its key.

    Raises:
        WireError: The value is no chunk; the subclass names the defect.
        WrongChunk: Key and value name different chunks, or not one of the file.
        Unopenable: It was altered, or sealed for another place.
    """
    chunk = FILE_CHUNK.decode(value)
    said = (CaseId(chunk.case), FileId(chunk.file), chunk.index)
    count = chunk_count(named.size)
    if read_chunk_key(key) != said or said[:2] != (named.case, named.file) or chunk.count != count:
        raise WrongChunk(chunk.index, count)
    return open_chunk(named, file_key, chunk.index, chunk.sealed)


def _nonce(index: int) -> bytes:
    return index.to_bytes(_NONCE_SIZE, "big")


def _bound(named: SealedFile, index: int) -> bytes:
    """What a chunk is bound to: the link, the case, the file, and which chunk of how many it is."""
    place = index.to_bytes(4, "big") + chunk_count(named.size).to_bytes(4, "big")
    return _CHUNK_LABEL + named.link.encode() + b"\0" + named.case + named.file + place
