"""A bundle of a real Kafka's log, disclosed by an agent, verified where there is no network."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from blo_agent.commands.disclose import DisclosureCommand, disclose
from blo_cli.main import run
from blo_lab.broker import EmbeddedBroker
from blo_log.kafka import KafkaConnection, KafkaLog
from blo_schemas.codec import encode
from blo_schemas.ids import CaseId
from blo_schemas.summary import Step
from tests.agents.world import LINK, NOW, A, B, RunningAgent, World, all_read, two_offices

pytestmark = pytest.mark.broker


async def exchanged(world: World, disclosed: Path) -> CaseId:
    """Two agents have exchanged two cases; B has disclosed the first one."""
    await world.publish()
    a, b = await world.agent(A), await world.agent(B)
    await a.until(lambda: LINK in a.agent.office.links)
    case = (await a.open()).case
    await all_read([a, b], 1)
    await b.do(Step.ACKNOWLEDGE, case)
    await a.open()
    await all_read([a, b], 3)
    for one, other in ((a, B), (b, A)):
        await one.until(lambda one=one, other=other: has_opened(one, other, 3))  # type: ignore[misc]
    agent = b.agent
    wanted = DisclosureCommand(reason="fictional", recipient="fictional", actor="chief", case=case)
    made = await disclose(agent.office, agent.store, agent.log, b.desk(), wanted, NOW)
    await asyncio.to_thread(disclosed.write_bytes, encode(made.signed))
    return case


def has_opened(agent: RunningAgent, other: str, size: int) -> bool:
    """Whether it knows that the other has read and opened all: a key may come after its record."""
    heads = [one for one in agent.agent.office.heads.values() if one.office == other]
    return any(one.size == size and one.unopened == 0 for one in heads)


def verified(file: Path, pins: list[str], project_root: Path) -> str:
    """What a process says that can neither write nor reach anything."""
    found = subprocess.run(
        [sys.executable, "-B", project_root / "tests/audit/confined.py", str(2**29), file, *pins],
        env={"PYTHONPATH": f"{project_root}/schemas:{project_root}/services"},
        cwd=file.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stderr + found.stdout
    return " ".join(found.stdout.split())


async def test_a_case_of_a_real_kafka_is_bundled_disclosed_and_verified_offline(
    tmp_path: Path, broker_factory: object, project_root: Path
) -> None:
    assert callable(broker_factory)
    broker = broker_factory()
    assert isinstance(broker, EmbeddedBroker)
    world = two_offices(tmp_path, lambda: KafkaLog(KafkaConnection(bootstrap=broker.bootstrap)))
    disclosed, file = tmp_path / "disclosed", tmp_path / "case.bundle"
    async with world:
        case = await exchanged(world, disclosed)
        pins = [f"--pin={country}={root.hex()}" for country, root in world.pins.items()]
        reach = ["--bootstrap", broker.bootstrap, *pins]
        chosen = [
            "--link",
            LINK,
            "--case",
            case.hex(),
            "--disclose",
            str(disclosed),
            "-o",
            str(file),
        ]
        assert await asyncio.to_thread(run, ["audit", "bundle", *chosen, *reach]) == 0
        whole = ["--link", LINK, "-o", str(tmp_path / "link.bundle")]
        assert await asyncio.to_thread(run, ["audit", "bundle", *whole, *reach]) == 0
    broker.kill()
    said = verified(file, pins, project_root)
    assert f"{case.hex()} on {LINK}" in said.replace(f"{case.hex()[:61]} ", case.hex()[:61])
    assert "2 of 2 records" in said
    assert "written by vn-a disclosed by la-b" in said
    assert "subject (fictional) Nguyen Van A" in said
    said = verified(tmp_path / "link.bundle", pins, project_root)
    assert f"The log of {LINK} has 3 records" in said
