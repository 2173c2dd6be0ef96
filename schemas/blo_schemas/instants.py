"""Instants and days: how far they reach, and how they become calendar dates.

An instant is an integer of Unix milliseconds, from 1970 to 9999. One that lies outside can't enter:
``UnixMs`` bounds what is decoded, ``clamped`` what the log's clock says. So every instant has a
date in every time zone, and no arithmetic on dates overflows.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Final

LAST_INSTANT: Final = 253_402_128_000_000
"""9999-12-30T00:00:00Z in Unix milliseconds: the last instant that has a date in every zone."""

FIRST_DAY: Final = date(1900, 1, 1)
"""The first business date: no report of an office is older."""

LAST_DAY: Final = date(2199, 12, 31)
"""The last business date; ``blo_domain.deadlines`` counts no further either."""


_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MS: Final = timedelta(milliseconds=1)


def clamped(at: int) -> int:
    """The nearest instant to a number that somebody calls Unix milliseconds."""
    return min(max(at, 0), LAST_INSTANT)


def local(at: int, zone: tzinfo = UTC) -> datetime:
    """An instant as a zone's clocks show it; one that lies outside counts as the nearest."""
    return (_EPOCH + timedelta(milliseconds=clamped(at))).astimezone(zone)


def unix_ms(moment: datetime) -> int:
    """The instant of a moment with its zone, in whole milliseconds; the nearest, if outside.

    Raises:
        ValueError: The moment has no zone.
    """
    if moment.tzinfo is None:
        raise ValueError("a moment without its zone is no instant")
    try:
        return clamped((moment - _EPOCH) // _MS)
    except OverflowError:
        return 0 if moment.year < _EPOCH.year else LAST_INSTANT


def is_business_day(day: date) -> bool:
    """Whether a day can be one on which an office did something."""
    return FIRST_DAY <= day <= LAST_DAY


def check_business_day(field: str, day: date) -> None:
    """Refuses a day that can't be one on which an office did something.

    Raises:
        ValueError: It names the field, and what was expected.
    """
    if not is_business_day(day):
        raise ValueError(f"{field}: lies outside of {FIRST_DAY} to {LAST_DAY}")
