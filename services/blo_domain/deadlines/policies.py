"""The two stock deadline policies, and the check that a policy is whole (docs/domain.md §3).

The seeds say only that an answer comes "as the agreed coordination regulation says" (seed 000),
so deadlines belong to each link's agreement. Evaluating a policy is not done here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache
from itertools import pairwise
from typing import Final

from blo_domain import holiday_tables
from blo_domain.errors import DomainError
from blo_schemas.errors import WireError
from blo_schemas.ids import CountryId, OfficeId, country_of
from blo_schemas.policy import (
    Calendar,
    Deadline,
    DeadlinePolicy,
    EscalationLevel,
    LadderStep,
    OfficeZone,
    Span,
    SpanUnit,
)
from blo_schemas.summary import Urgency
from blo_schemas.texts import zone_from

CAPITAL_ZONES: Final[Mapping[CountryId, str]] = {
    CountryId("cn"): "Asia/Shanghai",
    CountryId("kh"): "Asia/Phnom_Penh",
    CountryId("la"): "Asia/Vientiane",
    CountryId("mm"): "Asia/Yangon",
    CountryId("th"): "Asia/Bangkok",
    CountryId("vn"): "Asia/Ho_Chi_Minh",
}
"""The zone of a country's offices where none is given."""

_MINUTES: Final = {SpanUnit.MINUTES: 1, SpanUnit.HOURS: 60, SpanUnit.CALENDAR_DAYS: 24 * 60}
_RUNGS: Final = tuple(EscalationLevel)
_LONGEST: Final = Span(amount=3653, unit=SpanUnit.CALENDAR_DAYS)
"""Ten years: no office waits longer, and every node has to count the days one by one."""


class PolicyError(DomainError):
    """A policy is incomplete or contradicts itself.

    Attributes:
        field: The field at fault, e.g. ``deadlines.urgent``.
        problem: What is wrong with it, in words.
    """

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem


def four_urgencies(
    offices: Iterable[OfficeId], zones: Mapping[OfficeId, str] | None = None
) -> DeadlinePolicy:
    """The default of docs/domain.md §3: thường, khẩn, thượng khẩn, hỏa tốc, in working days below.

    Args:
        offices: The link's offices.
        zones: IANA zones of offices whose country has another one than its capital's.

    Raises:
        PolicyError: An office of a country whose zone is not known and not given.
    """
    return _stock(
        "four-urgencies",
        (
            (Urgency.ROUTINE, _working_days(2), _working_days(15)),
            (Urgency.URGENT, _days(1), _days(5)),
            (Urgency.VERY_URGENT, _hours(4), _days(3)),
            (Urgency.IMMEDIATE, _hours(1), _hours(24)),
        ),
        (),
        offices,
        zones,
    )


EU_REFUSAL_GROUNDS: Final = (
    "the information is not available to us",  # Article 6(1)(a)
    "the request does not meet the requirements",  # (b)
    "the judicial authorisation was refused",  # (c)
    "personal data outside the permitted categories",  # (d)
    "the information is inaccurate, incomplete or out of date",  # (e)
    "harm to essential national security interests",  # (f)(i)
    "danger to an ongoing investigation or to a person's safety",  # (f)(ii)
    "undue harm to important interests of a legal person",  # (f)(iii)
    "punishable with at most one year's imprisonment, or no offence",  # (g)
    "the country that the information came from does not consent",  # (h)
)
"""Directive (EU) 2023/977, Article 6(1), in short words of ours: the closed list."""


