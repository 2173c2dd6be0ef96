"""Clocks and alerts in words: who must do what by when, whoever reads it."""

from __future__ import annotations

import pytest

from blo_domain.alert_wording import alert_words, clock_words, named, pause_words
from blo_schemas.clocks import ALERT_VERSION, Alert, ClockKind, ClockState, ClockStatus, Signal
from blo_schemas.ids import LinkId, OfficeId
from blo_schemas.policy import EscalationLevel
from blo_schemas.summary import Kind, PauseGround

A = OfficeId("vn-a")
B = OfficeId("la-b")
C = OfficeId("la-c")
DUE = "2025-03-06 00:00 +0700"


def state(standing: ClockStatus, met_at: int | None = None, *owed_by: OfficeId) -> ClockState:
    return ClockState(ClockKind.ANSWER, 0, standing, 0, 1, met_at, 0, 0, owed_by)


def alert(rung: EscalationLevel | None = None, signal: Signal | None = None) -> Alert:
    clock = None if rung is None else ClockKind.CONFIRM
    return Alert(
        v=ALERT_VERSION,
        id=bytes(32),
        link=LinkId("vn-a~la-b"),
        case=None if rung is None else bytes(32),
        clock=clock,
        signal=signal,
        rung=rung,
        round=0,
        due=None,
        since=0,
        must_act=(B,),
        notified=(A,),
        position=0,
        policy="four-urgencies",
        agreement=1,
        holidays=1,
    )


@pytest.mark.parametrize(
    ("clock", "words"),
    [
        (state(ClockStatus.RUNNING, None, B), f"la-b must answer the handover by {DUE}."),
        (state(ClockStatus.RUNNING, None, A), f"Your office must answer the handover by {DUE}."),
        (
            state(ClockStatus.RUNNING, None, B, C),
            f"la-b or la-c must answer the handover by {DUE}.",
        ),
        (
            state(ClockStatus.MISSED, None, B),
            f"la-b had to answer the handover by {DUE}: it is late.",
        ),
        (
            state(ClockStatus.MISSED, 5),
            "What was owed, to answer the handover, was done, but late.",
        ),
        (
            state(ClockStatus.MISSED),
            "Nobody came to answer the handover in time; it is owed no more.",
        ),
        (state(ClockStatus.MET, 5), "What was owed, to answer the handover, was done in time."),
        (state(ClockStatus.VOID), "Nobody owes it any more to answer the handover."),
        (
            state(ClockStatus.PAUSED, None, A),
            "The clock to answer the handover stands still. Next to act: your office.",
        ),
    ],
)
def test_a_clock_says_where_it_stands_and_whose_turn_it_is(clock: ClockState, words: str) -> None:
    assert clock_words(clock, Kind.HANDOVER, A, DUE) == words


def test_every_rung_says_who_is_told() -> None:
    said = {rung: alert_words(alert(rung), Kind.CONTACT_CHANGE, A, DUE) for rung in EscalationLevel}
    assert said[EscalationLevel.WARNING].startswith(
        f"la-b must confirm the contact change by {DUE}."
    )
    late = f"la-b had to confirm the contact change by {DUE}. It is late"
    assert all(
        words.startswith(late)
        for rung, words in said.items()
        if rung is not EscalationLevel.WARNING
    )
    assert len(set(said.values())) == len(EscalationLevel)


def test_every_signal_says_what_to_do() -> None:
    said = {signal: alert_words(alert(signal=signal), None, B, None) for signal in Signal}
    assert all(words.startswith("Your office ") for words in said.values())
    assert len(set(said.values())) == len(Signal)


def test_an_alert_about_a_case_that_is_not_known_says_so_plainly() -> None:
    assert alert_words(alert(EscalationLevel.WARNING), None, A, None).startswith(
        "la-b must confirm the case."
    )


def test_every_ground_of_a_pause_has_words() -> None:
    assert len({pause_words(ground) for ground in PauseGround}) == len(PauseGround)
    assert named((), A) == "nobody"
