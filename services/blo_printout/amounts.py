"""Amounts, spans and dates of reports as people write them in their language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Final, NamedTuple

from blo_domain.translations import FIGURES, UNITS, translated
from blo_printout.model import PaperLanguage
from blo_schemas.reports import Measured, ReportFigure

_HOUR_MS: Final = 3_600_000
_COMMA_DECIMALS: Final = frozenset({"vi", "lo"})
_DATES: Final[Mapping[str, str]] = {"en": "%Y-%m-%d", "vi": "%d/%m/%Y", "lo": "%d/%m/%Y"}
SEIZURES: Final = "seizures"


class FigureRow(NamedTuple):
    """A line that a figure takes in the table of figures.

    Attributes:
        name: What is counted, in words.
        amount: How much.
        unit: In what, in words.
    """

    name: str
    amount: Decimal
    unit: str


def figure_rows(figure: ReportFigure, language: PaperLanguage) -> list[FigureRow]:
    """The lines that a figure takes: one, or one for each thing that is counted apart."""
    name = translated(FIGURES, figure.indicator, language)
    unit = translated(UNITS, figure.unit, language)
    if figure.indicator == SEIZURES:
        return [
            FigureRow(
                f"{name}: {translated(FIGURES, total.of[0], language)}",
                Decimal(total.amount),
                translated(UNITS, total.of[1], language),
            )
            for total in figure.totals
            if len(total.of) == 2
        ] or [FigureRow(name, Decimal(0), "")]
    plain = next((total.amount for total in figure.totals if not total.of), None)
    parts = [total for total in figure.totals if total.of]
    if plain is not None or not parts:
        return [FigureRow(name, Decimal(plain or 0), unit)]
    return [
        FigureRow(f"{name}: {_of(total, language)}", Decimal(total.amount), unit) for total in parts
    ]


def amounts_text(amounts: Iterable[Measured], figure: ReportFigure, language: PaperLanguage) -> str:
    """What an event adds to a figure, on one line."""
    parts = []
    for amount in amounts:
        number = number_text(Decimal(amount.amount), language)
        if figure.indicator == SEIZURES and len(amount.of) == 2:
            unit = translated(UNITS, amount.of[1], language)
            parts.append(f"{number} {unit} {translated(FIGURES, amount.of[0], language)}")
        elif amount.of:
            parts.append(f"{number} ({_of(amount, language)})")
        else:
            parts.append(f"{number} {translated(UNITS, figure.unit, language)}")
    return ", ".join(parts)


def number_text(amount: Decimal, language: PaperLanguage) -> str:
    """A number with its thousands apart: ``18,000.5``, or ``18.000,5`` where that is written."""
    text = f"{amount:,f}"
    if language in _COMMA_DECIMALS:
        return text.translate(str.maketrans(",.", ".,"))
    return text


def day_text(day: date, language: PaperLanguage) -> str:
    """A date: ``2025-03-01``, ``01/03/2025``, ``2025年3月1日``."""
    if language == "zh":
        return f"{day.year}年{day.month}月{day.day}日"
    return day.strftime(_DATES[language])


def hours(milliseconds: int | None) -> Decimal | None:
    """A span in hours, cut off after two decimals; ``None`` where there is none."""
    if milliseconds is None:
        return None
    return Decimal(milliseconds * 100 // _HOUR_MS) / 100


def hours_text(milliseconds: int | None, language: PaperLanguage) -> str:
    """A span in hours with two decimals; nothing where there is none."""
    span = hours(milliseconds)
    return "" if span is None else number_text(span.quantize(Decimal("0.01")), language)


def _of(total: Measured, language: PaperLanguage) -> str:
    return " ".join(translated(FIGURES, part, language) for part in total.of)
