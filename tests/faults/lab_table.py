"""The long run on three brokers: every fault, one after the other, and the table of what came of it."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.faults.lab_faults import (
    LabFault,
    fill_disk,
    freeze_all,
    freeze_leader,
    kill_all,
    kill_leader,
    one_down_for_good,
    programs_of,
    stop_program,
)
from tests.faults.lab_scene import FaultOutcome, LabScene

ALL_AWAY_S = 150.0
"""Longer than any time limit of a client; an outage of hours is nothing else."""


def run_lab(folder: Path) -> list[FaultOutcome]:
    """Do all of it to one lab."""
    outcomes = []
    with LabScene(folder) as scene:
        for fault in _faults(scene):
            sys.stderr.write(f"{fault.name} …\n")
            outcome = scene.play(
                fault.name, fault.begin, fault.end, fault.until, hold_s=fault.hold_s
            )
            outcomes.append(outcome)
    return outcomes


def is_whole(outcomes: list[FaultOutcome]) -> bool:
    """Whether nothing was lost, nothing ended, and every line of a log was one."""
    return not any(one.lost or one.ended or one.not_json for one in outcomes)


def render_lab(outcomes: list[FaultOutcome]) -> str:
    """The table as Markdown."""
    rows = "\n".join(_row(one) for one in outcomes)
    words = "\n".join(
        f"- {one.name}: {next((told.words for told in one.told.values() if told.words), 'nothing')}"
        for one in outcomes
    )
    return f"""\
## Three brokers, offices under load

Five programs (three agents, a processor, a witness) on three brokers with three copies of each topic,
of which two must have a record. Two offices open a case each in turn, five in a second, all the time.
Each line is one fault of the same lab. *Told* is the time until `/readyz` of a program says that it
is not ready: of the first and of the last program that says so, and how many of five do; a broker
fewer is no reason to say so, so not all do. *Stall* is the longest time in which the link got no new
record while the fault lasted. *Ready* and *whole* count from the mending: until all programs are
ready, and until both offices have opened everything that was accepted.

Last result: **{"nothing accepted was lost, no program ended" if is_whole(outcomes) else "NOT WHOLE"}**

| what was done | lasted | told by | after | accepted meanwhile | lost | stall | ready | whole | lines in a log, at most |
|---|---|---|---|---|---|---|---|---|---|
{rows}

What the first of them said:

{words}
"""


def _row(one: FaultOutcome) -> str:
    told = sorted(each.after_s for each in one.told.values() if each.after_s is not None)
    after = f"{told[0]:.1f} to {told[-1]:.1f} s" if told else "–"
    ready_s = max(each.back_s for each in one.told.values())
    lines = max(each.lines for each in one.told.values())
    return (
        f"| {one.name} | {one.held_s:.0f} s | {len(told)} of {len(one.told)} | {after} "
        f"| {one.accepted} | {one.lost} | {one.stall_s:.1f} s | {ready_s:.1f} s "
        f"| {one.whole_s:.1f} s | {lines} |"
    )


def _faults(scene: LabScene) -> list[LabFault]:
    stops = [stop_program(one.kind.word, one.subject, hold_s=15) for one in programs_of(scene)]
    return [
        kill_leader(hold_s=10),
        freeze_leader(hold_s=30),
        fill_disk(hold_s=15),
        *stops,
        one_down_for_good(hold_s=30),
        kill_all(hold_s=ALL_AWAY_S),
        freeze_all(hold_s=60),
    ]
