"""A file's way: enclosed, sent behind its event, fetched, checked; and what can be wrong with it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from blo_agent.commands.accept import CommandRefused
from blo_agent.files.enclose import attachment_of
from blo_agent.files.forget import let_go
from blo_agent.store.tables.files import FileFinding, FileState
from blo_log.memory import MemoryCluster
from blo_log.port import ConsumedRecord
from blo_log.topics import exchange_topic
from blo_schemas.files import CHUNK_SIZE, read_chunk_key
from blo_schemas.ids import CaseId
from blo_schemas.summary import Step
from tests.agents.started import both_up, three_up
from tests.agents.world import CORRIDOR, RunningAgent, all_read
from tests.files.enclosed import (
    answers_with,
    bytes_of,
    chunks,
    comes_to,
    contents,
    file_of,
    opens_with,
    opens_with_file,
    spoil,
    uploaded,
)

DATA = bytes_of(3 * CHUNK_SIZE + 17)
Records = list[ConsumedRecord]


async def test_a_file_travels_behind_its_event_and_comes_back_byte_for_byte(tmp_path: Path) -> None:
    cluster = MemoryCluster()
    async with both_up(tmp_path, cluster) as (_, a, b):
        opened = await opens_with_file(a, DATA)
        sent = await comes_to(a, opened.case, FileState.SENT)
        came = await comes_to(b, opened.case, FileState.WHOLE)
        assert contents(b, came) == DATA
        assert (came.about.name, came.about.media_type) == ("minutes.pdf", "application/pdf")
        assert came.about.sha256 == sent.about.sha256
        assert came.about.finding is None
        event = cluster.records(exchange_topic(CORRIDOR), 0)[0]
        keys = [read_chunk_key(record.key) for record in chunks(cluster)]
        assert [key.number for key in keys if key is not None] == [0, 1, 2, 3]
        assert all(record.timestamp >= event.timestamp for record in chunks(cluster))
        assert b"%PDF" not in b"".join(record.value or b"" for record in chunks(cluster))


async def test_a_superior_fetches_it_too_and_both_go_on_reading(tmp_path: Path) -> None:
    async with three_up(tmp_path) as (_, a, b, province):
        opened = await opens_with_file(a, DATA)
        for agent in (b, province):
            came = await comes_to(agent, opened.case, FileState.WHOLE)
            assert contents(agent, came) == DATA


async def test_a_large_file_is_fetched_when_somebody_wants_it(tmp_path: Path) -> None:
    async with both_up(tmp_path) as (_, a, b):
        large = bytes_of(b.agent.options.files.fetch_at_once + 1)
        opened = await opens_with_file(a, large)
        await comes_to(a, opened.case, FileState.SENT)
        announced = await comes_to(b, opened.case, FileState.ANNOUNCED)
        assert contents(b, announced) == b""
        await b.agent.files.fetch(announced.about.id, "officer")
        came = await comes_to(b, opened.case, FileState.WHOLE)
        assert contents(b, came) == large
        await b.agent.store.write(lambda tx: let_go(came.about.id, 1, tx))
        assert contents(b, came) == b""
        await b.agent.files.fetch(came.about.id, "officer")
        assert contents(b, await comes_to(b, opened.case, FileState.WHOLE)) == large


async def test_an_office_fetches_its_own_file_when_it_has_let_go_of_it(tmp_path: Path) -> None:
    async with both_up(tmp_path) as (_, a, _b):
        opened = await opens_with_file(a, DATA)
        sent = await comes_to(a, opened.case, FileState.SENT)
        await a.agent.store.write(lambda tx: let_go(sent.about.id, 1, tx))
        await a.agent.files.fetch(sent.about.id, "officer")
        assert contents(a, await comes_to(a, opened.case, FileState.WHOLE)) == DATA


def without_the_second(records: Records) -> Records:
    return [record for record in records if (read_chunk_key(record.key) or (0, 0, 0))[2] != 1]


def altered(records: Records) -> Records:
    value = bytearray(records[1].value or b"")
    value[-1] ^= 1
    return [records[0], msgspec.structs.replace(records[1], value=bytes(value)), *records[2:]]


def reordered(records: Records) -> Records:
    """Each chunk's bytes lie under the key of the next one."""
    values = [record.value for record in records]
    moved = values[1:] + values[:1]
    return [
        msgspec.structs.replace(record, value=value)
        for record, value in zip(records, moved, strict=True)
    ]


