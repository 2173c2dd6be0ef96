"""``blo topics``: what the agreements ask for, and nothing that is there is changed."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from blo_cli.main import run
from blo_log import kafka
from blo_log.memory import MemoryCluster, MemoryLog
from blo_log.port import TopicSpec
from blo_schemas.codec import encode
from blo_schemas.ids import LinkId
from blo_schemas.trust import SignedDocument
from tests.unit.trust.documents import (
    LA,
    LA_C,
    VN,
    VN_B,
    agreement,
    basis,
    certificate,
    key,
    pins,
)

SECOND = LinkId("second")
PER_CORRIDOR = 9


class Operator:
    """A folder of documents, and ``blo topics`` on a log in memory."""

    def __init__(
        self, folder: Path, cluster: MemoryCluster, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.folder = folder
        self.cluster = cluster
        self._capsys = capsys

    def add(self, *documents: SignedDocument) -> None:
        for signed in documents:
            number = len(list(self.folder.iterdir()))
            (self.folder / f"{number}.blo").write_bytes(encode(signed))

    def topics(self, *arguments: str, code: int = 0) -> str:
        pinned = [f"{country}={pin.hex()}" for country, pin in pins(VN, LA).items()]
        options = [part for pin in pinned for part in ("--pin", pin)]
        found = run(["topics", arguments[0], str(self.folder), *options, *arguments[1:]])
        captured = self._capsys.readouterr()
        assert found == code, captured
        return captured.out + captured.err

    def apply(self, *arguments: str, code: int = 0) -> str:
        options = ("--bootstrap", "127.0.0.1:9092", "--replication", "1", *arguments)
        return self.topics("apply", *options, code=code)

    def found(self) -> dict[str, TopicSpec]:
        async def describe() -> dict[str, TopicSpec]:
            admin = await MemoryLog(self.cluster).admin()
            return await admin.describe(await admin.topics())

        return asyncio.run(describe())


@pytest.fixture
def operator(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Operator:
    """One link's documents."""
    cluster = MemoryCluster()
    monkeypatch.setattr(kafka, "KafkaLog", lambda _: MemoryLog(cluster))
    made = Operator(tmp_path, cluster, capsys)
    made.add(*basis(), agreement())
    return made


def second(operator: Operator) -> None:
    """A second link, in partition 3."""
    signed = agreement(link=SECOND, offices=(LA_C, VN_B), partition=3)
    operator.add(certificate(VN_B), certificate(LA_C), signed)


def test_the_plan_is_printed_without_touching_anything(operator: Operator) -> None:
    said = operator.topics("plan")
    assert "blo.directory: 1 partitions, 3 copies" in said
    assert "blo.exchange.la-vn: 1 partitions, 3 copies" in said
    assert "message.timestamp.type=LogAppendTime" in said
    assert "min.insync.replicas=2" in said
    assert operator.found() == {}


def test_what_is_missing_is_made_once(operator: Operator) -> None:
    said = operator.apply()
    assert "made blo.exchange.la-vn with 1 partitions" in said
    assert len(operator.found()) == 1 + PER_CORRIDOR
    assert "all topics are there as planned" in operator.apply()


def test_a_new_link_adds_partitions(operator: Operator) -> None:
    operator.apply()
    second(operator)
    assert "blo.exchange.la-vn now has 4 partitions, not 1" in operator.apply()
    assert operator.found()["blo.exchange.la-vn"].partitions == 4
    assert operator.found()["blo.directory"].partitions == 1


def test_a_topic_with_other_settings_is_named_and_nothing_is_touched(operator: Operator) -> None:
    operator.apply("--simulated-time")
    second(operator)
    said = operator.apply(code=1)
    assert "differs: blo.exchange.la-vn: message.timestamp.type is CreateTime" in said
    assert "nothing was changed" in said
    assert operator.found()["blo.exchange.la-vn"].partitions == 1


def test_simulated_time_is_said_loudly(operator: Operator) -> None:
    for command in (operator.apply, lambda *options: operator.topics("plan", *options)):
        assert "SIMULATED TIME" in command("--simulated-time")
    found = operator.found()["blo.exchange.la-vn"]
    assert found.config["message.timestamp.type"] == "CreateTime"
    assert "SIMULATED TIME" not in operator.topics("plan")


def test_a_document_that_does_not_count_is_named_and_left_out(operator: Operator) -> None:
    operator.add(certificate(VN_B), certificate(LA_C))
    operator.add(agreement([key(VN_B)], link=SECOND, offices=(LA_C, VN_B), partition=3))
    said = operator.apply()
    assert "left out: refused   7.blo  agreement second, version 1: not signed by la-c" in said
    assert operator.found()["blo.exchange.la-vn"].partitions == 1


def test_more_copies_in_sync_than_there_are_is_refused(operator: Operator) -> None:
    said = operator.topics("plan", "--replication", "2", "--min-isr", "3", code=2)
    assert "--min-isr is more than --replication" in said


def test_an_address_is_needed_to_apply(operator: Operator) -> None:
    assert "where is Kafka?" in operator.topics("apply", code=2)
