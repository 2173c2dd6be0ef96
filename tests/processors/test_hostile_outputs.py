"""What anybody can put on a processor's topics: it starts, goes on, and writes what should be there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from blo_log import topics
from blo_log.memory import MemoryLog
from blo_log.port import ConsumedRecord, ProducerRecord
from blo_processors.context import WorkerContext
from blo_processors.dead_letters import read_letters
from blo_processors.link.worker import LinkWorker
from blo_schemas.codec import encode
from blo_schemas.grants import GRANT, grant_record_key
from blo_schemas.ids import KeyId, LinkId, OfficeId
from blo_schemas.instants import LAST_INSTANT
from blo_schemas.outputs import OUTPUT, SIGNED_OUTPUT, DeadLetter, OutputKind, SignedOutput
from blo_sealing.statements import sign_output
from tests.processors.helpers import check, fresh
from tests.processors.seeing import cases_of, plain, see, whole_topic
from tests.processors.world import CORRIDOR, OBSERVER, PROCESSOR, VN, LinkWriter, World

CASES = topics.cases_topic(CORRIDOR)
ALERTS = topics.alerts_topic(CORRIDOR)
TRAIL = topics.trail_topic(CORRIDOR)
KEYS = topics.keys_topic(CORRIDOR)
DEAD = topics.dead_topic(CORRIDOR)
OUTPUTS = (CASES, ALERTS, TRAIL)

Spoil = Callable[[World, ConsumedRecord], bytes]


def unsigned(world: World, honest: ConsumedRecord) -> bytes:
    """The processor's own output with a bad signature."""
    del world
    return encode(SignedOutput(SIGNED_OUTPUT.decode(honest.value or b"").output, bytes(64)))


def said(**changed: Any) -> Spoil:
    """The processor's own output that says something else, with the signature of before."""

    def spoil(_: World, honest: ConsumedRecord) -> bytes:
        signed = SIGNED_OUTPUT.decode(honest.value or b"")
        output = msgspec.structs.replace(OUTPUT.decode(signed.output), **changed)
        return encode(SignedOutput(encode(output), signed.signature))

    return spoil


def by_an_office(world: World, honest: ConsumedRecord) -> bytes:
    """The same output, signed by an office of the link in the processor's name."""
    output = OUTPUT.decode(SIGNED_OUTPUT.decode(honest.value or b"").output)
    return encode(sign_output(output, world.keys[VN].signing))


SPOILT: dict[str, Spoil] = {
    "bad signature": unsigned,
    "end of time": said(at=2**53),
    "the last instant": said(at=LAST_INSTANT),
    "far ahead": said(position=2**53),
    "another link": said(link="elsewhere"),
    "a case": said(kind=OutputKind.CASE),
    "an alert": said(kind=OutputKind.ALERT),
    "no key": said(key=None, salt=None),
    "a body in the clear": said(key=None, salt=None, body=b"\xc1"),
    "an office": by_an_office,
    "rubbish": lambda *_: b"\xc1",
    "nothing": lambda *_: b"",
}


async def put(log: MemoryLog, *messages: ProducerRecord) -> None:
    appender = await log.appender()
    await appender.append(list(messages))
    await appender.close()


async def begin(world: World, writer: LinkWriter) -> tuple[MemoryLog, WorkerContext]:
    """A link whose outputs were written, by a worker that has ended."""
    log = await fresh(world, writer)
    context = await world.surroundings(log)
    await LinkWorker(writer.place, context).start()
    return log, context


def refused(context: WorkerContext, writer: LinkWriter) -> float:
    counted: float = context.metrics.outputs_refused.labels(link=writer.place.link)._value.get()
    return counted


@pytest.mark.parametrize("spoilt", SPOILT)
async def test_what_is_no_output_of_the_processor_is_passed_over_and_mended(
    world: World, writer: LinkWriter, spoilt: str
) -> None:
    log, context = await begin(world, writer)
    worker = LinkWorker(writer.place, context)
    await worker.start()
    for honest in [(await whole_topic(log, topic, 0))[-1] for topic in OUTPUTS]:
        value = SPOILT[spoilt](world, honest)
        # Copied to every topic, over what is there and under keys of nothing.
        for where in OUTPUTS:
            await put(
                log,
                ProducerRecord(where, 0, honest.key, value),
                ProducerRecord(where, 0, b"key", value),
            )
    # A worker that runs, and one that starts, both go on.
    await worker.audit()
    assert refused(context, writer) > 0
    await LinkWorker(writer.place, context).start()
    await check(world, log, writer, is_spoilt=True)
    await newest_are_good(world, log, writer)


