"""The registry of bodies, and how old versions are lifted to the current one."""

from __future__ import annotations

import pytest

from blo_schemas.bodies import (
    BODIES,
    BodyRegistry,
    BodySchema,
    NoFields,
    OlderSchema,
    body_from_json,
    body_type,
    body_version,
    decode_body,
)
from blo_schemas.bodies.common import Body
from blo_schemas.bodies.operations import Patrol, PatrolDone
from blo_schemas.bodies.steps import Correction
from blo_schemas.codec import encode
from blo_schemas.errors import NotCanonical, UnknownVersion, WrongType
from blo_schemas.fields import MapStruct
from blo_schemas.summary import Kind, Step


class DoneV1(Body, frozen=True, kw_only=True):
    """As a first version might have been: soldiers only."""

    soldiers: int


class DoneV2(Body, frozen=True, kw_only=True):
    """As a second version might have been: all who walked."""

    walked: int


def lift_1(old: DoneV1) -> MapStruct:
    return DoneV2(walked=old.soldiers)


def lift_2(old: DoneV2) -> MapStruct:
    return PatrolDone(headcount=old.walked)


@pytest.fixture
def third_version() -> BodyRegistry:
    schema = BodySchema(PatrolDone, (OlderSchema(DoneV1, lift_1), OlderSchema(DoneV2, lift_2)))
    return BODIES.with_schema(Kind.PATROL, Step.COMPLETE, schema)


def test_every_kind_has_a_body_for_its_opening() -> None:
    assert all((kind, Step.OPEN) in set(BODIES) for kind in Kind)


def test_every_step_belongs_to_some_kind() -> None:
    assert {step for _, step in BODIES} == set(Step)


def test_a_step_without_fields_has_the_empty_body() -> None:
    assert body_type(Kind.PATROL, Step.WITHDRAW) is NoFields
    assert encode(NoFields()) == b"\x80"


def test_a_step_that_the_kind_does_not_have_has_no_body() -> None:
    with pytest.raises(WrongType, match="a patrol has no step arrest"):
        decode_body(Kind.PATROL, Step.ARREST, 1, b"\x80")


def test_the_current_version_is_the_first_one_there_is() -> None:
    assert body_version(Kind.PATROL, Step.OPEN) == 1
    assert body_type(Kind.PATROL, Step.OPEN) is body_type(Kind.PATROL, Step.OPEN, 1) is Patrol


@pytest.mark.parametrize("version", [0, 2, 127])
def test_an_unknown_version_is_named(version: int) -> None:
    with pytest.raises(UnknownVersion, match=f"version {version}; this program knows 1"):
        decode_body(Kind.PATROL, Step.OPEN, version, b"\x80")


def test_an_old_body_is_lifted_through_every_version_in_between(
    third_version: BodyRegistry,
) -> None:
    patrol = (Kind.PATROL, Step.COMPLETE)
    for version, old in [(1, DoneV1(soldiers=9)), (2, DoneV2(walked=9))]:
        lifted = decode_body(*patrol, version, encode(old), registry=third_version)
        assert lifted == PatrolDone(headcount=9)
    current = PatrolDone(headcount=9)
    assert decode_body(*patrol, 3, encode(current), registry=third_version) == current
    assert body_version(*patrol, registry=third_version) == 3


def test_an_old_body_is_read_as_strictly_as_a_new_one(third_version: BodyRegistry) -> None:
    wide = b"\x81\xa8soldiers\xcc\x09"
    with pytest.raises(NotCanonical):
        decode_body(Kind.PATROL, Step.COMPLETE, 1, wide, registry=third_version)


def test_a_body_of_one_version_is_no_body_of_another(third_version: BodyRegistry) -> None:
    old = encode(DoneV1(soldiers=9))
    with pytest.raises(WrongType):
        decode_body(Kind.PATROL, Step.COMPLETE, 3, old, registry=third_version)


def test_a_registry_with_another_schema_leaves_the_default_one_alone(
    third_version: BodyRegistry,
) -> None:
    assert len(third_version) == len(BODIES)
    assert body_version(Kind.PATROL, Step.COMPLETE) == 1


def test_a_registry_does_not_see_later_changes_of_what_it_was_built_from() -> None:
    schemas = {(Kind.PATROL, Step.OPEN): BodySchema(Patrol)}
    registry = BodyRegistry(schemas)
    schemas[Kind.PATROL, Step.CLOSE] = BodySchema(NoFields)
    assert list(registry) == [(Kind.PATROL, Step.OPEN)]


