"""How far an event has come at a counterpart, and what proves it (docs/inbox.md).

Five stages: *sent* (it stands in the log), *delivered* and *opened* (a signed head of the
counterpart says so), *acknowledged* and *answered* (an event of the counterpart does). An event
proves that its writer had read another one only by the version of the case that it expects.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Final, NamedTuple

from blo_domain.deadlines.kinds import CLOCKS
from blo_domain.lifecycle import ATTACHED
from blo_schemas.clocks import ClockKind
from blo_schemas.heads import Head
from blo_schemas.ids import EventId, OfficeId
from blo_schemas.summary import Kind, Step


class ReceiptStage(StrEnum):
    """How far an event has come, in rising order."""

    SENT = "sent"
    DELIVERED = "delivered"
    OPENED = "opened"
    ACKNOWLEDGED = "acknowledged"
    ANSWERED = "answered"


class PositionRange(NamedTuple):
    """Log positions: the first one, and the first behind the last one."""

    first: int
    upto: int


class CaseStep(NamedTuple):
    """An accepted event of a case, as far as its header, its summary and its place tell.

    Attributes:
        event: Its id.
        office: Who wrote it.
        step: What it does.
        version: The version of the case that it produced.
        expected_version: The version that its writer had read.
        position: Its log position.
        at: The writer's clock, Unix milliseconds.
        log_time: Its log time, Unix milliseconds.
    """

    event: EventId
    office: OfficeId
    step: Step
    version: int
    expected_version: int
    position: int
    at: int
    log_time: int


_BEGINNING: Final = frozenset({Step.OPEN, Step.REOPEN})
_ANSWERS: Final = {
    kind: frozenset[Step]().union(
        *(rule.met_by for rule in rules if rule.clock is not ClockKind.ACKNOWLEDGE)
    )
    for kind, rules in CLOCKS.items()
}


def acknowledged_by(
    steps: Iterable[CaseStep], event: CaseStep, office: OfficeId
) -> CaseStep | None:
    """The first event with which an office has shown that it had read another one.

    Steps that only attach to a case acknowledge nothing (docs/deadlines.md).

    Args:
        steps: The accepted events of the case, in log order.
        event: One of them.
        office: Another office than its writer.
    """
    return next((step for step in _later(steps, event, office) if step.step not in ATTACHED), None)


def answered_by(
    kind: Kind, steps: Iterable[CaseStep], event: CaseStep, office: OfficeId
) -> CaseStep | None:
    """The first event with which an office has answered another one.

    What is opened, or opened again, is answered by the steps that meet its clock; what is returned
    for information, by the information.

    Args:
        kind: The case's kind.
        steps: The accepted events of the case, in log order.
        event: One of them.
        office: Another office than its writer.
    """
    if event.step in _BEGINNING or (kind, event.step) == (Kind.CONTACT_CHANGE, Step.SUPERSEDE):
        answers = _ANSWERS[kind]
    elif event.step is Step.RETURN_FOR_INFORMATION:
        answers = frozenset({Step.SUPPLY_INFORMATION})
    else:
        return None
    return next((step for step in _later(steps, event, office) if step.step in answers), None)


def _later(steps: Iterable[CaseStep], event: CaseStep, office: OfficeId) -> Iterable[CaseStep]:
    return (
        step
        for step in steps
        if step.office == office
        and step.position > event.position
        and step.expected_version >= event.version
    )


def opened_ranges(head: Head) -> list[PositionRange]:
    """The positions of the records that an office has opened, as its head says.

    A head names only the first records that could not be opened; nothing is claimed of what lies
    behind the last one that it names, unless it names all.
    """
    below = head.size
    if len(head.first_unopened) != head.unopened:
        below = min(head.size, max(head.first_unopened, default=0))
    ranges = []
    first = 0
    for position in sorted({*head.first_unopened, below}):
        if position > below:
            break
        if first < position:
            ranges.append(PositionRange(first, position))
        first = position + 1
    return ranges


def newly_opened(before: Head | None, head: Head) -> list[PositionRange]:
    """The positions that a head says are opened and the one before it did not."""
    known = [] if before is None else opened_ranges(before)
    return [part for fresh in opened_ranges(head) for part in _without(fresh, known)]


def _without(fresh: PositionRange, known: Iterable[PositionRange]) -> list[PositionRange]:
    left = []
    first = fresh.first
    for known_range in known:
        if known_range.upto <= first or known_range.first >= fresh.upto:
            continue
        if known_range.first > first:
            left.append(PositionRange(first, known_range.first))
        first = known_range.upto
    if first < fresh.upto:
        left.append(PositionRange(first, fresh.upto))
    return left
