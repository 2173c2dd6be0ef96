"""Whatever bytes a decoder is given, it returns what they say or raises a ``WireError``."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import inspect

from blo_schemas.bodies.steps import Urge
from blo_schemas.codec import Codec, encode
from blo_schemas.errors import WireError, WrongType
from tests.unit.schemas.structs import all_structs, tree_of
from tests.unit.schemas.wires import EXTREMES, codecs, spoiled

CODECS = codecs()
STRUCTS = [
    codec for codec in CODECS if isinstance(inspect.type_info(codec.kind), inspect.StructType)
]
KINDS = all_structs([codec.kind for codec in STRUCTS])


def read_or_refuse(codec: Codec[Any], data: bytes) -> None:
    with suppress(WireError):
        assert encode(codec.decode(data)) == data
    with suppress(WireError):
        codec.decode_known(data)


def test_the_decoders_are_found() -> None:
    names = {codec.kind.__name__ for codec in STRUCTS}
    assert {"Header", "Content", "Urge", "Grant", "Head", "SignedDocument", "Output"} <= names


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_no_extreme_value_in_any_place_gives_more_than_a_wire_error(kind: type[Any]) -> None:
    codec = Codec(kind)
    tree = tree_of(kind)
    for extreme in EXTREMES:
        for other in spoiled(tree, extreme):
            read_or_refuse(codec, encode(other))


raw = st.binary(max_size=60) | st.sampled_from(EXTREMES)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(KINDS), st.data())
def test_no_bytes_in_any_place_give_more_than_a_wire_error(
    kind: type[Any], data: st.DataObject
) -> None:
    whole = encode(tree_of(kind))
    place = data.draw(st.integers(0, len(whole)))
    until = data.draw(st.integers(place, min(len(whole), place + 12)))
    read_or_refuse(Codec(kind), whole[:place] + data.draw(raw) + whole[until:])


@given(raw | st.lists(raw, max_size=12).map(b"".join))
def test_any_bytes_at_all_give_no_more_than_a_wire_error(data: bytes) -> None:
    for codec in CODECS:
        read_or_refuse(codec, data)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_integer_has_bounds_that_a_store_can_hold(kind: type[Any]) -> None:
    """All but the version, of which a decoder lets no other pass than it knows."""
    info = inspect.type_info(kind)
    assert isinstance(info, inspect.StructType)
    for field in info.fields:
        for node in _integers(field.type):
            if field.name != "v":
                assert node.ge is not None, field.name
                assert node.le is not None, field.name
                assert -(2**63) <= node.ge <= node.le < 2**63, field.name


def _integers(node: Any) -> list[inspect.IntType]:
    match node:
        case inspect.IntType():
            return [node]
        case inspect.Metadata():
            return _integers(node.type)
        case inspect.VarTupleType():
            return _integers(node.item_type)
        case inspect.UnionType():
            return [found for one in node.types for found in _integers(one)]
    return []


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"])
def test_a_time_that_has_no_utc_is_a_wrong_type(text: str) -> None:
    with pytest.raises(WrongType, match="date value out of range"):
        Codec(Urge).decode(encode({"called_at": text}))
