"""What talking costs: bytes of heads, heartbeats, notes and grants, in quiet traffic and at rest.

Two offices and a witness work on a log in memory, with the default times divided by one number, so
that a minute takes a third of a second.
"""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
import uvloop

from blo_agent.agent import AgentOptions
from blo_audit.witness.options import WitnessOptions
from blo_log.memory import MemoryCluster, MemoryLog
from blo_log.topics import exchange_topic, heads_topic, keys_topic, liveness_topic
from blo_schemas.ids import CaseId, LinkId, OfficeId
from blo_schemas.summary import Step
from tests.agents.world import CORRIDOR, RunningAgent, World
from tests.audit.world import RunningWitness, with_witness
from tests.bench.report import BY_NAME, Measurement
from tests.bench.timing import Effort

_MINUTE_S: Final = 1 / 3
_FASTER: Final = 60 / _MINUTE_S
_FRAME: Final = 70
"""Bytes that Kafka adds to a record that is appended alone: 61 for its batch, some 9 for itself."""
_DAY_S: Final = 86_400
_ROUNDS_AT_REST: Final = 2
_VN, _LA = OfficeId("vn-kyson"), OfficeId("la-xiengkhouang")
_LINK: Final = LinkId("vn-kyson~la-xiengkhouang")
_STEPS: Final = (Step.OPEN, Step.ACKNOWLEDGE, Step.ACCEPT, Step.URGE)


class _Talk(NamedTuple):
    """What was measured, in bytes: of each event, and of a link at rest in a day.

    Attributes:
        event: The event itself.
        statements: Heads, heartbeats and the witness's and offices' notes, per event.
        grants: Grants of contents, per event.
        head: One head.
        rest: Everything, a day.
    """

    event: float
    statements: float
    grants: float
    head: float
    rest: float


def measure_talk(effort: Effort) -> tuple[Measurement, ...]:
    """An event a minute, each case of four steps; then nothing at all."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        talk = runner.run(_measure(max(6, min(30, effort.samples))))
    heads_a_day = 2 * _DAY_S / 60 * (talk.head + _FRAME)
    return (
        BY_NAME["quiet_statements"].measured(talk.statements, talk.event),
        BY_NAME["quiet_grants"].measured(talk.grants, talk.event),
        BY_NAME["rest_a_day"].measured(talk.rest, heads_a_day),
    )


async def _measure(events: int) -> _Talk:
    cluster = MemoryCluster()
    with tempfile.TemporaryDirectory(prefix="blo-bench-") as scratch:
        world = World(Path(scratch), lambda: MemoryLog(cluster))
        world.certify(_VN)
        world.certify(_LA)
        world.agree(_LINK, (_VN, _LA))
        with_witness(world)
        _hurry(world)
        async with world:
            await world.publish()
            a, b = await world.agent(_VN), await world.agent(_LA)
            for agent in (a, b):
                await agent.has_desk(_LINK)
            spacing_s = WitnessOptions().spacing_s / _FASTER
            quick = WitnessOptions(delay_s=0.01, spacing_s=spacing_s, patience_s=1, directory_s=1)
            witness = RunningWitness(world, options=quick)
            try:
                # The month's keys, and the first checkpoint after a rest.
                await _play(a, b, len(_STEPS), 0)
                before = _Sizes.of(cluster)
                await _play(a, b, events, len(_STEPS))
                quiet = _Sizes.of(cluster).less(before)
                # The last head and checkpoint are no part of a rest.
                await asyncio.sleep(spacing_s + world.settle_s)
                rest = await _rest(cluster, world.heartbeat_s)
            finally:
                await witness.kill()
    statements = (quiet.heads + quiet.liveness) / events
    return _Talk(quiet.exchange / events, statements, quiet.keys / events, quiet.head, rest)


def _hurry(world: World) -> None:
    usual = AgentOptions()
    world.head_interval_s = usual.head_interval_s / _FASTER
    world.settle_s = usual.settle_s / _FASTER
    world.heartbeat_s = usual.heartbeat_s / _FASTER


async def _play(a: RunningAgent, b: RunningAgent, events: int, size: int) -> None:
    case: CaseId | None = None
    loop = asyncio.get_running_loop()
    began = loop.time()
    for number in range(events):
        step = _STEPS[number % len(_STEPS)]
        if step is Step.OPEN or case is None:
            case = (await a.open(_LINK)).case
        else:
            await (a if step is Step.URGE else b).do(step, case, link=_LINK)
        size += 1
        for agent in (a, b):
            await agent.read(size, _LINK)
        # By the clock: what the work itself takes is no part of a minute.
        await asyncio.sleep(began + (number + 1) * _MINUTE_S - loop.time())


async def _rest(cluster: MemoryCluster, heartbeat_s: float) -> float:
    """Bytes a day of a link on which nothing happens, with what Kafka adds."""
    beats = cluster.records(liveness_topic(CORRIDOR), 0)
    start, before = len(beats), _Sizes.of(cluster)
    await asyncio.sleep(_ROUNDS_AT_REST * heartbeat_s)
    said = _Sizes.of(cluster).less(before)
    heartbeats = len(cluster.records(liveness_topic(CORRIDOR), 0)) - start
    seconds = max(1, heartbeats) / 2 * AgentOptions().heartbeat_s
    total = said.heads + said.liveness + said.keys + _FRAME * said.records
    return total * _DAY_S / seconds


class _Sizes(msgspec.Struct, frozen=True):
    """Bytes of the keys and values on the topics."""

    exchange: int
    heads: int
    liveness: int
    keys: int
    records: int
    head: float

    @classmethod
    def of(cls, cluster: MemoryCluster) -> _Sizes:
        topics = (exchange_topic, heads_topic, liveness_topic, keys_topic)
        logs = [cluster.records(topic(CORRIDOR), 0) for topic in topics]
        exchange, heads, liveness, keys = (
            sum(len(one.key or b"") + len(one.value or b"") for one in records) for records in logs
        )
        own = [
            len(one.key or b"") + len(one.value or b"")
            for one in logs[1]
            if (one.key or b"").count(b"\0") == 1
        ]
        head = sum(own) / max(1, len(own))
        return cls(exchange, heads, liveness, keys, sum(map(len, logs[1:])), head)

    def less(self, before: _Sizes) -> _Sizes:
        """What came since."""
        return _Sizes(
            self.exchange - before.exchange,
            self.heads - before.heads,
            self.liveness - before.liveness,
            self.keys - before.keys,
            self.records - before.records,
            self.head,
        )


__all__ = ["measure_talk"]
