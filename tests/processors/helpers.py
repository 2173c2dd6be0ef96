"""What the tests over the log in memory share."""

from __future__ import annotations

from blo_log import topics
from blo_log.memory import MemoryCluster, MemoryLog
from blo_log.port import ConsumedRecord
from blo_processors.outputs.encode import LinkPartition
from tests.processors.seeing import cases_of, plain, see
from tests.processors.world import LinkWriter, World


def stored(cluster: MemoryCluster, place: LinkPartition) -> list[ConsumedRecord]:
    return cluster.records(topics.exchange_topic(place.corridor), place.partition)


async def check(
    world: World, log: MemoryLog, writer: LinkWriter, *, is_spoilt: bool = False
) -> None:
    """What the observer sees is the plain fold, and nothing else lies there unless it is spoilt."""
    seen = await see(world, log, writer.place)
    assert bool(seen.refused) is is_spoilt
    state = plain(world, writer)
    effects = state.take_effects()
    assert seen.cases.records == cases_of(state)
    assert seen.trail.size == len(writer.records)
    assert seen.trail.entries == effects.trail
    assert seen.alerts.records == {alert.id: alert for alert in effects.alerts}
    for made in effects.checkpoints:
        assert seen.trail.checkpoints[made.checkpoint.size] == made.checkpoint


async def fresh(world: World, writer: LinkWriter, size: int | None = None) -> MemoryLog:
    log = MemoryLog()
    await world.publish(log)
    appender = await log.appender()
    await appender.append(writer.grants)
    await appender.append(writer.messages(0, size))
    return log
