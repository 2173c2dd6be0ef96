"""Looking for plaintext where none may be: in files, byte by byte, many words at once."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from blo_cli.scenario import Scenario

__all__ = ["Needles", "distinctive_words", "files_below"]

SHORTEST: Final = 8
"""Bytes that a needle has at least: a shorter one could stand in random bytes by chance."""

_WORD = re.compile(r"[^\W_][\w-]*")


class Needles:
    """Words to look for.

    Args:
        words: What is looked for, in UTF-8; words of fewer than eight bytes are left out.
    """

    def __init__(self, words: Iterable[str]) -> None:
        self._by_start: dict[bytes, set[bytes]] = defaultdict(set)
        for word in words:
            needle = word.encode()
            if len(needle) >= SHORTEST:
                self._by_start[needle[:SHORTEST]].add(needle)

    def __len__(self) -> int:
        return sum(map(len, self._by_start.values()))

    def found_in(self, data: bytes) -> set[str]:
        """Those of the words that stand somewhere in the bytes."""
        starts = self._by_start
        found: set[str] = set()
        for place in range(len(data) - SHORTEST + 1):
            start = data[place : place + SHORTEST]
            if start in starts:
                found.update(n.decode() for n in starts[start] if data.startswith(n, place))
        return found

    def found_in_files(self, files: Iterable[Path]) -> dict[str, Path]:
        """Those of the words that stand in one of the files, each with the first such file."""
        found: dict[str, Path] = {}
        for path in files:
            for word in self.found_in(path.read_bytes()):
                found.setdefault(word, path)
        return found


def distinctive_words(scenario: Scenario, public: Iterable[bytes]) -> set[str]:
    """Every text of a scenario's contents, and every word of it that is long enough.

    Args:
        scenario: The scenario.
        public: What lies in the open by design: trust documents. A word that stands in them
            proves nothing, so it is left out.
    """
    words: set[str] = set()
    for line in scenario.lines:
        for text in _texts([line.body, line.dispatch, line.reason]):
            words.add(text)
            words.update(_WORD.findall(text))
    known = Needles(words).found_in(b"\n".join(public))
    return {word for word in words if len(word.encode()) >= SHORTEST} - known


def files_below(folder: Path, *patterns: str) -> Iterator[Path]:
    """All files of these names below a folder, sorted."""
    for pattern in patterns:
        yield from sorted(path for path in folder.rglob(pattern) if path.is_file())


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner)
