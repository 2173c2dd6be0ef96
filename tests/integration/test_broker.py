"""The embedded broker, as it is: the real Kafka."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from blo_lab.broker import (
    Broker,
    BrokerNotRunningError,
    EmbeddedBroker,
    external_broker,
    find_kafka,
)
from blo_lab.broker.processes import KnownProcess
from blo_lab.broker.readiness import answers
from blo_lab.broker.settings import Ports, free_ports
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.broker

BrokerFactory = Callable[..., EmbeddedBroker]


async def make_topic(bootstrap: str, topic: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(topic, num_partitions=1, replication_factor=1)])
    finally:
        await admin.close()


async def append(bootstrap: str, topic: str, value: bytes) -> None:
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all") as producer:
        await producer.send_and_wait(topic, value, partition=0)


async def read_one(bootstrap: str, topic: str) -> bytes:
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    async with consumer:
        record = await consumer.getone()
        assert isinstance(record.value, bytes)
        return record.value


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def open_files(pid: int) -> list[str]:
    found = []
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        # Kafka opens and closes files all the time.
        with suppress(FileNotFoundError):
            found.append(str(descriptor.readlink()))
    return found


async def test_it_is_ready_for_clients_when_start_returns(broker: EmbeddedBroker) -> None:
    await make_topic(broker.bootstrap, "ready")
    await append(broker.bootstrap, "ready", b"first")
    assert await read_one(broker.bootstrap, "ready") == b"first"


def test_it_tells_what_it_is(broker: EmbeddedBroker) -> None:
    assert broker.version.startswith("4.")
    assert 0 < broker.ready_s < 60
    assert broker.running
    assert (broker.data_directory / "meta.properties").exists()
    assert b"kafka.Kafka" in Path(f"/proc/{broker.pid}/cmdline").read_bytes()


def test_it_listens_on_loopback_at_its_two_ports_only(broker: EmbeddedBroker) -> None:
    links = open_files(broker.pid)
    inodes = {link[8:-1] for link in links if link.startswith("socket:[")}
    listening = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and fields[9] in inodes:
                address, port = fields[1].split(":")
                listening.add((address[-8:], int(port, 16)))
    loopback = f"{int.from_bytes(socket.inet_aton('127.0.0.1'), sys.byteorder):08X}"
    assert listening == {(loopback, port) for port in broker.ports}


def test_it_leaves_nothing_outside_its_directory(broker: EmbeddedBroker) -> None:
    system = ("/dev/", "/proc/", "/sys/")
    files = [path for path in open_files(broker.pid) if path.startswith("/")]
    read_only = [path for path in files if path.endswith((".jar", "/modules"))]
    inside = [path for path in files if path.startswith(str(broker.directory))]
    assert inside
    strangers = set(files) - set(read_only) - set(inside)
    assert {path for path in strangers if not path.startswith(system)} == set()


async def test_a_topic_exists_only_when_it_was_made(broker: EmbeddedBroker) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=broker.bootstrap)
    await admin.start()
    try:
        await admin.describe_topics(["never-made"])
        assert "never-made" not in await admin.list_topics()
    finally:
        await admin.close()


async def test_what_was_acknowledged_survives_a_kill_and_a_restart(
    broker_factory: BrokerFactory,
) -> None:
    broker = broker_factory()
    bootstrap, pid = broker.bootstrap, broker.pid
    await make_topic(bootstrap, "kept")
    await append(bootstrap, "kept", b"acknowledged")
    broker.kill()
    assert not broker.running
    assert not listens(broker.ports.client)
    broker.restart()
    assert (broker.bootstrap, broker.pid) != (bootstrap, pid)
    assert broker.bootstrap == bootstrap
    assert await read_one(bootstrap, "kept") == b"acknowledged"


def test_a_paused_broker_keeps_its_port_and_does_not_answer(broker_factory: BrokerFactory) -> None:
    broker = broker_factory()
    server = [("127.0.0.1", broker.ports.client)]
    broker.pause()
    assert not answers(server, timeout_s=0.5)
    assert listens(broker.ports.client)
    assert broker.running
    broker.resume()
    deadline = time.monotonic() + PATIENCE_S
    while not answers(server):
        assert time.monotonic() < deadline


def test_stopping_is_final_and_harmless_twice(broker_factory: BrokerFactory) -> None:
    broker = broker_factory()
    with broker:
        process = KnownProcess.of(broker.pid)
    assert process is not None
    assert not process.alive
    assert not any(listens(port) for port in broker.ports)
    broker.stop()
    broker.kill()
    with pytest.raises(BrokerNotRunningError):
        _ = broker.pid
    with pytest.raises(BrokerNotRunningError):
        EmbeddedBroker.attach(broker.directory)


def test_ports_taken_by_another_are_exchanged(
    broker: EmbeddedBroker, broker_factory: BrokerFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    offered = [broker.ports, free_ports()]

    def offer() -> Ports:
        return offered.pop(0)

    monkeypatch.setattr("blo_lab.broker.embedded.free_ports", offer)
    second = broker_factory()
    assert offered == []
    assert set(second.ports).isdisjoint(broker.ports)
    assert broker.running


def test_a_wrong_property_is_told_in_the_brokers_words(broker_factory: BrokerFactory) -> None:
    with pytest.raises(Exception, match=r"num\.io\.threads"):
        broker_factory(overrides={"num.io.threads": "none"})


def test_overrides_reach_the_broker(broker_factory: BrokerFactory) -> None:
    broker = broker_factory(overrides={"num.io.threads": "3"}, heap="384m")
    assert "num.io.threads=3\n" in (broker.directory / "server.properties").read_text()
    assert b"-Xmx384m" in Path(f"/proc/{broker.pid}/cmdline").read_bytes()


@pytest.mark.parametrize("locale", ["C.UTF-8", "C"])
async def test_it_runs_under_any_path_from_jars_under_any_path(
    tmp_path: Path,
    project_root: Path,
    started_ports: set[int],
    monkeypatch: pytest.MonkeyPatch,
    locale: str,
) -> None:
    """Java parts lists of paths by colons and commas, and takes other letters by its locale."""
    monkeypatch.setenv("LC_ALL", locale)
    place = tmp_path / "Nghệ An, a:b 100%d [x] #y"
    home = place / "kafka=4;*"
    home.mkdir(parents=True)
    (home / "libs").symlink_to(find_kafka(project_root, {"PATH": os.environ["PATH"]}).directory)
    (place / "deploy").symlink_to(project_root / "deploy")
    found = find_kafka(place, {**os.environ, "KAFKA_HOME": str(home)})
    libraries = replace(found, directory=home / "libs")
    assert libraries.log_configuration is not None
    with EmbeddedBroker.start(place / "a,b" / "broker", libraries) as broker:
        started_ports.update(broker.ports)
        await make_topic(broker.bootstrap, "there")
        await append(broker.bootstrap, "there", b"first")
        assert EmbeddedBroker.attach(place / "a,b" / "broker").pid == broker.pid
        broker.restart()
        assert await read_one(broker.bootstrap, "there") == b"first"
        assert list(broker.data_directory.glob("there-0/*.log"))
        assert broker.log_tail()
    assert {path.name for path in place.iterdir()} == {"kafka=4;*", "a,b", "deploy"}


STARTER = """
import os, sys, time
from pathlib import Path
from blo_lab.broker import EmbeddedBroker, find_kafka
root, directory, detached = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3] == "detached"
broker = EmbeddedBroker.start(directory, find_kafka(root, os.environ), detached=detached)
print(broker.pid, flush=True)
if not detached:
    with broker:
        time.sleep(600)
