"""Bodies from JSON objects, as scenario files and the API write them (``docs/scenarios.md``)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import MAXYEAR, MINYEAR
from typing import Final

from msgspec import inspect

from blo_schemas.bodies.catalogue import BODIES
from blo_schemas.bodies.steps import Correction
from blo_schemas.bodies.upcast import BodyRegistry
from blo_schemas.codec import encode
from blo_schemas.errors import WireError, WrongType
from blo_schemas.fields import MapStruct
from blo_schemas.mismatch import alternative, read_mismatch, type_at
from blo_schemas.summary import Kind, Step
from blo_schemas.texts import from_object

STEP_WORDS: Final[Mapping[str, Step]] = {step.word: step for step in Step}
KIND_WORDS: Final[Mapping[str, Kind]] = {kind.word: kind for kind in Kind}

_NO_UTC: Final = "date value out of range"
"""What Python says of a time that its offset moves beyond the calendar."""

_CORRECTION_KEYS: Final = frozenset({"corrects", "nth", "fields"})


def body_from_json(
    kind: Kind, step: Step, obj: object, *, registry: BodyRegistry = BODIES
) -> MapStruct:
    """The body that a decoded JSON object says, in its current version.

    A correction is written as ``{"corrects": STEP, "fields": {...}}``, with all fields of the
    corrected step; ``nth`` beside them says which of several such steps is meant and belongs to
    the command, not to the body.

    Raises:
        WrongType: The kind has no such step, or the object doesn't fit; the message names the
            field and what was expected.
    """
    schema = registry.schema(kind, step)
    what = f"{kind.word} {step.word}"
    if schema.current is Correction:
        return _correction(kind, obj, what, registry)
    try:
        body = from_object(obj, schema.current)
        # Once it is signed, what no reader can decode would be unopenable for all of them.
        schema.decode(schema.version, encode(body))
    except WireError as error:
        raise WrongType(what, _words(error.detail, schema.current)) from None
    return body


def _correction(kind: Kind, obj: object, what: str, registry: BodyRegistry) -> Correction:
    if not isinstance(obj, dict) or not obj.keys() <= _CORRECTION_KEYS:
        raise WrongType(what, 'fields: expected {"corrects": step, "fields": {...}}')
    corrected = STEP_WORDS.get(str(obj.get("corrects")))
    if corrected is None or corrected is Step.SUPERSEDE:
        raise WrongType(what, "fields.corrects: expected the step that was reported")
    body = body_from_json(kind, corrected, obj.get("fields", {}), registry=registry)
    version = registry.schema(kind, corrected).version
    return Correction(corrects=corrected, body=encode(body), body_version=version)


def _words(text: str, body: type[MapStruct]) -> str:
    """The field's path and what was expected there, from msgspec's message."""
    if text == _NO_UTC:
        return f"fields: a time lies outside of the years {MINYEAR} to {MAXYEAR} UTC"
    problem = read_mismatch(text)
    text = problem.text
    words = alternative(type_at(body, problem.path), inspect.EnumType)
    if words is not None and "enum value" in text:
        text += f", expected one of {', '.join(str(word.value) for word in words.cls)}"
    return f"fields{problem.path}: {text[:1].lower()}{text[1:]}"
