"""Which topics there are, and what each must be (docs/wire-format.md §8).

The plan is a pure function of the corridors. ``apply`` makes what is missing and never changes or
deletes anything; ``check`` is what a program asks at its start.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Final

import msgspec

from blo_log.errors import TopicMisfit, TopicMissing, TopicsDiffer, WrongTimestampType
from blo_log.port import Admin, TopicSpec
from blo_schemas.ids import CorridorId

DIRECTORY_TOPIC: Final = "blo.directory"
_TIMESTAMP_TYPE: Final = "message.timestamp.type"
_DAY_MS: Final = 24 * 60 * 60 * 1000
_FOR_EVER: Final = {"cleanup.policy": "delete", "retention.ms": "-1", "retention.bytes": "-1"}
_LONG: Final = {"cleanup.policy": "delete", "retention.ms": str(400 * _DAY_MS)}
_KEYED: Final = {"cleanup.policy": "compact"}
# What is shredded must be gone: a tombstone takes its key's grants with it within a day.
_SHREDDABLE: Final = {"cleanup.policy": "compact", "max.compaction.lag.ms": str(_DAY_MS)}
# Kafka refuses a writer's time that lies an hour ahead of its own; a simulated year may lie anywhere.
_SIMULATED: Final = {
    _TIMESTAMP_TYPE: "CreateTime",
    "message.timestamp.after.max.ms": str(2**63 - 1),
    "message.timestamp.before.max.ms": str(2**63 - 1),
}


def exchange_topic(corridor: CorridorId) -> str:
    """The corridor's sealed events; partition i is link i."""
    return f"blo.exchange.{corridor}"


def keys_topic(corridor: CorridorId) -> str:
    """The corridor's grants."""
    return f"blo.keys.{corridor}"


def heads_topic(corridor: CorridorId) -> str:
    """What each office has read, signed, and the checkpoints."""
    return f"blo.heads.{corridor}"


def files_topic(corridor: CorridorId) -> str:
    """The sealed chunks of the corridor's files."""
    return f"blo.files.{corridor}"


def liveness_topic(corridor: CorridorId) -> str:
    """That the offices are at work, signed; one partition for all links."""
    return f"blo.liveness.{corridor}"


def cases_topic(corridor: CorridorId) -> str:
    """The processors' views of the cases."""
    return f"blo.cases.{corridor}"


def alerts_topic(corridor: CorridorId) -> str:
    """The processors' escalation alerts."""
    return f"blo.alerts.{corridor}"


def trail_topic(corridor: CorridorId) -> str:
    """The processors' verdict of each record."""
    return f"blo.trail.{corridor}"


def dead_topic(corridor: CorridorId) -> str:
    """Records that could not be processed, and why."""
    return f"blo.dead.{corridor}"


class DifferenceKind(StrEnum):
    """In what way a topic is not as planned."""

    MISSING = "missing"
    FEWER_PARTITIONS = "fewer partitions"
    MORE_PARTITIONS = "more partitions"
    REPLICATION = "replication"
    SETTING = "setting"


class TopicDifference(msgspec.Struct, frozen=True):
    """One way in which one topic is not as planned.

    Attributes:
        topic: Its name.
        what: In what way.
        planned: As planned.
        found: As found.
        setting: Kafka's name of the setting, where it is one.
    """

    topic: str
    what: DifferenceKind
    planned: str
    found: str
    setting: str = ""

    @property
    def repairable(self) -> bool:
        """Whether ``apply`` may put it right: it only ever adds."""
        return self.what in (DifferenceKind.MISSING, DifferenceKind.FEWER_PARTITIONS)

    def __str__(self) -> str:
        if self.what is DifferenceKind.MISSING:
            return f"{self.topic} is missing"
        name = self.setting or self.what.removeprefix("fewer ").removeprefix("more ")
        return f"{self.topic}: {name} is {self.found}, planned {self.planned}"


def plan(
    corridors: Mapping[CorridorId, int],
    *,
    replication: int,
    min_isr: int,
    simulated_time: bool = False,
) -> list[TopicSpec]:
    """Say which topics there must be.

    Args:
        corridors: Each corridor with its number of links: the highest partition that an agreement
            names, and one.
        replication: How many copies of each partition; 3 in deployment.
        min_isr: How many of them must have a record before it is acknowledged; 2 in deployment.
        simulated_time: Whether the writers put the log times, to replay a past year. Never in
            deployment: the log's own clock is what deadlines run on.

    Returns:
        The topics, the directory first, then corridor by corridor.
    """
    common = {
        "compression.type": "producer",
        "max.message.bytes": str(1024 * 1024),
        "min.insync.replicas": str(min_isr),
        "unclean.leader.election.enable": "false",
    }
    times = _SIMULATED if simulated_time else {_TIMESTAMP_TYPE: "LogAppendTime"}

    def spec(name: str, partitions: int, *policy: Mapping[str, str]) -> TopicSpec:
        config = dict(common)
        for part in policy:
            config.update(part)
        return TopicSpec(name, partitions, replication, dict(sorted(config.items())))

    specs = [spec(DIRECTORY_TOPIC, 1, _FOR_EVER)]
    for corridor, links in sorted(corridors.items()):
        specs += [
            spec(exchange_topic(corridor), links, _FOR_EVER, times),
            spec(keys_topic(corridor), links, _SHREDDABLE),
            # A reader looks for a file's chunks from the log time of its event on.
            spec(files_topic(corridor), links, _SHREDDABLE, times),
            spec(heads_topic(corridor), links, _KEYED),
            # When an office was heard is the log's word: nobody is to write it.
            spec(liveness_topic(corridor), 1, _KEYED, times),
            spec(cases_topic(corridor), links, _KEYED),
            spec(alerts_topic(corridor), links, _FOR_EVER),
            spec(trail_topic(corridor), links, _FOR_EVER),
            spec(dead_topic(corridor), links, _LONG),
        ]
    return specs


