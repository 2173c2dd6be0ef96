"""How an agent begins and ends: in words, with the right exit code, and in time."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from blo_agent.commands.accept import CommandRefused
from blo_agent.config import API_SOCKET
from blo_agent.store.connection import Transaction
from blo_agent.store.errors import StoreFailed
from blo_agent.store.keyfile import create_store_key
from blo_cli.client import AgentClient
from blo_log.memory import MemoryCluster, MemoryLog
from blo_log.topics import apply, exchange_topic, plan
from blo_runtime.errors import TaskFailed
from blo_runtime.supervision import ExitCode
from tests.agents.processes import AgentProcess, NoAnswer
from tests.agents.started import begin, opened_case
from tests.agents.world import CORRIDOR, LINK, A, B, World, two_offices
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.slow


def nowhere() -> str:
    """An address where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"


@pytest.fixture
def process(tmp_path: Path) -> Iterator[AgentProcess]:
    world = two_offices(tmp_path, lambda: MemoryLog(MemoryCluster()))
    agent = AgentProcess(world, A, nowhere())
    yield agent
    if agent.is_running:
        agent.kill()


def until_it_says(agent: AgentProcess, words: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while words not in agent.output():
        assert time.monotonic() < deadline, agent.output()
        time.sleep(0.05)


async def test_a_failed_store_ends_the_agent_even_when_nothing_is_written(tmp_path: Path) -> None:
    cluster = MemoryCluster()
    async with two_offices(tmp_path, lambda: MemoryLog(cluster)) as world:
        (a,) = await begin(world, A)

        def full(_: Transaction) -> None:
            raise OSError(28, "No space left on device")

        await asyncio.sleep(0.3)
        with pytest.raises(StoreFailed):
            await a.agent.store.write(full)
        await asyncio.wait([a.task], timeout=PATIENCE_S)
        failure = a.task.exception()
        assert isinstance(failure, TaskFailed | ExceptionGroup)
        told = str(failure.exceptions if isinstance(failure, ExceptionGroup) else failure)
        assert "No space left on device" in told
        assert "Restart the program" in told
        assert not a.agent.checks()["store"]().ok
        async with asyncio.timeout(PATIENCE_S):
            with pytest.raises(StoreFailed):
                await a.open()
        await a.kill()
        a = await world.agent(A)
        await a.open()
        await a.read(1)


async def test_whoever_waits_for_a_link_is_let_go_when_the_agent_ends(tmp_path: Path) -> None:
    cluster = MemoryCluster()
    async with two_offices(tmp_path, lambda: MemoryLog(cluster)) as world:
        (a,) = await begin(world, A)
        waiting = asyncio.create_task(a.agent.wait_for(LINK, 99, 10 * PATIENCE_S))
        await asyncio.sleep(0.05)
        await a.stop()
        async with asyncio.timeout(PATIENCE_S):
            assert (await waiting).size == 0


async def test_an_agent_waits_for_its_topics_and_says_who_makes_them(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    cluster = MemoryCluster()
    async with two_offices(tmp_path, lambda: MemoryLog(cluster)) as world:
        a, b = await world.agent(A), await world.agent(B)
        await asyncio.sleep(0.1)
        assert not a.agent.checks()["line"]().ok
        with pytest.raises(CommandRefused):
            await a.open()
        await world.publish()
        await a.has_desk()
        await opened_case(a, [b])
        assert "blo.directory is not there: run `blo topics apply`" in capfd.readouterr().err


async def test_topics_with_simulated_times_serve_no_agent_in_normal_operation(
    tmp_path: Path,
) -> None:
    cluster = MemoryCluster()
    world = two_offices(tmp_path, lambda: MemoryLog(cluster))
    admin = await MemoryLog(cluster).admin()
    await apply(admin, plan({CORRIDOR: 1}, replication=1, min_isr=1, simulated_time=True))
    simulated = World.__new__(World)
    simulated.__dict__.update(world.__dict__, simulated_time=True)
    await simulated.publish()
    a = await world.agent(A)
    await a.has_desk()
    said = "where a writer can claim any log time"
    await a.until(lambda: said in a.agent.checks()["line"]().detail)
    assert not a.agent.checks()["line"]().ok
    await a.open()
    await asyncio.sleep(0.1)
    assert not cluster.records(exchange_topic(CORRIDOR), 0), "nothing is sent there"
    await a.stop()


def test_sigterm_ends_an_agent_in_time_though_someone_waits_and_no_broker_is_there(
    process: AgentProcess,
) -> None:
    process.start()
    until_it_says(process, "agent is up")
    deadline = time.monotonic() + PATIENCE_S
    while "no answer from Kafka at" not in str((told := process.ready())[1]):
        assert time.monotonic() < deadline, told
        time.sleep(0.05)
    assert told[0] == 503

    def wait_for_a_record() -> None:
        with contextlib.suppress(NoAnswer):
            process.link(size=1, timeout_s=50)

    waiting = threading.Thread(target=wait_for_a_record)
    waiting.start()
    time.sleep(0.5)
    assert process.terminate() == 0, process.output()
    waiting.join(PATIENCE_S)
    assert not waiting.is_alive()
    assert not process.run_file.exists()


def test_what_a_killed_agent_left_behind_is_not_taken_for_a_running_one(
    process: AgentProcess,
) -> None:
    process.start()
    until_it_says(process, "agent is up")
    process.kill()
    left = process.run_file.read_bytes()
    process.start()
    deadline = time.monotonic() + PATIENCE_S
    while process.run_file.exists() and process.run_file.read_bytes() == left:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.until_up()
    assert process.ports()["pid"] == process.process.pid
    assert AgentClient(A, process.folder / API_SOCKET).links()
    process.kill()


def test_a_wrong_store_key_is_told_in_words(process: AgentProcess) -> None:
    key = process.folder / "office.key"
    key.unlink()
    create_store_key(key)
    process.start()
    assert process.process.wait(PATIENCE_S) == ExitCode.UNABLE
    first = process.output().splitlines()[0]
    assert "office.db: the store does not open with this key" in first
    assert "Give the key file that was made with this store" in first


def test_two_agents_on_one_store_are_one_too_many(process: AgentProcess) -> None:
    process.start()
    until_it_says(process, "agent is up")
    first, process._process = process.process, None
    try:
        process.start()
        assert process.process.wait(PATIENCE_S) == ExitCode.UNABLE
        assert "another process has the store open" in process.output()
        assert json.loads(process.run_file.read_text())["pid"] == first.pid
    finally:
        first.kill()
        first.wait()
