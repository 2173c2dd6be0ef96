"""The name of an office on a day: names change, ids don't (docs/domain.md §1)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Final, NamedTuple

from blo_schemas.ids import OfficeId
from blo_schemas.trust import DatedText


class Names(NamedTuple):
    """The names of a subject in the directory."""

    names: tuple[DatedText, ...]
    successor: OfficeId | None = None


FORMER: Final = {"vi": "{} (cũ)", "en": "{} (former)", "zh": "{}（原）", "lo": "{} (ເກົ່າ)"}
NOW: Final = {
    "vi": "{} (nay là {})",
    "en": "{} (now {})",
    "zh": "{}（现为{}）",
    "lo": "{} (ປັດຈຸບັນແມ່ນ {})",
}
"""How a document marks a name that has since changed; the Lao awaits a native reader's review."""


def name_on(
    directory: Mapping[OfficeId, Names],
    office: OfficeId,
    on: date,
    language: str,
    as_of: date | None = None,
) -> str:
    """The name that a document prints for an office.

    Args:
        directory: What is known of every subject.
        office: The office.
        on: The event's date: the name valid on that day is printed.
        language: Preferred language; another one's name is taken if it has none. The id is
            taken if no name was valid then.
        as_of: The day on which the document is read: if the name has changed until then, the
            new one is added, the successor's if the office has ended; ``None``: nothing is added.
    """
    then = _valid(directory, office, on, language)
    if as_of is None or then is None:
        return then or office
    now = _valid(directory, office, as_of, language)
    if now is None:
        now = _of_successor(directory, office, as_of, language)
    if now is None:
        return _worded(FORMER, language).format(then)
    return then if now == then else _worded(NOW, language).format(then, now)


def _of_successor(
    directory: Mapping[OfficeId, Names], office: OfficeId, on: date, language: str
) -> str | None:
    """The name of the first successor that has one on that day."""
    passed = {office}
    while office in directory:
        successor = directory[office].successor
        if successor is None or successor in passed:
            return None
        name = _valid(directory, successor, on, language)
        if name is not None:
            return name
        passed.add(successor)
        office = successor
    return None


def _valid(
    directory: Mapping[OfficeId, Names], office: OfficeId, on: date, language: str
) -> str | None:
    known = directory.get(office)
    valid = list(_on(known.names if known else (), on))
    fitting = [name for name in valid if name.language == language]
    return next((name.text for name in (*fitting, *valid)), None)


def _on(names: Iterable[DatedText], on: date) -> Iterable[DatedText]:
    return (
        name
        for name in names
        if (name.since is None or name.since <= on) and (name.until is None or on < name.until)
    )


def _worded(words: Mapping[str, str], language: str) -> str:
    return words.get(language.partition("-")[0], words["en"])
