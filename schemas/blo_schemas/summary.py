"""The summary: the small sealed part that processors and observers read (docs/architecture.md, "The case").

It carries what is needed to follow a case and its deadlines, and nothing of what the case is
about. All values are small integers, so that every summary has the same sealed size.
"""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

from blo_schemas.codec import Codec
from blo_schemas.fields import Count, UnixMs, WordEnum

SUMMARY_VERSION: Final = 1


class Kind(WordEnum):
    """What two offices exchange (docs/domain.md §2). Numbers are never reused."""

    INFORMATION_NOTICE = 1
    VERIFICATION_REQUEST = 2
    WANTED_PERSON = 3
    HANDOVER = 4
    JOINT_CASE = 5
    PATROL = 6
    RESIDENCE_REFUSED = 7
    DEPORTATION = 8
    PENALTY = 9
    BRIEFING = 10
    CONTACT_CHANGE = 11
    URGING = 12
    DOCUMENT = 13
    AGREEMENT = 14
    DELEGATION = 15
    SUPPORT = 16
    REPORT = 17


class Step(WordEnum):
    """What one event does to its case. Numbers are never reused."""

    # The base lifecycle (docs/domain.md §2).
    OPEN = 1
    ACKNOWLEDGE = 2
    ACCEPT = 3
    RETURN_FOR_INFORMATION = 4
    SUPPLY_INFORMATION = 5
    DECLINE = 6
    ASSIGN = 7
    INTERIM_REPLY = 8
    ANSWER = 9
    CLOSE = 10
    REOPEN = 11
    WITHDRAW = 12
    SUPERSEDE = 13
    PAUSE = 14
    RESUME = 15
    URGE = 16
    FEEDBACK = 17
    # Steps of single kinds.
    LOCATE = 32
    ARREST = 33
    SCHEDULE = 34
    SIGN_MINUTES = 35
    TRANSFER_ONWARD = 36
    JOIN = 37
    DEPLOY_GROUP = 38
    PHASE_REPORT = 39
    CONFIRM = 40
    COMPLETE = 41
    COORDINATE = 42
    RECEIVE = 43
    HOLD = 44
    RECORD_ACTION = 45
    COMPLETE_ACTION = 46
    VERIFY_CHANGE = 47
    SIGN = 48
    BRING_INTO_FORCE = 49
    APPROVE = 50
    TRAVEL = 51
    SUBMIT_REPORT = 52
    SURVEY = 53
    BUILD = 54
    HAND_OVER = 55
    REVIEW = 56
    FREEZE = 57
    REPLACE = 58
    # The end of a case's contents, of every kind (ADR 7).
    SHRED = 59
    KEEP = 60
    CONFIRM_SHREDDING = 61


class Urgency(WordEnum):
    """thường, khẩn, thượng khẩn, hỏa tốc (docs/domain.md §3)."""

    ROUTINE = 1
    URGENT = 2
    VERY_URGENT = 3
    IMMEDIATE = 4


class PauseGround(WordEnum):
    """The ground on which a clock is paused (docs/domain.md §3)."""

    CLARIFICATION = 1
    COURT = 2
    OTHER = 3


class Summary(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True, gc=False):
    """The action of one event, without its content.

    Attributes:
        v: Version of this layout, 1.
        kind: The case's kind, repeated in each of its events.
        step: What the event does.
        urgency: The case's urgency as of this event.
        expected_version: Steps of the case that the writer knew to be accepted; 0 when opening.
        due: Due date stated by the requester, Unix milliseconds; ``None``: as the agreement says.
        supersedes: For ``SUPERSEDE``: the version that the corrected step had produced.
        pause_ground: For ``PAUSE``: why.
    """

    v: int
    kind: Kind
    step: Step
    urgency: Urgency
    expected_version: Count
    due: UnixMs | None = None
    supersedes: Annotated[int, msgspec.Meta(ge=1, le=2**53)] | None = None
    pause_ground: PauseGround | None = None


SUMMARY: Final = Codec(Summary, versions=(SUMMARY_VERSION,), limit=512)
