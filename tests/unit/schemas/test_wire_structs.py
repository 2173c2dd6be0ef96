"""Every struct on a wire has one encoding, and every other way to write it is refused."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import inspect

from blo_schemas.bodies import BODIES, NoFields
from blo_schemas.clocks import Alert, ClockState, ClockView
from blo_schemas.codec import Codec, encode
from blo_schemas.content import Content, Dispatch
from blo_schemas.errors import (
    NotCanonical,
    TooLarge,
    TrailingBytes,
    Truncated,
    UnknownVersion,
    WireError,
    WrongType,
)
from blo_schemas.event import Envelope, Header
from blo_schemas.grants import Grant
from blo_schemas.heads import Head, SignedHead
from blo_schemas.summary import SUMMARY, Kind, Step, Summary, Urgency
from blo_schemas.trust import (
    Agreement,
    Certificate,
    OfficeEntry,
    Revocation,
    Root,
    SignedDocument,
)
from blo_schemas.views import CaseView
from tests.unit.schemas.structs import all_structs, sample_of, values_of

FRAMES: list[type[Any]] = [
    Header, Envelope, Summary, Content, Dispatch, Grant, Head, SignedHead, Root, Certificate,
    OfficeEntry, Agreement, Revocation, SignedDocument, CaseView, ClockView, ClockState,
    Alert,
]  # fmt: skip
BODY_TYPES = sorted({BODIES.schema(*pair).current for pair in BODIES}, key=lambda t: t.__name__)
ROOTS = [*FRAMES, *BODY_TYPES]

some = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
anything = st.sampled_from(ROOTS).flatmap(values_of)


def named(kinds: list[type[Any]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("kind", kinds, ids=lambda kind: kind.__name__)


@named(all_structs(ROOTS))
def test_a_struct_with_all_fields_is_read_back_equal(kind: type[Any]) -> None:
    value = sample_of(kind)
    assert Codec(kind).decode(encode(value)) == value


@some
@given(anything)
def test_what_is_written_is_read_back_equal(value: Any) -> None:
    assert Codec(type(value)).decode(encode(value)) == value


@some
@given(anything, st.data())
def test_a_changed_byte_gives_another_value_or_a_named_error(
    value: Any, data: st.DataObject
) -> None:
    whole = bytearray(encode(value))
    place = data.draw(st.integers(0, len(whole) - 1))
    whole[place] ^= data.draw(st.integers(1, 255))
    with suppress(WireError):
        assert encode(Codec(type(value)).decode(bytes(whole))) == bytes(whole)


@given(st.binary(max_size=120))
def test_any_bytes_to_every_decoder_give_only_wire_errors(data: bytes) -> None:
    for kind in ROOTS:
        with suppress(WireError):
            assert encode(Codec(kind).decode(data)) == data


def test_every_cut_of_a_summary_is_truncated() -> None:
    whole = encode(Summary(1, Kind.PATROL, Step.OPEN, Urgency.URGENT, 0))
    for size in range(len(whole)):
        with pytest.raises(Truncated):
            SUMMARY.decode(whole[:size])


def test_bytes_after_a_value_are_trailing() -> None:
    whole = encode(Summary(1, Kind.PATROL, Step.OPEN, Urgency.URGENT, 0))
    with pytest.raises(TrailingBytes):
        SUMMARY.decode(whole + b"\0")


def test_more_bytes_than_the_limit_are_too_large() -> None:
    with pytest.raises(TooLarge):
        SUMMARY.decode(bytes(513))


def test_a_version_from_the_future_is_named_even_if_its_layout_is_unknown() -> None:
    with pytest.raises(UnknownVersion):
        SUMMARY.decode(encode([2, "something", "new"]))


def test_a_kind_that_does_not_exist_is_a_wrong_type() -> None:
    with pytest.raises(WrongType):
        SUMMARY.decode(encode([1, 99, 1, 1, 0, None, None, None]))


# Non-canonical forms, tried on one value of every struct that there is.


class Wide:
    """MessagePack by the longest forms that the format allows, each of them legal."""

    @classmethod
    def pack(cls, value: Any) -> bytes:
        match value:
            case None | bool() | float():
                return msgspec.msgpack.encode(value)
            case int():
                return b"\xd3" + value.to_bytes(8, "big", signed=True)
            case str():
                return b"\xdb" + len(value.encode()).to_bytes(4, "big") + value.encode()
            case bytes():
                return b"\xc6" + len(value).to_bytes(4, "big") + value
            case list():
                head = b"\xdd" + len(value).to_bytes(4, "big")
                return head + b"".join(map(cls.pack, value))
            case dict():
                head = b"\xdf" + len(value).to_bytes(4, "big")
                pairs = (cls.pack(k) + cls.pack(v) for k, v in value.items())
                return head + b"".join(pairs)
        return msgspec.msgpack.encode(value)


def forms(tree: Any) -> Iterator[bytes]:
    """Other ways to write what ``tree``, a decoded struct, says."""
    yield Wide.pack(tree)
    if isinstance(tree, dict) and len(tree) > 1:
        yield msgspec.msgpack.encode(dict(reversed(tree.items())))
    if isinstance(tree, dict) and tree:
        first = next(iter(tree.items()))
        pair = msgspec.msgpack.encode(dict([first]))[1:]
        whole = msgspec.msgpack.encode(tree)
        if whole[0] < 0x8F:  # The same key twice; a decoder keeps the last.
            yield bytes([whole[0] + 1]) + pair + whole[1:]


@named(all_structs(ROOTS))
def test_every_other_encoding_of_a_struct_is_refused(kind: type[Any]) -> None:
    whole = encode(sample_of(kind))
    others = [form for form in forms(msgspec.msgpack.decode(whole)) if form != whole]
    for other in others:
        with pytest.raises(NotCanonical):
            Codec(kind).decode(other)
    assert others or kind is NoFields


def explicit_defaults() -> list[Any]:
    """(struct type, field, the default as it would be written) of all omitted defaults."""
    return [
        pytest.param(kind, field.encode_name, field.default, id=f"{kind.__name__}.{field.name}")
        for kind in all_structs(ROOTS)
        if kind.__struct_config__.omit_defaults
        for field in _fields(kind)
        if not field.required
    ]


def _fields(kind: type[Any]) -> tuple[inspect.Field, ...]:
    info = inspect.type_info(kind)
    assert isinstance(info, inspect.StructType)
    return info.fields


@pytest.mark.parametrize(("kind", "name", "default"), explicit_defaults())
def test_a_default_that_is_written_out_is_refused(kind: type[Any], name: str, default: Any) -> None:
    tree = msgspec.msgpack.decode(encode(sample_of(kind)))
    tree[name] = default
    order = [field.encode_name for field in _fields(kind)]
    written = {key: tree[key] for key in order if key in tree}
    with pytest.raises(NotCanonical):
        Codec(kind).decode(encode(written))


@named([kind for kind in all_structs(ROOTS) if not kind.__struct_config__.omit_defaults])
def test_a_field_that_is_left_out_is_refused(kind: type[Any]) -> None:
    tree = msgspec.msgpack.decode(encode(sample_of(kind)))
    for field in reversed(_fields(kind)):
        if isinstance(tree, dict):
            shorter = {key: value for key, value in tree.items() if key != field.encode_name}
        else:
            shorter = tree = tree[:-1]
        with pytest.raises((NotCanonical, WrongType)):
            Codec(kind).decode(encode(shorter))


@named(all_structs(BODY_TYPES))
def test_bodies_are_frozen_and_refuse_unknown_fields(kind: type[Any]) -> None:
    config = kind.__struct_config__
    assert config.frozen
    assert config.forbid_unknown_fields
    assert not config.array_like
