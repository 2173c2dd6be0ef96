"""The differences between a frozen report and one that is computed later."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from blo_schemas.reports import Contribution, PeriodReport, ReportFigure


@dataclass(frozen=True, slots=True)
class FigureDifference:
    """One figure that differs.

    Attributes:
        indicator: Which figure.
        before: Its numbers in the earlier report, by what they are of, in words.
        after: The same in the later one.
        added: Ids of events that make it only in the later one.
        gone: Ids of events that made it only in the earlier one.
        changed: Ids of events that make it in both, but not alike: they were corrected.
    """

    indicator: str
    before: Mapping[str, str]
    after: Mapping[str, str]
    added: tuple[str, ...]
    gone: tuple[str, ...]
    changed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReportDifference:
    """What differs between two reports of one office and period.

    Attributes:
        figures: The figures that differ.
        response_times: Links, offices and clocks whose response times differ, in words.
        records: How many more records of each link the later one counts.
    """

    figures: tuple[FigureDifference, ...]
    response_times: tuple[str, ...]
    records: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class ReportComparison:
    """A frozen report beside what the log gives now.

    Attributes:
        reproduced: Whether computing it anew at its cut gives the same bytes.
        why_not: The known reasons, in words; empty if it was reproduced.
        since: How a report of the same period differs if it is computed now.
    """

    reproduced: bool
    why_not: list[str]
    since: ReportDifference


def difference(earlier: PeriodReport, later: PeriodReport) -> ReportDifference:
    """The differences of a later report from an earlier one."""
    return ReportDifference(
        tuple(_figures(earlier, later)), tuple(_times(earlier, later)), _records(earlier, later)
    )


def _figures(earlier: PeriodReport, later: PeriodReport) -> Iterator[FigureDifference]:
    old = {figure.indicator: figure for figure in earlier.figures}
    new = {figure.indicator: figure for figure in later.figures}
    for name in dict.fromkeys((*old, *new)):
        before, after = _events(old.get(name)), _events(new.get(name))
        added = tuple(event for event in after if event not in before)
        gone = tuple(event for event in before if event not in after)
        changed = tuple(
            event for event in before if event in after and before[event] != after[event]
        )
        numbers = _numbers(old.get(name)), _numbers(new.get(name))
        if added or gone or changed or numbers[0] != numbers[1]:
            yield FigureDifference(name, *numbers, added, gone, changed)


def _events(figure: ReportFigure | None) -> dict[str, Contribution]:
    events = () if figure is None else figure.events
    return {contribution.event: contribution for contribution in events}


def _numbers(figure: ReportFigure | None) -> dict[str, str]:
    totals = () if figure is None else figure.totals
    return {" ".join(measured.of): measured.amount for measured in totals}


def _times(earlier: PeriodReport, later: PeriodReport) -> Iterator[str]:
    old = {(row.link, row.office, row.clock): row for row in earlier.response_times}
    new = {(row.link, row.office, row.clock): row for row in later.response_times}
    for key in sorted(old.keys() | new.keys()):
        before, after = old.get(key), new.get(key)
        if before != after:
            met = "{} met and {} missed"
            words = [
                "nothing due" if row is None else met.format(row.met, row.missed)
                for row in (before, after)
            ]
            yield f"{' '.join(key)}: {words[0]}, later {words[1]}"


def _records(earlier: PeriodReport, later: PeriodReport) -> dict[str, int]:
    old = {link.link: link.size for link in earlier.links}
    more = {link.link: link.size - old.get(link.link, 0) for link in later.links}
    return {link: count for link, count in more.items() if count}
