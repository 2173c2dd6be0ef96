"""The witness as a process on the real Kafka: a quorum, a kill, a restart, a prompt end."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from blo_audit.findings.findings import Finding
from blo_audit.replay.claims import Claim
from blo_lab.broker import EmbeddedBroker
from blo_log.kafka import KafkaConnection, KafkaLog
from blo_log.port import TopicPartition, read_to_end
from blo_log.topics import heads_topic
from tests.agents.world import CORRIDOR, LINK, A, B, RunningAgent, World, all_read, two_offices
from tests.audit.world import WITNESS, claims_of, newest_quorum, with_witness
from tests.integration.programs import Running, running
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.broker


def write_config(world: World, folder: Path, bootstrap: str) -> Path:
    """The configuration and the keys of the world's witness."""
    keys = folder / "witness.key"
    keys.write_text(world.keys[WITNESS].to_bytes().hex() + "\n", encoding="ascii")
    keys.chmod(0o600)
    pins = "".join(f'{country} = "{pin.hex()}"\n' for country, pin in world.pins.items())
    config = folder / "witness.toml"
    config.write_text(
        f"""\
witness = "{WITNESS}"
corridors = ["{CORRIDOR}"]
keys = "witness.key"
state = "witness.json"

[trust.pins]
{pins}
[kafka]
bootstrap = "{bootstrap}"
request_timeout_s = 10

[signing]
spacing_s = 0
again_s = 1
""",
        encoding="utf-8",
    )
    return config


async def found_on(world: World) -> tuple[list[Claim], list[Finding]]:
    """What an auditor reads on ``blo.heads`` now."""
    log = world.connect()
    reader = await log.reader({TopicPartition(heads_topic(CORRIDOR), 0): 0})
    stored = [
        one async for batch in read_to_end(reader) for records in batch.values() for one in records
    ]
    await log.close()
    return claims_of(world, [record.value for record in stored if record.value is not None])


async def quorum(world: World, agent: RunningAgent, witness: Running, size: int) -> None:
    """Wait until all have signed a tree of so many records."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        claims, findings = await found_on(world)
        assert findings == []
        newest = newest_quorum(claims)
        if newest is not None and newest.size >= size:
            assert newest.tree_root == agent.desk().fold.chain.tree_root()
            return
        assert witness.process.poll() is None, witness.told
        assert time.monotonic() < deadline, witness.told
        await asyncio.sleep(0.05)


async def test_a_witness_that_is_killed_goes_on_with_the_same_tree_and_ends_when_asked(
    broker_factory: Callable[..., EmbeddedBroker], tmp_path: Path
) -> None:
    broker = broker_factory()
    world = two_offices(tmp_path, lambda: KafkaLog(KafkaConnection(bootstrap=broker.bootstrap)))
    async with with_witness(world):
        await world.publish()
        config = write_config(world, tmp_path, broker.bootstrap)
        a, b = await world.agent(A), await world.agent(B)
        await a.until(lambda: LINK in a.agent.office.links)
        with run_witness(tmp_path, config) as witness:
            await a.open()
            await all_read([a, b], 1)
            await quorum(world, a, witness, 1)
            assert witness.end(signal.SIGKILL) == -signal.SIGKILL
        await a.open()
        await all_read([a, b], 2)
        with run_witness(tmp_path, config) as witness:
            await quorum(world, a, witness, 2)
            # Had it taken longer than an operator's supervisor waits, it would have ended itself.
            assert witness.end(signal.SIGTERM) == 0
        assert a.desk().trees.refused == []
        assert not (tmp_path / "run-witness.json").exists()


def run_witness(folder: Path, config: Path) -> AbstractContextManager[Running]:
    return running(folder, "audit", "witness", "run", "--config", str(config))
