"""Lines are found wherever their type says so, in every body and in what travels with it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec import inspect

from blo_schemas.bodies import BODIES, body_type
from blo_schemas.content import Dispatch
from blo_schemas.text_fields import LONGEST_LINE, lines_of
from tests.unit.schemas.structs import sample_of, values_of

BODY_TYPES = sorted({body_type(*pair) for pair in BODIES}, key=lambda kind: kind.__name__)


def walked(value: Any, node: Any, path: str) -> Iterator[tuple[str, str]]:
    """The same, by walking the type of the value anew each time."""
    if isinstance(node, inspect.Metadata):
        yield from walked(value, node.type, path)
    elif isinstance(node, inspect.UnionType):
        for inner in node.types:
            yield from walked(value, inner, path)
    elif isinstance(node, inspect.StrType) and isinstance(value, str):
        if node.max_length is not None and node.max_length <= LONGEST_LINE:
            yield path, value
    elif isinstance(node, inspect.StructType) and isinstance(value, node.cls):
        for field in node.fields:
            yield from walked(getattr(value, field.name), field.type, f"{path}.{field.name}")
    elif isinstance(node, inspect.VarTupleType) and isinstance(value, tuple):
        for at, item in enumerate(value):
            yield from walked(item, node.item_type, f"{path}[{at}]")


def values_of_any(kind: object) -> st.SearchStrategy[Any]:
    assert isinstance(kind, type)
    return values_of(kind)


@given(st.sampled_from([*BODY_TYPES, Dispatch]).flatmap(values_of_any))
def test_the_lines_are_those_that_a_walk_over_the_type_finds(value: Any) -> None:
    node = inspect.type_info(type(value))
    assert list(lines_of(value, "body")) == list(walked(value, node, "body"))


def test_some_bodies_have_lines_in_lists_and_some_have_none() -> None:
    fields = {
        type(value): [field for field, _ in lines_of(value, "b")]
        for value in map(sample_of, BODY_TYPES)
    }
    assert any("[0]." in field for paths in fields.values() for field in paths)
    assert any(not paths for paths in fields.values())
