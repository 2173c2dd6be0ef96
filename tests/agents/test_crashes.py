"""Whatever step an agent dies at: it goes on from its store, and nothing is lost or sent twice."""

from __future__ import annotations

import asyncio
import itertools
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from blo_agent.commands.accept import Accepted, CommandRefused
from blo_agent.store.errors import StoreError
from blo_agent.store.writer import PROBE_POINTS
from blo_domain.shredding import is_shredded
from blo_log.memory import MemoryCluster, MemoryLog
from blo_schemas.ids import CaseId, OfficeId
from blo_schemas.summary import Step
from blo_schemas.verdicts import Outcome
from tests.agents.crashing import (
    CrashPlan,
    agree,
    counts_of,
    ended,
    same_place_same_bytes,
)
from tests.agents.interleaving import come_to_rest
from tests.agents.shredded import GROUND, history, key_of
from tests.agents.world import A, B, RunningAgent, World, two_offices
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.slow

SENDER_POINTS = ("before_append", "after_append", "after_mark")
STEPS = (
    Step.ACKNOWLEDGE,
    Step.ACCEPT,
    Step.WITHDRAW,
    Step.URGE,
    Step.SHRED,
    Step.KEEP,
    Step.CONFIRM_SHREDDING,
)
SAID: dict[Step, dict[str, Any]] = {
    Step.SHRED: {"fields": GROUND, "reason": "(fictional)"},
    Step.KEEP: {"reason": "(fictional)"},
}


class Play:
    """Two offices that act, crash and start again; and what was promised to their officers."""

    def __init__(self, world: World, cluster: MemoryCluster) -> None:
        self.world = world
        self.cluster = cluster
        self.plans: dict[OfficeId, CrashPlan] = {}
        self.agents: dict[OfficeId, RunningAgent] = {}
        self.cases: list[CaseId] = []
        self.promised: list[tuple[OfficeId, Accepted]] = []

    async def start(self, office: OfficeId) -> None:
        plan = self.plans[office] = CrashPlan()
        self.agents[office] = await self.world.agent(office, plan, plan)

    async def begin(self) -> None:
        await self.world.publish()
        for office in (A, B):
            await self.start(office)
        for agent in self.agents.values():
            await agent.has_desk()

    async def submit(self, office: OfficeId, case: int, step: Step) -> None:
        agent = self.agents[office]
        try:
            if step is Step.OPEN or not self.cases:
                accepted = await agent.open()
                self.cases.append(accepted.case)
            else:
                given = SAID.get(step, {})
                accepted = await agent.do(step, self.cases[case % len(self.cases)], **given)
        except CommandRefused:
            return
        except StoreError:
            await self.revive(office)
            return
        self.promised.append((office, accepted))

    async def revive(self, office: OfficeId) -> None:
        await self.agents[office].kill()
        await self.start(office)
        await self.agents[office].has_desk()

    async def revive_the_dead(self) -> None:
        for office, plan in list(self.plans.items()):
            if plan.struck:
                await self.revive(office)

    async def come_to_rest(self) -> None:
        """All run, all is sent, all is read."""
        for office in self.agents:
            await self.revive(office)
        await come_to_rest(self.cluster, list(self.agents.values()))

    async def keep_all_promises(self) -> None:
        same_place_same_bytes(self.cluster)
        agents = list(self.agents.values())
        await agree(agents)
        for reader in agents:
            await self.nothing_shredded_is_held(reader)
        for office, accepted in self.promised:
            for reader in agents:
                became = await counts_of(reader, accepted.event)
                assert became, f"{accepted.event.hex()[:8]} of {office} is lost"
                assert became[0] in (Outcome.ACCEPTED, Outcome.REJECTED)
                assert set(became[1:]) <= {Outcome.DUPLICATE}

    async def nothing_shredded_is_held(self, agent: RunningAgent) -> None:
        for case in self.cases:
            view = agent.view(case)
            held = await key_of(agent, case)
            assert (held is None) == (view is None or is_shredded(view))
            if view is not None and is_shredded(view):
                shown = await history(agent, case)
                assert {event.content for event in shown.events} <= {"shredded", "none"}


class Submit(NamedTuple):
    office: OfficeId
    case: int
    step: Step


class Crash(NamedTuple):
    office: OfficeId
    steps: int


class LineTo(NamedTuple):
    office: OfficeId
    up: bool


class Wait(NamedTuple):
    ms: int


Action = Submit | Crash | LineTo | Wait
OFFICES = st.sampled_from((A, B))
ACTIONS: st.SearchStrategy[Action] = st.one_of(
    st.builds(Submit, OFFICES, st.integers(0, 3), st.sampled_from((Step.OPEN, *STEPS))),
    st.builds(Crash, OFFICES, st.integers(1, 25)),
    st.builds(LineTo, OFFICES, st.booleans()),
    st.builds(Wait, st.integers(1, 20)),
)


async def play_out(actions: list[Action], folder: Path) -> None:
    cluster = MemoryCluster()
    async with two_offices(folder, lambda: MemoryLog(cluster)) as world:
        play = Play(world, cluster)
        await play.begin()
        for action in actions:
            match action:
                case Submit(office, case, step):
                    await play.submit(office, case, step)
                case Crash(office, steps):
                    play.plans[office].arm(steps)
                case LineTo(office, up):
                    play.agents[office].agent.line.set(up=up)
                    play.agents[office].agent.sender.wake()
                case Wait(ms):
                    await asyncio.sleep(ms / 1000)
            await play.revive_the_dead()
        await play.come_to_rest()
        await play.keep_all_promises()


@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(actions=st.lists(ACTIONS, min_size=5, max_size=25))
def test_a_crash_at_any_point_loses_nothing_and_sends_nothing_twice(
    actions: list[Action],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(play_out(actions, Path(folder)))


@pytest.mark.parametrize("point", [*PROBE_POINTS, *SENDER_POINTS])
@pytest.mark.parametrize("passes", [1, 3])
async def test_an_agent_that_died_at_this_point_goes_on_from_its_store(
    tmp_path: Path, point: str, passes: int
) -> None:
    cluster = MemoryCluster()
    async with two_offices(tmp_path, lambda: MemoryLog(cluster)) as world:
        play = Play(world, cluster)
        await play.begin()
        await play.submit(A, 0, Step.OPEN)
        plan = play.plans[A]
        plan.arm(passes, point)
        async with asyncio.timeout(PATIENCE_S):
            for turn in itertools.count():
                if plan.struck:
                    break
                await play.submit(A, 0, Step.OPEN if turn % 2 else Step.URGE)
                await asyncio.sleep(0.02)
        assert plan.struck == point
        await play.revive_the_dead()
        await play.come_to_rest()
        await play.keep_all_promises()
        assert play.promised


async def test_a_crash_ends_the_whole_agent_and_not_a_part_of_it(tmp_path: Path) -> None:
    cluster = MemoryCluster()
    async with two_offices(tmp_path, lambda: MemoryLog(cluster)) as world:
        play = Play(world, cluster)
        await play.begin()
        play.plans[A].arm(1, "before_commit")
        with pytest.raises(StoreError):
            await play.agents[A].open()
        await ended(play.agents[A])
        await play.revive(A)
