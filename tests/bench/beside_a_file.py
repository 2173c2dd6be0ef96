"""``event_beside_file``: what an urgent event waits for while a large file is sent over a poor line."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from time import perf_counter

import pytest

from blo_log.kafka import KafkaConnection, KafkaLog
from blo_schemas.files import MAX_FILE_SIZE
from tests.agents.started import up
from tests.agents.world import A, B, RunningAgent, two_offices
from tests.bench.report import BY_NAME, Measurement
from tests.bench.timing import Effort
from tests.files.enclosed import bytes_of, file_of, opens_with_file
from tests.files.thin_line import THIN, thin_line

_MBIT_S = 125_000.0
_REST_S = 0.7
_ACK_S = 600.0
_BYTES_A_SAMPLE = 2 * 1024 * 1024


def measure_beside_file(effort: Effort, bootstrap: str, folder: Path) -> Measurement:
    """The longest way of an event to the counterpart's disk while 50 MiB are under way behind it.

    Held against the median of events on the same line, 1 Mbit/s in each direction, without a file.
    """
    with pytest.MonkeyPatch.context() as patch:
        beside, alone = asyncio.run(_measure(effort, bootstrap, folder, patch))
    return BY_NAME["event_beside_file"].measured(max(beside), median(alone))


async def _measure(
    effort: Effort, bootstrap: str, folder: Path, patch: pytest.MonkeyPatch
) -> tuple[Sequence[float], Sequence[float]]:
    patient = KafkaConnection(
        bootstrap=bootstrap, client_id=THIN, ack_timeout_s=_ACK_S, request_timeout_s=_ACK_S
    )
    samples = max(2, effort.samples // 2)
    data = bytes_of(min(MAX_FILE_SIZE, effort.samples * _BYTES_A_SAMPLE))
    async with (
        thin_line(bootstrap, None, patch) as line,
        two_offices(folder, lambda: KafkaLog(KafkaConnection(bootstrap=bootstrap))) as world,
    ):
        await world.publish()
        a, b = await up(world, A, B, log_of_a=KafkaLog(patient))
        line.bytes_per_s = _MBIT_S
        alone = await _sent(a, b, samples)
        opened = await opens_with_file(a, data)
        await a.until(lambda: (row := file_of(a, opened.case)) is not None and row.about.done > 0)
        beside = await _sent(a, b, samples)
        row = file_of(a, opened.case)
        assert row is not None
        assert row.about.state.value == "sending", "the file was too small to be measured beside"
        line.bytes_per_s = None
        await a.kill()
    return beside, alone


async def _sent(a: RunningAgent, b: RunningAgent, samples: int) -> Sequence[float]:
    """For each event the seconds from the command until it is on the counterpart's disk."""
    seconds = []
    for _ in range(samples):
        await asyncio.sleep(_REST_S)
        began = perf_counter()
        opened = await a.open()
        await b.until(lambda case=opened.case: b.view(case) is not None)  # type: ignore[misc]
        seconds.append(perf_counter() - began)
    return seconds


__all__ = ["measure_beside_file"]
