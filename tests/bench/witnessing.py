"""``event_to_quorum``: from a command to the checkpoint over its record that all have signed."""

from __future__ import annotations

import asyncio
from pathlib import Path
from statistics import median
from time import perf_counter

import uvloop

from blo_audit.witness.options import WitnessOptions
from blo_schemas.ids import CaseId
from tests.agents.world import LINK, A, B
from tests.audit.world import RunningWitness, with_witness
from tests.bench.offices import BRIEFING, Offices
from tests.bench.report import BY_NAME, Measurement
from tests.bench.timing import Effort

_REST_S = 0.4
_ALLOWED_MS = 2000.0


def measure_quorum(effort: Effort, bootstrap: str, folder: Path) -> Measurement:
    """One event at a time on a system at rest; the witness waits 200 ms, as it does by default.

    Each event is taken for the first after a rest: the witness does not space its checkpoints.

    Accepted and on disk at A, appended, read by the witness, the tree signed, kept and published,
    computed and cosigned by both offices, merged, published and acknowledged.
    """
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        times = runner.run(_measure(effort, bootstrap, folder))
    return BY_NAME["event_to_quorum"].measured(median(times) * 1000, _ALLOWED_MS)


async def _measure(effort: Effort, bootstrap: str, folder: Path) -> list[float]:
    times = []
    offices = Offices(bootstrap, folder)
    with_witness(offices._world)
    async with offices:
        a, b = await offices.desk(A), await offices.desk(B)
        witness = RunningWitness(offices._world, options=WitnessOptions(spacing_s=0))
        try:
            size = 0
            for _ in range(max(1, effort.samples // len(BRIEFING))):
                case: CaseId | None = None
                for command in BRIEFING:
                    await asyncio.sleep(_REST_S)
                    size += 1
                    began = perf_counter()
                    case = (await a.submit(command, case)).case
                    await witness.quorum(size)
                    times.append(perf_counter() - began)
            await b.until(lambda: b.stored >= size)
            assert b.agent.office.links[LINK].trees.refused == []
        finally:
            await witness.kill()
    return times


__all__ = ["measure_quorum"]
