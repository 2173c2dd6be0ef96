"""Answers of the office's API, as JSON; instants are RFC 3339 in UTC."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

import msgspec

from blo_schemas.content import Dispatch
from blo_schemas.instants import local

MAX_REJECTED: Final = 100
"""So many rejected events of a case are shown, the last ones: there can be any number of them."""


def moment(at: int | None) -> datetime | None:
    """An instant of Unix milliseconds as the API shows it."""
    return None if at is None else local(at)


class AcceptedAnswer(msgspec.Struct, frozen=True):
    """A command that is on disk and will be sent."""

    event: str
    case: str
    oseq: int
    expected_version: int


class HeadAnswer(msgspec.Struct, frozen=True):
    """An office's newest head on a link.

    Attributes:
        office: The office.
        size: How many records it has read.
        unopened: How many of them it could not open.
        at: When it signed that.
        heard_at: When it last signed anything: a head of this link, or a heartbeat.
        log_hash: The running hash at ``size``.
        view_digest: Digest of its views there.
    """

    office: str
    size: int
    unopened: int
    at: datetime
    heard_at: datetime
    log_hash: str
    view_digest: str


class ClockAnswer(msgspec.Struct, frozen=True):
    """One round of one clock of a case, as this office works it out of its log.

    Attributes:
        clock: Which clock.
        round: Which round of it.
        standing: ``running``, ``paused``, ``met``, ``missed`` or ``void``.
        owed_by: Whose turn it is.
        due: First instant at which it is late; ``None`` while it stands still.
        due_local: The same in the office's own time zone.
        zone: That time zone.
        late_ms: By how much it was or is late; 0: it is not.
        paused_because: Why it stands still.
        words: For the officer.
    """

    clock: str
    round: int
    standing: str
    owed_by: list[str]
    due: datetime | None
    due_local: str | None
    zone: str
    late_ms: int
    paused_because: list[str]
    words: str


class AlertAnswer(msgspec.Struct, frozen=True):
    """An alert that a processor has signed.

    Attributes:
        alert: Its id.
        processor: Who signed it.
        clock: Which clock of the case; ``None``: it is about the link.
        round: Which round of the clock.
        cause: The rung of the ladder, or what is wrong with the link.
        since: From when it is true.
        due: The deadline as it stood then.
        due_local: The same in the office's own time zone.
        zone: That time zone.
        must_act: Who has to act.
        notified: The offices that are notified.
        holidays: Version of the table of public holidays that it was counted by.
        is_standing: Whether it counts and nothing has cleared it.
        counts: Whether who signed it counts now.
        by_the_rules: Whether this office's log gives the very same; ``None``: can't be told (yet).
        cleared_at: When it was cleared.
        cleared_by: By which step.
        words: For the officer.
    """

    alert: str
    processor: str
    clock: str | None
    round: int
    cause: str
    since: datetime
    due: datetime | None
    due_local: str | None
    zone: str
    must_act: list[str]
    notified: list[str]
    holidays: int
    is_standing: bool
    counts: bool
    by_the_rules: bool | None
    cleared_at: datetime | None
    cleared_by: str | None
    words: str


class OpenAlertAnswer(msgspec.Struct, frozen=True):
    """What stands open for the office: of each clock the highest rung that concerns it.

    Attributes:
        link: On which link.
        case: In which case; ``None``: it is about the link.
        kind: The case's kind, if the case is known here.
        role: ``must_act``, ``notified``, or ``waits``: the office opened the case.
        alert: The alert.
    """

    link: str
    case: str | None
    kind: str | None
    role: str
    alert: AlertAnswer


class DifferenceAnswer(msgspec.Struct, frozen=True):
    """A processor says something else than this office's log; nothing was changed.

    Attributes:
        processor: Which one.
        what: ``case``: its record of it. ``alert``: one that the rules do not give, or not so.
            ``silence``: one that it has not told.
        case: In which case.
        since: When it was found.
        words: For the officer.
    """

    processor: str
    what: str
    case: str
    since: datetime
    words: str


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
    at: datetime
    words: str
    notes: list[str]


class HaltAnswer(msgspec.Struct, frozen=True):
    """Why a link was halted, and who lifted that, if anybody has.

    Attributes:
        at: When it was halted.
        reason: Of the closed list ``HaltReason``.
        words: For people, with what to do.
        evidence: What shows it: signed bytes where there are any.
        resumed_at: When that was lifted; ``None`` while it stands.
        resumed_by: Who lifted it.
        resumed_for: The reason that was given.
    """

    at: datetime
    reason: str
    words: str
    evidence: bytes
    resumed_at: datetime | None
    resumed_by: str | None
    resumed_for: str | None


class ResumedAnswer(msgspec.Struct, frozen=True):
    """How many halts of a link were lifted."""

    lifted: int


class LinkAnswer(msgspec.Struct, frozen=True):
    """A link as the office knows it.

    ``cosigned`` is the largest tree that it has cosigned; ``alerts`` are those about the link
    itself; ``differences`` those of all its cases; ``halts`` all that there ever were.
    """

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
    alerts: list[AlertAnswer]
    differences: list[DifferenceAnswer]
    halts: list[HaltAnswer] = []


class SignedAnswer(msgspec.Struct, frozen=True):
    """One office's consent to a shredding, or its confirmation, and where its event stands."""

    office: str
    event: str | None
    position: int | None


