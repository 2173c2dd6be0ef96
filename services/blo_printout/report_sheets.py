"""An office's frozen report as sheets: one for people, and the annex behind."""

from __future__ import annotations

from blo_domain.translations import FIGURES, KINDS, STEPS, translated
from blo_printout.amounts import amounts_text, figure_rows, hours
from blo_printout.office_report import ReportSetting, period_text
from blo_printout.workbook import Cell, Sheet
from blo_schemas.reports import PeriodReport, SignedReport, report_digest


def report_sheets(signed: SignedReport, setting: ReportSetting) -> list[Sheet]:
    """The sheets of a frozen report.

    Args:
        signed: The frozen report.
        setting: How they are made.
    """
    report = signed.frozen.report
    sheets = [_figures(signed, setting)]
    if setting.events:
        sheets.append(_events(report, setting))
    sheets += [_times(report, setting), _notes(report, setting)]
    if setting.events:
        sheets += [_logs(report, setting), _proofs(report, setting)]
    return sheets


def _figures(signed: SignedReport, setting: ReportSetting) -> Sheet:
    report, word = signed.frozen.report, setting.word
    facts: list[tuple[str, Cell]] = [
        (word("office"), setting.own_name(report.office, report.last)),
        (word("office_id"), report.office),
        (word("from"), report.first),
        (word("to"), report.last),
        *((word(step.act), f"{step.by}, {setting.times(step.at)}") for step in signed.frozen.steps),
        (word("digest"), report_digest(report)),
        (word("signature"), word(setting.signature)),
    ]
    return Sheet(
        name=word("report"),
        title=f"{word('report')} {period_text(report, setting)}",
        subtitle=setting.name(report.office, report.last),
        heads=(word("figure"), word("value"), word("unit"), word("events")),
        rows=tuple(
            (row.name, row.amount, row.unit, len(figure.events))
            for figure in report.figures
            for row in figure_rows(figure, setting.language)
        ),
        facts=tuple(facts),
    )


def _events(report: PeriodReport, setting: ReportSetting) -> Sheet:
    word = setting.word
    events = {event.event: event for event in report.events}
    rows: list[tuple[Cell, ...]] = []
    for figure in report.figures:
        for contribution in figure.events:
            event = events.get(contribution.event)
            place: tuple[Cell, ...] = (None,) * 6
            if event is not None:
                place = (
                    event.link,
                    event.number,
                    event.office,
                    translated(KINDS, event.kind, setting.language),
                    translated(STEPS, event.step, setting.language),
                    event.position,
                )
            rows.append(
                (
                    translated(FIGURES, figure.indicator, setting.language),
                    contribution.on,
                    *place,
                    amounts_text(contribution.amounts, figure, setting.language),
                    len(contribution.also_reported),
                    len(contribution.corrections),
                    contribution.event,
                )
            )
    heads = (
        *("figure", "date", "link", "local_number", "written_by", "kind", "step", "position"),
        *("counts", "repeated", "corrections", "event"),
    )
    return Sheet(
        name=word("events"),
        title=f"{word('annex')} – {word('events')}",
        heads=tuple(map(word, heads)),
        rows=tuple(rows),
    )


def _times(report: PeriodReport, setting: ReportSetting) -> Sheet:
    word = setting.word
    heads = ("link", "office", "clock", "met", "missed", "open", "median", "p90")
    return Sheet(
        name=word("response_times"),
        title=word("response_times"),
        subtitle=period_text(report, setting),
        heads=tuple(map(word, heads)),
        rows=tuple(
            (
                *(row.link, row.office, word(row.clock), row.met, row.missed, row.open),
                *(hours(row.median_ms), hours(row.p90_ms)),
            )
            for row in report.response_times
        ),
    )


def _notes(report: PeriodReport, setting: ReportSetting) -> Sheet:
    word = setting.word
    return Sheet(
        name=word("notes"),
        title=word("notes"),
        heads=tuple(map(word, ("about", "link", "position", "event", "words"))),
        rows=tuple(
            (word(note.about), note.link, note.position, note.event, note.words)
            for note in report.notes
        ),
    )


def _logs(report: PeriodReport, setting: ReportSetting) -> Sheet:
    word = setting.word
    return Sheet(
        name=word("logs"),
        title=f"{word('annex')} – {word('logs')}",
        heads=tuple(map(word, ("link", "records", "log_hash", "tree_root", "holidays"))),
        rows=tuple(
            (
                link.link,
                link.size,
                link.log_hash,
                link.tree_root,
                ", ".join(map(str, link.holidays)),
            )
            for link in report.links
        ),
    )


def _proofs(report: PeriodReport, setting: ReportSetting) -> Sheet:
    word = setting.word
    return Sheet(
        name=word("proven_events"),
        title=f"{word('annex')} – {word('proven_events')}",
        subtitle=word("proofs_in_file"),
        heads=tuple(map(word, ("event", "link", "position", "log_time", "leaf"))),
        rows=tuple(
            (event.event, event.link, event.position, setting.times(event.log_time), event.leaf)
            for event in report.events
        ),
    )
