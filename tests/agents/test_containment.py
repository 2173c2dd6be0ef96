"""What this program fails on is contained at the smallest place; everything else goes on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import blo_agent.commands.accept
import blo_domain.cases
import blo_projection.fold
from blo_agent.office.link_status import HaltReason
from blo_agent.outbound.sender import Sender
from blo_agent.store.errors import JobFailed
from blo_agent.store.tables import halts, heads, outbox
from blo_log.memory import MemoryCluster, MemoryLog
from blo_projection.link_chain import LinkChain
from blo_schemas.event import LogRecord
from blo_schemas.ids import CaseId, LinkId, OfficeId
from blo_schemas.summary import Step
from tests.agents.crashing import agree
from tests.agents.started import both_up, opened_case
from tests.agents.test_cut_topics import OTHER, two_links
from tests.agents.world import LINK, A, B, RunningAgent, all_read, two_offices

C = OfficeId("la-c")


class Fault(Exception):
    """A fault of the program (fictional)."""


def contained(agent: RunningAgent) -> dict[str, float]:
    """How many faults were contained, by place."""
    found = {}
    for metric in agent.agent.metrics.registry.collect():
        for sample in metric.samples:
            if sample.name == "blo_faults_contained_total":
                found[sample.labels["place"]] = sample.value
    return found


@pytest.fixture
def evolve_fails(monkeypatch: pytest.MonkeyPatch) -> set[CaseId]:
    """The cases on whose urging the lifecycle raises."""
    cases: set[CaseId] = set()
    genuine = blo_domain.cases.evolve

    def evolve(view: Any, fact: Any, parties: Any) -> Any:
        if fact.case in cases and fact.summary.step is Step.URGE:
            raise Fault
        return genuine(view, fact, parties)

    monkeypatch.setattr(blo_projection.fold, "evolve", evolve)
    return cases


async def test_a_step_that_the_program_fails_on_closes_its_case_and_no_other(
    tmp_path: Path, evolve_fails: set[CaseId]
) -> None:
    cluster = MemoryCluster()
    async with both_up(tmp_path, cluster) as (world, a, b):
        poisoned, other = await opened_case(a, [b]), await opened_case(a, [b])
        await b.stop()
        evolve_fails.add(poisoned)
        urged = await a.do(Step.URGE, poisoned)
        await a.do(Step.URGE, other)
        await a.read(4)
        # The record has no verdict and is counted; what follows in its case waits behind it.
        assert [outcome for outcome, _, _ in await a.verdicts()] == [
            "accepted",
            "accepted",
            "None",
            "accepted",
        ]
        assert a.desk().unopened == [2]
        assert a.desk().fold.parked_count() == 1
        assert contained(a)["a record"] == 1
        assert not a.desk().under_way, "it lies in the log, so it is not sent again"
        assert urged.case == poisoned
        await a.do(Step.WITHDRAW, other)
        await a.read(5)
        # A restart finds the same, and a program that is mended goes on where this one failed.
        await a.stop()
        a = await world.agent(A)
        await a.do(Step.URGE, (await a.open()).case)
        await a.read(7)
        assert a.desk().fold.parked_count() == 1
        await a.stop()
        evolve_fails.clear()
        a, b = await world.agent(A), await world.agent(B)
        await a.open()
        await all_read([a, b], 8)
        await a.until(lambda: not a.desk().unopened)
        assert {outcome for outcome, _, _ in await a.verdicts()} == {"accepted"}
        assert not await a.ask(lambda snapshot: snapshot.rows("SELECT 1 FROM parked"))
        await agree([a, b])


async def test_bytes_that_the_record_layer_fails_on_halt_their_link_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = MemoryCluster()
    genuine = LinkChain.admit

    def admit(chain: LinkChain, record: LogRecord) -> Any:
        if chain.link == LINK and record.position == 1:
            raise Fault
        return genuine(chain, record)

    async with two_offices(tmp_path, lambda: MemoryLog(cluster)) as world:
        a, b, c = await two_links(world, cluster)
        case = await opened_case(a, [b])
        await b.stop()
        monkeypatch.setattr(LinkChain, "admit", admit)
        await a.do(Step.URGE, case)
        await a.until(lambda: a.desk().status.halted is not None)
        other = (await a.open(OTHER)).case
        await c.read(1, OTHER)
        await c.do(Step.ACKNOWLEDGE, other, link=OTHER)
        await a.read(2, OTHER)
        assert a.desk().size == 1
        await a.stop()
        a = await world.agent(A)
        await a.do(Step.URGE, other, link=OTHER)
        await a.read(3, OTHER)
        (halt,) = await a.ask(lambda tx: halts.standing(tx, LINK))
        assert halt.reason == HaltReason.UNREADABLE
        assert a.view(case) is not None
        # A program that is mended reads on.
        monkeypatch.setattr(LinkChain, "admit", genuine)
        await a.agent.resume(LINK, "the program was mended (fictional)", "chief")
        await a.read(2)
        await a.until(lambda: a.desk().status.own_chain_checked)
        await a.do(Step.WITHDRAW, case)
        await a.read(3)


async def test_memory_is_put_back_when_a_command_fails_half_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with both_up(tmp_path) as (_, a, b):
        case = await opened_case(a, [b])
        genuine = blo_agent.commands.accept._put

        def put(*args: Any) -> Any:
            genuine(*args)
            raise Fault

        monkeypatch.setattr(blo_agent.commands.accept, "_put", put)
        with pytest.raises(JobFailed) as failed:
            await a.do(Step.URGE, case)
        assert isinstance(failed.value.__cause__, Fault)
        monkeypatch.setattr(blo_agent.commands.accept, "_put", genuine)
        assert not a.desk().under_way
        assert await a.ask(lambda tx: outbox.unconfirmed_of_link(tx, LINK)) == []
        assert a.agent.store.failure is None
        accepted = await a.do(Step.URGE, case)
        assert accepted.oseq == 1
        await all_read([a, b], 2)
        await a.until(lambda: a.desk().status.own_chain_checked)
        await agree([a, b])


async def test_a_head_that_the_program_fails_on_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    genuine = heads.put

    def put(tx: Any, head: heads.StoredHead) -> Any:
        stored = genuine(tx, head)
        if head.size == 1:
            raise Fault
        return stored

    async with both_up(tmp_path) as (_, a, b):
        monkeypatch.setattr(heads, "put", put)
        case = await opened_case(a, [b])
        await a.until(lambda: contained(a).get("heads", 0) > 0)
        await a.do(Step.URGE, case)
        await all_read([a, b], 2)
        await a.until(lambda: (LINK, B) in a.agent.office.heads)
        await a.until(lambda: a.agent.office.heads[LINK, B].size == 2)


async def test_a_part_that_fails_is_started_again_and_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = True
    genuine = Sender._send_batch

    async def send_batch(sender: Sender) -> bool:
        if failing:
            raise Fault
        return await genuine(sender)

    async with both_up(tmp_path) as (_, a, b):
        case = await opened_case(a, [b])
        monkeypatch.setattr(Sender, "_send_batch", send_batch)
        await a.do(Step.URGE, case)
        await a.until(lambda: contained(a).get("sender", 0) > 1)
        ready = a.agent.checks()["parts"]()
        assert not ready.ok
        assert "sender: incident" in ready.detail
        assert not a.task.done()
        failing = False
        await all_read([a, b], 2)


async def test_own_events_that_cannot_be_taken_from_the_outbox_halt_their_link_and_no_other(
    tmp_path: Path,
) -> None:
    cluster = MemoryCluster()
    async with two_offices(tmp_path, lambda: MemoryLog(cluster)) as world:
        a, b, c = await two_links(world, cluster)
        case = await opened_case(a, [b])
        await a.line_down()
        await a.do(Step.URGE, case)
        await a.agent.store.write(
            lambda tx: tx.execute(
                "UPDATE outbox SET value = x'c0' WHERE link = ? AND oseq = 1", (LINK,)
            )
        )
        await a.stop()
        a = await world.agent(A)
        await a.until(lambda: a.desk().status.halted is not None)
        (halt,) = await a.ask(lambda tx: halts.standing(tx, LINK))
        assert halt.reason == HaltReason.OWN_EVENTS
        await a.open(LinkId(OTHER))
        await c.read(1, OTHER)


async def test_offsets_that_run_ahead_of_what_is_on_disk_are_found_at_the_start(
    tmp_path: Path,
) -> None:
    async with both_up(tmp_path) as (world, a, b):
        case = await opened_case(a, [b])
        await b.until(lambda: not b.desk().unopened)

        def lose(tx: Any) -> None:
            # As a file from before the grants beside a log that had only newer offsets.
            tx.execute("DELETE FROM keys")
            tx.execute("DELETE FROM records")
            tx.execute("DELETE FROM batches")

        await b.agent.store.write(lose)
        await b.kill()
        b = await world.agent(B)
        await b.read(1)
        await b.until(lambda: not b.desk().unopened and not b.desk().fold.parked_count())
        await b.until(lambda: b.view(case) is not None)
        assert contained(b)["taking a link from the store"] == 1
        await b.do(Step.ACKNOWLEDGE, case)
        await all_read([a, b], 2)
