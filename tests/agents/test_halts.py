"""Halts of a link: stored with their evidence, and lifted by a person alone."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from blo_agent.commands.accept import CommandRefused
from blo_agent.office.halts import MOST_STANDING, NotHalted
from blo_agent.office.link_status import HaltReason
from blo_agent.store.tables import halts, journal
from blo_log.memory import MemoryCluster
from blo_log.topics import exchange_topic
from blo_schemas.codec import encode
from blo_schemas.event import ENVELOPE
from blo_schemas.heads import HEAD, SIGNED_HEAD
from blo_schemas.summary import Step
from tests.agents.started import both_up, opened_case
from tests.agents.test_heads import ELSEWHERE, head_of, say, size_of_head
from tests.agents.test_own_chain import twin_of
from tests.agents.world import (
    CORRIDOR,
    LINK,
    A,
    B,
    RunningAgent,
    World,
    all_read,
)


async def standing(agent: RunningAgent) -> list[halts.StoredHalt]:
    return await agent.ask(lambda tx: halts.standing(tx, LINK))


async def again(world: World, agent: RunningAgent) -> RunningAgent:
    await agent.kill()
    fresh = await world.agent(agent.agent.office.id)
    await fresh.has_desk()
    return fresh


async def test_a_contradiction_stays_when_the_counterparts_next_honest_head_comes(
    tmp_path: Path,
) -> None:
    async with both_up(tmp_path) as (world, a, b):
        case = await opened_case(a, [b])
        lie = await head_of(b, log_hash=ELSEWHERE)
        honest = await head_of(b)
        await b.stop()
        await say(world, world.keys[B], lie)
        await a.until(lambda: a.desk().status.halted is not None)
        await say(world, world.keys[B], msgspec.structs.replace(honest, at=honest.at + 1))
        await a.until(lambda: (LINK, B) in a.agent.office.heads)
        await a.until(lambda: a.agent.office.heads[LINK, B].at == honest.at + 1)
        a = await again(world, a)
        with pytest.raises(CommandRefused) as refusal:
            await a.do(Step.URGE, case)
        assert refusal.value.reason == "halted"
        (halt,) = await standing(a)
        assert halt.reason == HaltReason.OTHER_LOG
        assert HEAD.decode(SIGNED_HEAD.decode(halt.evidence).head) == lie, "what B has signed"


async def test_a_lie_about_records_to_come_is_compared_though_an_honest_head_follows_it(
    tmp_path: Path,
) -> None:
    async with both_up(tmp_path) as (world, a, b):
        case = await opened_case(a, [b])
        lie = await head_of(b, size=2, log_hash=ELSEWHERE)
        await b.stop()
        await say(world, world.keys[B], lie, msgspec.structs.replace(lie, size=3))
        await a.until(lambda: size_of_head(a) == 3)
        a = await again(world, a)
        assert a.desk().status.halted is None
        await a.do(Step.URGE, case)
        await a.until(lambda: a.desk().status.halted is not None)
        (halt,) = await standing(a)
        assert HEAD.decode(SIGNED_HEAD.decode(halt.evidence).head) == lie
        entries = await a.ask(lambda tx: list(journal.entries(tx)))
        assert [one.detail for one in entries if one.action == f"halt over {B}"] == [halt.evidence]


async def test_an_office_does_not_write_beside_the_thief_of_its_key_after_a_restart(
    tmp_path: Path,
) -> None:
    cluster = MemoryCluster()
    async with both_up(tmp_path, cluster) as (world, a, b):
        case = await opened_case(a, [b])
        thief = await twin_of(world, a)
        await thief.until(lambda: thief.desk().status.own_chain_checked)
        await a.line_down()
        await thief.do(Step.URGE, case)
        await b.read(2)
        a.line_up()
        await a.until(lambda: a.desk().status.halted is not None)
        a = await again(world, a)
        await a.read(2)
        with pytest.raises(CommandRefused) as refusal:
            await a.do(Step.WITHDRAW, case)
        assert refusal.value.reason == "halted"
        assert len(cluster.records(exchange_topic(CORRIDOR), 0)) == 2
        (halt,) = await standing(a)
        stolen = cluster.records(exchange_topic(CORRIDOR), 0)[1].value or b""
        assert encode(ENVELOPE.decode(halt.evidence)) == stolen

        await thief.stop()
        assert await a.agent.resume(LINK, "the copy was stopped (fictional)", "chief") == 1
        await a.until(lambda: a.desk().status.own_chain_checked)
        await a.do(Step.WITHDRAW, case)
        await all_read([a, b], 3)
        assert [outcome for outcome, _, _ in await b.verdicts()] == ["accepted"] * 3


async def test_an_office_sees_at_its_start_what_a_thief_of_its_key_wrote_while_it_was_down(
    tmp_path: Path,
) -> None:
    cluster = MemoryCluster()
    async with both_up(tmp_path, cluster) as (world, a, b):
        case = await opened_case(a, [b])
        thief = await twin_of(world, a)
        await thief.until(lambda: thief.desk().status.own_chain_checked)
        await a.stop()
        await thief.do(Step.URGE, case)
        await b.read(2)
        await thief.stop()
        a = await world.agent(A)
        await a.until(lambda: a.desk().status.halted is not None)
        with pytest.raises(CommandRefused) as refusal:
            await a.do(Step.WITHDRAW, case)
        assert refusal.value.reason == "halted"
        (halt,) = await standing(a)
        stolen = cluster.records(exchange_topic(CORRIDOR), 0)[1].value or b""
        assert encode(ENVELOPE.decode(halt.evidence)) == stolen

        assert await a.agent.resume(LINK, "the copy was stopped (fictional)", "chief") == 1
        await a.until(lambda: a.desk().status.own_chain_checked)
        await a.do(Step.WITHDRAW, case)
        await all_read([a, b], 3)
        a = await again(world, a)
        await a.until(lambda: a.desk().status.own_chain_checked)
        assert a.desk().status.halted is None


async def test_who_resumes_a_link_is_in_the_journal_and_the_evidence_stays(tmp_path: Path) -> None:
    async with both_up(tmp_path) as (world, a, b):
        case = await opened_case(a, [b])
        with pytest.raises(NotHalted):
            await a.agent.resume(LINK, "nothing (fictional)", "chief")
        lie = await head_of(b, log_hash=ELSEWHERE)
        await b.stop()
        await say(world, world.keys[B], lie)
        await a.until(lambda: a.desk().status.halted is not None)
        await a.agent.resume(LINK, "B was restored from a backup (fictional)", "Chief Tran")
        await a.until(lambda: a.desk().status.own_chain_checked)
        # The very same signature again is nothing new, also after a restart.
        await say(world, world.keys[B], lie)
        a = await again(world, a)
        await a.do(Step.URGE, case)
        await a.read(2)
        assert a.desk().status.halted is None
        (halt,) = await a.ask(lambda tx: halts.of_link(tx, LINK))
        assert (halt.resumed_by, halt.resumed_for) == (
            "Chief Tran",
            "B was restored from a backup (fictional)",
        )
        entries = await a.ask(lambda tx: list(journal.entries(tx)))
        (resumed,) = [one for one in entries if one.action == "resume link"]
        assert resumed.actor == "Chief Tran"
        assert resumed.detail == encode((halt.resumed_for, [halts.evidence_id(halt.evidence)]))
        # Another contradiction halts it again.
        await say(world, world.keys[B], msgspec.structs.replace(lie, at=lie.at + 1))
        await a.until(lambda: a.desk().status.halted is not None)


async def test_contradictions_without_number_fill_neither_memory_nor_disk(tmp_path: Path) -> None:
    async with both_up(tmp_path) as (world, a, b):
        await opened_case(a, [b])
        lie = await head_of(b, log_hash=ELSEWHERE)
        honest = await head_of(b)
        await b.stop()
        lies = [msgspec.structs.replace(lie, at=lie.at + nth) for nth in range(2 * MOST_STANDING)]
        ahead = [msgspec.structs.replace(honest, size=nth + 100) for nth in range(200)]
        await say(world, world.keys[B], *lies, *ahead)
        await a.until(lambda: size_of_head(a) == 299)
        assert len(await standing(a)) == MOST_STANDING
        kept = await a.ask(lambda tx: tx.rows("SELECT size FROM heads_ahead ORDER BY size"))
        assert [size for (size,) in kept] == list(range(100, 164)), "the first to be compared"


async def test_evidence_can_be_neither_changed_nor_removed(tmp_path: Path) -> None:
    async with both_up(tmp_path) as (world, a, b):
        await opened_case(a, [b])
        lie = await head_of(b, log_hash=ELSEWHERE)
        await b.stop()
        await say(world, world.keys[B], lie)
        await a.until(lambda: a.desk().status.halted is not None)
        before = await standing(a)
        for statement in ("DELETE FROM halts", "UPDATE halts SET evidence = x'00'"):
            with pytest.raises(Exception, match="ConstraintError"):
                await a.agent.store.write(
                    lambda tx, statement=statement: tx.execute(statement)  # type: ignore[misc]
                )
        assert await standing(a) == before
        assert a.desk().status.halted is not None
