"""What most tests begin with: agents that are up on one log in memory, a case that all have read."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from blo_log.memory import MemoryCluster, MemoryLog
from blo_log.port import Log
from blo_schemas.ids import CaseId, LinkId, OfficeId
from tests.agents.world import (
    LINK,
    PROVINCE,
    A,
    B,
    RunningAgent,
    World,
    all_read,
    two_offices,
    two_offices_and_a_province,
)


async def up(
    world: World, *offices: OfficeId, link: LinkId = LINK, log_of_a: Log | None = None
) -> list[RunningAgent]:
    """Start the agents of these offices, and wait until each has its desk for the link."""
    agents = [await world.agent(one, log=log_of_a if one == A else None) for one in offices]
    for one in agents:
        await one.has_desk(link)
    return agents


async def begin(
    world: World, *offices: OfficeId, link: LinkId = LINK, log_of_a: Log | None = None
) -> list[RunningAgent]:
    """Publish what the world has by now, and start the agents of these offices on it."""
    await world.publish()
    return await up(world, *offices, link=link, log_of_a=log_of_a)


@asynccontextmanager
async def both_up(
    folder: Path, cluster: MemoryCluster | None = None, log_of_a: Log | None = None
) -> AsyncIterator[tuple[World, RunningAgent, RunningAgent]]:
    """The usual world with both agents up.

    Args:
        folder: Where the stores are.
        cluster: Where the log is, for a test that looks at it; ``None``: a new one.
        log_of_a: How A comes to the log, for a test in whose broker something is wrong.
    """
    held = cluster or MemoryCluster()
    async with two_offices(folder, lambda: MemoryLog(held)) as world:
        a, b = await begin(world, A, B, log_of_a=log_of_a)
        yield world, a, b


@asynccontextmanager
async def three_up(
    folder: Path, cluster: MemoryCluster | None = None, log_of_a: Log | None = None
) -> AsyncIterator[tuple[World, RunningAgent, RunningAgent, RunningAgent]]:
    """As ``both_up``, with the superior of A, which reads the link."""
    held = cluster or MemoryCluster()
    async with two_offices_and_a_province(folder, lambda: MemoryLog(held)) as world:
        a, b, province = await begin(world, A, B, PROVINCE, log_of_a=log_of_a)
        yield world, a, b, province


async def opened_case(a: RunningAgent, readers: Sequence[RunningAgent] = ()) -> CaseId:
    """A case that A has just opened, and that all have read."""
    before = a.desk().size
    case = (await a.open()).case
    await all_read([a, *readers], before + 1)
    return case
