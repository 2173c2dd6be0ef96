"""However consents, withdrawals and confirmations cross: all delete the same, and only what is agreed."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from blo_agent.commands.accept import CommandRefused
from blo_domain.shredding import is_shredded, shredding_of
from blo_log.memory import MemoryCluster
from blo_schemas.ids import CaseId, OfficeId
from blo_schemas.summary import Step
from blo_schemas.views import State
from tests.agents.interleaving import PLAYS, come_to_agree
from tests.agents.shredded import GROUND, key_of, withdrawn
from tests.agents.started import three_up
from tests.agents.world import (
    PROVINCE,
    A,
    B,
    RunningAgent,
)

pytestmark = pytest.mark.slow

WHY: dict[str, Any] = {"reason": "(fictional)"}
SAID: dict[Step, dict[str, Any]] = {
    Step.SHRED: {"fields": GROUND, **WHY},
    Step.KEEP: WHY,
    Step.CONFIRM_SHREDDING: {},
}
LINE, WAIT = "line", "wait"
DEEDS = st.sampled_from([*SAID, Step.SHRED, Step.SHRED, LINE, WAIT])
ACTIONS = st.lists(st.tuples(st.sampled_from((A, B)), DEEDS), min_size=4, max_size=16)


async def play_out(actions: list[tuple[OfficeId, Step | str]], folder: Path) -> State:
    cluster = MemoryCluster()
    async with three_up(folder, cluster) as (_, *everyone):
        agents = dict(zip((A, B, PROVINCE), everyone, strict=True))
        case = await withdrawn(agents[A], everyone[1:])
        for office, deed in actions:
            await act(agents[office], case, deed)
        await come_to_agree(cluster, everyone)
        view = agents[PROVINCE].view(case)
        assert view is not None
        for agent in everyone:
            assert (await key_of(agent, case) is None) == is_shredded(view)
            assert agent.desk().unopened == []
        unconfirmed = set(shredding_of(view).unconfirmed())
        assert {office for office in (A, B) if agents[office].desk().unconfirmed} == unconfirmed
        return view.state


async def act(agent: RunningAgent, case: CaseId, deed: Step | str) -> None:
    if deed == LINE:
        agent.agent.line.set(up=not agent.agent.line.is_up)
        agent.agent.sender.wake()
    elif deed == WAIT:
        await asyncio.sleep(0.02)
    elif isinstance(deed, Step):
        try:
            await agent.do(deed, case, **SAID[deed])
        except CommandRefused as refusal:
            if refusal.reason not in ("already_done", "not_legal_now", "not_shredded_yet"):
                raise


@PLAYS
@given(actions=ACTIONS)
def test_however_they_cross_all_delete_the_same_and_only_what_is_agreed(
    actions: list[tuple[OfficeId, Step | str]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        event(asyncio.run(play_out(actions, Path(folder))).value)
