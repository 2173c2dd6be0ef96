"""Every text that a struct carries, wherever it stands in it, and those of one line."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Final

import msgspec

LONGEST_LINE: Final = 500
"""A text that may be longer may have several lines (``fields.Line``, ``fields.Text``)."""

_WITHOUT_TEXT: Final = (bytes, bool, int, float, Decimal, date, Enum, type(None))


def texts_of(value: object, path: str = "") -> Iterator[tuple[str, str]]:
    """All texts within a value of a wire type, each with its field, e.g. ``persons[0].name``.

    Words of a closed list are no texts. Bytes are passed over, so what lies encoded in them has to
    be given decoded.

    Args:
        value: A struct, a tuple or list of values, a text, or a value without a text.
        path: The field that the value itself is.

    Raises:
        TypeError: A type that this function does not know, so that no new one is passed over.
    """
    if isinstance(value, _WITHOUT_TEXT):
        return
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            yield from texts_of(getattr(value, name), f"{path}.{name}" if path else name)
    elif isinstance(value, tuple | list):
        for at, item in enumerate(value):
            yield from texts_of(item, f"{path}[{at}]")
    else:
        raise TypeError(f"{path or 'the value'}: {type(value).__name__} may hold texts")


def lines_of(value: msgspec.Struct, path: str = "") -> Iterator[tuple[str, str]]:
    """The texts within a struct that stand on one line by their type, each with its field.

    Args:
        value: A struct.
        path: The field that the struct itself is.
    """
    yield from _lines(value, _type_of(type(value)), path)


@cache
def _type_of(kind: type) -> msgspec.inspect.Type:
    return msgspec.inspect.type_info(kind)


def _lines(value: object, kind: msgspec.inspect.Type, path: str) -> Iterator[tuple[str, str]]:
    match kind:
        case msgspec.inspect.Metadata(type=inner):
            yield from _lines(value, inner, path)
        case msgspec.inspect.UnionType(types=types):
            for inner in types:
                yield from _lines(value, inner, path)
        case msgspec.inspect.StrType(max_length=int(longest)) if isinstance(value, str):
            if longest <= LONGEST_LINE:
                yield path, value
        case msgspec.inspect.StructType(fields=fields) if isinstance(value, kind.cls):
            for field in fields:
                inside = f"{path}.{field.name}" if path else field.name
                yield from _lines(getattr(value, field.name), field.type, inside)
        case (
            msgspec.inspect.VarTupleType(item_type=item) | msgspec.inspect.ListType(item_type=item)
        ) if isinstance(value, tuple | list):
            for at, each in enumerate(value):
                yield from _lines(each, item, f"{path}[{at}]")
