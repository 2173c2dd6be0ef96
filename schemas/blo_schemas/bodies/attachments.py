"""Every attachment that a content names: in its dispatch, and in its body."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from blo_schemas.bodies.catalogue import BODIES
from blo_schemas.bodies.steps import Correction
from blo_schemas.content import Attachment, Content
from blo_schemas.errors import WireError
from blo_schemas.summary import Kind, Step


def attachments_in(value: object) -> Iterator[Attachment]:
    """The attachments inside a struct, wherever they stand in it."""
    if isinstance(value, Attachment):
        yield value
    elif isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            yield from attachments_in(getattr(value, name))
    elif isinstance(value, tuple):
        for item in value:
            yield from attachments_in(item)


def attachments_of(kind: Kind, step: Step, content: Content) -> tuple[Attachment, ...]:
    """The attachments of an event's content, those of a corrected body included.

    A body that can't be read names none.
    """
    named = list(attachments_in(content.dispatch))
    try:
        body = BODIES.schema(kind, step).decode(content.body_version, content.body)
        if isinstance(body, Correction):
            body = BODIES.schema(kind, body.corrects).decode(body.body_version, body.body)
    except WireError:
        return tuple(named)
    return (*named, *attachments_in(body))
