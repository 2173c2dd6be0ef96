"""The demo's report holds what the issue asks for, and is readable by people."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from blo_agent.api import response_types as api
from blo_domain.reports.annual_report import IN_SUMMARY
from blo_lab.broker import ExternalBroker
from blo_lab.demo.checks import Check
from blo_lab.demo.command import last_line
from blo_lab.demo.observe import Observed, settle
from blo_lab.demo.player import Played, PlayedStep
from blo_lab.demo.progress import Progress
from blo_lab.demo.report import build_report, case_reports, show
from blo_lab.network.network_file import articles
from blo_lab.scenario import load
from blo_lab.scenarios import YEAR_OF_SEED_003
from blo_schemas.instants import local
from tests.unit.lab import seen as made

WORLD = articles()
LINK = "vn-kyson~la-xiengkhouang"
SIZES = dict.fromkeys(WORLD.links_by_name, 7)
VALUES: dict[str, Any] = {
    "arrests": {"total": 3, "la": 1},
    "seizures": [{"substance": "heroin", "amount": 8, "unit": "banh"}],
    "person_trips": 12345,
    "nothing": 0,
}
INDICATORS = (*IN_SUMMARY, "beyond", "nothing")
FIGURES: dict[str, Any] = {
    "office": "vn-nghean",
    "from": "2024-11-01",
    "to": "2025-10-31",
    "indicators": {
        name: {"value": VALUES.get(name, 2), "unit": "things", "events": ["e"]}
        for name in INDICATORS
    },
    "summary": {name: VALUES.get(name, 2) for name in IN_SUMMARY},
    "left_out": [],
}


@pytest.fixture
def seen() -> Observed:
    return made.observed(WORLD, SIZES)


@pytest.fixture
def report(seen: Observed) -> dict[str, Any]:
    broker = ExternalBroker("127.0.0.1:9", ready_s=1.23456, version="4.4.0")
    alerts: dict[str, Any] = {"as_of": {}, "counts": [], "standing": []}
    derived = {"processors": [], "alerts": alerts}
    checks = [Check("one", ok=True, detail="fine"), Check("two", ok=False, detail="[red]bad")]
    return build_report(
        WORLD, broker, seen, FIGURES, {"a": {"kind": "patrol", "state": "planned"}}, derived, checks
    )


def test_each_indicator_has_its_value_unit_and_events(report: dict[str, Any]) -> None:
    assert report["indicators"] == list(report)[: len(INDICATORS)] == list(INDICATORS)
    for name in INDICATORS:
        assert report[name] == FIGURES["indicators"][name]
    assert report["summary"] == FIGURES["summary"]


def test_the_further_keys_are_those_of_the_issue(report: dict[str, Any]) -> None:
    further = ["indicators", "summary", "office", "period", "broker", "links", "offices", "cases"]
    assert list(report)[len(INDICATORS) :] == [*further, "processors", "alerts", "checks"]
    assert report["broker"] == {"product": "Apache Kafka", "version": "4.4.0", "ready_s": 1.235}
    assert report["links"][0] == {
        "id": LINK,
        "corridor": "la-vn",
        "partition": 0,
        "records": 7,
        "log_hash": made.HASH,
    }
    assert [one["name"] for one in report["checks"]] == ["one", "two"]
    assert set(report["checks"][0]) == {"name", "ok", "detail"}


def test_an_office_s_counts_are_of_all_its_links(report: dict[str, Any]) -> None:
    offices = {one["id"]: one for one in report["offices"]}
    assert set(offices) == {str(office) for office in WORLD.offices}
    nghean = offices["vn-nghean"]
    assert (nghean["appended"], nghean["accepted"]) == (3, 18)
    assert nghean["rejected"] == {"not_legal_now": 3}
    assert (nghean["duplicates"], nghean["unopenable"]) == (0, 0)
    assert len(nghean["views"]) == 3
    assert offices["vn-quangbinh"]["appended"] == 0
    both = {offices[one]["view_digest"] for one in ("vn-kyson", "vn-quephong")}
    assert len(both) == 1


def test_the_terminal_shows_every_figure_and_check(
    report: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    show(report, ZoneInfo("Asia/Ho_Chi_Minh"))
    text = capsys.readouterr().out
    assert "Report of vn-nghean, 2024-11-01 to 2025-10-31" in text
    assert "bilateral patrols" in text
    assert "12,345" in text
    assert "arrests: la" in text
    assert "beyond" in text
    assert "nothing" not in text
    assert re.search(r"patrol +│ planned +│ +1", text)
    assert "seizures: heroin" in text
    assert "banh" in text
    assert LINK in text
    assert "FAILED" in text
    assert "[red]bad" in text


class Desk:
    """Answers for one case, and says who was asked."""

    def __init__(self, office: str, asked: list[str]) -> None:
        self.office = office
        self.asked = asked

    def case(self, link: str, case: str) -> api.CaseHistory:
        assert link in WORLD.links_by_name
        self.asked.append(self.office)
        rejected = api.RejectedAnswer("e", "vn-kyson", 4, "answer", "not_legal_now", self.office)
        view = api.CaseAnswer(
            case=case,
            link=LINK,
            kind="verification_request",
            state="withdrawn",
            version=5,
            urgency="routine",
            opener="vn-kyson",
            opened_at=local(0),
            paused=False,
            crossed=1,
            position=5,
            log_time=local(0),
            may_do=[],
        )
        return api.CaseHistory(view, [], [rejected] if case == "crossed" else [], [], [], [], [])


def test_a_case_tells_what_was_refused_at_submission_and_in_the_log(seen: Observed) -> None:
    lines = load(YEAR_OF_SEED_003, WORLD).lines
    first = next(line for line in lines if line.link == LINK)
    never = next(line for line in lines if line.case == "joint-qp")
    played = Played(
        {first.case: "crossed"},
        (
            PlayedStep(line=first, event="e"),
            PlayedStep(line=first, refused="not_your_step", words="not yours"),
            PlayedStep(line=never, refused="not_a_party", words="no"),
        ),
        SIZES,
    )
    asked: list[str] = []
    desks = {str(office): Desk(str(office), asked) for office in WORLD.offices}
    cases = case_reports(WORLD, seen, played, desks)
    assert cases[first.case]["state"] == "withdrawn"
    assert cases[first.case]["version"] == 5
    assert cases[first.case]["crossed"] == 1
    at_submission, in_log = cases[first.case]["refused"]
    assert (at_submission["at"], at_submission["reason"]) == ("submission", "not_your_step")
    # Told as the office reads it that wrote the step.
    assert (in_log["at"], in_log["step"], in_log["words"]) == ("log", "answer", "vn-kyson")
    assert cases["joint-qp"]["kind"] is None
    assert [one["reason"] for one in cases["joint-qp"]["refused"]] == ["not_a_party"]


class Client:
    """An office that gets everything at the nth look."""

    def __init__(self, office: str, looks: int) -> None:
        self.office = office
        self.looks = looks

    def links(self) -> list[api.LinkAnswer]:
        self.looks -= 1
        size = 7 if self.looks <= 0 else 6
        return [
            made.status(WORLD, self.office, link, size)
            for link, one in WORLD.links_by_name.items()
            if self.office in one.readers
        ]


def test_settling_waits_for_the_last_office() -> None:
    clients: dict[str, Any] = {str(o): Client(str(o), 3) for o in WORLD.offices}
    statuses = settle(WORLD, clients, SIZES)
    assert {one.size for links in statuses.values() for one in links.values()} == {7}


def test_settling_waits_for_no_head_of_an_empty_log() -> None:
    class WithoutHeads(Client):
        def links(self) -> list[api.LinkAnswer]:
            return [msgspec.structs.replace(one, size=0, heads=[]) for one in super().links()]

    clients: dict[str, Any] = {
        str(office): WithoutHeads(str(office), 1) for office in WORLD.offices
    }
    settle(WORLD, clients, {})
    assert {client.looks for client in clients.values()} == {0}


def test_settling_ends_after_its_time_and_shows_what_is() -> None:
    clients: dict[str, Any] = {str(o): Client(str(o), 1000) for o in WORLD.offices}
    statuses = settle(WORLD, clients, SIZES, timeout_s=0.2)
    assert statuses["vn-kyson"][LINK].size == 6


def test_without_a_terminal_there_are_plain_lines_and_no_bar(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with Progress(3, 1) as progress:
        progress.tell("playing")
        progress.advance()
    assert capsys.readouterr().err == "playing …\n"


def test_on_a_terminal_there_is_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.StringIO()
    monkeypatch.setattr(out, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("sys.stderr", out)
    monkeypatch.setenv("TERM", "xterm")
    with Progress(3, 1) as progress:
        progress.tell("playing")
        progress.advance()
    assert "playing" in out.getvalue()
    assert "13/27" in out.getvalue()


def test_the_bar_is_not_full_before_the_last_phase_is_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out = io.StringIO()
    monkeypatch.setattr(out, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("sys.stderr", out)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "60")
    with Progress(2, 2) as progress:
        for phase in ("starting 14 agents, 2 processors and 1 witness", "checking"):
            progress.tell(phase)
            progress.advance()
    assert "26/38" in out.getvalue()
    assert "…" not in out.getvalue()


def test_the_last_line_says_what_held_where_the_report_is_and_what_to_try_next() -> None:
    report = {
        "checks": [{"ok": True}, {"ok": False}],
        "links": [{"records": 4}, {"records": 3}],
    }
    told = last_line(report, Path("r.json"), None)
    assert told.startswith("1 of 2 checks hold on 7 records. Report: r.json. Next: blo lab up DIR")
    assert "--report FILE" in last_line(report, None, None)
    assert "blo lab up kept" in last_line(report, None, Path("kept"))