class ShreddingAnswer(msgspec.Struct, frozen=True):
    """The shredding of a case's contents.

    Attributes:
        status: ``proposed``, ``agreed`` (deleted, not confirmed by all yet), ``confirmed``.
        consents: Who wants it.
        confirmations: Who has signed that it has deleted.
        awaited: Who has still to agree, or to confirm.
        words: All that in words.
    """

    status: str
    consents: list[SignedAnswer]
    confirmations: list[SignedAnswer]
    awaited: list[str]
    words: str


class CaseAnswer(msgspec.Struct, frozen=True):
    """A case's view."""

    case: str
    link: str
    kind: str
    state: str
    version: int
    urgency: str
    opener: str
    opened_at: datetime
    paused: bool
    crossed: int
    position: int
    log_time: datetime
    may_do: list[str]
    shredding: ShreddingAnswer | None = None


class EventAnswer(msgspec.Struct, frozen=True):
    """One accepted event of a case; contents only where they could be opened.

    ``content`` says what became of the content: ``opened``; ``closed``: not opened, or not yet;
    ``shredded``; ``none``: the step has none; ``withheld``: the store was restored, and until the
    log was read nobody knows what is shredded.
    """

    event: str
    step: str
    office: str
    version: int
    position: int
    at: datetime
    log_time: datetime
    crossed: bool
    superseded: bool
    on: date | None
    reason: str | None
    dispatch: Dispatch | None
    fields: dict[str, object] | None
    content: str = "opened"


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
    at: datetime


class CaseHistory(msgspec.Struct, frozen=True):
    """A case with everything that happened in it.

    Attributes:
        view: The case as the log says; ``None`` while the log does not have its opening, or not
            everything in it could be opened.
        events: Its accepted events.
        rejected: The last ones of its rejected events, ``MAX_REJECTED`` at most.
        under_way: This office's events that wait for the line.
        clocks: What is due, by whom.
        alerts: What processors have told about it, cleared or not.
        differences: Where a processor says something else than this office's log.
        rejected_total: How many rejected events it has.
    """

    view: CaseAnswer | None
    events: list[EventAnswer]
    rejected: list[RejectedAnswer]
    under_way: list[UnderWayAnswer]
    clocks: list[ClockAnswer]
    alerts: list[AlertAnswer]
    differences: list[DifferenceAnswer]
    rejected_total: int = 0


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
