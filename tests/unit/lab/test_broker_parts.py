"""The embedded broker's parts, without a broker."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from blo_lab.broker import (
    BrokerError,
    BrokerNotRunningError,
    BrokerStartError,
    EmbeddedBroker,
    JavaNotFoundError,
    KafkaLibraries,
    KafkaNotFoundError,
    external_broker,
    find_kafka,
)
from blo_lab.broker.processes import KnownProcess
from blo_lab.broker.readiness import answers, cluster_at, parse_bootstrap
from blo_lab.broker.settings import ClusterMember, Ports, free_ports, node_properties


def make_libraries(directory: Path, version: str = "4.4.0") -> None:
    directory.mkdir(parents=True)
    (directory / f"kafka_2.13-{version}.jar").touch()


@pytest.fixture
def java(tmp_path: Path) -> Path:
    """A Java that prints its arguments and ends."""
    program = tmp_path / "jdk" / "bin" / "java"
    program.parent.mkdir(parents=True)
    program.write_text('#!/bin/sh\necho "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    return program


# --- finding Kafka and Java ---


def test_the_fetched_jars_are_found_with_their_version(tmp_path: Path, java: Path) -> None:
    make_libraries(tmp_path / "build" / "kafka" / "libs")
    found = find_kafka(tmp_path, {"PATH": str(java.parent)})
    assert found.directory == tmp_path / "build" / "kafka" / "libs"
    assert (found.version, found.java) == ("4.4.0", java)


def test_kafka_home_goes_before_the_fetched_jars(tmp_path: Path, java: Path) -> None:
    make_libraries(tmp_path / "build" / "kafka" / "libs")
    make_libraries(tmp_path / "kafka" / "libs", "3.9.1")
    environ = {"KAFKA_HOME": str(tmp_path / "kafka"), "JAVA_HOME": str(java.parent.parent)}
    found = find_kafka(tmp_path, environ)
    assert (found.directory, found.version) == (tmp_path / "kafka" / "libs", "3.9.1")


@pytest.mark.parametrize(
    ("environ", "remedy"), [({}, "make kafka"), ({"KAFKA_HOME": "absent"}, "KAFKA_HOME")]
)
def test_a_missing_kafka_says_what_to_do(
    tmp_path: Path, environ: dict[str, str], remedy: str
) -> None:
    with pytest.raises(KafkaNotFoundError, match=remedy):
        find_kafka(tmp_path, environ)


@pytest.mark.parametrize(
    ("environ", "remedy"),
    [({"PATH": ""}, "install Java 17"), ({"JAVA_HOME": "absent"}, "JAVA_HOME names no Java")],
)
def test_a_missing_java_says_what_to_do(
    tmp_path: Path, environ: dict[str, str], remedy: str
) -> None:
    make_libraries(tmp_path / "build" / "kafka" / "libs")
    with pytest.raises(JavaNotFoundError, match=remedy):
        find_kafka(tmp_path, environ)


# --- settings ---


def test_free_ports_are_two_and_none_that_the_system_gives_to_clients() -> None:
    ports = free_ports()
    assert ports.client != ports.controller
    assert all(20_000 <= port < 32_000 for port in ports)


def test_every_listener_is_on_loopback() -> None:
    text = node_properties(Path("data"), Ports(20_001, 20_002), {})
    settings = dict(line.split("=", 1) for line in text.splitlines())
    assert settings["listeners"] == "CLIENT://127.0.0.1:20001,CONTROLLER://127.0.0.1:20002"
    assert settings["auto.create.topics.enable"] == "false"


def test_overrides_win() -> None:
    text = node_properties(Path("data"), Ports(1, 2), {"num.io.threads": "9", "own": "a\\b"})
    assert "num.io.threads=9\n" in text
    assert text.count("num.io.threads") == 1
    assert "own=a\\u005cb\n" in text


def test_a_properties_file_is_ascii_whatever_its_values_are() -> None:
    text = node_properties(Path("data"), Ports(1, 2), {"own": " Nghệ\t𝄞\n=x"})
    assert text.isascii()
    assert "own=\\u0020Ngh\\u1ec7\\u0009\\ud834\\udd1e\\u000a=x\n" in text


# --- readiness ---


@contextmanager
def speaker(answer: bytes) -> Iterator[int]:
    """A server on loopback that gives one answer to every request."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(1024)
                    connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()


def metadata(brokers: int, correlation: int = 7) -> bytes:
    """A Metadata answer, version 2: brokers (node, host, port, no rack), cluster, and more."""
    broker = struct.pack(">ih9sih", 1, 9, b"127.0.0.1", 9092, -1)
    body = struct.pack(">ii", correlation, brokers) + broker * brokers
    body += struct.pack(">h4sii", 4, b"ours", 1, 0)
    return struct.pack(">i", len(body)) + body


@pytest.mark.parametrize(
    ("answer", "ready"),
    [
        (metadata(brokers=1), True),
        (metadata(brokers=0), False),
        (metadata(brokers=1, correlation=8), False),
        (struct.pack(">i", 12) + b"short", False),
        (struct.pack(">i", -1), False),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", False),
        (b"", False),
    ],
    ids=["ready", "fenced", "foreign", "truncated", "negative", "http", "silent"],
)
def test_only_a_broker_that_names_a_live_broker_is_ready(answer: bytes, ready: bool) -> None:
    with speaker(answer) as port:
        assert answers([("127.0.0.1", port)]) is ready


