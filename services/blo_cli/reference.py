"""Writes docs/cli.md: every command, its options, and the JSON that it prints.

Run as ``python -m blo_cli.reference docs/cli.md``; ``make diagrams`` does.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import click
import msgspec

from blo_cli.main import blo
from blo_cli.parameters import JsonOption
from blo_runtime.files import write_file

_HEAD: Final = """\
# The command line

Made from the commands themselves by `make diagrams`. `blo COMMAND --help` says the same.

## In every command

| exit code | meaning |
|---|---|
| 0 | It was done; what was checked is right. |
| 1 | It was done; what was checked is not right. |
| 2 | It could not be done; standard error says why. |
| 70 | A defect of `blo`: one sentence, and an incident file with the traceback, which `--debug` shows. |
| 130 | Ctrl-C. |
| 141 | The program that read standard output has ended. |

A program that runs until it is stopped (`… run`) ends with 0 when it was asked to stop, with 2 if its configuration is wrong, with 70 if it failed, with 3 if a part of it did not stop in time, and with 4 if its event loop stood still.

- **Output.** A line is a line of `blo`: whatever stands in a name, a text, an id, a file or an error is shown, not obeyed. Controls, newlines, bidi controls, characters without a width, ends of lines and paragraphs, and tags are shown as escapes such as `\\x1b` or `\\u202e`; so are characters that the output's encoding lacks. Lines are not broken in a pipe.
- **JSON.** `--json` prints one document in ASCII on standard output. Fields may be added; none is renamed or changes its meaning. Instants are Unix milliseconds.
- **Files.** A file that `blo` writes is there whole under its name or not at all. A file that is there already is left alone, unless `--replace` is given. Keys, disclosures, journals and bundles are for their owner alone (0600), and so are new folders for keys (0700). Only ordinary files are read, up to a bound.
- **Times.** Where instants are shown, `--zone` names the reader's zone of the IANA list; without it the zone is this machine's. UTC stands beside it. Instants before 1970 or after 9999 are refused, and so are days before 1900 or after 2199.
- **Texts.** A reason, a name of a person and every other text of one line has at most 1000 characters, and no newline, control or character that nobody sees.
"""


def document() -> str:
    """The page."""
    return "\n".join([_HEAD, *_commands(blo, ())])


def _commands(command: click.Command, words: tuple[str, ...]) -> Iterator[str]:
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from _commands(inner, (*words, name))
    else:
        yield from _command(command, words)


def _command(command: click.Command, words: tuple[str, ...]) -> Iterator[str]:
    context = click.Context(command, info_name=f"blo {' '.join(words)}")
    usage = " ".join(command.collect_usage_pieces(context))
    yield from (f"## blo {' '.join(words)}", "", f"`blo {' '.join(words)} {usage}`", "")
    yield from (inspect.cleandoc(command.help or "").replace("\n", "\n"), "")
    rows = [
        record
        for parameter in command.params
        if (record := parameter.get_help_record(context)) is not None
    ]
    if rows:
        yield from ("| option | |", "|---|---|")
        yield from (f"| `{_cell(option)}` | {_cell(text)} |" for option, text in rows)
        yield ""
    for parameter in command.params:
        if isinstance(parameter, JsonOption):
            yield from _form(parameter.form)


def _cell(text: str) -> str:
    return re.sub(r"\s+", " ", text).replace("|", "\\|")


def _form(form: Any) -> Iterator[str]:
    kinds: dict[str, Any] = {}
    outer = _type(msgspec.inspect.type_info(form), kinds)
    yield from (f"`--json` prints {outer}:", "")
    yield from ("| object | field | type | |", "|---|---|---|---|")
    shown: set[str] = set()
    while waiting := [name for name in kinds if name not in shown]:
        name = waiting[0]
        shown.add(name)
        yield from _fields(name, kinds)
    yield ""


def _fields(name: str, kinds: dict[str, Any]) -> Iterator[str]:
    kind = kinds[name]
    meanings = _meanings(kind.cls)
    for field in kind.fields:
        words = _type(field.type, kinds)
        yield f"| {name} | `{field.encode_name}` | {words} | {meanings.get(field.name, '')} |"


def _meanings(cls: type) -> dict[str, str]:
    """What the attributes mean, by the class's docstring."""
    text = "\n".join(
        inspect.cleandoc(each.__doc__ or "").partition("Attributes:\n")[2]
        for each in reversed(cls.__mro__)
    )
    joined = re.sub(r"\n {8,}", " ", text)
    return {
        match[1]: _cell(match[2]).strip()
        for match in re.finditer(r"^ {4}(\w+): (.*)$", joined, re.MULTILINE)
    }


def _type(kind: msgspec.inspect.Type, kinds: dict[str, Any]) -> str:
    """A type in words; its objects are added to ``kinds``."""
    match kind:
        case msgspec.inspect.Metadata(type=inner):
            return _type(inner, kinds)
        case msgspec.inspect.StructType() | msgspec.inspect.DataclassType():
            kinds.setdefault(kind.cls.__name__, kind)
            return kind.cls.__name__
        case (
            msgspec.inspect.ListType(item_type=item) | msgspec.inspect.VarTupleType(item_type=item)
        ):
            return f"a list of {_type(item, kinds)}"
        case msgspec.inspect.TupleType(item_types=items):
            return f"a list of {', '.join(_type(item, kinds) for item in items)}"
        case msgspec.inspect.DictType(key_type=key, value_type=value):
            return f"an object from {_type(key, kinds)} to {_type(value, kinds)}"
        case msgspec.inspect.UnionType(types=types):
            return " or ".join(_type(inner, kinds) for inner in types)
        case msgspec.inspect.EnumType(cls=cls):
            return "one of " + ", ".join(f"`{member.value}`" for member in cls)
        case msgspec.inspect.LiteralType(values=values):
            return "one of " + ", ".join(f"`{value}`" for value in values)
    word = type(kind).__name__.removesuffix("Type").lower()
    return {
        "str": "string",
        "int": "integer",
        "float": "number",
        "bool": "boolean",
        "none": "null",
        "date": "date",
        "bytes": "base64",
        "any": "anything",
    }.get(word, word)


def main(arguments: list[str]) -> None:
    """Writes the page to the file named by the only argument."""
    (file,) = arguments
    write_file(Path(file), document().encode(), replace=True)


if __name__ == "__main__":
    main(sys.argv[1:])
