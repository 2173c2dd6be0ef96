"""New documents that reach back to no record: a worker goes on, and its outputs are those of a fold."""

from __future__ import annotations

import pytest

from blo_log.memory import MemoryLog
from blo_processors.context import WorkerContext
from blo_processors.link.worker import LinkWorker
from blo_schemas.trust import Role
from tests.processors.helpers import check, fresh, stored
from tests.processors.test_line import folds
from tests.processors.world import LA, VN, LinkWriter, World

DAY_MS = 86_400_000


async def started(
    world: World, writer: LinkWriter, log: MemoryLog
) -> tuple[WorkerContext, LinkWorker]:
    """A worker that has folded what is there."""
    context = await world.surroundings(log)
    worker = LinkWorker(writer.place, context)
    await worker.start()
    assert folds(context) == 1
    return context, worker


async def published(
    world: World, writer: LinkWriter, log: MemoryLog, context: WorkerContext
) -> None:
    """Publish the world's new documents; the writers and the program know them then."""
    await world.publish_documents(log)
    world.directory = world.load()
    writer.fold.trust_in(world.directory.link_trust(writer.place.link))
    await context.feed.refresh()


@pytest.mark.parametrize("reaches_back", [False, True])
async def test_a_worker_folds_anew_only_if_documents_reach_back(*, reaches_back: bool) -> None:
    world = World(seed=71)
    writer = LinkWriter(world, world.places[0], seed=71)
    writer.play(80)
    log = await fresh(world, writer)
    context, worker = await started(world, writer, log)
    for office in (VN, LA):
        world.certify(office, Role.OFFICE, world.keys[office])
    since = writer.records[60].log_time if reaches_back else writer.now + DAY_MS
    world.agree(writer.place, version=2, effective_from=since)
    await published(world, writer, log, context)
    await worker.tick()
    assert folds(context) == (2 if reaches_back else 1)
    # What is written from now on is under the new certificates, and later the new agreement.
    size = len(writer.records)
    writer.play(10)
    writer.now += 3 * DAY_MS
    writer.play(20)
    await (await log.appender()).append(writer.messages(size))
    await worker.take(stored(log.cluster, writer.place)[size:])
    assert worker.position == size + 30
    await check(world, log, writer)
    assert folds(context) == (2 if reaches_back else 1)
