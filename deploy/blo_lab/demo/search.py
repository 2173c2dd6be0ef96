"""A search for many words of plaintext in bytes that must not hold any."""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from blo_lab.scenario import Scenario

SHORTEST: Final = 8
"""The least length of a needle in bytes: random bytes could contain a shorter one by chance."""

_GRAM: Final = 4
_WORD = re.compile(r"[^\W_][\w-]*")


class Needles:
    """Words to search for.

    A needle of eight bytes covers four bytes that begin at a multiple of four, wherever it stands.
    So the data is looked through as a row of integers, at the speed of a set, and searched for a
    needle only where one of its possible integers stands.

    Args:
        words: The words; those of fewer than eight bytes in UTF-8 are left out.
    """

    def __init__(self, words: Iterable[str]) -> None:
        self._by_gram: dict[int, set[bytes]] = defaultdict(set)
        self._needles = {needle for word in words if len(needle := word.encode()) >= SHORTEST}
        for needle in self._needles:
            for place in range(_GRAM):
                gram = int.from_bytes(needle[place : place + _GRAM], sys.byteorder)
                self._by_gram[gram].add(needle)
        self._grams = frozenset(self._by_gram)

    def __len__(self) -> int:
        return len(self._needles)

    def found_in(self, data: bytes) -> set[str]:
        """Those of the words that stand somewhere in the bytes."""
        whole = memoryview(data)[: len(data) // _GRAM * _GRAM].cast("I")
        suspects: set[bytes] = set()
        for gram in self._grams.intersection(whole):
            suspects |= self._by_gram[gram]
        return {needle.decode() for needle in suspects if needle in data}

    def found_in_places(self, places: Iterable[Place]) -> dict[str, str]:
        """Those of the words that stand in one of the places, each with the first such place."""
        found: dict[str, str] = {}
        for place in places:
            for word in self.found_in(place.data):
                found.setdefault(word, place.name)
        return found


class Place(NamedTuple):
    """Bytes to be searched, and what they are called."""

    name: str
    data: bytes


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


def files_below(folder: Path, *patterns: str) -> Iterator[Place]:
    """All files of these names below a folder, one after the other."""
    for pattern in patterns:
        for path in sorted(path for path in folder.rglob(pattern) if path.is_file()):
            yield Place(str(path.relative_to(folder)), path.read_bytes())


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner)
