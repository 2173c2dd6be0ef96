"""``processors_single``: a record that comes alone costs a worker at most twice one in a batch."""

from __future__ import annotations

import asyncio
from time import process_time
from typing import Final

from blo_log import topics
from blo_log.memory import MemoryLog
from blo_processors.context import WorkerOptions
from blo_processors.link.worker import LinkWorker
from blo_runtime.clock import SystemClock
from tests.bench.links import LinkLog
from tests.bench.report import BY_NAME, Measurement
from tests.bench.timing import Effort
from tests.processors.world import CORRIDOR, World

_BATCH: Final = 500
_ALONE: Final = 700
"""A hundred cases from their opening to their end, which is what the log repeats."""
_TOGETHER: Final = 5 * _ALONE
_TURNS: Final = 8


def measure_single_records(effort: Effort) -> Measurement:
    """A worker over a log in memory that takes records one by one, and five hundred at once.

    Both take whole cases, because an opening costs more than a later step. Both verify, fold, seal, sign and write; of a case the batch writes one record for several
    steps. By processor time of all threads; the fastest turn of each.
    """
    alone, together = asyncio.run(_measure(effort))
    return BY_NAME["processors_single"].measured(alone, together)


async def _measure(effort: Effort) -> tuple[float, float]:
    world, log = World(seed=3), MemoryLog()
    await world.publish(log)
    link = LinkLog(world, world.places[0])
    await link.begin(log)
    worker = LinkWorker(
        world.places[0], await world.surroundings(log, SystemClock(), WorkerOptions())
    )
    await worker.start()

    async def take(number: int, batch: int) -> float:
        begin = link.size
        await link.append(log, number)
        records = log.cluster.records(topics.exchange_topic(CORRIDOR), 0)[begin:]
        began = process_time()
        for start in range(0, number, batch):
            await worker.take(records[start : start + batch])
        return 1e6 * (process_time() - began) / number

    turns = _TURNS if effort.rounds > 1 else 1
    few, many = min(effort.stream, _ALONE), min(effort.stream, _TOGETHER)
    # The first turn warms up. The two take about as long, so neighbours disturb them alike.
    pairs = [(await take(few, 1), await take(many, _BATCH)) for _ in range(turns + 1)][1:]
    await worker.close()
    return min(alone for alone, _ in pairs), min(together for _, together in pairs)


__all__ = ["measure_single_records"]