def eu_2023_977(
    offices: Iterable[OfficeId], zones: Mapping[OfficeId, str] | None = None
) -> DeadlinePolicy:
    """Directive (EU) 2023/977, Article 5(1): eight hours, three days, seven calendar days.

    The directive knows three classes and four urgencies must be filled: ``immediate`` is an
    urgent request for directly available information, 8 hours; ``very_urgent`` and ``urgent``
    are urgent requests for indirectly available information, 3 calendar days; ``routine`` is
    any other request, 7 calendar days. It has no deadline of its own for the acknowledgement,
    so that is the answer's. A deviation is a paused clock with its reason.

    Args:
        offices: The link's offices.
        zones: IANA zones of offices whose country has another one than its capital's.

    Raises:
        PolicyError: An office of a country whose zone is not known and not given.
    """
    return _stock(
        "eu-2023-977",
        (
            (Urgency.ROUTINE, _days(7), _days(7)),
            (Urgency.URGENT, _days(3), _days(3)),
            (Urgency.VERY_URGENT, _days(3), _days(3)),
            (Urgency.IMMEDIATE, _hours(8), _hours(8)),
        ),
        EU_REFUSAL_GROUNDS,
        offices,
        zones,
    )


def check(policy: DeadlinePolicy, offices: Collection[OfficeId]) -> None:
    """Refuses a policy that leaves a deadline open or can't be computed.

    Zones are looked up in the time zone database, which only ever gains names, and holidays in the
    table of the version that the policy names; so nodes with different releases differ at most on a
    name or a version that is new.

    Args:
        policy: The policy.
        offices: The offices of the link that it is for.

    Raises:
        PolicyError: Names the field that is missing or contradicts another.
    """
    _check_deadlines(policy.deadlines)
    _check_ladder(policy.ladder)
    _check_holidays(policy.holidays)
    _check_calendars(policy.calendars, {country_of(office) for office in offices}, policy.holidays)
    _check_zones(policy.zones, set(offices))
    _check_length("silent_after", policy.silent_after)
    if len(set(policy.refusal_grounds)) != len(policy.refusal_grounds):
        raise PolicyError("refusal_grounds", "one ground is listed twice")


def _stock(
    name: str,
    rows: Iterable[tuple[Urgency, Span, Span]],
    grounds: tuple[str, ...],
    offices: Iterable[OfficeId],
    zones: Mapping[OfficeId, str] | None,
) -> DeadlinePolicy:
    parties = sorted(set(offices))
    countries = sorted({country_of(office) for office in parties})
    return DeadlinePolicy(
        name=name,
        deadlines=tuple(
            Deadline(urgency=urgency, acknowledge=acknowledge, answer=answer)
            for urgency, acknowledge, answer in rows
        ),
        warning_percent=75,
        ladder=(
            LadderStep(rung=EscalationLevel.WARNING),
            LadderStep(rung=EscalationLevel.URGE_COUNTERPART, after=_hours(1)),
            LadderStep(rung=EscalationLevel.OWN_CHIEF, after=_days(1)),
            LadderStep(rung=EscalationLevel.PROVINCE, after=_days(3)),
            LadderStep(rung=EscalationLevel.MINISTRY, after=_days(7)),
        ),
        holidays=holiday_tables.NEWEST,
        calendars=tuple(Calendar(country=country) for country in countries),
        zones=tuple(OfficeZone(office=office, zone=_zone(office, zones)) for office in parties),
        refusal_grounds=grounds,
        silent_after=_hours(24),
    )


def _zone(office: OfficeId, zones: Mapping[OfficeId, str] | None) -> str:
    zone = (zones or {}).get(office) or CAPITAL_ZONES.get(country_of(office))
    if zone is None:
        raise PolicyError("zones", f"no time zone is known for {office}: give one")
    return zone


def _check_deadlines(deadlines: Sequence[Deadline]) -> None:
    seen = set()
    for row in deadlines:
        kind = "" if row.kind is None else f".{row.kind.word}"
        field = f"deadlines.{row.urgency.word}{kind}"
        if (row.urgency, row.kind) in seen:
            raise PolicyError(field, "there are two rows for it")
        seen.add((row.urgency, row.kind))
        _check_length(f"{field}.acknowledge", row.acknowledge)
        _check_length(f"{field}.answer", row.answer)
        if _longer(row.acknowledge, row.answer):
            raise PolicyError(field, "acknowledging may take longer than answering")
    for urgency in Urgency:
        if (urgency, None) not in seen:
            raise PolicyError(f"deadlines.{urgency.word}", "the row for every kind is missing")