def compare(planned: Iterable[TopicSpec], actual: Mapping[str, TopicSpec]) -> list[TopicDifference]:
    """Say where topics are not as planned.

    Args:
        planned: The plan.
        actual: The topics by name, as ``Admin.describe`` gives them; others are not looked at.

    Returns:
        The differences in the plan's order; settings that the plan does not name are free.
    """
    differences = []
    for spec in planned:
        found = actual.get(spec.name)
        if found is None:
            differences.append(
                TopicDifference(spec.name, DifferenceKind.MISSING, str(spec.partitions), "0")
            )
        else:
            differences += _compare_one(spec, found)
    return differences


def _compare_one(spec: TopicSpec, found: TopicSpec) -> list[TopicDifference]:
    differences = []
    if spec.partitions != found.partitions:
        fewer = found.partitions < spec.partitions
        what = DifferenceKind.FEWER_PARTITIONS if fewer else DifferenceKind.MORE_PARTITIONS
        planned, actual = str(spec.partitions), str(found.partitions)
        differences.append(TopicDifference(spec.name, what, planned, actual))
    if spec.replication != found.replication:
        planned, actual = str(spec.replication), str(found.replication)
        differences.append(TopicDifference(spec.name, DifferenceKind.REPLICATION, planned, actual))
    for setting, planned in spec.config.items():
        actual = found.config.get(setting, "unknown")
        if planned != actual:
            differences.append(
                TopicDifference(spec.name, DifferenceKind.SETTING, planned, actual, setting)
            )
    return differences


async def apply(admin: Admin, planned: Sequence[TopicSpec]) -> list[str]:
    """Make the topics that are missing and add partitions where there are too few.

    Args:
        admin: Where.
        planned: The plan.

    Returns:
        A line for each thing done; empty when all was there already.

    Raises:
        TopicsDiffer: Something is not as planned that is never changed; nothing was done.
        LogError: Something could not be done; what was done before it stays, so run it again.
    """
    actual = await admin.describe([spec.name for spec in planned])
    differences = compare(planned, actual)
    refused = [str(difference) for difference in differences if not difference.repairable]
    if refused:
        raise TopicsDiffer(refused)
    by_name = {spec.name: spec for spec in planned}
    done = []
    for difference in differences:
        spec = by_name[difference.topic]
        if difference.what is DifferenceKind.MISSING:
            await admin.create(spec)
            done.append(f"made {spec.name} with {spec.partitions} partitions")
        else:
            await admin.add_partitions(spec.name, spec.partitions)
            done.append(f"{spec.name} now has {spec.partitions} partitions, not {difference.found}")
    return done


async def check(admin: Admin, needed: Sequence[TopicSpec]) -> None:
    """Check, at a program's start, that the topics it needs can serve it.

    Args:
        admin: Where.
        needed: Those parts of the plan that it needs. More partitions than planned are fine, and of
            the settings only whose clock gives the log times is looked at.

    Raises:
        TopicMissing: One is not there.
        WrongTimestampType: Its log times are the writers' where the log's are needed, or reverse.
        TopicMisfit: It has too few partitions.
        LogError: The topics could not be seen.
    """
    actual = await admin.describe([spec.name for spec in needed])
    for spec in needed:
        found = actual.get(spec.name)
        if found is None:
            raise TopicMissing(spec.name)
        if found.partitions < spec.partitions:
            raise TopicMisfit(
                spec.name,
                f"it has {found.partitions} partitions and {spec.partitions} are needed: run"
                " `blo topics apply`",
            )
        _check_times(spec, found)


def _check_times(spec: TopicSpec, found: TopicSpec) -> None:
    wanted = spec.config.get(_TIMESTAMP_TYPE)
    actual = found.config.get(_TIMESTAMP_TYPE)
    if wanted in (None, actual):
        return
    if wanted == "LogAppendTime":
        said = (
            f"it was made with simulated time ({actual}), where a writer can claim any log time: a"
            " program in normal operation does not use it"
        )
    else:
        said = (
            f"it was made for normal operation ({actual}), and simulated time needs a topic of its"
            " own: use another Kafka for a simulation"
        )
    raise WrongTimestampType(spec.name, said)
