"""Replays of a log that processors and real agents wrote to."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from blo_audit.findings.codes import Code
from blo_audit.replay.options import AuditOptions
from blo_audit.replay.run import Replay
from blo_audit.replay.signatures import Mode
from blo_audit.replay.sources import LogSource, SourcePartition
from blo_audit.replay.statement import ReplayStatement, not_proved
from blo_log import topics
from blo_log.memory import MemoryCluster, MemoryLog
from blo_log.port import ConsumedRecord, ProducerRecord
from blo_processors.link.worker import LinkWorker
from blo_schemas.codec import encode
from blo_schemas.grants import GRANT
from blo_schemas.hashes import document_id
from blo_schemas.heads import head_record_key
from blo_schemas.ids import OfficeId
from blo_schemas.outputs import (
    OUTPUT,
    SIGNED_OUTPUT,
    TRAIL_CHECKPOINT,
    TRAIL_ENTRY,
    Output,
    OutputKind,
    TrailCheckpoint,
)
from blo_schemas.summary import Step
from blo_schemas.trust import Role
from blo_schemas.verdicts import Reason, rejected
from blo_sealing.identity import ProgramIdentity
from blo_sealing.keys import NodeKeys
from blo_sealing.statements import sign_output
from tests.agents.world import (
    CORRIDOR,
    PROVINCE,
    A,
    B,
    all_read,
    two_offices_and_a_province,
)
from tests.agents.world import LINK as AGENTS_LINK
from tests.audit.exhibits import (
    LINK,
    flip,
    forged,
    found,
    header_of,
)
from tests.audit.exhibits import World as RenewingWorld
from tests.processors.helpers import fresh
from tests.processors.world import LA, OBSERVER, PROCESSOR, VN, LinkWriter
from tests.processors.world import World as ProcessorsWorld


async def _replayed(
    log: MemoryLog, world: ProcessorsWorld, *, outputs: bool = True, mode: Mode = Mode.FULL
) -> ReplayStatement:
    options = AuditOptions(outputs=outputs, mode=mode, rate=0)
    identity = ProgramIdentity(OfficeId("vn-ministry"), (world.keys[OfficeId("vn-ministry")],))
    source = LogSource(log)
    return await Replay(source, world.pins, options, identity=identity, workers=1).run()


async def _processed(
    made: ProcessorsWorld | None = None,
) -> tuple[MemoryLog, ProcessorsWorld, LinkWriter]:
    world = made or ProcessorsWorld()
    writer = LinkWriter(world, world.places[0], seed=5)
    writer.play(60)
    log = await fresh(world, writer)
    worker = LinkWorker(writer.place, await world.surroundings(log))
    await worker.start()
    return log, world, writer


async def test_what_a_processor_wrote_is_what_the_audit_finds() -> None:
    log, world, writer = await _processed()
    [link] = (await _replayed(log, world)).links
    assert link.outputs is not None
    assert link.outputs.differed == 0
    assert link.outputs.entries >= len(writer.records)
    assert link.outputs.checkpoints > 0
    assert link.views is not None
    assert link.outputs.cases >= link.views.cases > 0


async def test_a_processor_that_signs_another_verdict_or_view_is_found() -> None:
    log, world, writer = await _processed()
    appender = await log.appender()
    reader = await log.reader({})
    await reader.close()
    place = writer.place
    topic = topics.trail_topic(place.corridor)
    key = world.keys[PROCESSOR].signing
    entry, value = await _first_entry(log, place.partition)
    lied = msgspec.structs.replace(entry, verdict=rejected(Reason.BAD_SIGNATURE))
    output = OUTPUT.decode(SIGNED_OUTPUT.decode(value).output)
    forged = sign_output(msgspec.structs.replace(output, body=encode(lied)), key)
    message = writer.messages(0, 1)[0]
    add = [encode(forged), b"rubbish"]
    await appender.append([msgspec.structs.replace(message, topic=topic, value=one) for one in add])
    report = await _replayed(log, world)
    [told] = found(report, Code.TRAIL_DIFFERS)
    assert told.position == entry.position
    assert "bad_signature" in told.detail
    assert found(report, Code.OUTPUT_REFUSED)


async def _first_entry(log: MemoryLog, partition: int):  # type: ignore[no-untyped-def]
    source = LogSource(log)
    place = SourcePartition(LINK, CORRIDOR, partition)
    async for batch in source.outputs(place, topics.trail_topic(CORRIDOR)):
        for stored in batch:
            value = stored.value or b""
            output = OUTPUT.decode(SIGNED_OUTPUT.decode(value).output)
            if output.kind is OutputKind.TRAIL:
                return TRAIL_ENTRY.decode(output.body), value
    raise AssertionError("there is no trail")


async def test_a_checkpoint_that_lies_about_who_signed_what_is_found() -> None:
    log, world, writer = await _processed()
    output, said = await _last_checkpoint(log, writer.place.partition)
    lied = msgspec.structs.replace(said, admissions=bytes(32))
    key = world.keys[PROCESSOR].signing
    value = encode(sign_output(msgspec.structs.replace(output, body=encode(lied)), key))
    message = writer.messages(0, 1)[0]
    topic = topics.trail_topic(CORRIDOR)
    await _append(log, msgspec.structs.replace(message, topic=topic, value=value))
    [told] = found(await _replayed(log, world), Code.TRAIL_DIFFERS)
    assert told.position == said.size
    assert f"of who signed which of the first {said.size} records" in told.detail


async def _last_checkpoint(log: MemoryLog, partition: int) -> tuple[Output, TrailCheckpoint]:
    source = LogSource(log)
    place = SourcePartition(LINK, CORRIDOR, partition)
    last: Output | None = None
    async for batch in source.outputs(place, topics.trail_topic(CORRIDOR)):
        for stored in batch:
            output = OUTPUT.decode(SIGNED_OUTPUT.decode(stored.value or b"").output)
            if output.kind is OutputKind.CHECKPOINT:
                last = output
    assert last is not None
    return last, TRAIL_CHECKPOINT.decode(last.body)


class _WithoutKeysOf(LogSource):
    """Hands over the grants of everybody but one office."""

    def __init__(self, log: MemoryLog, office: OfficeId) -> None:
        super().__init__(log)
        self._office = office

    async def grants(self, place: SourcePartition) -> Sequence[ConsumedRecord]:
        every = await super().grants(place)
        return [one for one in every if GRANT.decode(one.value or b"").sender != self._office]


async def test_an_auditor_who_lacks_keys_does_not_blame_the_processor_for_it() -> None:
    log, world, _ = await _processed()
    identity = ProgramIdentity(OBSERVER, (world.keys[OBSERVER],))
    for office in (VN, LA):
        source = _WithoutKeysOf(log, office)
        options = AuditOptions(outputs=True)
        report = await Replay(source, world.pins, options, identity=identity, workers=1).run()
        assert found(report, Code.KEYS_MISSING)
        assert not found(report, Code.CASE_DIFFERS)
        assert not found(report, Code.TRAIL_DIFFERS)


async def test_a_processor_that_had_not_heard_of_a_revocation_is_no_liar() -> None:
    world = RenewingWorld()
    log, _, writer = await _processed(world)
    certificate = world.directory.certificates(VN)[-1].id
    document = world.revoke(certificate, writer.now, [(LINK, 10)])
    key = document_id(document.payload)
    await _append(log, ProducerRecord(topics.DIRECTORY_TOPIC, 0, key, encode(document)))
    report = await _replayed(log, world)
    assert found(report, Code.OUTPUT_UNDER_OTHER_TRUST)
    assert not found(report, Code.TRAIL_DIFFERS)
    assert not found(report, Code.CASE_DIFFERS)


async def test_a_processor_tells_an_amortised_replay_of_what_it_did_not_verify() -> None:
    world = ProcessorsWorld()
    writer = LinkWriter(world, world.places[0], seed=5)
    writer.play(20)
    genuine, stranger = writer.records[-1], NodeKeys.generate(world.bytes).signing
    tag = header_of(genuine).kid
    office = next(one for one in (VN, LA) if world.directory.certificates(one)[-1].tag == tag)
    place = writer.fold.chain.next_place(office)
    value = forged(genuine, LINK, stranger, oseq=place.oseq, oprev=place.oprev)
    writer.put(value)
    log = await fresh(world, writer)
    for each in (VN, LA):
        await _append(log, writer.head(each, writer.now))
    worker = LinkWorker(writer.place, await world.surroundings(log))
    await worker.start()
    options = AuditOptions(mode=Mode.AMORTISED, rate=0, outputs=True)
    report = await Replay(LogSource(log), world.pins, options, workers=1).run()
    assert not found(report, Code.BAD_SIGNATURE)
    told = found(report, Code.TRAIL_DIFFERS)
    assert {one.position for one in told} == {21}, "without keys, only a checkpoint says so"
    assert all("this replay has not verified: a full one tells" in one.detail for one in told)
    assert found(await _replayed(log, world), Code.BAD_SIGNATURE)


async def _append(log: MemoryLog, message: ProducerRecord) -> None:
    appender = await log.appender()
    await appender.append([message])
    await appender.close()


async def test_amortised_verifies_no_entry_that_says_the_same_under_a_verified_checkpoint() -> None:
    log, world, writer = await _processed()
    [full] = (await _replayed(log, world)).links
    [quick] = (await _replayed(log, world, mode=Mode.AMORTISED)).links
    assert full.outputs is not None
    assert quick.outputs is not None
    # The last checkpoint is over 56 of 60 records.
    assert (full.outputs.covered, quick.outputs.covered) == (0, 56)
    assert msgspec.structs.replace(quick.outputs, covered=0) == full.outputs
    assert any("were not asked for their own signature" in one for one in not_proved(quick))
    # What no checkpoint follows is verified, and so is what differs.
    entry, value = await _first_entry(log, writer.place.partition)
    signed = SIGNED_OUTPUT.decode(value)
    lie = encode(msgspec.structs.replace(entry, verdict=rejected(Reason.BAD_SIGNATURE)))
    lied = msgspec.structs.replace(OUTPUT.decode(signed.output), body=lie)
    unsigned = msgspec.structs.replace(signed, signature=flip(signed.signature))
    message = writer.messages(0, 1)[0]
    topic = topics.trail_topic(CORRIDOR)
    for said in (unsigned, sign_output(lied, world.keys[PROCESSOR].signing)):
        await _append(log, msgspec.structs.replace(message, topic=topic, value=encode(said)))
    report = await _replayed(log, world, mode=Mode.AMORTISED)
    assert len(found(report, Code.OUTPUT_REFUSED)) == 1
    assert len(found(report, Code.TRAIL_DIFFERS)) == 1


async def test_a_trail_that_ends_early_is_told() -> None:
    world = ProcessorsWorld()
    writer = LinkWriter(world, world.places[0], seed=5)
    writer.play(20)
    log = await fresh(world, writer)
    [told] = found(await _replayed(log, world), Code.TRAIL_INCOMPLETE)
    assert told.position == 0


async def test_rebuilt_views_equal_those_that_real_agents_signed(tmp_path: Path) -> None:
    cluster = MemoryCluster()
    async with two_offices_and_a_province(tmp_path, lambda: MemoryLog(cluster)) as world:
        await world.publish()
        a, b = await world.agent(A), await world.agent(B)
        await a.has_desk(AGENTS_LINK)
        opened = [await a.open() for _ in range(3)]
        await all_read([a, b], 3)
        for one in opened:
            await b.do(Step.ACKNOWLEDGE, one.case)
        await all_read([a, b], 6)
        await b.do(Step.ACCEPT, opened[0].case)
        await all_read([a, b], 7)
        partition, topic = 0, topics.heads_topic(CORRIDOR)
        keys = {head_record_key(AGENTS_LINK, office) for office in (A, B)}

        def heads_cover() -> bool:
            last = {one.key: one for one in cluster.records(topic, partition)}
            return keys <= last.keys() and all(
                _size_of(last[key].value or b"") == 7 for key in keys
            )

        await a.until(heads_cover)
        log = MemoryLog(cluster)
        identity = ProgramIdentity(PROVINCE, (world.keys[PROVINCE],), Role.OFFICE)
        replay = Replay(LogSource(log), world.pins, AuditOptions(), identity=identity, workers=1)
        report = await replay.run()
        await log.close()
    assert report.clean, report.findings
    [link] = report.links
    assert link.records == 7
    assert link.views is not None
    assert (link.views.cases, link.views.differed) == (3, 0)
    assert link.views.agreed >= 2


def _size_of(value: bytes) -> int:
    from tests.audit.exhibits import head_of

    return head_of(value).size
