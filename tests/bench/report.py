"""What a measurement says, as a row of a table and as an entry of ``report.json``."""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import Enum
from pathlib import Path
from typing import Final

import msgspec
from rich.table import Table


class Bar(Enum):
    """How a measurement is held against its bar."""

    RATIO_AT_LEAST = "ratio ≥ {:g}"
    RATIO_AT_MOST = "ratio ≤ {:g}"
    VALUE_AT_LEAST = "value ≥ {:,g}"
    VALUE_AT_MOST = "value ≤ {:,g}"
    STATED = "stated"

    def met(self, value: float, ratio: float, bar: float) -> bool:
        """Whether a measurement meets the bar."""
        if self is Bar.RATIO_AT_LEAST:
            return ratio >= bar
        if self is Bar.RATIO_AT_MOST:
            return ratio <= bar
        if self is Bar.STATED:
            return True
        return value <= bar if self is Bar.VALUE_AT_MOST else value >= bar


class Measurement(msgspec.Struct, frozen=True, kw_only=True):
    """One measured figure beside what it is held against.

    Attributes:
        name: Stable name.
        value: What this project reached, in ``unit``.
        unit: Unit of ``value`` and ``against``.
        against: What the other one reached in the same run.
        ratio: ``value / against``.
        bar: The number that ``ratio``, or where the table says so the ``value``, must reach; 0
            where it is only stated.
        ok: Whether it does.
    """

    name: str
    value: float
    unit: str
    against: float
    ratio: float
    bar: float
    ok: bool


class Subject(msgspec.Struct, frozen=True):
    """One thing that is measured, with its bar.

    Attributes:
        name: Stable name.
        unit: Unit of the figures.
        other: What it is held against, in words.
        kind: What the bar is held against.
        bar: The bar.
        factor: ``value`` is of a log or store so many times as large as that of ``against``; 0: of
            the same.
    """

    name: str
    unit: str
    other: str
    kind: Bar
    bar: float
    factor: int = 0

    def measured(self, value: float, against: float) -> Measurement:
        """The measurement of these two figures."""
        ratio = value / against
        return Measurement(
            name=self.name,
            value=round(value, 3),
            unit=self.unit,
            against=round(against, 3),
            ratio=round(ratio, 4),
            bar=self.bar,
            ok=self.kind.met(value, ratio, self.bar),
        )


