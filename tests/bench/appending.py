"""``agent_append``: from a command to the acknowledged record, under load."""

from __future__ import annotations

import asyncio
from pathlib import Path
from time import perf_counter

import uvloop

from blo_log.port import TopicPartition
from blo_log.topics import exchange_topic
from tests.agents.world import CORRIDOR, A
from tests.bench.bare import BareKafka
from tests.bench.offices import BRIEFING, Desk, Offices
from tests.bench.report import BY_NAME, Measurement
from tests.bench.timing import Effort, typical_rate

_TURNS = 5


def measure_append(effort: Effort, bootstrap: str, folder: Path) -> Measurement:
    """An agent's whole path under many commands at once, against bare aiokafka.

    Each command: decided, content and summary sealed and signed, journal entry and final bytes on
    disk in the encrypted store, answered, read from the outbox, appended with ``acks=all``, marked
    as appended. Every eighth opens a case: a new key, granted to both offices, two more records.
    The agent reads its own events back meanwhile, as it always does.
    """
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        ours, bare = runner.run(_measure(effort, bootstrap, folder))
    events = effort.cases * len(BRIEFING)
    return BY_NAME["agent_append"].measured(typical_rate(ours, events), typical_rate(bare, events))


async def _measure(
    effort: Effort, bootstrap: str, folder: Path
) -> tuple[list[float], list[float]]:
    ours, bare = [], []
    turns = min(effort.rounds, _TURNS)
    async with Offices(bootstrap, folder) as offices, BareKafka(bootstrap) as kafka:
        desk = await offices.desk(A)
        await _work(desk, max(1, effort.cases // 8))
        for _ in range(turns):
            begin = desk.stored
            ours.append(await _work(desk, effort.cases))
            values = await _values(offices, begin, effort.cases * len(BRIEFING))
            bare.append(await kafka.append(values))
    return ours, bare


async def _work(desk: Desk, cases: int) -> float:
    """Open and work on so many cases at once; seconds until the last event is in the log."""
    before, stored = desk.appended, desk.stored
    events = cases * len(BRIEFING)
    began = perf_counter()
    await asyncio.gather(*(_work_on_case(desk) for _ in range(cases)))
    await desk.until(lambda: desk.appended >= before + events)
    took = perf_counter() - began
    await desk.until(lambda: desk.stored >= stored + events)
    return took


async def _work_on_case(desk: Desk) -> None:
    case = None
    for command in BRIEFING:
        case = (await desk.submit(command, case)).case


async def _values(offices: Offices, begin: int, count: int) -> list[bytes]:
    """The bytes that the agent has appended."""
    wanted = TopicPartition(exchange_topic(CORRIDOR), 0)
    log = offices.connect()
    reader = await log.reader({wanted: begin})
    values: list[bytes] = []
    while len(values) < count:
        found = await reader.poll(max_records=5000)
        values.extend(record.value or b"" for record in found.get(wanted, []))
    await log.close()
    return values[:count]


__all__ = ["measure_append"]
