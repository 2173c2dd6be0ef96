"""``python -m tests.bench.starting FOLDER``: start an agent on a store once, and print what it cost."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
from pathlib import Path
from time import process_time

import msgspec

from blo_agent.agent import Agent
from blo_agent.store.facade import Store
from blo_agent.store.keyfile import load_store_key
from blo_log.memory import MemoryCluster, MemoryLog
from blo_runtime.clock import SystemClock
from blo_runtime.metrics import Metrics
from blo_schemas.ids import DocumentId
from tests.agents.world import B
from tests.bench.stored import StartCost


async def _start(folder: Path) -> StartCost:
    pins = json.loads((folder / "pins.json").read_text())
    key = load_store_key(folder / f"{B}.key")
    log = MemoryLog(MemoryCluster())
    gc.collect()
    idle, began = mebibytes(), process_time()
    store = Store(folder / f"{B}.db", key)
    agent = Agent(
        B,
        {country: DocumentId(bytes.fromhex(pin)) for country, pin in pins.items()},
        store=store,
        log=log,
        clock=SystemClock(),
        metrics=Metrics(),
    )
    await agent.load()
    seconds, used = process_time() - began, mebibytes()
    await log.close()
    await store.aclose()
    return StartCost(seconds, used, idle)


def mebibytes() -> float:
    """What is in memory of this program."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


if __name__ == "__main__":
    cost = asyncio.run(_start(Path(sys.argv[1])))
    sys.stdout.write(msgspec.json.encode(cost).decode())
