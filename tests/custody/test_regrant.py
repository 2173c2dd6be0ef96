"""Keys are granted again: to whom the agreement gives them, all that it gives, and no more."""

from __future__ import annotations

from pathlib import Path

import pytest

from blo_agent.custody.errors import CustodyRefused
from blo_agent.custody.regrant import AT_ONCE, regrants
from blo_agent.store.tables import journal, keys
from blo_log.memory import MemoryCluster, MemoryLog
from blo_log.port import TopicPartition
from blo_log.topics import keys_topic
from blo_schemas.grants import KeyPurpose
from blo_schemas.ids import CaseId, OfficeId
from blo_schemas.summary import Step
from blo_schemas.trust import Superior
from tests.agents.crashing import agree
from tests.agents.shredded import shredded, withdrawn
from tests.agents.started import begin, both_up, opened_case, three_up
from tests.agents.world import (
    CORRIDOR,
    LINK,
    PROVINCE,
    A,
    B,
    RunningAgent,
    all_read,
    two_offices,
)
from tests.custody.lost_nodes import certify_new_keys, lose_disk, opens, regranted

pytestmark = pytest.mark.slow
KEYS = TopicPartition(keys_topic(CORRIDOR), 0)


def held(agent: RunningAgent, purpose: KeyPurpose) -> set[bytes]:
    stored = agent.read_store(lambda snapshot: keys.all_of(snapshot, LINK))
    return {row.key_id for row in stored if row.purpose is purpose}


async def test_an_office_without_its_disk_reads_all_again_when_the_counterpart_has_granted(
    tmp_path: Path,
) -> None:
    async with both_up(tmp_path) as (world, a, b):
        own = [await opened_case(a, [b]) for _ in range(2)]
        theirs = await opened_case(b, [a])
        await b.do(Step.ACKNOWLEDGE, own[0])
        await all_read([a, b], 4)
        before = {purpose: held(b, purpose) for purpose in KeyPurpose}
        await a.kill()
        lose_disk(world, A)
        certify_new_keys(world, A)
        await world.publish()
        a = await world.agent(A)
        await a.read(4)
        await b.heeds(world)
        assert a.desk().unopened, "the keys of the lost node are gone"
        done = await regranted(b, A)
        assert (done.contents, done.missing) == (3, 0)
        await opens(a, own[0], 2)
        await opens(a, own[1], 1)
        await opens(a, theirs, 1)
        await a.until(lambda: not a.desk().unopened)
        assert {purpose: held(a, purpose) for purpose in KeyPurpose} == before
        # It goes on as the same office, behind the chain that the lost node has left.
        await a.do(Step.URGE, own[1])
        await a.do(Step.ACKNOWLEDGE, theirs)
        await all_read([a, b], 6)
        await agree([a, b])
        assert {outcome for outcome, _, _ in await b.verdicts()} == {"accepted"}
        entries = b.read_store(lambda snapshot: list(journal.entries(snapshot)))
        assert [row.action for row in entries if "grant" in row.action] == [
            "grant again",
            "granted again",
        ]


async def test_a_superior_that_has_lost_its_key_gets_what_it_had(tmp_path: Path) -> None:
    async with three_up(tmp_path, MemoryCluster()) as (world, a, b, province):
        case = await opened_case(a, [b, province])
        await province.kill()
        lose_disk(world, PROVINCE)
        certify_new_keys(world, PROVINCE)
        await world.publish()
        province = await world.agent(PROVINCE)
        await province.read(1)
        await a.heeds(world)
        done = await regranted(a, PROVINCE)
        assert (done.contents, done.summaries) == (1, 1)
        await opens(province, case, 1)
        with pytest.raises(CustodyRefused, match="only reads"):
            await province.agent.regrants.ask(LINK, A, "reason", "operator")


