"""Files never stand in the way of events, and go on where they were after a crash."""

from __future__ import annotations

from pathlib import Path

import pytest

from blo_agent.files.options import FileOptions
from blo_agent.store.tables.files import FileState
from blo_log.memory import MemoryCluster
from blo_schemas.files import CHUNK_SIZE
from tests.agents.started import both_up
from tests.agents.world import A, B, all_read
from tests.files.enclosed import bytes_of, chunks, comes_to, contents, file_of, opens_with_file
from tests.files.gated_log import GatedLog

LARGE = bytes_of(16 * CHUNK_SIZE)


async def test_an_event_does_not_wait_for_a_chunk_that_is_stuck(tmp_path: Path) -> None:
    cluster = MemoryCluster()
    log = GatedLog(cluster)
    async with both_up(tmp_path, cluster, log_of_a=log) as (_, a, b):
        opened = await opens_with_file(a, LARGE)
        await a.until(log.waiting.is_set)
        urgent = await a.open()
        await b.read(2)
        assert b.view(urgent.case) is not None
        assert not chunks(cluster), "the first chunk is stuck still"
        log.gate.set()
        await comes_to(b, opened.case, FileState.WHOLE)


async def test_at_most_one_chunk_goes_before_an_event_that_is_on_disk(tmp_path: Path) -> None:
    cluster = MemoryCluster()
    log = GatedLog(cluster)
    log.gate.set()
    async with both_up(tmp_path, cluster, log_of_a=log) as (_, a, b):
        await opens_with_file(a, LARGE)
        await a.until(lambda: "files" in log.notes)
        for _ in range(5):
            await a.open()
            log.notes.append("accepted")
        await all_read([a, b], 6)
    notes = log.notes
    accepted = [at for at, note in enumerate(notes) if note == "accepted"]
    for at in accepted:
        later = notes[at:]
        before = later[: later.index("exchange")] if "exchange" in later else later
        assert before.count("files") <= 1, notes


async def test_a_file_goes_on_after_a_crash_of_either_office(tmp_path: Path) -> None:
    cluster = MemoryCluster()
    log = GatedLog(cluster)
    log.passes = 5
    async with both_up(tmp_path, cluster, log_of_a=log) as (world, a, b):
        opened = await opens_with_file(a, LARGE)
        await a.until(log.waiting.is_set)
        assert len(chunks(cluster)) == 5
        await b.until(lambda: (row := file_of(b, opened.case)) is not None and row.about.done == 5)
        await a.kill()
        await b.kill()
        a, b = await world.agent(A), await world.agent(B)
        came = await comes_to(b, opened.case, FileState.WHOLE)
        assert contents(b, came) == LARGE
        assert len(chunks(cluster)) == 16, "no chunk was sent twice"
        await comes_to(a, opened.case, FileState.SENT)


@pytest.mark.parametrize(("share", "rest_s"), [(1.0, 0.0), (0.5, 2.0), (0.25, 6.0)])
def test_the_line_rests_so_long_that_files_have_their_share(share: float, rest_s: float) -> None:
    busy_s = 2.0
    assert FileOptions(line_share=share).rest_s(busy_s) == rest_s
    assert busy_s / (busy_s + rest_s) == share
