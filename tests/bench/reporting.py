"""``python -m tests.bench.reporting FOLDER``: a report on a store that ``tests.bench.stored`` has filled.

It prints the processor time, what memory grew by, and the longest time for which a job of the
store's thread that does nothing had to wait for its turn meanwhile.
"""

from __future__ import annotations

import asyncio
import json
import sys
from datetime import date
from pathlib import Path
from time import perf_counter, process_time

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


async def _measure(folder: Path) -> None:
    pins = json.loads((folder / "pins.json").read_text())
    store = Store(folder / f"{B}.db", load_store_key(folder / f"{B}.key"))
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
    idle, used, began = mebibytes(), [0.0], process_time()
    waits = [0.0]
    task = asyncio.create_task(service.compute(agent, date(2024, 11, 1), date(2025, 10, 31), "x"))
    while not task.done():
        asked = perf_counter()
        await store.write(_nothing)
        waits.append(perf_counter() - asked)
        used.append(mebibytes())
        await asyncio.sleep(0.002)
    filed = await task
    seconds = process_time() - began
    print(
        f"{len(filed.report.events):,} events named, {seconds:.1f} s of processor time, "
        f"{max(used) - idle:.0f} MiB more, {max(waits) * 1000:.0f} ms the longest wait of a job, "
        f"{sorted(waits)[len(waits) // 2] * 1000:.1f} ms the median"
    )
    await log.close()
    await store.aclose()


def _nothing(tx: Transaction) -> None:
    """The job that waits for its turn."""


if __name__ == "__main__":
    asyncio.run(_measure(Path(sys.argv[1])))
