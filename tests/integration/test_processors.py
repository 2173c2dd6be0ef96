"""The stream processors on the real Kafka, as processes that are killed, stopped and starved."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from blo_lab.broker import EmbeddedBroker
from tests.faults.chaos import Plan
from tests.faults.run import run_faults

pytestmark = pytest.mark.broker

SHORT = Plan(links=3, events=2_400, kills=4, pause_s=9.0, broker_stop_s=4.0, seconds=25.0, seed=3)


def logs(folder: Path) -> str:
    return "\n".join(path.read_text()[-3000:] for path in folder.glob("*.log"))


async def test_outputs_equal_a_plain_fold_whatever_happens_to_workers_and_broker(
    broker_factory: Callable[..., EmbeddedBroker], tmp_path: Path
) -> None:
    report = await run_faults(SHORT, broker_factory(), tmp_path)
    told = logs(tmp_path)
    assert report.exact, f"{report}\n{told}"
    assert sum(report.starts) >= 2 + SHORT.kills
    # SIGTERM: it ends itself with another code where it takes 4 s or more.
    assert report.last_codes == [0, 0], f"{report}\n{told}"
