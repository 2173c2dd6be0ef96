"""Every text that a struct carries, wherever it stands in it, and those of one line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Final

import msgspec

LONGEST_LINE: Final = 500
"""A text that may be longer may have several lines (``fields.Line``, ``fields.Text``)."""

_Finder = Callable[[object, str], Iterator[tuple[str, str]]]

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
    return _fields_with_lines(type(value))(value, path)


def _none(_value: object, _path: str) -> Iterator[tuple[str, str]]:
    return iter(())


def _itself(value: object, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield path, value


@cache
def _fields_with_lines(kind: type[msgspec.Struct]) -> _Finder:
    """How lines are found in a struct; fields that never hold one are left out for good."""
    described = msgspec.inspect.type_info(kind)
    assert isinstance(described, msgspec.inspect.StructType)
    finders = ((field.name, _finder(field.type)) for field in described.fields)
    fields = tuple((name, finder) for name, finder in finders if finder is not _none)
    if not fields:
        return _none

    def finder(value: object, path: str) -> Iterator[tuple[str, str]]:
        if isinstance(value, kind):
            for name, each in fields:
                inside = getattr(value, name)
                if inside is not None:
                    yield from each(inside, f"{path}.{name}" if path else name)

    return finder


def _finder(kind: msgspec.inspect.Type) -> _Finder:
    match kind:
        case msgspec.inspect.Metadata(type=inner):
            return _finder(inner)
        case msgspec.inspect.UnionType(types=types):
            return _finder_of_all([_finder(inner) for inner in types])
        case msgspec.inspect.StrType(max_length=int(longest)) if longest <= LONGEST_LINE:
            return _itself
        case msgspec.inspect.StructType(cls=struct):
            return _fields_with_lines(struct)
        case (
            msgspec.inspect.VarTupleType(item_type=item) | msgspec.inspect.ListType(item_type=item)
        ):
            return _finder_of_items(_finder(item))
        case _:
            return _none


def _finder_of_all(finders: list[_Finder]) -> _Finder:
    some = [finder for finder in finders if finder is not _none]
    if len(some) < 2:
        return some[0] if some else _none

    def finder(value: object, path: str) -> Iterator[tuple[str, str]]:
        for each in some:
            yield from each(value, path)

    return finder


def _finder_of_items(item: _Finder) -> _Finder:
    if item is _none:
        return _none

    def finder(value: object, path: str) -> Iterator[tuple[str, str]]:
        if isinstance(value, tuple | list):
            for at, each in enumerate(value):
                yield from item(each, f"{path}[{at}]")

    return finder