def test_more_versions_than_the_frame_can_name_are_refused() -> None:
    with pytest.raises(ValueError, match="at most 127"):
        BodySchema(PatrolDone, (OlderSchema(DoneV1, lift_1),) * 127)


PATROL = {"code": "TT-1", "marker_from": "363", "marker_to": "425/1"}


def test_a_json_object_becomes_a_body() -> None:
    body = body_from_json(Kind.PATROL, Step.OPEN, {**PATROL, "leaders": ["Người dẫn đầu"]})
    assert body == Patrol(
        code="TT-1", marker_from="363", marker_to="425/1", leaders=("Người dẫn đầu",)
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"code": 7}, "fields.code: expected `str`, got `int`"),
        ({"colour": "red"}, "fields: object contains unknown field `colour`"),
        ({"leaders": ["a", None]}, "fields.leaders[1]: expected `str`, got `null`"),
        ({"marker_to": "363/1\n"}, "fields.marker_to: expected `str` matching regex"),
        ({"headcount": 0}, "fields.headcount: expected `int` >= 1"),
        (
            {"level": "village"},
            "fields.level: invalid enum value 'village', expected one of post, district, branch, ",
        ),
    ],
)
def test_a_wrong_field_is_named_with_what_was_expected(
    change: dict[str, object], message: str
) -> None:
    with pytest.raises(WrongType) as refused:
        body_from_json(Kind.PATROL, Step.OPEN, PATROL | change)
    assert message in str(refused.value)


def test_a_missing_field_is_named() -> None:
    with pytest.raises(WrongType, match=r"patrol complete: fields: .*missing.*`headcount`"):
        body_from_json(Kind.PATROL, Step.COMPLETE, {})


def test_a_wrong_word_deep_inside_is_named_with_its_alternatives() -> None:
    seizure = {"substance": "heroin", "amount": 8, "unit": "pound"}
    with pytest.raises(WrongType) as refused:
        body_from_json(Kind.JOINT_CASE, Step.PHASE_REPORT, {"phase": 1, "seizures": [seizure]})
    assert "fields.seizures[0].unit: invalid enum value 'pound', expected one of kg, g," in str(
        refused.value
    )


def test_a_wrong_word_in_a_field_that_may_be_left_out_is_named_too() -> None:
    person = {"name": "A (fictional)", "sex": "unknown"}
    with pytest.raises(WrongType, match=r"fields\.citizen\.sex: .* female, male, other"):
        body_from_json(Kind.RESIDENCE_REFUSED, Step.OPEN, {"citizen": person})


def test_a_time_that_no_clock_shows_is_refused() -> None:
    fields = {"gate": "Nậm Cắn", "time": "0001-01-01T00:00:00+14:00"}
    with pytest.raises(WrongType, match="outside of the years"):
        body_from_json(Kind.HANDOVER, Step.SCHEDULE, fields)


def test_a_correction_carries_the_whole_new_body_of_the_step() -> None:
    said = {"corrects": "complete", "nth": 1, "fields": {"headcount": 12}}
    body = body_from_json(Kind.PATROL, Step.SUPERSEDE, said)
    assert body == Correction(
        corrects=Step.COMPLETE, body=encode(PatrolDone(headcount=12)), body_version=1
    )


def test_a_correction_is_written_in_the_current_version(third_version: BodyRegistry) -> None:
    said = {"corrects": "complete", "fields": {"headcount": 12}}
    body = body_from_json(Kind.PATROL, Step.SUPERSEDE, said, registry=third_version)
    assert isinstance(body, Correction)
    assert body.body_version == 3


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ([], "expected {"),
        ({"corrects": "complete", "field": {}}, "expected {"),
        ({"fields": {}}, "fields.corrects: expected the step"),
        ({"corrects": "supersede", "fields": {}}, "fields.corrects: expected the step"),
        ({"corrects": "arrest", "fields": {}}, "a patrol has no step arrest"),
        ({"corrects": "complete", "fields": {"headcount": "12"}}, "fields.headcount: expected"),
    ],
)
def test_a_correction_that_does_not_fit_is_refused(said: object, message: str) -> None:
    with pytest.raises(WrongType) as refused:
        body_from_json(Kind.PATROL, Step.SUPERSEDE, said)
    assert message in str(refused.value)


def test_a_correction_of_a_correction_still_names_the_reported_step() -> None:
    with pytest.raises(ValueError, match="the step that was reported"):
        Correction(corrects=Step.SUPERSEDE, body=b"", body_version=1)
