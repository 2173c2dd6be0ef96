"""Hostile values of any field of any wire struct, found by its type.

A catalogue, not a sample: ``extremes`` lists for a field's type everything that has ever broken a
program, as plain values for an encoder that checks nothing. A field of a type that is not listed
here fails the tests, so that a new one can't be forgotten.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from typing import Any, Final, NamedTuple, TypeVar, cast

import msgspec
from msgspec import inspect

from blo_schemas.codec import encode
from tests.unit.schemas.structs import sample_of

Path = tuple[str | int, ...]

_TEXTS: Final = (
    "",
    " ",
    "\0",
    "a\nb\r\x1b[2J\x07",
    "‮txt.exe",
    "​­﻿",
    "CA‑01",
    "Hòa",
    "Hòa",
    "ＣＡ－０１",
    "́" * 300,
    "\U000e0041\U0010ffff￿",
    "=1+1",
    "../../etc/passwd",
    "{0}%s%n",
    "機密",
)
_RAW_TEXTS: Final = (
    msgspec.Raw(b"\xa3\xed\xa0\x80"),  # half of a surrogate pair
    msgspec.Raw(b"\xa2\xc0\x80"),  # a zero byte in two bytes
    msgspec.Raw(b"\xa1\xff"),
)
_DATES: Final = ("0001-01-01", "9999-12-31", "2024-02-29", "2025-02-30", "0000-01-01", "1970-01-01")
_INSTANTS: Final = (
    "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59-23:59",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999999Z",
    "2016-12-31T23:59:60Z",
    "2025-03-01T07:30:00.123456789Z",
    "2025-03-01T07:30:00-00:00",
    "2025-03-01T24:00:00Z",
    "2025-03-01T07:30:00",
)
_DECIMALS: Final = (
    "0",
    "-0",
    "0.000001",
    "0.0000001",
    "999999999.999999",
    "1000000000",
    "1E+400",
    "1E-400",
    "1e999999999999",
    "NaN",
    "sNaN",
    "Infinity",
    "1" * 60,
    "0." + "1" * 60,
    "１２",
)
_EDGES: Final = (
    0,
    1,
    -1,
    2**31,
    2**53 - 1,
    2**53,
    2**53 + 1,
    2**63 - 1,
    2**63,
    2**64 - 1,
    -(2**63),
)
_WRONG_KINDS: Final[tuple[Any, ...]] = (
    None,
    True,
    0,
    1.5,
    "text",
    b"bytes",
    [],
    {},
    [[[[]]]],
    msgspec.Raw(b"\xc7\x00\x05"),  # an extension
    msgspec.Raw(b"\xc1"),  # what MessagePack never uses
    msgspec.Raw(b"\xd6\xff\x00\x00\x00\x00"),  # MessagePack's own instant
    msgspec.Raw(b"\x91" * 2000 + b"\xc0"),  # deep
    msgspec.Raw(b"\xdd\xff\xff\xff\xff"),  # an array that ends early
    msgspec.Raw(b"\xc6\xff\xff\xff\xff"),  # bytes that end early
)


F = TypeVar("F", bound=Callable[..., Any])


def _once(function: F) -> F:
    """``cache`` that keeps the signature, because a struct's type counts as not hashable."""
    return cast("F", cache(function))


class Leaf(NamedTuple):
    """A field inside a struct, and what it may be.

    Attributes:
        path: Names and indexes from the outermost struct.
        node: Its type, as ``msgspec.inspect`` describes it.
    """

    path: Path
    node: Any


def plain(kind: type[Any]) -> Any:
    """A full sample of a struct, as an encoder writes it: every field filled, in order."""
    return msgspec.msgpack.decode(_sample_bytes(kind))


@_once
def _sample_bytes(kind: Any) -> bytes:
    return encode(sample_of(kind))


@_once
def leaves(kind: Any) -> tuple[Leaf, ...]:
    """All fields of a struct and of what it contains, in the places that ``plain`` fills."""
    return tuple(_walk(inspect.type_info(kind), ()))


