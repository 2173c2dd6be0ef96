"""One event from one office to the other, and everything that follows from it."""

from __future__ import annotations

from pathlib import Path

from blo_schemas.summary import Kind, Step
from tests.agents.started import both_up
from tests.agents.world import LINK, REQUEST, B


async def test_an_event_reaches_the_counterpart_and_comes_back_as_a_receipt(
    tmp_path: Path,
) -> None:
    async with both_up(tmp_path) as (_, a, b):
        opened = await a.submit(Kind.VERIFICATION_REQUEST, Step.OPEN, fields=REQUEST)
        await b.read(1)
        view = b.view(opened.case)
        assert view is not None
        await b.submit(Kind.VERIFICATION_REQUEST, Step.ACKNOWLEDGE, opened.case)
        await a.read(2)
        await a.until(lambda: (LINK, B) in a.agent.office.heads)
        await a.until(lambda: a.agent.office.heads[(LINK, B)].size == 2)
        desks = [one.agent.office.links[LINK] for one in (a, b)]
        assert a.views_digest() == b.views_digest()
        assert desks[0].tally.accepted == desks[1].tally.accepted == 2
        assert not desks[0].under_way
        assert not desks[1].unopened
