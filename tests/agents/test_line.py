"""A poor line: what is accepted while it is down, what crosses, what is sent twice."""

from __future__ import annotations

from pathlib import Path

from blo_log.memory import MemoryCluster, MemoryLog
from blo_schemas.ids import CaseId
from blo_schemas.summary import Kind, Step
from blo_schemas.views import State
from tests.agents.shredded import history
from tests.agents.started import both_up
from tests.agents.world import LINK, REQUEST, RunningAgent


async def _views(running: RunningAgent, case: CaseId) -> tuple[list[str], list[tuple[str, str]]]:
    """A case's accepted steps with their flags, and its rejected ones with their words."""
    shown = await history(running, case)
    steps = [f"{one.step}{' crossed' if one.crossed else ''}" for one in shown.events]
    return steps, [(one.reason, one.words) for one in shown.rejected]


async def test_commands_are_accepted_while_the_line_is_down_and_sent_when_it_is_up(
    tmp_path: Path,
) -> None:
    cluster = MemoryCluster()
    log = MemoryLog(cluster)
    async with both_up(tmp_path, cluster, log) as (_, a, b):
        log.faults.line_down()
        cases = [
            (await a.submit(Kind.VERIFICATION_REQUEST, Step.OPEN, fields=REQUEST)).case
            for _ in range(5)
        ]
        await a.submit(Kind.VERIFICATION_REQUEST, Step.WITHDRAW, cases[0], reason="fictional")
        assert len(a.agent.office.links[LINK].under_way) == 6
        assert cluster.records("blo.exchange.la-vn", 0) == []
        log.faults.line_up()
        await b.read(6)
        await a.read(6)
        found = [b.view(case) for case in cases]
        assert [one.state for one in found if one] == [State.WITHDRAWN] + [State.SENT] * 4
        assert not a.agent.office.links[LINK].under_way


async def test_events_that_cross_are_judged_by_the_log_and_told_in_words(tmp_path: Path) -> None:
    async with both_up(tmp_path) as (_, a, b):
        lost = (await a.submit(Kind.VERIFICATION_REQUEST, Step.OPEN, fields=REQUEST)).case
        kept = (await a.submit(Kind.VERIFICATION_REQUEST, Step.OPEN, fields=REQUEST)).case
        await b.read(2)
        await b.line_down()
        await a.submit(Kind.VERIFICATION_REQUEST, Step.WITHDRAW, lost, reason="fictional")
        await a.submit(Kind.VERIFICATION_REQUEST, Step.URGE, kept)
        await a.read(4)
        for case in (lost, kept):
            await b.submit(Kind.VERIFICATION_REQUEST, Step.ACKNOWLEDGE, case)
        b.line_up()
        for running in (a, b):
            await running.read(6)
        for running, whose in ((a, "Their"), (b, "Your")):
            steps, rejected = await _views(running, lost)
            assert steps == ["open", "withdraw"]
            assert [reason for reason, _ in rejected] == ["not_legal_now"]
            assert rejected[0][1].startswith(f"{whose} acknowledgement")
            steps, rejected = await _views(running, kept)
            assert steps == ["open", "urge", "acknowledge crossed"]
            assert rejected == []


async def test_what_was_appended_without_acknowledgement_is_sent_again_and_counts_once(
    tmp_path: Path,
) -> None:
    cluster = MemoryCluster()
    log = MemoryLog(cluster)
    async with both_up(tmp_path, cluster, log) as (_, a, b):
        first = await a.submit(Kind.VERIFICATION_REQUEST, Step.OPEN, fields=REQUEST)
        await a.read(1)
        log.faults.line_down()
        for _ in range(4):
            await a.submit(Kind.VERIFICATION_REQUEST, Step.URGE, first.case)
        log.faults.fail_next_append(appended=3, acknowledged=1)
        log.faults.line_up()
        desk = b.agent.office.links[LINK]
        await b.until(lambda: desk.tally.accepted == 5)
        await a.until(lambda: not a.agent.office.links[LINK].under_way)
        values = [one.value for one in cluster.records("blo.exchange.la-vn", 0)]
        assert len(set(values)) == 5
        assert desk.tally.duplicates == len(values) - 5
        assert not desk.tally.rejected
        await b.until(lambda: (view := b.view(first.case)) is not None and view.version == 5)
