"""Quantities with the unit in which they were reported (docs/domain.md §4).

Units are never converted: a block (bánh) of heroin has been 333 g, 350 g and 179 g in reports.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Final

import msgspec

from blo_schemas.fields import MapStruct

MAX_AMOUNT: Final = Decimal(10) ** 9
MAX_DECIMALS: Final = 6

Nationality = Annotated[str, msgspec.Meta(pattern=r"^[a-z]{2}$(?!\n)")]
"""ISO 3166-1 alpha-2 in lower case."""


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


class Seizure(MapStruct, frozen=True, kw_only=True):
    """An amount of one substance in the unit of the report.

    Attributes:
        substance: What.
        amount: How much; more than zero, with at most six decimals. It is kept in its shortest
            form, so that 38 and 38.0 are the same bytes.
        unit: In what.
    """

    substance: Substance
    amount: Decimal
    unit: Unit

    def __post_init__(self) -> None:
        if not self.amount.is_finite() or not 0 < self.amount < MAX_AMOUNT:
            raise ValueError("amount must be more than zero and less than a thousand million")
        if self.amount != round(self.amount, MAX_DECIMALS):
            raise ValueError("amount has more than six decimals")
        msgspec.structs.force_setattr(self, "amount", _shortest(self.amount))


def _shortest(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal(1)) if amount == int(amount) else amount.normalize()


class Arrests(MapStruct, frozen=True, kw_only=True):
    """Arrested persons of one nationality.

    Attributes:
        count: Persons.
        nationality: ISO 3166-1 alpha-2 in lower case; ``None``: not stated.
    """

    count: Annotated[int, msgspec.Meta(ge=1, le=100_000)]
    nationality: Nationality | None = None
