"""Vectors about a record's bytes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from blo_schemas.codec import MAX_RECORD_SIZE, encode
from blo_schemas.event import Envelope, Header
from blo_schemas.instants import LAST_INSTANT
from tests.vectors.material import (
    KYSON,
    Json,
    Log,
    opened,
    reject,
    with_envelope,
    with_header_bytes,
)


def rejected() -> Iterator[Json]:
    """One vector per defect of the bytes."""
    good = Log().seal(KYSON).value
    envelope, header = opened(good)
    parts = list(msgspec.structs.astuple(envelope))
    fields = list(msgspec.structs.astuple(header))

    def of_envelope(*values: Any) -> bytes:
        return encode(values)

    def of_header(at: int, value: Any) -> bytes:
        return with_header_bytes(good, encode([*fields[:at], value, *fields[at + 1 :]]))

    yield reject("empty", "No bytes at all.", b"", "truncated")
    yield reject("truncated", "The envelope lacks its last byte.", good[:-1], "truncated")
    yield reject(
        "truncated_header",
        "The header lacks its last byte.",
        with_header_bytes(good, envelope.header[:-1]),
        "truncated",
    )
    yield reject("trailing_bytes", "A byte after the envelope.", good + b"\0", "trailing_bytes")
    yield reject(
        "trailing_bytes_header",
        "A byte after the header.",
        with_header_bytes(good, envelope.header + b"\0"),
        "trailing_bytes",
    )
    yield reject(
        "wrong_type_map",
        "The envelope is a map.",
        encode(dict(zip(Envelope.__struct_fields__, parts, strict=True))),
        "wrong_type",
    )
    yield reject(
        "wrong_type_missing_field", "No sealed body.", of_envelope(*parts[:-1]), "wrong_type"
    )
    yield reject(
        "wrong_type_surplus_field", "A fifth part.", of_envelope(*parts, b""), "wrong_type"
    )
    yield reject(
        "wrong_type_short_signature",
        "A signature of 63 bytes.",
        with_envelope(good, signature=envelope.signature[:-1]),
        "wrong_type",
    )
    yield reject(
        "wrong_type_header_map",
        "The header is a map.",
        with_header_bytes(good, encode(dict(zip(Header.__struct_fields__, fields, strict=True)))),
        "wrong_type",
    )
    yield reject(
        "wrong_type_text", "Text where bytes belong.", of_header(1, "kid of 8"), "wrong_type"
    )
    yield reject("wrong_type_negative", "oseq is negative.", of_header(2, -1), "wrong_type")
    yield reject("wrong_type_float", "oseq is a float.", of_header(2, 0.0), "wrong_type")
    yield reject("wrong_type_nil", "oprev is nil.", of_header(3, None), "wrong_type")
    yield reject(
        "wrong_type_too_big", "oseq is above 2**53.", of_header(2, 2**53 + 1), "wrong_type"
    )
    yield reject(
        "wrong_type_late_instant",
        "at lies after the last instant that has a date in every time zone.",
        of_header(7, LAST_INSTANT + 1),
        "wrong_type",
    )
    yield reject("unknown_version", "Header version 2.", of_header(0, 2), "unknown_version")
    yield reject(
        "unknown_version_other_fields",
        "Header version 2 with a field more: the version is what is wrong.",
        with_header_bytes(good, encode([2, *fields[1:], 0])),
        "unknown_version",
    )
    yield from _not_canonical(good, envelope)
    yield reject(
        "too_large", "One byte more than 256 KiB.", bytes(MAX_RECORD_SIZE + 1), "too_large"
    )
    yield reject(
        "too_large_header",
        "A header of 513 bytes.",
        with_header_bytes(good, envelope.header.ljust(513, b"\0")),
        "too_large",
    )


def _not_canonical(good: bytes, envelope: Envelope) -> Iterator[Json]:
    header = envelope.header
    yield reject(
        "not_canonical_long_integer",
        "oseq 0 takes two bytes.",
        with_header_bytes(good, header[:12] + b"\xcc" + header[12:]),
        "not_canonical",
    )
    yield reject(
        "not_canonical_long_bytes",
        "kid has a bin16 head.",
        with_header_bytes(good, header[:2] + b"\xc5\0\x08" + header[4:]),
        "not_canonical",
    )
    yield reject(
        "not_canonical_long_array",
        "The envelope has an array16 head.",
        b"\xdc\0\x04" + good[1:],
        "not_canonical",
    )
    yield reject(
        "not_canonical_signature_head",
        "The signature has a bin32 head.",
        good.replace(b"\xc4\x40" + envelope.signature, b"\xc6\0\0\0\x40" + envelope.signature),
        "not_canonical",
    )
