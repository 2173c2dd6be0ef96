"""A start goes on from the stored state, if the log proves it; whatever happens, readers see the plain fold."""

from __future__ import annotations

import copy
import random
import shutil
from contextlib import suppress
from pathlib import Path

import pytest

from blo_log import topics
from blo_log.memory import MemoryCluster, MemoryLog
from blo_log.memory.cluster import HeldTopic
from blo_log.port import ProducerRecord, TopicPartition, TopicSpec
from blo_processors.errors import StateRefusal
from blo_processors.link.fold_state import LinkFoldState
from blo_processors.link.worker import LinkWorker
from blo_processors.outputs.published import PublishedOutputsReader
from blo_processors.snapshot import link_snapshot
from blo_processors.snapshot.state_file import StateFile
from blo_schemas.outputs import (
    OUTPUT_VERSION,
    SIGNED_OUTPUT,
    TRAIL_ENTRY,
    Output,
    OutputKind,
    TrailEntry,
    TrailState,
    trail_key,
)
from blo_schemas.summary import SUMMARY_VERSION, Kind, Step, Summary, Urgency
from blo_schemas.trust import Role
from blo_sealing.keys import ContentKey, SummaryKey
from blo_sealing.statements import sign_output
from tests.processors.helpers import check, fresh, stored
from tests.processors.seeing import cases_of, plain
from tests.processors.world import CORRIDOR, PROCESSOR, VN, LinkWriter, World

TRAIL = topics.trail_topic(CORRIDOR)
ALERTS = topics.alerts_topic(CORRIDOR)
EXCHANGE = topics.exchange_topic(CORRIDOR)


@pytest.fixture
def keeping(world: World, tmp_path: Path) -> World:
    """A world whose workers keep their states."""
    made = copy.copy(world)
    made.state = tmp_path / "state"
    return made


async def start(world: World, log: MemoryLog) -> LinkWorker:
    """A worker that has started and is at rest: all outputs were read back."""
    worker = await world.worker(log)
    await worker.start()
    return worker


def reasons(worker: LinkWorker) -> dict[str, float]:
    """Why the worker has folded from the first record, and how often."""
    metric = worker._context.metrics.folds_from_zero
    samples = [sample for family in metric.collect() for sample in family.samples]
    return {
        sample.labels["reason"]: sample.value
        for sample in samples
        if sample.name.endswith("_total")
    }


async def append(log: MemoryLog, *messages: ProducerRecord) -> None:
    appender = await log.appender()
    await appender.append(list(messages))


async def test_a_start_goes_on_from_the_stored_state(keeping: World, writer: LinkWriter) -> None:
    log = await fresh(keeping, writer, 100)
    first = await start(keeping, log)
    assert reasons(first) == {"missing": 1}
    assert first._snapshot.size == 100
    await first.close()
    await append(log, *writer.messages(100))
    second = await start(keeping, log)
    assert reasons(second) == {}
    assert second.position == 120
    assert second._snapshot.size == 120
    await check(keeping, log, writer)
    await second.close()


