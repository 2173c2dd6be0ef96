"""What readers get: as-of and what-if, sealed views, verdicts of what is wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from blo_domain.deadlines.evaluate import uncleared_alerts
from blo_domain.deadlines.policies import four_urgencies
from blo_domain.deadlines.responses import Window
from blo_log import topics
from blo_processors.link.worker import LinkWorker
from blo_processors.query.as_of import replay, what_if
from blo_schemas.event import ENVELOPE, HEADER
from blo_schemas.grants import GRANT, KeyPurpose
from blo_schemas.ids import CaseId
from blo_schemas.outputs import Output, OutputKind
from blo_schemas.policy import Span, SpanUnit
from blo_schemas.summary import Kind, Step, Summary, Urgency
from blo_schemas.verdicts import Reason
from blo_sealing.errors import Unopenable, WrongKeyCommitment
from blo_sealing.event_parts import EventPart, derive_part_key, open_content, open_with_part_key
from blo_sealing.keys import ContentKey
from blo_sealing.outputs import open_output, processor_summary_key, seal_output
from tests.processors.helpers import check, fresh, stored
from tests.processors.seeing import cases_of, plain, see, whole_topic
from tests.processors.world import CORRIDOR, LA, MINUTE_MS, PROCESSOR, VN, LinkWriter, World


async def test_as_of_now_equals_what_the_worker_wrote_and_as_of_then_what_stood_then(
    world: World, writer: LinkWriter
) -> None:
    log = await fresh(world, writer)
    context = await world.surroundings(log)
    await LinkWorker(writer.place, context).start()
    for size in (len(writer.records), 60):
        then = writer.records[size - 1].log_time
        (one, *_) = await replay(log, context.feed, context.identity, CORRIDOR, then)
        upto = [record for record in writer.records if record.log_time <= then]
        state = plain(world, writer, upto)
        assert {CaseId(case.view.case): case for case in one.cases()} == cases_of(state)
        effects = tuple(state.take_effects().alerts)
        assert {alert.id for alert in one.standing(then)} == {
            alert.id for alert in uncleared_alerts(effects)
        }
    (now, *_) = await replay(log, context.feed, context.identity, CORRIDOR, writer.now)
    seen = await see(world, log, writer.place)
    assert {CaseId(case.view.case): case for case in now.cases()} == seen.cases.records
    assert {alert.id for alert in now.standing(writer.now)} == {
        alert.id for alert in seen.alerts.standing()
    }


async def test_what_if_changes_nothing_under_the_same_policy_and_something_under_another(
    world: World, writer: LinkWriter
) -> None:
    log = await fresh(world, writer)
    context = await world.surroundings(log)
    (one, *_) = await replay(log, context.feed, context.identity, CORRIDOR, writer.now)
    period = Window(0, writer.now)
    same = what_if(one, four_urgencies((VN, LA)), period, writer.now)
    assert same.agreed == same.other
    assert not same.changes
    policy = four_urgencies((VN, LA))
    hour = Span(amount=1, unit=SpanUnit.MINUTES)
    strict = msgspec.structs.replace(
        policy,
        deadlines=tuple(
            msgspec.structs.replace(row, acknowledge=hour, answer=hour) for row in policy.deadlines
        ),
    )
    assert what_if(one, strict, period, writer.now).changes


async def test_a_processor_cannot_open_a_body(world: World, writer: LinkWriter) -> None:
    log = await fresh(world, writer)
    worker = await world.worker(log)
    await worker.start()
    held = worker._parts.granted
    record = writer.records[0]
    envelope = ENVELOPE.decode(record.value)
    header = HEADER.decode(envelope.header)
    assert held.content_key(header.case_id) is None
    keys = [key.secret for key in held._keys.values()]
    assert keys
    for secret in keys:
        part = derive_part_key(EventPart.CONTENT, writer.place.link, header, secret)
        with pytest.raises(Unopenable):
            open_with_part_key(EventPart.CONTENT, writer.place.link, envelope, part)
    opened = open_content(writer.place.link, header, envelope, writer.contents[header.case_id])
    assert opened.body_version == 1
    for grant in writer.grants:
        assert GRANT.decode(grant.value or b"").purpose is KeyPurpose.SUMMARY


async def test_the_key_of_a_view_says_nothing_but_the_case_and_the_value_shows_no_state(
    world: World, writer: LinkWriter
) -> None:
    log = await fresh(world, writer)
    await (await world.worker(log)).start()
    topic = topics.cases_topic(writer.place.corridor)
    for stored_view in await whole_topic(log, topic, writer.place.partition):
        assert stored_view.key is not None
        assert len(stored_view.key) == 32
        value = stored_view.value or b""
        for word in ("acknowledged", "answered", "closed", "sent"):
            assert word.encode() not in value


@pytest.mark.parametrize("reason", [Reason.SUMMARY_UNKNOWN_VERSION])
async def test_a_summary_of_an_unknown_version_is_kept_judged_and_counted(
    world: World, reason: Reason
) -> None:
    writer = LinkWriter(world, world.places[0], seed=51)
    writer.play(10)
    key = ContentKey.generate(writer.dice.randbytes)
    writer.contents[key.id] = key
    summary = Summary(99, Kind.VERIFICATION_REQUEST, Step.OPEN, Urgency.ROUTINE, 0)
    writer.write(VN, key.id, summary)
    writer.play(10)
    log = await fresh(world, writer)
    context = await world.surroundings(log)
    await LinkWorker(writer.place, context).start()
    seen = await see(world, log, writer.place)
    verdict = seen.trail.entries[10].verdict
    assert verdict is not None
    assert verdict.reason is reason
    link = writer.place.link
    rejected = context.metrics.records_rejected.labels(link=link, reason=reason.value)
    assert rejected._value.get() == 1
    await check(world, log, writer)


async def test_log_time_that_steps_back_changes_no_result(world: World) -> None:
    writer = LinkWriter(world, world.places[0], seed=52)
    writer.play(40)
    writer.now -= 90 * MINUTE_MS
    writer.play(40)
    log = await fresh(world, writer, 50)
    worker = await world.worker(log)
    await worker.start()
    await (await log.appender()).append(writer.messages(50))
    await worker.take(stored(log.cluster, writer.place)[50:])
    await check(world, log, writer)


async def test_every_reject_vector_gets_its_entry_and_stops_nothing(
    world: World, project_root: Path
) -> None:
    writer = LinkWriter(world, world.places[0], seed=53)
    writer.play(10)
    vectors = 0
    for path in sorted((project_root / "tests" / "vectors" / "reject").glob("*.json")):
        for value in values_in(json.loads(path.read_text())):
            writer.put(value)
            vectors += 1
    assert vectors > 10
    writer.play(10)
    log = await fresh(world, writer)
    await (await world.worker(log)).start()
    await check(world, log, writer)


def values_in(vector: Any) -> Iterator[bytes]:
    """Whatever in a vector is hexadecimal: records, heads, grants, documents, all are bad here."""
    match vector:
        case dict():
            for value in vector.values():
                yield from values_in(value)
        case list():
            for value in vector:
                yield from values_in(value)
        case str() if len(vector) > 100:
            try:
                yield bytes.fromhex(vector)
            except ValueError:
                return


def test_sealing_is_deterministic_and_every_change_is_noticed() -> None:
    world = World()
    keys = world.keys[PROCESSOR]
    link = world.places[0].link
    key = processor_summary_key(keys, link, "2025-02")
    assert key == processor_summary_key(keys, link, "2025-02")
    assert key != processor_summary_key(keys, link, "2025-03")
    draft = Output(1, OutputKind.CASE, link, PROCESSOR, bytes(8), 5, 7, None, None, b"body\0\0")
    sealed = seal_output(draft, key)
    assert sealed == seal_output(draft, key)
    assert open_output(sealed, key) == b"body\0\0"
    other = seal_output(msgspec.structs.replace(draft, body=b"bodz"), key)
    assert other.salt != sealed.salt
    for changed in (
        msgspec.structs.replace(sealed, position=6),
        msgspec.structs.replace(sealed, kind=OutputKind.ALERT),
        msgspec.structs.replace(sealed, body=bytes(len(sealed.body))),
        msgspec.structs.replace(sealed, salt=bytes(16)),
    ):
        with pytest.raises(Unopenable):
            open_output(changed, key)
    with pytest.raises(WrongKeyCommitment):
        open_output(sealed, None)
