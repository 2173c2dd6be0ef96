"""Views: state derived from the log, which can be thrown away and rebuilt (DESIGN §2, §7)."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

from blo_schemas.codec import Codec
from blo_schemas.event import Bytes32, Count, UnixMs
from blo_schemas.ids import CaseId, CaseRef, LinkId, OfficeId
from blo_schemas.summary import Kind, Step, Urgency

VIEW_VERSION: Final = 1


class State(StrEnum):
    """Where a case stands. Overdue and escalated are computed, never states (DOMAIN §2)."""

    SENT = "sent"
    ACKNOWLEDGED = "acknowledged"
    ACCEPTED = "accepted"
    RETURNED = "returned"
    DECLINED = "declined"
    ASSIGNED = "assigned"
    ANSWERED = "answered"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"
    # States of single kinds.
    LOCATED = "located"
    ARRESTED = "arrested"
    SCHEDULED = "scheduled"
    SIGNED = "signed"
    TRANSFERRED_ONWARD = "transferred_onward"
    PROPOSED = "proposed"
    RUNNING = "running"
    CONFIRMED = "confirmed"
    DONE = "done"
    NOTIFIED = "notified"
    COORDINATED = "coordinated"
    RECEIVED = "received"
    INVITED = "invited"
    HELD = "held"
    IN_FORCE = "in_force"
    SUPERSEDED = "superseded"
    APPROVED = "approved"
    TRAVELLED = "travelled"
    REPORTED = "reported"
    SURVEYED = "surveyed"
    BUILT = "built"
    HANDED_OVER = "handed_over"
    COMPUTED = "computed"
    REVIEWED = "reviewed"
    FROZEN = "frozen"
    # The end of a case's contents, of every kind (ADR 7).
    SHREDDING = "shredding"
    SHREDDED = "shredded"


class CaseView(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True, gc=False):
    """The state of one case at one log position, from summaries alone.

    Attributes:
        v: Version of this layout, 1.
        case: The case.
        link: Its link.
        kind: Its kind.
        state: Where it stands.
        version: Number of accepted steps.
        urgency: As the opener's last accepted step says.
        opener: The office that opened it.
        opened_at: Log time of the opening, Unix milliseconds.
        done_by: Offices that have already done the joint step that is under way, sorted.
        joint_step: That step, when some but not all offices have done it.
        steps: The accepted steps in order; step n produced version n + 1.
        authors: The office that wrote each of ``steps``.
        superseded: Versions whose step has been corrected by a later one, ascending.
        paused: Whether its clocks stand still.
        crossed: Accepted steps whose writer had not seen the version before.
        position: Log position of the last accepted step.
        log_time: Its log time, Unix milliseconds.
    """

    v: int
    case: Bytes32
    link: LinkId
    kind: Kind
    state: State
    version: Count
    urgency: Urgency
    opener: OfficeId
    opened_at: UnixMs
    done_by: tuple[OfficeId, ...]
    joint_step: Step | None
    steps: tuple[Step, ...]
    authors: tuple[OfficeId, ...]
    superseded: tuple[Count, ...]
    paused: bool
    crossed: Count
    position: Count
    log_time: UnixMs

    @property
    def ref(self) -> CaseRef:
        """The case among those of all links."""
        return CaseRef(self.link, CaseId(self.case))


CASE_VIEW: Final = Codec(CaseView, versions=(VIEW_VERSION,))
