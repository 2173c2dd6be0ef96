"""An office's frozen report as a paper; the same report gives the same paper."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from enum import StrEnum
from typing import Final

import msgspec

from blo_domain.translations import FIGURES, PAPERS, STEPS, translated
from blo_domain.trust import TrustedDirectory
from blo_printout.amounts import (
    amounts_text,
    day_text,
    figure_rows,
    hours_text,
    number_text,
)
from blo_printout.facts import Times
from blo_printout.model import (
    Paper,
    PaperBlock,
    PaperFacts,
    PaperHeading,
    PaperLanguage,
    PaperParagraph,
    PaperTable,
)
from blo_schemas.ids import OfficeId
from blo_schemas.reports import (
    Contribution,
    PeriodReport,
    ProvenEvent,
    ReportFigure,
    SignedReport,
    report_digest,
)

_OWN_LANGUAGE: Final[Mapping[str, str]] = {"vn": "vi", "la": "lo", "cn": "zh"}


class ReportSignature(StrEnum):
    """Whether the office's signature under a report was verified; the word that says so."""

    UNCHECKED = "signature_unchecked"
    GOOD = "signature_checked"
    BAD = "signature_bad"


class ReportSetting(msgspec.Struct, frozen=True, kw_only=True):
    """The circumstances in which a report's paper is made.

    Attributes:
        language: The reader's language.
        times: Writes instants.
        directory: The trust documents, which have the offices' names; ``None``: none were given.
        signature: Whether the office's signature was verified.
        events: Whether each figure's events are listed, and the proofs.
    """

    language: PaperLanguage
    times: Times
    directory: TrustedDirectory | None = None
    signature: ReportSignature = ReportSignature.UNCHECKED
    events: bool = True

    def word(self, name: str) -> str:
        """A word of papers in the reader's language."""
        return translated(PAPERS, name, self.language)

    def name(self, office: OfficeId, on: date) -> str:
        """An office's name that was valid on a day, in the reader's language; else its id."""
        return office if self.directory is None else self.directory.name(office, on, self.language)

    def own_name(self, office: OfficeId, on: date) -> str:
        """An office's name that was valid on a day, in its own language; else its id."""
        own = _OWN_LANGUAGE.get(office[:2], "en")
        return office if self.directory is None else self.directory.name(office, on, own)


def report_paper(signed: SignedReport, setting: ReportSetting) -> Paper:
    """The paper about a frozen report.

    Args:
        signed: The frozen report.
        setting: How the paper is made.
    """
    report = signed.frozen.report
    good = setting.signature is ReportSignature.GOOD
    blocks: list[PaperBlock] = [
        PaperFacts(tuple(_head(signed, setting))),
        PaperParagraph(setting.word(setting.signature), "good" if good else "bad"),
        *_figures(report, setting),
        *_response_times(report, setting),
        *_notes(report, setting),
    ]
    if setting.events:
        events = {event.event: event for event in report.events}
        for figure in report.figures:
            if figure.events:
                blocks += _events(figure, events, setting)
        blocks += _annex(signed, setting)
    return Paper(
        language=setting.language,
        title=f"{setting.word('report')} {period_text(report, setting)}",
        subtitle=setting.name(report.office, report.last),
        date=max((step.at for step in signed.frozen.steps), default=report.as_of),
        page=setting.word("page"),
        blocks=tuple(blocks),
    )


def period_text(report: PeriodReport, setting: ReportSetting) -> str:
    """A report's period in words."""
    days = (day_text(day, setting.language) for day in (report.first, report.last))
    return setting.word("period_words").format(*days)


def _head(signed: SignedReport, setting: ReportSetting) -> Iterator[tuple[str, str]]:
    report, word = signed.frozen.report, setting.word
    names = (setting.own_name(report.office, report.last), setting.name(report.office, report.last))
    for name in dict.fromkeys(names):
        yield word("office"), name
    yield word("office_id"), report.office
    if report.branches:
        yield (
            word("branches"),
            "; ".join(setting.name(branch, report.last) for branch in report.branches),
        )
    yield word("period"), period_text(report, setting)
    for step in signed.frozen.steps:
        yield word(step.act), f"{step.by}, {setting.times(step.at)}"
    yield word("digest"), report_digest(report)


