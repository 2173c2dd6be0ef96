"""``blo doctor`` names what is wrong by an id, says what to run next, and ends with 1."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from blo_cli.doctor import kafka_checks, node_checks
from blo_cli.main import run
from blo_log import topics
from blo_log.errors import BrokerUnreachable, NotAuthorised
from blo_log.memory import MemoryCluster, MemoryLog
from blo_log.port import LogReader, TopicPartition, TopicSpec
from blo_runtime.admin import Health, start_admin
from blo_runtime.metrics import Metrics
from blo_runtime.run_file import run_file
from blo_runtime.settings import AdminSettings, TlsSettings
from tests.certificates import DAY, NOW, issue, write
from tests.processors.process import write_config
from tests.processors.world import CORRIDOR, World


class Practice:
    """A processor's configuration, and the Kafka that it names."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.world = World()
        self.config = write_config(self.world, folder, "127.0.0.1:9093")
        self.log = MemoryLog(MemoryCluster())
        patch.setattr(kafka_checks, "open_log", lambda _: self.log)

    def publish(self) -> None:
        asyncio.run(self.world.publish(self.log))

    def findings(self, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, list[Any]]]:
        code = run(["doctor", "--config", str(self.config), "--replication", "1", "--json"])
        found: dict[str, list[Any]] = {}
        for one in json.loads(capsys.readouterr().out):
            found.setdefault(one["check"], []).append(one)
        return code, found


@pytest.fixture
def practice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Practice:
    return Practice(tmp_path, monkeypatch)


def is_ok(found: dict[str, list[Any]], check: str) -> bool:
    return all(one["ok"] for one in found[check])


def test_what_is_well_is_said_and_what_is_not_ends_with_a_command(
    practice: Practice, capsys: pytest.CaptureFixture[str]
) -> None:
    practice.publish()
    code, found = practice.findings(capsys)
    assert code == 1, "no program runs"
    for check in ("configuration", "kafka", "directory", "topics", "rights", "disk", "tls"):
        assert is_ok(found, check), found[check]
    assert not is_ok(found, "program")
    for one in [one for ones in found.values() for one in ones]:
        assert bool(one["command"]) != one["ok"], one
    assert str(practice.config) in found["program"][0]["command"]


def test_words_for_people_have_the_same(
    practice: Practice, capsys: pytest.CaptureFixture[str]
) -> None:
    practice.publish()
    assert run(["doctor", "--config", str(practice.config), "--replication", "1"]) == 1
    shown = capsys.readouterr().out
    assert "ok    kafka: answers" in shown
    assert "WRONG program: the program does not run" in shown
    assert "next: blo processors run" in shown


def test_each_difference_of_a_topic_is_told(
    practice: Practice, capsys: pytest.CaptureFixture[str]
) -> None:
    async def spoil() -> None:
        admin = await practice.log.admin()
        planned = topics.plan({CORRIDOR: 1}, replication=1, min_isr=1)
        for spec in planned:
            if spec.name != topics.dead_topic(CORRIDOR):
                retention = {**spec.config, "retention.ms": "1000"}
                is_trail = spec.name == topics.trail_topic(CORRIDOR)
                settings = retention if is_trail else spec.config
                await admin.create(TopicSpec(spec.name, spec.partitions, 1, settings))
        await practice.world.publish_documents(practice.log)

    asyncio.run(spoil())
    code, found = practice.findings(capsys)
    words = "; ".join(one["words"] for one in found["topics"])
    assert code == 1
    assert topics.dead_topic(CORRIDOR) in words
    assert "retention.ms" in words
    assert "message.timestamp.type" in words, "this program wants simulated time"
    assert all("blo topics apply" in one["command"] for one in found["topics"])


def test_a_kafka_that_is_away_and_a_right_that_is_missing_are_told(
    practice: Practice, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    practice.publish()
    reader = practice.log.reader

    async def refusing(start: dict[TopicPartition, int]) -> LogReader:
        if any(place.topic.startswith("blo.trail.") for place in start):
            raise NotAuthorised("blo.trail.la-vn")
        return await reader(start)

    monkeypatch.setattr(practice.log, "reader", refusing)
    _, found = practice.findings(capsys)
    assert [one["ok"] for one in found["rights"]] == [False]
    assert "blo.trail.la-vn" in found["rights"][0]["words"]

    async def away() -> None:
        raise BrokerUnreachable("kafka1.example:9093", "no route")

    monkeypatch.setattr(practice.log, "admin", away)
    code, found = practice.findings(capsys)
    assert (code, is_ok(found, "kafka")) == (1, False)


def test_no_trust_documents_and_no_room_are_told(
    practice: Practice, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Usage(NamedTuple):
        free: int

    async def make_topics() -> None:
        admin = await practice.log.admin()
        plan = topics.plan({CORRIDOR: 1}, replication=1, min_isr=1, simulated_time=True)
        await topics.apply(admin, plan)

    asyncio.run(make_topics())
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(1))
    _, found = practice.findings(capsys)
    assert not is_ok(found, "directory")
    assert not is_ok(found, "certificate")
    assert not is_ok(found, "disk")
    assert found["disk"][0]["command"].startswith("df -h")


async def test_a_running_program_is_asked_what_it_says_of_itself(practice: Practice) -> None:
    from blo_cli.kafka_options import load_reach

    checks = {
        "kafka": lambda: Health(ok=True),
        "clock": lambda: Health(ok=False, detail="an hour ahead"),
        "links": lambda: Health(ok=False, detail="halted"),
    }
    admin = await start_admin(AdminSettings(), Metrics().registry, checks)
    try:
        with run_file(practice.config.parent / "run-one.json", admin_port=admin.port):
            settings = load_reach(practice.config)
            found = await asyncio.to_thread(lambda: list(node_checks.check_program(settings)))
    finally:
        await admin.stop()
    assert [(one.check, one.ok) for one in found] == [("clock", False), ("program", False)]
    assert found[0].command == "timedatectl status"
    assert found[1].command.startswith("blo agent resume")


def test_certificates_that_end_soon_or_do_not_fit_are_told(tmp_path: Path) -> None:
    authority = issue("an authority", None, ends=NOW + 400 * DAY)
    write(tmp_path, "ca", authority)
    write(tmp_path, "vn-a", issue("vn-a", authority, ends=NOW + 3 * DAY))
    settings = TlsSettings(
        ca=tmp_path / "ca.pem", certificate=tmp_path / "vn-a.pem", key=tmp_path / "vn-a.key"
    )
    found = list(node_checks.check_tls(settings))
    assert [one.ok for one in found] == [False, True]
    assert "ends in 2 days" in found[0].words
    mixed = TlsSettings(ca=settings.ca, certificate=settings.key, key=settings.key)
    assert [one.ok for one in node_checks.check_tls(mixed)] == [False]
