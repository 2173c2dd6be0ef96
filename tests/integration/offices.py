"""Two offices with a processor on a real Kafka, and what tests of them wait for."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from blo_lab.broker import EmbeddedBroker
from blo_log import topics
from blo_log.kafka import KafkaConnection, KafkaLog
from blo_schemas.trust import Role
from tests.agents.processes import AgentProcess, NoAnswer
from tests.agents.processing import PROCESSOR
from tests.agents.world import CORRIDOR, LINK, REQUEST, A, B, World
from tests.patience import PATIENCE_S

OPEN = {
    "kind": "verification_request",
    "step": "open",
    "on": "2025-02-20",
    "link": "vn-a~la-b",
    "fields": REQUEST,
    "dispatch": {"subject": "(fictional) about a fictional person"},
}


def until(condition: Callable[[], bool]) -> None:
    """Wait until something holds; an agent that is not there (yet) does not make it so."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            if condition():
                return
        except NoAnswer:
            pass
        assert time.monotonic() < deadline
        time.sleep(0.05)


async def a_watched_world(broker: EmbeddedBroker, folder: Path, partition: int) -> World:
    world = World(folder, lambda: KafkaLog(KafkaConnection(bootstrap=broker.bootstrap)))
    world.difference_after_s = 0
    world.certify(A)
    world.certify(B)
    world.certify(PROCESSOR, role=Role.PROCESSOR)
    world.agree(LINK, (A, B), partition, processors=(PROCESSOR,))
    await world.publish(links=partition + 1)
    return world


def is_taken(agent: AgentProcess) -> bool:
    """Whether an agent has kept a processor's record of a case."""
    name = f'blo_outputs_taken_total{{link="{LINK}",topic="{topics.cases_topic(CORRIDOR)}"}}'
    return any(line.startswith(name) for line in agent.metrics().splitlines())


__all__ = ["OPEN", "a_watched_world", "is_taken", "until"]
