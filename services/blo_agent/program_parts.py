"""The parts of the agent that run beside each other: a fault in one restarts that one alone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec

from blo_agent.store.connection import is_store_failure
from blo_runtime.incidents import report_incident
from blo_runtime.metrics import Metrics

FIRST_PAUSE_S: Final = 0.2
"""Before a part is started again after its first fault."""
LONGEST_PAUSE_S: Final = 30.0
"""At most so long is waited before a part is started again."""
SETTLED_S: Final = 60.0
"""A part that has run for so long after a fault counts as whole again."""


class _Fault(msgspec.Struct, frozen=True):
    incident: str
    at: float
    pause_s: float


class ProgramParts:
    """Keeps the parts running; only the store's and memory's own failure ends one for good.

    Args:
        metrics: Where faults are counted.
    """

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._faults: dict[str, _Fault] = {}

    async def keep(self, name: str, work: Callable[[], Awaitable[object]]) -> None:
        """Run a part, and start it again, after a pause that grows, when it raises.

        Raises:
            StoreError: The store has failed.
            MemoryError: The memory has.
        """
        while True:
            began = _loop_time()
            try:
                await work()
                return
            except Exception as error:
                if is_store_failure(error):
                    raise
                fault = self._note(name, error, _loop_time() - began)
            await asyncio.sleep(fault.pause_s)

    def faulty(self) -> dict[str, str]:
        """The parts that had a fault a short while ago, each with the last incident's id."""
        now = _loop_time()
        return {
            name: fault.incident
            for name, fault in sorted(self._faults.items())
            if now - fault.at < SETTLED_S + fault.pause_s
        }

    def _note(self, name: str, error: Exception, ran_s: float) -> _Fault:
        incident = report_incident("a part of the program", error, task=name)
        self._metrics.faults_contained.labels(place=name).inc()
        before = self._faults.get(name)
        grows = before is not None and ran_s < SETTLED_S
        pause_s = min(before.pause_s * 2, LONGEST_PAUSE_S) if before and grows else FIRST_PAUSE_S
        fault = self._faults[name] = _Fault(incident, _loop_time(), pause_s)
        return fault


def _loop_time() -> float:
    return asyncio.get_running_loop().time()
