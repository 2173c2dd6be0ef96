"""Shipped scenarios, and the generators that write them.

``python -m blo_lab.scenarios.year003`` and ``year002`` print the files; tests compare them.
"""

from __future__ import annotations

from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Final, NamedTuple

__all__ = ["SHIPPED", "YEAR_OF_SEED_002", "YEAR_OF_SEED_003", "Shipped"]

YEAR_OF_SEED_002: Final = Path(str(files(__name__))) / "year-of-seed-002.jsonl"
"""The year 2023 of seed 002, and the memorandum of 16 August 2024."""

YEAR_OF_SEED_003: Final = Path(str(files(__name__))) / "year-of-seed-003.jsonl"
"""The year 2024-11-01 to 2025-10-31 of seed 003."""


class Shipped(NamedTuple):
    """A scenario that comes with the lab.

    Attributes:
        file: Its lines.
        network: The name of the shipped network that it is played in.
        first: The first business date of its report.
        last: The last one.
    """

    file: Path
    network: str
    first: date
    last: date


SHIPPED: Final = {
    "2023": Shipped(YEAR_OF_SEED_002, "three-provinces", date(2023, 1, 1), date(2023, 12, 31)),
    "2025": Shipped(YEAR_OF_SEED_003, "articles", date(2024, 11, 1), date(2025, 10, 31)),
}
"""By the year of its report, as ``blo demo --scenario`` takes it."""
