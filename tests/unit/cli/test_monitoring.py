"""Alerts fire and end as they say, by Prometheus's own tool; boards ask only for what there is."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from blo_cli.main import run
from blo_cli.monitoring.alert_rules import JOB, RULES, node_rule, rules_file
from blo_cli.monitoring.dashboards import dashboard, panels
from blo_cli.monitoring.runbook import runbook
from blo_runtime.metrics import Metrics

NODE: Final = "vn-kyson"
LABELS: Final = f'job="{JOB}", node="{NODE}"'
LINK: Final = f'{LABELS}, link="la-b~vn-a"'

SERIES: Final[dict[str, tuple[str, str, str]]] = {
    "BloNodeAway": (f"up{{{LABELS}}}", "0x60", "1x60"),
    "BloOldestUnsent": (f"blo_outbox_oldest_seconds{{{LABELS}}}", "0+60x60", "0+2x60"),
    "BloLineDown": (f"blo_line_up{{{LABELS}}}", "1x5 0x60", "1x60"),
    "BloCounterpartSilent": (
        f'blo_head_age_seconds{{{LINK}, office="la-b"}}', "14000+60x60", "0+60x60",
    ),
    "BloNotOpened": (f"blo_records_parked{{{LINK}}}", "1x60", "1x5 0x60"),
    "BloNeverOpened": (f"blo_records_unopenable{{{LINK}}}", "2x60", "0x60"),
    "BloDeadlineMissed": (
        f'blo_alerts_standing{{{LINK}, reason="own_chief"}}', "1x60", "0x60",
    ),
    "BloReaderStuck": (f"blo_link_high_watermark{{{LINK}}}", "9x60", "5x60"),
    "BloProcessorDiffers": (
        f'blo_processor_differences{{{LINK}, office="p", reason="case"}}', "1x60", "0x60",
    ),
    "BloLinkHalted": (f"blo_link_halted{{{LINK}}}", "0x5 1x60", "0x60"),
    "BloTreeRefused": (f"blo_checkpoints_refused_total{{{LINK}}}", "0x5 1x60", "3x60"),
    "BloWitnessStopped": (f"blo_witness_stopped{{{LINK}}}", "1x60", "0x60"),
    "BloFork": (f"blo_forks_total{{{LINK}}}", "0x5 1x60", "0x60"),
    "BloBackupOld": (f"blo_backup_age_seconds{{{LABELS}}}", "89000+60x60", "0+60x60"),
    "BloCertificateEnds": (
        f'blo_certificate_expiry_timestamp_seconds{{{LABELS}, office="vn-a"}}',
        "2000000x60", "9000000x60",
    ),
    "BloDeadLetters": (f"blo_dead_letters_total{{{LINK}}}", "0x5 1x60", "0x60"),
    "BloFault": (
        f'blo_faults_contained_total{{{LABELS}, place="a request"}}', "0x5 1x60", "7x60",
    ),
}  # fmt: skip
"""For each rule: a series, values a minute apart with which it fires, and with which it does not."""

BESIDE: Final = {"BloReaderStuck": (f"blo_link_size{{{LINK}}}", "5x60")}
_METRIC: Final = re.compile(r"\bblo_[a-z_]+")


def promtool(*words: str, folder: Path) -> str:
    done = subprocess.run(
        ["promtool", *words], cwd=folder, capture_output=True, text=True, check=False, timeout=240
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def trial(name: str, values: str, *, fires: bool) -> dict[str, Any]:
    """A test of promtool: whether the alert fires after 50 minutes."""
    series = [(SERIES[name][0], values)]
    if name in BESIDE:
        series.append(BESIDE[name])
    return {
        "interval": "1m",
        "input_series": [{"series": one, "values": given} for one, given in series],
        "promql_expr_test": [
            {
                "expr": f'count(ALERTS{{alertname="{name}", alertstate="firing"}})',
                "eval_time": "50m",
                "exp_samples": [{"labels": "{}", "value": 1}] if fires else [],
            }
        ],
    }


def test_every_rule_fires_when_it_should_and_is_silent_when_it_should_be(tmp_path: Path) -> None:
    rules = [node_rule(NODE), *RULES]
    assert {rule.name for rule in rules} == SERIES.keys()
    (tmp_path / "rules.yml").write_text(rules_file([NODE]), encoding="utf-8")
    tests = []
    for name, (_, firing, silent) in SERIES.items():
        tests += [trial(name, firing, fires=True), trial(name, silent, fires=False)]
    document = {"rule_files": ["rules.yml"], "evaluation_interval": "1m", "tests": tests}
    (tmp_path / "tests.yml").write_text(yaml.safe_dump(document), encoding="utf-8")
    assert "SUCCESS" in promtool("test", "rules", "tests.yml", folder=tmp_path)


def test_a_node_that_was_never_seen_is_missed(tmp_path: Path) -> None:
    (tmp_path / "rules.yml").write_text(rules_file(["vn-a", NODE]), encoding="utf-8")
    test = trial("BloNodeAway", "1x60", fires=True)
    document = {"rule_files": ["rules.yml"], "evaluation_interval": "1m", "tests": [test]}
    (tmp_path / "tests.yml").write_text(yaml.safe_dump(document), encoding="utf-8")
    promtool("test", "rules", "tests.yml", folder=tmp_path)


def test_the_command_writes_what_prometheus_and_grafana_take(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rules, board = tmp_path / "blo.rules.yml", tmp_path / "blo.json"
    assert run(["monitoring", "rules", str(rules), "--node", "vn-a", "--node", NODE]) == 0
    assert f"{len(RULES) + 2} alerts" in capsys.readouterr().out
    assert f"{len(RULES) + 2} rules found" in promtool(
        "check", "rules", str(rules), folder=tmp_path
    )
    assert run(["monitoring", "dashboard", str(board)]) == 0
    assert json.loads(board.read_text(encoding="utf-8"))["uid"] == "blo-operator"
    assert run(["monitoring", "rules", str(rules), "--node", "vn-a"]) == 2
    assert run(["monitoring", "rules", str(tmp_path / "x"), "--node", 'x"} or vector(1)']) == 2


def test_the_files_that_ship_are_those_that_the_commands_write(project_root: Path) -> None:
    shipped = project_root / "deploy"
    rules = (shipped / "prometheus" / "blo.rules.yml").read_text(encoding="utf-8")
    assert rules == rules_file(["la-xiengkhouang", "vn-kyson"]), "make diagrams"
    board = (shipped / "grafana" / "operator.json").read_text(encoding="utf-8")
    assert board == dashboard(), "make diagrams"
    said = promtool("check", "config", "prometheus.yml", folder=shipped / "prometheus")
    assert "SUCCESS" in said
    checked = subprocess.run(
        ["amtool", "check-config", "alertmanager.yml"],
        cwd=shipped / "prometheus",
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def declared() -> set[str]:
    """The names of all metrics that a program exposes."""
    return {spec.name for spec in Metrics.specs()}


def test_rules_and_boards_ask_only_for_metrics_that_there_are() -> None:
    names = declared()
    asked = [rule.expression for rule in RULES] + [panel.query for panel in panels()]
    for expression in asked:
        for metric in _METRIC.findall(expression):
            assert metric in names or metric.removesuffix("_total") in names, metric


def test_every_alert_says_what_to_do_and_the_page_is_up_to_date(project_root: Path) -> None:
    for rule in RULES:
        assert all((rule.meaning, rule.impact, rule.diagnosis, rule.action))
        assert rule.summary.startswith("{{ $labels.node }}")
    page = (project_root / "docs" / "runbook.md").read_text(encoding="utf-8")
    assert page == runbook(), "make diagrams"


def test_the_commands_of_the_runbook_are_there() -> None:
    for rule in (node_rule(NODE), *RULES):
        for line in rule.diagnosis:
            if line.startswith("blo "):
                words = [word for word in line.split()[1:] if not word.startswith("-")]
                assert any(run([*words[:end], "--help"]) == 0 for end in (3, 2)), line


# The rules of Grafana's dashboard linter, as far as they concern what is made here.


def test_the_board_keeps_the_rules_of_a_linter() -> None:
    board = json.loads(dashboard())
    variables = {variable["name"] for variable in board["templating"]["list"]}
    assert variables == {"datasource", "node"}
    numbers = [panel["id"] for panel in board["panels"]]
    assert len(numbers) == len(set(numbers))
    places: set[tuple[int, int]] = set()
    for panel in board["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert place["x"] + place["w"] <= 24
        assert not cells & places, panel["title"]
        places |= cells
        if panel["type"] == "row":
            continue
        assert panel["title"]
        assert panel["description"]
        assert panel["fieldConfig"]["defaults"]["unit"]
        assert panel["datasource"]["uid"] == "${datasource}"
        for target in panel["targets"]:
            assert target["datasource"]["uid"] == "${datasource}"
            assert target["legendFormat"]
            assert 'node=~"$node"' in target["expr"]
            if "rate(" in target["expr"]:
                assert "[$__rate_interval]" in target["expr"]
