"""The report's sections on what the processors derived, and the tables that people read."""

from __future__ import annotations

import asyncio
import io
from contextlib import redirect_stdout
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from blo_lab.demo.derived import (
    alerts_section,
    processors_section,
    show_alerts,
    show_processors,
)
from blo_lab.demo.observe import await_outputs, await_quorums
from blo_lab.demo.outputs import CorridorOutputs
from blo_lab.network.network_file import articles
from blo_schemas.outputs import TrailState
from tests.processors.world import LA, VN, World
from tests.unit.lab.deriving import LINK, PROGRAM, SIZE, derive

LABEL = "forgotten"


@pytest.fixture(scope="module")
def corridor() -> CorridorOutputs:
    return asyncio.run(derive(World(), LA))


@pytest.fixture(scope="module")
def section(corridor: CorridorOutputs) -> dict[str, Any]:
    (link,) = corridor.links.values()
    newest = max(link.plain.views, key=lambda view: view.position)
    return alerts_section([corridor], {newest.case.hex(): LABEL})


def test_a_processor_s_row_counts_what_it_has_written(corridor: CorridorOutputs) -> None:
    (link,) = corridor.links.values()
    (row,) = processors_section([corridor], {LINK: SIZE})
    raised = [one for one in link.alerts.records.values() if one.clears is None]
    assert row == {
        "corridor": "la-vn",
        "processor": PROGRAM.subject,
        "links": [LINK],
        "records": SIZE,
        "trail_entries": SIZE,
        "cases": len(link.plain.views),
        "alerts": len(raised),
        "clearings": len(link.alerts.records) - len(raised),
        "dead_letters": 0,
        "checkpoints": len(link.trail.checkpoints),
        "caught_up": True,
    }


def test_a_processor_that_lags_or_waits_for_a_key_has_not_caught_up(
    corridor: CorridorOutputs,
) -> None:
    (row,) = processors_section([corridor], {LINK: SIZE + 1})
    assert not row["caught_up"]
    (link,) = corridor.links.values()
    entry = link.trail.entries[3]
    link.trail.entries[3] = type(entry)(
        entry.position,
        entry.log_time,
        TrailState.PENDING,
        None,
        entry.office,
        entry.event,
        entry.log_hash,
        entry.tree_size,
    )
    (row,) = processors_section([corridor], {LINK: SIZE})
    link.trail.entries[3] = entry
    assert not row["caught_up"]


def test_every_alert_counts_once_for_each_office_that_has_to_act(
    corridor: CorridorOutputs, section: dict[str, Any]
) -> None:
    (link,) = corridor.links.values()
    raised = [one for one in link.alerts.records.values() if one.clears is None]
    owed = sum(len(one.must_act) for one in raised)
    standing = sum(len(one.must_act) for one in link.alerts.standing())
    counts = section["counts"]
    assert sum(one["standing"] + one["cleared"] for one in counts) == owed
    assert sum(one["standing"] for one in counts) == standing > 0
    assert {one["office"] for one in counts} == {VN, LA}
    assert {one["link"] for one in counts} == {LINK}


def test_a_standing_alert_says_who_must_act_until_when_and_how_far_it_has_climbed(
    corridor: CorridorOutputs, section: dict[str, Any]
) -> None:
    (link,) = corridor.links.values()
    rows = section["standing"]
    assert sum(len(one["ladder"]) for one in rows) == len(link.alerts.standing())
    climbed = max(rows, key=lambda one: len(one["ladder"]))
    assert climbed["must_act"]
    assert set(climbed["must_act"]) < {VN, LA}
    assert climbed["ladder"][0]["rung"] == "warning"
    assert climbed["ladder"][-1] == {"rung": climbed["rung"], "since": climbed["since"]}
    assert climbed["ladder"][0]["since"] < climbed["due"] < climbed["since"]
    assert climbed["kind"] == "verification_request"
    assert section["as_of"][LINK] > climbed["since"]


def test_a_case_without_a_label_is_told_by_its_id(
    corridor: CorridorOutputs, section: dict[str, Any]
) -> None:
    (link,) = corridor.links.values()
    cases = {case.hex() for case in link.plain.views.cases()}
    assert {one["case"] for one in section["standing"]} <= cases | {LABEL}


