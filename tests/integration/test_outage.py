"""A lab of three brokers: its leader is killed, then all are; nothing accepted is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from blo_lab.network.table import AGENT, PROCESSOR, WITNESS
from blo_runtime.metric_programs import FED_BY, FeedingProgram
from blo_runtime.metrics import Metrics
from tests.faults.lab_faults import LabFault, kill_all, one_down_for_good
from tests.faults.lab_scene import LINK, FaultOutcome, LabScene

pytestmark = [pytest.mark.broker, pytest.mark.slow]

_MOST_LINES = 12
"""Of a program, for an outage of some seconds: its own two, and one of each library and level."""


PROGRAMS = {
    AGENT: FeedingProgram.AGENT,
    PROCESSOR: FeedingProgram.PROCESSORS,
    WITNESS: FeedingProgram.WITNESS,
}


def check_metrics(program: FeedingProgram, exposed: str) -> None:
    """A fresh program exposes what is declared for it; nothing was refused, all lines are up."""
    names = {line.split()[2] for line in exposed.splitlines() if line.startswith("# TYPE")}
    specs = [spec for name, spec in Metrics.by_name().items() if name in FED_BY[program]]
    assert {name for name in names if not name.endswith("_created")} == {one.name for one in specs}
    assert "blo_line_up 1.0" in exposed
    if program is FeedingProgram.AGENT:
        assert 'blo_directory_documents{state="refused"} 0.0' in exposed
        assert f'blo_forks_total{{link="{LINK}"}} 0.0' in exposed or LINK not in exposed


def play(scene: LabScene, fault: LabFault) -> FaultOutcome:
    outcome = scene.play(fault.name, fault.begin, fault.end, fault.until, hold_s=fault.hold_s)
    assert outcome.lost == 0, outcome
    assert outcome.ended == [], outcome
    assert outcome.not_json == 0, outcome
    return outcome


def test_three_brokers_are_away_one_and_all_and_nothing_accepted_is_lost(tmp_path: Path) -> None:
    with LabScene(tmp_path / "lab") as scene:
        for program in scene.lab.programs:
            exposed = scene.lab.admin(program).metrics()
            check_metrics(PROGRAMS[program.kind], exposed)
        play(scene, one_down_for_good(hold_s=2))
        outcome = play(scene, kill_all())
        assert outcome.accepted > 0, "an office works on while its line is down"
        for subject, told in outcome.told.items():
            assert "Kafka" in told.words, (subject, told)
            assert told.lines <= _MOST_LINES, (subject, told)
