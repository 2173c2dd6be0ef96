"""msgspec's error texts, read in one place: which field does not fit, and how.

msgspec gives no error as data, and its texts quote what was read. Whoever speaks of a field of a
file or a request reads the text here.
"""

from __future__ import annotations

import re
from typing import Any, Final, NamedTuple, TypeVar

from msgspec import inspect

N = TypeVar("N", bound=inspect.Type)

ANY_KEY: Final = "[...]"
"""Stands in a path for the key of a table with free keys, which msgspec does not name."""

_PATH: Final = re.compile(r" - at (?:`key` in )?`\$(?P<path>(?:\.[\w-]+|\[(?:\d+|\.\.\.)\])*)`\Z")
_UNKNOWN: Final = re.compile(r"object contains unknown field `(.*)`", re.IGNORECASE | re.DOTALL)
_MISSING: Final = re.compile(r"object missing required field `(.*)`", re.IGNORECASE | re.DOTALL)
_EXPECTED: Final = re.compile(r"expected (.*?)(?:, got (.*))?", re.IGNORECASE | re.DOTALL)
_QUOTED: Final = re.compile(r"((?:unknown field|invalid(?: enum)? value)) .*", re.I | re.DOTALL)
_STEP: Final = re.compile(r'\."([^"]*)"|\.([^.\[\]"]+)|\[([^\]]*)\]')


class Mismatch(NamedTuple):
    """How a value does not fit its type.

    Attributes:
        text: msgspec's words, without the path.
        path: The value's path, such as ``.links[0].calendar``; empty for the whole document.
        unknown: The name of a field that the type does not have; it is at fault.
        missing: The name of a field without a default that is not there.
        expected: What was expected, where the type or a bound is wrong.
        got: The type that was read instead, where the type is wrong.
    """

    text: str
    path: str = ""
    unknown: str = ""
    missing: str = ""
    expected: str = ""
    got: str = ""

    @property
    def field(self) -> str:
        """The path of the field at fault, without the leading dot."""
        name = self.unknown or self.missing
        return (f"{self.path}.{name}" if name else self.path).removeprefix(".")


def read_mismatch(message: str) -> Mismatch:
    """What the text of a ``msgspec.ValidationError`` says; upper and lower case are the same."""
    place = _PATH.search(message)
    text, path = (message[: place.start()], place["path"]) if place else (message, "")
    if unknown := _UNKNOWN.fullmatch(text):
        return Mismatch(text, path, unknown=unknown[1])
    if missing := _MISSING.fullmatch(text):
        return Mismatch(text, path, missing=missing[1])
    if expected := _EXPECTED.fullmatch(text):
        return Mismatch(text, path, expected=expected[1], got=expected[2] or "")
    return Mismatch(text, path)


def without_quotes(message: str) -> str:
    """The text of an error without what it quotes of the value that was read."""
    place = _PATH.search(message)
    text, path = (message[: place.start()], place[0]) if place else (message, "")
    return _QUOTED.sub(r"\1", text) + path


def steps(path: str) -> list[str | int]:
    """The keys and indexes of a path, from the outside in."""
    return [
        int(index) if index.isdecimal() else index or quoted or name
        for quoted, name, index in _STEP.findall(path if path[:1] in ".[" else f".{path}")
        if index or quoted or name
    ]


def type_at(kind: Any, path: str) -> inspect.Type | None:
    """The type that msgspec expects at a path of a type; ``None``: it has no such place."""
    node: inspect.Type | None = inspect.type_info(kind)
    for step in steps(path):
        node = _inside(node, step)
    return node


def alternative(node: inspect.Type | None, wanted: type[N]) -> N | None:
    """The type itself, or that of its alternatives which is of the wanted sort."""
    if isinstance(node, wanted):
        return node
    if isinstance(node, inspect.Metadata):
        return alternative(node.type, wanted)
    if isinstance(node, inspect.UnionType):
        return next(filter(None, (alternative(option, wanted) for option in node.types)), None)
    return None


def fields_at(kind: Any, path: str) -> tuple[inspect.Field, ...]:
    """The fields of the struct at a path of a type; none where there is no struct."""
    struct = alternative(type_at(kind, path), inspect.StructType)
    return struct.fields if struct else ()


def _inside(node: inspect.Type | None, step: str | int) -> inspect.Type | None:
    if table := alternative(node, inspect.DictType):
        return table.value_type
    if array := alternative(node, inspect.VarTupleType) or alternative(node, inspect.ListType):
        return array.item_type
    struct = alternative(node, inspect.StructType)
    fields = struct.fields if struct else ()
    return next((field.type for field in fields if field.encode_name == step), None)
