"""The fast path: what a signed checkpoint has proved is not asked again, and nothing is let pass."""

from __future__ import annotations

import random

import msgspec
import pytest

from blo_log import topics
from blo_log.memory import MemoryLog
from blo_log.port import ProducerRecord, TopicPartition
from blo_processors.link.fold_state import Checkpointed
from blo_processors.outputs.encode import OutputEncoder
from blo_processors.query.as_of import LinkAsOf, replay
from blo_processors.query.checkpoint import newest_checkpoint
from blo_projection.granted_keys import GrantedKeys
from blo_projection.link_chain import AdmittedRecord, LinkChain, is_signed
from blo_projection.verification import DeferToCheckpoint, Verification
from blo_schemas.codec import encode
from blo_schemas.errors import WireError
from blo_schemas.event import ENVELOPE, HEADER, LogRecord
from blo_schemas.hashes import admissions_hash, admissions_origin, certificate_tag
from blo_schemas.ids import Digest, LinkId, OfficeId
from blo_schemas.outputs import TrailCheckpoint
from blo_sealing.identity import Signer
from blo_sealing.signatures import verify_signature
from tests.processors.helpers import fresh
from tests.processors.seeing import cases_of, plain
from tests.processors.world import CORRIDOR, LA, PROCESSOR, START, VN, LinkWriter, World

Verified = list[bytes]


@pytest.fixture
def verified(monkeypatch: pytest.MonkeyPatch) -> Verified:
    """The signatures of events that were verified."""
    found: Verified = []
    verify = verify_signature

    def noting(key: bytes, message: bytes, signature: bytes) -> bool:
        found.append(signature)
        return verify(key, message, signature)

    monkeypatch.setattr(Verification.__init__, "__defaults__", (noting,))
    return found


async def worked(world: World, writer: LinkWriter) -> MemoryLog:
    """The link's log with all outputs of its processor."""
    log = await fresh(world, writer)
    await (await world.worker(log)).start()
    return log


async def as_of(world: World, log: MemoryLog, until: int, now: int | None = START) -> LinkAsOf:
    context = await world.surroundings(log)
    (one, *_) = await replay(log, context.feed, context.identity, CORRIDOR, until, now)
    return one


@pytest.mark.parametrize("size", [1, 30, 70, 119, 120])
async def test_as_of_with_and_without_a_proof_is_the_same(
    world: World, writer: LinkWriter, size: int, verified: Verified
) -> None:
    log = await worked(world, writer)
    then = writer.records[size - 1].log_time
    slow = await as_of(world, log, then, now=None)
    assert slow.proved == 0
    verified.clear()
    fast = await as_of(world, log, then)
    assert fast.size == slow.size
    assert fast.proved == min(slow.size, 119)
    assert len(verified) <= 1
    assert fast.cases() == slow.cases()
    assert fast.standing(then) == slow.standing(then)
    upto = [record for record in writer.records if record.log_time <= then]
    assert {one.view.case: one for one in fast.cases()} == cases_of(plain(world, writer, upto))


def altered(value: bytes, dice: random.Random) -> bytes:
    """One of the ways in which a record can be wrong."""
    envelope = ENVELOPE.decode(value)

    def flipped(data: bytes) -> bytes:
        at = dice.randrange(len(data))
        return data[:at] + bytes([data[at] ^ 1 << dice.randrange(8)]) + data[at + 1 :]

    def put(**parts: bytes) -> bytes:
        return encode(msgspec.structs.replace(envelope, **parts))

    header = HEADER.decode(envelope.header)
    ways = [
        lambda: put(signature=flipped(envelope.signature)),
        lambda: put(header=flipped(envelope.header)),
        lambda: put(summary_ct=flipped(envelope.summary_ct)),
        lambda: put(body_ct=flipped(envelope.body_ct)),
        lambda: put(header=encode(msgspec.structs.replace(header, oseq=header.oseq + 1))),
        lambda: put(header=encode(msgspec.structs.replace(header, at=header.at + 1))),
        lambda: flipped(value),
        # The same meaning in longer bytes.
        lambda: b"\xdc\x00\x04" + value[1:],
        lambda: put(header=b"\xdc\x00\x0b" + envelope.header[1:]),
        lambda: value + b"\xc0",
        lambda: value[:-1],
    ]
    return dice.choice(ways)()


def is_whole(value: bytes) -> bool:
    try:
        HEADER.decode(ENVELOPE.decode(value).header)
    except WireError:
        return False
    return True


def read(
    world: World, writer: LinkWriter, values: list[bytes], preverified_size: int
) -> list[AdmittedRecord]:
    link = writer.place.link
    admitting = LinkChain(
        link, world.directory.link_trust(link), DeferToCheckpoint(preverified_size)
    )
    return [
        admitting.admit(LogRecord(position, writer.records[-1].log_time, value))
        for position, value in enumerate(values)
    ]


def admissions(link: LinkId, admitted: list[AdmittedRecord]) -> Digest:
    running = admissions_origin(link)
    for one in admitted:
        running = admissions_hash(running, one.event, signed=is_signed(one))
    return running


