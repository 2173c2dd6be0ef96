"""The counting rules: the table of all figures of a report (docs/domain.md §2, §4).

Each row says at which step of which kind a figure counts, whose steps count, what makes two
reports the same thing, and how much it is. ``figure_counter`` applies the table.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Any, Final

from blo_domain.text_fold import identity
from blo_schemas.bodies.persons import PenaltyAct
from blo_schemas.ids import OfficeId
from blo_schemas.summary import Kind, Step

RULES_VERSION: Final = 2
"""Counts up with every change of what is counted and how; a report says by which it was made.

The folding of codes (``text_fold.FOLDING_VERSION``) is part of it.
"""

Label = tuple[str, ...]
"""What an amount is of: nothing for a plain number, a nationality, a substance with its unit."""

Amount = int | Decimal
Amounts = Mapping[Label, Amount]
ONE: Final[Amounts] = {(): 1}


def _one(_body: Any, _opening: Any) -> Amounts:
    return ONE


class CountedParty(Enum):
    """The offices whose steps count."""

    ANYONE = "any office's"
    SENDER = "any office's, of what an office of the family sent"
    OURS = "an office of the family's"
    OTHERS = "a counterpart's"
    OPENED_BY_US = "in a case that the family opened"


@dataclass(frozen=True, slots=True)
class FigureRule:
    """One figure.

    Attributes:
        indicator: Its name.
        unit: What it is counted in.
        kind: Of which kind of case.
        step: At which step it counts.
        whose: Whose step.
        identity: What makes two reports of one link one thing, from the report's body, the body with
            which the case was opened, and the office that reports. Without it, or where it says
            ``None``, the case does.
        measure: How much, from both bodies; an empty tally does not count.
        joint: Whether the step is joint: it counts once it is complete, by its last signature.
    """

    indicator: str
    unit: str
    kind: Kind
    step: Step
    whose: CountedParty
    identity: Callable[[Any, Any, OfficeId], Hashable] | None = None
    measure: Callable[[Any, Any], Amounts] = _one
    joint: bool = False


def counts_one(rule: FigureRule) -> bool:
    """Whether each event that counts adds exactly one, whatever it says."""
    return rule.measure in (_one, _overstay)


def sender(body: Any, reporter: OfficeId) -> OfficeId:
    """The office that sent a working group: whoever reports it, unless the report names another."""
    named: OfficeId | None = getattr(body, "sent_by", None)
    return named or reporter


def _by_code(_body: Any, opening: Any, _reporter: OfficeId) -> Hashable:
    return identity(opening.code)


def _by_group(body: Any, opening: Any, reporter: OfficeId) -> Hashable:
    return identity(opening.code), body.group, sender(body, reporter)


def _by_phase(body: Any, opening: Any, _reporter: OfficeId) -> Hashable:
    return identity(opening.code), body.phase


def _by_ordinal(_body: Any, opening: Any, _reporter: OfficeId) -> Hashable:
    return None if opening.ordinal is None else (opening.rhythm, opening.level, opening.ordinal)


def _arrests(body: Any, _opening: Any) -> Amounts:
    return {(arrests.nationality or "",): arrests.count for arrests in body.arrests}


def _seizures(body: Any, _opening: Any) -> Amounts:
    return {
        (seizure.substance.value, seizure.unit.value): seizure.amount for seizure in body.seizures
    }


def _overstay(body: Any, _opening: Any) -> Amounts:
    return ONE if body.act is PenaltyAct.OVERSTAY else {}


def _travellers(body: Any, opening: Any) -> Amounts:
    return {(): body.persons or 1 + len(opening.members)}


RULES: Final = (
    FigureRule("joint_cases", "cases", Kind.JOINT_CASE, Step.JOIN, CountedParty.ANYONE, _by_code),
    FigureRule(
        "working_groups",
        "groups",
        Kind.JOINT_CASE,
        Step.DEPLOY_GROUP,
        CountedParty.SENDER,
        _by_group,
    ),
    FigureRule(
        "person_trips",
        "person_trips",
        Kind.JOINT_CASE,
        Step.DEPLOY_GROUP,
        CountedParty.SENDER,
        _by_group,
        lambda body, _opening: {(): body.person_trips},
    ),
    FigureRule(
        "arrests",
        "persons",
        Kind.JOINT_CASE,
        Step.PHASE_REPORT,
        CountedParty.ANYONE,
        _by_phase,
        _arrests,
    ),
    FigureRule(
        "seizures",
        "as reported",
        Kind.JOINT_CASE,
        Step.PHASE_REPORT,
        CountedParty.ANYONE,
        _by_phase,
        _seizures,
    ),
    FigureRule(
        "bilateral_patrols", "patrols", Kind.PATROL, Step.COMPLETE, CountedParty.ANYONE, _by_code
    ),
    FigureRule(
        "residence_refused", "cases", Kind.RESIDENCE_REFUSED, Step.COORDINATE, CountedParty.ANYONE
    ),
    FigureRule(
        "deportations_received", "persons", Kind.DEPORTATION, Step.RECEIVE, CountedParty.OURS
    ),
    FigureRule(
        "overstay_penalties",
        "persons",
        Kind.PENALTY,
        Step.OPEN,
        CountedParty.OURS,
        measure=_overstay,
    ),
    FigureRule(
        "delegations", "delegations", Kind.DELEGATION, Step.TRAVEL, CountedParty.OPENED_BY_US
    ),
    # Beyond the report of seed 003.
    FigureRule(
        "delegation_persons",
        "persons",
        Kind.DELEGATION,
        Step.TRAVEL,
        CountedParty.OPENED_BY_US,
        measure=_travellers,
    ),
    FigureRule(
        "patrol_person_trips",
        "person_trips",
        Kind.PATROL,
        Step.COMPLETE,
        CountedParty.ANYONE,
        _by_code,
        lambda body, _opening: {(): body.headcount},
    ),
    FigureRule("notices_sent", "notices", Kind.INFORMATION_NOTICE, Step.OPEN, CountedParty.OURS),
    FigureRule(
        "notices_received", "notices", Kind.INFORMATION_NOTICE, Step.OPEN, CountedParty.OTHERS
    ),
    FigureRule(
        "requests_answered", "requests", Kind.VERIFICATION_REQUEST, Step.ANSWER, CountedParty.ANYONE
    ),
    FigureRule("wanted_arrested", "persons", Kind.WANTED_PERSON, Step.ARREST, CountedParty.ANYONE),
    FigureRule(
        "handovers", "persons", Kind.HANDOVER, Step.SIGN_MINUTES, CountedParty.ANYONE, joint=True
    ),
    FigureRule("briefings", "meetings", Kind.BRIEFING, Step.HOLD, CountedParty.ANYONE, _by_ordinal),
    FigureRule(
        "support_buildings",
        "buildings",
        Kind.SUPPORT,
        Step.HAND_OVER,
        CountedParty.ANYONE,
        measure=lambda body, _opening: {(): body.buildings},
        joint=True,
    ),
)
"""All figures but the number of active offices, which no single event makes."""

_COUNTED: Final = frozenset((rule.kind, rule.step) for rule in RULES)
_READ: Final = frozenset((rule.kind, step) for rule in RULES for step in (rule.step, Step.OPEN))


def is_counted(kind: Kind, step: Step) -> bool:
    """Whether a figure counts such steps."""
    return (kind, step) in _COUNTED


def is_read(kind: Kind, step: Step) -> bool:
    """Whether a figure can depend on what a step says, and not only on its having been taken.

    So it is of a step that counts, of the opening of such a case, and of every correction.
    """
    return step is Step.SUPERSEDE or (kind, step) in _READ
