"""Values on the processors' topics that are no good, or late: an office goes on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from blo_agent.api.present_alerts import case_timing
from blo_agent.office.viewer import stored_link, viewer
from blo_log import topics
from blo_log.memory import MemoryCluster
from blo_log.port import ProducerRecord
from blo_schemas.clocks import Signal
from blo_schemas.codec import encode
from blo_schemas.hashes import clearing_id
from blo_schemas.ids import CountryId, LinkId, OfficeId
from blo_schemas.instants import LAST_INSTANT
from blo_schemas.outputs import OUTPUT, SIGNED_OUTPUT, SignedOutput
from blo_schemas.trust import Revocation, Role
from blo_sealing.statements import sign_output
from tests.agents.processing import (
    PROCESSOR,
    Liar,
    Watched,
    a_watched,
    kept,
    open_for,
    overdue,
    own_alerts,
    own_record,
    shown,
    stored_alerts,
)
from tests.agents.started import begin, opened_case, up
from tests.agents.world import CORRIDOR, LINK, A, B, RunningAgent

pytestmark = pytest.mark.slow

CASES = topics.cases_topic(CORRIDOR)
ALERTS = topics.alerts_topic(CORRIDOR)
STRANGER = OfficeId("vn-stranger")


def ignored(agent: RunningAgent, topic: str = CASES) -> dict[str, int]:
    """How many values were ignored, by reason."""
    family = agent.agent.metrics.outputs_ignored.collect()
    return {
        sample.labels["reason"]: int(sample.value)
        for metric in family
        for sample in metric.samples
        if sample.name.endswith("_total") and sample.labels["topic"] == topic
    }


def again(message: ProducerRecord, liar: Liar, **changed: object) -> ProducerRecord:
    """The same output with other fields, signed anew."""
    assert message.value is not None
    output = OUTPUT.decode(SIGNED_OUTPUT.decode(message.value).output)
    output = msgspec.structs.replace(output, **changed)
    signed = encode(sign_output(output, liar.signer.keys.signing))
    return msgspec.structs.replace(message, value=signed)


def with_value(message: ProducerRecord, value: bytes | None) -> ProducerRecord:
    return msgspec.structs.replace(message, value=value)


def flipped(message: ProducerRecord) -> ProducerRecord:
    """The same with one bit of its signature changed."""
    signed = SIGNED_OUTPUT.decode(message.value or b"")
    signature = bytes([signed.signature[0] ^ 1, *signed.signature[1:]])
    return with_value(message, encode(SignedOutput(signed.output, signature)))


BAD: dict[str, Callable[[ProducerRecord, Liar], ProducerRecord]] = {
    "no_value": lambda good, _: with_value(good, None),
    "wrong_type": lambda good, _: with_value(good, b"rubbish"),
    "truncated": lambda good, _: with_value(good, (good.value or b"")[:-1]),
    "trailing_bytes": lambda good, _: with_value(good, (good.value or b"") + b"\0"),
    "unknown_version": lambda good, liar: again(good, liar, v=2),
    "bad_signature": lambda good, _: flipped(good),
    "unopenable": lambda good, liar: again(good, liar, body=bytes(300)),
    "other_link": lambda good, liar: again(good, liar, link=LinkId("another-link")),
    "other_kind": lambda good, _: msgspec.structs.replace(good, topic=ALERTS),
    "not_a_processor": lambda good, liar: again(good, liar, kid=bytes(8)),
    "expired": lambda good, liar: again(good, liar, at=liar.ends),
    "not_named": lambda good, liar: again(good, liar, processor=A),
    "other_record_key": lambda good, _: msgspec.structs.replace(good, key=bytes(32)),
}


@pytest.mark.parametrize("reason", BAD)
async def test_a_bad_value_is_counted_by_its_reason_and_passed_over(
    tmp_path: Path, reason: str, capfd: pytest.CaptureFixture[str]
) -> None:
    async with a_watched(tmp_path) as (world, a):
        case = await opened_case(a)
        liar = world.liar()
        good = liar.case(await own_record(a, case))
        bad = BAD[reason](good, liar)
        await liar.say(bad)
        await a.until(lambda: ignored(a, bad.topic) == {reason: 1})
        assert await shown(a, case) is None
        await liar.say(good)
        await kept(a, case, 0, 0)
        assert f'"reason":"{reason}"' in capfd.readouterr().err


async def test_a_body_about_something_else_than_what_was_signed_is_passed_over(
    tmp_path: Path,
) -> None:
    async with a_watched(tmp_path) as (world, a):
        case = await overdue(world, [a])
        liar = world.liar()
        record = await own_record(a, case)
        alert = (await own_alerts(a, case))[0]
        scribe = liar.scribe
        wrong = [
            scribe.case(record)._replace(position=1),
            scribe.alert(alert)._replace(position=1),
        ]
        await liar.say(*map(scribe.message, wrong))
        await a.until(lambda: ignored(a) == {"other_body": 1})
        await a.until(lambda: ignored(a, ALERTS) == {"other_body": 1})


async def test_an_alert_under_another_id_than_its_own_is_passed_over(tmp_path: Path) -> None:
    async with a_watched(tmp_path) as (world, a):
        case = await overdue(world, [a])
        true = (await own_alerts(a, case))[0]
        no_clearing = true.cleared(bytes(32), None, true.since, true.position)
        wrong = [
            msgspec.structs.replace(true, id=bytes(32)),
            msgspec.structs.replace(true, round=1),
            msgspec.structs.replace(true, case=None),
            msgspec.structs.replace(true, signal=Signal.SILENT),
            no_clearing,
            msgspec.structs.replace(no_clearing, id=clearing_id(true.id), clears=bytes(32)),
        ]
        liar = world.liar()
        await liar.say(*map(liar.alert, wrong))
        await a.until(lambda: ignored(a, ALERTS) == {"other_id": len(wrong)})
        assert await stored_alerts(a, case) == []


async def test_an_alert_that_lies_at_the_end_of_time_stops_nobody(tmp_path: Path) -> None:
    async with a_watched(tmp_path) as (world, a):
        case = await overdue(world, [a])
        last = (await own_alerts(a, case))[-1]
        end = LAST_INSTANT
        offices = tuple(OfficeId(f"vn-x{number}") for number in range(300))
        far = msgspec.structs.replace(
            last, due=end, since=end, notified=(A, *offices), agreement=end
        )
        liar = world.liar()
        # The key of the month that it says it was written in is what its readers were granted.
        draft = liar.scribe.alert(far)._replace(at=world.time.now_ms())
        await liar.say(liar.scribe.message(draft))
        await kept(a, case, None, 1)
        (one,) = await open_for(a)
        assert one.alert.due_local == "9999-12-30 07:00 +0700"
        at = viewer(a.agent.office)
        timing = await a.ask(lambda tx: case_timing(at, tx, stored_link(tx, LINK), case, end))
        assert [alert.by_the_rules for alert in timing.alerts] == [False]


async def test_an_offices_certificate_and_one_that_is_not_named_do_not_count(
    tmp_path: Path,
) -> None:
    async with Watched(tmp_path, MemoryCluster()) as world:
        world.certify(STRANGER, not_before=0, role=Role.PROCESSOR)
        (a,) = await begin(world, A)
        case = await opened_case(a)
        record = await own_record(a, case)
        for signer, reason in ((B, "not_a_processor"), (STRANGER, "not_named")):
            liar = world.liar(signer)
            await liar.say(liar.case(record))
            await a.until(lambda reason=reason: ignored(a).get(reason) == 1)  # type: ignore[misc]
        assert await shown(a, case) is None


async def revoke(world: Watched, subject: OfficeId) -> None:
    """Revoke a subject's certificate, now."""
    certified = world.directory().certificates(subject)[-1]
    revocation = Revocation(
        country=CountryId("vn"),
        certificate=certified.id,
        at=world.time.now_ms(),
        links=(),
        reason="(fictional) stolen",
    )
    before = len(world.documents)
    world.sign(revocation, [world.root_keys["vn"]])
    await world.publish_more(before)


