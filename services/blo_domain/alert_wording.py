"""Clocks and alerts in words for the officer: who must do what by when, and who is told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from blo_domain.wording import spaced
from blo_schemas.clocks import Alert, ClockKind, ClockState, ClockStatus, Signal
from blo_schemas.ids import OfficeId
from blo_schemas.policy import EscalationLevel
from blo_schemas.summary import Kind, PauseGround

_OWED: Final[Mapping[ClockKind, str]] = {
    ClockKind.ACKNOWLEDGE: "acknowledge",
    ClockKind.ANSWER: "answer",
    ClockKind.CONFIRM: "confirm",
}

_TOLD: Final[Mapping[EscalationLevel, str]] = {
    EscalationLevel.WARNING: "The time is nearly over.",
    EscalationLevel.URGE_COUNTERPART: "It is late: urge.",
    EscalationLevel.OWN_CHIEF: "It is late: the chiefs of the offices are told.",
    EscalationLevel.PROVINCE: "It is late: the superior offices are told.",
    EscalationLevel.MINISTRY: "It is late: the ministries are told.",
}

_SIGNALS: Final[Mapping[Signal, str]] = {
    Signal.SILENT: "has not been heard of: call it, its agent or its line may be down",
    Signal.BEHIND: "does not read what was sent: call it",
    Signal.UNOPENABLE: "can't open a record that it has read: grant it the key again",
    Signal.SKEWED: "signs times that are far from the log's: have its clock set",
    Signal.FORKED: "has written two events for one place: stop its second agent, or revoke its key",
}

_GROUNDS: Final[Mapping[PauseGround, str]] = {
    PauseGround.CLARIFICATION: "information is awaited",
    PauseGround.COURT: "a court decides",
    PauseGround.OTHER: "paused by an office",
}


def named(offices: Iterable[OfficeId], reader: OfficeId) -> str:
    """Offices as their reader calls them."""
    words = ["your office" if office == reader else office for office in offices]
    return " or ".join(words) or "nobody"


def said_of(offices: Iterable[OfficeId], reader: OfficeId) -> str:
    """The same at the beginning of a sentence; an office's id stays as it is."""
    words = named(offices, reader)
    return words.replace("your", "Your", 1) if words.startswith("your ") else words


def owed_words(clock: ClockKind) -> str:
    """What is owed while a clock runs, as a verb."""
    return _OWED[clock]


def pause_words(ground: PauseGround) -> str:
    """The ground on which a clock is paused."""
    return _GROUNDS[ground]


def clock_words(state: ClockState, kind: Kind, reader: OfficeId, due: str | None) -> str:
    """The state of a clock in words, for an officer of ``reader``.

    Args:
        state: The clock.
        kind: The case's kind.
        reader: The office that reads it.
        due: The deadline as the reader writes it.
    """
    what = f"{_OWED[state.clock]} the {spaced(kind)}"
    if state.standing is ClockStatus.VOID:
        return f"Nobody owes it any more to {what}."
    if state.met_at is not None:
        late = ", but late" if state.standing is ClockStatus.MISSED else " in time"
        return f"What was owed, to {what}, was done{late}."
    who = said_of(state.owed_by, reader)
    if state.standing is ClockStatus.PAUSED:
        return f"The clock to {what} stands still. Next to act: {named(state.owed_by, reader)}."
    if state.standing is ClockStatus.MISSED:
        if not state.owed_by:
            return f"Nobody came to {what} in time; it is owed no more."
        return f"{who} had to {what} by {due}: it is late."
    return f"{who} must {what} by {due}."


def alert_words(alert: Alert, kind: Kind | None, reader: OfficeId, due: str | None) -> str:
    """An alert in words, for an officer of ``reader``.

    Args:
        alert: The alert.
        kind: The case's kind, if the case is known here.
        reader: The office that reads it.
        due: Its deadline as the reader writes it.
    """
    who = said_of(alert.must_act, reader)
    if alert.signal is not None:
        return f"{who} {_SIGNALS[alert.signal]}."
    if alert.clock is None or alert.rung is None:
        return f"{who} must act."
    case = "case" if kind is None else spaced(kind)
    verb = "must" if alert.rung is EscalationLevel.WARNING else "had to"
    until = "" if due is None else f" by {due}"
    return f"{who} {verb} {_OWED[alert.clock]} the {case}{until}. {_TOLD[alert.rung]}"