_RATIO: Final = Bar.RATIO_AT_LEAST
SUBJECTS = (
    Subject("seal", "events/s", "JWS in JWE, joserfc", Bar.RATIO_AT_LEAST, 5),
    Subject("open", "events/s", "JWE and JWS, joserfc", Bar.RATIO_AT_LEAST, 3),
    Subject("wire_size", "bytes", "its 1 KiB content", Bar.RATIO_AT_MOST, 1.35),
    Subject("agent_append", "events/s", "bare aiokafka", Bar.RATIO_AT_LEAST, 0.25),
    Subject("agent_start", "s", "a fourth of the cases", Bar.RATIO_AT_MOST, 2, 4),
    Subject("agent_start_memory", "MiB", "a fourth of the cases", Bar.RATIO_AT_MOST, 1.1, 4),
    Subject("store_size", "bytes an event", "its bytes on the topic", Bar.RATIO_AT_MOST, 1.6),
    Subject("inbox_page", "ms", "the 100 ms it may take", Bar.RATIO_AT_MOST, 1),
    Subject("report_job", "processor ms", "the 50 ms it may take", Bar.RATIO_AT_MOST, 1),
    Subject("report_wait", "ms", "the same at rest", Bar.STATED, 0),
    Subject("report_memory", "MiB", "a fourth of the cases", Bar.STATED, 0, 4),
    Subject("compare_start", "processor ms", "comparing them all", Bar.RATIO_AT_MOST, 0.1),
    Subject("search", "ms, p99", "the 50 ms it may take", Bar.RATIO_AT_MOST, 1),
    Subject("search_median", "ms", "the 50 ms it may take", Bar.RATIO_AT_MOST, 1),
    Subject("search_size", "bytes an event", "its content", Bar.STATED, 0),
    Subject("search_wait", "ms, p99", "the 50 ms of a group of jobs", Bar.STATED, 0),
    Subject("submit_to_opened", "ms", "bare produce→consume", Bar.RATIO_AT_MOST, 4),
    Subject("event_beside_file", "s", "the same without a file", Bar.VALUE_AT_MOST, 2),
    Subject("read_full", "events/s", "bare libsodium verify", _RATIO, 0.6),
    Subject("read_chained", "events/s", "bare SHA-256 of the values", _RATIO, 0.12),
    Subject("proof_check", "proofs/s", "bare SHA-256 of its nodes", Bar.RATIO_AT_LEAST, 0.2),
    Subject("event_to_quorum", "ms", "the 2 seconds it may take", Bar.RATIO_AT_MOST, 1),
    Subject("quiet_statements", "bytes an event", "the event itself", Bar.VALUE_AT_MOST, 500),
    Subject("quiet_grants", "bytes an event", "the event itself", Bar.STATED, 0),
    Subject("rest_a_day", "bytes a link", "a head a minute", Bar.VALUE_AT_MOST, 50_000),
    Subject("loop_pause", "ms", "the group's heartbeat", Bar.RATIO_AT_MOST, 1),
    Subject("processors_faust", "events/s", "bare Faust agent", Bar.RATIO_AT_LEAST, 0.25),
    Subject("processors_getmany", "events/s", "bare getmany", Bar.STATED, 0),
    Subject("processors_one_by_one", "events/s", "as Faust brings them", Bar.STATED, 0),
    Subject("processors_single", "µs a record", "500 at once", Bar.RATIO_AT_MOST, 2),
    Subject("two_workers", "events/s", "one worker, two links", Bar.STATED, 0),
    Subject("as_of", "events/s", "fetching alone", _RATIO, 0.13),
    Subject("fold_on_assignment", "s/100,000", "fetching alone", Bar.STATED, 0),
    Subject("start_resumed", "processor s", "the first fold", Bar.VALUE_AT_MOST, 1),
    Subject("append_to_alert", "s after tick", "the tick", Bar.VALUE_AT_MOST, 2),
    Subject("links_idle", "% of a core", "bare Faust agent", Bar.VALUE_AT_MOST, 3),
    Subject("links_connections", "to Kafka", "bare Faust agent", Bar.VALUE_AT_MOST, 8),
    Subject("links_start", "processor s", "bare Faust agent", Bar.VALUE_AT_MOST, 10),
    Subject("audit_amortised", "events/s", "bare SHA-256 of the values", _RATIO, 0.14),
    Subject("audit_full", "events/s a core", "bare libsodium verify", _RATIO, 0.6),
    Subject("audit_memory", "MiB", "a tenth of the records", Bar.RATIO_AT_MOST, 1.1, 10),
    Subject("audit_from_bundle", "events/s a core", "reading it alone", _RATIO, 0.22),
    Subject("audit_full_from_bundle", "events/s a core", "bare libsodium verify", _RATIO, 0.6),
    Subject("audit_from_kafka", "events/s a core", "fetching alone", _RATIO, 0.3),
    Subject("audit_full_from_kafka", "events/s a core", "bare libsodium verify", _RATIO, 0.55),
    Subject("growth_audit", "processor s", "a fourth of the records", Bar.RATIO_AT_MOST, 4.6, 4),
    Subject("growth_audit_since", "ms", "behind a fourth", Bar.RATIO_AT_MOST, 1.6, 4),
    Subject("growth_statement", "bytes a record", "a fourth", Bar.RATIO_AT_MOST, 1.02, 4),
)
BY_NAME = {subject.name: subject for subject in SUBJECTS}


def table(measurements: Sequence[Measurement]) -> Table:
    """The measurements for people."""
    drawn = Table(title="bench")
    for heading in ("name", "value", "unit", "against", "ratio", "bar", ""):
        drawn.add_column(heading, justify="right" if heading in ("value", "ratio") else "left")
    for one in measurements:
        subject = BY_NAME[one.name]
        drawn.add_row(
            one.name,
            f"{one.value:,.2f}" if one.value < 100 else f"{one.value:,.0f}",
            one.unit,
            f"{one.against:,.2f}" if one.against < 100 else f"{one.against:,.0f}",
            f"{one.ratio:.2f}",
            subject.kind.value.format(one.bar),
            "[green]ok[/]" if one.ok else "[red]missed[/]",
            end_section=False,
        )
    drawn.caption = "against: " + "; ".join(
        f"{one.name}: {BY_NAME[one.name].other}" for one in measurements
    )
    return drawn


def growth_table(measurements: Sequence[Measurement]) -> Table:
    """How the costs grow that were measured at two sizes: the exponent of each."""
    drawn = Table(title="growth")
    for heading in ("name", "unit", "at N", "at", "", "exponent"):
        drawn.add_column(heading, justify="left" if heading in ("name", "unit") else "right")
    for one in measurements:
        factor = BY_NAME[one.name].factor
        if factor:
            drawn.add_row(
                one.name,
                one.unit,
                f"{one.against:,.3g}",
                f"{factor} N",
                f"{one.value:,.3g}",
                f"{math.log(max(one.ratio, 1e-9)) / math.log(factor):.2f}",
            )
    return drawn


def write(measurements: Sequence[Measurement], path: Path) -> None:
    """Write ``report.json``: a list of measurements, in a stable order."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(measurements), indent=2) + b"\n")


__all__ = ["BY_NAME", "SUBJECTS", "Bar", "Measurement", "Subject", "growth_table", "table", "write"]
