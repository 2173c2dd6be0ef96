"""What is posted to the office's API, as JSON."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import msgspec

from blo_domain.commands import MAX_NTH
from blo_schemas.content import Dispatch
from blo_schemas.fields import Line, Text, UnixMs
from blo_schemas.instants import check_business_day

Word = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Hex32 = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}$(?!\n)")]
Nth = Annotated[int, msgspec.Meta(ge=1, le=MAX_NTH)]


class StrictRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of everything that is posted; unknown fields are errors, and so are impossible days."""

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            value = getattr(self, name)
            if isinstance(value, date):
                check_business_day(name, value)


class Corrects(StrictRequest, frozen=True):
    """Which earlier step of the same office is corrected: the nth of its name, from 1."""

    step: Word
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
        due: Stated due date, Unix milliseconds.
        dispatch: The common fields.
        body: The fields of the kind and step. For ``supersede``, all fields of the corrected step
            with their new values, as they are or as ``{"corrects": STEP, "fields": {...}}``.
        corrects: What a ``supersede`` corrects; may be left out if ``body`` says it.
        pause_ground: Why a clock is to stand still.
        actor: Who wants it.
        at: The scenario's time, Unix milliseconds; only with simulated time.
    """

    link: Word
    step: Word
    on: date
    case: Hex32 | None = None
    kind: Word | None = None
    urgency: Word | None = None
    reason: Text | None = None
    due: UnixMs | None = None
    dispatch: Dispatch | None = None
    body: dict[str, object] = {}
    corrects: Corrects | None = None
    pause_ground: Word | None = None
    actor: Word = "duty-officer"
    at: UnixMs | None = None


class DisclosureRequest(StrictRequest, frozen=True, rename={"first": "from", "last": "to"}):
    """Which events are to be disclosed: a case, single events, or a period of business dates.

    Attributes:
        reason: Why, for the journal.
        recipient: For whom, for the journal.
        case: All opened events of this case, id in hex.
        events: These events, ids in hex.
        first: All opened events from this business date on.
        last: The last business date.
        actor: Who discloses.
    """

    reason: Line
    recipient: Line
    case: Hex32 | None = None
    events: tuple[Hex32, ...] = ()
    first: date | None = None
    last: date | None = None
    actor: Word = "duty-officer"


class ResumeRequest(StrictRequest, frozen=True):
    """Lifts the halts of a link.

    Attributes:
        reason: Why, for the journal.
        actor: Who lifts them.
    """

    reason: Line
    actor: Word


class LineRequest(StrictRequest, frozen=True):
    """Takes the line up or down."""

    up: bool


class ClockRequest(StrictRequest, frozen=True):
    """Sets the simulated clock, Unix milliseconds."""

    now: UnixMs


class ReportRequest(StrictRequest, frozen=True):
    """Asks for a report of a period of business dates, both days included."""

    first: Annotated[date, msgspec.Meta(description="First business date")]
    last: date
    actor: Word


class StepRequest(StrictRequest, frozen=True):
    """Who takes a further step with a report."""

    actor: Word
