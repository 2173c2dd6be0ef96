"""A processor on the real Kafka whose broker is away: at its start, for long, in the middle."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from blo_lab.broker import EmbeddedBroker
from blo_log.errors import LogError
from blo_log.kafka import KafkaConnection, KafkaLog
from tests.patience import PATIENCE_S
from tests.processors.process import WorkerProcess, write_config
from tests.processors.seeing import cases_of, plain, see
from tests.processors.world import LinkWriter, World

pytestmark = pytest.mark.broker

LIMIT_S = 12
"""A link without progress for so long would be begun anew, were it not for Kafka's being away."""


class Ground:
    """A broker, a link that is written to, and one processor's process.

    Args:
        broker: The broker.
        folder: Where the process has its files.
    """

    def __init__(self, broker: EmbeddedBroker, folder: Path) -> None:
        self.broker = broker
        self.world = World()
        self.writer = LinkWriter(self.world, self.world.places[0], seed=5)
        self.writer.play(60)
        self._folder = folder
        config = write_config(self.world, folder, broker.bootstrap)
        text = config.read_text(encoding="utf-8")
        config.write_text(f"{text}stuck_s = {LIMIT_S}\n", encoding="utf-8")
        self._config = config
        self.worker: WorkerProcess | None = None

    def log(self) -> KafkaLog:
        return KafkaLog(KafkaConnection(bootstrap=self.broker.bootstrap, request_timeout_s=40))

    def start(self) -> WorkerProcess:
        self.worker = WorkerProcess(self._config, "one", self._folder / "one.log")
        return self.worker

    def told(self) -> str:
        return (self._folder / "one.log").read_text(encoding="utf-8")

    async def write(self, start: int, end: int | None = None) -> None:
        log = self.log()
        try:
            await self.writer.append(log, start, end)
        finally:
            await log.close()

    async def ready(self) -> dict[str, dict[str, Any]]:
        """What the process says of itself, by check; nothing while it can't be asked."""
        path = self._folder / "run-one.json"
        if not path.exists():
            return {}
        port = msgspec.json.decode(path.read_bytes())["admin_port"]
        async with httpx.AsyncClient() as client:
            try:
                answer = await client.get(f"http://127.0.0.1:{port}/readyz")
            except httpx.HTTPError:
                return {}
        return {one["name"]: one for one in answer.json()}

    async def until_ready(self, condition: Callable[[dict[str, dict[str, Any]]], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not condition(await self.ready()):  # noqa: ASYNC110 - a process tells nobody
                await asyncio.sleep(0.1)

    async def until_away_for(self, seconds: float) -> None:
        """Until the process itself says that it has been without Kafka for so long."""

        def long_enough(checks: dict[str, dict[str, Any]]) -> bool:
            found = re.search(r"since (\d+) s", checks.get("kafka", {}).get("detail", ""))
            return found is not None and int(found[1]) >= seconds

        await self.until_ready(long_enough)

    async def until_exact(self) -> None:
        """Until a reader sees what the plain fold of the link gives."""
        async with asyncio.timeout(PATIENCE_S):
            while not await self._is_exact():  # noqa: ASYNC110 - a log tells nobody
                await asyncio.sleep(0.3)

    async def _is_exact(self) -> bool:
        state = plain(self.world, self.writer)
        effects = state.take_effects()
        log = self.log()
        try:
            seen = await see(self.world, log, self.writer.place)
        except LogError:
            return False
        finally:
            await log.close()
        return (
            seen.cases.records == cases_of(state)
            and seen.trail.entries == effects.trail
            and seen.alerts.records == {alert.id: alert for alert in effects.alerts}
            and seen.refused == 0
        )


def is_well(checks: dict[str, dict[str, Any]]) -> bool:
    return bool(checks) and all(check["ok"] for check in checks.values())


async def test_a_line_that_is_down_at_start_is_waited_for(
    broker_factory: Callable[..., EmbeddedBroker], tmp_path: Path
) -> None:
    ground = Ground(broker_factory(), tmp_path)
    log = ground.log()
    await ground.world.publish(log)
    await log.close()
    await ground.write(0)
    await asyncio.to_thread(ground.broker.stop)
    worker = ground.start()
    try:
        await ground.until_away_for(3)
        assert not (await ground.ready())["links"]["ok"]
        await asyncio.to_thread(ground.broker.restart)
        await ground.until_exact()
        await ground.until_ready(is_well)
        assert worker.starts == 1, ground.told()
    finally:
        await asyncio.to_thread(worker.stop)
    assert worker.codes == [0], ground.told()


async def test_a_processor_is_asked_to_stop_while_its_line_is_down_and_does(
    broker_factory: Callable[..., EmbeddedBroker], tmp_path: Path
) -> None:
    ground = Ground(broker_factory(), tmp_path)
    await asyncio.to_thread(ground.broker.stop)
    worker = ground.start()
    try:
        await ground.until_away_for(1)
    finally:
        await asyncio.to_thread(worker.stop)
    assert worker.codes == [0], ground.told()


@pytest.mark.parametrize("how", ["stopped", "frozen"])
async def test_a_broker_that_is_away_for_long_ends_nothing_and_nothing_is_folded_anew(
    broker_factory: Callable[..., EmbeddedBroker], tmp_path: Path, how: str
) -> None:
    ground = Ground(broker_factory(), tmp_path)
    log = ground.log()
    await ground.world.publish(log)
    await log.close()
    await ground.write(0, 30)
    worker = ground.start()
    try:
        await ground.until_ready(is_well)
        await ground.write(30, 40)
        away, back = (
            (ground.broker.stop, ground.broker.restart)
            if how == "stopped"
            else (ground.broker.pause, ground.broker.resume)
        )
        await asyncio.to_thread(away)
        # Longer than a link may be without progress, and than the group waits for a member.
        await ground.until_away_for(LIMIT_S + 3)
        await asyncio.to_thread(back)
        await ground.write(40)
        await ground.until_exact()
        await ground.until_ready(is_well)
        assert worker.starts == 1, ground.told()
        assert ground.told().count("link is folded") == 1, ground.told()
    finally:
        await asyncio.to_thread(worker.stop)
    assert worker.codes == [0], ground.told()
