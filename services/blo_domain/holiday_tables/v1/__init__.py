"""Public holidays, version 1: all countries of it. Written by ``deploy/setup/holidays``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from blo_domain.holiday_tables.v1 import from_at, from_dk, from_id, from_mm, from_se

DAYS: Final[Mapping[str, Mapping[int, str]]] = {
    **from_at.DAYS,
    **from_dk.DAYS,
    **from_id.DAYS,
    **from_mm.DAYS,
    **from_se.DAYS,
}
"""The special days of a country's year, as text."""

__all__ = ["DAYS"]
