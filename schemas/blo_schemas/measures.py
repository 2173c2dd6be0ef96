"""Quantities with the unit in which they were reported (DOMAIN §4).

Units are never converted: a block (bánh) of heroin has been 333 g, 350 g and 179 g in reports.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Annotated

import msgspec

from blo_schemas.policy import Wire


class Unit(StrEnum):
    """Units of seized goods."""

    KILOGRAM = "kg"
    GRAM = "g"
    MILLILITRE = "ml"
    TABLET = "tablet"  # viên
    BLOCK = "banh"  # bánh
    PLANT = "plant"  # cây
    SQUARE_METRE = "m2"


class Substance(StrEnum):
    """Substances as reports name them."""

    HEROIN = "heroin"
    METHAMPHETAMINE_CRYSTAL = "methamphetamine_crystal"  # ma túy đá
    METHAMPHETAMINE_TABLET = "methamphetamine_tablet"  # hồng phiến
    SYNTHETIC_UNSPECIFIED = "synthetic_unspecified"  # ma túy tổng hợp
    KETAMINE = "ketamine"
    MDMA = "mdma"
    OPIUM = "opium"
    CANNABIS = "cannabis"
    MORPHINE = "morphine"
    COCAINE = "cocaine"


class Seizure(Wire, frozen=True, kw_only=True):
    """An amount of one substance in the unit of the report.

    Attributes:
        substance: What.
        amount: How much; more than zero, at most three decimals are usual.
        unit: In what.
    """

    substance: Substance
    amount: Annotated[Decimal, msgspec.Meta(extra_json_schema={"exclusiveMinimum": 0})]
    unit: Unit

    def __post_init__(self) -> None:
        if not self.amount.is_finite() or self.amount <= 0:
            raise ValueError("amount must be more than zero")


class Arrests(Wire, frozen=True, kw_only=True):
    """Arrested persons of one nationality.

    Attributes:
        count: Persons.
        nationality: ISO 3166-1 alpha-2 in lower case; ``None``: not stated.
    """

    count: Annotated[int, msgspec.Meta(ge=1, le=100_000)]
    nationality: Annotated[str, msgspec.Meta(pattern="^[a-z]{2}$")] | None = None