def _walk(node: Any, path: Path) -> Iterator[Leaf]:
    match node:
        case inspect.Metadata():
            yield from _walk(node.type, path)
        case inspect.UnionType():
            # ``sample_of`` takes the first that is not nil.
            first = next(each for each in node.types if not isinstance(each, inspect.NoneType))
            yield Leaf(path, node)
            yield from _walk(first, path)
        case inspect.StructType():
            for number, field in enumerate(node.fields):
                at = number if node.array_like else field.encode_name
                yield from _walk(field.type, (*path, at))
        case inspect.VarTupleType():
            yield Leaf(path, node)
            yield from _walk(node.item_type, (*path, 0))
        case _:
            yield Leaf(path, node)


def extremes(node: Any) -> tuple[Any, ...]:
    """What to put into a field of a type: its bounds, what lies behind them, and other kinds."""
    return (*_of_type(node), *_WRONG_KINDS)


def _of_type(node: Any) -> tuple[Any, ...]:
    match node:
        case inspect.Metadata():
            return _of_type(node.type)
        case inspect.UnionType():
            return tuple(value for each in node.types for value in _of_type(each))
        case inspect.StructType():
            return (plain(node.cls),)
        case inspect.VarTupleType():
            item = _sample(node.item_type)
            return ([], [item] * 2, [item] * 1000)
        case inspect.EnumType():
            known = [member.value for member in node.cls]
            return (*known, "unknown", 255, -1)
        case inspect.IntType():
            bounds = [x for x in (node.ge, node.le) if x is not None]
            return (*(x + step for x in bounds for step in (-1, 0, 1)), *_EDGES)
        case inspect.StrType():
            long = node.max_length or 64
            most = ("x" * long, "ຫ" * long, "x" * (long + 1))
            return (*_TEXTS, *most, *_RAW_TEXTS, "2025-02-30", "la\n", "١٢٣", "425/1\n")
        case inspect.BytesType():
            size = 8 if node.min_length is None else node.min_length
            return (b"", bytes(size), b"\xff" * size, bytes(size + 1), bytes(max(size - 1, 0)))
        case _:
            return _PLAIN[type(node)]


def _sample(node: Any) -> Any:
    match node:
        case inspect.StructType():
            return plain(node.cls)
        case inspect.Metadata():
            return _sample(node.type)
        case inspect.EnumType():
            return next(iter(node.cls)).value
        case _:
            return _of_type(node)[0]


_PLAIN: Final[dict[type[Any], tuple[Any, ...]]] = {
    inspect.NoneType: (None,),
    inspect.BoolType: (True, False),
    inspect.DateType: _DATES,
    inspect.DateTimeType: _INSTANTS,
    inspect.DecimalType: _DECIMALS,
}


def spoiled(kind: type[Any], field: int, value: int, sample: Any = None) -> bytes:
    """A struct in which one field holds one of its extremes, encoded.

    Where the struct itself takes the value, the encoding is the canonical one; else the bytes are
    what nobody checked.

    Args:
        kind: The struct.
        field: Which field; counted round.
        value: Which of the field's extremes; counted round.
        sample: The struct otherwise, as ``as_plain`` gives it; by default ``plain``. A field that
            it does not fill stays as it is.
    """
    known = leaves(kind)
    sample = plain(kind) if sample is None else sample
    if known:
        at = field % len(known)
        values = _extremes_of(kind, at)
        # An optional part that the sample lacks can't be spoiled inside.
        with suppress(LookupError, TypeError):
            _put(sample, known[at].path, values[value % len(values)])
    return _encoded(kind, sample)


def as_plain(value: Any) -> Any:
    """A struct as an encoder writes it."""
    return msgspec.msgpack.decode(encode(value))


@_once
def _extremes_of(kind: Any, field: int) -> tuple[Any, ...]:
    return extremes(leaves(kind)[field].node)


def spoilings(kind: type[Any]) -> Iterator[tuple[Path, bytes]]:
    """Every field with every extreme, one at a time."""
    for field, leaf in enumerate(leaves(kind)):
        for value in range(len(_extremes_of(kind, field))):
            yield leaf.path, spoiled(kind, field, value)


def _put(sample: Any, path: Path, value: Any) -> None:
    for part in path[:-1]:
        sample = sample[part]
    sample[path[-1]] = value


def _encoded(kind: type[Any], sample: Any) -> bytes:
    raw = msgspec.msgpack.encode(sample)
    try:
        return encode(msgspec.msgpack.decode(raw, type=kind))
    except (msgspec.MsgspecError, ArithmeticError, ValueError, RecursionError):
        return raw


__all__ = ["Leaf", "as_plain", "extremes", "leaves", "plain", "spoiled", "spoilings"]