def cut_short(records: Records) -> Records:
    last = records[-1]
    return [*records[:-1], msgspec.structs.replace(last, value=(last.value or b"")[:-9])]


def rubbish(records: Records) -> Records:
    return [msgspec.structs.replace(record, value=b"\xff" * 9) for record in records]


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        (without_the_second, FileFinding.MISSING_CHUNKS),
        (altered, FileFinding.WRONG_CHUNKS),
        (reordered, FileFinding.WRONG_CHUNKS),
        (cut_short, FileFinding.WRONG_CHUNKS),
        (rubbish, FileFinding.WRONG_CHUNKS),
    ],
)
async def test_what_is_wrong_with_chunks_is_a_finding_and_stops_nothing(
    tmp_path: Path, change: Callable[[Records], Records], finding: FileFinding
) -> None:
    cluster = MemoryCluster()
    async with both_up(tmp_path, cluster) as (_, a, b):
        await b.line_down()
        opened = await opens_with_file(a, DATA)
        await comes_to(a, opened.case, FileState.SENT)
        good = list(chunks(cluster))
        spoil(cluster, change)
        b.line_up()
        faulty = await comes_to(b, opened.case, FileState.FAULTY)
        assert faulty.about.finding is finding
        await b.do(Step.ACKNOWLEDGE, opened.case)
        await all_read([a, b], 2)
        spoil(cluster, lambda records: [*records, *good])
        await b.agent.files.fetch(faulty.about.id, "officer")
        assert contents(b, await comes_to(b, opened.case, FileState.WHOLE)) == DATA


async def test_chunks_in_another_order_and_twice_are_the_same_file(tmp_path: Path) -> None:
    cluster = MemoryCluster()
    async with both_up(tmp_path, cluster) as (_, a, b):
        await b.line_down()
        opened = await opens_with_file(a, DATA)
        await comes_to(a, opened.case, FileState.SENT)
        spoil(cluster, lambda records: [*reversed(records), *records])
        b.line_up()
        assert contents(b, await comes_to(b, opened.case, FileState.WHOLE)) == DATA


async def is_working_on(agent: RunningAgent, case: CaseId) -> None:
    await agent.do(Step.ACKNOWLEDGE, case)
    await agent.do(Step.ACCEPT, case)
    await agent.do(Step.ASSIGN, case, {"agency": "(fictional) police"})


async def test_a_file_of_another_case_or_another_content_is_refused(tmp_path: Path) -> None:
    async with both_up(tmp_path) as (_, a, b):
        first = (await opens_with_file(a, DATA)).case
        second = (await a.open()).case
        await all_read([a, b], 2)
        for case in (first, second):
            await is_working_on(b, case)
        ready = attachment_of(await uploaded(b, DATA, first))
        with pytest.raises(CommandRefused) as refused:
            await answers_with(b, second, [ready])
        assert refused.value.reason == "file_of_another_case"
        with pytest.raises(CommandRefused) as refused:
            await opens_with(b, [ready])
        assert refused.value.reason == "file_of_another_case"
        came = await comes_to(b, first, FileState.WHOLE)
        foreign = attachment_of(came.about._replace(state=FileState.READY))
        with pytest.raises(CommandRefused) as refused:
            await answers_with(b, first, [foreign])
        assert refused.value.reason == "file_not_ready"
        other = attachment_of(await uploaded(b, DATA, second))
        for change in ({"sha256": bytes(32)}, {"size": 9}, {"name": "other.pdf"}):
            with pytest.raises(CommandRefused) as refused:
                await answers_with(b, second, [msgspec.structs.replace(other, **change)])
            assert refused.value.reason == "file_differs"
        await answers_with(b, second, [other])
        await comes_to(a, second, FileState.WHOLE)


async def test_a_file_of_a_step_that_the_log_rejects_is_not_sent(tmp_path: Path) -> None:
    cluster = MemoryCluster()
    async with both_up(tmp_path, cluster) as (_, a, b):
        case = (await a.open()).case
        await all_read([a, b], 1)
        await is_working_on(b, case)
        await all_read([a, b], 4)
        await b.line_down()
        ready = attachment_of(await uploaded(b, DATA, case))
        await answers_with(b, case, [ready])
        await a.do(Step.WITHDRAW, case)
        await a.read(5)
        b.line_up()
        await all_read([a, b], 6)
        assert (await b.verdicts())[-1][:2] == ("rejected", "not_legal_now")
        row = file_of(b, case)
        assert row is not None
        assert row.about.state is FileState.NAMED
        assert not chunks(cluster)
        assert file_of(a, case) is None
