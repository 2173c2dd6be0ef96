"""msgspec's error texts, as this version of it writes them."""

from __future__ import annotations

from enum import Enum

import msgspec
import pytest

from blo_schemas.mismatch import Mismatch, fields_at, read_mismatch, steps, without_quotes


class Colour(Enum):
    RED = "red"


class Place(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    colour: Colour = Colour.RED


class Country(msgspec.Struct, forbid_unknown_fields=True):
    places: list[Place] = []
    by_name: dict[str, Place] = {}


def mismatch(value: object) -> Mismatch:
    with pytest.raises(msgspec.ValidationError) as error:
        msgspec.convert(value, Country)
    return read_mismatch(str(error.value))


def test_a_field_is_named_by_its_path() -> None:
    assert mismatch({"places": [{"name": 1}]})[1:] == (".places[0].name", "", "", "`str`", "`int`")
    assert mismatch({"places": [{}]}).field == "places[0].name"
    assert mismatch({"other": 1}).field == "other"
    assert mismatch({"by_name": {"a": {"name": "b", "x": 1}}}).path == ".by_name[...]"
    assert mismatch({"by_name": {1: 2}}).path == ".by_name"


def test_an_unknown_field_cannot_pretend_to_be_elsewhere() -> None:
    assert mismatch({"places": [{"x - at `$.by_name": 1, "name": "a"}]}).path == ".places[0]"


def test_without_quotes_nothing_that_was_read_is_left() -> None:
    for value in ({"places": [{"name": "a", "secret - at `$": 1}]}, {"secret - at `$.x` y": 1}):
        with pytest.raises(msgspec.ValidationError) as error:
            msgspec.convert(value, Country)
        assert "secret" not in without_quotes(str(error.value))
    with pytest.raises(msgspec.ValidationError) as error:
        msgspec.convert({"places": [{"name": "a", "colour": "secret"}]}, Country)
    assert without_quotes(str(error.value)) == "Invalid enum value - at `$.places[0].colour`"


def test_a_path_leads_to_the_type_that_is_expected_there() -> None:
    assert steps('places[0]."a b".name') == ["places", 0, "a b", "name"]
    assert [field.name for field in fields_at(Country, ".places[0]")] == ["name", "colour"]
    assert [field.name for field in fields_at(Country, "by_name.any")] == ["name", "colour"]
    assert fields_at(Country, "nowhere") == ()