async def test_a_start_writes_nothing_and_reads_no_history(
    keeping: World, writer: LinkWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = await fresh(keeping, writer)
    await (await start(keeping, log)).close()
    before = {name: len(topic.partitions[0].records) for name, topic in log.cluster.topics.items()}
    folded = counted(monkeypatch, LinkFoldState, "apply")
    outputs = counted(monkeypatch, PublishedOutputsReader, "_take_one")
    worker = await start(keeping, log)
    assert not folded
    assert not outputs
    after = {name: len(topic.partitions[0].records) for name, topic in log.cluster.topics.items()}
    assert before == after
    assert worker.state.size == len(writer.records)
    opened = cases_of(worker.state)
    assert opened == cases_of(plain(keeping, writer))
    await worker.close()


async def test_records_that_wait_for_a_key_wait_over_a_restart(keeping: World) -> None:
    writer = LinkWriter(keeping, keeping.places[0], seed=9)
    writer.play(30)
    secret = SummaryKey.generate(writer.dice.randbytes)
    content = ContentKey.generate(writer.dice.randbytes)
    writer.contents[content.id] = content
    opening = Summary(SUMMARY_VERSION, Kind.VERIFICATION_REQUEST, Step.OPEN, Urgency.URGENT, 0)
    writer.write(VN, content.id, opening, summary_key=secret)
    writer.play(20)
    log = await fresh(keeping, writer)
    first = await start(keeping, log)
    assert first.state.parked_count() == 1
    await first.close()
    second = await start(keeping, log)
    assert reasons(second) == {}
    assert second.state.parked_count() == 1
    writer._held[secret.id] = secret
    for position in writer.fold.openable(limit=100):
        writer.fold.release(position, writer.records[position].value)
    await append(log, *writer.grant(secret, VN))
    await second.close()
    third = await start(keeping, log)
    assert reasons(third) == {}
    assert third.state.parked_count() == 0
    await third.close()
    fourth = await start(keeping, log)
    assert reasons(fourth) == {}
    assert cases_of(fourth.state) == cases_of(plain(keeping, writer))
    trail = {entry.position for entry in plain(keeping, writer).take_effects().trail.values()}
    assert len(trail) == len(writer.records)
    await fourth.close()


def counted(monkeypatch: pytest.MonkeyPatch, owner: type[object], name: str) -> list[object]:
    """The calls of a method from now on."""
    calls: list[object] = []
    method = getattr(owner, name)

    def noted(self: object, *given: object) -> object:
        calls.append(given)
        return method(self, *given)

    monkeypatch.setattr(owner, name, noted)
    return calls


class Killed(BaseException):
    """The program ends here."""


def copy_of(cluster: MemoryCluster) -> MemoryCluster:
    made = MemoryCluster()
    for name, held in cluster.topics.items():
        topic = HeldTopic(
            TopicSpec(name, len(held.partitions), held.replication, dict(held.config))
        )
        for partition, other in zip(topic.partitions, held.partitions, strict=True):
            partition.records = list(other.records)
            partition.begin = other.begin
        made.topics[name] = topic
    return made


@pytest.mark.parametrize(("part", "has_state"), [(0, True), (1, True), (2, True), (3, False)])
async def test_a_kill_between_any_two_steps_of_loading_and_writing_changes_nothing(
    keeping: World,
    writer: LinkWriter,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    part: int,
    has_state: bool,
) -> None:
    """What lies on the disk before each step, and on the log then, is what the next start finds."""
    assert keeping.state is not None
    log = await fresh(keeping, writer, 70)
    await (await start(keeping, log)).close()
    await append(log, *writer.messages(70))
    base, image = tmp_path / "base", tmp_path / "image"
    if has_state:
        shutil.copytree(keeping.state, base)
    else:
        base.mkdir()
    run = StateFile._run
    step = 0

    async def steps_until(cluster: MemoryCluster, stop: int) -> int:
        """Start, and end before a step; returns the steps that were taken."""
        nonlocal step
        step = 0

        def stopping(file: StateFile, work: object) -> object:
            nonlocal step
            if step == stop:
                assert keeping.state is not None
                shutil.copytree(keeping.state, image)
                raise Killed
            step += 1
            return run(file, work)  # type: ignore[arg-type]

        assert keeping.state is not None
        shutil.rmtree(keeping.state)
        shutil.copytree(base, keeping.state)
        worker = await keeping.worker(MemoryLog(cluster))
        with monkeypatch.context() as patch:
            patch.setattr(StateFile, "_run", stopping)
            with suppress(Killed):
                await worker.start()
        await worker.close()
        return step

    steps = await steps_until(copy_of(log.cluster), -1)
    assert steps > 100
    for stop in range(part * 9, steps, 36):
        cluster = copy_of(log.cluster)
        assert await steps_until(cluster, stop) == stop
        shutil.rmtree(keeping.state)
        image.rename(keeping.state)
        client = MemoryLog(cluster)
        worker = await start(keeping, client)
        assert reasons(worker) == ({} if has_state else {"missing": 1})
        await worker.close()
        await check(keeping, client, writer)


class Restarts:
    """Workers with folders of their own, two at once, older states brought back.

    Args:
        world: Whose workers.
        writer: The link's log.
        log: The log.
        folder: Where the folders of the states lie.
        seed: What is done.
    """

    def __init__(
        self, world: World, writer: LinkWriter, log: MemoryLog, folder: Path, seed: int
    ) -> None:
        self.folders = [folder / "one", folder / "two"]
        self.workers: list[LinkWorker] = []
        self.appended = 20
        self._world = world
        self._writer = writer
        self._log = log
        self._dice = random.Random(seed)

    async def act(self) -> None:
        deeds = [self.append, self.start, self.start, self.end, self.bring_back, self.audit]
        await self._dice.choice([*deeds, self.take, self.take])()

    async def append(self) -> None:
        more = min(self.appended + self._dice.randrange(1, 15), len(self._writer.records))
        await append(self._log, *self._writer.messages(self.appended, more))
        self.appended = more

    async def start(self) -> None:
        self._world.state = self._dice.choice(self.folders)
        self.workers.append(await start(self._world, MemoryLog(self._log.cluster)))

    async def end(self) -> None:
        if self.workers:
            await self.workers.pop(self._dice.randrange(len(self.workers))).close()

    async def bring_back(self) -> None:
        folder = self._dice.choice(self.folders)
        backup = folder.with_name(f"backup of {folder.name}")
        if backup.exists() and not self.workers:
            shutil.rmtree(folder)
            shutil.copytree(backup, folder)
        elif folder.exists() and not backup.exists():
            shutil.copytree(folder, backup)

    async def audit(self) -> None:
        if self.workers:
            await self._dice.choice(self.workers).audit()

    async def take(self) -> None:
        if self.workers:
            begin = self._dice.randrange(self.appended)
            records = stored(self._log.cluster, self._writer.place)
            end = begin + self._dice.randrange(1, 30)
            await self._dice.choice(self.workers).take(records[begin:end])


@pytest.mark.parametrize("seed", range(8))
async def test_crashes_over_restarts_with_states_change_nothing(
    keeping: World, writer: LinkWriter, seed: int, tmp_path: Path
) -> None:
    log = await fresh(keeping, writer, 20)
    restarts = Restarts(keeping, writer, log, tmp_path, seed)
    for _ in range(40):
        await restarts.act()
    await append(log, *writer.messages(restarts.appended))
    for worker in restarts.workers:
        await worker.close()
    for folder in restarts.folders:
        keeping.state = folder
        last = await start(keeping, log)
        await last.audit()
        await last.close()
        await check(keeping, log, writer)


# What a state says of itself is not believed.


async def saved(world: World, writer: LinkWriter, size: int | None = None) -> MemoryLog:
    """A log with all outputs, and a stored state over it."""
    log = await fresh(world, writer, size)
    worker = await start(world, log)
    assert worker._snapshot.size > 0
    await worker.close()
    return log


async def starts_from_zero(world: World, log: MemoryLog, reason: StateRefusal) -> LinkWorker:
    worker = await start(world, log)
    assert reasons(worker) == {reason.value: 1}
    assert worker._snapshot.size == worker.state.size
    await worker.close()
    return worker


async def test_a_damaged_state_is_thrown_away(keeping: World, writer: LinkWriter) -> None:
    log = await saved(keeping, writer)
    assert keeping.state is not None
    (path,) = keeping.state.glob("*.state")
    value = bytearray(path.read_bytes())
    value[3 * 4096 : 9 * 4096] = bytes(6 * 4096)
    path.write_bytes(value)
    await starts_from_zero(keeping, log, StateRefusal.DAMAGED)
    assert [one.name for one in keeping.state.glob("*.state")] != [path.name]
    await check(keeping, log, writer)


async def test_the_state_of_another_link_or_processor_is_none(
    keeping: World, writer: LinkWriter
) -> None:
    assert keeping.state is not None
    log = await saved(keeping, writer)
    (path,) = keeping.state.glob("*.state")
    foreign = path.with_name(path.name.replace("link-0", "link-1"))
    path.rename(foreign)
    context = await keeping.surroundings(log)
    worker = LinkWorker(keeping.places[1], context)
    await worker.start()
    assert reasons(worker) == {"damaged": 1}
    await worker.close()
    other = World(seed=2, links=2)
    other.state = keeping.state
    log = await saved(keeping, writer)
    theirs = LinkWriter(other, other.places[0], seed=3)
    theirs.play(20)
    await starts_from_zero(other, await fresh(other, theirs), StateRefusal.DAMAGED)


async def test_the_state_of_another_program_is_not_loaded(
    keeping: World, writer: LinkWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = await saved(keeping, writer)
    monkeypatch.setattr(link_snapshot, "rules_digest", lambda: bytes(32))
    await starts_from_zero(keeping, log, StateRefusal.RULES)
    await check(keeping, log, writer)


async def test_a_state_over_another_log_is_not_loaded(keeping: World, writer: LinkWriter) -> None:
    await saved(keeping, writer, 60)
    other = LinkWriter(keeping, writer.place, seed=77)
    other.play(120)
    log = await fresh(keeping, other)
    await starts_from_zero(keeping, log, StateRefusal.LOG)
    await check(keeping, log, other)


async def test_a_state_ahead_of_the_log_is_not_loaded(keeping: World, writer: LinkWriter) -> None:
    log = await saved(keeping, writer)
    held = log.cluster.partition(TopicPartition(EXCHANGE, 0))
    del held.records[100:]
    worker = await start(keeping, log)
    assert reasons(worker) == {"log": 1}
    assert worker.position == 100
    await worker.close()


async def test_a_state_without_its_signed_checkpoint_is_not_loaded(
    keeping: World, writer: LinkWriter
) -> None:
    log = await saved(keeping, writer)
    trail = log.cluster.partition(TopicPartition(TRAIL, 0))
    at = next(
        number
        for number, one in reversed(list(enumerate(trail.records)))
        if SIGNED_OUTPUT.decode(one.value or b"").output.count(b"\x04", 0, 4)
    )
    held = trail.records[at]
    damaged = bytes([*(held.value or b"")[:-1], (held.value or b"")[-1] ^ 1])
    trail.records[at] = type(held)(held.offset, held.timestamp, held.key, damaged)
    worker = await start(keeping, log)
    assert set(reasons(worker)) <= {"checkpoint", "outputs"}
    assert reasons(worker)
    await worker.close()
    await check(keeping, log, writer, is_spoilt=True)


@pytest.mark.parametrize("topic", [TRAIL, ALERTS, topics.cases_topic(CORRIDOR)])
async def test_a_topic_of_outputs_that_was_cut_or_made_anew_is_filled_again(
    keeping: World, writer: LinkWriter, topic: str
) -> None:
    log = await saved(keeping, writer)
    held = log.cluster.partition(TopicPartition(topic, 0))
    held.records.clear()
    worker = await start(keeping, log)
    assert reasons(worker)
    await worker.close()
    await check(keeping, log, writer)


async def test_a_trail_that_has_lost_its_first_records_is_noticed(
    keeping: World, writer: LinkWriter
) -> None:
    log = await saved(keeping, writer)
    log.cluster.truncate(TopicPartition(TRAIL, 0), 50)
    worker = await start(keeping, log)
    assert reasons(worker) == {"log": 1}
    trail = log.cluster.records(TRAIL, 0)
    assert len({one.value for one in trail}) >= len(writer.records)
    await worker.close()


async def test_a_processor_that_contradicts_old_entries_is_overruled_at_the_next_start(
    keeping: World, writer: LinkWriter
) -> None:
    """Behind the state only a fold of everything can say what is right."""
    world = World(seed=5, links=1)
    world.state = keeping.state
    writer = LinkWriter(world, world.places[0], seed=5)
    writer.play(40)
    log = await saved(world, writer)
    entry = next(iter(plain(world, writer).take_effects().trail.values()))
    lie = TrailEntry(0, entry.log_time, TrailState.DEAD, None, None, None, entry.log_hash, 1)
    output = Output(
        OUTPUT_VERSION,
        OutputKind.TRAIL,
        writer.place.link,
        PROCESSOR,
        world.tags[PROCESSOR][:8],
        0,
        entry.log_time,
        None,
        None,
        TRAIL_ENTRY.encode(lie),
    )
    value = SIGNED_OUTPUT.encode(sign_output(output, world.keys[PROCESSOR].signing))
    await append(log, ProducerRecord(TRAIL, 0, trail_key(writer.place.link), value))
    live = await start(world, log)
    assert reasons(live) == {"outputs": 1}
    await live.close()
    await check(world, log, writer)
    # A worker that meets it while it works says so in its state.
    await append(log, ProducerRecord(TRAIL, 0, trail_key(writer.place.link), value))
    writer.play(1)
    running = await world.worker(log)
    await append(log, *writer.messages(40))
    await running.start()
    await running.close()
    await check(world, log, writer)


async def test_an_alert_that_is_written_over_is_restored_at_the_next_start(
    keeping: World, writer: LinkWriter
) -> None:
    log = await saved(keeping, writer)
    key = log.cluster.records(ALERTS, 0)[0].key
    await append(log, ProducerRecord(ALERTS, 0, key, b"\xc1"))
    worker = await start(keeping, log)
    assert reasons(worker) == {}
    await worker.close()
    await check(keeping, log, writer, is_spoilt=True)


async def test_two_workers_in_one_folder_disturb_each_other_not(
    keeping: World, writer: LinkWriter
) -> None:
    log = await saved(keeping, writer)
    first = await start(keeping, log)
    second = await start(keeping, log)
    assert reasons(first) == {}
    assert reasons(second) == {"in_use": 1}
    await second.close()
    await first.close()
    third = await start(keeping, log)
    assert reasons(third) == {}
    await third.close()
    await check(keeping, log, writer)


async def test_a_folder_that_takes_nothing_ends_no_program(
    keeping: World, writer: LinkWriter, tmp_path: Path
) -> None:
    log = await fresh(keeping, writer, 60)
    keeping.state = tmp_path / "a file"
    keeping.state.write_text("")
    worker = await start(keeping, log)
    assert reasons(worker)["unwritable"] == 1
    await append(log, *writer.messages(60))
    await worker.take(stored(log.cluster, writer.place)[60:])
    await worker.close()
    await check(keeping, log, writer)


async def test_a_disk_that_fills_up_costs_the_state_and_not_the_link(
    keeping: World, writer: LinkWriter
) -> None:
    log = await saved(keeping, writer, 60)
    worker = await start(keeping, log)
    assert worker._snapshot._file is not None
    worker._snapshot._file._connection.pragma("max_page_count", 1)
    await append(log, *writer.messages(60))
    await worker.take(stored(log.cluster, writer.place)[60:])
    await worker.audit()
    worker._due._audited_at -= 1_000
    await worker.tick()
    assert reasons(worker) == {"unwritable": 1}
    assert worker.position == len(writer.records)
    await check(keeping, log, writer)
    await worker.close()


# Trust documents reach back as far as they say.


@pytest.fixture
def own(tmp_path: Path) -> World:
    """A world of its own, whose documents a test may add to."""
    made = World(seed=6, links=1)
    made.state = tmp_path / "state"
    return made


@pytest.fixture
def own_writer(own: World) -> LinkWriter:
    made = LinkWriter(own, own.places[0], seed=5)
    made.play(60)
    return made


async def published(world: World, log: MemoryLog) -> None:
    """The world's new documents are on the log."""
    world.directory = world.load()
    await world.publish_documents(log)


async def test_documents_that_concern_no_record_let_the_state_stand(
    own: World, own_writer: LinkWriter
) -> None:
    """A new certificate of the processor and of an office, and an agreement from later on."""
    log = await saved(own, own_writer)
    before = own.directory.digest_for_link(own_writer.place.link)
    own.certify(PROCESSOR, Role.PROCESSOR, own.keys[PROCESSOR])
    own.certify(VN, Role.OFFICE, own.keys[VN])
    own.agree(own_writer.place, version=2, effective_from=own_writer.now + 1)
    await published(own, log)
    assert own.directory.digest_for_link(own_writer.place.link) != before
    worker = await start(own, log)
    assert reasons(worker) == {}
    assert worker.state.size == len(own_writer.records)
    await worker.close()
    await check(own, log, own_writer)


async def test_a_revocation_that_reaches_back_folds_from_zero(
    own: World, own_writer: LinkWriter
) -> None:
    log = await saved(own, own_writer)
    own.revoke_from(VN, {own_writer.place.link: 20})
    await published(own, log)
    worker = await start(own, log)
    assert reasons(worker) == {"trust": 1}
    assert cases_of(worker.state) == cases_of(plain(own, own_writer))
    await worker.close()


async def test_a_revocation_of_the_processor_writes_all_outputs_anew(
    own: World, own_writer: LinkWriter
) -> None:
    log = await saved(own, own_writer)
    before = len(log.cluster.records(TRAIL, 0))
    own.revoke_from(PROCESSOR, {})
    own.certify(PROCESSOR, Role.PROCESSOR)
    await published(own, log)
    worker = await start(own, log)
    assert set(reasons(worker)) & {"signers", "damaged"}
    await worker.close()
    assert len(log.cluster.records(TRAIL, 0)) > before + len(own_writer.records)
