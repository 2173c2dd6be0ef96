"""Signals about a link as a worker writes them: who is silent, behind, skewed, forked, unopened."""

from __future__ import annotations

import msgspec
import pytest

from blo_log.memory import MemoryLog
from blo_log.port import ProducerRecord, TopicPartition
from blo_processors.context import WorkerContext
from blo_processors.link.worker import LinkWorker
from blo_runtime.clock import ManualClock
from blo_schemas.clocks import Alert, Signal
from blo_schemas.ids import OfficeId
from blo_schemas.summary import SUMMARY_VERSION, Kind, Step, Summary, Urgency
from blo_schemas.trust import Role
from blo_sealing.keys import ContentKey, SummaryKey
from tests.processors.helpers import fresh, stored
from tests.processors.seeing import see
from tests.processors.world import LA, MINUTE_MS, START, VN, LinkWriter, World

DAY_MS = 24 * 60 * MINUTE_MS


class Watch:
    """A link that is written to, and the worker that watches it."""

    def __init__(self, writer: LinkWriter, log: MemoryLog, context: WorkerContext) -> None:
        self.writer = writer
        self.log = log
        self.context = context
        self.worker = LinkWorker(writer.place, context)

    @classmethod
    async def begin(cls, world: World, writer: LinkWriter) -> Watch:
        log = await fresh(world, writer)
        watch = cls(writer, log, await world.surroundings(log))
        await watch.worker.start()
        return watch

    async def restart(self) -> None:
        """Another worker goes on; it knows what the topics hold and no more."""
        self.worker = LinkWorker(self.writer.place, self.context)
        await self.worker.start()

    async def go_on(self) -> None:
        """What was written since reaches the worker."""
        before = len(stored(self.log.cluster, self.writer.place))
        await self.writer.append(self.log, before)
        await self.worker.take(stored(self.log.cluster, self.writer.place)[before:])

    async def hear(self, statement: ProducerRecord, at: int) -> None:
        """A head or heartbeat arrives at an instant."""
        await (await self.log.appender()).append([statement])
        held = self.log.cluster.partition(TopicPartition(statement.topic, 0)).records
        held[-1] = msgspec.structs.replace(held[-1], timestamp=at)

    async def standing(self, signal: Signal, at: int) -> list[Alert]:
        """What readers are told of a kind of signal at an instant; asking twice tells no more.

        The worker's own clock may be wrong, so it tells only what is so by a margin.
        """
        clock = self.context.clock
        assert isinstance(clock, ManualClock)
        clock.set(at + self.context.options.skew_ms)
        await self.context.liveness.refresh()
        for _ in range(2):
            if self.worker.is_due(await self.log.ends(self.worker.watched())):
                await self.worker.tick()
        seen = await see(self.writer.world, self.log, self.writer.place)
        assert seen.alerts_written == len(seen.alerts.records)
        return [one for one in seen.alerts.standing() if one.signal is signal]


def who(alerts: list[Alert]) -> list[OfficeId]:
    return sorted(office for alert in alerts for office in alert.must_act)


async def test_a_silent_office_is_told_once_and_cleared_when_its_head_comes(world: World) -> None:
    writer = LinkWriter(world, world.places[0], seed=61)
    writer.play(5)
    watch = await Watch.begin(world, writer)
    assert await watch.standing(Signal.SILENT, writer.now) == []
    late = writer.now + 40 * DAY_MS
    assert who(await watch.standing(Signal.SILENT, late)) == [LA, VN]
    await watch.hear(writer.head(VN, late), late)
    await watch.restart()
    assert who(await watch.standing(Signal.SILENT, late)) == [LA]


async def test_a_silent_office_is_told_once_and_cleared_when_its_heartbeat_comes(
    world: World,
) -> None:
    writer = LinkWriter(world, world.places[0], seed=67)
    writer.play(5)
    watch = await Watch.begin(world, writer)
    late = writer.now + 40 * DAY_MS
    assert who(await watch.standing(Signal.SILENT, late)) == [LA, VN]
    await watch.hear(writer.heartbeat(VN, late, count=9), late)
    assert who(await watch.standing(Signal.SILENT, late)) == [LA]
    # What somebody puts on the topic again hides nothing, now or after a start.
    later = late + 40 * DAY_MS
    await watch.hear(writer.heartbeat(VN, late, count=9), later)
    await watch.hear(writer.heartbeat(LA, late, count=3), later)
    assert who(await watch.standing(Signal.SILENT, later)) == [LA, VN]
    await watch.restart()
    assert who(await watch.standing(Signal.SILENT, later)) == [LA, VN]


async def test_a_head_that_is_put_there_again_hides_no_silence(world: World) -> None:
    writer = LinkWriter(world, world.places[0], seed=68)
    writer.play(5)
    watch = await Watch.begin(world, writer)
    head = writer.head(VN, writer.now)
    late = writer.now + 40 * DAY_MS
    await watch.hear(head, late)
    assert who(await watch.standing(Signal.SILENT, late)) == [LA, VN]


