"""``loop_pause``: how long the loop stands still while the cases of a whole link are written."""

from __future__ import annotations

import asyncio
from statistics import median
from time import perf_counter
from typing import Final

import msgspec

from blo_log import topics
from blo_log.memory import MemoryLog
from blo_processors.link.case_store import CaseStore
from blo_processors.outputs.encode import OutputEncoder
from blo_processors.outputs.mark_table import KnownOutputs
from blo_processors.outputs.published import PublishedOutputs
from blo_processors.outputs.reconcile import OutputReconciler
from blo_processors.outputs.writer import OutputWriter
from blo_processors.snapshot.state_file import StateFile
from blo_projection.granted_keys import GrantedKeys
from blo_schemas.ids import HASH_SIZE, CaseId
from blo_schemas.summary import Urgency
from tests.bench.report import BY_NAME, Measurement
from tests.bench.timing import Effort
from tests.processors.seeing import plain
from tests.processors.world import VN, LinkWriter, World

_HEARTBEAT_MS: Final = 500.0
_LOOK_S: Final = 0.001


def measure_loop_pause(effort: Effort) -> Measurement:
    """The longest pause of the loop while so many cases are sealed, signed and written.

    The worker writes them so after a fold. In the median of the rounds; against the interval of
    the heartbeats that the group expects.
    """
    pauses = [asyncio.run(_longest_pause_ms(effort.settled)) for _ in range(min(effort.rounds, 3))]
    return BY_NAME["loop_pause"].measured(median(pauses), _HEARTBEAT_MS)


async def _longest_pause_ms(cases: int) -> float:
    world = World()
    place = world.places[0]
    log = MemoryLog()
    await world.publish(log)
    context = await world.surroundings(log)
    signer = context.identity.signer(context.feed.directory, context.clock.now_ms())
    assert signer is not None
    encoder = OutputEncoder(place, signer, GrantedKeys(place.link, context.identity))
    reconciler = OutputReconciler(encoder, PublishedOutputs(), KnownOutputs(StateFile.temporary()))
    cache, log_time = _cases(world, cases)
    writer = OutputWriter(place, context, encoder, reconciler, lambda: log_time, lambda: None)
    writing = asyncio.create_task(writer.write(reconciler.settle(cache, (), ())))
    longest, before = 0.0, perf_counter()
    while not writing.done():
        await asyncio.sleep(_LOOK_S)
        now = perf_counter()
        longest, before = max(longest, now - before), now
    await writing
    written = log.cluster.records(topics.cases_topic(place.corridor), place.partition)
    assert len(written) == cases
    return max(longest - _LOOK_S, 1e-6) * 1000


def _cases(world: World, count: int) -> tuple[CaseStore, int]:
    """So many cases like the one that an office has just opened, and the log time then."""
    link = LinkWriter(world, world.places[0])
    case = link.open(VN, Urgency.IMMEDIATE)
    record = plain(world, link).cases.record(case)
    assert record is not None
    cache = CaseStore(most_in_memory=None)
    for number in range(count):
        case = CaseId(number.to_bytes(HASH_SIZE, "big"))
        cache.put(msgspec.structs.replace(record.view, case=case))
        cache.put_clocks(case, msgspec.structs.replace(record.clocks, case=case))
    return cache, record.view.log_time
