"""A draft's request as a form, and back: the letter, the body of the step, and what it needs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from blo_desk.body_forms import FormField, fields_of, read_fields, read_struct, struct_fields
from blo_desk.reader import Reader
from blo_domain.lifecycle import NEEDS_DISPATCH, NEEDS_REASON, STATES_DUE
from blo_schemas.bodies import STEP_WORDS
from blo_schemas.content import Dispatch
from blo_schemas.errors import WireError
from blo_schemas.instants import local, unix_ms
from blo_schemas.summary import Kind, PauseGround, Step, Urgency
from blo_schemas.texts import moment_from

DISPATCH: Final = "dispatch."
FIELDS: Final = "fields."
_BY_HAND: Final = frozenset({"channel_at", "attachments"})
_OFFSET_FORM: Final = "%Y-%m-%dT%H:%M"
_FILLED: Final = ("on", "urgency", "reason", "due", "ground")
_WITH_DISPATCH: Final = NEEDS_DISPATCH | {Step.INTERIM_REPLY, Step.SUPPLY_INFORMATION}


class DraftForm(NamedTuple):
    """What a form of a draft offers.

    Attributes:
        kind: The kind of the case.
        step: The step.
        letter: The common fields of the document; empty: none travels.
        letter_needed: Whether a document must travel.
        fields: The fields of the body.
        reason_needed: Whether a reason in words must be given.
        has_due: Whether a wanted date may be stated.
        has_urgency: Whether the urgency may be set.
        grounds: The grounds of a pause; empty: it is none.
        values: What is filled in beside: ``on``, ``urgency``, ``reason``, ``due``, ``ground``,
            ``channel_at``.
    """

    kind: Kind
    step: Step
    letter: tuple[FormField, ...]
    letter_needed: bool
    fields: tuple[FormField, ...]
    reason_needed: bool
    has_due: bool
    has_urgency: bool
    grounds: tuple[str, ...]
    values: Mapping[str, str]


def draft_form(reader: Reader, kind: Kind, request: Mapping[str, Any]) -> DraftForm:
    """The form of a draft.

    Args:
        reader: Who fills it in.
        kind: The kind of the case.
        request: What is filled in so far, as ``POST /v1/commands`` takes it.
    """
    step = STEP_WORDS[str(request["step"])]
    letter = request.get("dispatch")
    body = request.get("fields")
    filled = letter if isinstance(letter, dict) else {}
    values = {name: str(request.get(name) or "") for name in _FILLED}
    values["due"] = _wall_clock(reader, values["due"])
    channel_at = filled.get("channel_at")
    values["channel_at"] = (
        f"{local(channel_at, reader.zone):{_OFFSET_FORM}}" if isinstance(channel_at, int) else ""
    )
    return DraftForm(
        kind=kind,
        step=step,
        letter=tuple(
            field._replace(required=field.required and step in NEEDS_DISPATCH)
            for field in struct_fields(Dispatch, DISPATCH, filled, _BY_HAND)
        )
        if step in _WITH_DISPATCH
        else (),
        letter_needed=step in NEEDS_DISPATCH,
        fields=tuple(
            _under(FIELDS, field)
            for field in fields_of(kind, step, body if isinstance(body, dict) else {})
        ),
        reason_needed=step in NEEDS_REASON,
        has_due=step in STATES_DUE,
        has_urgency=step is Step.OPEN,
        grounds=tuple(ground.word for ground in PauseGround) if step is Step.PAUSE else (),
        values=values,
    )


def _under(prefix: str, field: FormField) -> FormField:
    inner = tuple(_under(prefix, one_field) for one_field in field.fields)
    return field._replace(path=prefix + field.path, fields=inner)


def read_draft(
    reader: Reader, kind: Kind, before: Mapping[str, Any], posted: Mapping[str, str]
) -> dict[str, Any]:
    """The request of a draft from what its form has posted.

    Args:
        reader: Who has filled it in.
        kind: The kind of the case.
        before: The request as it was; link, case, kind and step stay.
        posted: The texts of the fields.
    """
    step = STEP_WORDS[str(before["step"])]
    request = {name: before[name] for name in ("link", "case", "kind", "step") if name in before}
    for name in _FILLED:
        if posted.get(name):
            request[name] = posted[name]
    if "due" in request:
        request["due"] = with_offset(reader, str(request["due"]))
    request.setdefault("on", f"{local(reader.now, reader.zone):%Y-%m-%d}")
    body_texts = {
        name.removeprefix(FIELDS): text for name, text in posted.items() if name.startswith(FIELDS)
    }
    request["fields"] = read_fields(kind, step, body_texts, offset_of(reader))
    letter = read_struct(Dispatch, DISPATCH, posted, offset_of(reader))
    letter.pop("channel_at", None)
    channel_at = posted.get(f"{DISPATCH}channel_at", "")
    if channel_at:
        letter["channel_at"] = _instant(reader, channel_at)
    earlier = before.get("dispatch")
    if isinstance(earlier, dict) and earlier.get("attachments"):
        letter["attachments"] = earlier["attachments"]
    if letter.keys() - {"handling", "channel"} or step in NEEDS_DISPATCH:
        request["dispatch"] = letter
    return request


def urgencies() -> tuple[str, ...]:
    """The urgencies, the mildest first."""
    return tuple(urgency.word for urgency in Urgency)


def offset_of(reader: Reader) -> str:
    """The office's present offset from UTC, such as ``+07:00``."""
    text = f"{local(reader.now, reader.zone):%z}"
    return f"{text[:3]}:{text[3:]}"


def with_offset(reader: Reader, text: str) -> str:
    """A time of the office's clocks as RFC 3339; what is none stays, and is refused where it is read."""
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?", text):
        return f"{text}{'' if text.count(':') > 1 else ':00'}{offset_of(reader)}"
    return text


def _instant(reader: Reader, text: str) -> int | str:
    try:
        return unix_ms(moment_from(with_offset(reader, text)))
    except WireError:
        return text


def _wall_clock(reader: Reader, text: str) -> str:
    try:
        return f"{moment_from(text).astimezone(reader.zone):{_OFFSET_FORM}}"
    except WireError:
        return text
