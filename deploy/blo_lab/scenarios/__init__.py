"""Shipped scenarios, and the generators that write them.

``python -m blo_lab.scenarios.year003`` prints the file; a test compares the two.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Final

__all__ = ["YEAR_OF_SEED_003"]

YEAR_OF_SEED_003: Final = Path(str(files(__name__))) / "year-of-seed-003.jsonl"
"""The year 2024-11-01 to 2025-10-31 of seed 003 (DOMAIN §5)."""
