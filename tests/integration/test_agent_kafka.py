"""Agents on a real Kafka: the whole way, and what kills of agents and of the broker do to it."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Self

import msgspec
import pytest

from blo_agent.office.case_clocks import terms_of_link
from blo_domain.deadlines.evaluate import alerts as alerts_of
from blo_lab.broker import EmbeddedBroker, find_kafka
from blo_log import topics
from blo_log.kafka import KafkaConnection, KafkaLog
from blo_log.port import TopicPartition, read_to_end
from blo_log.topics import keys_topic
from blo_processors.outputs.encode import LinkPartition
from blo_projection.granted_keys import GrantedKeys, OutputKeys
from blo_projection.outputs import OutputReader
from blo_schemas.grants import case_grant_record_key
from blo_schemas.ids import KeyId, OfficeId
from blo_schemas.outputs import OUTPUT, SIGNED_OUTPUT
from blo_schemas.summary import Step
from blo_schemas.views import State
from blo_sealing.identity import ProgramIdentity
from tests.agents.processes import AgentProcess, NoAnswer
from tests.agents.processing import DAY_MS, PROCESSOR, Liar
from tests.agents.shredded import key_of, shredded, state_of
from tests.agents.world import CORRIDOR, LINK, NOW, A, B, World, all_read, two_offices
from tests.integration.offices import OPEN, a_watched_world, is_taken, until
from tests.patience import PATIENCE_S
from tests.processors.process import WorkerProcess, write_config

pytestmark = pytest.mark.broker

BrokerFactory = Callable[..., EmbeddedBroker]
_BREATH_S = 0.03
SHREDDING = 3
LYING = 4
RENEWING = 5
"""The partitions of the tests that come last, because topics only grow."""


@pytest.fixture(scope="module")
def shared(
    tmp_path_factory: pytest.TempPathFactory, project_root: Path, started_ports: set[int]
) -> Iterator[EmbeddedBroker]:
    """A broker for the tests that leave it alone; each has a partition of its own."""
    libraries = find_kafka(project_root, os.environ)
    with EmbeddedBroker.start(tmp_path_factory.mktemp("broker"), libraries) as running:
        started_ports.update(running.ports)
        yield running


async def a_world(broker: EmbeddedBroker, folder: Path, partition: int = 0) -> World:
    world = two_offices(
        folder, lambda: KafkaLog(KafkaConnection(bootstrap=broker.bootstrap)), partition
    )
    await world.publish(links=partition + 1)
    return world


async def test_an_event_goes_over_a_real_kafka_and_its_receipt_comes_back(
    tmp_path: Path, shared: EmbeddedBroker
) -> None:
    async with await a_world(shared, tmp_path) as world:
        a, b = await world.agent(A), await world.agent(B)
        await a.until(lambda: bool(a.agent.office.links))
        opened = await a.open()
        await b.read(1)
        await b.do(Step.ACKNOWLEDGE, opened.case)
        await all_read([a, b], 2)
        await a.until(lambda: any(head.size == 2 for head in a.agent.office.heads.values()))
        assert await a.verdicts() == await b.verdicts() == [("accepted", "None", False)] * 2
        assert a.views_digest() == b.views_digest()
        assert (await a.replay()).equal


@contextmanager
def running(world: World, broker: EmbeddedBroker) -> Iterator[dict[OfficeId, AgentProcess]]:
    agents = {office: AgentProcess(world, office, broker.bootstrap) for office in (A, B)}
    try:
        for agent in agents.values():
            agent.start()
        for agent in agents.values():
            agent.until_up()
        yield agents
    finally:
        for agent in agents.values():
            agent.kill()


class Officers:
    """Threads that submit without a pause, and remember every event that was promised."""

    def __init__(self, agents: dict[OfficeId, AgentProcess]) -> None:
        self._agents = agents
        self._stop = threading.Event()
        self._go_on = threading.Event()
        self._go_on.set()
        self._threads = [
            threading.Thread(target=self._work, args=(agent,))
            for agent in agents.values()
            for _ in range(2)
        ]
        self.promised: dict[OfficeId, list[str]] = {office: [] for office in agents}
        self.unanswered = 0
        self.odd: list[Any] = []

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    @contextmanager
    def resting(self) -> Iterator[None]:
        """Nobody submits meanwhile, so that what has to be sent afterwards stays bounded."""
        self._go_on.clear()
        try:
            yield
        finally:
            self._go_on.set()

    def until(self, more: int, timeout_s: float = PATIENCE_S) -> None:
        """Return when so many more events were promised by each office."""
        goals = {office: len(events) + more for office, events in self.promised.items()}
        deadline = time.monotonic() + timeout_s
        while any(len(self.promised[office]) < goal for office, goal in goals.items()):
            assert time.monotonic() < deadline, "the officers get no answers"
            time.sleep(0.01)

    def _work(self, agent: AgentProcess) -> None:
        while not self._stop.is_set():
            self._go_on.wait()
            try:
                status, answer = agent.ask("POST", "/v1/commands", OPEN)
            except NoAnswer:
                self.unanswered += 1
                time.sleep(0.02)
                continue
            if status == 201:
                self.promised[agent.office].append(answer["event"])
            elif status != 503:
                self.odd.append((status, answer))
            time.sleep(_BREATH_S)


def nothing_lost_and_nothing_twice(
    agents: dict[OfficeId, AgentProcess], officers: Officers, timeout_s: float = PATIENCE_S
) -> None:
    assert not officers.odd
    a, b = agents[A], agents[B]
    deadline = time.monotonic() + timeout_s
    while True:
        assert time.monotonic() < deadline, (a.link(), b.link(), a.output()[-3000:])
        states = [a.link(), b.link()]
        closed = sum(state["pending"] + state["unopened"] + state["parked"] for state in states)
        if not closed and states[0]["size"] == states[1]["size"]:
            break
        time.sleep(0.1)
    size = states[0]["size"]
    assert states[0]["view_digest"] == states[1]["view_digest"]
    assert states[0]["log_hash"] == states[1]["log_hash"]
    assert not states[0]["halted"]
    assert not states[1]["halted"]
    for state in states:
        assert state["counts"]["rejected"] == {}
        assert state["counts"]["accepted"] + state["counts"]["duplicates"] == size
    promised = sum(map(len, officers.promised.values()))
    # Who was cut off before the answer doesn't know; what was promised must be there.
    assert promised <= states[0]["counts"]["accepted"] <= promised + officers.unanswered
    events = {office: set(found) for office, found in officers.promised.items()}
    assert sum(map(len, events.values())) == promised
    for office, found in events.items():
        for reader in agents.values():
            for event in sorted(found)[::10]:
                status, answer = reader.ask("GET", f"/v1/events/{event}")
                assert status == 200, f"{event} of {office} is not known at {reader.office}"
                assert answer["verdict"] == "accepted"
    for agent in agents.values():
        status, answer = agent.ask("POST", "/v1/links/vn-a~la-b/verify", {})
        assert status == 200
        assert answer["equal"]


def test_killed_agents_lose_nothing_and_show_nothing_twice(
    tmp_path: Path, shared: EmbeddedBroker
) -> None:
    world = asyncio.run(a_world(shared, tmp_path, 1))
    with running(world, shared) as agents:
        with Officers(agents) as officers:
            for victim in (A, B, A):
                officers.until(30)
                agents[victim].kill()
                agents[victim].start()
                agents[victim].until_up()
            officers.until(30)
        nothing_lost_and_nothing_twice(agents, officers)
        assert agents[A].run_file.exists()
        for agent in agents.values():
            assert agent.terminate() == 0, agent.output()[-2000:]
            assert not agent.run_file.exists()


def test_a_killed_broker_costs_time_and_nothing_else(
    tmp_path: Path, broker_factory: BrokerFactory
) -> None:
    broker = broker_factory()
    world = asyncio.run(a_world(broker, tmp_path))
    with running(world, broker) as agents:
        with Officers(agents) as officers:
            for _ in range(2):
                officers.until(30)
                broker.kill()
                officers.until(30)
                with officers.resting():
                    broker.restart()
            officers.until(30)
        assert officers.unanswered == 0
        nothing_lost_and_nothing_twice(agents, officers)


def test_an_agent_for_a_simulation_serves_no_link_on_topics_of_normal_operation(
    tmp_path: Path, shared: EmbeddedBroker
) -> None:
    """The agent goes on, because other links may have topics of their own."""
    world = asyncio.run(a_world(shared, tmp_path, 2))
    agent = AgentProcess(world, A, shared.bootstrap, simulated=True)
    agent.start()
    try:
        deadline = time.monotonic() + PATIENCE_S
        while "link not served" not in agent.output():
            assert time.monotonic() < deadline, agent.output()
            time.sleep(0.05)
        assert "simulated time needs a topic of its own" in agent.output()
        status, checks = agent.ready()
        while "simulated time needs a topic of its own" not in str(checks):
            assert time.monotonic() < deadline, str(checks)
            time.sleep(0.05)
            status, checks = agent.ready()
        assert status == 503
        assert agent.terminate() == 0
    finally:
        if agent.is_running:
            agent.kill()
    assert not agent.run_file.exists()


async def test_shredding_leaves_tombstones_and_no_grant_of_the_case_on_a_real_kafka(
    tmp_path: Path, shared: EmbeddedBroker
) -> None:
    async with await a_world(shared, tmp_path, partition=SHREDDING) as world:
        a, b = await world.agent(A), await world.agent(B)
        for one in (a, b):
            await one.until(lambda one=one: bool(one.agent.office.links))  # type: ignore[misc]
        case = await shredded(a, b, [])
        for one in (a, b):
            assert await key_of(one, case) is None
            assert state_of(one, case) is State.SHREDDED
            assert (await one.replay()).equal
        last = await _last_values(world, TopicPartition(keys_topic(CORRIDOR), SHREDDING))
        assert last[case_grant_record_key(KeyId(case))] is None
        assert [value for value in last.values() if value is not None], "summary keys stay"


async def _last_values(world: World, partition: TopicPartition) -> dict[bytes | None, bytes | None]:
    """What a compacted topic keeps in the end: of each key the last value."""
    log = world.connect()
    reader = await log.reader({partition: 0})
    last: dict[bytes | None, bytes | None] = {}
    try:
        end = (await reader.high_watermarks())[partition]
        while reader.position(partition) < end:
            found = await reader.poll(max_records=100, timeout_s=1)
            last.update((one.key, one.value) for one in found.get(partition, []))
    finally:
        await reader.close()
        await log.close()
    return last


async def test_agents_read_a_processor_and_tell_when_somebody_lies_with_its_key(
    tmp_path: Path, shared: EmbeddedBroker
) -> None:
    partition = LYING
    async with await a_watched_world(shared, tmp_path, partition) as world:
        config = write_config(world, tmp_path, shared.bootstrap, simulated=False)
        worker = WorkerProcess(config, "one", tmp_path / "worker.log")
        try:
            with running(world, shared) as agents:
                a, b = agents[A], agents[B]
                status, opened = await asyncio.to_thread(a.ask, "POST", "/v1/commands", OPEN)
                assert status == 201, opened
                path = f"/v1/links/{LINK}/cases/{opened['case']}"
                for agent in (a, b):
                    await asyncio.to_thread(until, partial(is_taken, agent))
                    assert agent.ask("GET", path)[1]["differences"] == []
                    assert len(agent.ask("GET", path)[1]["clocks"]) == 2
                worker.stop()
                # With the processor's key: another view, and an alert long before its time.
                await lie(world, a, partition, bytes.fromhex(opened["case"]))
                for agent in (a, b):
                    await asyncio.to_thread(until, partial(differs, agent, path, LIES))
                    (alert,) = agent.ask("GET", "/v1/alerts")[1]["alerts"]
                    assert alert["alert"]["by_the_rules"] is False
                a.kill()
                a.start()
                # An honest worker writes what is right, and takes the alert back.
                worker = WorkerProcess(config, "two", tmp_path / "worker.log")
                for agent in (a, b):
                    await asyncio.to_thread(until, partial(differs, agent, path, []))
                    assert agent.ask("GET", "/v1/alerts")[1]["alerts"] == []
        finally:
            worker.stop()


LIES = ["alert", "case"]


def differs(agent: AgentProcess, path: str, what: list[str]) -> bool:
    """Whether an agent shows exactly these differences in a case."""
    status, answer = agent.ask("GET", path)
    assert status == 200, answer
    return sorted(one["what"] for one in answer["differences"]) == what


async def lie(world: World, agent: AgentProcess, partition: int, case: bytes) -> None:
    """Sign as the processor what the log does not give."""
    place = LinkPartition(LINK, CORRIDOR, partition)
    log = world.connect()
    topic = topics.cases_topic(CORRIDOR)
    (last,) = [
        one
        async for batch in read_to_end(await log.reader({TopicPartition(topic, partition): 0}))
        for one in batch[TopicPartition(topic, partition)]
    ]
    await log.close()
    directory = world.directory()
    keys = GrantedKeys(LINK, ProgramIdentity(PROCESSOR, (world.keys[PROCESSOR],)))
    opening = OutputKeys(
        LINK, directory, ProgramIdentity(PROCESSOR, (world.keys[PROCESSOR],)), keys
    )
    opening.derive_own_key(OUTPUT.decode(SIGNED_OUTPUT.decode(last.value or b"").output))
    true = OutputReader(LINK, directory, opening, world.clock.now_ms).case(last.value or b"")
    assert true.view.case == case
    view = msgspec.structs.replace(true.view, state=State.ANSWERED)
    terms = terms_of_link(directory, LINK)
    alert = alerts_of(true.clocks, terms, true.clocks.log_time + 60 * DAY_MS)[0]
    early = msgspec.structs.replace(alert, since=true.clocks.log_time)
    liar = Liar(world, PROCESSOR, place)
    await liar.say(liar.case(msgspec.structs.replace(true, view=view)), liar.alert(early))


async def test_the_renewal_of_all_certificates_folds_nothing_and_what_reaches_back_refuses_nothing(
    tmp_path: Path, shared: EmbeddedBroker
) -> None:
    async with await a_world(shared, tmp_path, partition=RENEWING) as world:
        a, b = await world.agent(A), await world.agent(B)
        for agent in (a, b):
            await agent.has_desk()
        before = (await a.open()).case
        await all_read([a, b], 1)
        folds = [agent.desk().fold for agent in (a, b)]
        links = RENEWING + 1
        renewed = [world.certify(office, not_before=NOW) for office in (A, B)]
        await world.publish(renewed, links)
        for agent in (a, b):
            await agent.heeds(world)
            await agent.do(Step.URGE if agent is a else Step.ACKNOWLEDGE, before)
        await all_read([a, b], 3)
        assert [agent.desk().fold for agent in (a, b)] == folds
        await world.publish([world.agree(LINK, (A, B), RENEWING, version=2)], links)
        opened = 3
        while b.desk().fold in folds or a.desk().fold in folds:
            await a.open()
            opened += 1
            await asyncio.sleep(0.02)
        for agent in (a, b):
            await agent.heeds(world)
        await all_read([a, b], opened)
        assert await a.verdicts() == await b.verdicts()
        assert (await a.replay()).equal
