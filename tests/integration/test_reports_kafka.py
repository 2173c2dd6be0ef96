"""Reports, response times and journals against the log on a real Kafka, as an inspector reads it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from blo_agent.office.access_log import journal_of
from blo_agent.store.tables.journal import head
from blo_cli.main import run
from blo_domain.deadlines.policies import four_urgencies
from blo_lab.broker import EmbeddedBroker
from blo_log.kafka import KafkaConnection, KafkaLog
from blo_schemas.ids import OfficeId
from blo_schemas.summary import Kind, Step
from blo_schemas.trust import Agreement, Role, Superior
from blo_sealing.keys import NodeKeys
from tests.agents.world import (
    CORRIDOR,
    LINK,
    NOW,
    PROVINCE,
    YEAR_MS,
    A,
    B,
    RunningAgent,
    World,
    all_read,
)
from tests.audit.frozen import PENALTY, frozen_file

pytestmark = pytest.mark.broker

MINISTRY = OfficeId("vn-ministry")
AUDITOR = """
auditor = "vn-ministry"
keys = "auditor.key"
[trust.pins]
{pins}
[kafka]
bootstrap = "{bootstrap}"
"""


def a_world(broker: EmbeddedBroker, folder: Path) -> World:
    """Two offices, a province and a ministry that observes their link."""
    world = World(folder, lambda: KafkaLog(KafkaConnection(bootstrap=broker.bootstrap)))
    for office in (A, B, PROVINCE):
        world.certify(office)
    world.certify(MINISTRY, role=Role.OBSERVER)
    agreement = Agreement(
        link=LINK,
        corridor=CORRIDOR,
        partition=0,
        version=1,
        offices=(B, A),
        superiors=(Superior(superior=PROVINCE, office=A),),
        observers=(MINISTRY,),
        policy=four_urgencies((A, B)),
        effective_from=NOW - YEAR_MS + 1,
    )
    world.sign(agreement, [world.keys[office].signing for office in (A, B)])
    return world


async def play(a: RunningAgent, b: RunningAgent, province: RunningAgent) -> None:
    """Three events: a penalty, a request, and its acknowledgement in time."""
    await a.until(lambda: LINK in a.agent.office.links)
    await a.submit(Kind.PENALTY, Step.OPEN, fields=PENALTY)
    opened = await a.open()
    await b.read(2)
    await b.do(Step.ACKNOWLEDGE, opened.case)
    await all_read([a, b], 3)
    await province.read(3)
    await province.until(lambda: not province.desk().unopened)
    for one, signer in ((province, B), (b, A)):
        heads = one.agent.office
        await one.until(lambda heads=heads, signer=signer: (LINK, signer) in heads.heads)  # type: ignore[misc]
        await one.until(lambda heads=heads, signer=signer: heads.heads[LINK, signer].size == 3)  # type: ignore[misc]


def write_auditor(folder: Path, world: World, broker: EmbeddedBroker) -> Path:
    key = folder / "auditor.key"
    keys: NodeKeys = world.keys[MINISTRY]
    key.write_text(keys.to_bytes().hex() + "\n")
    key.chmod(0o600)
    pins = "\n".join(f'{country} = "{pin.hex()}"' for country, pin in world.pins.items())
    config = folder / "auditor.toml"
    config.write_text(AUDITOR.format(pins=pins, bootstrap=broker.bootstrap))
    return config


async def test_an_inspector_checks_a_report_a_journal_and_response_times_against_the_log(
    broker_factory: Callable[..., EmbeddedBroker],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    broker = broker_factory()
    world = a_world(broker, tmp_path)
    report, journal, heads = (tmp_path / one for one in ("report.json", "journal", "heads"))
    async with world:
        await world.publish()
        a, b, province = [await world.agent(office) for office in (A, B, PROVINCE)]
        await play(a, b, province)
        report.write_bytes(await frozen_file(province))
        stands = await a.ask(head)
        journal.write_bytes(await a.ask(lambda tx: journal_of(tx, A, stands, NOW)))
    where = ["--bootstrap", broker.bootstrap]
    for country, pin in world.pins.items():
        where += ["--pin", f"{country}={pin.hex()}"]

    async def types(*arguments: str) -> tuple[int, str]:
        code = await asyncio.to_thread(run, ["audit", *arguments])
        captured = capsys.readouterr()
        return code, captured.out + captured.err

    code, told = await types("report", "verify", str(report), *where)
    assert code == 0, told
    assert "checked: each event and each cut against the log's records" in told
    assert "checked: the signature of vn-province" in told
    assert "not checked" not in told
    code, told = await types("journal", str(journal), *where)
    assert code == 0, told
    assert "0 heads and heartbeats compared" not in told
    code, told = await types("heads", str(heads), *where)
    assert code == 0, told
    # Of each reader at least the newest; older ones stay until the topic is compacted.
    assert len(heads.read_text().split()) >= 3
    code, told = await types("report", "verify", str(report), "--heads", str(heads))
    assert code == 2, told
    assert "WHOSE IT IS WAS NOT CHECKED" in told
    unsigned = ("--heads", str(heads), "--unsigned-ok")
    code, told = await types("report", "verify", str(report), *unsigned)
    assert code == 0, told
    config = write_auditor(tmp_path, world, broker)
    days = ["--from", "2025-01-01", "--to", "2030-12-31"]
    code, told = await types("response-times", "--config", str(config), *days)
    assert code == 0, told
    assert re.search(r"vn-a~la-b +la-b +acknowledgement +1 +0 +0 ", told), told
