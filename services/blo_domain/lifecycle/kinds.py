"""One table per kind: the lifecycle beyond the base (docs/domain.md §2).

On a link of more than two offices, the first other office that takes a responder's step takes it
for all of them; joint steps wait for everyone who takes part (``model.By``).

Whoever reported a step may correct it in every state; ``compose`` adds that row to each table. A
correction moves nothing and voids no signature: it stands beside what was signed, and each
signature's event proves what its writer had read.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from blo_domain.lifecycle.base import (
    BASE,
    acknowledging,
    consent,
    opening,
    waiting,
    withdrawing,
)
from blo_domain.lifecycle.model import By, Lifecycle, Transition, compose
from blo_schemas.summary import Kind, Step
from blo_schemas.views import State

INFORMATION_NOTICE: Final = compose(
    Kind.INFORMATION_NOTICE,
    "Ends when it is acknowledged; the receiver may say what it was good for.",
    opening(State.SENT),
    (
        Transition(Step.ACKNOWLEDGE, By.RESPONDER, (State.SENT,), State.ACKNOWLEDGED, once=True),
        Transition(Step.FEEDBACK, By.RESPONDER, (State.ACKNOWLEDGED,), None),
    ),
    acknowledging(State.ACKNOWLEDGED),
    withdrawing(State.SENT),
    waiting(State.SENT),
)

VERIFICATION_REQUEST: Final = compose(
    Kind.VERIFICATION_REQUEST, "The base lifecycle, unchanged.", BASE
)

_SEARCHING = (State.LOCATED, State.ARRESTED)

WANTED_PERSON: Final = compose(
    Kind.WANTED_PERSON,
    "The base lifecycle; beside an answer, the person is located, arrested and handed over.",
    BASE,
    (
        Transition(Step.LOCATE, By.RESPONDER, (State.ACCEPTED, State.ASSIGNED), State.LOCATED),
        Transition(Step.ARREST, By.RESPONDER, (State.LOCATED,), State.ARRESTED),
        Transition(Step.HAND_OVER, By.RESPONDER, (State.ARRESTED,), State.HANDED_OVER),
        Transition(Step.INTERIM_REPLY, By.RESPONDER, _SEARCHING, None),
        Transition(Step.ANSWER, By.RESPONDER, _SEARCHING, State.ANSWERED),
        Transition(Step.CLOSE, By.OPENER, (State.HANDED_OVER,), State.CLOSED),
        Transition(Step.FEEDBACK, By.OPENER, (State.HANDED_OVER,), None),
    ),
    acknowledging(*_SEARCHING),
    withdrawing(*_SEARCHING),
    waiting(*_SEARCHING),
)

_BEFORE_HANDOVER = (State.SENT, State.ACKNOWLEDGED, State.SCHEDULED)

HANDOVER: Final = compose(
    Kind.HANDOVER,
    "Scheduled, and rescheduled if need be; both sides sign the minutes; passing the person on "
    "to the agency in charge is a signed step of its own.",
    opening(State.SENT),
    (
        Transition(Step.ACKNOWLEDGE, By.RESPONDER, (State.SENT,), State.ACKNOWLEDGED, once=True),
        Transition(Step.SCHEDULE, By.EITHER, _BEFORE_HANDOVER, State.SCHEDULED),
        Transition(Step.SIGN_MINUTES, By.ALL, (State.SCHEDULED,), State.SIGNED),
        Transition(Step.TRANSFER_ONWARD, By.EITHER, (State.SIGNED,), State.TRANSFERRED_ONWARD),
    ),
    acknowledging(State.ACKNOWLEDGED, State.SCHEDULED),
    consent(State.ACKNOWLEDGED),
    withdrawing(*_BEFORE_HANDOVER, State.RETURNED),
    waiting(*_BEFORE_HANDOVER, State.RETURNED, State.SIGNED),
)

JOINT_CASE: Final = compose(
    Kind.JOINT_CASE,
    "Both chiefs open it; both sides send working groups and report phases; both close it. Once "
    "both have opened it, it can't be withdrawn.",
    opening(State.PROPOSED),
    (
        Transition(Step.JOIN, By.RESPONDER, (State.PROPOSED,), State.RUNNING),
        # On a conference the other offices join after the first.
        Transition(Step.JOIN, By.RESPONDER, (State.RUNNING,), None, once=True),
        Transition(Step.DEPLOY_GROUP, By.EITHER, (State.RUNNING,), None),
        Transition(Step.PHASE_REPORT, By.EITHER, (State.RUNNING,), None),
        Transition(Step.CLOSE, By.ALL, (State.RUNNING,), State.CLOSED),
    ),
    acknowledging(State.PROPOSED),
    consent(State.PROPOSED),
    withdrawing(State.PROPOSED, State.RETURNED),
    waiting(State.PROPOSED, State.RETURNED, State.RUNNING),
)

PATROL: Final = compose(
    Kind.PATROL,
    "Planned by one side, confirmed by both, done, and both sign the minutes. Both may report "
    "that it is done; it counts once.",
    opening(State.PROPOSED),
    (
        Transition(Step.CONFIRM, By.ALL, (State.PROPOSED,), State.CONFIRMED),
        Transition(Step.COMPLETE, By.EITHER, (State.CONFIRMED,), State.DONE, once=True),
        Transition(Step.COMPLETE, By.EITHER, (State.DONE,), None, once=True),
        Transition(Step.SIGN_MINUTES, By.ALL, (State.DONE,), State.SIGNED),
    ),
    acknowledging(State.PROPOSED),
    consent(State.PROPOSED),
    withdrawing(State.PROPOSED, State.RETURNED, State.CONFIRMED),
    waiting(State.PROPOSED, State.RETURNED, State.CONFIRMED, State.DONE),
)

RESIDENCE_REFUSED: Final = compose(
    Kind.RESIDENCE_REFUSED,
    "Notified by the side that refuses residence, coordinated by the other.",
    opening(State.NOTIFIED),
    (Transition(Step.COORDINATE, By.RESPONDER, (State.NOTIFIED,), State.COORDINATED),),
    acknowledging(State.NOTIFIED),
    consent(State.NOTIFIED),
    withdrawing(State.NOTIFIED, State.RETURNED),
    waiting(State.NOTIFIED, State.RETURNED),
)

DEPORTATION: Final = compose(
    Kind.DEPORTATION,
    "Notified by the side that deports; the other receives the citizen and passes the person on.",
    opening(State.NOTIFIED),
    (
        Transition(Step.RECEIVE, By.RESPONDER, (State.NOTIFIED,), State.RECEIVED),
        Transition(Step.TRANSFER_ONWARD, By.RESPONDER, (State.RECEIVED,), State.TRANSFERRED_ONWARD),
    ),
    acknowledging(State.NOTIFIED),
    consent(State.NOTIFIED),
    withdrawing(State.NOTIFIED, State.RETURNED),
    waiting(State.NOTIFIED, State.RETURNED, State.RECEIVED),
)

PENALTY: Final = compose(
    Kind.PENALTY,
    "Decided at home; the counterpart gets notice of it and acknowledges.",
    opening(State.NOTIFIED),
    (Transition(Step.ACKNOWLEDGE, By.RESPONDER, (State.NOTIFIED,), State.ACKNOWLEDGED, once=True),),
    acknowledging(State.ACKNOWLEDGED),
    withdrawing(State.NOTIFIED),
    waiting(State.NOTIFIED),
)

BRIEFING: Final = compose(
    Kind.BRIEFING,
    "Invited, held, and each office that takes part signs the minutes. Actions are recorded and "
    "completed from the meeting on.",
    opening(State.INVITED),
    (
        Transition(Step.HOLD, By.EITHER, (State.INVITED,), State.HELD),
        Transition(Step.SIGN_MINUTES, By.ALL, (State.HELD,), State.SIGNED),
        Transition(Step.RECORD_ACTION, By.EITHER, (State.HELD, State.SIGNED), None),
        Transition(Step.COMPLETE_ACTION, By.EITHER, (State.HELD, State.SIGNED), None),
    ),
    acknowledging(State.INVITED),
    withdrawing(State.INVITED),
    waiting(State.INVITED, State.HELD, State.SIGNED),
)

CONTACT_CHANGE: Final = compose(
    Kind.CONTACT_CHANGE,
    "Sent and acknowledged; it stays flagged until the receiver has verified it by another way, "
    "or declined it. A correction flags it again.",
    opening(State.SENT),
    (
        Transition(Step.ACKNOWLEDGE, By.RESPONDER, (State.SENT,), State.ACKNOWLEDGED, once=True),
        Transition(Step.VERIFY_CHANGE, By.RESPONDER, (State.ACKNOWLEDGED,), State.CONFIRMED),
        Transition(Step.VERIFY_CHANGE, By.RESPONDER, (State.CONFIRMED,), None),
        Transition(Step.DECLINE, By.RESPONDER, (State.ACKNOWLEDGED,), State.DECLINED),
    ),
    acknowledging(State.ACKNOWLEDGED),
    withdrawing(State.SENT, State.ACKNOWLEDGED),
    waiting(State.SENT, State.ACKNOWLEDGED),
)

URGING: Final = compose(
    Kind.URGING,
    "A reminder of an item that is no case of this link; ends when it is acknowledged. A case of "
    "the link is urged by a step of its own.",
    opening(State.SENT),
    (Transition(Step.ACKNOWLEDGE, By.RESPONDER, (State.SENT,), State.ACKNOWLEDGED, once=True),),
    acknowledging(State.ACKNOWLEDGED),
    withdrawing(State.SENT),
    waiting(State.SENT),
)

DOCUMENT: Final = compose(Kind.DOCUMENT, "The base lifecycle, unchanged.", BASE)

AGREEMENT: Final = compose(
    Kind.AGREEMENT,
    "Signed by every office of the link, in force, and one day replaced by a newer one.",
    opening(State.PROPOSED),
    (
        Transition(Step.SIGN, By.EVERY, (State.PROPOSED,), State.SIGNED),
        Transition(Step.BRING_INTO_FORCE, By.EITHER, (State.SIGNED,), State.IN_FORCE),
        Transition(Step.REPLACE, By.EITHER, (State.IN_FORCE,), State.SUPERSEDED),
    ),
    acknowledging(State.PROPOSED),
    consent(State.PROPOSED),
    withdrawing(State.PROPOSED, State.RETURNED),
    waiting(State.PROPOSED, State.RETURNED, State.SIGNED),
)

DELEGATION: Final = compose(
    Kind.DELEGATION,
    "Announced, approved by the sending or the receiving side, travelled, reported on.",
    opening(State.PROPOSED),
    (
        Transition(Step.APPROVE, By.EITHER, (State.PROPOSED,), State.APPROVED),
        Transition(Step.TRAVEL, By.OPENER, (State.APPROVED,), State.TRAVELLED),
        Transition(Step.SUBMIT_REPORT, By.OPENER, (State.TRAVELLED,), State.REPORTED),
    ),
    acknowledging(State.PROPOSED),
    consent(State.PROPOSED),
    withdrawing(State.PROPOSED, State.RETURNED, State.APPROVED),
    waiting(State.PROPOSED, State.RETURNED, State.APPROVED, State.TRAVELLED),
)

SUPPORT: Final = compose(
    Kind.SUPPORT,
    "Surveyed, built, and handed over with both sides' signatures.",
    opening(State.PROPOSED),
    (
        Transition(Step.SURVEY, By.EITHER, (State.PROPOSED,), State.SURVEYED),
        Transition(Step.BUILD, By.EITHER, (State.SURVEYED,), State.BUILT),
        Transition(Step.HAND_OVER, By.ALL, (State.BUILT,), State.HANDED_OVER),
    ),
    acknowledging(State.PROPOSED),
    consent(State.PROPOSED),
    withdrawing(State.PROPOSED, State.RETURNED, State.SURVEYED),
    waiting(State.PROPOSED, State.RETURNED, State.SURVEYED, State.BUILT),
)

REPORT: Final = compose(
    Kind.REPORT,
    "Computed by one side, reviewed by the other, signed by both, frozen by the one. A correction "
    "of a frozen report is visible beside it and changes no figure in it.",
    opening(State.COMPUTED),
    (
        Transition(Step.REVIEW, By.RESPONDER, (State.COMPUTED,), State.REVIEWED),
        Transition(Step.SIGN, By.ALL, (State.REVIEWED,), State.SIGNED),
        Transition(Step.FREEZE, By.OPENER, (State.SIGNED,), State.FROZEN),
    ),
    acknowledging(State.COMPUTED),
    consent(State.COMPUTED),
    withdrawing(State.COMPUTED, State.RETURNED, State.REVIEWED),
    waiting(State.COMPUTED, State.RETURNED, State.REVIEWED, State.SIGNED),
)

_ALL = (
    INFORMATION_NOTICE,
    VERIFICATION_REQUEST,
    WANTED_PERSON,
    HANDOVER,
    JOINT_CASE,
    PATROL,
    RESIDENCE_REFUSED,
    DEPORTATION,
    PENALTY,
    BRIEFING,
    CONTACT_CHANGE,
    URGING,
    DOCUMENT,
    AGREEMENT,
    DELEGATION,
    SUPPORT,
    REPORT,
)

LIFECYCLES: Final[Mapping[Kind, Lifecycle]] = MappingProxyType(
    {table.kind: table for table in _ALL}
)
"""The table of each kind."""
