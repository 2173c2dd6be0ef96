"""Vectors about the chunks of a file."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from blo_schemas.codec import encode
from blo_schemas.files import CHUNK_SIZE, chunk_record_key
from blo_schemas.ids import FileId, LinkId
from blo_sealing.files import SealedFile, _bound, _nonce, chunk_record, derive_file_key
from tests.vectors.material import CASE, LINK, OTHER_CASE, OTHER_LINK, Json, fixed, flipped, vector

TEXT = b"(fictional) minutes of a meeting\n\0\0"
"""A file that ends in zeros, so that padding and content must be told apart by the size."""

FILE = FileId(fixed("file", 16))
OTHER_FILE = FileId(fixed("other file", 16))


def _named(data: bytes = TEXT, file: FileId = FILE, link: LinkId = LINK) -> SealedFile:
    return SealedFile(link, CASE.id, file, len(data), sha256(data).digest())


NAMED = _named()
FILE_KEY = derive_file_key(NAMED, CASE)


def _chunk(name: str, what: str, key: bytes, value: bytes, expect: Json, **given: Any) -> Json:
    known = {
        "link": LINK,
        "case_key": CASE.secret.hex(),
        "file": FILE.hex(),
        "size": NAMED.size,
        "sha256": NAMED.sha256.hex(),
        "key": key.hex(),
        "value": value.hex(),
    }
    return vector(f"file_chunk{name}", what, "file_chunk", known | given, expect)


def accepted() -> Iterator[Json]:
    """What a reader must take."""
    expect = {"plaintext": TEXT.hex(), "file_key": FILE_KEY.hex()}
    yield _chunk("", "A file of one chunk.", *chunk_record(NAMED, FILE_KEY, 0, TEXT), expect)
    long = bytes(CHUNK_SIZE) + b"the end"
    named = _named(long)
    file_key = derive_file_key(named, CASE)
    yield _chunk(
        "_last_of_two",
        "The last of two chunks.",
        *chunk_record(named, file_key, 1, b"the end"),
        {"plaintext": b"the end".hex(), "file_key": file_key.hex()},
        size=named.size,
        sha256=named.sha256.hex(),
    )


def rejected() -> Iterator[Json]:
    """One vector per defect."""
    key, value = chunk_record(NAMED, FILE_KEY, 0, TEXT)

    def bad(
        name: str, what: str, error: str, value: bytes = value, key: bytes = key, **given: Any
    ) -> Json:
        return _chunk(f"_{name}", what, key, value, {"error": error}, **given)

    def made(sealed: bytes, index: int = 0, count: int = 1, v: int = 1) -> bytes:
        return encode([v, CASE.id, FILE, index, count, sealed])

    def sealed(padded: bytes) -> bytes:
        return AESGCM(FILE_KEY).encrypt(_nonce(0), padded, _bound(NAMED, 0))

    yield bad("truncated", "The last byte is missing.", "truncated", value[:-1])
    yield bad("trailing_bytes", "A byte follows.", "trailing_bytes", value + b"\0")
    yield bad("unknown_version", "Version 2.", "unknown_version", made(bytes(52), v=2))
    yield bad("index_is_the_count", "Chunk 1 of one chunk.", "wrong_type", made(bytes(52), index=1))
    yield bad(
        "of_801", "More chunks than a file may have.", "wrong_type", made(bytes(52), count=801)
    )
    yield bad("too_long", "A byte more than a chunk can have.", "wrong_type",
              made(bytes(CHUNK_SIZE + 17)))  # fmt: skip
    yield bad("bytes_as_text", "The sealed bytes are a text.", "wrong_type",
              encode([1, CASE.id, FILE, 0, 1, "sealed"]))  # fmt: skip
    yield bad("altered", "One bit of the sealed bytes is changed.", "unopenable",
              made(flipped(sealed(TEXT.ljust(36, b"\0")))))  # fmt: skip
    yield bad("cut", "The sealed bytes are cut short.", "unopenable", made(sealed(TEXT)[:-1]))
    yield bad("shorter_than_a_tag", "15 bytes.", "unopenable", made(bytes(15)))
    yield bad("not_padded", "Sealed without the padding of its length.", "unopenable",
              made(sealed(TEXT[:33])))  # fmt: skip
    yield bad("padded_with_ones", "The padding is not zeros.", "unopenable",
              made(sealed(TEXT[:34] + b"\1")), size=34)  # fmt: skip
    other = _named(file=OTHER_FILE)
    yield bad("of_another_file", "The same bytes, sealed as another file.", "chunk_not_as_asked",
              chunk_record(other, derive_file_key(other, CASE), 0, TEXT)[1])  # fmt: skip
    yield bad("under_another_key", "Its record's key names chunk 1.", "chunk_not_as_asked",
              key=chunk_record_key(CASE.id, FILE, 1))  # fmt: skip
    yield bad("under_no_key", "Its record's key is the case alone.", "chunk_not_as_asked",
              key=CASE.id)  # fmt: skip
    yield bad("of_another_case", "Another case's key.", "chunk_not_as_asked",
              case_key=OTHER_CASE.secret.hex())  # fmt: skip
    yield bad("relinked", "On another link.", "unopenable", link=OTHER_LINK)
    yield bad("of_other_content", "The event names another hash.", "unopenable",
              sha256=fixed("other").hex())  # fmt: skip
    long = bytes(CHUNK_SIZE) + TEXT
    two = _named(long)
    second = chunk_record(two, derive_file_key(two, CASE), 1, TEXT)[1]
    moved = encode([1, CASE.id, FILE, 0, 2, second[-(36 + 16) :]])
    yield bad("moved", "The second chunk's bytes as the first chunk.", "unopenable", moved,
              size=two.size, sha256=two.sha256.hex())  # fmt: skip
    yield bad(
        "of_a_longer_file", "The event names a file of one chunk.", "chunk_not_as_asked", second
    )
