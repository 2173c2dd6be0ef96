"""Crashes of an agent at a chosen one of its own steps, and what must hold afterwards."""

from __future__ import annotations

import asyncio
import threading
from collections import defaultdict

from blo_agent.inbound.own_chain import successor
from blo_agent.store.connection import Snapshot
from blo_agent.store.tables import records
from blo_log.memory import MemoryCluster
from blo_log.topics import exchange_topic
from blo_schemas.errors import WireError
from blo_schemas.event import ENVELOPE, HEADER
from blo_schemas.ids import EventId
from blo_schemas.verdicts import Outcome
from tests.agents.world import CORRIDOR, LINK, RunningAgent
from tests.patience import PATIENCE_S


class Killed(BaseException):
    """The process was killed here."""


class CrashPlan:
    """A probe for an agent's store and sender alike, that kills it at a chosen step.

    Once it has struck, every later step of the same agent is prevented too, as death would.
    """

    def __init__(self) -> None:
        self._gate = threading.Lock()
        self._left: int | None = None
        self._at: str | None = None
        self.struck = ""
        self.passed: list[str] = []

    def arm(self, steps: int, at: str | None = None) -> None:
        """Strike at the step that many steps from now, counting only those of one name if given."""
        with self._gate:
            self._left, self._at = steps, at

    def disarm(self) -> bool:
        """Strike no more from now on; whether it has struck."""
        with self._gate:
            self._left = None
            return bool(self.struck)

    def __call__(self, point: str) -> None:
        with self._gate:
            self.passed.append(point)
            if self.struck:
                raise Killed(self.struck)
            if self._left is None or self._at not in (None, point):
                return
            self._left -= 1
            if self._left <= 0:
                self.struck = point
                raise Killed(point)


async def ended(agent: RunningAgent, timeout_s: float = PATIENCE_S) -> None:
    """Wait until an agent whose crash is planned has died of it."""
    await asyncio.wait([agent.task], timeout=timeout_s)
    assert agent.task.done(), "the agent outlives its crash"


def same_place_same_bytes(cluster: MemoryCluster) -> None:
    """No place in any office's chain was ever filled with two different events."""
    places: dict[tuple[bytes, int], set[bytes]] = defaultdict(set)
    for record in cluster.records(exchange_topic(CORRIDOR), 0):
        try:
            header = HEADER.decode(ENVELOPE.decode(record.value or b"").header)
        except WireError:
            continue
        places[header.kid, header.oseq].add(record.value or b"")
    twice = {place: len(values) for place, values in places.items() if len(values) > 1}
    assert not twice


async def counts_of(agent: RunningAgent, event: EventId) -> list[Outcome | None]:
    """What became of each record of an event, in log order."""

    def query(snapshot: Snapshot) -> list[Outcome | None]:
        latest = successor(snapshot, event) or event
        return [row.outcome for row in records.by_event(snapshot, latest)]

    return await agent.ask(query)


async def agree(agents: list[RunningAgent]) -> None:
    """All agents come to the same verdicts and views, and each one's are what the log says."""
    first = agents[0]
    verdicts = await first.verdicts()
    digest = first.views_digest()
    for one in agents[1:]:
        assert await one.verdicts() == verdicts
        assert one.views_digest() == digest
    for one in agents:
        replayed = await one.replay()
        assert replayed.equal, f"{one.agent.office.id} shows what the log does not say"
        assert replayed.size == len(verdicts)
        assert one.desk(LINK).status.halted is None
