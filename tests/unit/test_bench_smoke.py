"""The measurements run and report as documented; how fast they are is ``make bench``'s to say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.bench.plan import (
    COMPUTING,
    GROWING,
    IN_A_FILE,
    IN_A_STORE,
    IN_AN_INDEX,
    IN_TALK,
    ON_KAFKA,
    measure_all,
)
from tests.bench.report import SUBJECTS, Bar, Measurement, Subject, table, write
from tests.bench.timing import TINY

NAMES = [
    "seal",
    "open",
    "wire_size",
    "agent_append",
    "agent_start",
    "agent_start_memory",
    "store_size",
    "inbox_page",
    "report_job",
    "report_wait",
    "report_memory",
    "compare_start",
    "search",
    "search_median",
    "search_size",
    "search_wait",
    "submit_to_opened",
    "event_beside_file",
    "read_full",
    "read_chained",
    "proof_check",
    "event_to_quorum",
    "quiet_statements",
    "quiet_grants",
    "rest_a_day",
    "loop_pause",
    "processors_faust",
    "processors_getmany",
    "processors_one_by_one",
    "processors_single",
    "two_workers",
    "as_of",
    "fold_on_assignment",
    "start_resumed",
    "append_to_alert",
    "links_idle",
    "links_connections",
    "links_start",
    "audit_amortised",
    "audit_full",
    "audit_memory",
    "audit_from_bundle",
    "audit_full_from_bundle",
    "audit_from_kafka",
    "audit_full_from_kafka",
    "growth_audit",
    "growth_audit_since",
    "growth_statement",
]
FIELDS = {"name", "value", "unit", "against", "ratio", "bar", "ok"}


def test_the_names_are_stable_and_each_is_measured() -> None:
    assert [subject.name for subject in SUBJECTS] == NAMES
    assert sorted(
        [*COMPUTING, *IN_A_FILE, *IN_A_STORE, *IN_AN_INDEX, *GROWING, *IN_TALK, *ON_KAFKA]
    ) == sorted(NAMES)


@pytest.mark.slow
def test_what_needs_no_broker_runs_and_is_reported(tmp_path: Path) -> None:
    names = [*COMPUTING, *IN_A_FILE, *IN_A_STORE, *IN_AN_INDEX, *GROWING, *IN_TALK]
    measurements = [measure() for _, measure in measure_all(names, TINY)]
    write(measurements, tmp_path / "new" / "report.json")
    report = json.loads((tmp_path / "new" / "report.json").read_bytes())
    assert [entry["name"] for entry in report] == names
    for entry in report:
        assert set(entry) == FIELDS
        assert isinstance(entry["ok"], bool)
        assert entry["value"] > 0
        assert entry["against"] > 0
    assert table(measurements).row_count == len(names)


def test_the_envelope_of_a_kib_is_small_enough_on_every_machine() -> None:
    [measurement] = [measure() for _, measure in measure_all(["wire_size"], TINY)]
    assert measurement.ok
    assert measurement.value <= 1382


@pytest.mark.parametrize(
    ("kind", "value", "against", "ok"),
    [
        (Bar.RATIO_AT_LEAST, 10, 4, True),
        (Bar.RATIO_AT_LEAST, 9, 5, False),
        (Bar.RATIO_AT_MOST, 8, 4, True),
        (Bar.RATIO_AT_MOST, 9, 4, False),
        (Bar.VALUE_AT_LEAST, 2, 100, True),
        (Bar.VALUE_AT_LEAST, 1, 0.1, False),
        (Bar.VALUE_AT_MOST, 2, 100, True),
        (Bar.VALUE_AT_MOST, 3, 0.1, False),
        (Bar.STATED, 1, 100, True),
    ],
)
def test_a_bar_is_met_or_missed(kind: Bar, value: float, against: float, *, ok: bool) -> None:
    measured = Subject("example", "events/s", "another", kind, 2).measured(value, against)
    expected = Measurement(
        name="example",
        value=value,
        unit="events/s",
        against=against,
        ratio=value / against,
        bar=2,
        ok=ok,
    )
    assert measured == expected
