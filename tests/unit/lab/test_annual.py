"""The demo tells the figures of the frozen report as the counting rules give them."""

from __future__ import annotations

from blo_domain.reports.annual_report import AnnualReport
from blo_domain.reports.document import measured
from blo_domain.reports.figure_rules import RULES_VERSION
from blo_lab.demo.annual import figures_of
from blo_schemas.ids import LinkId
from blo_schemas.reports import REPORT_VERSION, NoteAbout, PeriodReport, ReportFigure, ReportNote
from blo_schemas.summary import Step
from tests.unit.domain.ledger import KYSON, PHASE, WEST, XIENG, Ledger, group
from tests.unit.domain.shown import summary_of


def document(report: AnnualReport, *notes: ReportNote) -> PeriodReport:
    """A report's numbers as a document, without the events that make them."""
    return PeriodReport(
        v=REPORT_VERSION,
        rules=RULES_VERSION,
        office=report.family.province,
        branches=tuple(sorted(report.family.branches)),
        first=report.period.first,
        last=report.period.last,
        after=0,
        until=1,
        as_of=1,
        links=(),
        heads=(),
        figures=tuple(
            ReportFigure(indicator=one.name, unit=one.unit, totals=measured(one.totals), events=())
            for one in report.indicators
        ),
        response_times=(),
        notes=notes,
        events=(),
    )


def test_the_figures_are_those_of_the_rules_and_in_the_order_of_seed_003() -> None:
    ledger = Ledger()
    joint = ledger.joint_case(WEST, KYSON, XIENG, "CA-1")
    joint.does(KYSON, Step.DEPLOY_GROUP, group(1))
    joint.does(KYSON, Step.PHASE_REPORT, PHASE)
    ledger.patrol("TT-1")
    report = ledger.report()
    figures = figures_of(document(report))
    assert figures["summary"] == summary_of(report)
    assert [one["unit"] for one in figures["indicators"].values()] == [
        one.unit for one in report.indicators
    ]
    assert figures["left_out"] == []


def test_what_was_not_counted_is_told_and_what_came_late_is_not_missing() -> None:
    def note(about: NoteAbout, event: str | None) -> ReportNote:
        return ReportNote(about=about, link=LinkId(WEST), position=3, event=event, words="why")

    missing = note(NoteAbout.NOT_COUNTED, "ab" * 32), note(NoteAbout.NOT_JUDGED, None)
    report = document(Ledger().report(), *missing, note(NoteAbout.LATE_ENTRY, "cd" * 32))
    assert figures_of(report)["left_out"] == [
        {"event": "ab" * 32, "why": "why"},
        {"event": f"{WEST}/3", "why": "why"},
    ]
