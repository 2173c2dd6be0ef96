"""On which line of a TOML file each key stands, for messages that name a line.

``tomllib`` says no positions. The text has been parsed by it before, so it is valid TOML, and a
scan that knows strings, comments and brackets finds every statement.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping

Path = tuple[str | int, ...]

_TOKEN = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*"{3,5}'
    r"|'''(?:[^']|'(?!''))*'{3,5}"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'"
    r"|#[^\n]*"
    r"|[\[{]|[\]}]|\n|[^\"'#\[\]{}\n]+",
    re.DOTALL,
)
_KEY = re.compile(r'"(?:[^"\\]|\\.)*"|\'[^\']*\'|[A-Za-z0-9_-]+')
_NEW_LINE = "\n"
_HEADER = re.compile(r"\s*(\[\[?)([^\]]*)\]")


def key_lines(text: str) -> dict[Path, int]:
    """The line, from 1, on which each table and each key of a valid TOML text begins."""
    lines: dict[Path, int] = {}
    counted: Counter[Path] = Counter()
    table: Path = ()
    for line, statement in _statements(text):
        header = _HEADER.match(statement)
        if header is None:
            key = tuple(_keys(statement.partition("=")[0]))
            for end in range(1, len(key) + 1):
                lines.setdefault((*table, *key[:end]), line)
            continue
        table = _within(tuple(_keys(header[2])), counted, is_element=header[1] == "[[")
        lines.setdefault(table, line)
    return lines


def line_of(path: Path, lines: Mapping[Path, int]) -> int:
    """The line of a key, or of the nearest thing around it that has one; 1 for the whole file."""
    for end in range(len(path), 0, -1):
        if path[:end] in lines:
            return lines[path[:end]]
    return 1


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Each header and each assignment, with the line on which it begins."""
    line, depth, begun, parts = 1, 0, 1, [""]
    for token in _TOKEN.findall(text):
        if token == _NEW_LINE and depth == 0:
            if "".join(parts).strip():
                yield begun, "".join(parts)
            parts, begun = [], line + 1
        elif not token.startswith("#"):
            parts.append(token)
            depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(token, 0)
        line += token.count("\n")
    if "".join(parts).strip():
        yield begun, "".join(parts)


def _keys(text: str) -> Iterator[str]:
    for found in _KEY.findall(text):
        yield found[1:-1] if found[0] in "\"'" else found


def _within(names: tuple[str, ...], counted: Counter[Path], *, is_element: bool) -> Path:
    """A header's path with the number of each array's element in it."""
    path: Path = ()
    for depth, name in enumerate(names, 1):
        path = (*path, name)
        if depth == len(names) and is_element:
            counted[path] += 1
        if counted[path]:
            path = (*path, counted[path] - 1)
    return path