def _figures(report: PeriodReport, setting: ReportSetting) -> Iterator[PaperBlock]:
    word = setting.word
    yield PaperHeading(word("figures"))
    yield PaperTable(
        heads=(word("figure"), word("value"), word("unit"), word("events")),
        rows=tuple(
            (row.name, number_text(row.amount, setting.language), row.unit, f"{len(figure.events)}")
            for figure in report.figures
            for row in figure_rows(figure, setting.language)
        ),
        right=(1, 3),
        wide=(0,),
    )


def _events(
    figure: ReportFigure, events: Mapping[str, ProvenEvent], setting: ReportSetting
) -> Iterator[PaperBlock]:
    word = setting.word
    yield PaperHeading(translated(FIGURES, figure.indicator, setting.language), new_page=True)
    yield PaperTable(
        heads=(
            *(word("row"), word("date"), word("link"), word("local_number")),
            *(word("step"), word("counts"), word("remarks")),
        ),
        rows=tuple(
            _event(number, contribution, figure, events.get(contribution.event), setting)
            for number, contribution in enumerate(figure.events, start=1)
        ),
        right=(0,),
        wide=(2, 3, 4, 5, 6),
    )


def _event(
    number: int,
    contribution: Contribution,
    figure: ReportFigure,
    event: ProvenEvent | None,
    setting: ReportSetting,
) -> tuple[str, ...]:
    word = setting.word
    remarks = []
    if contribution.also_reported:
        remarks.append(word("also_reported").format(len(contribution.also_reported)))
    if contribution.corrections:
        remarks.append(word("corrected").format(len(contribution.corrections)))
    return (
        f"{number}",
        day_text(contribution.on, setting.language),
        "" if event is None else event.link,
        "" if event is None else event.number or "",
        "" if event is None else translated(STEPS, event.step, setting.language),
        amounts_text(contribution.amounts, figure, setting.language),
        "; ".join(remarks),
    )


def _response_times(report: PeriodReport, setting: ReportSetting) -> Iterator[PaperBlock]:
    word = setting.word
    if not report.response_times:
        return
    yield PaperHeading(word("response_times"))
    yield PaperTable(
        heads=(
            *(word("link"), word("office"), word("clock"), word("met"), word("missed")),
            *(word("open"), word("median"), word("p90")),
        ),
        rows=tuple(
            (
                row.link,
                row.office,
                word(row.clock),
                f"{row.met}",
                f"{row.missed}",
                f"{row.open}",
                hours_text(row.median_ms, setting.language),
                hours_text(row.p90_ms, setting.language),
            )
            for row in report.response_times
        ),
        right=(3, 4, 5, 6, 7),
        wide=(0, 1),
    )


def _notes(report: PeriodReport, setting: ReportSetting) -> Iterator[PaperBlock]:
    word = setting.word
    if not report.notes:
        return
    yield PaperHeading(word("notes"))
    yield PaperTable(
        heads=(word("about"), word("link"), word("position"), word("words")),
        rows=tuple(
            (word(note.about), note.link, f"{note.position:,}", note.words) for note in report.notes
        ),
        right=(2,),
        wide=(3,),
    )


def _annex(signed: SignedReport, setting: ReportSetting) -> Iterator[PaperBlock]:
    report, word = signed.frozen.report, setting.word
    yield PaperHeading(word("annex"), new_page=True)
    yield PaperFacts(
        (
            (word("rules"), f"{report.rules}"),
            (word("as_of"), setting.times(report.as_of)),
            (word("certificate"), signed.frozen.kid),
            (word("signature"), signed.signature),
        )
    )
    yield PaperParagraph(word("proofs_in_file"))
    yield PaperHeading(word("logs"), level=2)
    for link in report.links:
        tables = ", ".join(map(str, link.holidays)) or word("none")
        yield PaperFacts(
            (
                (word("link"), link.link),
                (word("records"), f"{link.size:,}"),
                (word("log_hash"), link.log_hash),
                (word("tree_root"), link.tree_root),
                (word("holidays"), tables),
            )
        )
    yield PaperHeading(word("proven_events"), level=2)
    yield PaperTable(
        heads=(word("event"), word("link"), word("position"), word("leaf")),
        rows=tuple(
            (event.event, event.link, f"{event.position:,}", event.leaf) for event in report.events
        ),
        right=(2,),
        wide=(0, 3),
    )
