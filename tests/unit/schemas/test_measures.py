"""Amounts keep the unit of the report, and one amount has one form (docs/domain.md §4)."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from blo_schemas.codec import Codec, encode
from blo_schemas.errors import NotCanonical, WrongType
from blo_schemas.measures import Arrests, Seizure, Substance, Unit

SEIZURE = Codec(Seizure)


def heroin(amount: str) -> Seizure:
    return Seizure(substance=Substance.HEROIN, amount=Decimal(amount), unit=Unit.KILOGRAM)


@pytest.mark.parametrize(
    ("written", "kept"),
    [("38.0", "38"), ("18E3", "18000"), ("0.50", "0.5"), ("1E-3", "0.001"), ("8", "8")],
)
def test_an_amount_is_kept_in_its_shortest_form(written: str, kept: str) -> None:
    assert str(heroin(written).amount) == kept
    assert encode(heroin(written)) == encode(heroin(kept))


@pytest.mark.parametrize("amount", ["0", "-1", "NaN", "Infinity", "1E9", "0.0000001"])
def test_an_amount_that_nobody_can_weigh_is_refused(amount: str) -> None:
    with pytest.raises(ValueError, match="amount"):
        heroin(amount)


def test_an_amount_in_a_longer_form_is_not_canonical_on_the_wire() -> None:
    wire = encode({"substance": "heroin", "amount": "38.0", "unit": "kg"})
    with pytest.raises(NotCanonical):
        SEIZURE.decode(wire)


def test_an_amount_may_be_a_number_in_json() -> None:
    said = {"substance": "heroin", "amount": 0.35, "unit": "kg"}
    assert msgspec.convert(said, Seizure) == heroin("0.35")


@pytest.mark.parametrize("nationality", ["LA", "lao", "l", "la\n", ""])
def test_a_nationality_is_two_lower_case_letters(nationality: str) -> None:
    with pytest.raises(WrongType):
        Codec(Arrests).decode(encode({"count": 1, "nationality": nationality}))
