"""What is done to the workers and the broker while they work."""

from __future__ import annotations

import asyncio
import random
import signal

import msgspec
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from blo_lab.broker import EmbeddedBroker
from blo_log import topics
from tests.processors.process import WorkerProcess
from tests.processors.world import CORRIDOR

SESSION_S = 6.0


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """How much is done.

    Attributes:
        links: Links, each with its partition.
        events: Records in all.
        kills: SIGKILLs at random moments.
        pause_s: How long one worker is stopped (SIGSTOP); more than its session.
        broker_stop_s: How long the broker is away.
        seconds: How long records are appended.
        settle_s: How long everything may take to be right afterwards, the comparing included.
        seed: Of everything random.
    """

    links: int
    events: int
    kills: int
    pause_s: float
    broker_stop_s: float
    seconds: float
    settle_s: float = 60.0
    seed: int = 1


async def disturb(
    plan: Plan, broker: EmbeddedBroker, workers: list[WorkerProcess], done: list[str]
) -> None:
    """Kill at random; in between stop and wake one, take the broker away, let a write fail."""
    dice = random.Random(plan.seed)
    kills = [_kill] * plan.kills
    others = [_pause, _take_broker, _fail_output]
    deeds = [*kills]
    for other in others:
        deeds.insert(dice.randrange(len(deeds) + 1), other)
    pause_s = plan.seconds / (len(deeds) + 1)
    for deed in deeds:
        await asyncio.sleep(dice.uniform(0.3, 1.2) * pause_s)
        done.append(await deed(plan, broker, workers, dice))


async def _kill(
    plan: Plan, broker: EmbeddedBroker, workers: list[WorkerProcess], dice: random.Random
) -> str:
    del plan, broker
    while True:
        worker = dice.choice(workers)
        if worker.send(signal.SIGKILL):
            return "worker killed"
        await asyncio.sleep(0.1)


async def _pause(
    plan: Plan, broker: EmbeddedBroker, workers: list[WorkerProcess], dice: random.Random
) -> str:
    del broker
    while True:
        worker = dice.choice(workers)
        if worker.send(signal.SIGSTOP):
            await asyncio.sleep(plan.pause_s)
            worker.send(signal.SIGCONT)
            return f"worker stopped for {plan.pause_s:g} s and woken"
        await asyncio.sleep(0.1)


async def _take_broker(
    plan: Plan, broker: EmbeddedBroker, workers: list[WorkerProcess], dice: random.Random
) -> str:
    del workers, dice
    await asyncio.to_thread(broker.kill)
    await asyncio.sleep(plan.broker_stop_s)
    await asyncio.to_thread(broker.restart)
    return f"broker killed, away for {plan.broker_stop_s:g} s"


async def _fail_output(
    plan: Plan, broker: EmbeddedBroker, workers: list[WorkerProcess], dice: random.Random
) -> str:
    """The broker refuses what is written to the trail, for a while."""
    del plan
    before = sum(len(worker.codes) for worker in workers)
    topic = topics.trail_topic(CORRIDOR)
    await _largest_record(broker, topic, 100)
    for _ in range(60):
        await asyncio.sleep(dice.uniform(0.2, 0.4))
        if ended := sum(len(worker.codes) for worker in workers) - before:
            break
    await _largest_record(broker, topic, 1024 * 1024)
    return f"appends to {topic} refused; {ended} workers ended by that"


async def _largest_record(broker: EmbeddedBroker, topic: str, size: int) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=broker.bootstrap)
    await admin.start()
    try:
        settings = {"max.message.bytes": str(size)}
        await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, settings)])
    finally:
        await admin.close()


__all__ = ["SESSION_S", "Plan", "disturb"]
