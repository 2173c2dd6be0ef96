"""A period's report as a document: a pure function of the log up to a cut (docs/reports.md).

The cut says how many records of each link are counted, and which of them could not be judged or
opened then. Whoever computes it again from the same cut, by the same counting rules, gets the same
document byte for byte, whatever the log has brought since.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Protocol

from blo_domain.cases import SubmittedStep, evolve
from blo_domain.deadlines.fold import fold_clocks
from blo_domain.deadlines.responses import Responses, Window, responses
from blo_domain.deadlines.terms import Terms
from blo_domain.errors import InconsistentInput
from blo_domain.reports.annual_report import AnnualReport, Indicator, Period, annual_report
from blo_domain.reports.figure_counter import Counted, CountedEvent, Family
from blo_domain.reports.figure_rules import (
    RULES_VERSION,
    Amount,
    Amounts,
    Label,
    is_counted,
    is_read,
)
from blo_schemas.clocks import ClockView
from blo_schemas.ids import CaseRef, LinkId, OfficeId
from blo_schemas.instants import FIRST_DAY, LAST_DAY, local, unix_ms
from blo_schemas.reports import (
    REPORT_VERSION,
    Contribution,
    CountedHead,
    CountedLink,
    Measured,
    NoteAbout,
    PeriodReport,
    ProvenEvent,
    ReportFigure,
    ReportNote,
    ResponseTime,
)
from blo_schemas.summary import Step, Summary
from blo_schemas.texts import from_hex, zone_from
from blo_schemas.verdicts import Outcome
from blo_schemas.views import CaseView

Parties = Callable[[LinkId, int], Collection[OfficeId]]
"""The offices of a link at a log time."""


class Prove(Protocol):
    """Proofs in the trees of the cut, in hexadecimal."""

    def record(self, link: LinkId, position: int) -> tuple[str, tuple[str, ...]]:
        """Leaf hash and inclusion proof of a record."""
        ...

    def prefix(self, link: LinkId, size: int) -> tuple[str, ...]:
        """Consistency proof from the tree of the first ``size`` records to that of the cut."""
        ...


@dataclass(frozen=True, slots=True)
class CutEvent:
    """An accepted event below the cut, with its summary."""

    event: CountedEvent
    summary: Summary


@dataclass(frozen=True, slots=True)
class Cut:
    """What a report is computed from, besides the events.

    Attributes:
        family: Whose work is counted.
        period: Business dates.
        window: The same period in instants, for the clocks.
        as_of: The instant at which clocks are read, Unix milliseconds.
        links: Up to where each log is counted, by link.
        heads: What others have signed of it; their proofs are made with the document.
        terms: What was agreed on deadlines, by link.
    """

    family: Family
    period: Period
    window: Window
    as_of: int
    links: Mapping[LinkId, CountedLink]
    heads: tuple[CountedHead, ...]
    terms: Mapping[LinkId, Terms]


class CutCases:
    """The cases at the cut, folded one after the other; those on which the report can depend are kept.

    Args:
        cut: From what the report is computed.
        parties: The offices of a link at a log time.

    Attributes:
        views: The views of the kept cases.
        counted: Their events.
    """

    def __init__(self, cut: Cut, parties: Parties) -> None:
        self.views: dict[CaseRef, CaseView] = {}
        self.counted: list[CountedEvent] = []
        self._family = cut.family
        self._period = cut.period
        self._parties = parties
        self._closed = {link.link: frozenset(link.closed) for link in cut.links.values()}

    def clocks(self, events: Iterable[CutEvent]) -> Iterator[ClockView]:
        """Folds each case, and gives its clocks.

        Args:
            events: The accepted events below the cut, those of one case together in their order.

        Raises:
            InconsistentInput: An event is not accepted under the trust documents of now.
        """
        for ref, of_case in groupby(events, key=lambda cut_event: cut_event.event.ref):
            view: CaseView | None = None
            clocks: ClockView | None = None
            folded = []
            for cut_event in of_case:
                view, clocks = self._after(view, clocks, cut_event)
                folded.append(cut_event.event)
            kept = self._kept(folded)
            if view is not None and kept:
                self.views[ref] = view
                self.counted += kept
            if clocks is not None:
                yield clocks

    def _after(
        self, view: CaseView | None, clocks: ClockView | None, cut_event: CutEvent
    ) -> tuple[CaseView, ClockView]:
        event = cut_event.event
        fact = SubmittedStep(
            event.case, event.link, event.office, cut_event.summary, event.position, event.log_time
        )
        after, verdict = evolve(view, fact, self._parties(event.link, event.log_time))
        if after is None or verdict.outcome is not Outcome.ACCEPTED:
            raise InconsistentInput(
                f"event {event.event_id.hex()} at {event.position} of {event.link} does not "
                "follow any more; the trust documents have changed"
            )
        return after, fold_clocks(clocks, fact)

    def _kept(self, folded: list[CountedEvent]) -> list[CountedEvent]:
        """The events of a case on which a figure or a note can depend."""
        if any(event.step is Step.SUPERSEDE for event in folded):
            return folded
        shown = {event.event_id for event in folded if self._is_shown(event)}
        if any(is_counted(event.kind, event.step) for event in folded):
            shown.update(event.event_id for event in folded if is_read(event.kind, event.step))
        return [event for event in folded if event.event_id in shown]

    def _is_shown(self, event: CountedEvent) -> bool:
        """Whether an event can show that an office was active, or could not be opened."""
        is_active = event.office in self._family.branches and event.on in self._period
        return is_active or event.position in self._closed[event.link]


def compute(cut: Cut, events: Iterable[CutEvent], parties: Parties, prove: Prove) -> PeriodReport:
    """Computes the document.

    Args:
        cut: From what.
        events: The accepted events below the cut, those of one case together in their order;
            those that were parked at the cut left out, and without a body where the content was
            closed.
        parties: The offices of a link at a log time.
        prove: Proves a record at the cut.

    Raises:
        InconsistentInput: The events do not fit the cut.
    """
    folded = CutCases(cut, parties)
    rows = responses(folded.clocks(events), cut.terms, cut.window, cut.as_of)
    report = annual_report(folded.counted, folded.views, cut.family, cut.period)
    known = {event.event_id: event for event in folded.counted}
    figures = tuple(_figure(indicator, known) for indicator in report.indicators)
    notes = _notes(cut, report, known)
    named = _named(figures, notes, known)
    return PeriodReport(
        v=REPORT_VERSION,
        rules=RULES_VERSION,
        office=cut.family.province,
        branches=tuple(sorted(cut.family.branches)),
        first=cut.period.first,
        last=cut.period.last,
        after=cut.window.start,
        until=cut.window.end,
        as_of=cut.as_of,
        links=tuple(cut.links[link] for link in sorted(cut.links)),
        heads=tuple(_head(row, prove) for row in cut.heads),
        figures=figures,
        response_times=tuple(response_time(row) for row in rows),
        notes=notes,
        events=tuple(_proven(event, prove) for event in named),
    )


def window_of(period: Period, zone: str) -> Window:
    """A period's instants in a time zone (IANA name): what is due with its last day is in it.

    Of a period that reaches beyond all business dates, those of the business dates.
    """
    midnight = time(tzinfo=zone_from(zone))
    first, last = (min(max(day, FIRST_DAY), LAST_DAY) for day in (period.first, period.last))
    start = datetime.combine(first, midnight)
    end = datetime.combine(last + timedelta(days=1), midnight)
    return Window(unix_ms(start), unix_ms(end))


def response_time(row: Responses) -> ResponseTime:
    """A row of the response times as the document has it."""
    return ResponseTime(
        link=row.link,
        office=row.office,
        clock=row.clock,
        met=row.met,
        missed=row.missed,
        open=row.open,
        median_ms=row.median,
        p90_ms=row.p90,
    )


def amount_text(amount: Amount) -> str:
    """An amount as decimal text in its shortest form."""
    return format(Decimal(amount).normalize(), "f")


def measured(tally: Amounts) -> tuple[Measured, ...]:
    """A tally as the document has it, sorted by what it is of."""
    labels: Sequence[Label] = sorted(tally)
    return tuple(Measured(of=label, amount=amount_text(tally[label])) for label in labels)


def _figure(indicator: Indicator, known: Mapping[bytes, CountedEvent]) -> ReportFigure:
    counted = sorted(indicator.counted, key=lambda counted_step: _place(counted_step.report.event))
    return ReportFigure(
        indicator=indicator.name,
        unit=indicator.unit,
        totals=measured(indicator.totals),
        events=tuple(_contribution(counted_step, known) for counted_step in counted),
    )


def _contribution(counted: Counted, known: Mapping[bytes, CountedEvent]) -> Contribution:
    others = sorted((known[event] for event in counted.also_reported), key=_place)
    return Contribution(
        event=counted.report.event.event_id.hex(),
        on=counted.report.on,
        amounts=measured(counted.tally),
        also_reported=tuple(event.event_id.hex() for event in others),
        corrections=tuple(event.hex() for event in counted.report.corrections),
    )


def _notes(
    cut: Cut, report: AnnualReport, known: Mapping[bytes, CountedEvent]
) -> tuple[ReportNote, ...]:
    notes = {*_unread(cut, known), *_late(cut, report, known)}
    for left in report.left_out:
        notes.add(_note(NoteAbout.NOT_COUNTED, known[left.event_id], left.why))
    return tuple(sorted(notes, key=lambda note: (note.about, note.link, note.position, note.words)))


def _unread(cut: Cut, known: Mapping[bytes, CountedEvent]) -> Iterable[ReportNote]:
    """Notes on records that could not be judged or opened when the cut was made."""
    at = {_place(event): event for event in known.values()}
    for link in cut.links.values():
        for position in link.parked:
            yield ReportNote(
                about=NoteAbout.NOT_JUDGED,
                link=link.link,
                position=position,
                event=None,
                words="its summary key had not arrived; it counts nowhere",
            )
        for position in link.closed:
            event = at.get((link.link, position))
            if event is not None:
                words = "its content could not be opened; only its step is known"
                yield _note(NoteAbout.NOT_OPENED, event, words)


def _late(
    cut: Cut, report: AnnualReport, known: Mapping[bytes, CountedEvent]
) -> Iterable[ReportNote]:
    """Notes on events of the period that reached the log after it."""
    for indicator in report.indicators:
        for counted in indicator.counted:
            event = counted.report.event
            if event.log_time > cut.window.end:
                words = f"of {counted.report.on}, reached the log on {_day(event.log_time)}"
                yield _note(NoteAbout.LATE_ENTRY, event, words)
            for correction in (
                known[correction_id] for correction_id in counted.report.corrections
            ):
                if correction.log_time > cut.window.end:
                    words = f"reached the log on {_day(correction.log_time)}"
                    yield _note(NoteAbout.LATE_CORRECTION, correction, words)


def _note(about: NoteAbout, event: CountedEvent, words: str) -> ReportNote:
    return ReportNote(
        about=about,
        link=event.link,
        position=event.position,
        event=event.event_id.hex(),
        words=words,
    )


def _named(
    figures: Iterable[ReportFigure],
    notes: Iterable[ReportNote],
    known: Mapping[bytes, CountedEvent],
) -> list[CountedEvent]:
    ids = {note.event for note in notes if note.event is not None}
    for figure in figures:
        for contribution in figure.events:
            ids.update((contribution.event, *contribution.also_reported, *contribution.corrections))
    return sorted((known[from_hex(event_id)] for event_id in ids), key=_place)


def _head(head: CountedHead, prove: Prove) -> CountedHead:
    return CountedHead(
        link=head.link,
        office=head.office,
        size=head.size,
        head=head.head,
        proof=prove.prefix(head.link, head.size),
    )


def _proven(event: CountedEvent, prove: Prove) -> ProvenEvent:
    leaf, proof = prove.record(event.link, event.position)
    return ProvenEvent(
        event=event.event_id.hex(),
        link=event.link,
        position=event.position,
        log_time=event.log_time,
        office=event.office,
        kind=event.kind.word,
        step=event.step.word,
        number=event.number,
        leaf=leaf,
        proof=proof,
    )


def _place(event: CountedEvent) -> tuple[LinkId, int]:
    return event.link, event.position


def _day(at: int) -> date:
    """The day in UTC, so that the words are the same everywhere."""
    return local(at).date()
