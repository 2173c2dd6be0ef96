"""The topic plan as a pure function."""

from __future__ import annotations

import dataclasses

import msgspec
import pytest

from blo_log import MAX_RECORD_BYTES, TopicSpec, topics
from blo_schemas.codec import MAX_RECORD_SIZE
from blo_schemas.ids import CorridorId

LA_VN = CorridorId("la-vn")
CN_VN = CorridorId("cn-vn")


def planned(**options: bool) -> dict[str, TopicSpec]:
    specs = topics.plan({LA_VN: 2, CN_VN: 1}, replication=3, min_isr=2, **options)
    return {spec.name: spec for spec in specs}


def test_each_corridor_has_its_own_topics_and_the_directory_is_shared() -> None:
    kinds = ("exchange", "keys", "files", "heads", "liveness", "cases", "alerts", "trail", "dead")
    names = [f"blo.{kind}.{corridor}" for corridor in ("cn-vn", "la-vn") for kind in kinds]
    assert list(planned()) == ["blo.directory", *names]


def test_there_is_a_partition_for_each_link() -> None:
    specs = planned()
    assert specs["blo.directory"].partitions == 1
    assert specs["blo.liveness.la-vn"].partitions == 1
    of_links = {n: s for n, s in specs.items() if not n.startswith("blo.liveness.")}
    assert {s.partitions for n, s in of_links.items() if n.endswith(".la-vn")} == {2}
    assert {s.partitions for n, s in specs.items() if n.endswith(".cn-vn")} == {1}


@pytest.mark.parametrize("kind", ["directory", "exchange.la-vn", "alerts.la-vn", "trail.la-vn"])
def test_what_proves_something_is_kept_for_ever_and_never_compacted(kind: str) -> None:
    config = planned()[f"blo.{kind}"].config
    assert config["cleanup.policy"] == "delete"
    assert config["retention.ms"] == "-1"
    assert config["retention.bytes"] == "-1"


@pytest.mark.parametrize("kind", ["keys", "files", "heads", "liveness", "cases"])
def test_what_is_only_the_latest_is_compacted(kind: str) -> None:
    assert planned()[f"blo.{kind}.la-vn"].config["cleanup.policy"] == "compact"


@pytest.mark.parametrize("kind", ["keys", "files"])
def test_what_is_shredded_is_gone_within_a_day(kind: str) -> None:
    config = planned()[f"blo.{kind}.la-vn"].config
    assert config["max.compaction.lag.ms"] == str(24 * 3600 * 1000)


def test_an_acknowledged_record_has_its_copies() -> None:
    for spec in planned().values():
        assert spec.replication == 3
        assert spec.config["min.insync.replicas"] == "2"
        assert spec.config["unclean.leader.election.enable"] == "false"


def test_the_largest_record_fits() -> None:
    assert MAX_RECORD_SIZE < MAX_RECORD_BYTES
    for spec in planned().values():
        assert int(spec.config["max.message.bytes"]) > MAX_RECORD_BYTES


def test_only_simulated_time_lets_the_writers_put_log_times() -> None:
    real, simulated = planned(), planned(simulated_time=True)
    setting = "message.timestamp.type"
    kinds = ("exchange", "files", "liveness")
    timed = {f"blo.{kind}.{c}" for kind in kinds for c in ("la-vn", "cn-vn")}
    for name in timed:
        assert real[name].config[setting] == "LogAppendTime"
        assert simulated[name].config[setting] == "CreateTime"
    assert {name for name in real if real[name] != simulated[name]} == timed


def test_the_plan_equals_itself() -> None:
    assert topics.compare(planned().values(), planned()) == []


def test_settings_that_the_plan_does_not_name_are_free() -> None:
    actual = {
        name: msgspec.structs.replace(spec, config={**spec.config, "segment.ms": "1"})
        for name, spec in planned().items()
    }
    assert topics.compare(planned().values(), actual) == []


@dataclasses.dataclass(frozen=True)
class Change:
    """One way in which the exchange topic differs, and how it is told."""

    found: TopicSpec | None
    told: str
    repairable: bool


EXCHANGE = planned()["blo.exchange.la-vn"]


@pytest.mark.parametrize(
    "change",
    [
        Change(None, "blo.exchange.la-vn is missing", True),
        Change(
            msgspec.structs.replace(EXCHANGE, partitions=1),
            "blo.exchange.la-vn: partitions is 1, planned 2",
            True,
        ),
        Change(
            msgspec.structs.replace(EXCHANGE, partitions=3),
            "blo.exchange.la-vn: partitions is 3, planned 2",
            False,
        ),
        Change(
            msgspec.structs.replace(EXCHANGE, replication=1),
            "blo.exchange.la-vn: replication is 1, planned 3",
            False,
        ),
        Change(
            msgspec.structs.replace(EXCHANGE, config={**EXCHANGE.config, "retention.ms": "1"}),
            "blo.exchange.la-vn: retention.ms is 1, planned -1",
            False,
        ),
    ],
    ids=["missing", "fewer partitions", "more partitions", "replication", "setting"],
)
def test_a_difference_is_told_and_repaired_only_by_adding(change: Change) -> None:
    actual = {} if change.found is None else {EXCHANGE.name: change.found}
    (difference,) = topics.compare([EXCHANGE], actual)
    assert str(difference) == change.told
    assert difference.repairable is change.repairable