"""


def start_elsewhere(root: Path, directory: Path, mode: str) -> subprocess.Popen[bytes]:
    path = os.pathsep.join(str(root / name) for name in ("services", "schemas", "deploy"))
    return subprocess.Popen(
        [sys.executable, "-c", STARTER, str(root), str(directory), mode],
        env=os.environ | {"PYTHONPATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def test_a_detached_broker_is_found_and_stopped_by_another_process(
    tmp_path: Path, project_root: Path
) -> None:
    with start_elsewhere(project_root, tmp_path, "detached") as starter:
        assert starter.stdout is not None
        pid = int(starter.stdout.readline())
        assert starter.wait(timeout=PATIENCE_S) == 0
    broker = EmbeddedBroker.attach(tmp_path)
    try:
        assert broker.pid == pid
        assert broker.version == find_kafka(project_root, os.environ).version
        variants: list[Broker] = [broker, external_broker(broker.bootstrap)]
        assert {variant.bootstrap for variant in variants} == {broker.bootstrap}
        variants[1].stop()
        assert broker.running
    finally:
        broker.stop()
    assert KnownProcess.of(pid) is None
    assert not any(listens(port) for port in broker.ports)


def test_the_state_file_of_another_process_stops_nobody(
    broker: EmbeddedBroker, tmp_path: Path
) -> None:
    told = json.loads((broker.directory / "broker.json").read_bytes())
    told["process"]["started"] = "before the last boot"
    (tmp_path / "broker.json").write_text(json.dumps(told))
    with pytest.raises(BrokerNotRunningError, match="not running any more"):
        EmbeddedBroker.attach(tmp_path)
    assert broker.running


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL], ids=["ctrl-c", "kill"])
def test_a_broker_dies_with_its_owner(
    tmp_path: Path, project_root: Path, number: signal.Signals
) -> None:
    with start_elsewhere(project_root, tmp_path, "guarded") as owner:
        assert owner.stdout is not None
        process = KnownProcess.of(int(owner.stdout.readline()))
        assert process is not None
        owner.send_signal(number)
        owner.wait(timeout=PATIENCE_S)
    assert process.wait(timeout_s=PATIENCE_S)


@pytest.mark.parametrize("after_s", [0.2, 0.8, 1.4, 2.0])
def test_ctrl_c_during_a_start_leaves_nothing(
    tmp_path: Path, project_root: Path, after_s: float
) -> None:
    with start_elsewhere(project_root, tmp_path, "guarded") as owner:
        time.sleep(after_s)
        owner.send_signal(signal.SIGINT)
        owner.wait(timeout=PATIENCE_S)
    mentions = [
        line.parent.name
        for line in Path("/proc").glob("[0-9]*/cmdline")
        if str(tmp_path).encode() in _command_line(line)
    ]
    assert mentions == []


def _command_line(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""
