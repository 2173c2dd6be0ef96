"""Halts of a link: nothing is sent on it until a person lifts the halt and gives a reason.

A halt is stored with its evidence in the transaction that finds it, so a restart changes nothing;
the evidence stays in the store and in the journal for ever (``docs/architecture.md``, "Failure").
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from blo_agent.office.batch import BatchResult
from blo_agent.office.link_state import PROGRAM, LinkState
from blo_agent.office.link_status import HaltReason
from blo_agent.store.connection import Transaction
from blo_agent.store.errors import ActionRefused
from blo_agent.store.tables import halts, journal
from blo_schemas.codec import encode

MOST_STANDING: Final = 16
"""So many halts of one link stand at most; more of the same would only fill the disk."""


_SIGNED: Final = frozenset({HaltReason.OTHER_LOG, HaltReason.TWO_HEADS, HaltReason.FOREIGN_EVENT})
"""Evidence is a signature: the same signature again is nothing new after the halt was lifted."""


class ResumeRefusal(StrEnum):
    """Why a link is not resumed."""

    NOT_HALTED = "not_halted"


class NotHalted(ActionRefused):
    """A link was to be resumed that is not halted."""

    reasons = (ResumeRefusal,)


def halt(
    state: LinkState,
    reason: HaltReason,
    words: str,
    evidence: bytes,
    now: int,
    tx: Transaction,
    result: BatchResult,
    *,
    over: str = "",
) -> None:
    """Halt a link, or note one more reason; nothing is noted twice.

    Args:
        state: The link.
        reason: Why, of the closed list.
        words: Why, for people, and what to do.
        evidence: What shows it.
        now: The office's clock, Unix milliseconds.
        tx: The transaction that this belongs to.
        result: Gets the alarm.
        over: Whose signature it is about, for the journal; the reason unless given.
    """
    standing = halts.standing(tx, state.link)
    if len(standing) >= MOST_STANDING:
        return
    if reason in _SIGNED:
        is_known = halts.knows(tx, state.link, reason, evidence)
    else:
        is_known = any(earlier.reason == reason for earlier in standing)
    if is_known:
        return
    halts.add(tx, state.link, at=now, reason=reason, words=words, evidence=evidence)
    result.alarms.append(words)
    result.halted.append(state.link)
    journal.append(
        tx,
        at=now,
        actor=PROGRAM,
        action=f"halt over {over or reason}",
        link=state.link,
        detail=evidence,
    )
    state.status.load_halts(tx, state.link)


def halt_over_own_events(
    state: LinkState, incident: str, now: int, tx: Transaction, result: BatchResult
) -> None:
    """Halt a link on whose waiting events this program fails."""
    words = (
        f"this program fails on the events of {state.link} that wait to be sent (incident "
        f"{incident}). Nothing is sent on this link; report the incident, then run: "
        "blo agent resume"
    )
    halt(state, HaltReason.OWN_EVENTS, words, incident.encode(), now, tx, result)


def resume(state: LinkState, reason: str, actor: str, now: int, tx: Transaction) -> int:
    """Lift the halts of a link.

    The own chain is compared with the log again before anything is sent.

    Args:
        state: The link.
        reason: Why, in a person's words; goes into the journal.
        actor: Who.
        now: The office's clock, Unix milliseconds.
        tx: The transaction that this belongs to.

    Returns:
        How many halts were lifted.

    Raises:
        NotHalted: None stands.
    """
    standing = halts.standing(tx, state.link)
    if not standing:
        raise NotHalted(ResumeRefusal.NOT_HALTED, f"{state.link} is not halted")
    lifted = halts.lift(tx, state.link, at=now, by=actor, reason=reason)
    journal.append(
        tx,
        at=now,
        actor=actor,
        action="resume link",
        link=state.link,
        detail=encode((reason, [halts.evidence_id(earlier.evidence) for earlier in standing])),
    )
    state.status.own_chain_checked = False
    state.status.load_halts(tx, state.link)
    return lifted
