"""How far ahead a step's business date may lie.

The business date (``on``) is the day on which the thing happened, and decides in which report it
counts. An office may write of tomorrow, because its clock and its neighbour's differ. Only a step
that plans may write of a later day: the patrol, the meeting or the visit that it announces.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from functools import lru_cache
from typing import Final

from blo_domain.commands import Command
from blo_domain.errors import RefusalReason, Refused
from blo_domain.wording import spaced
from blo_schemas.bodies import Correction
from blo_schemas.ids import OfficeId
from blo_schemas.instants import local
from blo_schemas.policy import DeadlinePolicy
from blo_schemas.summary import Kind, Step
from blo_schemas.texts import zone_from

AHEAD: Final = timedelta(days=1)
"""How far ahead of the office's day the business date of what happened may lie."""

PLANNED_AHEAD: Final = timedelta(days=3653)
"""How far ahead a plan may lie: ten years, the longest span that a deadline may have."""

PLANS: Final[Mapping[Kind, frozenset[Step]]] = {
    Kind.PATROL: frozenset({Step.OPEN, Step.CONFIRM}),
    Kind.BRIEFING: frozenset({Step.OPEN}),
    Kind.DELEGATION: frozenset({Step.OPEN, Step.APPROVE}),
    Kind.HANDOVER: frozenset({Step.OPEN, Step.SCHEDULE}),
    Kind.SUPPORT: frozenset({Step.OPEN}),
    Kind.AGREEMENT: frozenset({Step.OPEN, Step.SIGN}),
}
"""The steps that announce a day; no figure counts one of them."""


def check_date(command: Command, office: OfficeId, policy: DeadlinePolicy, now: int) -> None:
    """Refuse a command whose business date lies too far ahead.

    Args:
        command: What the office wants.
        office: Who wants it; its day is that of its zone in the agreement.
        policy: The policy of the agreement in force.
        now: The office's clock, Unix milliseconds.

    Raises:
        Refused: The date is too far ahead; the words name the latest date that is not.
    """
    today = _day(office, policy, now)
    step = _dated_step(command)
    plans = step in PLANS.get(command.kind, ())
    latest = _plus(today, PLANNED_AHEAD if plans else AHEAD)
    if command.on > latest:
        raise Refused(
            RefusalReason.DATE_AHEAD,
            f"The business date {command.on} of “{spaced(step)}” lies ahead; here it is {today}. "
            f"Give the day on which it happened; {latest} is the latest that is taken.",
        )


def _dated_step(command: Command) -> Step:
    """The step whose date it is: of a correction that of the corrected step."""
    return command.body.corrects if isinstance(command.body, Correction) else command.step


def _day(office: OfficeId, policy: DeadlinePolicy, now: int) -> date:
    zone = next((row.zone for row in policy.zones if row.office == office), "UTC")
    return _day_of_second(zone, now // 1000)


@lru_cache(maxsize=64)
def _day_of_second(zone: str, second: int) -> date:
    """A zone's day; commands come many in one second, and no zone changes within one."""
    return local(second * 1000, zone_from(zone)).date()


def _plus(day: date, span: timedelta) -> date:
    return date.max if date.max - day < span else day + span
