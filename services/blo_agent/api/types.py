"""What the office's API takes and gives, as JSON."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import msgspec

from blo_schemas.content import Dispatch, Line, Text
from blo_schemas.event import UnixMs

Word = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Hex32 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]


class Request(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of everything that is posted; unknown fields are errors."""


class Corrects(Request, frozen=True):
    """Which earlier step of the same office is corrected: the nth of its name, from 1."""

    step: Word
    nth: Annotated[int, msgspec.Meta(ge=1)] = 1


class CommandRequest(Request, frozen=True):
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


class DisclosureRequest(Request, frozen=True, rename={"first": "from", "last": "to"}):
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


class LineRequest(Request, frozen=True):
    """Takes the line up or down."""

    up: bool


class ClockRequest(Request, frozen=True):
    """Sets the simulated clock, Unix milliseconds."""

    now: UnixMs


class AcceptedAnswer(msgspec.Struct, frozen=True):
    """A command that is on disk and will be sent."""

    event: str
    case: str
    oseq: int
    expected_version: int


class RefusedAnswer(msgspec.Struct, frozen=True):
    """A command that was not accepted: the reason from the closed list, and words."""

    refused: str
    words: str


class ErrorAnswer(msgspec.Struct, frozen=True):
    """A request that makes no sense."""

    error: str


class HeadAnswer(msgspec.Struct, frozen=True):
    """An office's newest head on a link."""

    office: str
    size: int
    unopened: int
    at: int
    log_hash: str
    view_digest: str


class CountsAnswer(msgspec.Struct, frozen=True):
    """Verdicts since the first record; ``appended`` are the office's own records."""

    appended: int
    accepted: int
    crossed: int
    duplicates: int
    rejected: dict[str, int]


class RefusedCheckpoint(msgspec.Struct, frozen=True):
    """A witness's checkpoint that this office refused; ``notes`` are what shows why."""

    witness: str
    size: int
    at: int
    words: str
    notes: list[str]


class LinkAnswer(msgspec.Struct, frozen=True):
    """A link as the office knows it; ``cosigned`` is the largest tree that it has cosigned."""

    link: str
    corridor: str
    partition: int
    role: str
    size: int
    high_watermark: int
    log_hash: str
    view_digest: str
    pending: int
    unopened: int
    parked: int
    halted: str | None
    heads: list[HeadAnswer]
    counts: CountsAnswer
    cosigned: int
    refused_checkpoints: list[RefusedCheckpoint]


class CaseAnswer(msgspec.Struct, frozen=True):
    """A case's view."""

    case: str
    link: str
    kind: str
    state: str
    version: int
    urgency: str
    opener: str
    opened_at: int
    paused: bool
    crossed: int
    position: int
    log_time: int
    may_do: list[str]


class EventAnswer(msgspec.Struct, frozen=True):
    """One accepted event of a case; contents only where they could be opened."""

    event: str
    step: str
    office: str
    version: int
    position: int
    at: int
    log_time: int
    crossed: bool
    superseded: bool
    on: date | None
    reason: str | None
    dispatch: Dispatch | None
    body: dict[str, object] | None


class RejectedAnswer(msgspec.Struct, frozen=True):
    """One rejected event of a case, with the reason in words."""

    event: str
    office: str | None
    position: int
    step: str | None
    reason: str
    words: str


class UnderWayAnswer(msgspec.Struct, frozen=True):
    """One event of this office in a case that was not read back from the log yet."""

    event: str
    step: str
    at: int


class CaseHistory(msgspec.Struct, frozen=True):
    """A case with everything that happened in it.

    Attributes:
        view: The case as the log says; ``None`` while the log does not have its opening, or not
            everything in it could be opened.
        events: Its accepted events.
        rejected: Its rejected events.
        under_way: This office's events that wait for the line.
    """

    view: CaseAnswer | None
    events: list[EventAnswer]
    rejected: list[RejectedAnswer]
    under_way: list[UnderWayAnswer]


class EventStatus(msgspec.Struct, frozen=True):
    """How far an event has come.

    Attributes:
        event: Its id; another than was asked for if the event had to be sealed anew.
        state: ``accepted`` (on disk here), ``appended`` (in the log), ``read`` (read back),
            ``delivered`` (some counterpart's head covers it), ``opened`` (all counterparts have
            read and opened it).
        verdict: The verdict, once it was read back.
        delivered: Offices whose signed head covers it.
        opened: Those of them that could open it.
    """

    event: str
    state: str
    verdict: str | None
    delivered: list[str]
    opened: list[str]


class DisclosureAnswer(msgspec.Struct, frozen=True):
    """A signed disclosure.

    Attributes:
        disclosure: Its bytes, for ``blo audit bundle --disclose``; base64 in JSON.
        events: How many events it opens.
        closed: How many were meant too, but are closed here: not granted yet, or shredded.
    """

    disclosure: bytes
    events: int
    closed: int


class ReplayAnswer(msgspec.Struct, frozen=True):
    """The result of a replay from the first record."""

    size: int
    equal: bool
    live_digest: str
    rebuilt_digest: str
    records: int
    verified: int
    rejected: dict[str, int]
