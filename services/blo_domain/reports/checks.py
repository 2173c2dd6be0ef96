"""Checks of a report against itself, without the log and without a key.

Sums, lists, units, dates and rules; the proofs against the log and the signature are the audit's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final

from blo_domain.reports.annual_report import OFFICES_ACTIVE
from blo_domain.reports.document import amount_text
from blo_domain.reports.figure_rules import (
    RULES,
    RULES_VERSION,
    CountedParty,
    FigureRule,
    counts_one,
)
from blo_domain.text_fold import skeleton
from blo_schemas.reports import (
    Contribution,
    FrozenReport,
    Measured,
    PeriodReport,
    ProvenEvent,
    ReportAct,
    ReportFigure,
)


class Flaw(StrEnum):
    """The flaws that a report can show by itself."""

    UNKNOWN_RULES = "unknown_rules"
    FIGURE_MISSING = "figure_missing"
    FIGURE_UNKNOWN = "figure_unknown"
    UNIT_CHANGED = "unit_changed"
    NUMBER_EDITED = "number_edited"
    AMOUNT_EDITED = "amount_edited"
    COUNTED_TWICE = "counted_twice"
    EVENT_MISSING = "event_missing"
    EVENT_UNUSED = "event_unused"
    EVENT_DOES_NOT_FIT = "event_does_not_fit"
    PERIOD_NOT_ENDED = "period_not_ended"
    OUTSIDE_THE_PERIOD = "outside_the_period"
    BEYOND_THE_CUT = "beyond_the_cut"
    OUT_OF_ORDER = "out_of_order"
    NOTE_MISSING = "note_missing"
    RESPONSE_TIMES_EDITED = "response_times_edited"
    STEPS_MISSING = "steps_missing"
    ONE_PERSON = "one_person"


@dataclass(frozen=True, slots=True)
class ReportFlaw:
    """One flaw: what it is, where in the report, and what is wrong in words."""

    flaw: str
    where: str
    words: str


def check(frozen: FrozenReport) -> list[ReportFlaw]:
    """All flaws that a frozen report shows by itself."""
    return [*_steps(frozen), *_period(frozen.report), *check_figures(frozen.report)]


def check_figures(report: PeriodReport) -> list[ReportFlaw]:
    """All flaws that the figures show by themselves."""
    known = {event.event: event for event in report.events}
    flaws = [*_rules(report), *_events(report, known), *_notes(report), *_times(report)]
    for figure in report.figures:
        flaws += _figure(report, figure, known)
    return flaws


def may_freeze(steps: Sequence[tuple[ReportAct, str]]) -> str | None:
    """Why a report with these steps, each with who took it, must not be frozen; or ``None``.

    Four eyes see it: somebody else than who computed it has reviewed it, and somebody else has
    signed it (docs/domain.md §2). Until people have accounts, two spellings of a name are one person
    (``text_fold.skeleton``).
    """
    by: dict[ReportAct, dict[str, str]] = {act: {} for act in ReportAct}
    for act, person in steps:
        by[act].setdefault(skeleton(person), person)
    for act, done in (
        (ReportAct.COMPUTE, "computed"),
        (ReportAct.REVIEW, "reviewed"),
        (ReportAct.SIGN, "signed"),
    ):
        if not by[act]:
            return f"it was not {done} yet"
    for act, done in ((ReportAct.REVIEW, "reviewed"), (ReportAct.SIGN, "signed")):
        if by[act].keys() <= by[ReportAct.COMPUTE].keys():
            names = ", ".join(sorted(by[act].values()))
            return f"only {names}, who computed it as far as names tell, has {done} it"
    return None


def is_among(person: str, others: Iterable[str]) -> bool:
    """Whether a person may be one of the others, as far as their names tell."""
    return skeleton(person) in {skeleton(other) for other in others}


def has_ended(report: PeriodReport) -> bool:
    """Whether the report was computed when its period was over."""
    return report.as_of >= report.until


def _period(report: PeriodReport) -> Iterator[ReportFlaw]:
    if not has_ended(report):
        yield ReportFlaw(
            Flaw.PERIOD_NOT_ENDED,
            "as_of",
            f"computed at {report.as_of}, before its period ended at {report.until}",
        )


def _steps(frozen: FrozenReport) -> Iterator[ReportFlaw]:
    acts = [step.act for step in frozen.steps]
    order = [_ORDER.index(act) for act in acts]
    if order != sorted(order) or acts.count(ReportAct.COMPUTE) != 1 or acts[-1:] != [_LAST]:
        yield ReportFlaw(
            Flaw.STEPS_MISSING, "steps", f"they are {', '.join(acts) or 'none'}, not {_WANTED}"
        )
        return
    times = [step.at for step in frozen.steps]
    if times != sorted(times):
        yield ReportFlaw(Flaw.OUT_OF_ORDER, "steps", "their times go back")
    why = may_freeze([(step.act, step.by) for step in frozen.steps])
    if why is not None:
        yield ReportFlaw(Flaw.ONE_PERSON, "steps", why)


def _rules(report: PeriodReport) -> Iterator[ReportFlaw]:
    if report.rules != RULES_VERSION:
        yield ReportFlaw(
            Flaw.UNKNOWN_RULES,
            "rules",
            f"counted by rules {report.rules}; this program knows {RULES_VERSION} and checks by it",
        )
    names = [figure.indicator for figure in report.figures]
    for name in dict.fromkeys(names):
        if name not in _UNITS:
            yield ReportFlaw(Flaw.FIGURE_UNKNOWN, name, "no counting rule has this name")
        elif names.count(name) > 1:
            yield ReportFlaw(Flaw.COUNTED_TWICE, name, "the figure stands here twice")
    for name in _UNITS:
        if name not in names:
            yield ReportFlaw(Flaw.FIGURE_MISSING, name, "the figure was taken out")


def _events(report: PeriodReport, known: Mapping[str, ProvenEvent]) -> Iterator[ReportFlaw]:
    places = [(event.link, event.position) for event in report.events]
    if places != sorted(set(places)) or len(known) != len(places):
        yield ReportFlaw(
            Flaw.OUT_OF_ORDER, "events", "an event or a position stands there twice, or unsorted"
        )
    sizes = {link.link: link.size for link in report.links}
    for event in report.events:
        if event.position >= sizes.get(event.link, 0):
            yield ReportFlaw(
                Flaw.BEYOND_THE_CUT,
                f"event {event.event}",
                f"position {event.position} of {event.link} lies beyond the "
                f"{sizes.get(event.link, 0)} records that were counted",
            )
    used = {note.event for note in report.notes}
    for figure in report.figures:
        for contribution in figure.events:
            used.update(
                (contribution.event, *contribution.also_reported, *contribution.corrections)
            )
    for event in report.events:
        if event.event not in used:
            yield ReportFlaw(
                Flaw.EVENT_UNUSED, f"event {event.event}", "it is proved, but makes no figure"
            )


def _notes(report: PeriodReport) -> Iterator[ReportFlaw]:
    """Every record that was not read needs a note."""
    noted = {(note.link, note.position) for note in report.notes}
    for link in report.links:
        for position in (*link.parked, *link.closed):
            if (link.link, position) not in noted:
                yield ReportFlaw(
                    Flaw.NOTE_MISSING,
                    f"record {position} of {link.link}",
                    "it could not be read, and no note says so",
                )
    proved = {(event.event, event.link, event.position) for event in report.events}
    for note in report.notes:
        if note.event is not None and (note.event, note.link, note.position) not in proved:
            yield ReportFlaw(
                Flaw.EVENT_MISSING, f"event {note.event}", "a note names it, the list does not"
            )


def _times(report: PeriodReport) -> Iterator[ReportFlaw]:
    """Contradictions within the response times."""
    rows = [(row.link, row.office, row.clock) for row in report.response_times]
    if rows != sorted(set(rows)):
        yield ReportFlaw(
            Flaw.OUT_OF_ORDER, "response times", "a row stands there twice, or they are unsorted"
        )
    for row in report.response_times:
        came = row.met + row.missed - row.open
        missing = (row.median_ms is None, row.p90_ms is None)
        wrong = row.open > row.missed or missing != (came == 0, came == 0)
        if not wrong and row.median_ms is not None and row.p90_ms is not None:
            wrong = row.median_ms > row.p90_ms
        if wrong:
            yield ReportFlaw(
                Flaw.RESPONSE_TIMES_EDITED,
                f"response times {row.link} {row.office} {row.clock}",
                f"{row.met} met, {row.missed} missed, {row.open} open, median {row.median_ms} ms "
                f"and 90th percentile {row.p90_ms} ms can't be of one list of times",
            )


def _figure(
    report: PeriodReport, figure: ReportFigure, known: Mapping[str, ProvenEvent]
) -> Iterator[ReportFlaw]:
    where = figure.indicator
    unit = _UNITS.get(where, figure.unit)
    if figure.unit != unit:
        yield ReportFlaw(
            Flaw.UNIT_CHANGED, where, f"it is in {figure.unit}, but is counted in {unit}"
        )
    totals = _sum(contribution.amounts for contribution in figure.events)
    if _numbers(figure.totals) != totals or not _is_sorted(figure.totals):
        yield ReportFlaw(
            Flaw.NUMBER_EDITED,
            where,
            f"it says {_amounts_words(figure.totals)}, but its events make "
            f"{', '.join(_amount_words(of, str(n)) for of, n in sorted(totals.items())) or 'nothing'}",
        )
    seen: set[str] = set()
    for contribution in figure.events:
        for event in (contribution.event, *contribution.also_reported):
            if event in seen:
                yield ReportFlaw(Flaw.COUNTED_TWICE, where, f"event {event} counts twice")
            seen.add(event)
        yield from _contribution(report, figure, contribution, known)


def _contribution(
    report: PeriodReport,
    figure: ReportFigure,
    contribution: Contribution,
    known: Mapping[str, ProvenEvent],
) -> Iterator[ReportFlaw]:
    where = figure.indicator
    if not report.first <= contribution.on <= report.last:
        yield ReportFlaw(
            Flaw.OUTSIDE_THE_PERIOD,
            where,
            f"event {contribution.event} is of {contribution.on}, outside the period",
        )
    for event in (contribution.event, *contribution.also_reported, *contribution.corrections):
        if event not in known:
            yield ReportFlaw(
                Flaw.EVENT_MISSING, where, f"event {event} is not among the proved ones"
            )
    rule = _BY_NAME.get(where)
    is_one = where == OFFICES_ACTIVE or (rule is not None and rule.is_one)
    if is_one and _numbers(contribution.amounts) != {(): Decimal(1)}:
        yield ReportFlaw(
            Flaw.AMOUNT_EDITED,
            where,
            f"event {contribution.event} counts {_amounts_words(contribution.amounts)}, not 1",
        )
    for named in (contribution.event, *contribution.also_reported):
        event_at = known.get(named)
        if event_at is not None and not _fits(report, where, rule, event_at):
            yield ReportFlaw(
                Flaw.EVENT_DOES_NOT_FIT,
                where,
                f"event {named} ({event_at.kind} {event_at.step} of {event_at.office}) is none "
                "that this figure counts",
            )


def _fits(report: PeriodReport, name: str, rule: _Checked | None, event: ProvenEvent) -> bool:
    family = {report.office, *report.branches}
    if name == OFFICES_ACTIVE:
        return event.office in report.branches
    if rule is None:
        return True
    if (event.kind, event.step) != (rule.kind, rule.step):
        return False
    if rule.whose is CountedParty.OURS:
        return event.office in family
    if rule.whose is CountedParty.OTHERS:
        return event.office not in family
    return True


@dataclass(frozen=True, slots=True)
class _Checked:
    """The parts of a counting rule that can be checked without contents."""

    kind: str
    step: str
    whose: CountedParty
    is_one: bool


def _checked(rule: FigureRule) -> _Checked:
    return _Checked(rule.kind.word, rule.step.word, rule.whose, counts_one(rule))


def _sum(all_amounts: Iterator[tuple[Measured, ...]]) -> dict[tuple[str, ...], Decimal]:
    totals: dict[tuple[str, ...], Decimal] = {}
    for amounts in all_amounts:
        for measured in amounts:
            totals[measured.of] = totals.get(measured.of, Decimal(0)) + Decimal(measured.amount)
    return totals


def _numbers(amounts: Sequence[Measured]) -> dict[tuple[str, ...], Decimal]:
    return {measured.of: Decimal(measured.amount) for measured in amounts}


def _is_sorted(amounts: Sequence[Measured]) -> bool:
    labels = [measured.of for measured in amounts]
    return labels == sorted(set(labels))


def _amounts_words(amounts: Sequence[Measured]) -> str:
    words = [_amount_words(measured.of, measured.amount) for measured in amounts]
    return ", ".join(words) or "nothing"


def _amount_words(of: tuple[str, ...], amount: str) -> str:
    name = " ".join(part or "not stated" for part in of)
    return f"{amount_text(Decimal(amount))}{' ' if name else ''}{name}"


_ORDER: Final = tuple(ReportAct)
_LAST: Final = ReportAct.FREEZE
_WANTED: Final = ", ".join(_ORDER)
_UNITS: Final = {OFFICES_ACTIVE: "offices", **{rule.indicator: rule.unit for rule in RULES}}
_BY_NAME: Final = {rule.indicator: _checked(rule) for rule in RULES}
