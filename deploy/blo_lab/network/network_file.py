"""Network files: a lab's world as TOML (``docs/lab.md``), decoded strictly, every problem at once."""

from __future__ import annotations

import tomllib
import typing
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Final, Literal, NamedTuple

import msgspec

from blo_cli.errors import CliError
from blo_lab.network.network_rules import broken_rules
from blo_lab.network.toml_lines import key_lines, line_of
from blo_lab.network.world import NOT_STATED, LabOffice, Link, Subject, World
from blo_lab.scenario.lines import describe_mismatch
from blo_runtime.files import read_file
from blo_schemas.ids import CorridorId, CountryId, LinkId, OfficeId, country_of
from blo_schemas.mismatch import read_mismatch, steps
from blo_schemas.prepared_types import prepare
from blo_schemas.trust import DatedText, Role, Superior

MAX_FILE_BYTES: Final = 256 * 1024
"""The largest network file."""

MAX_COUNTRIES: Final = 16
"""The most countries of a network; each has a root of its own."""

MAX_OFFICES: Final = 64
"""The most offices and partners of a network; each office is a process."""

MAX_LINKS: Final = 64
"""The most links of a network."""

MAX_SUBJECTS: Final = 32
"""The most observers, processors and witnesses of a network."""

MAX_TEXTS: Final = 16
"""The most names, hosts, sources, superiors or corridors in one list."""

MAX_TOLD: Final = 40
"""The most problems that one message tells; it says how many more there are."""

