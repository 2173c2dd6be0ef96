"""A lab of three brokers: its leader is killed, then all are; nothing accepted is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.lab_faults import LabFault, kill_all, one_down_for_good
from tests.faults.lab_scene import FaultOutcome, LabScene

pytestmark = [pytest.mark.broker, pytest.mark.slow]

_MOST_LINES = 12
"""Of a program, for an outage of some seconds: its own two, and one of each library and level."""


def play(scene: LabScene, fault: LabFault) -> FaultOutcome:
    outcome = scene.play(fault.name, fault.begin, fault.end, fault.until, hold_s=fault.hold_s)
    assert outcome.lost == 0, outcome
    assert outcome.ended == [], outcome
    assert outcome.not_json == 0, outcome
    return outcome


def test_three_brokers_are_away_one_and_all_and_nothing_accepted_is_lost(tmp_path: Path) -> None:
    with LabScene(tmp_path / "lab") as scene:
        play(scene, one_down_for_good(hold_s=2))
        outcome = play(scene, kill_all())
        assert outcome.accepted > 0, "an office works on while its line is down"
        for program, told in outcome.told.items():
            assert "Kafka" in told.words, (program, told)
            assert told.lines <= _MOST_LINES, (program, told)
