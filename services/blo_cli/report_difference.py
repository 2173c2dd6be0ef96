"""A difference between two reports in lines of text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from blo_domain.reports.difference import ReportDifference


def difference_lines(difference: ReportDifference) -> Iterator[str]:
    """The figures that differ, each with the events that make the difference."""
    for link, more in difference.records.items():
        yield f"  {link}: {more:+} records"
    for figure in difference.figures:
        yield f"  {figure.indicator}: {_numbers(figure.before)} → {_numbers(figure.after)}"
        yield from (f"    new {event}" for event in figure.added)
        yield from (f"    gone {event}" for event in figure.gone)
        yield from (f"    corrected {event}" for event in figure.changed)
    for line in difference.response_times:
        yield f"  response times {line}"
    if not difference.figures and not difference.response_times:
        yield "  no figure differs"


def _numbers(totals: Mapping[str, str]) -> str:
    return ", ".join(f"{amount} {of}".strip() for of, amount in totals.items()) or "0"