def _check_ladder(ladder: Sequence[LadderStep]) -> None:
    for step, following in pairwise(ladder):
        if _RUNGS.index(step.rung) >= _RUNGS.index(following.rung):
            raise PolicyError("ladder", f"{following.rung} comes after {step.rung}: it must rise")
        if _not_later(following.after, step.after):
            raise PolicyError("ladder", f"{following.rung} is not later than {step.rung}")
    for step in ladder:
        if (step.after is None) != (step.rung is EscalationLevel.WARNING):
            raise PolicyError(
                f"ladder.{step.rung}",
                "the warning comes before the deadline and every other rung after it",
            )
        if step.after is not None:
            _check_length(f"ladder.{step.rung}", step.after)


def _check_length(field: str, span: Span) -> None:
    days = span.unit is SpanUnit.WORKING_DAYS and span.amount > _LONGEST.amount
    if days or _longer(span, _LONGEST):
        raise PolicyError(field, "it is longer than ten years")


def _check_holidays(version: int) -> None:
    if not holiday_tables.is_known(version):
        known = ", ".join(map(str, sorted(holiday_tables.TABLES)))
        raise PolicyError(
            "holidays",
            f"this program has no version {version} of the table of public holidays, only {known}: "
            "name one of these, or install the release that brings it",
        )


def _check_calendars(
    calendars: Sequence[Calendar], countries: set[CountryId], holidays: int
) -> None:
    _check_cover("calendars", [calendar.country for calendar in calendars], countries)
    for calendar in calendars:
        field = f"calendars.{calendar.country}"
        if not holiday_tables.has_country(holidays, calendar.country):
            raise PolicyError(
                field,
                f"version {holidays} of the table of public holidays does not have that country",
            )
        if len(set(calendar.weekend)) != len(calendar.weekend) or len(calendar.weekend) == 7:
            raise PolicyError(field, "the weekend lists a day twice or leaves no working day")
        if set(calendar.extra_days_off) & set(calendar.extra_working_days):
            raise PolicyError(field, "one day is both a day off and a working day")


def _check_zones(zones: Sequence[OfficeZone], offices: set[OfficeId]) -> None:
    _check_cover("zones", [zone.office for zone in zones], offices)
    for zone in zones:
        if not _is_zone(zone.zone):
            raise PolicyError(f"zones.{zone.office}", f"{zone.zone!r} is no IANA time zone")


def _check_cover(field: str, given: Sequence[str], needed: Collection[str]) -> None:
    """Each of ``needed`` exactly once, and nothing else."""
    for name in given:
        if name not in needed:
            raise PolicyError(f"{field}.{name}", "the link has none of that name")
        if given.count(name) > 1:
            raise PolicyError(f"{field}.{name}", "it is there twice")
    for name in sorted(set(needed) - set(given)):
        raise PolicyError(f"{field}.{name}", "it is missing")


def _comparable(span: Span, other: Span) -> bool:
    return span.unit is other.unit or (span.unit in _MINUTES and other.unit in _MINUTES)


def _not_later(span: Span | None, other: Span | None) -> bool:
    """Whether ``one`` is surely not longer than ``other``."""
    if span is None or other is None or not _comparable(span, other):
        return False
    return not _longer(span, other)


def _longer(span: Span, other: Span) -> bool:
    """Whether ``one`` is surely longer; working days compare only with working days."""
    if not _comparable(span, other):
        return False
    return span.amount * _MINUTES.get(span.unit, 1) > other.amount * _MINUTES.get(other.unit, 1)


@cache
def _is_zone(name: str) -> bool:
    area, slash, _ = name.partition("/")
    # What a database has beside places, such as ``localtime``, means something else on each node.
    if (not slash and name != "UTC") or area in ("posix", "right"):
        return False
    try:
        zone_from(name)
    except WireError:
        return False
    return True


def _hours(amount: int) -> Span:
    return Span(amount=amount, unit=SpanUnit.HOURS)


def _days(amount: int) -> Span:
    return Span(amount=amount, unit=SpanUnit.CALENDAR_DAYS)


def _working_days(amount: int) -> Span:
    return Span(amount=amount, unit=SpanUnit.WORKING_DAYS)
