"""A frozen report for tests, made by agents on a memory log, with all that an inspector may have."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import msgspec

from blo_agent.reports import service
from blo_audit.replay.from_log import read_heads, read_records
from blo_audit.reports.verify import Records
from blo_domain.trust import TrustedDirectory, load_directory
from blo_log.memory import MemoryCluster, MemoryLog
from blo_schemas.heads import SignedHead
from blo_schemas.ids import OfficeId
from blo_schemas.reports import (
    FrozenReport,
    PeriodReport,
    ReportAct,
    SignedReport,
    signed_report,
    to_json,
)
from blo_schemas.summary import Kind, Step
from blo_sealing.kem import is_usable_kem_key
from blo_sealing.signatures import is_usable_signing_key, verify_signature
from blo_sealing.statements import sign_report
from tests.agents.started import three_up
from tests.agents.world import (
    LINK,
    PROVINCE,
    B,
    RunningAgent,
    World,
    all_read,
)

FIRST, LAST = date(2024, 11, 1), date(2025, 10, 31)
PENALTY = {
    "person": {"name": "A (fictional)", "nationality": "la"},
    "law": "(fictional)",
    "act": "overstay",
    "decision_number": "1",
}
PHASE = {
    "phase": 1,
    "arrests": [{"count": 1, "nationality": "la"}, {"count": 2}],
    "seizures": [
        {"substance": "heroin", "amount": 8, "unit": "banh"},
        {"substance": "methamphetamine_crystal", "amount": 38.5, "unit": "kg"},
    ],
}

Edit = Callable[[dict[str, Any]], None]


@dataclass
class Given:
    """The report, and what an inspector may have beside it."""

    data: bytes
    directory: TrustedDirectory
    heads: list[SignedHead]
    records: Records
    world: World

    @property
    def signed(self) -> SignedReport:
        return signed_report(self.data)

    @property
    def report(self) -> PeriodReport:
        return self.signed.frozen.report

    def edited(self, edit: Edit, *, signed_again: bool = False) -> bytes:
        """The file with something changed; ``edit`` gets the frozen report as JSON values."""
        values = json.loads(self.data)
        edit(values["frozen"])
        changed = msgspec.convert(values, SignedReport)
        if signed_again:
            changed = self.sign(changed.frozen)
        return to_json(changed)

    def sign(self, frozen: FrozenReport, office: OfficeId = PROVINCE) -> SignedReport:
        return sign_report(frozen, self.world.keys[office].signing)


def freeze(folder: Path) -> Given:
    """Plays a small year, freezes its report, and collects the evidence."""
    return asyncio.run(_freeze(folder))


async def _freeze(folder: Path) -> Given:
    cluster = MemoryCluster()
    async with three_up(folder, cluster) as (world, a, b, province):
        size = await _play(a, b, province)
        await province.until(lambda: not province.desk().unopened)
        known = province.agent.office
        await province.until(lambda: (LINK, B) in known.heads)
        await province.until(lambda: known.heads[LINK, B].size == size)
        data = await frozen_file(province)
        directory, refusals = load_directory(
            world.pins,
            world.documents,
            verify=verify_signature,
            check_key=is_usable_signing_key,
            check_kem_key=is_usable_kem_key,
        )
        assert not refusals
        log = MemoryLog(cluster)
        records = await read_records(log, directory, [LINK])
        signed_heads = await read_heads(log, directory)
        await log.close()
        return Given(data, directory, signed_heads, records, world)


async def _play(a: RunningAgent, b: RunningAgent, province: RunningAgent) -> int:
    for _ in range(3):
        await a.submit(Kind.PENALTY, Step.OPEN, fields=PENALTY, number="12/BC-BLO")
    joint = await a.submit(
        Kind.JOINT_CASE, Step.OPEN, fields={"code": "CA-1", "lead": "A (fictional)"}
    )
    await all_read([a, b], 4)
    await b.until(lambda: not b.desk().unopened)
    await b.submit(Kind.JOINT_CASE, Step.JOIN, joint.case, fields={"lead": "B (fictional)"})
    await all_read([a, b], 5)
    await a.submit(Kind.JOINT_CASE, Step.PHASE_REPORT, joint.case, fields=PHASE)
    await all_read([a, b], 6)
    await b.submit(Kind.JOINT_CASE, Step.PHASE_REPORT, joint.case, fields=PHASE)
    await all_read([a, b, province], 7)
    return 7


async def frozen_file(province: RunningAgent) -> bytes:
    agent = province.agent
    computed = await service.compute(agent, FIRST, LAST, "officer")
    await service.act(agent, computed.digest, ReportAct.REVIEW, "deputy")
    await service.act(agent, computed.digest, ReportAct.SIGN, "chief")
    filed = await service.act(agent, computed.digest, ReportAct.FREEZE, "chief")
    assert filed.signed is not None
    return to_json(filed.signed)


__all__ = ["FIRST", "LAST", "Edit", "Given", "freeze", "frozen_file"]
