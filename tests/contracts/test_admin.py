"""What every adapter's administrator promises, and the topic plan on top of it."""

from __future__ import annotations

import uuid

import pytest

from blo_log import (
    TopicExists,
    TopicMisfit,
    TopicMissing,
    TopicRefused,
    TopicsDiffer,
    TopicSpec,
    WrongTimestampType,
    topics,
)
from blo_schemas.ids import CorridorId
from tests.contracts.worlds import World


@pytest.fixture
def corridor() -> CorridorId:
    """A corridor of the test's own; no two countries, for they would run out."""
    return CorridorId(f"test-{uuid.uuid4().hex[:8]}")


def own(planned: list[TopicSpec]) -> list[TopicSpec]:
    """The plan without the directory, which all tests on one broker share."""
    return [spec for spec in planned if spec.name != topics.DIRECTORY_TOPIC]


def plan(corridor: CorridorId, links: int = 2, *, simulated: bool = False) -> list[TopicSpec]:
    return own(topics.plan({corridor: links}, replication=1, min_isr=1, simulated_time=simulated))


async def test_a_topic_is_listed_and_described_as_it_was_made(world: World) -> None:
    name = await world.topic(partitions=3, cleanup_policy="compact")
    admin = await world.client().admin()
    assert name in await admin.topics()
    described = await admin.describe([name, "no.such.topic"])
    assert set(described) == {name}
    assert (described[name].partitions, described[name].replication) == (3, 1)
    assert described[name].config["cleanup.policy"] == "compact"
    assert described[name].config["message.timestamp.type"] == "CreateTime"


async def test_nothing_described_is_nothing(world: World) -> None:
    admin = await world.client().admin()
    assert await admin.describe(["no.such.topic"]) == {}
    assert await admin.describe([]) == {}


async def test_a_topic_is_not_made_twice(world: World) -> None:
    name = await world.topic()
    admin = await world.client().admin()
    with pytest.raises(TopicExists, match="is there already"):
        await admin.create(TopicSpec(name, 1, 1, {}))


async def test_a_topic_without_partitions_is_refused(world: World) -> None:
    admin = await world.client().admin()
    with pytest.raises(TopicRefused):
        await admin.create(TopicSpec("contract.none", 0, 1, {}))
    assert "contract.none" not in await admin.topics()


async def test_partitions_are_added_but_never_taken_away(world: World) -> None:
    name = await world.topic(partitions=2)
    admin = await world.client().admin()
    await admin.add_partitions(name, 5)
    assert (await admin.describe([name]))[name].partitions == 5
    for total in (5, 3):
        with pytest.raises(TopicRefused):
            await admin.add_partitions(name, total)
    with pytest.raises(TopicMissing):
        await admin.add_partitions("no.such.topic", 2)


async def test_applying_a_plan_twice_does_nothing_the_second_time(
    world: World, corridor: CorridorId
) -> None:
    admin = await world.client().admin()
    planned = plan(corridor)
    done = await topics.apply(admin, planned)
    assert done == [f"made {spec.name} with {spec.partitions} partitions" for spec in planned]
    actual = await admin.describe([spec.name for spec in planned])
    assert topics.compare(planned, actual) == []
    assert await topics.apply(admin, planned) == []


async def test_a_new_link_adds_a_partition_to_all_of_the_corridors_topics(
    world: World, corridor: CorridorId
) -> None:
    admin = await world.client().admin()
    await topics.apply(admin, plan(corridor, 1))
    done = await topics.apply(admin, plan(corridor, 2))
    assert done[0] == f"{topics.exchange_topic(corridor)} now has 2 partitions, not 1"
    assert len(done) == 8
    assert await topics.apply(admin, plan(corridor, 2)) == []


async def test_a_setting_changed_by_hand_is_reported_and_nothing_is_done(
    world: World, corridor: CorridorId
) -> None:
    admin = await world.client().admin()
    exchange, *others = plan(corridor)
    changed = {**exchange.config, "retention.ms": "86400000"}
    await admin.create(TopicSpec(exchange.name, 2, 1, changed))
    with pytest.raises(TopicsDiffer, match=r"retention\.ms is 86400000, planned -1.*Nothing was"):
        await topics.apply(admin, [exchange, *others])
    assert set(await admin.describe([spec.name for spec in others])) == set()


async def test_a_check_passes_what_was_applied(world: World, corridor: CorridorId) -> None:
    admin = await world.client().admin()
    await topics.apply(admin, plan(corridor, 3))
    await topics.check(admin, plan(corridor, 3))
    await topics.check(admin, plan(corridor, 2))


async def test_a_check_names_what_is_missing(world: World, corridor: CorridorId) -> None:
    admin = await world.client().admin()
    with pytest.raises(TopicMissing, match="blo topics apply"):
        await topics.check(admin, plan(corridor))
    await topics.apply(admin, plan(corridor, 1))
    with pytest.raises(TopicMisfit, match="has 1 partitions and 2 are needed"):
        await topics.check(admin, plan(corridor, 2))


@pytest.mark.parametrize("simulated", [False, True])
async def test_simulated_and_real_log_times_are_never_mixed(
    world: World, corridor: CorridorId, simulated: bool
) -> None:
    admin = await world.client().admin()
    await topics.apply(admin, plan(corridor, simulated=simulated))
    await topics.check(admin, plan(corridor, simulated=simulated))
    with pytest.raises(WrongTimestampType, match=topics.exchange_topic(corridor)):
        await topics.check(admin, plan(corridor, simulated=not simulated))
    with pytest.raises(TopicsDiffer, match=r"message\.timestamp\.type"):
        await topics.apply(admin, plan(corridor, simulated=not simulated))
