"""Instants as people read them: by the clocks of their own zone, with UTC beside it."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from blo_schemas.instants import local


class InstantText:
    """Writes instants in a zone.

    Args:
        zone: The reader's zone.
    """

    def __init__(self, zone: ZoneInfo) -> None:
        self.zone = zone

    @property
    def name(self) -> str:
        """The zone's name."""
        return str(self.zone.key)

    def of(self, at: int) -> str:
        """An instant in Unix milliseconds.

        As ``2025-03-01 07:30:00 Asia/Vientiane (00:30:00 UTC)``; with the date in UTC if it differs.
        """
        in_utc = local(at)
        shown = local(at, self.zone)
        utc = f"{in_utc:%Y-%m-%d %H:%M:%S} UTC"
        if shown.utcoffset() == in_utc.utcoffset():
            return utc
        if shown.date() == in_utc.date():
            utc = f"{in_utc:%H:%M:%S} UTC"
        return f"{shown:%Y-%m-%d %H:%M:%S} {self.name} ({utc})"
