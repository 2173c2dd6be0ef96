"""Types of parameters that several commands share."""

from __future__ import annotations

from datetime import date
from typing import Any

import click

from blo_schemas.errors import WrongType
from blo_schemas.instants import FIRST_DAY, LAST_DAY, is_business_day
from blo_schemas.texts import day_from


class DayParameter(click.ParamType):
    """A business date, as ``2025-03-01``."""

    name = "day"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Reads a date; refuses one on which no office can act."""
        try:
            day = day_from(str(value))
        except WrongType:
            self.fail(f"{value!r} is no date; expected one as 2025-03-01", param, ctx)
        if not is_business_day(day):
            self.fail(f"{day} is not between {FIRST_DAY} and {LAST_DAY}", param, ctx)
        return day


DAY = DayParameter()
