"""Answers about clocks, alerts and differences, as JSON; instants are RFC 3339 in UTC."""

from __future__ import annotations

from datetime import datetime

import msgspec


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


class OpenAlertsAnswer(msgspec.Struct, frozen=True):
    """A page of open alerts; ``next`` is the cursor of the next page, ``None``: there is none."""

    alerts: list[OpenAlertAnswer]
    next: str | None


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
