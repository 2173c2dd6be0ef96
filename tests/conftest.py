"""Fixtures of every test: where the project lies, and the real broker when one is asked for."""

from __future__ import annotations

import ctypes
import os
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.signals import start_programs_with_default_signals

# The broker package is imported by the fixtures that start one, so the fast tests don't pay for it.
if TYPE_CHECKING:
    from blo_lab.broker import EmbeddedBroker

PROJECT_ROOT = Path(__file__).resolve().parent.parent
PR_SET_CHILD_SUBREAPER = 36

BrokerFactory = Callable[..., "EmbeddedBroker"]


def pytest_configure() -> None:
    """Before anything is started: in the main process and in every worker."""
    start_programs_with_default_signals()


@pytest.fixture(scope="session")
def project_root() -> Path:
    """The checkout that is under test."""
    return PROJECT_ROOT


@pytest.fixture(scope="session")
def started_ports() -> set[int]:
    """Every port that a broker of this session has listened on."""
    return set()


@pytest.fixture(scope="session", autouse=True)
def nothing_left_behind(started_ports: set[int]) -> Iterator[None]:
    """Fails the session when a process or a port of its brokers outlives it.

    The session adopts orphans, so a process whose parent died is found too.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    yield
    left = _living_children()
    assert not left, f"processes left behind: {left}"
    held = sorted(port for port in started_ports if _listens(port))
    assert not held, f"ports left behind: {held}"


@pytest.fixture(scope="session")
def broker(
    tmp_path_factory: pytest.TempPathFactory, started_ports: set[int]
) -> Iterator[EmbeddedBroker]:
    """The session's real Kafka, started on first use; nobody kills or pauses this one."""
    from blo_lab.broker import EmbeddedBroker, find_kafka

    libraries = find_kafka(PROJECT_ROOT, os.environ)
    with EmbeddedBroker.start(tmp_path_factory.mktemp("broker"), libraries) as running:
        started_ports.update(running.ports)
        yield running


@pytest.fixture
def broker_factory(tmp_path: Path, started_ports: set[int]) -> Iterator[BrokerFactory]:
    """Starts brokers that a test may kill, pause and restart; they end with the test.

    Keyword arguments go to ``EmbeddedBroker.start``.
    """
    from blo_lab.broker import EmbeddedBroker, find_kafka

    libraries = find_kafka(PROJECT_ROOT, os.environ)
    brokers: list[EmbeddedBroker] = []

    def start(**options: object) -> EmbeddedBroker:
        directory = tmp_path / f"broker-{len(brokers)}"
        running = EmbeddedBroker.start(directory, libraries, **options)  # type: ignore[arg-type]
        brokers.append(running)
        started_ports.update(running.ports)
        return running

    yield start
    for started in brokers:
        started.kill()


def _living_children() -> list[str]:
    """Command lines of this process's children that still run, adopted ones among them."""
    if sys.platform != "linux":
        return []
    living = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = stat.read_text().rpartition(")")[2].split()[:2]
            command = (stat.parent / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(parent) == os.getpid() and state != "Z":
            living.append(f"{stat.parent.name}: {command}")
    return living


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
