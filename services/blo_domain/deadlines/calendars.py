"""Days and working days, as an office counts them (docs/domain.md §3).

All instants are Unix milliseconds. A day begins at midnight in the office's own time zone. Public
holidays, and the weekends that a government has made working days in exchange, come from the version
of the table that the agreement names (``holiday_tables``); the agreement's own days go before both.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from typing import Final

from blo_domain.holiday_tables import year_days
from blo_schemas.policy import Calendar
from blo_schemas.texts import zone_from

HORIZON: Final = int(datetime(2200, 1, 1, tzinfo=UTC).timestamp()) * 1000
"""Later instants count as this one: no deadline of a border office lies beyond it."""

_REMEMBERED: Final = 8192
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MS: Final = timedelta(milliseconds=1)
_DAY: Final = timedelta(days=1)
_MIDNIGHT: Final = time()


class OfficeTime:
    """An office's time zone and working days.

    Args:
        zone: IANA name of its zone.
        calendar: Its country's working days, as the agreement counts them.
        holidays: Version of the table of public holidays.
    """

    def __init__(self, zone: str, calendar: Calendar, holidays: int) -> None:
        self._zone = zone_from(zone)
        self._country = calendar.country
        self._holidays = holidays
        self._weekend = frozenset(calendar.weekend)
        self._off = frozenset(calendar.extra_days_off)
        self._working = frozenset(calendar.extra_working_days)
        # A deadline is asked for again at each step of its case.
        self._ends = lru_cache(maxsize=_REMEMBERED)(self._find_end)
        self._later = lru_cache(maxsize=_REMEMBERED)(self._find_later)

    def day(self, instant: int) -> date:
        """The day on which an instant falls."""
        return self._local(instant).date()

    def is_working(self, day: date) -> bool:
        """Whether the office works on a day."""
        if day in self._working:
            return True
        if day in self._off:
            return False
        free, worked = year_days(self._holidays, self._country, day.year)
        if day in free:
            return False
        return day.isoweekday() not in self._weekend or day in worked

    def end_of(self, day: date) -> int:
        """The first instant of the day after."""
        return self._instant(datetime.combine(day + _DAY, _MIDNIGHT))

    def working_day_ends(self, after: date) -> Iterator[int]:
        """The ends of the working days after a day, in order."""
        while True:
            after += _DAY
            if self.is_working(after):
                yield self.end_of(after)

    def end_of_working_day(self, after: date, number: int) -> int:
        """The end of the ``number``-th working day after a day; for 0 the end of that very day."""
        return self._ends(after, number)

    def days_later(self, instant: int, days: int) -> int:
        """The same time of day a number of calendar days later.

        A time that the change to summer time leaves out is moved on by what was left out; of a
        time that the change back makes twice, it is the later one.
        """
        return self._later(instant, days)

    def _find_end(self, after: date, number: int) -> int:
        day = after
        while number:
            day += _DAY
            number -= self.is_working(day)
        return self.end_of(day)

    def _find_later(self, instant: int, days: int) -> int:
        return self._instant(self._local(instant).replace(tzinfo=None) + timedelta(days=days))

    def _local(self, instant: int) -> datetime:
        return (_EPOCH + timedelta(milliseconds=min(instant, HORIZON))).astimezone(self._zone)

    def _instant(self, local: datetime) -> int:
        """The later of the two instants that a local time can mean."""
        aware = local.replace(tzinfo=self._zone)
        return max((aware.replace(fold=fold) - _EPOCH) // _MS for fold in (0, 1))


@cache
def office_time(zone: str, calendar: Calendar, holidays: int) -> OfficeTime:
    """The one ``OfficeTime`` of these rules."""
    return OfficeTime(zone, calendar, holidays)
