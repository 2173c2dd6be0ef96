"""What was expected at a place of a request: in words, and by an example.

msgspec's words quote regular expressions and Python's names of types. People get the description
and the example that stand beside the type (``msgspec.Meta``), or words made of the type itself.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import msgspec
from msgspec import inspect

from blo_agent.api.request_errors import BadRequest, RequestRefusal
from blo_schemas.errors import WireError
from blo_schemas.mismatch import Mismatch, fields_at, read_mismatch, steps, type_at

_LONGEST_NAME: Final = 64
"""Characters of a name in a request that an answer repeats."""


class Expectation(NamedTuple):
    """What fits.

    Attributes:
        words: In words.
        example: A value.
    """

    words: str
    example: object


def refused_body(error: WireError, kind: Any, under: str = "") -> BadRequest:
    """The refusal of a body, or a part of it, that does not fit its type.

    Args:
        error: Why it does not fit.
        kind: The type.
        under: The JSON pointer of the part.
    """
    if not isinstance(error.__cause__, msgspec.ValidationError):
        return BadRequest(f"the body cannot be read: {error.detail}", RequestRefusal.NOT_JSON)
    return refused_mismatch(read_mismatch(error.detail), kind, under)


def refused_mismatch(mismatch: Mismatch, kind: Any, under: str = "") -> BadRequest:
    """The refusal of a value that does not fit its type; as ``refused_body``."""
    if mismatch.unknown:
        return _unknown(mismatch, kind, under)
    path = mismatch.path
    known = {field.encode_name for field in fields_at(kind, path)}
    name, colon, words = mismatch.text.partition(": ")
    if mismatch.missing:
        path = f"{path}.{mismatch.missing}"
    elif colon and steps(name)[:1] and steps(name)[0] in known:  # A rule of the struct itself.
        path = f"{path}.{name}"
    else:
        words = ""
    pointer = under + _pointer(path)
    place = pointer.rpartition("/")[2] or "the body"
    expected = expectation_of(type_at(kind, path))
    if mismatch.missing:
        return BadRequest(
            f"`{place}` is missing; expected {expected.words}",
            RequestRefusal.MISSING_FIELD,
            pointer=pointer,
            expected=expected.words,
            example=expected.example,
        )
    got = f", not {mismatch.got.strip('`')}" if mismatch.got else ""
    return BadRequest(
        f"`{place}` {words}" if words else f"`{place}`: expected {expected.words}{got}",
        pointer=pointer,
        expected=expected.words,
        example=expected.example,
    )


def _unknown(mismatch: Mismatch, kind: Any, under: str) -> BadRequest:
    known = ", ".join(field.encode_name for field in fields_at(kind, mismatch.path)) or "none"
    name = mismatch.unknown[:_LONGEST_NAME]
    return BadRequest(
        f"there is no field `{name}` here; the fields are {known}",
        RequestRefusal.UNKNOWN_FIELD,
        pointer=under + _pointer(mismatch.path) + f"/{_escaped(name)}",
        expected=f"one of {known}",
    )


def _pointer(path: str) -> str:
    return "".join(f"/{_escaped(str(step))}" for step in steps(path))


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def expectation_of(node: inspect.Type | None) -> Expectation:
    """What fits a type; something of every type has words and an example."""
    if isinstance(node, inspect.Metadata):
        extra = node.extra_json_schema or {}
        inner = expectation_of(node.type)
        examples = extra.get("examples") or [inner.example]
        return Expectation(str(extra.get("description") or inner.words), examples[0])
    if isinstance(node, inspect.UnionType):
        options = [option for option in node.types if not isinstance(option, inspect.NoneType)]
        each = [expectation_of(option) for option in options]
        return Expectation(" or ".join(option.words for option in each), each[0].example)
    return _of_collection(node) or _of_scalar(node)


def _of_collection(node: inspect.Type | None) -> Expectation | None:
    match node:
        case inspect.StructType(fields=fields):
            needed = [field for field in fields if field.required]
            names = ", ".join(field.encode_name for field in needed)
            example = {field.encode_name: expectation_of(field.type).example for field in needed}
            return Expectation(f"an object with {names}" if names else "an object", example)
        case inspect.ListType(item_type=item) | inspect.VarTupleType(item_type=item):
            inner = expectation_of(item)
            return Expectation(f"a list, each item {inner.words}", [inner.example])
        case inspect.DictType():
            return Expectation("an object", {})
    return None


def _of_scalar(node: inspect.Type | None) -> Expectation:
    match node:
        case inspect.DateTimeType():
            return Expectation(
                "a time with its offset from UTC (RFC 3339)", "2025-03-01T08:00:00+07:00"
            )
        case inspect.DateType():
            return Expectation("a date, year-month-day", "2025-03-01")
        case inspect.BoolType():
            return Expectation("true or false", example=True)
        case inspect.IntType(ge=least, le=most):
            return Expectation(f"a whole number{_range(least, most)}", least or 0)
        case inspect.FloatType(ge=least, le=most):
            return Expectation(f"a number{_range(least, most)}", least or 0)
        case inspect.BytesType():
            return Expectation("bytes in base64", "AAAA")
        case inspect.EnumType(cls=words):
            values = [word.value for word in words]
            return Expectation(f"one of {', '.join(map(str, values))}", values[0])
        case inspect.LiteralType(values=values):
            return Expectation(f"one of {', '.join(map(str, values))}", values[0])
        case inspect.StrType(min_length=shortest, max_length=longest):
            return Expectation(_text(shortest, longest), "text")
    return Expectation("a JSON value", {})


def _range(least: float | None, most: float | None) -> str:
    low = "" if least is None else f" from {least}"
    return f"{low} up to {most}" if most is not None else low


def _text(shortest: int | None, longest: int | None) -> str:
    if longest is None:
        return "text" if not shortest else f"text of at least {shortest} characters"
    return f"text of {shortest or 0} to {longest} characters"