Word = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Line = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Place = Annotated[int, msgspec.Meta(ge=0, le=9999)]


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of all tables of a network file."""


class _Text(_Table, frozen=True, kw_only=True):
    text: Line
    language: Word
    since: date | None = None
    until: date | None = None


class _Country(_Table, frozen=True, kw_only=True):
    zone: Word


class _Office(_Table, frozen=True, kw_only=True):
    id: Word
    region: Word
    level: Word = NOT_STATED
    names: Annotated[list[_Text], msgspec.Meta(min_length=1, max_length=MAX_TEXTS)]
    hosts: Annotated[list[_Text], msgspec.Meta(max_length=MAX_TEXTS)] = []
    node: bool = True
    sources: Annotated[list[Line], msgspec.Meta(max_length=MAX_TEXTS)] = []


class _Superior(_Table, frozen=True, kw_only=True):
    superior: Word
    office: Word


class _Link(_Table, frozen=True, kw_only=True):
    id: Word
    partition: Place
    offices: Annotated[list[Word], msgspec.Meta(min_length=2, max_length=MAX_OFFICES)]
    superiors: Annotated[list[_Superior], msgspec.Meta(max_length=MAX_TEXTS)] = []
    policy: Literal["four_urgencies", "eu_2023_977"] = "four_urgencies"
    sources: Annotated[list[Line], msgspec.Meta(max_length=MAX_TEXTS)] = []


class _Subject(_Table, frozen=True, kw_only=True):
    id: Word
    role: Literal["observer", "processor", "witness"]
    name: Line
    language: Word
    corridors: Annotated[list[Word], msgspec.Meta(min_length=1, max_length=MAX_TEXTS)]


class _NetworkFile(_Table, frozen=True, kw_only=True):
    title: Line
    auditor: Word
    reporter: Word
    countries: Annotated[dict[str, _Country], msgspec.Meta(min_length=1, max_length=MAX_COUNTRIES)]
    offices: Annotated[list[_Office], msgspec.Meta(min_length=1, max_length=MAX_OFFICES)]
    links: Annotated[list[_Link], msgspec.Meta(min_length=1, max_length=MAX_LINKS)]
    subjects: Annotated[list[_Subject], msgspec.Meta(min_length=1, max_length=MAX_SUBJECTS)]


class Problem(NamedTuple):
    """One thing that is wrong in a network file.

    Attributes:
        line: The line, from 1.
        field: The field, as ``links[0].offices[1]``; empty: the file as a whole.
        words: What is wrong there, and what is expected.
    """

    line: int
    field: str
    words: str


class NetworkError(CliError):
    """A network file that can't be used.

    Attributes:
        problems: All that is wrong, in the order of the lines.
    """

    def __init__(self, file: str, problems: list[Problem]) -> None:
        self.problems = sorted(problems)
        rows = [
            f"\n  {file}, line {one.line}"
            + (f", {one.field}" if one.field else "")
            + f": {one.words}"
            for one in self.problems[:MAX_TOLD]
        ]
        more = len(self.problems) - MAX_TOLD
        if more > 0:
            rows.append(f"\n  and {more} more")
        count = "one problem" if len(problems) == 1 else f"{len(problems)} problems"
        super().__init__(
            file,
            f"is no network: {count}",
            todo="Nothing was started; docs/lab.md describes every field" + "".join(rows),
        )


def shipped() -> dict[str, Path]:
    """The network files that come with the lab, by name."""
    package = Path(__file__).resolve().parent.parent
    # In a wheel they lie in the package, in a checkout beside it.
    folders = (package / "networks", package.parent / "networks")
    folder = next(one for one in folders if one.is_dir())
    return {path.stem: path for path in sorted(folder.glob("*.toml"))}


ARTICLES: Final = "articles"
"""The name of the network of the five articles that the domain was drawn from."""


@cache
def articles() -> World:
    """The network that ``blo lab`` takes if none is named."""
    return load_network(shipped()[ARTICLES])


def named_network(name: str | None) -> World:
    """A shipped network by its name, or a file; ``None``: the articles'.

    Raises:
        NetworkError: It names the line and the field of everything that is wrong.
    """
    return articles() if name is None else load_network(shipped().get(name, Path(name)))


def load_network(path: Path) -> World:
    """Reads a network file.

    Raises:
        NetworkError: It names the line and the field of everything that is wrong.
    """
    try:
        data = read_file(path, MAX_FILE_BYTES)
    except OSError as error:
        words = f"cannot be read ({error.strerror}); expected a network file"
        raise NetworkError(str(path), [Problem(1, "", words)]) from error
    return parse_network(str(path), data)


def parse_network(file: str, data: bytes) -> World:
    """Reads a network file's bytes.

    Args:
        file: What errors call the file.
        data: Its bytes.

    Raises:
        NetworkError: It names the line and the field of everything that is wrong.
    """
    if len(data) > MAX_FILE_BYTES:
        words = f"has more than {MAX_FILE_BYTES} bytes; expected a smaller file"
        raise NetworkError(file, [Problem(1, "", words)])
    text, document = _toml(file, data)
    found = list(_problems(document, _NetworkFile, ()))
    if not found:
        prepare(_NetworkFile)
        written = msgspec.convert(document, _NetworkFile)
        world = _world(written, data)
        found = list(broken_rules(world))
    if found:
        lines = key_lines(text)
        raise NetworkError(
            file, [Problem(line_of(at, lines), _dotted(at), words) for at, words in found]
        )
    return world


def _toml(file: str, data: bytes) -> tuple[str, dict[str, Any]]:
    try:
        text = data.decode("utf-8").replace("\r\n", "\n")
        return text, tomllib.loads(text)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise NetworkError(file, [Problem(line, "", "is not UTF-8")]) from None
    except RecursionError:
        words = "nests arrays or tables too deeply"
        raise NetworkError(file, [Problem(1, "", words)]) from None
    except ValueError as error:
        what, _, place = str(error).partition(" (at ")
        digits = place.removeprefix("line ").partition(",")[0]
        line = int(digits) if digits.isdecimal() else text.rstrip("\n").count("\n") + 1
        words = f"is not TOML 1.0 ({what[:1].lower()}{what[1:]})"
        raise NetworkError(file, [Problem(line, "", words)]) from None


At = tuple[str | int, ...]


def _problems(value: object, kind: Any, at: At) -> Iterator[tuple[At, str]]:
    """Everything in which a value of a TOML document is not what its field asks for."""
    inner, bounds = kind, None
    if typing.get_origin(kind) is Annotated:
        inner, bounds = typing.get_args(kind)[:2]
    struct = next((one for one in (inner, *typing.get_args(inner)) if _is_table(one)), None)
    if struct is None:
        yield from _of_plain(value, kind, at)
    elif inner is struct:
        yield from _of_table(value, struct, at)
    elif not isinstance(value, list if typing.get_origin(inner) is list else dict):
        yield at, f"is of type {_word(value)}; expected {_WORDS[typing.get_origin(inner)]}"
    else:
        yield from _of_count(len(value), bounds, at)
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, one in items:
            yield from _problems(one, struct, (*at, key))


def _of_table(value: object, struct: Any, at: At) -> Iterator[tuple[At, str]]:
    if not isinstance(value, dict):
        yield at, f"is of type {_word(value)}; expected a table"
        return
    fields = {field.name: field for field in msgspec.structs.fields(struct)}
    for name in value.keys() - fields.keys():
        yield (*at, name), f"is not a field here; expected one of {', '.join(fields)}"
    for name, field in fields.items():
        if name in value:
            yield from _problems(value[name], field.type, (*at, name))
        elif field.required:
            yield (*at, name), "is missing"


def _of_count(count: int, bounds: Any, at: At) -> Iterator[tuple[At, str]]:
    least = getattr(bounds, "min_length", None) or 0
    most = getattr(bounds, "max_length", None)
    if count < least or (most is not None and count > most):
        yield at, f"has {count} entries; expected {least} to {most}"


def _of_plain(value: object, kind: Any, at: At) -> Iterator[tuple[At, str]]:
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        mismatch = read_mismatch(str(error))
        yield (*at, *steps(mismatch.path)), describe_mismatch(mismatch)


def _is_table(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, _Table)


_WORDS: Final[dict[Any, str]] = {
    list: "an array",
    dict: "a table",
    str: "a string",
    int: "an integer",
    bool: "a boolean",
}


def _word(value: object) -> str:
    return _WORDS.get(type(value), type(value).__name__)


def _dotted(at: At) -> str:
    words = [f"[{one}]" if isinstance(one, int) else f".{one}" for one in at]
    return "".join(words).removeprefix(".")


def _world(written: _NetworkFile, data: bytes) -> World:
    return World(
        zones={CountryId(code): one.zone for code, one in written.countries.items()},
        directory=[_office(one) for one in written.offices],
        links=[_link(one) for one in written.links],
        subjects=[_subject(one) for one in written.subjects],
        auditor=OfficeId(written.auditor),
        reporter=OfficeId(written.reporter),
        text=data,
    )


def _office(one: _Office) -> LabOffice:
    return LabOffice(
        id=OfficeId(one.id),
        region=one.region,
        level=one.level,
        names=_texts(one.names),
        hosts=_texts(one.hosts),
        sources=tuple(one.sources),
        has_node=one.node,
    )


def _texts(texts: list[_Text]) -> tuple[DatedText, ...]:
    return tuple(
        DatedText(text=one.text, language=one.language, since=one.since, until=one.until)
        for one in texts
    )


def _link(one: _Link) -> Link:
    offices = tuple(OfficeId(office) for office in one.offices)
    return Link(
        id=LinkId(one.id),
        corridor=CorridorId("-".join(sorted({country_of(office) for office in offices}))),
        partition=one.partition,
        offices=offices,
        superiors=tuple(
            Superior(superior=OfficeId(who.superior), office=OfficeId(who.office))
            for who in one.superiors
        ),
        policy=one.policy,
        sources=tuple(one.sources),
    )


def _subject(one: _Subject) -> Subject:
    return Subject(
        id=OfficeId(one.id),
        role=Role(one.role),
        name=one.name,
        language=one.language,
        corridors=tuple(CorridorId(corridor) for corridor in one.corridors),
    )
