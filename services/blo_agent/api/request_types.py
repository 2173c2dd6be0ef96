"""Requests of the office's API, as JSON; instants are RFC 3339 with an offset."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Final

import msgspec

from blo_domain.commands import MAX_NTH
from blo_schemas.content import Dispatch
from blo_schemas.fields import Line, Text
from blo_schemas.files import MAX_FILES
from blo_schemas.instants import LAST_INSTANT, check_business_day, local
from blo_schemas.plain_text import control_in
from blo_schemas.text_fields import lines_of

Word = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Hex32 = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[0-9a-f]{64}$(?!\n)",
        description="an id of 64 hexadecimal digits in lower case",
        examples=["5e" * 32],
    ),
]
Hex16 = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[0-9a-f]{32}$(?!\n)",
        description="an id of 32 hexadecimal digits in lower case",
        examples=["5e" * 16],
    ),
]
Instant = Annotated[datetime, msgspec.Meta(tz=True)]
Nth = Annotated[int, msgspec.Meta(ge=1, le=MAX_NTH)]


_FIRST: Final = local(0)
_LAST: Final = local(LAST_INSTANT)


class StrictRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of every request; unknown fields, controls in a line, impossible days are errors."""

    def __post_init__(self) -> None:
        for field, text in lines_of(self):
            if (control := control_in(text)) is not None:
                raise ValueError(f"{field}: is one line of text, and holds {control}")
        for field, name in zip(self.__struct_fields__, self.__struct_encode_fields__, strict=True):
            value = getattr(self, field)
            if isinstance(value, datetime):
                if not _FIRST <= value <= _LAST:
                    raise ValueError(f"{name}: {value} lies before 1970 or after 9999")
            elif isinstance(value, date):
                check_business_day(name, value)


class EmptyRequest(StrictRequest, frozen=True):
    """A request that says nothing beyond its address."""


class CorrectionRequest(msgspec.Struct, frozen=True):
    """Names, in ``fields``, the step that a ``supersede`` corrects: the nth of its name, from 1."""

    corrects: Word
    nth: Nth = 1


class CommandRequest(StrictRequest, frozen=True):
    """A command.

    Attributes:
        link: On which link.
        step: The step's name, e.g. ``answer``.
        on: Business date.
        case: The case's id in hex; left out to open one.
        kind: The kind's name, to open a case.
        urgency: The urgency's name.
        reason: In words.
        due: Stated due date.
        dispatch: The common fields.
        files: The ids of uploaded files that travel with it, at most ten; the node fills in what
            ``dispatch`` says of them.
        fields: The fields of the kind and step. For ``supersede``
            ``{"corrects": STEP, "nth": 1, "fields": {...}}``: which step of this office is
            corrected, and all its fields with their new values.
        ground: Why a clock is to stand still.
        actor: Who acts, where the node's socket stands for the whole office; else left out.
        at: The scenario's time; only with simulated time.
    """

    link: Word
    step: Word
    on: date
    case: Hex32 | None = None
    kind: Word | None = None
    urgency: Word | None = None
    reason: Text | None = None
    due: Instant | None = None
    dispatch: Dispatch | None = None
    files: Annotated[tuple[Hex16, ...], msgspec.Meta(max_length=MAX_FILES)] = ()
    fields: dict[str, object] = {}
    ground: Word | None = None
    actor: Word | None = None
    at: Instant | None = None


class DisclosureRequest(StrictRequest, frozen=True, rename={"first": "from", "last": "to"}):
    """Which events are to be disclosed: a case, single events, or a period of business dates.

    Attributes:
        reason: Why, for the journal.
        recipient: For whom, for the journal.
        case: All opened events of this case, id in hex.
        events: These events, ids in hex.
        first: All opened events from this business date on.
        last: The last business date.
        actor: As for a command.
    """

    reason: Line
    recipient: Line
    case: Hex32 | None = None
    events: tuple[Hex32, ...] = ()
    first: date | None = None
    last: date | None = None
    actor: Word | None = None


class ResumeRequest(StrictRequest, frozen=True):
    """Lifts the halts of a link.

    Attributes:
        reason: Why, for the journal.
        actor: As for a command.
    """

    reason: Line
    actor: Word | None = None


class LineRequest(StrictRequest, frozen=True):
    """Takes the line up or down."""

    up: bool


class ClockRequest(StrictRequest, frozen=True):
    """Sets the simulated clock."""

    now: Instant


class ReportRequest(StrictRequest, frozen=True):
    """Asks for a report of a period of business dates, both days included."""

    first: Annotated[date, msgspec.Meta(description="First business date")]
    last: date
    actor: Word | None = None


class StepRequest(StrictRequest, frozen=True):
    """A further step with a report."""

    actor: Word | None = None
