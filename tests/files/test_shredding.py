"""A shredded case leaves nothing of its files, here or at the broker, before anybody says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from blo_agent.commands.accept import CommandRefused
from blo_agent.store.tables.files import FileState
from blo_log.memory import MemoryCluster
from blo_schemas.files import CHUNK_SIZE, chunk_record_key
from blo_schemas.ids import CaseId
from blo_schemas.summary import Step
from tests.agents.shredded import (
    both_confirm,
    both_consent,
    consents,
    pages,
    state_of,
    until_scrubbed,
)
from tests.agents.started import both_up
from tests.agents.world import A, B, RunningAgent, all_read
from tests.files.enclosed import PDF, bytes_of, chunks, comes_to, file_of, opens_with_file, uploaded
from tests.files.gated_log import GatedLog

DATA = bytes_of(2 * CHUNK_SIZE + 5)


async def withdrawn_with_file(a: RunningAgent, b: RunningAgent) -> CaseId:
    """A withdrawn case whose file both offices have."""
    case = (await opens_with_file(a, DATA)).case
    await comes_to(a, case, FileState.SENT)
    await comes_to(b, case, FileState.WHOLE)
    await a.do(Step.WITHDRAW, case)
    await all_read([a, b], 2)
    return case


async def test_files_go_with_the_case_and_their_chunks_are_deleted_at_the_broker(
    tmp_path: Path,
) -> None:
    cluster = MemoryCluster()
    async with both_up(tmp_path, cluster) as (world, a, b):
        case = await withdrawn_with_file(a, b)
        sent = file_of(a, case)
        assert sent is not None
        await uploaded(a, DATA, case, "not sent.pdf")
        for agent in (a, b):
            await agent.agent.store.checkpoint()
        await both_consent(a, b, case)
        await both_confirm(a, b, case)
        assert file_of(a, case) is None
        assert file_of(b, case) is None
        last = {record.key: record.value for record in chunks(cluster)}
        keys = [chunk_record_key(case, sent.about.file, index) for index in range(3)]
        assert last == dict.fromkeys(keys)
        for agent in (a, b):
            await until_scrubbed(agent)
            await agent.stop()
        for office in (A, B):
            data = pages(world, office)
            assert PDF not in data
            assert b"minutes.pdf" not in data
            assert b"not sent.pdf" not in data


async def test_an_office_does_not_confirm_before_its_chunks_are_deleted(tmp_path: Path) -> None:
    cluster = MemoryCluster()
    log = GatedLog(cluster)
    log.passes = 3
    async with both_up(tmp_path, cluster, log_of_a=log) as (_, a, b):
        case = await withdrawn_with_file(a, b)
        await both_consent(a, b, case)
        await a.until(log.waiting.is_set)
        with pytest.raises(CommandRefused, match="files of this case"):
            await a.do(Step.CONFIRM_SHREDDING, case)
        log.gate.set()
        await both_confirm(a, b, case)
        assert state_of(a, case) is state_of(b, case)


async def test_sending_stops_when_its_case_is_shredded(tmp_path: Path) -> None:
    cluster = MemoryCluster()
    log = GatedLog(cluster)
    log.passes = 1
    async with both_up(tmp_path, cluster, log_of_a=log) as (_, a, b):
        case = (await opens_with_file(a, DATA)).case
        await a.until(log.waiting.is_set)
        await a.do(Step.WITHDRAW, case)
        await all_read([a, b], 2)
        await consents(a, case)
        await consents(b, case)
        await all_read([a, b], 4)
        log.gate.set()
        await both_confirm(a, b, case)
        last = {record.key: record.value for record in chunks(cluster)}
        assert not any(last.values())
        assert file_of(b, case) is None
