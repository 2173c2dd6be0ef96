"""The tables of public holidays that deadlines are counted by, each with its version.

An agreement names the version (``DeadlinePolicy.holidays``), so the same log gives the same
deadlines on every node and in every year, whatever is installed. A version that has been shipped is
never changed or removed; ``deploy/setup/holidays`` writes the next one, for agreements to come.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from typing import Final, NamedTuple

from blo_schemas.ids import CountryId

Days = Mapping[str, Mapping[int, str]]


def _read(version: int) -> Days:
    """The table of a version: per country and year its special days, as the file has them."""
    table: dict[str, dict[int, str]] = {}
    text = files(__name__).joinpath(f"v{version}.txt").read_text(encoding="ascii")
    for line in text.splitlines():
        if not line.startswith("#"):
            country, year, *days = line.split(" ", 2)
            table.setdefault(country, {})[int(year)] = "".join(days)
    return table


TABLES: Final[Mapping[int, Days]] = {version: _read(version) for version in (1,)}
"""Every version that has been shipped."""

NEWEST: Final = max(TABLES)
"""The version that a new agreement takes unless it names another."""

_DAY: Final = timedelta(days=1)


class YearDays(NamedTuple):
    """What is special about the days of a country's year.

    Attributes:
        free: Its public holidays.
        worked: Its weekend days that are worked in exchange for others.
    """

    free: frozenset[date]
    worked: frozenset[date]


_NOTHING: Final = YearDays(frozenset(), frozenset())


def is_known(version: int) -> bool:
    """Whether this program has a version of the table."""
    return version in TABLES


def has_country(version: int, country: CountryId) -> bool:
    """Whether a version of the table, which must be known, has a country."""
    return country in TABLES[version]


@cache
def year_days(version: int, country: CountryId, year: int) -> YearDays:
    """The special days of a country's year; outside the table's years there are none.

    Raises:
        KeyError: There is no such version or country, which ``policies.check`` refuses.
    """
    row = TABLES[version][country].get(year)
    if row is None:
        return _NOTHING
    free, _, worked = row.partition(";")
    return YearDays(frozenset(_days(year, free)), frozenset(_days(year, worked)))


def _days(year: int, text: str) -> Iterator[date]:
    for span in text.split():
        first, _, last = span.partition("-")
        day, end = _day(year, first), _day(year, last or first)
        while day <= end:
            yield day
            day += _DAY


def _day(year: int, text: str) -> date:
    return date(year, int(text[:2]), int(text[2:]))


__all__ = ["NEWEST", "TABLES", "YearDays", "has_country", "is_known", "year_days"]
