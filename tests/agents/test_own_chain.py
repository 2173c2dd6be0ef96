"""An office's own chain: restored stores, second writers, certificates that ran out."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from blo_agent.accepting import CommandRefused
from blo_log.memory import MemoryCluster, MemoryLog
from blo_schemas.hashing import leaf_hash
from blo_schemas.summary import Kind, Step
from tests.agents.world import LINK, NOW, REQUEST, A, B, RunningAgent, World, two_offices


async def _open(running: RunningAgent) -> None:
    await running.submit(Kind.VERIFICATION_REQUEST, Step.OPEN, fields=REQUEST)


def _copy(folder: Path, source: str, target: str) -> None:
    """Copy a store that nobody has open."""
    for part in ("", "-wal", "-shm"):
        (folder / f"{target}.db{part}").unlink(missing_ok=True)
        if (folder / f"{source}.db{part}").exists():
            shutil.copy(folder / f"{source}.db{part}", folder / f"{target}.db{part}")


async def test_a_store_restored_from_a_backup_reads_its_own_chain_before_it_writes(
    tmp_path: Path,
) -> None:
    cluster = MemoryCluster()
    async with two_offices(tmp_path, lambda: MemoryLog(cluster)) as world:
        await world.publish()
        a = await world.agent(A)
        b = await world.agent(B)
        await a.until(lambda: LINK in a.agent.office.desks)
        await _open(a)
        await a.read(1)
        log = a.agent.log
        assert isinstance(log, MemoryLog)
        log.faults.line_down()
        await _open(a)  # In the outbox of the backup, and in the log.
        await a.stop()
        _copy(tmp_path, A, "backup")
        a = await world.agent(A)
        await _open(a)  # In the log, but not in the backup.
        await a.read(3)
        await a.stop()
        _copy(tmp_path, "backup", A)
        a = await world.agent(A)
        await _open(a)
        await b.read(4)
        desk = b.agent.office.desks[LINK]
        await b.until(lambda: desk.tally.accepted == 4)
        assert not desk.tally.rejected
        await a.until(lambda: not a.agent.office.desks[LINK].under_way)
        assert a.agent.office.desks[LINK].halted is None


async def test_what_no_longer_fits_behind_the_log_is_sealed_anew(tmp_path: Path) -> None:
    cluster = MemoryCluster()
    async with two_offices(tmp_path, lambda: MemoryLog(cluster)) as world:
        await world.publish()
        a = await world.agent(A)
        b = await world.agent(B)
        await a.until(lambda: LINK in a.agent.office.desks)
        await _open(a)
        await a.read(1)
        await a.stop()
        _copy(tmp_path, A, "backup")
        a = await world.agent(A)
        await _open(a)
        await a.read(2)
        await a.stop()
        _copy(tmp_path, "backup", A)
        log = MemoryLog(cluster)
        log.faults.line_down()
        a = await world.agent(A, log=log)
        await _open(a)  # Accepted off line, on the old state: its place is taken in the log.
        log.faults.line_up()
        await b.read(3)
        desk = b.agent.office.desks[LINK]
        await b.until(lambda: desk.tally.accepted == 3)
        assert not desk.tally.rejected


async def test_a_second_writer_halts_the_link(tmp_path: Path) -> None:
    cluster = MemoryCluster()
    (tmp_path / "copy").mkdir()
    async with two_offices(tmp_path, lambda: MemoryLog(cluster)) as world:
        await world.publish()
        thief = World(tmp_path / "copy", lambda: MemoryLog(cluster))
        thief.keys, thief.pins = world.keys, world.pins
        a = await world.agent(A)
        await a.until(lambda: LINK in a.agent.office.desks)
        await _open(a)
        await a.read(1)
        async with thief:
            other = await thief.agent(A)
            await other.read(1)
            await other.until(lambda: other.agent.office.desks[LINK].own_chain_checked)
            await _open(other)
            desk = a.agent.office.desks[LINK]
            await a.until(lambda: desk.halted is not None)
            with pytest.raises(CommandRefused) as refused:
                await _open(a)
            assert refused.value.reason == "halted"
            assert "not by this agent" in refused.value.words
            checks = a.agent.checks()
            assert not checks["links"]().ok


async def test_an_event_whose_certificate_ran_out_on_the_way_is_sealed_anew(
    tmp_path: Path,
) -> None:
    now = [NOW]
    cluster = MemoryCluster(lambda: now[0])
    async with World(tmp_path, lambda: MemoryLog(cluster)) as world:
        world.certify(A, not_after=NOW + 3_600_000)
        world.certify(B)
        world.agree(LINK, (A, B))
        await world.publish()
        log = MemoryLog(cluster)
        a = await world.agent(A, log=log)
        b = await world.agent(B)
        await a.until(lambda: LINK in a.agent.office.desks)
        await a.until(lambda: a.agent.office.desks[LINK].own_chain_checked)
        log.faults.line_down()
        await _open(a)
        await _open(a)
        now[0] += 2 * 3_600_000
        log.faults.line_up()
        await b.read(1)
        desk = b.agent.office.desks[LINK]
        await b.until(lambda: desk.tally.rejected["key_expired"] >= 1)
        await world.publish([world.certify(A, not_before=NOW - 1)])
        await b.until(lambda: desk.tally.accepted == 2)
        await a.until(lambda: not a.agent.office.desks[LINK].under_way)
        leaves = [leaf_hash(one.value or b"") for one in cluster.records("blo.exchange.la-vn", 0)]
        assert len(leaves) >= 4