async def test_a_new_superior_gets_the_cases_that_live_under_its_agreement_and_no_others(
    tmp_path: Path,
) -> None:
    async with both_up(tmp_path) as (world, a, b):
        ended = await withdrawn(a, [b])
        living = await opened_case(a, [b])
        await all_read([a, b], 3)
        world.certify(PROVINCE)
        world.agree(
            LINK,
            (A, B),
            version=2,
            superiors=(Superior(superior=PROVINCE, office=A),),
            effective_from=world.clock.now_ms(),
        )
        await world.publish()
        for agent in (a, b):
            await agent.heeds(world)
        province = await world.agent(PROVINCE)
        await province.read(3)
        later = await opened_case(a, [b])
        await province.read(4)
        old_summaries = held(a, KeyPurpose.SUMMARY) - held(province, KeyPurpose.SUMMARY)
        assert old_summaries, "what was written before is sealed with a key that it was not given"
        done = await regranted(a, PROVINCE)
        assert done.contents == 2
        await province.until_true(lambda: _has(province, living))
        assert held(province, KeyPurpose.CONTENT) == {living, later}
        assert ended not in held(province, KeyPurpose.CONTENT)
        # No summary of the time before: not even the kind of a case of then is its business.
        assert not old_summaries & held(province, KeyPurpose.SUMMARY)


async def _has(agent: RunningAgent, case: CaseId) -> bool:
    return case in held(agent, KeyPurpose.CONTENT)


async def test_nobody_else_is_granted_anything(tmp_path: Path) -> None:
    async with both_up(tmp_path) as (world, a, b):
        await opened_case(a, [b])
        world.certify(OfficeId("vn-outsider"))
        await world.publish()
        await a.heeds(world)
        for reader in ("vn-outsider", PROVINCE, "", A):
            with pytest.raises(CustodyRefused, match="names no reader"):
                await a.agent.regrants.ask(LINK, OfficeId(reader), "reason", "operator")
        assert await a.ask(regrants) == []


async def test_a_shredded_case_is_not_granted_again_and_takes_its_grants_with_it(
    tmp_path: Path,
) -> None:
    cluster = MemoryCluster()
    async with both_up(tmp_path, cluster) as (_, a, b):
        case = await withdrawn(a, [b])
        gone = await shredded(a, b, [])
        assert (await regranted(b, A)).contents == 1, "the other is shredded"
        assert not [key for key in values(cluster) if key.startswith(gone)]
        assert [key for key in values(cluster) if key == case + A.encode()]


def values(cluster: MemoryCluster) -> list[bytes]:
    """The keys of the grants that are left when the topic is compacted."""
    last = {record.key or b"": record.value for record in cluster.records(*KEYS)}
    return [key for key, value in last.items() if value is not None]


async def test_granting_goes_on_after_a_kill_where_it_stood(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("blo_agent.custody.regrant.AT_ONCE", 2)
    cluster = MemoryCluster()
    async with two_offices(tmp_path, lambda: MemoryLog(cluster)) as world:
        a, b = await begin(world, A, B)
        for _ in range(5):
            await a.open()
        await all_read([a, b], 5)
        await b.line_down()
        await b.agent.regrants.ask(LINK, A, "lost", "operator")
        await b.kill()
        b = await world.agent(B)

        async def is_done() -> bool:
            return [row.done for row in await b.ask(regrants)] == [True]

        await b.until_true(is_done)
        (done,) = await b.ask(regrants)
        assert (done.contents, done.missing) == (5, 0)

        async def is_sent() -> bool:
            granted = [key for key in values(cluster) if key.endswith(A.encode())]
            return len({key[:32] for key in granted if len(key) > 32}) >= 6

        await b.until_true(is_sent)
    assert AT_ONCE == 64


async def test_a_reader_that_the_agreement_names_no_more_gets_nothing(tmp_path: Path) -> None:
    cluster = MemoryCluster()
    async with three_up(tmp_path, cluster) as (world, a, b, province):
        await opened_case(a, [b, province])
        world.agree(LINK, (A, B), version=2, effective_from=world.clock.now_ms())
        await world.publish()
        await a.heeds(world)
        with pytest.raises(CustodyRefused, match="names no reader"):
            await a.agent.regrants.ask(LINK, PROVINCE, "reason", "operator")
