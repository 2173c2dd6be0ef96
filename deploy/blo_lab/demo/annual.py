"""The year's report as an office freezes it, and as whoever doubts it verifies it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, Final

from rich.filesize import decimal

from blo_agent.api.request_types import ReportRequest
from blo_agent.config import AgentSettings
from blo_audit.reports.verify import audit_report
from blo_cli.client import client_of
from blo_cli.trust.verdicts import judge
from blo_domain.reports.annual_report import IN_SUMMARY
from blo_lab.demo.checks import Check, checked
from blo_lab.network.layout import Layout
from blo_runtime.config import load
from blo_schemas.measures import Substance
from blo_schemas.reports import Measured, NoteAbout, PeriodReport, ReportAct, ReportFigure

_LEFT_OUT: Final = frozenset({NoteAbout.NOT_COUNTED, NoteAbout.NOT_JUDGED, NoteAbout.NOT_OPENED})
_OFFICER: Final = "Lê C (fictional)"
_STEPS: Final = (
    (ReportAct.REVIEW, "Trần B (fictional)"),
    (ReportAct.SIGN, "Nguyễn A (fictional)"),
    (ReportAct.FREEZE, "Nguyễn A (fictional)"),
)


def freeze_report(
    layout: Layout, office: str, period: tuple[date, date]
) -> tuple[PeriodReport, Check]:
    """The office freezes its report; its file alone proves it, and it can be computed anew.

    Args:
        layout: Where the office's configuration and the trust documents lie.
        office: Whose report.
        period: First and last business date.

    Raises:
        CliError: The agent refuses a step, or does not answer.
    """
    settings = load(layout.config(office), AgentSettings)
    client = client_of(settings)
    first, last = period
    digest = client.compute_report(ReportRequest(first, last, _OFFICER)).digest
    for act, actor in _STEPS:
        client.advance_report(digest, act, actor)
    data = client.report_file(digest, _OFFICER)
    directory = judge(layout.documents, settings.trust.roots).directory
    audited = audit_report(data, directory=directory)
    compared = client.compare_report(digest, _OFFICER)
    wrong = [str(finding) for finding in audited.findings]
    wrong += compared.why_not
    wrong += [f"{figure.indicator} differs already" for figure in compared.since.figures]
    report = audited.signed.frozen.report
    return report, checked(
        "frozen_report_holds",
        wrong,
        f"{len(report.events)} events proved in the logs of {len(report.links)} links, "
        f"{len(report.heads)} heads of others vouch for them; verified from its file, "
        f"{decimal(len(data))}, and computed anew byte for byte",
    )


def figures_of(report: PeriodReport) -> dict[str, Any]:
    """A report's figures as the demo writes them, and what could not be counted."""
    indicators = {figure.indicator: _figure(figure) for figure in report.figures}
    return {
        "office": report.office,
        "from": report.first.isoformat(),
        "to": report.last.isoformat(),
        "indicators": indicators,
        "summary": {name: indicators[name]["value"] for name in IN_SUMMARY},
        "left_out": [
            {"event": note.event or f"{note.link}/{note.position}", "why": note.words}
            for note in report.notes
            if note.about in _LEFT_OUT
        ],
    }


def _figure(figure: ReportFigure) -> dict[str, Any]:
    return {
        "value": _value(figure),
        "unit": figure.unit,
        "events": [one.event for one in figure.events],
        "also_reported": [event for one in figure.events for event in one.also_reported],
        "corrections": [event for one in figure.events for event in one.corrections],
    }


def _value(figure: ReportFigure) -> Any:
    """A number; of arrests all and those of stated nationality; of seizures a list of amounts."""
    numbers = {one.of: _number(one) for one in figure.totals}
    if figure.indicator == "arrests":
        stated = {of[0]: number for of, number in numbers.items() if of[0]}
        return {"total": sum(numbers.values()), **stated}
    if figure.indicator == "seizures":
        return [
            {"substance": substance, "amount": numbers[substance, unit], "unit": unit}
            for substance, unit in sorted(numbers, key=_as_in_seed_003)
        ]
    return numbers.get((), 0)


def _as_in_seed_003(of: tuple[str, ...]) -> tuple[bool, tuple[str, ...]]:
    """Crystal methamphetamine stands first, as the report of seed 003 tells it."""
    return of[0] != Substance.METHAMPHETAMINE_CRYSTAL, of


def _number(measured: Measured) -> int | float:
    amount = Decimal(measured.amount)
    return int(amount) if amount == int(amount) else float(amount)
