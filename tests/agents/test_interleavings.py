"""However the steps of two offices cross: every reader comes to the same verdicts and views."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from blo_agent.commands.accept import CommandRefused
from blo_log.memory import MemoryCluster
from blo_schemas.ids import CaseId, OfficeId
from blo_schemas.summary import Step
from tests.agents.interleaving import PLAYS, come_to_agree
from tests.agents.started import opened_case, three_up
from tests.agents.world import (
    ANSWER,
    PROVINCE,
    A,
    B,
    RunningAgent,
)

pytestmark = pytest.mark.slow

STEPS = (
    Step.ACKNOWLEDGE,
    Step.ACCEPT,
    Step.RETURN_FOR_INFORMATION,
    Step.SUPPLY_INFORMATION,
    Step.DECLINE,
    Step.ANSWER,
    Step.WITHDRAW,
    Step.URGE,
)


class Do(NamedTuple):
    office: OfficeId
    case: int
    step: Step


class LineTo(NamedTuple):
    office: OfficeId
    up: bool


class LoseAck(NamedTuple):
    office: OfficeId


class ReadAll(NamedTuple):
    """Let both offices read what the other has sent."""


Action = Do | LineTo | LoseAck | ReadAll
OFFICES = st.sampled_from((A, B))
STEP = st.builds(Do, OFFICES, st.integers(0, 2), st.sampled_from((Step.OPEN, *STEPS)))
ACTIONS: st.SearchStrategy[Action] = st.one_of(
    STEP,
    STEP,
    st.builds(LineTo, OFFICES, st.booleans()),
    st.builds(LoseAck, OFFICES),
    st.builds(ReadAll),
)


async def play_out(actions: list[Action], folder: Path) -> int:
    cluster = MemoryCluster()
    async with three_up(folder, cluster) as (_, *everyone):
        agents = dict(zip((A, B, PROVINCE), everyone, strict=True))
        cases = [await opened_case(agents[A], everyone[1:])]
        for action in actions:
            match action:
                case Do(office, case, step):
                    await act(agents[office], cases, case, step)
                case LineTo(office, up):
                    agents[office].agent.line.set(up=up)
                    agents[office].agent.sender.wake()
                case LoseAck(office):
                    agents[office].memory_log().faults.lose_next_ack()
                case ReadAll():
                    await asyncio.sleep(0.02)
        await come_to_agree(cluster, everyone)
        return sum(crossed for _, _, crossed in await agents[A].verdicts())


async def act(agent: RunningAgent, cases: list[CaseId], case: int, step: Step) -> None:
    try:
        if step is Step.OPEN:
            cases.append((await agent.open()).case)
        else:
            fields = ANSWER if step is Step.ANSWER else None
            await agent.do(step, cases[case % len(cases)], fields)
    except CommandRefused:
        pass


@PLAYS
@given(actions=st.lists(ACTIONS, min_size=8, max_size=30))
def test_any_interleaving_gives_equal_views_and_verdicts(actions: list[Action]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        crossed = asyncio.run(play_out(actions, Path(folder)))
    event("events crossed" if crossed else "nothing crossed")