@pytest.mark.parametrize("seed", range(150))
def test_presuming_never_gives_the_right_admissions_with_a_wrong_verdict(
    world: World, writer: LinkWriter, seed: int
) -> None:
    dice = random.Random(seed)
    values = [record.value for record in writer.records[:40]]
    for _ in range(dice.randrange(3)):
        values.insert(dice.randrange(len(values)), dice.choice(values))
    for _ in range(dice.randrange(1, 4)):
        whole = [at for at, value in enumerate(values) if is_whole(value)]
        at = dice.choice(whole)
        wrong = altered(values[at], dice)
        if dice.random() < 0.5:
            values[at] = wrong
        else:
            values.insert(at + 1, wrong)
    full = read(world, writer, values, 0)
    preverified_size = read(world, writer, values, len(values))
    same = [one.verdict for one in full] == [one.verdict for one in preverified_size]
    link = writer.place.link
    assert same or admissions(link, full) != admissions(link, preverified_size)
    if same:
        assert full == preverified_size


async def test_a_log_with_a_forged_record_is_read_again_and_verified(
    world: World, verified: Verified
) -> None:
    writer = LinkWriter(world, world.places[0], seed=71)
    writer.play(40)
    last = writer.records[-1]
    forged = msgspec.structs.replace(ENVELOPE.decode(last.value), signature=bytes(64))
    writer.records[-1] = msgspec.structs.replace(last, value=encode(forged))
    log = await worked(world, writer)
    # The forged record lies before the checkpoint of a later start.
    await (await world.worker(log)).start()
    await state_all(world, log, writer)
    verified.clear()
    one = await as_of(world, log, writer.now)
    assert one.proved == 0
    assert len(verified) > 35
    expected = plain(world, writer, writer.records)
    assert {record.view.case: record for record in one.cases()} == cases_of(expected)


async def state_all(
    world: World, log: MemoryLog, writer: LinkWriter, admitted: Digest | None = None
) -> None:
    """The processor states the whole log, truly or with other admissions."""
    state = plain(world, writer, writer.records)
    size = state.size
    state.take_effects()
    state.checkpoint()
    (made,) = state.take_effects().checkpoints
    stated = made.checkpoint
    if admitted is not None:
        stated = msgspec.structs.replace(stated, admissions=admitted)
    assert stated.size == size
    await put(world, log, writer, Checkpointed(stated, made.log_time), PROCESSOR)


async def put(
    world: World, log: MemoryLog, writer: LinkWriter, made: Checkpointed, by: OfficeId
) -> None:
    signer = world.identity().signer(world.directory, START)
    assert signer is not None
    if by != PROCESSOR:
        signer = Signer(by, certificate_tag(world.tags[by]), world.keys[by])
    encoder = OutputEncoder(writer.place, signer, GrantedKeys(writer.place.link, world.identity()))
    await (await log.appender()).append([encoder.message(encoder.checkpoint(made))])


async def newest(world: World, log: MemoryLog, writer: LinkWriter) -> TrailCheckpoint | None:
    granted = GrantedKeys(writer.place.link, world.identity())
    return await newest_checkpoint(log, world.directory, granted, writer.place, PROCESSOR, START)


async def test_a_checkpoint_that_states_something_else_proves_nothing(
    world: World, writer: LinkWriter, verified: Verified
) -> None:
    log = await worked(world, writer)
    await state_all(world, log, writer, admitted=Digest(bytes(32)))
    verified.clear()
    one = await as_of(world, log, writer.now)
    assert one.proved == 0
    assert len(verified) > 100
    assert {record.view.case: record for record in one.cases()} == cases_of(plain(world, writer))


async def test_only_checkpoints_that_this_processor_has_signed_count(
    world: World, writer: LinkWriter
) -> None:
    log = await worked(world, writer)
    made = await newest(world, log, writer)
    assert made is not None
    assert made.size == 119
    beyond = Checkpointed(msgspec.structs.replace(made, size=120), START)
    for other in (VN, LA):
        await put(world, log, writer, beyond, other)
    topic = topics.trail_topic(CORRIDOR)
    held = log.cluster.records(topic, 0)[-1]
    await (await log.appender()).append([ProducerRecord(topic, 0, held.key, b"no output")])
    assert await newest(world, log, writer) == made


async def test_a_checkpoint_far_from_the_end_of_the_trail_is_found(
    world: World, writer: LinkWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = await worked(world, writer)
    monkeypatch.setattr("blo_processors.query.checkpoint._FIRST_LOOK", 1)
    made = await newest(world, log, writer)
    assert made is not None
    assert made.size == 119
    trail = topics.trail_topic(CORRIDOR)
    log.cluster.truncate(TopicPartition(trail, 0), len(log.cluster.records(trail, 0)))
    assert await newest(world, log, writer) is None


async def test_a_log_that_is_shorter_than_its_checkpoint_is_verified(
    world: World, writer: LinkWriter
) -> None:
    log = await worked(world, writer)
    del log.cluster.partition(TopicPartition(topics.exchange_topic(CORRIDOR), 0)).records[80:]
    one = await as_of(world, log, writer.now)
    assert (one.size, one.proved) == (80, 0)