async def test_what_a_revoked_processor_has_signed_stays_in_the_history_and_counts_no_more(
    tmp_path: Path,
) -> None:
    async with a_watched(tmp_path) as (world, a):
        case = await overdue(world, [a])
        liar = world.liar()
        await liar.say(
            liar.case(await own_record(a, case)), *map(liar.alert, await own_alerts(a, case))
        )
        await kept(a, case, 0, 10)
        await revoke(world, PROCESSOR)

        async def count_no_more() -> bool:
            found = await stored_alerts(a, case)
            return len(found) == 10 and not any(one.counts for one in found)

        await a.until_true(count_no_more)
        await a.until(lambda: ignored(a) == {"revoked": 1})
        await a.until(lambda: ignored(a, ALERTS) == {"revoked": 10})
        assert await shown(a, case) is None


async def test_values_wait_for_their_key_and_are_read_again_when_it_comes(tmp_path: Path) -> None:
    async with a_watched(tmp_path) as (world, a):
        case = await overdue(world, [a])
        liar = world.liar()
        record, given = await own_record(a, case), await own_alerts(a, case)
        await world.append([liar.case(record), *map(liar.alert, given)])
        waiting = a.agent.metrics.outputs_waiting.labels(link=LINK)
        await a.until(lambda: waiting._value.get() == 11)
        await a.kill()
        a = await world.agent(A)
        assert await shown(a, case) is None
        await liar.say()
        await kept(a, case, 0, 10)
        assert ignored(a) == ignored(a, ALERTS) == {}


async def test_a_certificate_that_comes_after_what_it_signed_lets_it_count(tmp_path: Path) -> None:
    async with Watched(tmp_path, MemoryCluster()) as world:
        known = len(world.documents)
        world.certify(STRANGER, not_before=0, role=Role.PROCESSOR)
        world.watch(version=2, effective_from=1, processors=(PROCESSOR, STRANGER))
        await world.publish(world.documents[:known])
        (a,) = await up(world, A)
        case = await opened_case(a)
        liar = world.liar(STRANGER)
        await liar.say(liar.case(await own_record(a, case)))
        await a.until(lambda: ignored(a) == {"not_a_processor": 1})
        await world.publish_more(known)
        await kept(a, case, 0, 0)
