"""What the decoder takes for canonical is exactly what encoding again gives, in any thread."""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from blo_schemas.codec import Codec, encode
from blo_schemas.errors import NotCanonical, WireError
from blo_schemas.event import ENVELOPE, HEADER, Envelope, Header

_HEADER = Header(1, b"k" * 8, 7, b"p" * 32, 300, b"s" * 32, b"c" * 32, 2**41, b"q" * 32, b"x" * 16, b"h" * 32)  # fmt: skip
_ENVELOPE = Envelope(encode(_HEADER), b"g" * 64, b"t" * 40, b"b" * 90)
_HEADS = [b"\x94", b"\xdc\x00\x04", b"\xdd\x00\x00\x00\x04"]

edits = st.lists(
    st.tuples(st.integers(0, 420), st.binary(max_size=3), st.integers(0, 2)), max_size=3
)


def _edited(data: bytes, changes: list[tuple[int, bytes, int]]) -> bytes:
    for at, put, taken in changes:
        data = data[:at] + put + data[at + taken :]
    return data


def _outcome(codec: Codec[Any], data: bytes) -> object:
    try:
        return codec.decode(data)
    except WireError as error:
        return error.defect


def _plainly(codec: Codec[Any], kind: type[Any], data: bytes) -> object:
    """By a decoder and an encoder of its own, as the wire format words it."""
    try:
        value = msgspec.msgpack.decode(data, type=kind)
    except (msgspec.MsgspecError, ValueError):
        return _outcome(codec, data)
    if kind is Header and value.v != 1:
        return _outcome(codec, data)
    return value if msgspec.msgpack.encode(value) == data else NotCanonical.defect


@given(edits)
def test_an_altered_record_has_the_outcome_that_encoding_it_again_gives(
    changes: list[tuple[int, bytes, int]],
) -> None:
    for codec, kind, whole in ((ENVELOPE, Envelope, _ENVELOPE), (HEADER, Header, _HEADER)):
        data = _edited(encode(whole), changes)
        assert _outcome(codec, data) == _plainly(codec, kind, data)


@given(
    st.sampled_from(_HEADS),
    st.lists(st.sampled_from([(0xC4, 1), (0xC5, 2), (0xC6, 4)]), min_size=4, max_size=4),
    st.binary(max_size=300),
    st.binary(max_size=300),
)
def test_every_longer_form_of_an_envelope_is_refused(
    head: bytes, forms: list[tuple[int, int]], summary: bytes, body: bytes
) -> None:
    data = head
    parts = (encode(_HEADER), b"g" * 64, summary, body)
    for (first, width), part in zip(forms, parts, strict=True):
        if len(part) >> (8 * width):
            first, width = 0xC6, 4
        data += bytes([first]) + len(part).to_bytes(width, "big") + part
    canonical = encode(Envelope(*parts))
    assert (_outcome(ENVELOPE, data) == Envelope(*parts)) is (data == canonical)
    if data != canonical:
        assert _outcome(ENVELOPE, data) == NotCanonical.defect


def test_threads_that_decode_at_once_do_not_see_each_other() -> None:
    values = [encode(Envelope(bytes(n), b"g" * 64, b"", os.urandom(n))) for n in range(0, 3000, 7)]
    longer = [b"\xdc\x00\x04" + value[1:] for value in values]

    def read(turn: int) -> list[object]:
        mixed = values + longer if turn % 2 else longer + values
        return [_outcome(ENVELOPE, one) == NotCanonical.defect for one in mixed]

    good, bad = [False] * len(values), [True] * len(values)
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(4) as pool:
            for turn, found in enumerate(pool.map(read, range(40))):
                assert found == (good + bad if turn % 2 else bad + good)
    finally:
        sys.setswitchinterval(before)
