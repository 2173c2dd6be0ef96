"""Forms made from the structs of bodies: the fields of each step, and back into its JSON.

A field's name in a form is its path in the JSON: ``person.name``, ``documents.0.number``. A list of
texts is one area with a line each; a list of structs has its entries and some empty ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from msgspec import inspect

from blo_schemas.bodies import body_type
from blo_schemas.fields import MapStruct
from blo_schemas.summary import Kind, Step

BLANK_ROWS: Final = 2
"""Empty entries that a list of structs offers beyond those that are filled in."""

MOST_ROWS: Final = 30
LONG: Final = 600
"""A text that may be longer is written in an area."""

_INDEX: Final = re.compile(r"[0-9]{1,3}")
_UNSUPPORTED: Final = frozenset({"Attachment", "EnclosedFile", "Correction"})
"""Structs that no form of fields can fill in: files are enclosed by themselves."""


class FormField(NamedTuple):
    """A field of a form.

    Attributes:
        path: Its name in the form.
        name: The last part of it that is a word: the key of its translation.
        kind: ``text``, ``area``, ``lines``, ``number``, ``date``, ``datetime``, ``choice``, ``yes``
            or ``group``.
        required: Whether it must be filled in.
        value: What is filled in.
        options: The choices: what is posted, and the word of it.
        fields: The fields of a group.
        maximum: The most characters; 0: not said.
        row: Which entry of a list a group is, from 1; 0: it is no entry.
    """

    path: str
    name: str
    kind: str
    required: bool = False
    value: str = ""
    options: tuple[tuple[str, str], ...] = ()
    fields: tuple[FormField, ...] = ()
    maximum: int = 0
    row: int = 0


def fields_of(kind: Kind, step: Step, filled: Mapping[str, Any]) -> tuple[FormField, ...]:
    """The fields of a step's body.

    Args:
        kind: The kind of the case.
        step: The step.
        filled: What is filled in so far, as JSON.

    Raises:
        WireError: The kind has no such step.
    """
    return tuple(struct_fields(body_type(kind, step), "", filled))


def struct_fields(
    struct: type[MapStruct],
    prefix: str,
    filled: Mapping[str, Any],
    without: frozenset[str] = frozenset(),
) -> Iterator[FormField]:
    """The fields of a struct.

    Args:
        struct: The struct.
        prefix: What their paths begin with, with a dot at its end, or empty.
        filled: What is filled in, as JSON.
        without: Names that the form leaves out.
    """
    shape = inspect.type_info(struct)
    assert isinstance(shape, inspect.StructType)
    yield from _fields(shape, prefix, filled, without)


def _fields(
    shape: inspect.StructType,
    prefix: str,
    filled: Mapping[str, Any],
    without: frozenset[str] = frozenset(),
) -> Iterator[FormField]:
    for field in shape.fields:
        name = field.encode_name
        if name not in without:
            yield from _field(
                prefix + name, name, _plain(field.type), field.required, filled.get(name)
            )


def _plain(shape: inspect.Type) -> inspect.Type:
    """The type without its metadata, and without ``None``."""
    if isinstance(shape, inspect.Metadata):
        return _plain(shape.type)
    if isinstance(shape, inspect.UnionType):
        return _plain(next(kind for kind in shape.types if not isinstance(kind, inspect.NoneType)))
    return shape


def _field(
    path: str, name: str, shape: inspect.Type, required: bool, value: Any
) -> Iterator[FormField]:
    match shape:
        case inspect.StructType(cls=cls):
            if cls.__name__ not in _UNSUPPORTED:
                inner = value if isinstance(value, dict) else {}
                yield FormField(
                    path, name, "group", required, fields=tuple(_fields(shape, f"{path}.", inner))
                )
        case inspect.VarTupleType(item_type=item):
            yield from _list(path, name, _plain(item), required, value)
        case inspect.BytesType():
            return
        case _:
            text = "" if value is None else str(value)
            yield FormField(
                path, name, _widget(shape), required, text, _options(shape), maximum=_maximum(shape)
            )


def _list(
    path: str, name: str, item: inspect.Type, required: bool, value: Any
) -> Iterator[FormField]:
    entries = value if isinstance(value, list) else []
    if not isinstance(item, inspect.StructType):
        if not isinstance(item, inspect.BytesType):
            yield FormField(path, name, "lines", required, "\n".join(map(str, entries)))
        return
    if item.cls.__name__ in _UNSUPPORTED:
        return
    for row in range(min(len(entries) + BLANK_ROWS, MOST_ROWS)):
        inner = entries[row] if row < len(entries) and isinstance(entries[row], dict) else {}
        # Only an entry in which something is filled in has fields that it needs.
        inside = tuple(_relaxed(field) for field in _fields(item, f"{path}.{row}.", inner))
        yield FormField(path, name, "group", required and row == 0, fields=inside, row=row + 1)


def _relaxed(field: FormField) -> FormField:
    return field._replace(required=False, fields=tuple(map(_relaxed, field.fields)))


def _widget(shape: inspect.Type) -> str:
    match shape:
        case inspect.EnumType():
            return "choice"
        case inspect.BoolType():
            return "yes"
        case inspect.IntType():
            return "number"
        case inspect.DateType():
            return "date"
        case inspect.DateTimeType():
            return "datetime"
        case inspect.StrType(max_length=most) if most is not None and most > LONG:
            return "area"
        case _:
            return "text"


def _options(shape: inspect.Type) -> tuple[tuple[str, str], ...]:
    if isinstance(shape, inspect.EnumType):
        return tuple(
            (str(item.value), getattr(item, "word", str(item.value))) for item in shape.cls
        )
    return ()


def _maximum(shape: inspect.Type) -> int:
    most = getattr(shape, "max_length", None)
    return most if isinstance(most, int) else 0


def read_fields(kind: Kind, step: Step, posted: Mapping[str, str], offset: str) -> dict[str, Any]:
    """The JSON of a body from what a form has posted; what is left empty is left out.

    Args:
        kind: The kind of the case.
        step: The step.
        posted: The texts of the fields.
        offset: The office's present offset from UTC, such as ``+07:00``, for times.
    """
    shape = inspect.type_info(body_type(kind, step))
    assert isinstance(shape, inspect.StructType)
    return _read_struct(shape, "", posted, offset)


def read_struct(
    struct: type[MapStruct], prefix: str, posted: Mapping[str, str], offset: str
) -> dict[str, Any]:
    """As ``read_fields``, of any struct whose fields have names with this prefix."""
    shape = inspect.type_info(struct)
    assert isinstance(shape, inspect.StructType)
    return _read_struct(shape, prefix, posted, offset)


def _read_struct(
    shape: inspect.StructType, prefix: str, posted: Mapping[str, str], offset: str
) -> dict[str, Any]:
    values = {
        field.encode_name: _read(prefix + field.encode_name, _plain(field.type), posted, offset)
        for field in shape.fields
    }
    return {name: value for name, value in values.items() if value not in (None, {}, [])}


def _read(path: str, shape: inspect.Type, posted: Mapping[str, str], offset: str) -> Any:
    match shape:
        case inspect.StructType(cls=cls):
            return (
                None
                if cls.__name__ in _UNSUPPORTED
                else _read_struct(shape, f"{path}.", posted, offset)
            )
        case inspect.VarTupleType(item_type=item):
            return _read_list(path, _plain(item), posted, offset)
        case inspect.BytesType():
            return None
    text = posted.get(path, "")
    if not text:
        return None
    match shape:
        case inspect.IntType():
            return int(text) if re.fullmatch(r"-?[0-9]{1,18}", text) else text
        case inspect.BoolType():
            return text == "yes"
        case inspect.DateTimeType():
            return text if text.endswith(("Z", offset)) else f"{text}{offset}"
        case inspect.EnumType() if issubclass(shape.cls, int):
            return int(text) if text.isascii() and text.isdigit() else text
    return text


def _read_list(path: str, item: inspect.Type, posted: Mapping[str, str], offset: str) -> list[Any]:
    if not isinstance(item, inspect.StructType):
        lines = [line.strip() for line in posted.get(path, "").splitlines()]
        return [line for line in lines if line]
    start = f"{path}."
    rows = {
        int(index)
        for name in posted
        if name.startswith(start)
        for index in [name[len(start) :].partition(".")[0]]
        if _INDEX.fullmatch(index)
    }
    entries = [
        _read_struct(item, f"{path}.{row}.", posted, offset) for row in sorted(rows)[:MOST_ROWS]
    ]
    return [entry for entry in entries if entry]
