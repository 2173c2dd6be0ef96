"""Reading a program's configuration: strict TOML into frozen structs.

A program declares its settings as a subclass of `Settings`, composed of the shared sections in
`blo_runtime.settings` and its own, and calls `load`. Any mistake in the file is a
`ConfigurationError` that says the file, the key, what was expected and what to do.

A field of type `pathlib.Path` is resolved against the folder of the configuration file, so that
a program behaves the same wherever it is started from.
"""

import copy
import difflib
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar, cast

import msgspec

from blo_runtime.errors import (
    ConfigurationError,
    FileMissing,
    Missing,
    NotToml,
    UnknownKey,
    WrongValue,
)
from blo_runtime.files import SMALL, read_file
from blo_schemas.errors import WireError
from blo_schemas.mismatch import ANY_KEY, Mismatch, fields_at, read_mismatch, steps
from blo_schemas.prepared_types import prepare
from blo_schemas.texts import from_toml


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The base of every settings struct; a subclass repeats only ``kw_only=True``.

    A rule between fields goes into ``__post_init__`` as a `ValueError` of the form
    ``"field: what is wrong; expected …. What to do."``
    """


T = TypeVar("T", bound=Settings)


def load(path: Path, kind: type[T]) -> T:
    """Read a configuration file.

    Args:
        path: The TOML file.
        kind: The settings struct that it must fit.

    Returns:
        The settings, with every path absolute.

    Raises:
        FileMissing: The file is not there or cannot be read.
        NotToml: The file is not TOML.
        UnknownKey: It has a key that ``kind`` has not.
        WrongValue: A value has the wrong type or is out of bounds.
        Missing: A key without a default is not there.
    """
    base = path.absolute().parent

    def decode(type_: type[Any], value: object) -> object:
        if type_ is not Path:
            raise NotImplementedError(f"no way to read a {type_.__name__} from TOML")
        if not isinstance(value, str) or not value:
            raise ValueError("Expected a path")
        return base / value

    prepare(kind)

    def convert(document: dict[str, Any]) -> T:
        return msgspec.convert(document, kind, dec_hook=decode)

    document = _parse(path)
    try:
        return convert(document)
    except msgspec.ValidationError as error:
        mismatch = read_mismatch(str(error))
        exact = _exact_path(mismatch.path, str(error), document, convert)
        raise _explain(path, kind, mismatch._replace(path=exact), error, document) from error


def load_any(path: Path, kinds: Mapping[str, type[T]], otherwise: type[T]) -> T:
    """Read a configuration file of one of several programs.

    Args:
        path: The TOML file.
        kinds: By a key that only this program's file has: its settings.
        otherwise: The settings of a file with none of these keys.

    Raises:
        ConfigurationError: As ``load``.
    """
    document = _parse(path)
    return load(path, next((kind for key, kind in kinds.items() if key in document), otherwise))


def _parse(path: Path) -> dict[str, Any]:
    try:
        data = read_file(path, SMALL)
    except OSError as error:
        raise FileMissing(
            path,
            "",
            f"cannot be read ({error.strerror})",
            expected="a readable TOML file",
            todo="Name the program's configuration file.",
        ) from error
    try:
        return from_toml(data)
    except WireError as error:
        if isinstance(error.__cause__, UnicodeDecodeError):
            line = data.count(b"\n", 0, error.__cause__.start) + 1
            raise _not_toml(path, line, "not UTF-8") from error
        found = re.search(r"\(at line (\d+), column \d+\)", error.detail)
        line = int(found[1]) if found else data.rstrip(b"\n").count(b"\n") + 1
        problem = re.sub(r" \(at .*\)$", "", error.detail)
        raise _not_toml(path, line, problem[:1].lower() + problem[1:]) from error


def _not_toml(path: Path, line: int, problem: str) -> NotToml:
    return NotToml(
        path, line, problem, expected="TOML 1.0 (https://toml.io)", todo="Correct that line."
    )


def _exact_path(
    path: str, message: str, document: dict[str, Any], convert: Callable[[dict[str, Any]], object]
) -> str:
    """Name the keys of tables with free keys, for which msgspec says only ``[...]``."""
    while ANY_KEY in path:
        before = path.partition(ANY_KEY)[0]
        for key in _table(document, before):
            trial = copy.deepcopy(document)
            table = _table(trial, before)
            for other in set(table) - {key}:
                del table[other]
            try:
                convert(trial)
            except msgspec.ValidationError as error:
                if str(error) == message:
                    document = trial
                    bare = re.fullmatch(r"[A-Za-z0-9_-]+", key)
                    path = path.replace(ANY_KEY, f".{key}" if bare else f'."{key}"', 1)
                    break
        else:
            return path
    return path


def _table(document: dict[str, Any], path: str) -> dict[str, Any]:
    at: Any = document
    for step in steps(path):
        at = at[step]
    return cast(dict[str, Any], at)


def _explain(
    file: Path,
    kind: type[Settings],
    mismatch: Mismatch,
    error: msgspec.ValidationError,
    document: Mapping[str, Any],
) -> ConfigurationError:
    """Turn msgspec's message into one that speaks of the file."""
    where = mismatch.path.removeprefix(".")
    if mismatch.unknown:
        return _unknown(file, kind, where, mismatch.unknown)
    if mismatch.missing:
        return _missing(file, kind, where, mismatch, document)
    if isinstance(error.__cause__, ValueError) and not mismatch.expected:
        return _broken_rule(file, where, mismatch.text)
    if mismatch.got:
        problem = f"is of type {_toml(mismatch.got)}"
        return _wrong(file, where, problem, _toml(mismatch.expected))
    if mismatch.expected:
        return _wrong(file, where, "has a value that is not allowed", _toml(mismatch.expected))
    problem = mismatch.text[:1].lower() + mismatch.text[1:]
    parent, _, name = where.rpartition(".")
    return _wrong(file, where, problem, _type_of(kind, parent, name))


