"""What is done to a lab: to its brokers and its programs, and until when it is left so."""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Callable
from typing import Final

import msgspec

from blo_lab.network.table import LabProgram
from tests.faults.lab_scene import LINK, FaultOutcome, LabScene

Deed = Callable[[LabScene], None]
Until = Callable[[FaultOutcome], bool]


class LabFault(msgspec.Struct, frozen=True):
    """Something bad.

    Attributes:
        name: What is done, in words.
        begin: Does it.
        end: Mends it.
        until: When it may be mended.
        hold_s: It lasts so many seconds at least.
    """

    name: str
    begin: Deed
    end: Deed
    until: Until
    hold_s: float = 0.0


def all_have_told(outcome: FaultOutcome) -> bool:
    """Whether every program has said that it is not ready."""
    return all(told.after_s is not None for told in outcome.told.values())


def _at_once(_: FaultOutcome) -> bool:
    return True


def kill_all(*, hold_s: float = 0.0) -> LabFault:
    """All brokers end as in a power cut."""
    return LabFault(
        "all brokers killed",
        lambda scene: scene.cluster.kill(),
        lambda scene: scene.cluster.restart(),
        all_have_told,
        hold_s,
    )


def freeze_all(*, hold_s: float = 0.0) -> LabFault:
    """All brokers stand still with open connections, as behind a network that drops packets."""

    def begin(scene: LabScene) -> None:
        for node in scene.cluster.nodes.values():
            node.pause()

    def end(scene: LabScene) -> None:
        for node in scene.cluster.nodes.values():
            node.resume()

    return LabFault("all brokers frozen (SIGSTOP)", begin, end, all_have_told, hold_s)


def kill_leader(*, hold_s: float) -> LabFault:
    """The broker that leads the link's partition ends, and comes back."""
    return LabFault(
        "the link's leader killed under load",
        lambda scene: scene.cluster.nodes[scene.leader()].kill(),
        _restart_dead,
        _at_once,
        hold_s,
    )


def freeze_leader(*, hold_s: float) -> LabFault:
    """The broker that leads the link's partition is cut off from brokers and programs alike."""

    def end(scene: LabScene) -> None:
        for node in scene.cluster.nodes.values():
            node.resume()

    return LabFault(
        "the link's leader cut off from all (SIGSTOP)",
        lambda scene: scene.cluster.nodes[scene.leader()].pause(),
        end,
        _at_once,
        hold_s,
    )


def one_down_for_good(*, hold_s: float) -> LabFault:
    """A broker ends and stays away; it is started again by the fault that comes next."""
    return LabFault(
        "one broker down for good",
        lambda scene: scene.cluster.nodes[scene.leader()].kill(),
        lambda _: None,
        _at_once,
        hold_s,
    )


def fill_disk(*, hold_s: float) -> LabFault:
    """The leader's disk takes no more: its files may not grow any further."""

    def begin(scene: LabScene) -> None:
        pid = scene.cluster.nodes[scene.leader()].pid
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (4096, 4096))

    def end(scene: LabScene) -> None:
        for node in scene.cluster.nodes.values():
            if node.running:
                resource.prlimit(node.pid, resource.RLIMIT_FSIZE, (-1, -1))
        _restart_dead(scene)

    return LabFault("the disk of the link's leader is full", begin, end, _at_once, hold_s)


def stop_program(kind: str, subject: str, *, hold_s: float) -> LabFault:
    """A program stands still and is woken."""

    def send(number: signal.Signals) -> Deed:
        return lambda scene: os.kill(scene.pid(subject), number)

    return LabFault(
        f"{kind} stopped (SIGSTOP)", send(signal.SIGSTOP), send(signal.SIGCONT), _at_once, hold_s
    )


def _restart_dead(scene: LabScene) -> None:
    for node in scene.cluster.nodes.values():
        if not node.running:
            node.restart()


AGENT: Final = str(LINK).partition("~")[0]


def programs_of(scene: LabScene) -> list[LabProgram]:
    """One program of each kind."""
    by_kind: dict[str, LabProgram] = {}
    for program in scene.lab.programs:
        if program.subject == AGENT or program.kind.word not in by_kind:
            by_kind[program.kind.word] = program
    return list(by_kind.values())
