"""Builds any wire struct from its own type description: one full sample, or random ones."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import msgspec
from hypothesis import strategies as st
from msgspec import inspect

from blo_schemas.instants import FIRST_DAY, LAST_DAY
from blo_schemas.measures import Seizure, Substance, Unit
from blo_schemas.summary import Step

MAX_ITEMS = 2
TEXTS = [
    "a text",
    "la",
    "VND",
    "1987-04",
    "425/1",
    "ab" * 8,
    "ab" * 32,
    "ab" * 64,
    "7",
    "2025-03-01T07:30:00Z",
]
IDS = {"link": "la-b~vn-a", "corridor": "la-vn", "office": "vn-a", "country": "vn"}
SEIZURE = Seizure(substance=Substance.HEROIN, amount=Decimal(8), unit=Unit.BLOCK)


def sample_of(kind: type[Any]) -> Any:
    """A value of a struct type with every field filled, always the same."""
    if kind is Seizure:
        return SEIZURE
    info = inspect.type_info(kind)
    assert isinstance(info, inspect.StructType)
    return kind(**{field.name: _sample(field.type) for field in info.fields})


def tree_of(kind: type[Any]) -> Any:
    """The encoding's lists and maps of a sample, whatever the struct's own rules say of it."""
    if kind is Seizure:
        return msgspec.to_builtins(SEIZURE)
    info = inspect.type_info(kind)
    assert isinstance(info, inspect.StructType)
    values = [IDS.get(field.name, _tree(field.type)) for field in info.fields]
    if info.array_like:
        return values
    tagged = {} if info.tag is None else {info.tag_field: info.tag}
    return {
        **tagged,
        **dict(zip((field.encode_name for field in info.fields), values, strict=True)),
    }


def _tree(node: Any) -> Any:
    match node:
        case inspect.Metadata():
            return _tree(node.type)
        case inspect.UnionType():
            return next(_tree(x) for x in node.types if not isinstance(x, inspect.NoneType))
        case inspect.StructType():
            return tree_of(node.cls)
        case inspect.VarTupleType():
            return [_tree(node.item_type)] * (node.min_length or 1)
        case _:
            return msgspec.to_builtins(_sample(node), builtin_types=(bytes,))


def _sample(node: Any) -> Any:
    match node:
        case inspect.Metadata():
            return _sample(node.type)
        case inspect.UnionType():
            return next(_sample(x) for x in node.types if not isinstance(x, inspect.NoneType))
        case inspect.StructType():
            return sample_of(node.cls)
        case inspect.VarTupleType():
            return (_sample(node.item_type),)
        case inspect.EnumType():
            return list(node.cls)[-1] if node.cls is not Step else Step.OPEN
        case inspect.IntType():
            return max(node.ge or 0, 1)
        case inspect.StrType():
            return next(t for t in TEXTS if re.search(node.pattern or "", t))
        case inspect.BytesType():
            return bytes(node.min_length or 3)
        case _:
            return _PLAIN_SAMPLES[type(node)]


def seizures() -> st.SearchStrategy[Any]:
    """Seizures; their own rule about amounts is more than a type can say."""
    amounts = st.decimals(Decimal("0.000001"), Decimal("999999999"), places=6)
    return st.builds(
        Seizure, substance=st.sampled_from(Substance), amount=amounts, unit=st.sampled_from(Unit)
    )


def values_of(kind: type[Any]) -> st.SearchStrategy[Any]:
    """Values of a struct type that its own decoder accepts."""
    if kind is Seizure:
        return seizures()
    info = inspect.type_info(kind)
    assert isinstance(info, inspect.StructType)
    return st.deferred(lambda: _struct(info))


def _struct(info: inspect.StructType) -> st.SearchStrategy[Any]:
    fields = {field.name: _value(field.type) for field in info.fields}
    return st.fixed_dictionaries(fields).flatmap(lambda chosen: _built(info.cls, chosen))


def _built(cls: type[Any], chosen: dict[str, Any]) -> st.SearchStrategy[Any]:
    try:
        return st.just(cls(**chosen))
    except ValueError:  # A rule across fields, e.g. a period that ends before it begins.
        return st.nothing()


def _value(node: Any) -> st.SearchStrategy[Any]:
    match node:
        case inspect.Metadata():
            return _value(node.type)
        case inspect.UnionType():
            return st.one_of(*(_value(each) for each in node.types))
        case inspect.StructType():
            return values_of(node.cls)
        case inspect.VarTupleType():
            low = node.min_length or 0
            items = st.lists(_value(node.item_type), min_size=low, max_size=low + MAX_ITEMS)
            return items.map(tuple)
        case inspect.EnumType():
            return st.sampled_from(list(node.cls))
        case inspect.IntType():
            low = -(2**31) if node.ge is None else node.ge
            return st.integers(low, 2**31 if node.le is None else node.le)
        case inspect.StrType():
            return _text(node)
        case inspect.BytesType():
            size = node.min_length
            return st.binary(min_size=size or 0, max_size=8 if size is None else size)
        case _:
            return _PLAIN[type(node)]


def _text(node: inspect.StrType) -> st.SearchStrategy[str]:
    if node.pattern is not None:
        return st.from_regex(re.compile(node.pattern, re.ASCII), fullmatch=True).filter(
            lambda text: len(text) < 40
        )
    return st.text(min_size=node.min_length or 0, max_size=(node.min_length or 0) + 12)


_PLAIN_SAMPLES: dict[type[Any], Any] = {
    inspect.BoolType: True,
    inspect.DateType: date(2025, 3, 1),
    inspect.DateTimeType: datetime(2025, 3, 1, 7, 30, tzinfo=UTC),
}
_PLAIN: dict[type[Any], st.SearchStrategy[Any]] = {
    inspect.NoneType: st.none(),
    inspect.BoolType: st.booleans(),
    inspect.DateType: st.dates(FIRST_DAY, LAST_DAY) | st.dates(),
    inspect.DateTimeType: st.datetimes(timezones=st.just(UTC)),
}


def all_structs(roots: list[type[Any]]) -> list[type[Any]]:
    """The struct types themselves and all that they contain."""
    seen: dict[type[Any], None] = {}

    def visit(node: Any) -> None:
        if isinstance(node, inspect.StructType):
            if node.cls not in seen:
                seen[node.cls] = None
                for field in node.fields:
                    visit(field.type)
        elif isinstance(node, inspect.UnionType):
            for each in node.types:
                visit(each)
        elif isinstance(node, inspect.VarTupleType):
            visit(node.item_type)
        elif isinstance(node, inspect.Metadata):
            visit(node.type)

    for root in roots:
        visit(inspect.type_info(root))
    return list(seen)


__all__ = ["all_structs", "sample_of", "tree_of", "values_of"]
