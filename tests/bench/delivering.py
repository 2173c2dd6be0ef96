"""``submit_to_opened``: from a command here to the opened and stored event there."""

from __future__ import annotations

import asyncio
from pathlib import Path
from statistics import median
from time import perf_counter

import uvloop

from blo_schemas.ids import CaseId
from tests.agents.world import A, B
from tests.bench.bare import BareKafka
from tests.bench.offices import BRIEFING, Desk, Offices
from tests.bench.report import BY_NAME, Measurement
from tests.bench.samples import SampleLog
from tests.bench.timing import Effort

_REST_S = 0.15


def measure_delivery(effort: Effort, bootstrap: str, folder: Path) -> Measurement:
    """One event at a time on a system at rest, against bare produce → consume.

    Ours: accepted and on disk at A, appended with ``acks=all``, read by B, checked, summary and
    content opened, record, event and view on B's disk. Every eighth opens a case. Both agents run
    in this process, as the bare producer and consumer do.
    """
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        ours, bare = runner.run(_measure(effort, bootstrap, folder))
    return BY_NAME["submit_to_opened"].measured(median(ours) * 1000, median(bare) * 1000)


async def _measure(effort: Effort, bootstrap: str, folder: Path) -> tuple[list[float], list[float]]:
    ours, bare = [], []
    value = SampleLog(1).records[0].value
    async with Offices(bootstrap, folder) as offices, BareKafka(bootstrap) as kafka:
        a, b = await offices.desk(A), await offices.desk(B)
        await kafka.consume()
        await _deliver_case(a, b, kafka, value)
        for _ in range(max(1, effort.samples // len(BRIEFING))):
            delivered, passed_on = await _deliver_case(a, b, kafka, value)
            ours.extend(delivered)
            bare.extend(passed_on)
    assert not b.agent.office.links[next(iter(b.agent.office.links))].unopened
    return ours, bare


async def _deliver_case(
    a: Desk, b: Desk, kafka: BareKafka, value: bytes
) -> tuple[list[float], list[float]]:
    ours, bare = [], []
    case: CaseId | None = None
    for command in BRIEFING:
        await asyncio.sleep(_REST_S)
        bare.append(await kafka.pass_on(value))
        await asyncio.sleep(_REST_S)
        size = b.stored + 1
        began = perf_counter()
        accepted = await a.submit(command, case)
        await b.until(lambda size=size: b.stored >= size)  # type: ignore[misc]
        ours.append(perf_counter() - began)
        case = accepted.case
    return ours, bare


__all__ = ["measure_delivery"]
