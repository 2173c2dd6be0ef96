"""``blo demo`` on a real Kafka: the figures, the checks, and nothing left behind."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.programs import blo, listens, ports_below, processes_of, running

if TYPE_CHECKING:
    from blo_log.broker import EmbeddedBroker

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
    "no_plaintext_in_kafka",
    "no_plaintext_at_the_offices",
}


def nothing_left(folder: Path) -> None:
    """No process, and no file in the folder that was to hold the temporary ones."""
    deadline = time.monotonic() + 5
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


def test_people_see_the_figures_and_the_checks(year: dict[str, Any]) -> None:
    terminal = year["terminal"]
    for words in ("bilateral patrols", "18,000", "banh", "equal_views", "blo.exchange.la-vn/0"):
        assert words in terminal
    assert "FAILED" not in terminal


# Interrupted.


@pytest.fixture
def short(tmp_path: Path) -> Path:
    """A scenario of two lines."""
    base = {"link": "vn-kyson~la-xiengkhouang", "case": "a", "on": "2025-03-01"}
    fields = {"code": "x", "marker_from": "1", "marker_to": "2"}
    subject = {"dispatch": {"subject": "(hư cấu) tuần tra Mây-Ngàn"}}
    lines = [
        base
        | {"at": "2025-03-01T08:00:00+07:00", "office": "vn-kyson", "do": "open"}
        | {"kind": "patrol", "fields": fields | subject},
        base | {"at": "2025-03-01T09:00:00+07:00", "office": "vn-kyson", "do": "confirm"},
    ]
    path = tmp_path / "short.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


@pytest.mark.parametrize(
    ("words", "after_s", "number"),
    [
        ("starting Kafka", 0.5, signal.SIGTERM),
        ("provisioning", 0.1, signal.SIGINT),
        ("starting 14 agents", 1.0, signal.SIGHUP),
    ],
)
def test_interrupted_at_any_moment_nothing_is_left(
    temporary: Path, words: str, after_s: float, number: signal.Signals
) -> None:
    with running(temporary, "demo") as demo:
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
        time.sleep(2)
        ports = ports_below(temporary)
        assert len(ports) == 2 + 2 * 14
        demo.process.send_signal(signal.SIGINT)
        time.sleep(0.1)
        assert demo.end(signal.SIGINT) == 130
    nothing_left(temporary)
    assert not [port for port in ports if listens(port)]


def test_interrupted_at_the_end_nothing_is_left(temporary: Path, short: Path) -> None:
    with running(temporary, "demo", "--scenario", str(short)) as demo:
        demo.await_words("checking")
        assert demo.end(signal.SIGINT) in (130, 0)
    nothing_left(temporary)


def test_killed_outright_no_process_is_left(temporary: Path) -> None:
    with running(temporary, "demo") as demo:
        demo.await_words("starting 14 agents")
        time.sleep(1)
        assert processes_of(temporary)
        assert demo.end(signal.SIGKILL) == -signal.SIGKILL
    deadline = time.monotonic() + 10
    while processes_of(temporary) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert processes_of(temporary) == []


# Other Kafkas, other scenarios, other folders.


def test_a_kafka_that_runs_already_is_used_and_left_running(
    temporary: Path, short: Path, tmp_path: Path, broker_factory: Callable[..., EmbeddedBroker]
) -> None:
    own = broker_factory()
    more = {"BLO_BOOTSTRAP": own.bootstrap}
    output = tmp_path / "report.json"
    arguments = ("demo", "--scenario", str(short), "--report", str(output))
    done = blo(temporary, *arguments, more=more)
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(output.read_bytes())
    assert report["broker"]["version"] == "unknown"
    assert report["period"] == {"from": "2025-03-01", "to": "2025-03-01"}
    assert {one["name"] for one in report["checks"]} == CHECKS
    assert own.running
    nothing_left(temporary)

    again = blo(temporary, *arguments, more=more)
    assert again.returncode == 2
    assert "holds an exchange already" in again.stderr
    assert "Traceback" not in again.stderr
    nothing_left(temporary)


def test_what_is_to_be_kept_is_kept_without_processes(
    temporary: Path, short: Path, tmp_path: Path
) -> None:
    kept = tmp_path / "kept"
    done = blo(temporary, "demo", "--scenario", str(short), "--keep", str(kept))
    assert done.returncode == 0, done.stdout + done.stderr
    assert processes_of(kept) == []
    assert (kept / "offices" / "vn-kyson" / "agent.log").stat().st_size > 0
    assert list(kept.glob("kafka/data/blo.exchange.la-vn-0/*.log"))
    nothing_left(temporary)

    again = blo(temporary, "demo", "--scenario", str(short), "--keep", str(kept))
    assert again.returncode == 2
    assert str(kept) in again.stderr


def test_a_step_that_makes_no_sense_to_an_agent_is_told_in_one_message(
    temporary: Path, short: Path
) -> None:
    first, _ = short.read_text().splitlines()
    refused = json.loads(first) | {
        "at": "2025-03-01T10:00:00+07:00",
        "do": "complete",
        "fields": {"headcount": 3},
    }
    del refused["kind"]
    short.write_text(first + "\n" + json.dumps(refused) + "\n")
    output = short.with_name("report.json")
    done = blo(temporary, "demo", "--scenario", str(short), "--report", str(output))
    assert done.returncode == 0, done.stdout + done.stderr
    (one,) = json.loads(output.read_bytes())["cases"]["a"]["refused"]
    assert (one["at"], one["step"], one["reason"]) == ("submission", "complete", "not_legal_now")
