"""Topics that have lost records: one link halts, everything else goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

from blo_agent.commands.accept import CommandRefused
from blo_agent.office.link_status import HaltReason
from blo_agent.store.tables import halts, journal
from blo_log.memory import MemoryCluster, MemoryLog
from blo_log.port import TopicPartition
from blo_log.topics import DIRECTORY_TOPIC, exchange_topic, heads_topic, keys_topic
from blo_schemas.ids import LinkId, OfficeId
from blo_schemas.summary import Step
from tests.agents.started import both_up, opened_case
from tests.agents.world import CORRIDOR, LINK, A, B, RunningAgent, World, all_read, two_offices

C = OfficeId("la-c")
OTHER = LinkId("vn-a~la-c")
EXCHANGE = TopicPartition(exchange_topic(CORRIDOR), 0)


def cut_end(cluster: MemoryCluster, partition: TopicPartition, left: int) -> None:
    """What a broker's operator can do: bring back an older copy of a partition."""
    held = cluster.partition(partition)
    del held.records[left:]
    cluster.wake()


async def is_in_journal(agent: RunningAgent, action: str) -> bool:
    """Whether the office's journal has an entry of that kind."""
    actions = await agent.ask(lambda tx: [one.action for one in journal.entries(tx)])
    return action in actions


async def two_links(world: World, cluster: MemoryCluster) -> list[RunningAgent]:
    world.certify(C)
    world.agree(OTHER, (A, C), partition=1)
    await world.publish(links=2)
    agents = [await world.agent(office) for office in (A, B, C)]
    await agents[0].has_desk(LINK)
    await agents[0].has_desk(OTHER)
    await agents[1].has_desk(LINK)
    await agents[2].has_desk(OTHER)
    return agents


@pytest.mark.parametrize("while_down", [True, False])
@pytest.mark.parametrize("from_where", ["end", "beginning", "all"])
async def test_a_cut_log_halts_its_link_and_no_other(
    tmp_path: Path, while_down: bool, from_where: str
) -> None:
    cluster = MemoryCluster()
    async with two_offices(tmp_path, lambda: MemoryLog(cluster)) as world:
        a, b, c = await two_links(world, cluster)
        case = await opened_case(a, [b])
        await a.do(Step.URGE, case)
        await all_read([a, b], 2)
        if while_down:
            await a.stop()
        await b.stop()
        if from_where == "beginning":
            cluster.truncate(EXCHANGE, 2)
            cluster.partition(EXCHANGE).begin = 3
        else:
            cut_end(cluster, EXCHANGE, 1 if from_where == "end" else 0)
        if while_down:
            a = await world.agent(A)
        await a.until(lambda: a.desk().status.halted is not None)
        assert not a.desk().status.is_read_on
        # The other link goes on, and what was read of this one is shown.
        other = (await a.open(OTHER)).case
        await c.read(1, OTHER)
        await c.do(Step.ACKNOWLEDGE, other, link=OTHER)
        await a.read(2, OTHER)
        assert a.view(case) is not None
        with pytest.raises(CommandRefused) as refusal:
            await a.do(Step.URGE, case)
        assert refusal.value.reason == "halted"
        (halt,) = await a.ask(lambda tx: halts.standing(tx, LINK))
        assert halt.reason == HaltReason.LOG_CUT
        # It stays so over a restart, and resuming is in vain while the records are gone.
        await a.stop()
        a = await world.agent(A)
        assert a.desk().status.halted is not None
        await a.agent.resume(LINK, "tried (fictional)", "chief")
        await a.until(lambda: a.desk().status.halted is not None)
        assert len(await a.ask(lambda tx: halts.of_link(tx, LINK))) == 2


async def test_a_link_is_resumed_when_its_records_are_back(tmp_path: Path) -> None:
    cluster = MemoryCluster()
    async with both_up(tmp_path, cluster) as (_, a, b):
        case = await opened_case(a, [b])
        records = list(cluster.partition(EXCHANGE).records)
        await b.stop()
        cut_end(cluster, EXCHANGE, 0)
        await a.until(lambda: a.desk().status.halted is not None)
        cluster.partition(EXCHANGE).records[:] = records
        await a.agent.resume(LINK, "brought back (fictional)", "chief")
        await a.until(lambda: a.desk().status.own_chain_checked)
        await a.do(Step.URGE, case)
        await a.read(2)
        assert a.desk().status.halted is None


@pytest.mark.parametrize("topic", [keys_topic(CORRIDOR), heads_topic(CORRIDOR)])
async def test_topics_of_keys_and_heads_that_were_cut_are_read_on_from_what_is_there(
    tmp_path: Path, topic: str
) -> None:
    cluster = MemoryCluster()
    async with both_up(tmp_path, cluster) as (world, a, b):
        case = await opened_case(a, [b])
        await a.until(lambda: (LINK, B) in a.agent.office.heads)
        await b.stop()
        await a.stop()
        cut_end(cluster, TopicPartition(topic, 0), 0)
        a = await world.agent(A)
        # Before the other one fills the topic again.
        await a.until_true(lambda: is_in_journal(a, f"topic was cut: {topic}"))
        b = await world.agent(B)
        await b.do(Step.ACKNOWLEDGE, case)
        await all_read([a, b], 2)
        assert a.desk().status.halted is None
        await opened_case(a, [b])
        await b.until(lambda: not b.desk().unopened)


async def test_without_the_directory_the_documents_on_disk_count(tmp_path: Path) -> None:
    cluster = MemoryCluster()
    async with both_up(tmp_path, cluster) as (world, a, b):
        case = await opened_case(a, [b])
        await a.stop()
        cut_end(cluster, TopicPartition(DIRECTORY_TOPIC, 0), 0)
        a = await world.agent(A)
        await a.until(lambda: "were removed" in a.agent.checks()["directory"]().detail)
        await a.do(Step.URGE, case)
        await all_read([a, b], 2)
        # What is published anew is read.
        await a.stop()
        cluster.delete_topic(DIRECTORY_TOPIC)
        a = await world.agent(A)
        await a.until(lambda: "are not read" in a.agent.checks()["directory"]().detail)
        await a.do(Step.URGE, case)
        await all_read([a], 3)
