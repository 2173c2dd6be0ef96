"""The demo's options are judged before anything is started."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any, ClassVar

import pytest

from blo_cli.main import run
from blo_lab.demo import command
from blo_lab.demo.run import DemoPeriod
from blo_lab.scenarios import YEAR_OF_SEED_002, YEAR_OF_SEED_003

LINE = {
    "at": "2025-03-02T08:00:00+07:00",
    "office": "vn-kyson",
    "link": "vn-kyson~la-xiengkhouang",
    "case": "p",
    "do": "open",
    "kind": "patrol",
    "on": "2025-03-01",
    "fields": {"code": "x", "marker_from": "1", "marker_to": "2"},
}


class FakeDemo:
    """Stands for the demo; says what it was asked to run."""

    checks: ClassVar[list[dict[str, Any]]] = []
    asked: ClassVar[list[Any]] = []

    def __init__(self, _world: Any, scenario: Any, period: DemoPeriod, *rest: Any) -> None:
        self.asked.append((scenario.name, period, rest[-1]))

    def run(self) -> dict[str, Any]:
        figures: dict[str, Any] = {
            name: {"value": value, "unit": "x", "events": []}
            for name, value in {"wanted_arrested": 11, "briefings": 0}.items()
        }
        return {
            **figures,
            "indicators": list(figures),
            "cases": {},
            "office": "vn-nghean",
            "period": {"from": "a", "to": "b"},
            "links": [],
            "processors": [],
            "alerts": {"counts": [], "standing": []},
            "checks": self.checks,
        }


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    asked: list[Any] = []
    monkeypatch.setattr(FakeDemo, "asked", asked)
    monkeypatch.setattr(command, "Demo", FakeDemo)
    return asked


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    path = tmp_path / "mine.jsonl"
    path.write_text(json.dumps(LINE) + "\n")
    return path


def test_without_options_it_is_the_year_of_seed_003(asked: list[Any]) -> None:
    assert run(["demo"]) == 0
    year = DemoPeriod(date(2024, 11, 1), date(2025, 10, 31))
    assert asked == [(YEAR_OF_SEED_003.name, year, None)]


def test_a_shipped_scenario_brings_its_network_and_its_year(asked: list[Any]) -> None:
    assert run(["demo", "--scenario", "2023"]) == 0
    year = DemoPeriod(date(2023, 1, 1), date(2023, 12, 31))
    assert asked == [(YEAR_OF_SEED_002.name, year, None)]
    assert run(["demo", "--scenario", "2023", "--network", "articles"]) == 2
    assert len(asked) == 1


def test_a_scenario_of_one_s_own_is_played_in_the_network_that_is_named(
    asked: list[Any], scenario: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = {**LINE, "office": "vn-quangbinh", "link": "vn-quangbinh~la-khammouane"}
    scenario.write_text(json.dumps(mine) + "\n")
    assert run(["demo", "--scenario", str(scenario), "--network", "quang-binh"]) == 0
    assert run(["demo", "--scenario", str(scenario)]) == 2
    assert "field link" in capsys.readouterr().err
    assert len(asked) == 1


def test_another_file_is_reported_over_all_its_days(asked: list[Any], scenario: Path) -> None:
    assert run(["demo", "--scenario", str(scenario), "--keep", "folder"]) == 0
    day = date(2025, 3, 1)
    assert asked == [("mine.jsonl", DemoPeriod(day, day), Path("folder"))]


def test_a_period_is_two_days_both_included(asked: list[Any], scenario: Path) -> None:
    arguments = ["--scenario", str(scenario), "--period", "2025-01-01..2025-12-31"]
    assert run(["demo", *arguments]) == 0
    assert asked[0][1] == DemoPeriod(date(2025, 1, 1), date(2025, 12, 31))


@pytest.mark.parametrize(
    "period", ["2025", "2025-01-01", "2025-01-01..2025-02-30", "2025-02-01..2025-01-31", "a..b"]
)
def test_a_period_that_is_none_is_refused(
    asked: list[Any], period: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["demo", "--period", period]) == 2
    assert "--period" in capsys.readouterr().err
    assert asked == []


def test_the_report_is_written_where_it_was_asked_for(asked: list[Any], tmp_path: Path) -> None:
    output = tmp_path / "build" / "report.json"
    assert run(["demo", "--report", str(output)]) == 0
    assert json.loads(output.read_bytes())["office"] == "vn-nghean"


def test_a_report_that_can_not_be_written_is_told_before_anything_starts(
    asked: list[Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["demo", "--report", str(tmp_path)]) == 2
    assert "cannot be written" in capsys.readouterr().err
    assert asked == []


def test_a_wrong_scenario_is_told_before_anything_starts(
    asked: list[Any], scenario: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scenario.write_text(json.dumps(LINE | {"office": "vn-x"}) + "\n")
    assert run(["demo", "--scenario", str(scenario)]) == 2
    told = capsys.readouterr().err
    assert "mine.jsonl, line 1, field office" in told
    assert asked == []


def test_a_failed_check_makes_the_exit_code_1(
    asked: list[Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    checks = [
        {"name": "good", "ok": True, "detail": "x"},
        {"name": "bad", "ok": False, "detail": "y"},
    ]
    monkeypatch.setattr(FakeDemo, "checks", checks)
    assert run(["demo"]) == 1
    told = capsys.readouterr()
    assert "failed checks: bad" in told.err
    assert "FAILED" in told.out
