"""Response times of offices as a paper and as a sheet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

import msgspec

from blo_audit.reports.response_times import LinkTimes
from blo_domain.translations import PAPERS, translated
from blo_printout.amounts import day_text, hours, hours_text
from blo_printout.facts import Times
from blo_printout.model import (
    Paper,
    PaperBlock,
    PaperFacts,
    PaperLanguage,
    PaperParagraph,
    PaperTable,
)
from blo_printout.workbook import Sheet
from blo_schemas.ids import OfficeId


class TimesSetting(msgspec.Struct, frozen=True, kw_only=True):
    """The circumstances in which response times were read.

    Attributes:
        language: The reader's language.
        times: Writes instants.
        first: First day.
        last: Last day, included.
        zone: The time zone of the days.
        read_at: When the log was read, Unix milliseconds.
        observer: Who read it.
    """

    language: PaperLanguage
    times: Times
    first: date
    last: date
    zone: str
    read_at: int
    observer: OfficeId

    def word(self, name: str) -> str:
        """A word of papers in the reader's language."""
        return translated(PAPERS, name, self.language)

    @property
    def period(self) -> str:
        """The period in words."""
        days = (day_text(day, self.language) for day in (self.first, self.last))
        return self.word("period_words").format(*days)

    def facts(self) -> tuple[tuple[str, str], ...]:
        """What the times are of, and how they were read."""
        return (
            (self.word("period"), self.period),
            (self.word("zone"), self.zone),
            (self.word("as_of"), self.times(self.read_at)),
            (self.word("observer"), self.observer),
        )


def times_paper(links: Iterable[LinkTimes], setting: TimesSetting) -> Paper:
    """The paper about response times.

    Args:
        links: The links' times.
        setting: How they were read.
    """
    return Paper(
        language=setting.language,
        title=setting.word("response_times"),
        subtitle=setting.period,
        date=setting.read_at,
        page=setting.word("page"),
        blocks=tuple(_blocks(list(links), setting)),
    )


def _blocks(links: list[LinkTimes], setting: TimesSetting) -> Iterator[PaperBlock]:
    word, language = setting.word, setting.language
    yield PaperFacts(setting.facts())
    yield PaperParagraph(word("from_summaries"))
    yield PaperTable(
        heads=tuple(map(word, _HEADS)),
        rows=tuple(
            (
                *(row.link, row.office, word(row.clock)),
                *(f"{row.met}", f"{row.missed}", f"{row.open}"),
                *(hours_text(row.median, language) or word("no_response"),),
                hours_text(row.p90, language),
            )
            for link in links
            for row in link.rows
        ),
        right=(3, 4, 5, 6, 7),
        wide=(0, 1),
    )
    for link in links:
        if link.waiting:
            yield PaperParagraph(word("waiting").format(f"{link.waiting:,}", link.link), "bad")


def times_sheet(links: Iterable[LinkTimes], setting: TimesSetting) -> Sheet:
    """The sheet of response times; the arguments are those of ``times_paper``."""
    word = setting.word
    read = list(links)
    waiting = [
        (link.link, word("waiting").format(f"{link.waiting:,}", link.link))
        for link in read
        if link.waiting
    ]
    return Sheet(
        name=word("response_times"),
        title=word("response_times"),
        subtitle=f"{setting.period}, {setting.zone}",
        heads=tuple(map(word, _HEADS)),
        rows=tuple(
            (
                *(row.link, row.office, word(row.clock), row.met, row.missed, row.open),
                *(hours(row.median), hours(row.p90)),
            )
            for link in read
            for row in link.rows
        ),
        facts=(*setting.facts(), *waiting),
    )


_HEADS = ("link", "office", "clock", "met", "missed", "open", "median", "p90")