def test_a_ready_broker_names_its_cluster() -> None:
    with speaker(metadata(brokers=2)) as port:
        assert cluster_at(("127.0.0.1", port)) == "ours"


def test_one_of_several_servers_is_enough() -> None:
    with speaker(metadata(brokers=3)) as port:
        assert answers([("127.0.0.1", 1), ("127.0.0.1", port)])


def test_addresses_are_read_strictly() -> None:
    assert parse_bootstrap("a:1, [::1]:2") == [("a", 1), ("::1", 2)]
    for wrong in ("", "a", "a:", ":1", "a:b", "a:1,"):
        with pytest.raises(ValueError, match="not host:port"):
            parse_bootstrap(wrong)


# --- a broker of somebody else's ---


def test_an_external_broker_is_used_and_never_stopped() -> None:
    with speaker(metadata(brokers=1)) as port:
        with external_broker(f"127.0.0.1:{port}") as broker:
            assert broker.data_directory is None
        assert answers([("127.0.0.1", port)])


def test_an_external_broker_that_does_not_answer_is_named() -> None:
    with pytest.raises(BrokerStartError, match="no Kafka answers at 127"):
        external_broker("127.0.0.1:1")


# --- processes ---
# --- starts that fail ---


FORMAT = "mkdir -p data; echo cluster.id=ours > data/meta.properties"


def broken_start(tmp_path: Path, script: str) -> BrokerError:
    """Starts a broker whose Java runs a line of shell instead of Kafka's main class."""
    java = tmp_path / "java"
    body = f'case "$*" in *StorageTool*) {FORMAT}; exit 0;; esac\n{script}\n'
    java.write_text(f"#!/bin/sh\n{body}", encoding="utf-8")
    java.chmod(0o755)
    libraries = KafkaLibraries(directory=tmp_path, version="4.4.0", java=java)
    with pytest.raises(BrokerError) as raised:
        EmbeddedBroker.start(tmp_path / "broker", libraries)
    return raised.value


def test_a_broker_that_dies_at_its_start_tells_its_last_words(tmp_path: Path) -> None:
    error = broken_start(tmp_path, "echo 'No space left on device'; exit 1")
    assert isinstance(error, BrokerStartError)
    assert "No space left on device" in str(error)


def test_a_port_that_was_taken_meanwhile_is_exchanged_for_another(tmp_path: Path) -> None:
    script = "grep ^listeners= server.properties >> tried; echo 'Address already in use'; exit 1"
    broken_start(tmp_path, script)
    tried = (tmp_path / "broker" / "tried").read_text().splitlines()
    assert len(set(tried)) == len(tried) == 4


def test_a_broker_that_kafka_will_not_format_says_why(tmp_path: Path, java: Path) -> None:
    java.write_text("#!/bin/sh\necho 'Invalid cluster.id'; exit 1\n", encoding="utf-8")
    libraries = KafkaLibraries(directory=tmp_path, version="4.4.0", java=java)
    with pytest.raises(BrokerStartError, match="Invalid cluster"):
        EmbeddedBroker.start(tmp_path / "broker", libraries)


def test_an_interrupt_while_waiting_leaves_no_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[int] = []

    def interrupt(self: EmbeddedBroker) -> None:
        started.append(self.pid)
        raise KeyboardInterrupt

    monkeypatch.setattr(EmbeddedBroker, "_await_ready", interrupt)
    java = tmp_path / "java"
    java.write_text('#!/bin/sh\ncase "$*" in *StorageTool*) ;; *) exec sleep 600;; esac\n')
    java.chmod(0o755)
    libraries = KafkaLibraries(directory=tmp_path, version="4.4.0", java=java)
    with pytest.raises(KeyboardInterrupt):
        EmbeddedBroker.start(tmp_path / "broker", libraries)
    assert KnownProcess.of(started[0]) is None


def test_where_no_broker_was_started_none_is_found(tmp_path: Path) -> None:
    with pytest.raises(BrokerNotRunningError, match="no broker was started"):
        EmbeddedBroker.attach(tmp_path)
    (tmp_path / "broker.json").write_text("{}", encoding="utf-8")
    with pytest.raises(BrokerNotRunningError, match="does not describe a broker"):
        EmbeddedBroker.attach(tmp_path)


# --- helpers ---


def test_a_node_of_several_names_all_voters_and_keeps_copies() -> None:
    voters = (Ports(1, 2), Ports(3, 4), Ports(5, 6))
    text = node_properties(Path("data"), voters[1], {}, ClusterMember(2, voters, "id"))
    assert "node.id=2\n" in text
    assert "controller.quorum.voters=1@127.0.0.1:2,2@127.0.0.1:4,3@127.0.0.1:6\n" in text
    assert "offsets.topic.replication.factor=3\n" in text
    assert "min.insync.replicas=2\n" in text
