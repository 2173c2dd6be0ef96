"""What ``blo processors`` prints as JSON; docs/cli.md is made from these classes.

A field is added, never renamed or given another meaning. Instants are Unix milliseconds.
"""

from __future__ import annotations

import msgspec


class MissedClock(msgspec.Struct, frozen=True):
    """A clock of a case that is missed.

    Attributes:
        clock: Which one.
        due: Its deadline.
    """

    clock: str
    due: int


class CaseAt(msgspec.Struct, frozen=True):
    """A case at an instant.

    Attributes:
        case: Its id.
        kind: Its kind.
        state: Its state.
        urgency: Its urgency.
        version: Its version.
        missed: Its missed clocks.
    """

    case: str
    kind: str
    state: str
    urgency: str
    version: int
    missed: list[MissedClock]


class AlertAt(msgspec.Struct, frozen=True):
    """An alert that stands at an instant.

    Attributes:
        case: The case; null: the alert is about the link.
        clock: Which clock; null: the alert is about the link.
        rung: The rung of the ladder; null: the alert is about the link.
        since: The instant at which it became true.
    """

    case: str | None
    clock: str | None
    rung: str | None
    since: int


class LinkAt(msgspec.Struct, frozen=True):
    """A link at an instant.

    Attributes:
        link: The link.
        records: How many records it has.
        waiting: How many of them wait for a summary key.
        cases: Its cases.
        alerts: The alerts that stand.
    """

    link: str
    records: int
    waiting: int
    cases: list[CaseAt]
    alerts: list[AlertAt]


class ResponseRow(msgspec.Struct, frozen=True):
    """How an office responded to one sort of clock on one link.

    Attributes:
        met: How many responses came in time.
        missed: How many came late or not at all.
        open: How many of the missed had not come.
        median_ms: The middle response time, without pauses; null: nothing came.
        p90_ms: The response time that nine of ten do not exceed; null: nothing came.
    """

    met: int
    missed: int
    open: int
    median_ms: int | None
    p90_ms: int | None


class PolicyRow(msgspec.Struct, frozen=True):
    """An office's responses under two policies.

    Attributes:
        link: The link.
        office: The office.
        clock: What it owed.
        agreed: As agreed; null: nothing was due.
        other: Under the other policy; null: nothing would be due.
    """

    link: str
    office: str
    clock: str
    agreed: ResponseRow | None
    other: ResponseRow | None


class ChangedClock(msgspec.Struct, frozen=True):
    """A clock that would stand differently.

    Attributes:
        link: The link.
        case: The case.
        clock: Which clock.
        agreed: How it stands as agreed.
        other: How it would stand under the other policy.
    """

    link: str
    case: str
    clock: str
    agreed: str
    other: str


class PolicyComparison(msgspec.Struct, frozen=True):
    """A period under the agreed policy and under another.

    Attributes:
        rows: The offices' responses.
        changes: The clocks that would stand differently.
    """

    rows: list[PolicyRow]
    changes: list[ChangedClock]


class DeadLetterForm(msgspec.Struct, frozen=True):
    """A record that a processor could not process.

    Attributes:
        place: Topic, partition and offset of the record.
        link: The link.
        processor: Who could not.
        attempts: How often it was tried.
        error: What happened.
        log_time: The record's log time.
        value: The sealed bytes in hexadecimal digits; null in a list.
    """

    place: str
    link: str
    processor: str
    attempts: int
    error: str
    log_time: int
    value: str | None = None


class RetriedForm(msgspec.Struct, frozen=True):
    """A dead letter whose record was tried again.

    Attributes:
        place: Topic, partition and offset of the record.
        error: What happened; null: the record was processed.
    """

    place: str
    error: str | None
