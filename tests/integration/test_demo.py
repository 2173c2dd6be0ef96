"""``blo demo`` on a real Kafka: the figures, the checks, and nothing left behind."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.programs import blo, listens, ports_below, processes_of, running
from tests.patience import PATIENCE_S

if TYPE_CHECKING:
    from blo_lab.broker import EmbeddedBroker

pytestmark = pytest.mark.broker

FIGURES: dict[str, Any] = {
    "blo_offices_active": 2,
    "joint_cases": 2,
    "working_groups": 28,
    "person_trips": 128,
    "arrests": {"total": 3, "la": 1},
    "seizures": [
        {"substance": "methamphetamine_crystal", "amount": 38, "unit": "kg"},
        {"substance": "heroin", "amount": 8, "unit": "banh"},
        {"substance": "synthetic_unspecified", "amount": 18000, "unit": "tablet"},
    ],
    "bilateral_patrols": 29,
    "residence_refused": 38,
    "deportations_received": 4,
    "overstay_penalties": 5,
    "delegations": 1,
}
CHECKS = {
    "everything_arrived",
    "equal_views",
    "rebuilt_equals_live",
    "every_record_verified",
    "heads_cover_the_log",
    "metrics_agree",
    "report_is_whole",
    "frozen_report_holds",
    "no_plaintext_in_kafka",
    "no_plaintext_at_the_offices",
    "trail_equals_verdicts",
    "witnessed",
    "audit_is_clean",
    "bundle_verifies",
    "processors_views_equal",
    "alerts_equal_plain_fold",
    "no_dead_letters",
    "processors_open_no_content",
    "no_plaintext_at_the_processors",
}


def nothing_left(folder: Path) -> None:
    """No process, and no file in the folder that was to hold the temporary ones."""
    deadline = time.monotonic() + PATIENCE_S
    while processes_of(folder) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert processes_of(folder) == []
    assert list(folder.iterdir()) == []


@pytest.fixture
def temporary(tmp_path: Path) -> Path:
    """Where a command under test puts its temporary files."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    return folder


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The shipped scenario, played once."""
    folder = tmp_path_factory.mktemp("year")
    (folder / "temporary").mkdir()
    output = folder / "build" / "report.json"
    done = blo(folder / "temporary", "demo", "--report", str(output))
    assert done.returncode == 0, done.stdout + done.stderr
    nothing_left(folder / "temporary")
    report: dict[str, Any] = json.loads(output.read_bytes())
    report["terminal"] = done.stdout
    return report


def test_the_year_is_reported_with_exactly_the_figures_of_the_seed(year: dict[str, Any]) -> None:
    assert year["summary"] == FIGURES
    assert {name: year[name]["value"] for name in FIGURES} == FIGURES
    assert year["period"] == {"from": "2024-11-01", "to": "2025-10-31"}


def test_the_terminal_shows_every_figure_that_is_not_zero(year: dict[str, Any]) -> None:
    shown = year["terminal"].partition("Cases\n")[0]
    for name in year["indicators"]:
        one = year[name]["value"]
        zero = not (one.get("total") if isinstance(one, dict) else one)
        assert (f"│ {name.replace('_', ' ')}" in shown) is not zero, name
    assert {"wanted_arrested", "handovers", "briefings"} <= set(year["indicators"])


def test_the_year_of_seed_002_is_reported_with_its_figures_and_every_check_holds(
    temporary: Path, tmp_path: Path
) -> None:
    output = tmp_path / "report.json"
    done = blo(temporary, "demo", "--scenario", "2023", "--report", str(output))
    assert done.returncode == 0, done.stdout + done.stderr
    nothing_left(temporary)
    report = json.loads(output.read_bytes())
    told = {name: report[name]["value"] for name in report["indicators"]}
    assert {name: value for name, value in told.items() if value and value != {"total": 0}} == {
        "wanted_arrested": 11,
        "handovers": 11,
        "support_buildings": 21,
    }
    assert report["period"] == {"from": "2023-01-01", "to": "2023-12-31"}
    assert report["cases"]["memorandum-2024"]["state"] == "signed"
    assert {one["name"] for one in report["checks"]} == CHECKS
    assert not [case for case in report["cases"].values() if case["refused"]]


def test_every_figure_opens_the_events_that_make_it(year: dict[str, Any]) -> None:
    events = {name: year[name]["events"] for name in FIGURES}
    assert all(len(set(ids)) == len(ids) for ids in events.values())
    assert len(events["bilateral_patrols"]) == 29
    assert len(events["residence_refused"]) == 38
    assert len(events["working_groups"]) == 28
    assert {len(event) for ids in events.values() for event in ids} == {64}
    assert all(year[name]["unit"] for name in FIGURES)


def test_every_check_holds_and_says_what_it_has_seen(year: dict[str, Any]) -> None:
    checks = {one["name"]: one for one in year["checks"]}
    assert set(checks) == CHECKS
    assert all(one["ok"] and one["detail"] for one in checks.values())


def test_every_key_and_check_of_the_report_is_explained(
    year: dict[str, Any], project_root: Path
) -> None:
    page = (project_root / "docs" / "scenarios.md").read_text(encoding="utf-8")
    section = page[page.index("## The report") : page.index("## The shipped scenarios")]
    names = set(year) - {*year["indicators"], "terminal"}
    nested = [year["processors"][0], year["alerts"], *year["alerts"]["standing"][:1]]
    nested += [year["audit"], year["audit"]["bundle"], year["audit"]["quorums"][0]]
    names |= CHECKS.union(*nested, year["alerts"]["counts"][0]) - {"corridor"}
    assert [name for name in sorted(names) if f"`{name}`" not in section] == []


def test_the_broker_is_a_real_kafka_of_the_fourth_generation(year: dict[str, Any]) -> None:
    assert year["broker"]["product"] == "Apache Kafka"
    assert year["broker"]["version"].startswith("4.")
    assert year["broker"]["ready_s"] > 0


def test_links_and_offices_add_up(year: dict[str, Any]) -> None:
    links = {one["id"]: one for one in year["links"]}
    offices = {one["id"]: one for one in year["offices"]}
    assert len(links) == 4
    assert len(offices) == 14
    records = sum(one["records"] for one in links.values())
    assert sum(one["appended"] for one in offices.values()) == records
    assert all(len(one["log_hash"]) == 64 for one in links.values())
    ks = links["vn-kyson~la-xiengkhouang"]["records"]
    assert offices["vn-kyson"]["accepted"] == ks - 1
    assert offices["vn-kyson"]["rejected"] == {"not_legal_now": 1}
    assert offices["vn-quephong"]["rejected"] == {}
    assert offices["vn-quangbinh"]["appended"] == 0
    assert {one["unopenable"] + one["duplicates"] for one in offices.values()} == {0}
    link = "vn-quephong~la-xamtai"
    views = {offices[o]["views"][link] for o in ("vn-quephong", "la-xamtai", "vn-nghean")}
    assert len(views) == 1


def test_crossing_and_refusal_are_told_by_case(year: dict[str, Any]) -> None:
    cases = year["cases"]
    withdrawn = cases["crossing-withdrawn"]
    assert (withdrawn["state"], withdrawn["kind"]) == ("withdrawn", "verification_request")
    (late,) = withdrawn["refused"]
    assert (late["office"], late["step"], late["reason"]) == (
        "vn-kyson",
        "answer",
        "not_legal_now",
    )
    assert late["at"] == "log"
    assert cases["crossing-urged"]["crossed"] == 1
    assert cases["crossing-urged"]["refused"] == []
    (refused,) = cases["verify-reopened"]["refused"]
    assert (refused["at"], refused["reason"]) == ("submission", "not_legal_now")
    assert sum(len(one["refused"]) for one in cases.values()) == 2
    assert sum(one["crossed"] for one in cases.values()) == 1


def test_each_corridor_s_processor_has_derived_the_whole_log(year: dict[str, Any]) -> None:
    processors = {one["corridor"]: one for one in year["processors"]}
    assert set(processors) == {"cn-vn", "la-vn"}
    for corridor, one in processors.items():
        records = [each["records"] for each in year["links"] if each["corridor"] == corridor]
        assert one["processor"] == f"vn-processor-{corridor}"
        assert len(one["links"]) == len(records)
        assert one["records"] == one["trail_entries"] == sum(records)
        assert one["caught_up"]
        assert one["dead_letters"] == 0
    assert processors["la-vn"]["checkpoints"] >= 256 // 50
    assert sum(one["cases"] for one in processors.values()) == len(year["cases"])


def test_alerts_are_those_of_whoever_let_a_deadline_pass(year: dict[str, Any]) -> None:
    alerts = year["alerts"]
    (forgotten,) = alerts["standing"]
    assert (forgotten["case"], forgotten["clock"]) == ("contact-ks", "confirm")
    assert forgotten["must_act"] == ["vn-kyson"]
    assert [one["rung"] for one in forgotten["ladder"]] == [
        "warning",
        "urge_counterpart",
        "own_chief",
        "province",
        "ministry",
    ]
    assert forgotten["notified"] == ["vn-c04"]
    assert forgotten["due"] < forgotten["since"] < alerts["as_of"][forgotten["link"]]
    raised = sum(one["standing"] + one["cleared"] for one in alerts["counts"])
    processors = year["processors"]
    assert raised == sum(one["alerts"] for one in processors)
    assert sum(one["cleared"] for one in alerts["counts"]) == sum(
        one["clearings"] for one in processors
    )


def test_an_auditor_has_verified_everything_and_everybody_has_signed_it(
    year: dict[str, Any],
) -> None:
    audit = year["audit"]
    records = {one["id"]: one["records"] for one in year["links"]}
    assert audit["mode"] == "full"
    assert audit["records"] == audit["signatures_verified"] == sum(records.values())
    # One of each link's readers at least has signed its end.
    assert audit["heads_verified"] >= 16
    assert audit["views_agreed"] >= 16
    entries = sum(one["trail_entries"] for one in year["processors"])
    assert audit["outputs_agreed"] >= entries + len(year["cases"])
    assert audit["breaches"] == 0
    assert audit["findings"].keys() <= {"head_back_dated", "step_crossed"}
    assert audit["findings"]["step_crossed"] == audit["notes"] == 1
    assert {one["link"]: one["size"] for one in audit["quorums"]} == records
    assert {one["witness"] for one in audit["quorums"]} == {"vn-witness"}
    cosigned = {one["link"]: one["cosigned"] for one in audit["quorums"]}
    assert cosigned["vn-tralinh~cn-jingxi"] == ["cn-jingxi", "vn-tralinh"]
    assert len(cosigned["conference-8-provinces"]) == 8
    assert audit["bundle"]["records"] == max(records.values())
    assert audit["bundle"]["bytes"] > 0


def test_people_see_the_figures_and_the_checks(year: dict[str, Any]) -> None:
    terminal = year["terminal"]
    for words in ("bilateral patrols", "18,000", "banh", "equal_views", "blo.exchange.la-vn/0"):
        assert words in terminal
    for words in ("Stream processors", "contact-ks", "vn-quephong: answer"):
        assert words in terminal
    assert "FAILED" not in terminal


# Interrupted.


@pytest.fixture
def short(tmp_path: Path) -> list[str]:
    """Arguments for a scenario of three lines, the last of which the lifecycle refuses.

    In a network of three offices, which starts and ends in a fraction of the articles' time.
    """
    base = {"link": "vn-quangbinh~la-khammouane", "case": "a", "on": "2025-03-01"}
    fields = {"code": "x", "marker_from": "1", "marker_to": "2"}
    subject = {"dispatch": {"subject": "(hư cấu) tuần tra Mây-Ngàn"}}
    lines = [
        base
        | {"at": "2025-03-01T08:00:00+07:00", "office": "vn-quangbinh", "do": "open"}
        | {"kind": "patrol", "fields": fields | subject},
        base | {"at": "2025-03-01T09:00:00+07:00", "office": "la-khammouane", "do": "confirm"},
        base
        | {"at": "2025-03-01T10:00:00+07:00", "office": "vn-quangbinh", "do": "complete"}
        | {"fields": {"headcount": 3}},
    ]
    path = tmp_path / "short.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return ["--scenario", str(path), "--network", "quang-binh"]


@pytest.mark.parametrize(
    ("words", "after_s", "number"),
    [
        ("starting Kafka", 0.5, signal.SIGTERM),
        ("provisioning", 0.1, signal.SIGINT),
        ("starting 3 agents, 1 processor and 1 witness", 0.5, signal.SIGHUP),
    ],
)
def test_interrupted_at_any_moment_nothing_is_left(
    temporary: Path, short: list[str], words: str, after_s: float, number: signal.Signals
) -> None:
    with running(temporary, "demo", *short) as demo:
        demo.await_words(words)
        time.sleep(after_s)
        ports = ports_below(temporary)
        assert demo.end(number) == 128 + number
    assert "blo: interrupted\n" in demo.told
    nothing_left(temporary)
    assert not [port for port in ports if listens(port)]


def test_interrupted_twice_while_playing_the_clean_up_is_still_whole(temporary: Path) -> None:
    with running(temporary, "demo") as demo:
        demo.await_words("playing")
        ports = ports_below(temporary)
        assert len(ports) == 2 + 14 + 14 + 2 + 1
        demo.process.send_signal(signal.SIGINT)
        time.sleep(0.1)
        assert demo.end(signal.SIGINT) == 130
    nothing_left(temporary)
    assert not [port for port in ports if listens(port)]


def test_interrupted_at_the_end_nothing_is_left(temporary: Path, short: list[str]) -> None:
    with running(temporary, "demo", *short) as demo:
        demo.await_words("checking")
        assert demo.end(signal.SIGINT) in (130, 0)
    nothing_left(temporary)


def test_killed_outright_no_process_is_left(temporary: Path, short: list[str]) -> None:
    with running(temporary, "demo", *short) as demo:
        demo.await_words("playing")
        assert len(processes_of(temporary)) > 3 + 1 + 1
        assert demo.end(signal.SIGKILL) == -signal.SIGKILL
    deadline = time.monotonic() + PATIENCE_S
    while processes_of(temporary) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert processes_of(temporary) == []


# Other Kafkas, other scenarios, other folders.


def test_a_kafka_that_runs_already_is_used_and_left_running(
    temporary: Path, short: list[str], tmp_path: Path, broker_factory: Callable[..., EmbeddedBroker]
) -> None:
    own = broker_factory()
    more = {"BLO_BOOTSTRAP": own.bootstrap}
    output = tmp_path / "report.json"
    arguments = ("demo", *short, "--report", str(output))
    done = blo(temporary, *arguments, more=more)
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(output.read_bytes())
    assert report["broker"]["version"] == "unknown"
    assert report["period"] == {"from": "2025-03-01", "to": "2025-03-01"}
    assert {one["name"] for one in report["checks"]} == CHECKS
    (refused,) = report["cases"]["a"]["refused"]
    assert (refused["step"], refused["reason"]) == ("complete", "not_legal_now")
    assert own.running
    nothing_left(temporary)

    again = blo(temporary, *arguments, "--replace", more=more)
    assert again.returncode == 2
    assert "holds an exchange already" in again.stderr
    assert "Traceback" not in again.stderr
    nothing_left(temporary)


def test_what_is_to_be_kept_is_kept_without_processes(
    temporary: Path, short: list[str], tmp_path: Path
) -> None:
    kept = tmp_path / "kept"
    done = blo(temporary, "demo", *short, "--keep", str(kept))
    assert done.returncode == 0, done.stdout + done.stderr
    assert processes_of(kept) == []
    assert (kept / "offices" / "vn-quangbinh" / "agent.log").stat().st_size > 0
    assert list(kept.glob("kafka/data/blo.exchange.la-vn-0/*.log"))
    nothing_left(temporary)

    again = blo(temporary, "demo", *short, "--keep", str(kept))
    assert again.returncode == 2
    assert f"{kept}: is not empty" in again.stderr


@pytest.mark.parametrize(
    ("run_file", "title", "logged"),
    [
        ("vn-kyson/store/run.json", "the agent of vn-kyson", "agent is up"),
        ("vn-witness/run-witness.json", "the witness vn-witness", "witness is up"),
    ],
)
def test_a_program_that_ends_in_between_is_told_at_once_with_the_end_of_its_log(
    temporary: Path, run_file: str, title: str, logged: str
) -> None:
    with running(temporary, "demo") as demo:
        demo.await_words("playing")
        (path,) = temporary.rglob(run_file)
        os.kill(json.loads(path.read_text())["pid"], signal.SIGKILL)
        assert demo.process.wait(PATIENCE_S) == 2
        demo.await_end()
    (line,) = [line for line in demo.told if line.startswith("blo: ")]
    assert f"{title}: has ended" in line
    assert logged in "".join(demo.told)
    assert not [line for line in demo.told if line.startswith("offices read")]
    nothing_left(temporary)
