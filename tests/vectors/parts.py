"""Vectors about opening the two sealed parts of an event."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from blo_schemas.codec import encode
from blo_sealing.event_parts import EventPart, associated_data, derive_part_key, seal_part
from blo_sealing.padding import pad_content
from tests.vectors.material import (
    CASE,
    CONTENT,
    KYSON,
    LINK,
    MONTH,
    OTHER_CASE,
    OTHER_LINK,
    OTHER_MONTH,
    SUMMARY,
    Json,
    Log,
    flipped,
    opened,
    vector,
    with_envelope,
    with_header,
)


def _part(name: str, what: str, value: bytes, part: EventPart, key: bytes, expect: Json) -> Json:
    given = {"link": LINK, "value": value.hex(), "part": part.word, "key": key.hex()}
    return vector(name, what, "part", given, expect)


def accepted() -> Iterator[Json]:
    """What a reader must take."""
    value = Log().seal(KYSON).value
    _, header = opened(value)
    for part, secret, plain in (
        (EventPart.SUMMARY, MONTH.secret, encode(SUMMARY)),
        (EventPart.CONTENT, CASE.secret, encode(CONTENT)),
    ):
        part_key = derive_part_key(part, LINK, header, secret)
        yield _part(
            f"part_{part.word}",
            f"The {part.word} opens.",
            value,
            part,
            secret,
            {"plaintext": plain.hex(), "part_key": part_key.hex()},
        )


def rejected() -> Iterator[Json]:
    """One vector per defect."""
    good = Log().seal(KYSON).value

    def resealed(padded: bytes) -> bytes:
        envelope, header = opened(good)
        bound = associated_data(LINK, envelope.header)
        part_key = derive_part_key(EventPart.CONTENT, LINK, header, CASE.secret)
        return with_envelope(good, body_ct=seal_part(part_key, padded, bound))

    def content(name: str, what: str, value: bytes, error: str, key: bytes = CASE.secret) -> Json:
        return _part(name, what, value, EventPart.CONTENT, key, {"error": error})

    envelope, header = opened(good)
    elsewhere = Log(link=OTHER_LINK).seal(KYSON).value
    fields = list(msgspec.structs.astuple(CONTENT))
    yield content(
        "content_wrong_key", "Another case's key.", good, "wrong_key_commitment", OTHER_CASE.secret
    )
    yield _part(
        "summary_wrong_key",
        "Another month's key.",
        good,
        EventPart.SUMMARY,
        OTHER_MONTH.secret,
        {"error": "wrong_key_commitment"},
    )
    yield content(
        "content_tampered",
        "One bit of the sealed body is changed.",
        with_envelope(good, body_ct=flipped(envelope.body_ct)),
        "unopenable",
    )
    yield content(
        "content_of_another_link", "The event was sealed for another link.", elsewhere, "unopenable"
    )
    yield content(
        "content_moved",
        "The event's number was changed, so the derived key is another.",
        with_header(good, oseq=header.oseq + 1),
        "unopenable",
    )
    yield content(
        "content_is_the_summary",
        "The sealed summary in the body's place.",
        with_envelope(good, body_ct=envelope.summary_ct),
        "unopenable",
    )
    yield content(
        "content_shorter_than_a_tag",
        "15 bytes.",
        with_envelope(good, body_ct=bytes(15)),
        "unopenable",
    )
    plain = encode(CONTENT)
    yield content(
        "content_padded_too_far",
        "32 zeros more than Padmé gives.",
        resealed(pad_content(plain) + bytes(32)),
        "not_canonical",
    )
    yield content("content_empty", "Nothing sealed.", resealed(b""), "truncated")
    yield content(
        "content_wrong_type",
        "The date is a number.",
        resealed(pad_content(encode([20250101, *fields[1:]]))),
        "wrong_type",
    )
    yield content(
        "content_ends_in_zero",
        "Body version 0 can't be told from padding.",
        resealed(pad_content(encode([*fields[:-1], 0]))),
        "truncated",
    )
    yield content(
        "content_not_canonical", "The dispatch's fields are in another order.",
        resealed(pad_content(encode([
            "2025-01-01", {"local_number": "1/TB", "subject": "Fictional patrol"}, None, b"", 1,
        ]))),
        "not_canonical",
    )  # fmt: skip