def _missing(
    file: Path, kind: type[Settings], where: str, mismatch: Mismatch, document: Mapping[str, Any]
) -> Missing:
    """All that is missing at once, so that nobody runs the program once for each key."""
    others = [key for key in _absent(kind, document) if key != mismatch.field]
    todo = "Add it; there is no default."
    if others:
        todo = f"Add it; there is no default. Also missing: {', '.join(others)}."
    return Missing(
        file,
        mismatch.field,
        "missing",
        expected=_type_of(kind, where, mismatch.missing),
        todo=f"{todo} A whole file, explained: blo config example",
    )


def _absent(kind: type[Settings], document: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """The full paths of the keys without a default that a document has not."""
    info = msgspec.inspect.type_info(kind)
    assert isinstance(info, msgspec.inspect.StructType)
    for field in info.fields:
        full = _join(path, field.encode_name)
        inner = next((type_.cls for type_ in _types(field.type) if _is_table(type_)), None)
        if field.encode_name not in document:
            if field.required:
                # A missing table is named by what must stand in it.
                keys = [] if inner is None else list(_absent(inner, {}, full))
                yield from keys or [full]
        elif inner is not None and isinstance(document[field.encode_name], Mapping):
            yield from _absent(inner, document[field.encode_name], full)


def _types(type_: msgspec.inspect.Type) -> tuple[Any, ...]:
    return type_.types if isinstance(type_, msgspec.inspect.UnionType) else (type_,)


def _is_table(type_: Any) -> bool:
    return isinstance(type_, msgspec.inspect.StructType) and issubclass(type_.cls, Settings)


def _unknown(path: Path, kind: type[Settings], where: str, name: str) -> UnknownKey:
    known = [field.encode_name for field in fields_at(kind, where)]
    near = difflib.get_close_matches(name, known, n=1)
    return UnknownKey(
        path,
        _join(where, name),
        "unknown key",
        expected="one of " + ", ".join(known),
        todo=f"Did you mean {near[0]}?" if near else "Remove it, or move it to its section.",
    )


def _wrong(path: Path, key: str, problem: str, expected: str) -> WrongValue:
    return WrongValue(path, key, problem, expected=expected, todo="Correct the value.")


def _broken_rule(path: Path, where: str, message: str) -> ConfigurationError:
    """Place the words of a ``__post_init__``: ``field: problem; expected …. What to do.``."""
    rule = re.fullmatch(r"(?:(\w+): )?(.*?); expected (.*?)\. (.*)", message, re.DOTALL)
    if rule is None:
        return _wrong(path, where, message, "a value that keeps this rule")
    key = _join(where, rule[1]) if rule[1] else where
    return WrongValue(path, key, rule[2], expected=rule[3], todo=rule[4])


def _join(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name


_TOML_NAMES = {
    "str": "string",
    "int": "integer",
    "bool": "boolean",
    "array": "array",
    "object": "table",
    "null": "nothing",
}


def _toml(text: str) -> str:
    def name(match: re.Match[str]) -> str:
        words = [_TOML_NAMES.get(word, word) for word in match[1].split(" | ")]
        return " or ".join(word for word in words if word != "nothing")

    return re.sub(r"`([^`]*)`", name, f"`{text}`" if text in _TOML_NAMES else text)


def _type_of(kind: type[Settings], where: str, name: str) -> str:
    for field in fields_at(kind, where):
        if field.encode_name == name:
            return " or ".join(dict.fromkeys(_describe(field.type)))
    return "another value"


def _describe(type_: msgspec.inspect.Type) -> Iterator[str]:
    match type_:
        case msgspec.inspect.UnionType(types=types):
            for one in types:
                yield from _describe(one)
        case msgspec.inspect.Metadata(type=inner):
            yield from _describe(inner)
        case msgspec.inspect.LiteralType(values=values):
            yield "one of " + ", ".join(f'"{value}"' for value in values)
        case msgspec.inspect.StructType():
            yield "a table"
        case msgspec.inspect.CustomType(cls=cls) if cls is Path:
            yield "a path"
        case msgspec.inspect.NoneType():
            return
        case msgspec.inspect.CollectionType():
            yield "an array"
        case _:
            name = type(type_).__name__.removesuffix("Type").lower()
            yield {"str": "a string", "int": "an integer", "bool": "a boolean"}.get(
                name, f"a {name}"
            )
