"""Views: state derived from the log, which can be thrown away and rebuilt (docs/domain.md §9; docs/architecture.md, "The case")."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from itertools import islice
from typing import Annotated, Final

import msgspec

from blo_schemas.codec import Codec
from blo_schemas.fields import Bytes32, Count, UnixMs
from blo_schemas.ids import CaseId, CaseRef, LinkId, OfficeId
from blo_schemas.summary import Kind, Step, Urgency

VIEW_VERSION: Final = 1

MAX_CASE_VERSION: Final = 8_000
"""Most accepted steps of a case, whatever they are.

The rules of ``blo_domain.cases`` stop ordinary steps far earlier; with 64 offices the steps that
end a case can't reach it. It bounds the size of a view even if offices come and go.
"""

MAX_CASE_OFFICES: Final = 128
"""Most offices that take steps in one case. The index of an office fits into a byte."""

MAX_VIEW_SIZE: Final = 48 * 1024
"""Largest encoded view in bytes.

Two bytes for each of ``MAX_CASE_VERSION`` steps; 66 bytes for each office, once as an author and
once in ``done_by``; three bytes for each corrected version (at most as many as ordinary steps);
less than 400 bytes for the rest: about 36 KiB.
"""

StepCodes = Annotated[bytes, msgspec.Meta(max_length=MAX_CASE_VERSION)]
OfficeTable = Annotated[tuple[OfficeId, ...], msgspec.Meta(max_length=MAX_CASE_OFFICES)]


class State(StrEnum):
    """Where a case stands. Overdue and escalated are computed, never states (docs/domain.md §2)."""

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
        offices: The offices that have taken a step, in the order of their first one.
        step_codes: The accepted steps in order, a byte each: the number of the ``Step``. Byte n
            is the step that produced version n + 1.
        author_codes: Who took each of them, a byte each: the index in ``offices``.
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
    offices: OfficeTable
    step_codes: StepCodes
    author_codes: StepCodes
    superseded: tuple[Count, ...]
    paused: bool
    crossed: Count
    position: Count
    log_time: UnixMs

    @property
    def ref(self) -> CaseRef:
        """The case among those of all links."""
        return CaseRef(self.link, CaseId(self.case))

    @property
    def steps(self) -> tuple[Step, ...]:
        """The accepted steps, in order."""
        return tuple(map(_STEPS.__getitem__, self.step_codes))

    @property
    def authors(self) -> tuple[OfficeId, ...]:
        """The office that took each of ``steps``."""
        return tuple(map(self.offices.__getitem__, self.author_codes))

    def author(self, version: int) -> OfficeId:
        """The office whose step produced a version, from 1."""
        return self.offices[self.author_codes[version - 1]]

    def history(self, after: int = 0) -> Iterator[tuple[Step, OfficeId]]:
        """The steps and their authors, in order, without the first ``after`` ones."""
        codes = islice(zip(self.step_codes, self.author_codes, strict=True), after, None)
        return ((_STEPS[step], self.offices[author]) for step, author in codes)

    def count_by(self, office: OfficeId) -> int:
        """How many accepted steps an office has taken."""
        if office not in self.offices:
            return 0
        return self.author_codes.count(self.offices.index(office))

    def has_taken(self, step: Step, office: OfficeId) -> bool:
        """Whether an office has taken a step at least once."""
        if office not in self.offices:
            return False
        code, author = int(step), self.offices.index(office)
        at = self.step_codes.find(code)
        while at >= 0:
            if self.author_codes[at] == author:
                return True
            at = self.step_codes.find(code, at + 1)
        return False


_STEPS: Final = {int(step): step for step in Step}


def check_view(view: CaseView) -> None:
    """Refuses a view whose columns contradict each other.

    Raises:
        ValueError: A step has no author, is unknown, or names an office that is not in the table.
    """
    if not len(view.step_codes) == len(view.author_codes) == view.version:
        raise ValueError("a view has one step and one author for each version")
    if not _STEPS.keys() >= set(view.step_codes):
        raise ValueError("a view names a step that does not exist")
    if max(view.author_codes, default=0) >= max(len(view.offices), 1):
        raise ValueError("a view names an author that is not in its table")


CASE_VIEW: Final = Codec(CaseView, versions=(VIEW_VERSION,), limit=MAX_VIEW_SIZE, check=check_view)
