"""Types of parameters that several commands share."""

from __future__ import annotations

from datetime import date
from typing import Any

import click

from blo_schemas.instants import FIRST_DAY, LAST_DAY, is_business_day


class DayParameter(click.ParamType):
    """A business date, as ``2025-03-01``."""

    name = "day"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Reads a date; refuses one on which no office can act."""
        try:
            day = date.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is no date; expected one as 2025-03-01", param, ctx)
        if not is_business_day(day):
            self.fail(f"{day} is not between {FIRST_DAY} and {LAST_DAY}", param, ctx)
        return day


DAY = DayParameter()
