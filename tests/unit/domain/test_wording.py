"""Verdicts in words, as the desk shows them (docs/architecture.md, "The case")."""

from __future__ import annotations

import pytest

from blo_domain.wording import explain
from blo_schemas.ids import OfficeId
from blo_schemas.summary import Kind, Step
from blo_schemas.verdicts import ACCEPTED, CROSSED, DUPLICATE, Reason, Verdict, rejected
from blo_schemas.views import CaseView
from tests.unit.domain.desk import KYSON, XIENG, Desk, summary, walked

A, B = KYSON, XIENG


def crossing() -> Desk:
    """B has been told to answer; A has withdrawn meanwhile."""
    path = [(B, Step.ACKNOWLEDGE), (B, Step.ACCEPT), (B, Step.ASSIGN), (A, Step.WITHDRAW)]
    return walked(Kind.VERIFICATION_REQUEST, *path)


ANSWER = summary(Kind.VERIFICATION_REQUEST, Step.ANSWER, 4)
TOO_LATE = rejected(Reason.NOT_LEGAL_NOW)


@pytest.mark.parametrize(
    ("reader", "words"),
    [
        (B, "Your answer crossed with their withdrawal and does not count: the case no longer allows it."),
        (A, "Their answer crossed with your withdrawal and does not count: the case no longer allows it."),
    ],
)  # fmt: skip
def test_a_step_that_crossed_in_vain_says_with_what(reader: OfficeId, words: str) -> None:
    assert explain(TOO_LATE, ANSWER, B, crossing().view, reader) == words


def test_a_step_that_knew_better_is_not_called_crossing() -> None:
    knowing = summary(Kind.VERIFICATION_REQUEST, Step.ANSWER, 5)
    words = explain(TOO_LATE, knowing, B, crossing().view, B)
    assert words == "Your answer does not count: the case no longer allows it."


def test_a_step_that_crossed_and_counts_says_so() -> None:
    desk = walked(Kind.JOINT_CASE, (B, Step.JOIN), (A, Step.DEPLOY_GROUP))
    written = summary(Kind.JOINT_CASE, Step.PHASE_REPORT, 2)
    assert explain(CROSSED, written, B, desk.view, B) == (
        "Your phase report crossed with their working group and counts all the same."
    )


def test_several_crossing_steps_are_all_named_once() -> None:
    path = [(B, Step.JOIN), (A, Step.DEPLOY_GROUP), (A, Step.DEPLOY_GROUP), (A, Step.CLOSE)]
    written = summary(Kind.JOINT_CASE, Step.CLOSE, 2)
    words = explain(CROSSED, written, B, walked(Kind.JOINT_CASE, *path).view, B)
    assert words.startswith("Your closing crossed with their working group and their closing and")


@pytest.mark.parametrize(
    ("verdict", "view", "words"),
    [
        (ACCEPTED, None, "Your answer counts."),
        (DUPLICATE, None, "Your answer had already been read; it counts once."),
        (
            rejected(Reason.UNKNOWN_CASE),
            None,
            "Your answer does not count: there is no such case on this link.",
        ),
        (
            rejected(Reason.GAP),
            None,
            "Your answer does not count: the record is refused (gap).",
        ),
    ],
)
def test_every_verdict_has_a_sentence(verdict: Verdict, view: CaseView | None, words: str) -> None:
    assert explain(verdict, ANSWER, B, view, B) == words
