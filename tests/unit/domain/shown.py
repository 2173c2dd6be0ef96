"""Figures as plain values, for assertions."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from blo_domain.reports.annual_report import IN_SUMMARY, AnnualReport, Indicator


def number(amount: int | Decimal) -> int | float:
    """An amount as a number that prints the same digits."""
    return int(amount) if amount == int(amount) else float(amount)


def value_of(indicator: Indicator) -> Any:
    """A number; of arrests all and those of stated nationality; of seizures a list of amounts."""
    if indicator.name == "arrests":
        stated = {label[0]: n for label, n in sorted(indicator.totals.items()) if label[0]}
        return {"total": sum(indicator.totals.values()), **stated}
    if indicator.name == "seizures":
        return [
            {"substance": substance, "amount": number(amount), "unit": unit}
            for (substance, unit), amount in indicator.totals.items()
        ]
    return indicator.totals.get((), 0)


def shown(indicator: Indicator) -> dict[str, Any]:
    """A figure with the ids of its events, in hexadecimal."""
    counted = indicator.counted
    return {
        "value": value_of(indicator),
        "unit": indicator.unit,
        "events": [step.report.event.event_id.hex() for step in counted],
        "also_reported": [event.hex() for step in counted for event in step.also_reported],
        "corrections": [event.hex() for step in counted for event in step.report.corrections],
    }


def summary_of(report: AnnualReport) -> dict[str, Any]:
    """The plain figures of the report of seed 003."""
    return {name: value_of(report[name]) for name in IN_SUMMARY}
