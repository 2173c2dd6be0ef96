"""The player plays each line at its office, in order, after what the office must have read."""

from __future__ import annotations

import json
import threading
from datetime import date
from typing import Any

import pytest

from blo_agent.api import response_types as api
from blo_agent.api.problem_types import ProblemDetails
from blo_agent.api.request_types import CommandRequest
from blo_lab.demo.player import Played, Player, StandsStill, sequences
from blo_lab.network.network_file import articles
from blo_lab.scenario import Scenario, load, read
from blo_lab.scenarios import YEAR_OF_SEED_003
from blo_schemas.content import Dispatch
from blo_schemas.instants import local
from tests.patience import PATIENCE_S
from tests.unit.lab import seen as made

WORLD = articles()
KS = "vn-kyson~la-xiengkhouang"
TL = "vn-tralinh~cn-jingxi"


class FakeDesk:
    """One office; writes down all that is asked of it."""

    def __init__(self, office: str, calls: list[tuple[Any, ...]], refuse: set[str]) -> None:
        self.office = office
        self.calls = calls
        self.refuse = refuse
        self.commands: list[CommandRequest] = []
        self.parked = 0
        self.lag = 0

    def submit(self, command: CommandRequest) -> api.AcceptedAnswer | ProblemDetails:
        self.calls.append((self.office, command.step))
        self.commands.append(command)
        if command.step in self.refuse:
            return made.refused("not_legal_now", "not now")
        case = command.case or f"case-{len(self.commands)}-{self.office}"
        return api.AcceptedAnswer(f"event-{len(self.commands)}", case, 0, 0)

    def await_size(self, link: str, size: int, timeout_s: float) -> api.LinkAnswer:
        assert timeout_s > 0
        self.calls.append((self.office, "await", link, size))
        parked, self.parked = self.parked, max(self.parked - 1, 0)
        return made.status(WORLD, self.office, link, size - self.lag, parked=parked)

    def line(self, *, up: bool) -> None:
        self.calls.append((self.office, "line", up))

    def clock(self, now_ms: int) -> None:
        self.calls.append((self.office, "clock", now_ms))


class Stage:
    """All offices, and what was asked of them in its order."""

    def __init__(self, *refuse: str) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.desks = {
            str(office): FakeDesk(str(office), self.calls, set(refuse)) for office in WORLD.offices
        }
        self.advanced = 0

    def play(self, scenario: Scenario) -> Played:
        return Player(WORLD, self.desks, self._advance).play(scenario)

    def _advance(self) -> None:
        self.advanced += 1


def line(hour: int, office: str, do: str, case: str = "a", link: str = KS, **more: Any) -> str:
    at = f"2025-03-01T{hour:02d}:00:00+07:00"
    whole: dict[str, Any] = {"at": at, "office": office, "do": do}
    if not do.startswith("line_"):
        whole |= {"link": link, "case": case, "on": "2025-03-01"}
    if do == "open":
        whole |= {
            "kind": "patrol",
            "fields": {"code": "x", "marker_from": "1", "marker_to": "2"},
        }
    return json.dumps(whole | more)


def scenario(*lines: str) -> Scenario:
    return read("s", "\n".join(lines), WORLD)


def test_an_office_reads_all_that_was_sent_before_it_acts() -> None:
    stage = Stage()
    played = stage.play(
        scenario(
            line(1, "vn-kyson", "open"),
            line(2, "la-xiengkhouang", "confirm"),
            line(3, "vn-kyson", "confirm"),
        )
    )
    assert stage.calls == [
        ("vn-kyson", "await", KS, 0),
        ("vn-kyson", "open"),
        ("la-xiengkhouang", "await", KS, 1),
        ("la-xiengkhouang", "confirm"),
        ("vn-kyson", "await", KS, 2),
        ("vn-kyson", "confirm"),
    ]
    assert played.sizes == {KS: 3}
    assert stage.advanced == 3


def test_it_waits_until_what_was_read_can_be_opened() -> None:
    stage = Stage()
    stage.desks["la-xiengkhouang"].parked = 2
    stage.play(scenario(line(1, "vn-kyson", "open"), line(2, "la-xiengkhouang", "confirm")))
    assert stage.calls.count(("la-xiengkhouang", "await", KS, 1)) == 3


def test_an_office_that_never_reads_is_told_with_the_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("blo_lab.demo.player.READ_TIMEOUT_S", 0.05)
    stage = Stage()
    stage.desks["la-xiengkhouang"].lag = 1
    with pytest.raises(StandsStill, match=r"la-xiengkhouang, before line 2.*0 of 1 records"):
        stage.play(scenario(line(1, "vn-kyson", "open"), line(2, "la-xiengkhouang", "confirm")))


def test_a_refused_step_is_noted_and_the_rest_goes_on() -> None:
    stage = Stage("complete")
    played = stage.play(
        scenario(
            line(1, "vn-kyson", "open"),
            line(2, "vn-kyson", "complete", fields={"headcount": 1}),
            line(3, "la-xiengkhouang", "confirm"),
        )
    )
    refused = [one for one in played.outcomes if one.refused]
    assert [(one.line.number, one.refused, one.words) for one in refused] == [
        (2, "not_legal_now", "not now")
    ]
    assert ("la-xiengkhouang", "await", KS, 1) in stage.calls
    assert played.sizes == {KS: 2}


def test_the_steps_of_a_case_whose_opening_was_refused_are_refused_and_the_rest_goes_on() -> None:
    stage = Stage("open")
    played = stage.play(
        scenario(
            line(1, "vn-kyson", "open"),
            line(2, "la-xiengkhouang", "confirm"),
            line(3, "vn-kyson", "urge"),
        )
    )
    assert [one.refused for one in played.outcomes] == [
        "not_legal_now",
        "unknown_case",
        "unknown_case",
    ]
    assert [call for call in stage.calls if call[1] != "await"] == [("vn-kyson", "open")]
    assert (played.cases, played.sizes) == ({}, {})


