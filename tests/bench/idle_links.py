"""``links_idle``, ``links_connections``, ``links_start``: a worker whose links have nothing to do.

``python -m tests.bench.idle_links LINKS [RECORDS]`` measures one number of links on a broker of its
own, and prints what a bare Faust agent of as many partitions takes beside it.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections.abc import Coroutine
from pathlib import Path
from time import perf_counter
from typing import Any, Final

import msgspec
import uvloop

from blo_log.kafka import KafkaConnection, KafkaLog
from blo_runtime.logs import configure
from blo_runtime.settings import LoggingSettings
from tests.bench.links import LinkLog
from tests.bench.report import BY_NAME, Measurement
from tests.bench.sides import Plan, Rested
from tests.bench.timing import Effort
from tests.processors.process import PROJECT_ROOT, write_config
from tests.processors.world import CORRIDOR, World

RECORDS: Final = 20
"""Records of each link."""


class Idle(msgspec.Struct, frozen=True):
    """What a worker and a bare agent of as many links took.

    Attributes:
        links: The number of links.
        first: The worker, started where no output is on the topics. It has not compared yet what
            it wrote, so it does not rest.
        again: The worker, started once more.
        bare: A Faust agent that does nothing, on the same topic.
        clock_s: Seconds by the clock from the first start of the process until all is folded.
    """

    links: int
    first: Rested
    again: Rested
    bare: Rested
    clock_s: float


async def measure(links: int, records: int, rest_s: float, bootstrap: str, folder: Path) -> Idle:
    """Let a worker fold so many links of so many records, and rest."""
    world = World(seed=int.from_bytes(os.urandom(4), "big"), links=links)
    config = write_config(world, folder, bootstrap)
    # How work is done is left as it comes.
    config.write_text(config.read_text().partition("[work]")[0])
    log = KafkaLog(KafkaConnection(bootstrap=bootstrap, request_timeout_s=60))
    await world.publish(log)
    appender = await log.appender()
    for place in world.places:
        link = LinkLog(world, place)
        await appender.append([*link.grants(), *link.messages(records)])
    await log.close()
    plan = Plan(
        config=str(config),
        bootstrap=bootstrap,
        corridor=CORRIDOR,
        name="first",
        partitions=links,
        records=records * links,
        rest_s=rest_s,
    )
    began = perf_counter()
    first = await _rested("idle-worker", msgspec.structs.replace(plan, rest_s=0.0))
    clock_s = perf_counter() - began - first.settled_s
    again = await _rested("idle-worker", msgspec.structs.replace(plan, name="again"))
    bare = await _rested("idle-bare", msgspec.structs.replace(plan, name="bare"))
    return Idle(links, first, again, bare, clock_s)


async def _rested(side: str, plan: Plan) -> Rested:
    paths = os.pathsep.join(
        str(PROJECT_ROOT / path) for path in ("schemas", "services", "deploy", ".")
    )
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.bench.sides", side, msgspec.json.encode(plan).decode()),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": paths},
    )
    said, _ = await process.communicate()
    assert said, f"{side} has ended before it rested"
    return msgspec.json.decode(said.splitlines()[-1], type=Rested)


def measure_idle_links(effort: Effort, bootstrap: str, folder: Path) -> tuple[Measurement, ...]:
    """A worker with two hundred links, against a bare Faust agent with as many partitions."""
    idle = _run(measure(effort.links, RECORDS, effort.rest_s, bootstrap, folder))
    return (
        BY_NAME["links_idle"].measured(idle.again.share, idle.bare.share),
        BY_NAME["links_connections"].measured(idle.again.connections, idle.bare.connections),
        BY_NAME["links_start"].measured(idle.first.start_cpu_s, idle.bare.start_cpu_s),
    )


def _run(work: Coroutine[Any, Any, Idle]) -> Idle:
    configure(LoggingSettings(level="error"), "bench", on_dropped=lambda: None)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


def main(arguments: list[str]) -> None:
    """Measure a number of links on a broker of its own."""
    from blo_lab.broker import EmbeddedBroker, find_kafka

    links = int(arguments[0])
    records = int(arguments[1]) if len(arguments) > 1 else RECORDS
    libraries = find_kafka(PROJECT_ROOT, os.environ)
    with tempfile.TemporaryDirectory(prefix="blo-bench-") as scratch:
        folder = Path(scratch)
        with EmbeddedBroker.start(folder / "broker", libraries) as broker:
            idle = _run(measure(links, records, 30.0, broker.bootstrap, folder))
    first, again, bare = idle.first, idle.again, idle.bare
    sys.stdout.write(
        f"{links:,} links of {records} records\n"
        f"  first start: {first.start_cpu_s:.1f} processor seconds, {idle.clock_s:.1f} s by the "
        f"clock, peak {first.peak_mb:.0f} MiB\n"
    )
    for name, one in (("start with outputs", again), ("bare Faust agent", bare)):
        sys.stdout.write(
            f"  {name}: {one.start_cpu_s:.1f} processor seconds, peak {one.peak_mb:.0f} MiB; at "
            f"rest {one.share:.2f} % of a core, {one.connections} connections, {one.tasks} tasks\n"
        )


if __name__ == "__main__":
    main(sys.argv[1:])