async def test_an_office_that_joins_a_quiet_link_is_expected_to_say_something() -> None:
    world = World(seed=66)
    joined = OfficeId("la-c")
    writer = LinkWriter(world, world.places[0], seed=66)
    writer.play(5)
    joins = writer.now + 10 * DAY_MS
    world.certify(joined, Role.OFFICE)
    world.agree(writer.place, version=2, effective_from=joins, offices=(LA, joined, VN))
    world.directory = world.load()
    watch = await Watch.begin(world, writer)
    assert joined not in who(await watch.standing(Signal.SILENT, joins + MINUTE_MS))
    assert joined not in who(await watch.standing(Signal.BEHIND, joins + MINUTE_MS))
    (silent,) = [
        one
        for one in await watch.standing(Signal.SILENT, joins + 40 * DAY_MS)
        if one.must_act == (joined,)
    ]
    # What is written later changes neither the alert nor since when.
    writer.now = joins + 41 * DAY_MS
    writer.open(VN)
    await watch.go_on()
    await watch.restart()
    again = await watch.standing(Signal.SILENT, writer.now)
    assert [one for one in again if one.must_act == (joined,)] == [silent]


async def test_an_office_that_sends_heads_and_reads_no_further_is_behind(world: World) -> None:
    writer = LinkWriter(world, world.places[0], seed=63)
    writer.play(5)
    late = writer.now + 40 * DAY_MS
    heads = {office: writer.head(office, late) for office in (VN, LA)}
    writer.play(5)
    watch = await Watch.begin(world, writer)
    for head in heads.values():
        await watch.hear(head, late)
    await watch.restart()
    behind = await watch.standing(Signal.BEHIND, late)
    assert who(behind) == [LA, VN]
    assert {one.position for one in behind} == {5}
    assert await watch.standing(Signal.SILENT, late) == []
    await watch.hear(writer.head(LA, late + MINUTE_MS), late + MINUTE_MS)
    await watch.restart()
    assert who(await watch.standing(Signal.BEHIND, late + MINUTE_MS)) == [VN]


async def test_an_office_that_signs_ahead_of_the_log_has_a_wrong_clock(world: World) -> None:
    writer = LinkWriter(world, world.places[0], seed=64)
    case = writer.open(VN)
    watch = await Watch.begin(world, writer)
    urging = Summary(SUMMARY_VERSION, Kind.VERIFICATION_REQUEST, Step.URGE, Urgency.ROUTINE, 1)
    writer.write(VN, case, urging, ahead_ms=4 * MINUTE_MS)
    await watch.go_on()
    assert await watch.standing(Signal.SKEWED, writer.now) == []
    first = writer.write(VN, case, urging, ahead_ms=6 * MINUTE_MS)
    writer.write(VN, case, urging, ahead_ms=7 * MINUTE_MS)
    await watch.go_on()
    (skewed,) = await watch.standing(Signal.SKEWED, writer.now)
    assert (skewed.must_act, skewed.position) == ((VN,), first.position)
    writer.write(VN, case, urging)
    await watch.go_on()
    assert await watch.standing(Signal.SKEWED, writer.now) == []


@pytest.mark.parametrize("off", [-6 * MINUTE_MS, 6 * MINUTE_MS])
async def test_a_head_that_was_signed_at_another_time_than_it_came_shows_a_wrong_clock(
    world: World, off: int
) -> None:
    writer = LinkWriter(world, world.places[0], seed=67)
    writer.play(5)
    watch = await Watch.begin(world, writer)
    await watch.hear(writer.head(LA, writer.now + off), writer.now)
    await watch.restart()
    assert who(await watch.standing(Signal.SKEWED, writer.now)) == [LA]


async def test_an_office_that_fills_a_place_of_its_chain_twice_has_forked_for_ever(
    world: World,
) -> None:
    writer = LinkWriter(world, world.places[0], seed=65)
    case = writer.open(VN)
    place = writer.fold.chain.next_place(VN)
    writer.step(VN, case, Step.URGE)
    view = writer.cases.get(case)
    assert view is not None
    again = Summary(SUMMARY_VERSION, view.kind, Step.URGE, view.urgency, view.version)
    forked = writer.write(VN, case, again, at=place)
    watch = await Watch.begin(world, writer)
    (told,) = await watch.standing(Signal.FORKED, writer.now)
    assert (told.must_act, told.position) == ((VN,), forked.position)
    writer.step(VN, case, Step.URGE)
    await watch.go_on()
    await watch.restart()
    assert await watch.standing(Signal.FORKED, START + 400 * DAY_MS) == [told]


async def test_who_withholds_a_key_is_told_and_cleared_when_it_comes(world: World) -> None:
    writer = LinkWriter(world, world.places[0], seed=62)
    writer.play(5)
    secret = SummaryKey.generate(writer.dice.randbytes)
    content = ContentKey.generate(writer.dice.randbytes)
    writer.contents[content.id] = content
    opening = Summary(SUMMARY_VERSION, Kind.VERIFICATION_REQUEST, Step.OPEN, Urgency.URGENT, 0)
    parked = writer.write(LA, content.id, opening, summary_key=secret)
    watch = await Watch.begin(world, writer)
    early, late = (parked.log_time + minutes * MINUTE_MS for minutes in (14, 16))
    assert await watch.standing(Signal.UNOPENABLE, early) == []
    (told,) = await watch.standing(Signal.UNOPENABLE, late)
    assert (told.must_act, told.position) == ((LA,), parked.position)
    await (await watch.log.appender()).append(writer.grant(secret, LA))
    assert await watch.standing(Signal.UNOPENABLE, late) == []
