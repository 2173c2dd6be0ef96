"""Answers of the inbox, as JSON (docs/inbox.md)."""

from __future__ import annotations

from datetime import datetime

import msgspec


class ReceiptStep(msgspec.Struct, frozen=True):
    """How far an event of this office has come at one counterpart.

    Attributes:
        office: The counterpart.
        stage: ``sent``, ``delivered``, ``opened``, ``acknowledged`` or ``answered``: the highest
            stage that something signed proves.
    """

    office: str
    stage: str


class InboxEntry(msgspec.Struct, frozen=True, kw_only=True):
    """What must be done next, by whom, by when.

    Attributes:
        kind: What the entry asks for: ``alarm``, ``overdue``, ``due_soon``, ``to_acknowledge``,
            ``returned_draft``, ``for_approval``, ``approved_draft``, ``to_do``, ``not_opened``,
            ``waiting`` or ``paused``.
        link: The link.
        corridor: The link's corridor.
        case: The case's id; ``None``: it is about the link, or the draft opens one.
        draft: The draft's id, for the kinds of drafts.
        case_kind: The kind of the case, such as ``verification_request``.
        state: The state of the case.
        version: The version of the case.
        step: The step of the draft.
        subject: The subject of the case's first document, where the reader may read contents.
        own_number: This office's number of the matter, where the reader may read contents.
        their_number: The counterpart's number, likewise.
        urgency: ``routine``, ``urgent``, ``very_urgent`` or ``immediate``.
        clock: Which clock runs: ``acknowledge``, ``answer`` or ``confirm``.
        due: First instant at which it is late; ``None``: without a deadline, or it stands still.
        due_local: The same in the office's own time zone.
        zone: That time zone.
        late_ms: By how many milliseconds it is late; 0: it is not.
        owed_by: The offices that have to act; of drafts nobody outside this office.
        is_ours: Whether this office has to act.
        since: From when it stands so: the last step, the last change of the draft, the alarm.
        receipts: How far this office's last event in the case has come, by counterpart.
        words: For the officer.
    """

    kind: str
    link: str
    corridor: str
    case: str | None = None
    draft: str | None = None
    case_kind: str | None = None
    state: str | None = None
    version: int | None = None
    step: str | None = None
    subject: str | None = None
    own_number: str | None = None
    their_number: str | None = None
    urgency: str | None = None
    clock: str | None = None
    due: datetime | None = None
    due_local: str | None = None
    zone: str
    late_ms: int = 0
    owed_by: list[str]
    is_ours: bool
    since: datetime
    receipts: list[ReceiptStep]
    words: str


class InboxAnswer(msgspec.Struct, frozen=True):
    """A page of the inbox.

    Attributes:
        now: The instant at which the entries hold.
        entries: The entries: by kind in the order of ``counts``, within a kind the earliest
            deadline first, and behind them those without a deadline, the oldest first.
        counts: How many entries there are of each kind, for this reader and filter.
        next: The cursor of the next page; ``None``: there is none.
        links_behind: The links whose log was not read to its end a moment ago: what is said of
            them may be overtaken.
    """

    now: datetime
    entries: list[InboxEntry]
    counts: dict[str, int]
    next: str | None
    links_behind: list[str]
