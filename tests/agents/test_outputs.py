"""Values on the processors' topics that are no good, late, or gone: an office goes on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from blo_log import topics
from blo_log.memory import MemoryCluster, MemoryLog
from blo_log.port import Message, TopicPartition
from blo_schemas.codec import encode
from blo_schemas.ids import CountryId, LinkId, OfficeId
from blo_schemas.outputs import OUTPUT, SIGNED_OUTPUT, SignedOutput
from blo_schemas.summary import Step
from blo_schemas.trust import Revocation, Role
from blo_sealing.outputs import sign_output
from tests.agents.crashing import CrashPlan, ended
from tests.agents.processing import (
    DAY_MS,
    PROCESSOR,
    Liar,
    Watched,
    differing,
    kept,
    overdue,
    own_alerts,
    own_record,
    shown,
    some,
    stored_alerts,
    told,
)
from tests.agents.world import CORRIDOR, LINK, PROVINCE, A, B, RunningAgent, all_read, two_offices

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


def again(message: Message, liar: Liar, **changed: object) -> Message:
    """The same output with other fields, signed anew."""
    assert message.value is not None
    output = OUTPUT.decode(SIGNED_OUTPUT.decode(message.value).output)
    output = msgspec.structs.replace(output, **changed)
    signed = encode(sign_output(output, liar.signer.keys.signing))
    return msgspec.structs.replace(message, value=signed)


def with_value(message: Message, value: bytes | None) -> Message:
    return msgspec.structs.replace(message, value=value)


def flipped(message: Message) -> Message:
    """The same with one bit of its signature changed."""
    signed = SIGNED_OUTPUT.decode(message.value or b"")
    signature = bytes([signed.signature[0] ^ 1, *signed.signature[1:]])
    return with_value(message, encode(SignedOutput(signed.output, signature)))


BAD: dict[str, Callable[[Message, Liar], Message]] = {
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
    "not_named": lambda good, liar: again(good, liar, processor=A),
    "other_record_key": lambda good, _: msgspec.structs.replace(good, key=bytes(32)),
}


@pytest.mark.parametrize("reason", BAD)
async def test_a_bad_value_is_counted_by_its_reason_and_passed_over(
    tmp_path: Path, reason: str, capfd: pytest.CaptureFixture[str]
) -> None:
    async with Watched(tmp_path, MemoryCluster()) as world:
        await world.publish()
        (a,) = await some(world, A)
        case = (await a.open()).case
        await a.read(1)
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
    async with Watched(tmp_path, MemoryCluster()) as world:
        await world.publish()
        (a,) = agents = await some(world, A)
        case = await overdue(world, agents)
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


async def test_an_offices_certificate_and_one_that_is_not_named_do_not_count(
    tmp_path: Path,
) -> None:
    async with Watched(tmp_path, MemoryCluster()) as world:
        world.certify(STRANGER, not_before=0, role=Role.PROCESSOR)
        await world.publish()
        (a,) = await some(world, A)
        case = (await a.open()).case
        await a.read(1)
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
    async with Watched(tmp_path, MemoryCluster()) as world:
        await world.publish()
        (a,) = agents = await some(world, A)
        case = await overdue(world, agents)
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
    async with Watched(tmp_path, MemoryCluster()) as world:
        await world.publish()
        (a,) = agents = await some(world, A)
        case = await overdue(world, agents)
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
        (a,) = await some(world, A)
        case = (await a.open()).case
        await a.read(1)
        liar = world.liar(STRANGER)
        await liar.say(liar.case(await own_record(a, case)))
        await a.until(lambda: ignored(a) == {"not_a_processor": 1})
        await world.publish_more(known)
        await kept(a, case, 0, 0)


@pytest.mark.parametrize(
    ("step", "at"), [*((step, None) for step in (1, 3, 5, 8, 11)), (1, "outputs taken")]
)
async def test_a_crash_at_any_step_loses_and_doubles_nothing(
    tmp_path: Path, step: int, at: str | None
) -> None:
    async with Watched(tmp_path, MemoryCluster()) as world:
        await world.publish()
        b, province = await some(world, B, PROVINCE)
        case = (await b.open()).case
        await b.read(1)
        plan = CrashPlan()
        crashing = await world.agent(A, probe=plan, store_probe=plan)
        await crashing.read(1)
        worker = await world.worker()
        plan.arm(step, at)
        await b.do(Step.URGE, case)
        await all_read([b, province], 2)
        await worker.work()
        await ended(crashing)
        await crashing.kill()
        (a,) = await some(world, A)
        await all_read([a], 2)
        await kept(a, case, 1, 0)
        assert await differing(a) == []
        assert ignored(a) == {}


def put_back(store: Path, backup: bytes) -> None:
    """Restore a store from a copy."""
    for path in store.parent.glob(f"{store.name}*"):
        path.unlink()
    store.write_bytes(backup)


async def test_after_a_restore_the_outputs_are_read_again(tmp_path: Path) -> None:
    async with Watched(tmp_path, MemoryCluster()) as world:
        await world.publish()
        (a,) = await some(world, A)
        case = (await a.open()).case
        await a.read(1)
        await a.stop()
        store = tmp_path / f"{A}.db"
        backup = store.read_bytes()
        a = await world.agent(A)
        world.later(40 * DAY_MS)
        await a.do(Step.URGE, case)
        await a.read(2)
        await (await world.worker()).work()
        await kept(a, case, 1, 10)
        await a.stop()
        put_back(store, backup)
        a = await world.agent(A)
        await kept(a, case, 1, 10)
        assert await differing(a) == []


async def test_a_link_that_is_folded_anew_keeps_its_alerts(tmp_path: Path) -> None:
    async with Watched(tmp_path, MemoryCluster()) as world:
        world.difference_after_s = 0
        await world.publish()
        (a,) = agents = await some(world, A)
        case = await overdue(world, agents)
        worker = await world.worker()
        await worker.work()
        await kept(a, case, 0, 10)
        before = await stored_alerts(a, case)
        known = len(world.documents)
        world.certify(STRANGER, not_before=0)
        await world.publish_more(known)
        await a.until(lambda: a.desk().rereads_to > 0 and not a.desk().is_rereading)
        assert await stored_alerts(a, case) == before
        await kept(a, case, 0, 10)
        await worker.work()
        await told(a)


@pytest.mark.parametrize("gone", [CASES, ALERTS])
async def test_an_agent_works_without_the_topics_and_reads_them_when_they_are_there(
    tmp_path: Path, gone: str
) -> None:
    cluster = MemoryCluster()
    async with Watched(tmp_path, cluster) as world:
        await world.publish()
        held = cluster.topics.pop(gone)
        a, b = agents = await some(world, A, B)
        case = (await a.open()).case
        await all_read(agents, 1)
        await b.do(Step.ACKNOWLEDGE, case)
        await all_read(agents, 2)
        await a.until(lambda: gone in a.agent.checks()["processors"]().detail)
        assert a.agent.checks()["processors"]().ok
        cluster.topics[gone] = held
        await a.kill()
        (a,) = await some(world, A)
        await (await world.worker()).work()
        await kept(a, case, 1, 0)
        await a.until(lambda: not a.agent.checks()["processors"]().detail)


async def test_topics_that_were_made_anew_are_read_from_their_beginning(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    cluster = MemoryCluster()
    async with Watched(tmp_path, cluster) as world:
        world.difference_after_s = 0
        await world.publish()
        (a,) = agents = await some(world, A)
        case = await overdue(world, agents)
        worker = await world.worker()
        await worker.work()
        await kept(a, case, 0, 10)
        for topic in (CASES, ALERTS):
            held = cluster.partition(TopicPartition(topic, 0))
            held.records.clear()
            held.begin = 0
        await a.do(Step.URGE, case)
        await a.read(3)
        await (await world.worker()).work()
        await kept(a, case, 2, 10)
        await told(a)
        assert "outputs were cut" in capfd.readouterr().err


async def test_a_link_without_processors_reads_none(tmp_path: Path) -> None:
    cluster = MemoryCluster()
    async with two_offices(tmp_path, lambda: MemoryLog(cluster)) as world:
        await world.publish()
        for topic in (CASES, ALERTS):
            cluster.delete_topic(topic)
        a, b = await world.agent(A), await world.agent(B)
        await a.until(lambda: LINK in a.agent.office.desks)
        case = (await a.open()).case
        await all_read([a, b], 1)
        await b.do(Step.ACKNOWLEDGE, case)
        await all_read([a, b], 2)
        assert a.agent.checks()["processors"]().detail == ""