def test_every_step_names_the_kind_for_an_office_that_does_not_know_the_case_yet() -> None:
    stage = Stage()
    stage.play(scenario(line(1, "vn-kyson", "open"), line(2, "la-xiengkhouang", "confirm")))
    (command,) = stage.desks["la-xiengkhouang"].commands
    assert command.kind == "patrol"


def test_an_office_whose_line_is_down_does_not_wait_and_its_events_count_later() -> None:
    stage = Stage()
    played = stage.play(
        scenario(
            line(1, "vn-kyson", "open"),
            line(2, "vn-kyson", "line_down"),
            line(3, "la-xiengkhouang", "confirm"),
            line(4, "vn-kyson", "confirm"),
            line(5, "la-xiengkhouang", "urge"),
            line(6, "vn-kyson", "line_up"),
            line(7, "la-xiengkhouang", "urge"),
        )
    )
    assert stage.calls[2:] == [
        ("vn-kyson", "clock", 1_740_769_200_000),
        ("vn-kyson", "line", False),
        ("la-xiengkhouang", "await", KS, 1),
        ("la-xiengkhouang", "confirm"),
        ("vn-kyson", "confirm"),
        ("la-xiengkhouang", "await", KS, 2),
        ("la-xiengkhouang", "urge"),
        ("vn-kyson", "clock", 1_740_783_600_000),
        ("vn-kyson", "line", True),
        ("la-xiengkhouang", "await", KS, 4),
        ("la-xiengkhouang", "urge"),
    ]
    assert played.sizes == {KS: 5}


def test_a_line_is_submitted_with_all_it_says() -> None:
    stage = Stage()
    stage.play(
        scenario(
            line(
                1,
                "vn-kyson",
                "open",
                urgency="urgent",
                reason="vì sao",
                due="2025-03-05T00:00:00Z",
                fields={
                    "code": "x",
                    "marker_from": "1",
                    "marker_to": "2",
                    "dispatch": {"subject": "s", "urgency_ground": "g"},
                },
            ),
            line(2, "la-xiengkhouang", "pause", ground="court", reason="chờ"),
            line(3, "la-xiengkhouang", "confirm", fields={"headcount": 3}),
            line(
                4,
                "la-xiengkhouang",
                "supersede",
                fields={"corrects": "confirm", "nth": 1, "fields": {"headcount": 4}},
            ),
        )
    )
    (opened,) = stage.desks["vn-kyson"].commands
    assert opened == CommandRequest(
        link=KS,
        kind="patrol",
        step="open",
        urgency="urgent",
        on=date(2025, 3, 1),
        reason="vì sao",
        due=local(1_741_132_800_000),
        dispatch=Dispatch(subject="s", urgency_ground="g"),
        fields={"code": "x", "marker_from": "1", "marker_to": "2"},
        at=local(1_740_765_600_000),
    )
    paused, _, corrected = stage.desks["la-xiengkhouang"].commands
    assert (paused.ground, paused.case) == ("court", "case-1-vn-kyson")
    assert corrected.fields == {"corrects": "confirm", "nth": 1, "fields": {"headcount": 4}}


def test_links_that_share_an_office_are_one_sequence_and_others_are_not() -> None:
    parts = sequences(WORLD, load(YEAR_OF_SEED_003, WORLD).lines)
    links = [{line.link for line in part if line.link} for part in parts]
    assert sorted(map(sorted, links)) == [
        ["conference-8-provinces", KS],
        ["vn-quephong~la-xamtai"],
        [TL],
    ]
    for part in parts:
        assert [line.number for line in part] == sorted(line.number for line in part)


def test_sequences_are_played_side_by_side() -> None:
    stage = Stage()
    both = threading.Barrier(2, timeout=PATIENCE_S)

    class Meets(FakeDesk):
        def submit(self, command: CommandRequest) -> api.AcceptedAnswer | ProblemDetails:
            both.wait()
            return super().submit(command)

    for office in ("vn-kyson", "vn-tralinh"):
        stage.desks[office] = Meets(office, stage.calls, set())
    played = stage.play(
        scenario(line(1, "vn-kyson", "open"), line(2, "vn-tralinh", "open", "b", TL))
    )
    assert played.sizes == {KS: 1, TL: 1}
    assert [one.line.case for one in played.outcomes] == ["a", "b"]
    assert set(played.cases) == {"a", "b"}


def test_an_office_on_no_link_can_have_its_line_switched() -> None:
    stage = Stage()
    stage.play(scenario(line(1, "vn-quangbinh", "line_down"), line(2, "vn-quangbinh", "line_up")))
    assert [call[1] for call in stage.calls] == ["clock", "line", "clock", "line"]


def test_what_the_watch_raises_ends_the_play_although_an_office_still_waits() -> None:
    stage = Stage()
    waits = threading.Event()

    class Waiting(FakeDesk):
        def submit(self, command: CommandRequest) -> api.AcceptedAnswer | ProblemDetails:
            waits.wait(60)
            return super().submit(command)

    class Died(Exception):
        pass

    def watch() -> None:
        raise Died

    stage.desks["vn-kyson"] = Waiting("vn-kyson", stage.calls, set())
    try:
        with pytest.raises(Died):
            Player(WORLD, stage.desks, watch=watch).play(scenario(line(1, "vn-kyson", "open")))
        assert stage.advanced == 0
        assert ("vn-kyson", "open") not in stage.calls
    finally:
        waits.set()
