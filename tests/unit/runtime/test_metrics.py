import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
from prometheus_client import REGISTRY, Counter, Gauge, Histogram, generate_latest

from blo_runtime.metric_declaration import Declared, MetricSpec
from blo_runtime.metric_programs import FED_BY, FeedingProgram
from blo_runtime.metrics import LABELS, SPECS, Metrics
from tests.patience import PATIENCE_S

each_metric = pytest.mark.parametrize("spec", SPECS, ids=[spec.name for spec in SPECS])


def test_a_program_feeds_each_metric(project_root: Path) -> None:
    code = "\n".join(path.read_text("utf-8") for path in (project_root / "services").rglob("*.py"))
    used = set(re.findall(r"metrics\.([a-z_]+)\b", code))
    declared = {name for name, value in vars(Metrics).items() if isinstance(value, Declared)}
    assert declared <= used


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
    assert isinstance(metrics.fold_seconds, Histogram)
    metrics.records.labels(link="l1", verdict="accepted").inc()
    metrics.line_up.set(1)
    metrics.fold_seconds.observe(0.2)
    text = generate_latest(metrics.registry).decode()
    assert 'blo_records_total{link="l1",verdict="accepted"} 1.0' in text
    assert "blo_line_up 1.0" in text
    assert 'blo_fold_seconds_bucket{le="0.25"} 1.0' in text


def test_an_undeclared_label_is_refused() -> None:
    with pytest.raises(ValueError, match="label"):
        Metrics().records.labels(link="l1", case="c1")


def test_two_programs_in_one_process_do_not_mix() -> None:
    one, other = Metrics(), Metrics()
    one.line_up.set(1)
    assert one.registry.get_sample_value("blo_line_up") == 1
    assert other.registry.get_sample_value("blo_line_up") == 0
    assert not [family for family in REGISTRY.collect() if family.name.startswith("blo_")]


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


PACKAGES = {
    FeedingProgram.AGENT: ("blo_agent", "blo_desk"),
    FeedingProgram.PROCESSORS: ("blo_processors",),
    FeedingProgram.WITNESS: ("blo_audit/witness",),
}


def used_in(folder: Path) -> set[str]:
    """The metrics that a package's code names, as ``metrics.NAME`` or ``self._metrics.NAME``."""
    used = set()
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            match node:
                case ast.Attribute(
                    attr=name, value=ast.Name(id=holder) | ast.Attribute(attr=holder)
                ):
                    if holder.endswith("metrics") and name in Metrics.by_name():
                        used.add(name)
    return used


@pytest.mark.parametrize("program", FeedingProgram)
def test_a_program_exposes_exactly_what_its_code_feeds(
    program: FeedingProgram, project_root: Path
) -> None:
    services = project_root / "services"
    used = set().union(*(used_in(services / package) for package in PACKAGES[program]))
    assert used == FED_BY[program]
    exposed = {family.name for family in Metrics(program).registry.collect()}
    declared = {spec.name.removesuffix("_total") for spec in specs_of(program)}
    assert exposed == declared


def specs_of(program: FeedingProgram) -> list[MetricSpec]:
    return [spec for name, spec in Metrics.by_name().items() if name in FED_BY[program]]


def test_no_metric_is_fed_by_nobody() -> None:
    assert Metrics.by_name().keys() == set().union(*FED_BY.values())


def test_counters_of_a_link_exist_at_zero_from_the_moment_at_which_it_is_known() -> None:
    metrics = Metrics(FeedingProgram.AGENT)
    metrics.begin_links(["vn-a~la-b"])
    metrics.begin_links(["vn-a~la-b"])
    samples = metrics.registry.get_sample_value
    assert samples("blo_commands_accepted_total", {"link": "vn-a~la-b"}) == 0
    labels = {"link": "vn-a~la-b", "verdict": "rejected"}
    assert samples("blo_records_total", labels) == 0
    labels = {"link": "vn-a~la-b", "purpose": "content", "direction": "taken"}
    assert samples("blo_grants_total", labels) == 0
