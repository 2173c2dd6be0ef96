"""When a processor is judged: not before all was read, and not before a difference has lasted."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec
import pytest

from blo_agent.office.case_clocks import facts_of
from blo_agent.oversight import compare
from blo_agent.oversight.compare import Comparison, ComparisonResult, ComparisonTime
from blo_agent.store.connection import Snapshot
from blo_agent.store.tables import comparisons
from blo_domain.cases import SubmittedStep
from blo_log.memory import MemoryCluster
from blo_schemas.grants import KeyPurpose
from blo_schemas.ids import CaseId, LinkId
from blo_schemas.outputs import CaseRecord
from blo_schemas.summary import Step
from blo_schemas.views import State
from tests.agents.late_keys import let_go, make_keeper
from tests.agents.processing import (
    DAY_MS,
    PROCESSOR,
    Liar,
    Watched,
    a_watched,
    differing,
    kept,
    overdue,
    own_alerts,
    own_record,
    told,
)
from tests.agents.started import begin, opened_case
from tests.agents.world import LINK, A, B, RunningAgent

pytestmark = pytest.mark.slow

NAMED = {LINK: frozenset({PROCESSOR})}


class Judge:
    """A comparison of an agent's cases, held when a test says so.

    Args:
        agent: Whose.
        after_s: How long a difference must last.
    """

    def __init__(self, agent: RunningAgent, after_s: float) -> None:
        self._agent = agent
        self._comparison = Comparison(agent.agent.office, after_s)

    async def look(
        self,
        at_s: float = 0,
        *,
        read: bool = True,
        settled: Mapping[LinkId, int] | None = None,
        now: int = 0,
    ) -> ComparisonResult:
        """One round, at a second of the monotonic clock."""
        moment = ComparisonTime(now, at_s, settled or {}, frozenset({LINK} if read else ()))
        return await self._agent.agent.store.write(
            lambda tx: self._comparison.step(moment, NAMED, tx)
        )


def lied_about(record: CaseRecord) -> CaseRecord:
    view = msgspec.structs.replace(record.view, state=State.ANSWERED)
    return msgspec.structs.replace(record, view=view)


async def lied_to(world: Watched, a: RunningAgent) -> tuple[Liar, CaseId, CaseRecord]:
    """A case of A's of which A keeps a lie: who told it, about which case, and what is true."""
    case = await opened_case(a)
    true = await own_record(a, case)
    liar = world.liar()
    await liar.say(liar.case(lied_about(true)))
    await kept(a, case, 0, 0)
    return liar, case, true


async def test_a_difference_is_told_once_when_it_has_lasted(tmp_path: Path) -> None:
    async with a_watched(tmp_path, difference_after_s=3600) as (world, a):
        await lied_to(world, a)
        judge = Judge(a, 10)
        assert not (await judge.look(100, read=False)).loud
        assert not (await judge.look(100)).loud
        assert not (await judge.look(109)).loud
        assert await differing(a) == []
        (one,) = (await judge.look(110)).loud
        assert (one.processor, one.what) == (PROCESSOR, "case")
        assert not (await judge.look(111)).loud
        assert len(await differing(a)) == 1


async def test_what_the_offices_clock_alone_says_is_expected_too(tmp_path: Path) -> None:
    async with a_watched(tmp_path, difference_after_s=3600) as (world, a):
        await a.open()
        await a.read(1)
        judge = Judge(a, 0)
        assert not (await judge.look()).loud
        later = world.time.now_ms() + 40 * DAY_MS
        (one,) = (await judge.look(settled={LINK: later})).loud
        assert one.what == "silence"


async def test_a_start_compares_what_has_moved_and_once_a_day_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: set[CaseId] = set()

    def facts(snapshot: Snapshot, link: LinkId, case: CaseId) -> list[SubmittedStep]:
        looked.add(case)
        return facts_of(snapshot, link, case)

    async with a_watched(tmp_path, difference_after_s=3600) as (world, a):
        opened = [await opened_case(a) for _ in range(3)]

        def is_remembered() -> bool:
            at = a.read_store(lambda snapshot: comparisons.load(snapshot, LINK))
            return at is not None and at.size == 3 and not at.open and at.swept_to is None

        await a.until(is_remembered)
        monkeypatch.setattr(compare, "facts_of", facts)
        judge, today = Judge(a, 0), world.time.now_ms()
        await judge.look(now=today)
        assert looked == set()
        await a.do(Step.WITHDRAW, opened[1])
        await a.read(4)
        await judge.look(now=today)
        assert looked == {opened[1]}
        liar = world.liar()
        await liar.say(liar.case(await own_record(a, opened[2])))
        await kept(a, opened[2], 2, 0)
        await Judge(a, 0).look(now=today)
        assert looked == {opened[1], opened[2]}
        await judge.look(now=today + DAY_MS)
        assert looked == set(opened)


async def test_a_link_that_is_read_again_is_not_judged_meanwhile(tmp_path: Path) -> None:
    async with a_watched(tmp_path, difference_after_s=3600) as (world, a):
        await overdue(world, [a])
        judge = Judge(a, 0)
        a.desk().status.rereads_to = 3
        assert not (await judge.look()).loud
        a.desk().status.rereads_to = 0
        (one,) = (await judge.look()).loud
        assert one.what == "silence"


async def test_a_difference_that_cannot_be_judged_any_more_stays_until_it_can(
    tmp_path: Path,
) -> None:
    async with a_watched(tmp_path, difference_after_s=3600) as (world, a):
        liar, case, true = await lied_to(world, a)
        judge = Judge(a, 0)
        assert len((await judge.look()).loud) == 1
        ahead = msgspec.structs.replace(
            true,
            view=msgspec.structs.replace(true.view, position=5),
            clocks=msgspec.structs.replace(true.clocks, position=5),
        )
        await liar.say(liar.case(ahead))
        await kept(a, case, 5, 0)
        judge = Judge(a, 0)
        compared = await judge.look()
        assert not compared.loud
        assert not compared.healed
        await liar.say(liar.case(true))
        await kept(a, case, 0, 0)
        (gone,) = (await judge.look()).healed
        assert gone.what == "case"


async def test_a_case_that_waits_for_its_key_is_judged_when_it_was_opened(tmp_path: Path) -> None:
    cluster = MemoryCluster()
    async with Watched(tmp_path, cluster) as world:
        world.difference_after_s = 0
        keeper = make_keeper(cluster, KeyPurpose.SUMMARY)
        a, b = await begin(world, A, B, log_of_a=keeper)
        case = await opened_case(a)
        await b.read(1)
        assert b.desk().fold.parked_count() == 1
        liar = world.liar()
        await liar.say(liar.case(lied_about(await own_record(a, case))))
        await kept(b, case, 0, 0)
        await told(a, "case")
        assert not (await Judge(b, 0).look()).loud
        assert await differing(b) == []
        await let_go(cluster, keeper)
        await told(b, "case")


async def test_one_alert_of_many_that_is_withheld_is_missed(tmp_path: Path) -> None:
    async with a_watched(tmp_path, difference_after_s=3600) as (world, a):
        case = await overdue(world, [a])
        given = await own_alerts(a, case)
        liar = world.liar()
        await liar.say(*map(liar.alert, given[:-1]))
        await kept(a, case, None, len(given) - 1)
        (one,) = (await Judge(a, 0).look()).loud
        assert one.what == "silence"
        await liar.say(liar.alert(given[-1]))
        await kept(a, case, None, len(given))
        assert len((await Judge(a, 0).look()).healed) == 1
