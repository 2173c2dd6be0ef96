"""Dates, numbers and spans of time as each language writes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, tzinfo
from typing import Final

from babel.dates import format_date, format_datetime, get_timezone_name
from babel.numbers import format_decimal
from markupsafe import Markup

from blo_desk.languages import catalog, locale_of
from blo_schemas.instants import local

MOMENTS: Final[Mapping[str, str]] = {
    "en": "d MMM yyyy, HH:mm",
    "vi": "HH:mm dd/MM/yyyy",
    "lo": "dd/MM/yyyy HH:mm",
    "zh": "yyyy年M月d日 HH:mm",
}
"""An instant by the clock of 24 hours and the year in four digits, as official letters have it."""

DAYS: Final[Mapping[str, str]] = {
    "en": "d MMM yyyy",
    "vi": "dd/MM/yyyy",
    "lo": "dd/MM/yyyy",
    "zh": "yyyy年M月d日",
}
_MINUTE_MS: Final = 60_000
_HOUR: Final = 60
_DAY: Final = 24 * 60


def number(value: int, language: str) -> str:
    """A number with the language's separators."""
    return str(format_decimal(value, locale=locale_of(language)))


def day(value: date, language: str) -> str:
    """A calendar date."""
    return str(format_date(value, DAYS[language], locale=locale_of(language)))


def moment_text(at: int | datetime, language: str, zone: tzinfo) -> str:
    """An instant by a zone's clocks, without the zone's name."""
    shown = at.astimezone(zone) if isinstance(at, datetime) else local(at, zone)
    return str(format_datetime(shown, MOMENTS[language], locale=locale_of(language)))


def moment(at: int | datetime, language: str, zone: tzinfo) -> Markup:
    """An instant as a ``time`` element: by the zone's clocks; hovering shows UTC.

    Args:
        at: The instant, Unix milliseconds, or with its zone.
        language: The reader's language.
        zone: The office's zone.
    """
    utc = at.astimezone(UTC) if isinstance(at, datetime) else local(at)
    return Markup('<time datetime="{}" title="{:%Y-%m-%d %H:%M:%S} UTC">{}</time>').format(
        utc.isoformat(timespec="seconds"), utc, moment_text(at, language, zone)
    )


def zone_name(at: int, language: str, zone: tzinfo) -> str:
    """A zone as a language calls it, with its distance from UTC at an instant."""
    shown = local(at, zone)
    distance = f"UTC{shown:%z}"[:6]
    return f"{get_timezone_name(shown, locale=locale_of(language))} ({distance})"


def span(ms: int, language: str) -> str:
    """A span of time in its two largest units: ``2 h 10 min``, ``1 day``.

    Args:
        ms: The span in milliseconds; its sign does not show.
        language: The reader's language.
    """
    minutes = abs(ms) // _MINUTE_MS
    ngettext: Callable[[str, str, int], str] = catalog(language).ngettext
    days, hours, rest = minutes // _DAY, minutes % _DAY // _HOUR, minutes % _HOUR
    units = [
        (days, ngettext("%(num)s day", "%(num)s days", days)),
        (hours, ngettext("%(num)s h", "%(num)s h", hours)),
        (rest, ngettext("%(num)s min", "%(num)s min", rest)),
    ]
    first = next((at for at, (count, _) in enumerate(units) if count), 2)
    parts = [
        text % {"num": number(count, language)} for count, text in units[first : first + 2] if count
    ]
    return " ".join(parts or [units[2][1] % {"num": number(0, language)}])
