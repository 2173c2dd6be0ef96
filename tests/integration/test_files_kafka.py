"""Files over a real Kafka: found by time, over a poor line, and gone when their case is shredded."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from blo_agent.store.tables.files import FileState
from blo_lab.broker import EmbeddedBroker, find_kafka
from blo_log.kafka import KafkaConnection, KafkaLog
from blo_log.port import TopicPartition
from blo_log.topics import files_topic
from blo_schemas.files import CHUNK_SIZE
from blo_schemas.ids import CaseId
from blo_schemas.summary import Step
from tests.agents.shredded import both_confirm, both_consent
from tests.agents.started import up
from tests.agents.world import CORRIDOR, A, B, RunningAgent, all_read, two_offices
from tests.files.enclosed import bytes_of, comes_to, contents, file_of, opens_with_file
from tests.files.thin_line import THIN, thin_line

pytestmark = pytest.mark.broker
MBIT_S = 125_000.0
DATA = bytes_of(12 * CHUNK_SIZE + 99)
FILES = TopicPartition(files_topic(CORRIDOR), 0)


@pytest.fixture
def alone(tmp_path: Path, project_root: Path, started_ports: set[int]) -> Iterator[EmbeddedBroker]:
    with EmbeddedBroker.start(tmp_path / "broker", find_kafka(project_root, os.environ)) as running:
        started_ports.update(running.ports)
        yield running


async def test_an_urgent_event_overtakes_a_file_on_a_line_of_one_megabit(
    tmp_path: Path, alone: EmbeddedBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = KafkaConnection(bootstrap=alone.bootstrap, ack_timeout_s=120)
    thin = KafkaLog(
        KafkaConnection(
            bootstrap=alone.bootstrap, client_id=THIN, ack_timeout_s=120, request_timeout_s=120
        )
    )
    async with (
        thin_line(alone.bootstrap, None, monkeypatch) as line,
        two_offices(tmp_path, lambda: KafkaLog(connection)) as world,
    ):
        await world.publish()
        a, b = await up(world, A, B, log_of_a=thin)
        opened = await opens_with_file(a, DATA)
        await b.read(1)
        line.bytes_per_s = MBIT_S
        await a.until(lambda: (row := file_of(a, opened.case)) is not None and row.about.done > 0)
        before = file_of(a, opened.case)
        urgent = await a.open()
        await b.read(2)
        after = file_of(a, opened.case)
        assert before is not None
        assert after is not None
        assert b.view(urgent.case) is not None
        assert after.about.state is FileState.SENDING, "the file is under way still"
        assert after.about.done - before.about.done <= 2
        line.bytes_per_s = None
        came = await comes_to(b, opened.case, FileState.WHOLE)
        assert contents(b, came) == DATA
        await _is_shredded(connection, a, b, opened.case)


async def _is_shredded(
    connection: KafkaConnection, a: RunningAgent, b: RunningAgent, case: CaseId
) -> None:
    """Both offices shred the case; of each chunk the log has a tombstone last."""
    await comes_to(a, case, FileState.SENT)
    await a.do(Step.WITHDRAW, case)
    await all_read([a, b], 3)
    await both_consent(a, b, case)
    await both_confirm(a, b, case)
    log = KafkaLog(connection)
    reader = await log.reader({FILES: 0})
    last: dict[bytes | None, bytes | None] = {}
    try:
        end = (await reader.high_watermarks())[FILES]
        while reader.position(FILES) < end:
            records = await reader.poll(max_records=100, timeout_s=1)
            last.update((record.key, record.value) for record in records.get(FILES, []))
    finally:
        await log.close()
    assert len(last) == 13
    assert not any(last.values())
