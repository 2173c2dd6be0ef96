"""``growth_*``: how costs grow with the log, each measured at N records and at 4 N.

The exponent of a measurement is ``log(ratio) / log(4)``: 1 grows with the log, 0 does not.
"""

from __future__ import annotations

import asyncio
import io
import os
from collections.abc import AsyncIterator, Sequence
from time import process_time

from blo_audit.auditor import Auditor
from blo_audit.replay.options import AuditOptions
from blo_audit.replay.run import Replay
from blo_audit.replay.signatures import Mode
from blo_audit.replay.sources import BATCH, SourcePartition
from blo_audit.replay.state_file import EarlierStatement, StateWriter
from blo_log.port import ConsumedRecord
from blo_schemas.event import LogRecord
from blo_schemas.ids import OfficeId
from blo_schemas.trust import Role, SignedDocument
from blo_sealing.identity import ProgramIdentity
from blo_sealing.keys import NodeKeys
from tests.bench.recorded import PLACE
from tests.bench.report import BY_NAME, Measurement
from tests.bench.samples import Ground, SampleLog
from tests.bench.timing import Effort

FACTOR = 4
NEW = 100
"""So many records are new when a replay goes on from a statement."""

_OPTIONS = AuditOptions(mode=Mode.AMORTISED, seed=bytes(16))


class _KeptLog:
    """A log in memory, as a source of a replay that ends at any of its records."""

    name = "memory"
    has_all_documents = True

    def __init__(self, log: SampleLog) -> None:
        self._log = log
        self.size = len(log.records)

    async def documents(self) -> Sequence[SignedDocument]:
        return self._log.ground.world.documents

    async def heads(self, place: SourcePartition) -> Sequence[bytes]:
        del place
        return []

    async def grants(self, place: SourcePartition) -> Sequence[ConsumedRecord]:
        del place
        return []

    async def end(self, place: SourcePartition) -> int | None:
        del place
        return self.size

    def begins(self, place: SourcePartition) -> int:
        del place
        return 0

    async def records(
        self, place: SourcePartition, first: int = 0
    ) -> AsyncIterator[Sequence[LogRecord]]:
        del place
        for at in range(first, self.size, BATCH):
            yield self._log.records[at : min(at + BATCH, self.size)]

    async def outputs(
        self, place: SourcePartition, topic: str
    ) -> AsyncIterator[Sequence[ConsumedRecord]]:
        del place, topic
        nothing: Sequence[Sequence[ConsumedRecord]] = ()
        for batch in nothing:
            yield batch

    async def close(self) -> None:
        pass


class _Costs:
    """A replay of a log of some size, and one that goes on behind it."""

    def __init__(self, log: SampleLog, size: int, turns: int) -> None:
        self._source = _KeptLog(log)
        self._pins = log.ground.world.pins
        keys = (NodeKeys.generate(os.urandom),)
        self._auditor = Auditor(ProgramIdentity(OfficeId("vn-inspector"), keys, Role.OBSERVER))
        self._source.size = size
        rounds = [self._run(None) for _ in range(turns)]
        self.whole_s = min(seconds for seconds, _ in rounds)
        statement = rounds[0][1]
        self.statement_bytes = len(statement)
        self._source.size = size + NEW
        self.since_s = min(self._run(statement)[0] for _ in range(turns * 3))

    def _run(self, since: bytes | None) -> tuple[float, bytes]:
        began = process_time()
        stream = io.BytesIO()
        writer = StateWriter(
            stream,
            self._auditor,
            self._pins,
            tolerance_ms=_OPTIONS.tolerance_ms,
            late_ms=_OPTIONS.late_ms,
            made_at=0,
        )
        earlier = None
        if since is not None:
            earlier = EarlierStatement(io.BytesIO(since), "earlier", self._auditor)
        audit = Replay(self._source, self._pins, _OPTIONS, since=earlier, writer=writer)
        report = asyncio.run(audit.run(links=[PLACE.link]))
        writer.finish()
        assert report.links[0].records == self._source.size
        return process_time() - began, stream.getvalue()


def measure_growth(effort: Effort) -> tuple[Measurement, ...]:
    """An amortised replay, one that goes on behind as many records, and its statement."""
    large = effort.grown
    log = SampleLog(large + NEW, Ground())
    turns = 3 if effort.reads > 1 else 1
    few, many = (_Costs(log, size, turns) for size in (large // FACTOR, large))
    return (
        BY_NAME["growth_audit"].measured(many.whole_s, few.whole_s),
        BY_NAME["growth_audit_since"].measured(many.since_s * 1000, few.since_s * 1000),
        BY_NAME["growth_statement"].measured(
            many.statement_bytes / large, few.statement_bytes / (large // FACTOR)
        ),
    )


__all__ = ["FACTOR", "measure_growth"]
