"""Answers of the office's API, as JSON; instants are RFC 3339 in UTC."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

import msgspec

from blo_agent.api.alert_types import AlertAnswer, ClockAnswer, DifferenceAnswer
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
    ``unsent_because`` says in words why nothing can be sent now: Kafka is away, or the clock is
    wrong; it is empty while all goes out.
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
    unsent_because: str = ""


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


class CasesAnswer(msgspec.Struct, frozen=True):
    """A page of cases; ``next`` is the cursor of the next page, ``None``: there is none."""

    cases: list[CaseAnswer]
    next: str | None


class ReceiptAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """One stage that an event has reached at an office, and what proves it.

    Attributes:
        stage: ``sent``, ``delivered``, ``opened``, ``acknowledged`` or ``answered``.
        office: Whose signature proves it: of ``sent`` its writer's.
        at: When: of ``sent`` the log's time, else when that office signed it.
        position: Of ``sent``: where it stands in the log.
        event: The event whose signature proves it.
        head: The signed head that proves it, for ``GET /v1/links/{link}/heads/{head}``.
    """

    stage: str
    office: str
    at: datetime
    position: int | None = None
    event: str | None = None
    head: str | None = None


class SignedHeadAnswer(msgspec.Struct, frozen=True):
    """A signed head that is the receipt for some records of a link.

    Attributes:
        head: Its id: SHA-256 of the bytes that were signed.
        office: Who signed it.
        size: How many records it covers.
        at: When its office signed it.
        signed: The head with its signature (docs/wire-format.md §6); base64 in JSON.
    """

    head: str
    office: str
    size: int
    at: datetime
    signed: bytes


class EventAnswer(msgspec.Struct, frozen=True):
    """One accepted event of a case; contents only where they could be opened.

    ``content`` says what became of the content: ``opened``; ``closed``: not opened, or not yet;
    ``shredded``; ``none``: the step has none; ``withheld``: the store was restored, and until the
    log was read nobody knows what is shredded. ``receipts`` say how far it has come at the other
    offices of the link, in rising order. ``handling`` has the sentences about handling that stand on
    every view of the document (H0 to H3, who else may be given it).
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
    receipts: list[ReceiptAnswer] = []
    handling: tuple[str, ...] = ()


class RejectedAnswer(msgspec.Struct, frozen=True):
    """One rejected event of a case, with the reason in words."""

    event: str
    office: str | None
    position: int
    step: str | None
    reason: str
    words: str


class UnderWayAnswer(msgspec.Struct, frozen=True):
    """One event of this office in a case that was not read back from the log yet.

    Attributes:
        event: Its id.
        step: What it does.
        at: When it was accepted.
        state: ``accepted``: it waits for the line; ``appended``: the broker has it.
        position: Where the broker says that it stands.
    """

    event: str
    step: str
    at: datetime
    state: str = "accepted"
    position: int | None = None


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
