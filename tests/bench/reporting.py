"""``python -m tests.bench.reporting FOLDER``: a report on a store that ``tests.bench.stored`` has filled.

It prints, in JSON, the processor time, what memory grew by, the longest of the report's own jobs in
the store's thread, and the longest time for which a job that does nothing had to wait for its turn,
while the report was computed and for as long before.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from statistics import median
from time import perf_counter, process_time, thread_time
from typing import Any, Final

import msgspec

from blo_agent.agent import Agent
from blo_agent.reports import service
from blo_agent.store.connection import Transaction
from blo_agent.store.facade import Store
from blo_agent.store.keyfile import load_store_key
from blo_log.memory import MemoryCluster, MemoryLog
from blo_runtime.clock import SystemClock
from blo_runtime.metrics import Metrics
from blo_schemas.ids import DocumentId
from tests.agents.world import B
from tests.bench.starting import mebibytes

_PAUSE_S: Final = 0.002


class ReportCost(msgspec.Struct, frozen=True, kw_only=True):
    """What a report has cost.

    Attributes:
        events: Events of the store.
        seconds: Processor time of all threads, in seconds.
        mebibytes: What the program's memory grew by at most.
        job_ms: The longest of its jobs in the store's thread, by that thread's processor time.
        wait_ms: The longest wait of another job by the clock.
        middle_ms: The median of these waits.
        rest_ms: The longest wait while nothing was computed, for as long.
    """

    events: int
    seconds: float
    mebibytes: float
    job_ms: float
    wait_ms: float
    middle_ms: float
    rest_ms: float


class _TimedStore(Store):
    """A store that remembers the longest of the jobs that others hand in."""

    longest_s = 0.0

    async def write(self, job: Callable[[Transaction], Any], *, undoable: bool = False) -> Any:
        def timed(tx: Transaction) -> Any:
            began = thread_time()
            try:
                return job(tx)
            finally:
                self.longest_s = max(self.longest_s, thread_time() - began)

        return await super().write(timed, undoable=undoable)

    async def wait_s(self) -> float:
        """How long a job that does nothing waits for its turn, in seconds."""
        began = perf_counter()
        await super().write(_nothing)
        return perf_counter() - began


async def _waits(store: _TimedStore, is_over: Callable[[], bool]) -> list[float]:
    """The waits of one job after the other, in milliseconds."""
    waits = [0.0]
    while not is_over():
        waits.append(1000 * await store.wait_s())
        await asyncio.sleep(_PAUSE_S)
    return waits


async def _measure(folder: Path) -> ReportCost:
    pins = json.loads((folder / "pins.json").read_text())
    store = _TimedStore(folder / f"{B}.db", load_store_key(folder / f"{B}.key"))
    log = MemoryLog(MemoryCluster())
    agent = Agent(
        B,
        {country: DocumentId(bytes.fromhex(pin)) for country, pin in pins.items()},
        store=store,
        log=log,
        clock=SystemClock(),
        metrics=Metrics(),
    )
    await agent.load()
    store.longest_s = 0.0
    idle, used, began, asked = mebibytes(), [0.0], process_time(), perf_counter()
    task = asyncio.create_task(service.compute(agent, date(2024, 11, 1), date(2025, 10, 31), "x"))

    def is_computed() -> bool:
        used.append(mebibytes())
        return task.done()

    waits = await _waits(store, is_computed)
    filed = await task
    seconds, until = process_time() - began, 2 * perf_counter() - asked
    rest = await _waits(store, lambda: perf_counter() > until)
    await log.close()
    await store.aclose()
    return ReportCost(
        events=sum(link.size for link in filed.report.links),
        seconds=seconds,
        mebibytes=max(used) - idle,
        job_ms=1000 * store.longest_s,
        wait_ms=max(waits),
        middle_ms=median(waits),
        rest_ms=max(rest),
    )


def _nothing(tx: Transaction) -> None:
    """The job that waits for its turn."""


if __name__ == "__main__":
    sys.stdout.write(msgspec.json.encode(asyncio.run(_measure(Path(sys.argv[1])))).decode() + "\n")