async def newest_are_good(world: World, log: MemoryLog, writer: LinkWriter) -> None:
    """Whoever comes after compaction, which keeps the last value of each key, sees all."""
    kept = MemoryLog()
    await world.publish(kept)
    for topic in (CASES, ALERTS, KEYS):
        last = {one.key: one.value for one in await whole_topic(log, topic, 0)}
        await put(kept, *(ProducerRecord(topic, 0, key, value) for key, value in last.items()))
    seen = await see(world, kept, writer.place)
    state = plain(world, writer)
    alerts = {alert.id: alert for alert in state.take_effects().alerts}
    assert seen.cases.records == cases_of(state)
    assert seen.alerts.records == alerts


async def test_a_running_worker_writes_again_what_was_written_over(
    world: World, writer: LinkWriter
) -> None:
    log, context = await begin(world, writer)
    worker = LinkWorker(writer.place, context)
    await worker.start()
    for topic in (CASES, ALERTS):
        for honest in {one.key: one for one in await whole_topic(log, topic, 0)}.values():
            await put(log, ProducerRecord(topic, 0, honest.key, unsigned(world, honest)))
    await worker.audit()
    await newest_are_good(world, log, writer)


async def test_an_own_record_that_was_copied_elsewhere_ends_nobody(
    world: World, writer: LinkWriter
) -> None:
    log, context = await begin(world, writer)
    for newest in [(await whole_topic(log, topic, 0))[-3:] for topic in OUTPUTS]:
        for honest in newest:
            copies = (ProducerRecord(where, 0, honest.key, honest.value) for where in OUTPUTS)
            await put(log, *copies)
    worker = LinkWorker(writer.place, context)
    await worker.start()
    await worker.audit()
    await check(world, log, writer, is_spoilt=True)
    await newest_are_good(world, log, writer)


async def test_a_forged_grant_makes_nobody_believe_that_a_reader_was_served(
    world: World, writer: LinkWriter
) -> None:
    log, _ = await begin(world, writer)
    true = {one.key: GRANT.decode(one.value or b"") for one in await whole_topic(log, KEYS, 0)}
    forged = [
        ProducerRecord(
            KEYS,
            0,
            grant_record_key(KeyId(grant.key), grant.recipient),
            encode(msgspec.structs.replace(grant, sealed=bytes(len(grant.sealed)))),
        )
        for grant in true.values()
        if grant.sender == PROCESSOR
    ]
    assert {GRANT.decode(one.value or b"").recipient for one in forged} >= {OBSERVER}
    fooled = await fresh(world, writer)
    await put(fooled, *forged)
    await (await world.worker(fooled)).start()
    for reader in (OBSERVER, VN):
        seen = await see(world, fooled, writer.place, as_whom=reader)
        assert seen.cases.records == cases_of(plain(world, writer))
    await newest_are_good(world, fooled, writer)


@pytest.mark.parametrize("forgery", ["rubbish", "withdrawn"])
async def test_a_grant_that_was_written_over_is_given_again(
    world: World, writer: LinkWriter, forgery: str
) -> None:
    log, context = await begin(world, writer)
    worker = LinkWorker(writer.place, context)
    await worker.start()
    value = b"rubbish" if forgery == "rubbish" else None
    own = [
        one
        for one in await whole_topic(log, KEYS, 0)
        if one.value and GRANT.decode(one.value).sender == PROCESSOR
    ]
    await put(log, *(ProducerRecord(KEYS, 0, one.key, value) for one in own))
    await worker.tick()
    before = len(await whole_topic(log, KEYS, 0))
    await worker.audit()
    await newest_are_good(world, log, writer)
    await worker.tick()
    await worker.audit()
    again = len(await whole_topic(log, KEYS, 0))
    assert again == before + len({one.key for one in own})


async def test_only_letters_about_what_the_log_has_are_shown(
    world: World, writer: LinkWriter
) -> None:
    log, _ = await begin(world, writer)
    place = writer.place
    exchange = topics.exchange_topic(CORRIDOR)
    true = writer.records[3]
    letter = DeadLetter(
        v=1,
        link=place.link,
        processor=PROCESSOR,
        topic=exchange,
        partition=0,
        offset=3,
        log_time=true.log_time,
        value=true.value,
        error="fictional",
        attempts=3,
    )
    invented = [
        msgspec.structs.replace(letter, offset=4),
        msgspec.structs.replace(letter, offset=2**53),
        msgspec.structs.replace(letter, link=LinkId("elsewhere"), offset=5),
        msgspec.structs.replace(letter, topic="blo.exchange.elsewhere", offset=6),
        msgspec.structs.replace(letter, processor=OfficeId("vn-other"), offset=7),
    ]
    for one in (letter, *invented):
        key = f"{one.topic}/{one.partition}/{one.offset}".encode()
        await put(log, ProducerRecord(DEAD, 0, key, encode(one)))
    await put(log, ProducerRecord(DEAD, 0, b"another key", encode(letter)))
    found = await read_letters(log, world.directory, CORRIDOR)
    assert found == [letter]
