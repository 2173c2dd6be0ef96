"""Replays that go on from a statement: the file in memory, and exhibits as they were earlier."""

from __future__ import annotations

import asyncio
import io
import os
from collections.abc import Mapping
from typing import Any

import msgspec

from blo_audit.auditor import Auditor
from blo_audit.replay.options import AuditOptions
from blo_audit.replay.run import Replay
from blo_audit.replay.signatures import Mode
from blo_audit.replay.sources import RecordSource
from blo_audit.replay.state_file import EarlierStatement, StateWriter
from blo_audit.replay.statement import ReplayStatement
from blo_domain.trust import Pins
from blo_schemas.ids import LinkId, OfficeId
from blo_schemas.trust import Role
from blo_sealing.identity import ProgramIdentity
from blo_sealing.keys import NodeKeys
from tests.audit.exhibits import SEED, Exhibit, head_of

MADE_AT = 1_750_000_000_000
AUDITOR = Auditor(
    ProgramIdentity(OfficeId("vn-inspector"), (NodeKeys.generate(os.urandom),), Role.OBSERVER)
)


async def replayed(
    source: RecordSource,
    pins: Pins,
    mode: Mode = Mode.FULL,
    *,
    since: bytes | None = None,
    identity: ProgramIdentity | None = None,
    rate: float = 0.0,
    auditor: Auditor = AUDITOR,
    options: AuditOptions | None = None,
) -> tuple[ReplayStatement, bytes]:
    """A replay, from a statement or from the first record, and the statement that it makes."""
    options = options or AuditOptions(mode=mode, seed=SEED, rate=rate)
    stream = io.BytesIO()
    writer = StateWriter(
        stream,
        auditor,
        pins,
        tolerance_ms=options.tolerance_ms,
        late_ms=options.late_ms,
        made_at=MADE_AT,
    )
    earlier = None if since is None else EarlierStatement(io.BytesIO(since), "earlier", auditor)
    run = Replay(source, pins, options, identity=identity, workers=2, since=earlier, writer=writer)
    report = await run.run()
    writer.finish()
    return report, stream.getvalue()


def replay(
    source: RecordSource, pins: Pins, mode: Mode = Mode.FULL, **more: Any
) -> tuple[ReplayStatement, bytes]:
    """``replayed``, where no event loop runs."""
    return asyncio.run(replayed(source, pins, mode, **more))


def earlier_than(exhibit: Exhibit, sizes: Mapping[LinkId, int]) -> Exhibit:
    """An exhibit as it was when its links had so many records.

    The first head over more records is to come, and so is what was published after it.
    """
    before = exhibit.copy()
    for link, size in sizes.items():
        before.records_[link] = before.records_[link][:size]
        heads = before.heads_[link]
        until = next((at for at, value in enumerate(heads) if _size(value) > size), len(heads))
        before.heads_[link] = heads[:until]
    return before


def _size(value: bytes) -> int:
    """The size of a head; 0 for a value that is none."""
    try:
        return head_of(value).size
    except msgspec.MsgspecError:
        return 0
