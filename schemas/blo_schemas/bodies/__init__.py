"""The bodies: what each step of each kind of exchange says (docs/domain.md §2).

A body lies encoded inside the sealed content (``blo_schemas.content``), with the version of its
schema. ``catalogue`` says which struct belongs to which kind and step, ``upcast`` how old versions
are read, ``convert`` how people write them as JSON.
"""

from __future__ import annotations

from blo_schemas.bodies.catalogue import BODIES
from blo_schemas.bodies.common import NoFields
from blo_schemas.bodies.convert import KIND_WORDS, STEP_WORDS, body_from_json
from blo_schemas.bodies.steps import Correction
from blo_schemas.bodies.upcast import BodyRegistry, BodySchema, OlderSchema
from blo_schemas.fields import MapStruct
from blo_schemas.summary import Kind, Step


def body_type(
    kind: Kind, step: Step, version: int | None = None, *, registry: BodyRegistry = BODIES
) -> type[MapStruct]:
    """The struct of a step's body; without ``version``, the current one.

    Raises:
        WrongType: The kind has no such step.
        UnknownVersion: There is no such version.
    """
    schema = registry.schema(kind, step)
    return schema.current if version is None else schema.type_of(version)


def body_version(kind: Kind, step: Step, *, registry: BodyRegistry = BODIES) -> int:
    """The version in which a step's body is written today.

    Raises:
        WrongType: The kind has no such step.
    """
    return registry.schema(kind, step).version


def decode_body(
    kind: Kind, step: Step, version: int, data: bytes, *, registry: BodyRegistry = BODIES
) -> MapStruct:
    """Reads a body strictly, and lifts it to the current version.

    Raises:
        WireError: One of its subclasses, which names the defect.
    """
    return registry.schema(kind, step).decode(version, data)


__all__ = [
    "BODIES",
    "KIND_WORDS",
    "STEP_WORDS",
    "BodyRegistry",
    "BodySchema",
    "Correction",
    "NoFields",
    "OlderSchema",
    "body_from_json",
    "body_type",
    "body_version",
    "decode_body",
]
