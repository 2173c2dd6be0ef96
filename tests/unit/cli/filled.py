"""Values of any type with one text in every field that can hold a text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import msgspec

NUMBER = 1_740_787_200_000
"""Fits a count as well as an instant."""


def filled(form: Any, text: str, **given: Any) -> Any:
    """A value of a type, as msgspec knows types, whose texts are all ``text``.

    The constraints of a field do not hold: what a command prints must not rest on them.

    Args:
        form: The type.
        text: The text.
        **given: Fields that have another value.
    """
    return _value(msgspec.inspect.type_info(form), text, given)


def _value(  # noqa: C901 - a type a line
    kind: msgspec.inspect.Type, text: str, given: Mapping[str, Any]
) -> Any:
    match kind:
        case msgspec.inspect.Metadata(type=inner):
            return _value(inner, text, given)
        case msgspec.inspect.StructType() | msgspec.inspect.DataclassType():
            return kind.cls(
                **{
                    field.name: given[field.name]
                    if field.name in given
                    else _value(field.type, text, {})
                    for field in kind.fields
                }
            )
        case msgspec.inspect.NamedTupleType():
            return kind.cls(*(_value(field.type, text, {}) for field in kind.fields))
        case msgspec.inspect.ListType(item_type=item):
            return [_value(item, text, {})] * 2
        case msgspec.inspect.VarTupleType(item_type=item):
            return (_value(item, text, {}),) * 2
        case msgspec.inspect.TupleType(item_types=items):
            return tuple(_value(item, text, {}) for item in items)
        case msgspec.inspect.DictType(key_type=key, value_type=value):
            return {_value(key, text, {}): _value(value, text, {})}
        case msgspec.inspect.UnionType(types=types):
            return _value(types[0], text, {})
        case msgspec.inspect.EnumType(cls=cls):
            return next(iter(cls))
        case msgspec.inspect.LiteralType(values=values):
            return values[0]
        case msgspec.inspect.StrType(pattern=str(pattern)):
            fitting = ("1", *("ab" * size for size in (1, 4, 8, 32, 64)))
            return next(each for each in fitting if re.match(pattern, each))
        case msgspec.inspect.StrType():
            return text
        case msgspec.inspect.BytesType():
            return text.encode("utf-8", "surrogatepass")[:32].ljust(32, b"\0")
        case msgspec.inspect.BoolType():
            return True
        case msgspec.inspect.IntType() | msgspec.inspect.FloatType():
            return NUMBER
        case msgspec.inspect.DateType():
            return date(2025, 3, 1)
        case msgspec.inspect.DateTimeType():
            return datetime(2025, 3, 1, tzinfo=UTC)
        case msgspec.inspect.NoneType():
            return None
    raise NotImplementedError(kind)
