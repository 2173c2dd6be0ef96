"""What processors write about a link: kept beside the cases, compared with the office's own log."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import msgspec
import pytest

from blo_agent.commands.accept import CommandRefused
from blo_agent.office.case_clocks import terms_of_link
from blo_agent.oversight.compare import Comparison, ComparisonTime, ReportedDifference
from blo_agent.store.tables import journal
from blo_domain.deadlines.evaluate import alerts as alerts_of
from blo_log.memory import MemoryCluster
from blo_schemas.hashes import clearing_id
from blo_schemas.ids import CaseId, OfficeId
from blo_schemas.policy import EscalationLevel
from blo_schemas.summary import PauseGround, Step
from blo_schemas.views import State
from tests.agents.processing import (
    DAY_MS,
    PROCESSOR,
    Watched,
    a_watched,
    differing,
    kept,
    open_for,
    overdue,
    own_alerts,
    own_record,
    standing,
    stored_alerts,
    told,
)
from tests.agents.started import begin, opened_case
from tests.agents.world import LINK, PROVINCE, A, B, RunningAgent, all_read

pytestmark = pytest.mark.slow


async def test_records_and_alerts_are_kept_beside_the_case_at_all_readers(tmp_path: Path) -> None:
    async with Watched(tmp_path, MemoryCluster()) as world:
        a, b, province = agents = await begin(world, A, B, PROVINCE)
        worker = await world.worker()
        case = await opened_case(a, [b, province])
        await worker.work()
        for one in agents:
            await kept(one, case, 0, 0)
        world.later(40 * DAY_MS)
        other = (await a.open()).case
        await all_read(agents, 2)
        await worker.work()
        for one in agents:
            await kept(one, case, 0, 10)
            await kept(one, other, 1, 0)
            assert {alert.rung for alert in await standing(one)} == set(EscalationLevel)
        await b.do(Step.ACKNOWLEDGE, case)
        await b.do(Step.DECLINE, case)
        await all_read(agents, 4)
        await worker.work()
        for one in agents:
            await kept(one, case, 3, 20)
            assert await standing(one) == []
            assert await differing(one) == []
            assert not one.agent.checks()["processors"]().detail
        assert province.agent.receiver.is_connected


def count_of(agent: RunningAgent, what: str) -> float:
    gauge = agent.agent.metrics.processor_differences
    value = gauge.labels(link=LINK, office=PROCESSOR, reason=what)._value.get()
    return float(value)


async def actions(agent: RunningAgent) -> list[str]:
    found = await agent.ask(lambda tx: [one.action for one in journal.entries(tx)])
    return [one for one in found if one.startswith("processor ")]


async def test_a_record_that_differs_is_told_loudly_and_clears_when_it_was_rewritten(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    async with a_watched(tmp_path, difference_after_s=0) as (world, a):
        case = await opened_case(a)
        true = await own_record(a, case)
        liar = world.liar()
        view = msgspec.structs.replace(true.view, state=State.ANSWERED)
        await liar.say(liar.case(msgspec.structs.replace(true, view=view)))
        (difference,) = await told(a, "case")
        assert difference.processor == PROCESSOR
        assert "shows verification_request answered in version 1" in difference.words
        assert "this office's log says verification_request sent" in difference.words
        assert "nothing was changed" in difference.words
        await a.until(lambda: count_of(a, "case") == 1)
        health = a.agent.checks()["processors"]()
        assert health.ok
        assert f"{PROCESSOR} differs on {LINK} (case, 1 times)" in health.detail
        assert await actions(a) == [f"processor {PROCESSOR} differs: case"]
        # Nothing was changed, and it is still so after a restart.
        assert a.view(case) == true.view
        await a.kill()
        a = await world.agent(A)
        assert count_of(a, "case") == 1
        await liar.say(liar.case(true))
        await told(a)
        await a.until(lambda: count_of(a, "case") == 0)
        assert (await actions(a))[1:] == [f"processor {PROCESSOR} no longer differs: case"]
        said = capfd.readouterr().err
        assert said.count("processor differs from this office's log") == 1
        assert "processor no longer differs" in said


async def test_clocks_that_differ_are_told_although_the_view_is_the_same(tmp_path: Path) -> None:
    async with a_watched(tmp_path, difference_after_s=0) as (world, a):
        case = await opened_case(a)
        true = await own_record(a, case)
        clocks = msgspec.structs.replace(true.clocks, rounds=())
        liar = world.liar()
        await liar.say(liar.case(msgspec.structs.replace(true, clocks=clocks)))
        (difference,) = await told(a, "case")
        assert "0 clocks running" in difference.words


async def test_a_record_ahead_waits_and_one_behind_is_compared_where_it_stands(
    tmp_path: Path,
) -> None:
    async with a_watched(tmp_path, difference_after_s=0) as (world, a):
        case = await opened_case(a)
        first = await own_record(a, case)
        ahead = msgspec.structs.replace(
            first,
            view=msgspec.structs.replace(first.view, position=2),
            clocks=msgspec.structs.replace(first.clocks, position=2),
        )
        liar = world.liar()
        await liar.say(liar.case(ahead))
        await kept(a, case, 2, 0)
        await a.do(Step.URGE, case)
        await a.read(2)
        assert await differing(a) == []
        # Behind, and as it was.
        await liar.say(liar.case(first))
        await kept(a, case, 0, 0)
        assert await differing(a) == []
        await liar.say(liar.case(ahead))
        await a.do(Step.URGE, case)
        await a.read(3)
        # Now the office is there, and its log has another step at that place.
        await told(a, "case")
        # Behind, and not as it was.
        await liar.say(liar.case(first))
        await told(a)
        view = msgspec.structs.replace(first.view, crossed=1)
        await liar.say(liar.case(msgspec.structs.replace(first, view=view)))
        await told(a, "case")


async def test_a_case_that_the_office_does_not_have_is_told(tmp_path: Path) -> None:
    async with a_watched(tmp_path, difference_after_s=0) as (world, a):
        true = await own_record(a, await opened_case(a))
        invented = CaseId(bytes(32))
        liar = world.liar()
        record = msgspec.structs.replace(
            true,
            view=msgspec.structs.replace(true.view, case=invented),
            clocks=msgspec.structs.replace(true.clocks, case=invented),
        )
        await liar.say(liar.case(record))
        (difference,) = await told(a, "case")
        assert difference.case == invented
        assert "says that there is no such case" in difference.words


async def test_an_alert_that_the_rules_do_not_give_is_told_and_one_that_is_withheld_too(
    tmp_path: Path,
) -> None:
    async with a_watched(tmp_path, difference_after_s=0) as (world, a):
        case = await overdue(world, [a])
        given = await own_alerts(a, case)
        assert len(given) == 10
        (silence,) = await told(a, "silence")
        assert f"the processor {PROCESSOR} has not told it" in silence.words
        liar = world.liar()
        await liar.say(*map(liar.alert, given))
        await told(a)
        # Another deadline than the rules give.
        last = given[-1]
        await liar.say(liar.alert(msgspec.structs.replace(last, due=(last.due or 0) - DAY_MS)))
        (difference,) = await told(a, "alert")
        assert "with other particulars than the rules give" in difference.words
        await liar.say(liar.alert(last))
        await told(a)
        # A clearing of what stands.
        gone = last.cleared(clearing_id(last.id), Step.ANSWER, world.time.now_ms(), 1)
        await liar.say(liar.alert(gone))
        (difference,) = await told(a, "alert")
        assert "which stands by this office's log" in difference.words


async def test_an_invented_alert_stands_with_a_warning_until_it_is_withdrawn(
    tmp_path: Path,
) -> None:
    async with a_watched(tmp_path, difference_after_s=0) as (world, a):
        case = await opened_case(a)
        world.later(DAY_MS)
        clocks = (await own_record(a, case)).clocks
        terms = terms_of_link(a.agent.office.directory, LINK)
        alert = alerts_of(clocks, terms, world.time.now_ms() + 40 * DAY_MS)[0]
        early = msgspec.structs.replace(alert, since=clocks.log_time + 1)
        liar = world.liar()
        await liar.say(liar.alert(early))
        (difference,) = await told(a, "alert")
        assert "which the rules do not give" in difference.words
        (shown_alert,) = await open_for(a)
        assert shown_alert.alert.by_the_rules is False
        assert "This office's log does not give this alert." in shown_alert.alert.words
        withdrawn = early.cleared(clearing_id(early.id), None, clocks.log_time + 2, 1)
        await liar.say(liar.alert(withdrawn))
        await told(a)
        assert await open_for(a) == []
        assert len(await stored_alerts(a, case)) == 2


MOVES: tuple[tuple[OfficeId, Step, dict[str, object]], ...] = (
    (A, Step.URGE, {}),
    (A, Step.SUPPLY_INFORMATION, {"text": "(fictional)"}),
    (A, Step.WITHDRAW, {}),
    (A, Step.PAUSE, {}),
    (A, Step.RESUME, {}),
    (B, Step.ACKNOWLEDGE, {}),
    (B, Step.ACCEPT, {}),
    (B, Step.RETURN_FOR_INFORMATION, {"questions": ["(fictional)"]}),
    (B, Step.DECLINE, {}),
    (B, Step.PAUSE, {}),
    (B, Step.RESUME, {}),
)


async def settled(agent: RunningAgent) -> list[ReportedDifference]:
    """What a comparison of everything finds at once."""
    outputs, loop = agent.agent.outputs, asyncio.get_running_loop()
    comparison = Comparison(agent.agent.office, 0)
    named = {LINK: frozenset({PROCESSOR})}
    moment = ComparisonTime(0, loop.time(), {}, frozenset({LINK}))
    found: list[ReportedDifference] = []
    while True:
        compared = await agent.agent.store.write(lambda tx: comparison.step(moment, named, tx))
        found += compared.loud
        if not compared.more:
            assert outputs.standing == {}
            return found


@pytest.mark.parametrize("seed", range(3))
async def test_whatever_offices_do_an_honest_processor_is_never_told(
    tmp_path: Path, seed: int
) -> None:
    dice = random.Random(seed)
    async with Watched(tmp_path, MemoryCluster()) as world:
        agents = dict(zip((A, B), await begin(world, A, B), strict=True))
        worker = await world.worker()
        cases: list[CaseId] = []
        size = 0
        for _ in range(60):
            world.later(dice.randrange(3 * DAY_MS))
            if not cases or dice.random() < 0.1:
                cases.append((await agents[dice.choice((A, B))].open()).case)
            else:
                office, step, fields = dice.choice(MOVES)
                ground = PauseGround.OTHER if step is Step.PAUSE else None
                try:
                    await agents[office].do(
                        step, dice.choice(cases), fields, reason="fictional", pause_ground=ground
                    )
                except CommandRefused:
                    continue
            size += 1
            await all_read(list(agents.values()), size)
            if dice.random() < 0.1:
                worker = await world.worker()
            if dice.random() < 0.5:
                await worker.work()
        await worker.work()
        for agent in agents.values():
            for case in cases:
                await kept(agent, case, (await own_record(agent, case)).view.position, None)
                given = await own_alerts(agent, case)
                await kept(agent, case, None, len(given))
            assert await settled(agent) == []
            assert sum([len(await own_alerts(agent, case)) for case in cases]) > 10
