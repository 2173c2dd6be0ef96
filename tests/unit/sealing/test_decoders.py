"""Any bytes to every decoder of a wire struct give a value or one of the documented errors."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blo_projection.chain_snapshot import CHAIN_SNAPSHOT
from blo_schemas.audits import AUDIT_SIGNATURE
from blo_schemas.bundle import (
    DISCLOSURE,
    MANIFEST,
    PROVEN_RECORD,
    RECORD_CHUNK,
    SIGNED_DISCLOSURE,
)
from blo_schemas.codec import Codec, encode
from blo_schemas.content import CONTENT
from blo_schemas.errors import TrailingBytes, Truncated, UnknownVersion, WireError, WrongType
from blo_schemas.event import ENVELOPE, HEADER, Envelope, Header, decode_event
from blo_schemas.grants import GRANT
from blo_schemas.heads import HEAD, SIGNED_HEAD
from blo_schemas.summary import SUMMARY
from blo_schemas.trust import DOCUMENT, SIGNED_DOCUMENT
from blo_schemas.views import CASE_VIEW

CODECS: list[Codec[Any]] = [
    AUDIT_SIGNATURE,
    ENVELOPE, HEADER, SUMMARY, CONTENT, GRANT, HEAD, SIGNED_HEAD, DOCUMENT, SIGNED_DOCUMENT,
    CASE_VIEW, CHAIN_SNAPSHOT, MANIFEST, RECORD_CHUNK, PROVEN_RECORD, DISCLOSURE, SIGNED_DISCLOSURE,
]  # fmt: skip
leaf = (
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats()
    | st.binary(max_size=70) | st.text(max_size=30)
    | st.sampled_from(["truncated", "trailing", "2025-01-01", "root", "office", "agreement"])
)  # fmt: skip
trees = st.recursive(
    leaf,
    lambda inner: (
        st.lists(inner, max_size=14)
        | st.dictionaries(
            st.sampled_from(["type", "country", "subject", "office"]) | st.text(max_size=9), inner
        )
    ),
    max_leaves=25,
)


def try_all(data: bytes) -> None:
    for codec in CODECS:
        with suppress(WireError):
            assert encode(codec.decode(data)) == data


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_in_a_documented_way(data: bytes) -> None:
    try_all(data)


@given(trees, st.binary(max_size=2), st.integers(0, 3))
def test_any_messagepack_is_refused_in_a_documented_way(tree: Any, more: bytes, less: int) -> None:
    whole = msgspec.msgpack.encode(tree) + more
    try_all(whole[: len(whole) - less])


def test_deep_nesting_is_refused_in_a_documented_way() -> None:
    try_all(b"\x91" * 100_000)
    try_all(b"\x81\xa0" * 100_000)


@pytest.mark.parametrize("version", [-(2**63), -200, -1, 0, 2, 127, 128, 255, 65_536, 2**32, 2**63])
def test_an_unknown_version_is_what_is_wrong_whatever_follows_it(version: int) -> None:
    for fields in ([version], [version, "text"], [version, *[None] * 20], [version, [[[[]]]]]):
        with pytest.raises(UnknownVersion):
            HEADER.decode(encode(fields))
    with pytest.raises(WrongType):
        HEADER.decode(encode({version: 1}))


@pytest.mark.parametrize("word", ["truncated", "trailing characters"])
def test_a_value_that_speaks_of_a_defect_is_not_that_defect(word: str) -> None:
    fields = ["2025-01-01", {"subject": "s", "handling": word}, None, b"", 1]
    with pytest.raises(WrongType):
        CONTENT.decode(encode(fields))
    with pytest.raises(WrongType):
        DOCUMENT.decode(encode({"type": word}))


@pytest.mark.parametrize(
    "secret", ["Nguyễn Văn A - at `$", "x - at `$` Nguyễn", "x - at `$.y` Nguyễn - at `$.z`"]
)
def test_no_error_repeats_what_it_read(secret: str) -> None:
    for data in (
        ["2025-01-01", {"subject": "s", "handling": secret}, None, b"", 1],
        ["2025-01-01", {"subject": "s", secret: 1}, None, b"", 1],
        [secret, None, None, b"", 1],
        ["2025-01-01", {"subject": "s", "language": secret}, None, b"", 1],
    ):
        with pytest.raises(WireError) as error:
            CONTENT.decode(encode(data))
        assert "Nguyễn" not in str(error.value)


def test_the_end_of_the_bytes_is_told_from_their_middle() -> None:
    good = encode([b"", bytes(64), b"", b""])
    with pytest.raises(Truncated):
        ENVELOPE.decode(good[:-1])
    with pytest.raises(TrailingBytes):
        ENVELOPE.decode(good + b"\xc0")


def one_by_one(value: bytes) -> tuple[Envelope, Header] | tuple[type[WireError], str]:
    try:
        envelope = ENVELOPE.decode(value)
        return envelope, HEADER.decode(envelope.header)
    except WireError as error:
        return type(error), str(error)


def both_at_once(value: bytes) -> tuple[Envelope, Header] | tuple[type[WireError], str]:
    try:
        return decode_event(value)
    except WireError as error:
        return type(error), str(error)


GOOD = [1, bytes(8), 300, bytes(32), 70_000, bytes(32), bytes(32), 2**41, bytes(32), bytes(16)]
HEADER_BYTES = encode([*GOOD, bytes(32)])
EVENT = encode([HEADER_BYTES, bytes(64), b"summary", b"body" * 400])


@given(st.integers(0, len(EVENT) - 1), st.binary(max_size=3), st.integers(0, 3))
def test_an_event_is_read_at_once_as_it_is_one_by_one(at: int, put: bytes, take: int) -> None:
    value = EVENT[:at] + put + EVENT[at + take :]
    assert both_at_once(value) == one_by_one(value)


@pytest.mark.parametrize(
    "header",
    [
        encode([2, *GOOD[1:], bytes(32)]),
        encode([*GOOD, bytes(31)]),
        encode([*GOOD, bytes(32), 0]),
        # 300 as an int16 and as a uint32, where a uint16 is the one form.
        HEADER_BYTES.replace(b"\xcd\x01\x2c", b"\xd1\x01\x2c"),
        HEADER_BYTES.replace(b"\xcd\x01\x2c", b"\xce\x00\x00\x01\x2c"),
        HEADER_BYTES + bytes(1),
        bytes(600),
        b"",
    ],
)
def test_a_header_that_is_none_is_refused_at_once_as_it_is_alone(header: bytes) -> None:
    value = encode([header, bytes(64), b"", b""])
    assert both_at_once(value) == one_by_one(value)
    assert isinstance(one_by_one(value)[1], str)


def test_a_record_that_is_too_large_is_refused_at_once_as_it_is_alone() -> None:
    value = encode([HEADER_BYTES, bytes(64), b"", bytes(256 * 1024)])
    assert both_at_once(value) == one_by_one(value)
    assert isinstance(both_at_once(EVENT)[1], Header)
