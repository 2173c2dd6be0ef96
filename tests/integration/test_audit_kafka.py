"""An inspector's replay of a real Kafka's log, which real agents and a witness wrote."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from blo_cli.errors import Exit
from blo_domain.deadlines.policies import four_urgencies
from blo_lab.broker import EmbeddedBroker
from blo_log.kafka import KafkaConnection, KafkaLog
from blo_log.port import ConsumedRecord, ProducerRecord, TopicPartition, read_to_end
from blo_log.topics import exchange_topic, heads_topic
from blo_schemas.codec import encode
from blo_schemas.event import LogRecord
from blo_schemas.heads import head_record_key
from blo_schemas.ids import OfficeId
from blo_schemas.trust import Agreement, Role
from blo_sealing.signatures import SigningKey
from blo_sealing.statements import sign_head
from tests.agents.shredded import shredded
from tests.agents.world import CORRIDOR, LINK, NOW, YEAR_MS, A, B, RunningAgent, World, all_read
from tests.audit.exhibits import forged, head_of
from tests.audit.world import WITNESS, with_witness
from tests.integration.programs import blo
from tests.integration.test_witness import quorum, run_witness, write_config

pytestmark = pytest.mark.broker

INSPECTOR = OfficeId("vn-inspector")


def observed_world(folder: Path, bootstrap: str) -> World:
    """Two offices, a witness, and an inspector whom their agreement names as an observer."""
    world = with_witness(World(folder, lambda: KafkaLog(KafkaConnection(bootstrap=bootstrap))))
    world.certify(A)
    world.certify(B)
    world.certify(INSPECTOR, role=Role.OBSERVER)
    agreement = Agreement(
        link=LINK,
        corridor=CORRIDOR,
        partition=0,
        version=1,
        offices=tuple(sorted((A, B))),
        observers=(INSPECTOR,),
        policy=four_urgencies((A, B)),
        effective_from=NOW - YEAR_MS,
    )
    world.sign(agreement, [world.keys[office].signing for office in (A, B)])
    return world


def auditor(world: World, folder: Path, bootstrap: str) -> Path:
    """The inspector's configuration and keys."""
    keys = folder / "auditor.key"
    keys.write_text(world.keys[INSPECTOR].to_bytes().hex() + "\n", encoding="ascii")
    keys.chmod(0o600)
    pins = "".join(f'{country} = "{pin.hex()}"\n' for country, pin in world.pins.items())
    config = folder / "auditor.toml"
    config.write_text(
        f'auditor = "{INSPECTOR}"\nkeys = "auditor.key"\n'
        f'[trust.pins]\n{pins}[kafka]\nbootstrap = "{bootstrap}"\n',
        encoding="utf-8",
    )
    return config


async def replayed(folder: Path, config: Path, *more: str, code: int) -> dict[str, Any]:
    """What the command says, as JSON."""
    command = ["audit", "replay", "--config", str(config), "--json", *more]
    ended = await asyncio.to_thread(blo, folder, *command)
    assert ended.returncode == code, ended.stderr + ended.stdout
    told: dict[str, Any] = json.loads(ended.stdout)
    return told


async def read(world: World, topic: str) -> list[ConsumedRecord]:
    """Everything on the link's partition of a topic."""
    log = world.connect()
    part = TopicPartition(topic, 0)
    reader = await log.reader({part: 0})
    found = [one async for batch in read_to_end(reader) for one in batch[part]]
    await log.close()
    return found


async def spoil(world: World) -> None:
    """A stranger writes in A's name, and A signs that it was shown another log."""
    first, *_ = await read(world, exchange_topic(CORRIDOR))
    genuine = LogRecord(0, first.timestamp, first.value or b"")
    forgery = forged(genuine, LINK, SigningKey.generate(os.urandom), salt=bytes(16))
    key = head_record_key(LINK, A)
    *_, newest = [one for one in await read(world, heads_topic(CORRIDOR)) if one.key == key]
    assert newest.value is not None
    contradicting = msgspec.structs.replace(head_of(newest.value), log_hash=bytes(32))
    signed = sign_head(contradicting, world.keys[A].signing)
    await world.append(
        [
            ProducerRecord(exchange_topic(CORRIDOR), 0, LINK.encode(), forgery),
            ProducerRecord(heads_topic(CORRIDOR), 0, key, encode(signed)),
        ]
    )


async def wrote(world: World, folder: Path, bootstrap: str) -> str:
    """Two agents exchange cases, shred one, and have all of it witnessed."""
    await world.publish()
    a, b = await world.agent(A), await world.agent(B)
    for one in (a, b):
        await one.until(lambda one=one: LINK in one.agent.office.links)  # type: ignore[misc]
    with run_witness(folder, write_config(world, folder, bootstrap)) as witness:
        case = await shredded(a, b, [])
        await a.open()
        await all_read([a, b], 7)
        for one, other in ((a, B), (b, A)):
            await one.until(lambda one=one, other=other: _covered(one, other))  # type: ignore[misc]
        await quorum(world, a, witness, 7)
    await a.stop()
    await b.stop()
    return case.hex()


def _covered(agent: RunningAgent, other: OfficeId) -> bool:
    return any(one.office == other and one.size == 7 for one in agent.agent.office.heads.values())


async def test_a_replay_of_a_real_log_tells_what_was_proved_and_what_somebody_spoiled(
    broker_factory: Callable[..., EmbeddedBroker], tmp_path: Path
) -> None:
    broker = broker_factory()
    async with observed_world(tmp_path, broker.bootstrap) as world:
        case = await wrote(world, tmp_path, broker.bootstrap)
        config = auditor(world, tmp_path, broker.bootstrap)
        for mode in ("full", "amortised"):
            told = await replayed(tmp_path, config, "--mode", mode, code=Exit.OK)
            assert [one for one in told["findings"] if one["severity"] != "note"] == []
            [link] = told["links"]
            assert (link["mode"], link["records"], link["checkpoint"]) == (mode, 7, 7)
            assert sorted(link["checkpoint_signers"]) == sorted([A, B, WITNESS])
            assert {one["office"]: one["after"] for one in link["words"]} == {A: 0, B: 0}
            assert link["views"]["differed"] == 0 < link["views"]["agreed"]
            [gone] = link["views"]["shredded"]
            assert (gone["case"], gone["agreed_at"], gone["missing"]) == (case, 3, [])
            said = " ".join(link["proved"])
            # Whichever office says so first.
            assert any(
                f"that it deleted them has signed {first} at record 4 and {then} at record 5."
                in said
                for first, then in ((A, B), (B, A))
            )
        await spoil(world)
        told = await replayed(tmp_path, config, code=Exit.CHECK_FAILED)
        found = {(one["code"], one["position"], one["office"]) for one in told["findings"]}
        assert ("bad_signature", 7, None) in found
        assert ("heads_contradict", 7, A) in found
        assert ("head_of_another_log", 7, A) in found
