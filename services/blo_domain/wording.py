"""Refusals and verdicts in words for the officer: what, why, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from blo_domain.errors import RefusalReason
from blo_schemas.fields import WordEnum
from blo_schemas.ids import OfficeId
from blo_schemas.summary import Kind, Step, Summary
from blo_schemas.verdicts import Outcome, Reason, Verdict
from blo_schemas.views import CaseView

_NOUNS: Final[Mapping[Step, str]] = {
    Step.OPEN: "opening",
    Step.ACKNOWLEDGE: "acknowledgement",
    Step.ACCEPT: "acceptance",
    Step.RETURN_FOR_INFORMATION: "return for information",
    Step.SUPPLY_INFORMATION: "further information",
    Step.DECLINE: "refusal",
    Step.ASSIGN: "assignment",
    Step.INTERIM_REPLY: "interim reply",
    Step.ANSWER: "answer",
    Step.CLOSE: "closing",
    Step.REOPEN: "reopening",
    Step.WITHDRAW: "withdrawal",
    Step.SUPERSEDE: "correction",
    Step.PAUSE: "pause",
    Step.RESUME: "resumption",
    Step.URGE: "reminder",
    Step.FEEDBACK: "feedback",
    Step.LOCATE: "report that the person was located",
    Step.ARREST: "report of the arrest",
    Step.SCHEDULE: "schedule",
    Step.SIGN_MINUTES: "signature under the minutes",
    Step.TRANSFER_ONWARD: "report of the transfer onward",
    Step.JOIN: "joining",
    Step.DEPLOY_GROUP: "working group",
    Step.PHASE_REPORT: "phase report",
    Step.CONFIRM: "confirmation",
    Step.COMPLETE: "report that it is done",
    Step.COORDINATE: "report of the coordination",
    Step.RECEIVE: "report of the reception",
    Step.HOLD: "report that it was held",
    Step.RECORD_ACTION: "action",
    Step.COMPLETE_ACTION: "report of an action done",
    Step.VERIFY_CHANGE: "verification",
    Step.SIGN: "signature",
    Step.BRING_INTO_FORCE: "entry into force",
    Step.APPROVE: "approval",
    Step.TRAVEL: "report of the travel",
    Step.SUBMIT_REPORT: "report",
    Step.SURVEY: "survey",
    Step.BUILD: "report that it was built",
    Step.HAND_OVER: "handing over",
    Step.REVIEW: "review",
    Step.FREEZE: "freezing",
    Step.REPLACE: "replacement by a newer agreement",
    Step.SHRED: "consent to shredding",
    Step.KEEP: "wish to keep the contents",
    Step.CONFIRM_SHREDDING: "confirmation of the shredding",
}

_REFUSALS: Final[Mapping[RefusalReason, str]] = {
    RefusalReason.NOT_A_PARTY: "Your office is no party of this link; only its parties write on it.",
    RefusalReason.UNKNOWN_CASE: "There is no such case on this link. Open it first, or check the number.",
    RefusalReason.CASE_EXISTS: "This case is already open. Open a new one under its own number.",
    RefusalReason.KIND_MISMATCH: "The case is a {kind}. Use the steps of that kind.",
    RefusalReason.VERSION_AHEAD: "The case has fewer steps than this command has seen. Read the log again.",
    RefusalReason.NOT_LEGAL_NOW: "A {kind} that is {state} has no step “{step}” now.{legal}",
    RefusalReason.NOT_YOUR_STEP: "In this case “{step}” is not your office's step. Wait for the office whose step it is, or urge it.",
    RefusalReason.ALREADY_DONE: "Your office has already done “{step}”. If it was wrong, correct it.",
    RefusalReason.NOTHING_TO_SUPERSEDE: "There is no such step of your office, or it is corrected already. Correct the latest correction instead.",
    RefusalReason.CASE_FULL: "This case has no room for a further “{step}” of your office; only what leads to its end is left. For the rest, open a new case.{legal}",
    RefusalReason.URGENCY_NOT_YOURS: "Only the office that opened the case sets its urgency. Leave it out, or urge.",
    RefusalReason.URGENCY_GROUND_MISSING: "Above routine, state the ground of the urgency in the document.",
    RefusalReason.DUE_NOT_YOURS: "A due date is stated by the requester, when opening, supplying information or reopening. Leave it out.",
}

_REJECTIONS: Final[Mapping[Reason, str]] = {
    Reason.UNKNOWN_CASE: "there is no such case on this link",
    Reason.CASE_EXISTS: "a case with this id was already open",
    Reason.KIND_MISMATCH: "the case is of another kind",
    Reason.VERSION_AHEAD: "it claims to have seen steps that the log does not have",
    Reason.NOT_LEGAL_NOW: "the case no longer allows it",
    Reason.NOT_YOUR_STEP: "it is not this office's step",
    Reason.NOT_A_PARTY: "the office is no party of this link",
    Reason.NOTHING_TO_SUPERSEDE: "what it corrects is not there, or was corrected before",
    Reason.CASE_FULL: "the case has no room for more steps of this office but those that lead to its end",
}


def spaced(word: WordEnum) -> str:
    """The name of a kind or step with spaces."""
    return word.word.replace("_", " ")


def refusal_words(
    reason: RefusalReason, kind: Kind, step: Step, state: str = "", legal: tuple[Step, ...] = ()
) -> str:
    """The words for an officer when the state of a case forbids a step.

    Args:
        reason: Why.
        kind: The case's kind.
        step: The step that was refused.
        state: Where the case stands.
        legal: What the office could do instead.
    """
    instead = f" Possible now: {', '.join(map(spaced, legal))}." if legal else ""
    return _REFUSALS[reason].format(
        kind=spaced(kind), step=spaced(step), state=state.replace("_", " "), legal=instead
    )


def explain(
    verdict: Verdict, summary: Summary, author: OfficeId, view: CaseView | None, reader: OfficeId
) -> str:
    """A verdict in words, for an officer of ``reader``.

    Args:
        verdict: What was concluded.
        summary: Of the event.
        author: Who wrote the event.
        view: The case as it was before the event.
        reader: The office that reads it.

    Returns:
        One sentence, e.g. “Your answer crossed with their withdrawal and does not count: the case
        no longer allows it.”
    """
    subject = f"{_whose(author, reader).capitalize()} {_NOUNS[summary.step]}"
    if verdict.outcome is Outcome.DUPLICATE:
        return f"{subject} had already been read; it counts once."
    crossing = _crossing(summary, author, view, reader)
    if verdict.outcome is Outcome.ACCEPTED:
        if not verdict.crossed:
            return f"{subject} counts."
        return f"{subject} crossed with {crossing or 'an earlier step'} and counts all the same."
    why = _REJECTIONS.get(verdict.reason) if verdict.reason else None
    why = why or f"the record is refused ({verdict.reason})"
    crossed = f" crossed with {crossing} and" if crossing else ""
    return f"{subject}{crossed} does not count: {why}."


def _whose(author: OfficeId, reader: OfficeId) -> str:
    return "your" if author == reader else "their"


def _crossing(summary: Summary, author: OfficeId, view: CaseView | None, reader: OfficeId) -> str:
    """The accepted steps of others that the author had not seen."""
    if view is None or summary.step is Step.OPEN:
        return ""
    unseen = view.history(after=summary.expected_version)
    named = [f"{_whose(by, reader)} {_NOUNS[step]}" for step, by in unseen if by != author]
    return " and ".join(dict.fromkeys(named))