def printed(section: dict[str, Any], processors: list[dict[str, Any]]) -> str:
    out = io.StringIO()
    with redirect_stdout(out):
        show_processors(processors)
        show_alerts(section, ZoneInfo("Asia/Ho_Chi_Minh"))
    return out.getvalue()


def row(case: str | None, **changes: Any) -> dict[str, Any]:
    given = {
        "link": LINK,
        "case": case,
        "kind": "patrol",
        "clock": "answer",
        "rung": "own_chief",
        "since": "2025-03-02T17:00:00+00:00",
        "due": "2025-03-01T17:00:00+00:00",
        "must_act": ["la-b"],
        "notified": [],
        "ladder": [],
    }
    return {**given, **changes}


def count(rung: str, standing: int, cleared: int) -> dict[str, Any]:
    return {
        "link": LINK,
        "office": "la-b",
        "clock": "answer",
        "rung": rung,
        "standing": standing,
        "cleared": cleared,
    }


def test_people_see_who_owes_what_since_when() -> None:
    section = {
        "counts": [count("warning", 1, 2), count("own_chief", 1, 0), count("ministry", 0, 3)],
        "standing": [row("one"), row(None, due=None, rung=None, clock="silent")],
    }
    processors = [
        {
            "corridor": "la-vn",
            "links": [LINK],
            "records": 80,
            "trail_entries": 81,
            "cases": 82,
            "alerts": 83,
            "clearings": 84,
            "caught_up": False,
        }
    ]
    text = printed(section, processors)
    for words in ("2+1*", " 1* ", " 3 ", "la-b: answer", "80", "81", "82", "83", "84", "NO"):
        assert words in text
    # As the clocks of the offices show it.
    for words in ("one", "2025-03-02 00:00", "chief", "2025-03-03", "it goes on", "silent", LINK):
        assert words in text
    assert "…" not in text


def test_a_long_list_of_standing_alerts_is_cut_and_says_so() -> None:
    section = {"counts": [], "standing": [row(f"case-{number}") for number in range(11)]}
    text = printed(section, [])
    assert "case-7" in text
    assert "case-8" not in text
    assert "and 3 more in the report" in text


def test_where_nobody_was_late_no_empty_table_is_shown() -> None:
    assert "none was raised" in printed({"counts": [], "standing": []}, [])
    text = printed({"counts": [count("warning", 0, 1)], "standing": []}, [])
    assert "none stands" in text
    assert "la-b: answer" in text


class Admin:
    """A processor that has read everything at the nth look."""

    def __init__(self, looks: int, parked: int = 0) -> None:
        self.looks = looks
        self.parked = parked

    def metrics(self) -> str:
        self.looks -= 1
        size = 7 if self.looks <= 0 else 6
        links = [link.id for link in articles().links.values() if link.corridor == "la-vn"]
        lines = [f'blo_link_size{{link="{link}"}} {size}.0' for link in links]
        lines.append(f'blo_records_parked{{link="{links[-1]}"}} {self.parked}.0')
        return "\n".join(lines) + "\n"


SIZES = dict.fromkeys(articles().links_by_name, 7)


def test_the_demo_waits_for_the_last_output() -> None:
    admin: Any = Admin(3)
    assert await_outputs(articles(), {PROGRAM: admin}, SIZES)
    assert admin.looks == 0


@pytest.mark.parametrize("admin", [Admin(1000), Admin(0, parked=1)])
def test_the_demo_does_not_wait_for_ever(admin: Any) -> None:
    assert not await_outputs(articles(), {PROGRAM: admin}, SIZES, timeout_s=0.2)


class WitnessAdmin:
    """A witness that has everybody's signatures at the nth look; on an empty link there are none."""

    def __init__(self, looks: int) -> None:
        self.looks = looks

    def metrics(self) -> str:
        self.looks -= 1
        (used, *_) = SIZES
        return f'blo_quorum_size{{link="{used}"}} {7 if self.looks <= 0 else 6}.0\n'


def test_the_demo_waits_for_the_last_cosignature() -> None:
    witness: Any = WitnessAdmin(3)
    (used, *others) = SIZES
    sizes = {used: 7, **dict.fromkeys(others, 0)}
    assert await_quorums({PROGRAM: witness}, sizes)
    assert witness.looks == 0
    assert not await_quorums({PROGRAM: witness}, SIZES, timeout_s=0.2)
