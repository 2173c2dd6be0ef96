"""``start_resumed``: a processor's start on a link whose outputs are there, from its stored state.

``python -m tests.bench.restarting RECORDS`` measures one size, of the log in memory: processor
seconds of starts with a hundred new records each, and what they add to the program's memory.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import shutil
import sys
import tempfile
from collections.abc import Sequence
from mmap import PAGESIZE
from pathlib import Path
from statistics import median
from time import process_time
from typing import Final, NamedTuple

from blo_log.memory import MemoryLog
from blo_log.port import TopicPartition
from blo_log.topics import exchange_topic
from blo_processors.context import WorkerOptions
from blo_processors.link.worker import LinkWorker
from blo_runtime.logs import configure
from blo_runtime.settings import LoggingSettings
from tests.bench.links import CHUNK, LinkLog
from tests.bench.report import BY_NAME, Measurement
from tests.bench.timing import Effort
from tests.processors.world import CORRIDOR, World

_NEW: Final = 100
_STARTS: Final = 5
_MIB: Final = 2**20


class Start(NamedTuple):
    """What a start has cost.

    Attributes:
        cpu_s: Processor seconds, of all threads.
        memory_mib: MiB that the program has grown by.
    """

    cpu_s: float
    memory_mib: float


class _Link:
    """A link with a log in memory and a worker that keeps its state.

    Args:
        folder: Where the state lies.
    """

    def __init__(self, folder: Path) -> None:
        self.world = World(seed=1)
        self.world.state = folder / "state"
        self.log = MemoryLog()
        self.link = LinkLog(self.world, self.world.places[0])

    async def fill(self, records: int) -> float:
        """Let a worker fold so many records as they come; returns its processor seconds."""
        await self.world.publish(self.log)
        await self.link.begin(self.log)
        worker = await self._worker()
        await worker.start()
        took = 0.0
        exchange = TopicPartition(exchange_topic(CORRIDOR), 0)
        while self.link.size < records:
            begun = self.link.size
            await self.link.append(self.log, min(CHUNK, records - begun))
            stored = self.log.cluster.partition(exchange).records[begun:]
            before = process_time()
            await worker.take(stored)
            if self.link.size % (5 * CHUNK) == 0:
                await worker.audit()
            took += process_time() - before
        await worker.close()
        # What came since the last state was written is folded again.
        worker = await self._worker()
        await worker.start()
        await worker.close()
        return took

    async def start(self) -> Start:
        """A start with new records."""
        await self.link.append(self.log, _NEW)
        worker = await self._worker()
        gc.collect()
        memory = _resident()
        began = process_time()
        await worker.start()
        cpu_s = process_time() - began
        grown = _resident() - memory
        assert worker.position == self.link.size
        metric = worker._context.metrics.folds_from_zero
        assert not [sample for family in metric.collect() for sample in family.samples]
        await worker.close()
        return Start(cpu_s, grown / _MIB)

    async def _worker(self) -> LinkWorker:
        context = await self.world.surroundings(self.log, options=WorkerOptions())
        return LinkWorker(self.world.places[0], context)


def _resident() -> int:
    """Bytes of memory that the program has, as Linux counts them."""
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * PAGESIZE


async def starts_of(records: int, folder: Path, number: int = _STARTS) -> tuple[list[Start], float]:
    """Starts on a link of so many records, and the processor seconds of folding them all.

    Args:
        records: The number of records before the first start.
        folder: A folder for the state.
        number: The number of starts, each with new records.
    """
    link = _Link(folder)
    folded_s = await link.fill(records)
    return [await link.start() for _ in range(number)], folded_s


def measure_resumed(effort: Effort) -> Measurement:
    """A start with a hundred new records behind ``effort.link`` ones, against folding them all."""
    folder = Path(tempfile.mkdtemp(prefix="blo-bench-"))
    try:
        configure(LoggingSettings(level="error"), "bench", on_dropped=lambda: None)
        starts, folded_s = asyncio.run(starts_of(effort.link, folder))
    finally:
        shutil.rmtree(folder)
    return BY_NAME["start_resumed"].measured(median(start.cpu_s for start in starts), folded_s)


def main(arguments: Sequence[str]) -> int:
    """Measure one size and print it."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.restarting")
    parser.add_argument("records", type=int, help="records before the start")
    options = parser.parse_args(arguments)
    configure(LoggingSettings(level="error"), "bench", on_dropped=lambda: None)
    with tempfile.TemporaryDirectory(prefix="blo-bench-") as scratch:
        folder = Path(scratch)
        starts, folded_s = asyncio.run(starts_of(options.records, folder))
        stored = sum(path.stat().st_size for path in (folder / "state").iterdir())
    cpu = ", ".join(f"{start.cpu_s:.3f}" for start in starts)
    memory = ", ".join(f"{start.memory_mib:.1f}" for start in starts)
    print(f"{options.records:,} records and {_NEW} new ones")
    print(f"  first fold     {folded_s:.1f} s of processor time")
    print(f"  starts         {cpu} s of processor time")
    print(f"  memory grown   {memory} MiB")
    print(
        f"  stored state   {stored / _MIB:.1f} MiB, {stored / options.records:.0f} bytes a record"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
