"""Shredding on a link of three offices: nobody deletes before the last one has agreed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from blo_agent.commands.accept import CommandRefused
from blo_domain.shredding import shredding_of
from blo_log.memory import MemoryCluster, MemoryLog
from blo_schemas.ids import LinkId, OfficeId
from blo_schemas.summary import Step
from blo_schemas.views import State
from tests.agents.shredded import confirms, consents, history, key_of, state_of, withdrawn
from tests.agents.started import begin
from tests.agents.world import A, B, RunningAgent, World, all_read

C = OfficeId("la-c")
THREE = LinkId("vn-a~la-b~la-c")


@asynccontextmanager
async def conference(folder: Path) -> AsyncIterator[list[RunningAgent]]:
    """Three offices on one link, with their agents up."""
    cluster = MemoryCluster()
    async with World(folder, lambda: MemoryLog(cluster)) as world:
        for office in (A, B, C):
            world.certify(office)
        world.agree(THREE, (A, B, C))
        yield await begin(world, A, B, C, link=THREE)


async def test_at_a_conference_the_contents_go_with_the_last_consent_and_each_office_confirms(
    tmp_path: Path,
) -> None:
    async with conference(tmp_path) as everyone:
        a, b, c = everyone
        case = await withdrawn(a, [b, c], THREE)
        await consents(b, case, THREE)
        await consents(c, case, THREE)
        await all_read(everyone, 4, THREE)
        for one in everyone:
            assert state_of(one, case, THREE) is State.WITHDRAWN
            assert await key_of(one, case, THREE), "two of three offices agree to nothing"
        with pytest.raises(CommandRefused):
            await a.do(Step.CONFIRM_SHREDDING, case, link=THREE)
        await consents(a, case, THREE)
        await all_read(everyone, 5, THREE)
        for one in everyone:
            assert state_of(one, case, THREE) is State.SHREDDING
            assert await key_of(one, case, THREE) is None
            assert one.desk(THREE).unconfirmed == {case}
        await confirms(c, case, THREE)
        await confirms(a, case, THREE)
        await all_read(everyone, 7, THREE)
        view = b.view(case, THREE)
        assert view is not None
        assert view.state is State.SHREDDING
        assert shredding_of(view).unconfirmed() == (B,)
        assert [one.desk(THREE).unconfirmed for one in everyone] == [set(), {case}, set()]
        await confirms(b, case, THREE)
        await all_read(everyone, 8, THREE)
        assert len({one.views_digest(THREE) for one in everyone}) == 1
        for one in everyone:
            assert state_of(one, case, THREE) is State.SHREDDED
            told = (await history(one, case, THREE)).view
            assert told is not None
            assert told.shredding is not None
            assert all(f"{office} at position" in told.shredding.words for office in (A, B, C))


async def test_at_a_conference_any_office_can_still_keep_what_the_others_want_gone(
    tmp_path: Path,
) -> None:
    async with conference(tmp_path) as everyone:
        a, b, c = everyone
        case = await withdrawn(a, [b, c], THREE)
        await consents(a, case, THREE)
        await consents(b, case, THREE)
        await all_read(everyone, 4, THREE)
        await c.do(Step.KEEP, case, link=THREE, reason="it is needed (fictional)")
        await all_read(everyone, 5, THREE)
        await consents(c, case, THREE)
        await all_read(everyone, 6, THREE)
        for one in everyone:
            assert state_of(one, case, THREE) is State.WITHDRAWN, (
                "the consents before were taken back"
            )
            assert await key_of(one, case, THREE)
