"""A configuration file with everything that may stand in it, explained by the settings themselves.

What has no default stands as a line to be changed; what has one stands as a comment with it.
"""

from __future__ import annotations

import inspect
import json
import re
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from blo_runtime.config import Settings

_WIDTH: Final = 98
_ATTRIBUTE: Final = re.compile(r"^ {4}(\w+): (.*(?:\n {8}\S.*)*)", re.MULTILINE)
_QUOTES: Final = re.compile(r"``([^`]*)``")


def config_example(kind: type[Settings], given: Mapping[str, object]) -> str:
    """The text of a configuration file.

    Args:
        kind: The program's settings.
        given: By the full path of a key, as ``store.path``, the value that stands there.

    Raises:
        KeyError: A key without a default has no value in ``given``.
    """
    title = _sentences(inspect.getdoc(kind) or "").partition("\n")[0]
    return "\n".join([f"# {title}", *_table(kind, "", given, is_comment=False)]) + "\n"


def toml_value(value: object) -> str:
    """A value as TOML writes it.

    Args:
        value: A text, path, number, truth value, or a sequence or mapping of such.
    """
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return repr(value)
        case Mapping():
            pairs = (f"{key} = {toml_value(part)}" for key, part in value.items())
            return f"{{ {', '.join(pairs)} }}"
        case list() | tuple():
            return f"[{', '.join(map(toml_value, value))}]"
        case _:
            return json.dumps(str(value), ensure_ascii=False)


def _table(
    kind: type[Settings], path: str, given: Mapping[str, object], *, is_comment: bool
) -> Iterator[str]:
    words = _attributes(kind)
    tables: list[tuple[str, type[Settings], bool]] = []
    info = msgspec.inspect.type_info(kind)
    assert isinstance(info, msgspec.inspect.StructType)
    for field in info.fields:
        name = field.encode_name
        full = f"{path}.{name}" if path else name
        inner = _struct_of(field.type)
        if inner is not None:
            is_given = any(key.startswith(f"{full}.") for key in given)
            is_left_out = not field.required and _default(field) is None and not is_given
            tables.append((full, inner, is_comment or is_left_out))
            continue
        yield ""
        yield from _comment(words.get(name, ""))
        if full in given:
            yield _line(name, given[full], is_comment=is_comment)
        elif field.required:
            if not is_comment:
                raise KeyError(full)
            yield f"# {name} ="
        elif _default(field) is None:
            yield f"# {name} ="
        else:
            yield _line(name, _default(field), is_comment=True)
    for full, inner, commented in tables:
        yield ""
        yield from _comment(_sentences(inspect.getdoc(inner) or "").partition("\n\n")[0])
        yield f"# [{full}]" if commented else f"[{full}]"
        yield from _table(inner, full, given, is_comment=commented)


def _line(name: str, value: object, *, is_comment: bool) -> str:
    return f"{'# ' if is_comment else ''}{name} = {toml_value(value)}"


def _comment(text: str) -> Iterator[str]:
    for line in textwrap.wrap(" ".join(text.split()), _WIDTH):
        yield f"# {line}"


def _default(field: msgspec.inspect.Field) -> Any:
    if field.default_factory is not msgspec.NODEFAULT:
        return field.default_factory()
    return None if field.default is msgspec.NODEFAULT else field.default


def _struct_of(type_: msgspec.inspect.Type) -> type[Settings] | None:
    match type_:
        case msgspec.inspect.StructType(cls=cls) if issubclass(cls, Settings):
            return cls
        case msgspec.inspect.UnionType(types=types):
            return next((table for part in types if (table := _struct_of(part))), None)
    return None


def _attributes(kind: type[Settings]) -> dict[str, str]:
    """What the docstrings of a struct and of its bases say about each field."""
    words: dict[str, str] = {}
    for base in reversed(kind.__mro__):
        if issubclass(base, Settings):
            for name, text in _ATTRIBUTE.findall(inspect.getdoc(base) or ""):
                words[name] = _sentences(text)
    return words


def _sentences(text: str) -> str:
    return _QUOTES.sub(r"\1", text)
