import re
import subprocess
import sys
from pathlib import Path

import pytest
from prometheus_client import REGISTRY, Counter, Gauge, Histogram, generate_latest

from blo_runtime.metric_declaration import MetricSpec
from blo_runtime.metrics import LABELS, SPECS, Metrics, render
from tests.patience import PATIENCE_S

each_metric = pytest.mark.parametrize("spec", SPECS, ids=[spec.name for spec in SPECS])

NEEDED_BY_AGENTS = {
    "blo_build_info": {"version"},
    "blo_certificate_expiry_timestamp_seconds": {"office"},
    "blo_commands_accepted_total": {"link"},
    "blo_commands_refused_total": {"link", "reason"},
    "blo_directory_documents": {"state"},
    "blo_events_appended_total": {"link"},
    "blo_events_crossed_total": {"link"},
    "blo_forks_total": {"link"},
    "blo_grants_total": {"link", "purpose", "direction"},
    "blo_head_age_seconds": {"link", "office"},
    "blo_head_size": {"link", "office"},
    "blo_line_up": set(),
    "blo_link_high_watermark": {"link"},
    "blo_link_size": {"link"},
    "blo_log_fields_dropped_total": set(),
    "blo_outbox_oldest_seconds": set(),
    "blo_outbox_pending": {"link"},
    "blo_records_parked": {"link"},
    "blo_records_rejected_total": {"link", "reason"},
    "blo_records_total": {"link", "verdict"},
    "blo_records_unopenable": {"link"},
    "blo_seal_seconds": set(),
    "blo_store_commit_seconds": set(),
}


def test_the_metrics_that_agents_need_are_declared_with_their_labels() -> None:
    declared = {spec.name: set(spec.labels) for spec in SPECS}
    assert declared.items() >= NEEDED_BY_AGENTS.items()


@each_metric
def test_a_metric_is_named_and_explained_as_agreed(spec: MetricSpec) -> None:
    assert re.fullmatch(r"blo(_[a-z]+)+", spec.name)
    assert set(spec.labels) <= LABELS
    assert (spec.kind == "counter") == spec.name.endswith("_total")
    assert (spec.unit == "seconds") == spec.name.endswith("_seconds") or "timestamp" in spec.name
    assert bool(spec.buckets) == (spec.kind == "histogram")
    for text in (spec.unit, spec.help, spec.action):
        assert text
        assert "\n" not in text
        assert "|" not in text


def test_no_label_names_a_case_an_officer_or_an_event() -> None:
    assert not LABELS & {"case", "officer", "event", "event_id", "position", "key_id"}


def test_names_are_unique() -> None:
    names = [spec.name for spec in SPECS]
    assert len(set(names)) == len(names)


@each_metric
def test_each_declared_metric_is_exposed_and_nothing_else(spec: MetricSpec) -> None:
    families = {family.name: family for family in Metrics().registry.collect()}
    assert len(families) == len(SPECS)
    family = families[spec.name.removesuffix("_total")]
    assert family.type == spec.kind
    assert family.documentation == spec.help


def test_attributes_are_metrics_of_their_type() -> None:
    metrics = Metrics()
    assert isinstance(metrics.records, Counter)
    assert isinstance(metrics.line_up, Gauge)
    assert isinstance(metrics.seal_seconds, Histogram)
    metrics.records.labels(link="l1", verdict="accepted").inc()
    metrics.line_up.set(1)
    metrics.seal_seconds.observe(0.0002)
    text = generate_latest(metrics.registry).decode()
    assert 'blo_records_total{link="l1",verdict="accepted"} 1.0' in text
    assert "blo_line_up 1.0" in text
    assert 'blo_seal_seconds_bucket{le="0.00025"} 1.0' in text


def test_an_undeclared_label_is_refused() -> None:
    with pytest.raises(ValueError, match="label"):
        Metrics().records.labels(link="l1", case="c1")


def test_two_programs_in_one_process_do_not_mix() -> None:
    one, other = Metrics(), Metrics()
    one.line_up.set(1)
    assert one.registry.get_sample_value("blo_line_up") == 1
    assert other.registry.get_sample_value("blo_line_up") == 0
    assert not [family for family in REGISTRY.collect() if family.name.startswith("blo_")]


def test_the_documents_table_has_a_row_for_each_metric() -> None:
    rows = [line for line in render().splitlines() if line.startswith("| `blo_")]
    assert len(rows) == len(SPECS)
    for row, spec in zip(rows, SPECS, strict=True):
        assert spec.name in row
        assert spec.action in row


def test_the_document_in_the_repository_is_the_generated_one(project_root: Path) -> None:
    made = subprocess.run(
        [sys.executable, "-W", "error", "-m", "blo_runtime.metrics"],
        cwd=project_root / "services",
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE_S,
    )
    assert made.stderr == ""
    document = (project_root / "docs/metrics.md").read_text("utf-8")
    assert document == made.stdout, "run `python -m blo_runtime.metrics > docs/metrics.md`"
