"""Going on from a statement on a log that is written to meanwhile."""

from __future__ import annotations

from blo_audit.replay.sources import LogSource
from blo_sealing.identity import ProgramIdentity
from tests.audit.since import replayed
from tests.processors.helpers import fresh
from tests.processors.world import OBSERVER, LinkWriter, World


async def test_only_what_was_appended_is_read_again_from_the_log() -> None:
    world = World()
    writer = LinkWriter(world, world.places[0], seed=5)
    writer.play(400)
    log = await fresh(world, writer)
    identity = ProgramIdentity(OBSERVER, (world.keys[OBSERVER],))
    _, statement = await replayed(LogSource(log), world.pins, identity=identity)
    before = len(writer.records)
    writer.play(30)
    appender = await log.appender()
    await appender.append(writer.messages(before))
    await appender.append(writer.grants)
    report, _ = await replayed(LogSource(log), world.pins, since=statement, identity=identity)
    whole, _ = await replayed(LogSource(log), world.pins, identity=identity)
    assert list(map(str, report.findings)) == list(map(str, whole.findings))
    [link], [expected] = report.links, whole.links
    assert link.earlier is not None
    assert link.earlier.size == before
    assert link.earlier.reread == 257
    assert (link.records, link.log_hash, link.tree_root, link.accepted) == (
        expected.records,
        expected.log_hash,
        expected.tree_root,
        expected.accepted,
    )
    await appender.close()
