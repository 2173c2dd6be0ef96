"""Trust documents that arrive late: links that begin, verdicts that heal, keys that end."""

from __future__ import annotations

import os
from copy import copy
from datetime import date
from pathlib import Path

import pytest

from blo_agent.commands.accept import CommandRefused
from blo_agent.office.keyring import month_of
from blo_agent.store.connection import Transaction
from blo_agent.store.tables import documents, journal, keys, outbox
from blo_domain.cases import decide
from blo_domain.commands import Command, content_of
from blo_log.memory import MemoryCluster, MemoryLog
from blo_log.port import ProducerRecord
from blo_log.topics import DIRECTORY_TOPIC, exchange_topic
from blo_schemas.bodies import body_from_json
from blo_schemas.hashes import certificate_tag, document_id
from blo_schemas.ids import CaseId, CountryId, DocumentId, LinkId, OfficeId
from blo_schemas.summary import Kind, Step
from blo_schemas.trust import Revocation, RevokedFrom, SignedDocument, Superior
from blo_sealing.seal_event import Author, seal_event
from tests.agents.crashing import agree
from tests.agents.started import begin, both_up, opened_case, up
from tests.agents.world import (
    CORRIDOR,
    LINK,
    NOW,
    PROVINCE,
    A,
    B,
    RunningAgent,
    World,
    all_read,
    two_offices,
)

pytestmark = pytest.mark.slow

C = OfficeId("la-c")
SECOND = LinkId("vn-a~la-c")


def revoked(world: World, certificate: SignedDocument, size: int) -> SignedDocument:
    """A certificate that counts up to a size of the link's log."""
    document = Revocation(
        country=CountryId("la"),
        certificate=document_id(certificate.payload),
        at=NOW,
        links=(RevokedFrom(link=LINK, size=size),),
        reason="(fictional) the key was lost",
    )
    return world.sign(document, [world.root_keys["la"]])


async def own_state(agent: RunningAgent) -> tuple[object, ...]:
    """What an office must never lose by reading its log again."""
    return await agent.ask(
        lambda tx: (
            outbox.pending(tx, limit=100),
            [one for one in journal.entries(tx) if one.action != "refold"],
            keys.all_of(tx, LINK),
        )
    )


async def test_a_new_agreement_opens_a_desk_without_a_restart(tmp_path: Path) -> None:
    cluster = MemoryCluster()
    async with two_offices(tmp_path, lambda: MemoryLog(cluster)) as world:
        await world.publish(links=2)
        a, b = await up(world, A, B)
        with pytest.raises(CommandRefused) as refusal:
            await a.open(SECOND)
        assert refusal.value.reason == "unknown_link"
        assert f"its links are: {LINK}" in refusal.value.words
        await world.publish([world.certify(C), world.agree(SECOND, (A, C), 1)], links=2)
        c = await world.agent(C)
        await a.has_desk(SECOND)
        await a.open(SECOND)
        await all_read([a, c], 1, SECOND)
        await opened_case(a, [b])


async def test_a_link_whose_topics_are_not_made_yet_does_not_hold_up_the_others(
    tmp_path: Path,
) -> None:
    cluster = MemoryCluster()
    async with two_offices(tmp_path, lambda: MemoryLog(cluster)) as world:
        world.certify(C)
        world.agree(SECOND, (A, C), 1)
        await world.publish(links=1)
        a, b = await world.agent(A), await world.agent(B)
        await a.has_desk(SECOND)
        await a.until(lambda: bool(a.desk(SECOND).status.unserved))
        assert "blo topics apply" in a.agent.office.links[SECOND].status.unserved
        assert not a.agent.checks()["line"]().ok
        await a.open(SECOND)
        await opened_case(a, [b])
        await world.make_topics(2)
        await a.read(1, SECOND)
        assert a.agent.checks()["line"]().ok


def acknowledged_by_b(
    world: World, a: RunningAgent, certificate: SignedDocument, case: CaseId
) -> ProducerRecord:
    """What B writes under a certificate, sealed with keys that A holds already."""
    content = a.content_key(case)
    month = a.agent.office.keyring.of(LINK).own_summary_key(month_of(NOW))
    assert content is not None
    assert month is not None
    command = Command(
        kind=Kind.VERIFICATION_REQUEST,
        step=Step.ACKNOWLEDGE,
        on=date(2025, 2, 20),
        body=body_from_json(Kind.VERIFICATION_REQUEST, Step.ACKNOWLEDGE, {}),
    )
    sealed = seal_event(
        Author(LINK, certificate_tag(document_id(certificate.payload)), world.keys[B].signing),
        a.desk().fold.chain.next_place(B),
        at=NOW,
        content_key=content,
        summary_key=month,
        summary=decide(a.view(case), command, (A, B), B),
        content=content_of(command),
        random=os.urandom,
    )
    return ProducerRecord(exchange_topic(CORRIDOR), 0, LINK.encode(), sealed.value)


async def test_verdicts_heal_when_the_writers_certificate_arrives(tmp_path: Path) -> None:
    cluster = MemoryCluster()
    async with two_offices(tmp_path, lambda: MemoryLog(cluster)) as world:
        (a,) = await begin(world, A)
        case = await opened_case(a)
        renewed = world.certify(B, not_before=NOW - 1000)
        await world.append([acknowledged_by_b(world, a, renewed, case)])
        await a.read(2)
        assert (await a.verdicts())[1] == ("rejected", "unknown_key", False)
        before = await own_state(a)
        await world.publish([renewed])
        await a.until(lambda: a.desk().tally.accepted == 2)
        assert await own_state(a) == before
        view = a.view(case)
        assert view is not None
        assert view.version == 2
        await a.until(lambda: a.desk().status.own_chain_checked)
        await a.do(Step.URGE, case)
        await a.read(3)
        assert (await a.replay()).equal


async def test_a_revocation_below_what_was_read_rejects_the_later_records_and_keeps_the_earlier(
    tmp_path: Path,
) -> None:
    cluster = MemoryCluster()
    world = World(tmp_path, lambda: MemoryLog(cluster))
    world.certify(A)
    certificate = world.certify(B)
    world.agree(LINK, (A, B))
    async with world:
        a, b = await begin(world, A, B)
        case = (await a.open()).case
        await b.read(1)
        for step in (Step.ACKNOWLEDGE, Step.ACCEPT):
            await b.do(step, case)
        await all_read([a, b], 3)
        before = await own_state(a)
        await world.publish([revoked(world, certificate, 2)])
        await a.until(lambda: not a.desk().is_rereading and a.desk().tally.accepted == 2)
        assert await a.verdicts() == [
            ("accepted", "None", False),
            ("accepted", "None", False),
            ("rejected", "key_revoked", False),
        ]
        assert await own_state(a) == before
        view = a.view(case)
        assert view is not None
        assert view.version == 2
        await b.until(lambda: not b.desk().is_rereading and b.desk().tally.accepted == 2)
        await agree([a, b])
        with pytest.raises(CommandRefused) as refusal:
            await b.do(Step.URGE, case)
        assert refusal.value.reason == "no_identity"


async def test_what_is_unopened_is_counted_once_after_a_log_was_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = MemoryCluster()
    async with both_up(tmp_path, cluster) as (world, a, b):
        append = cluster.append

        def without_keys(message: ProducerRecord) -> int:
            return 0 if message.topic.startswith("blo.keys.") else append(message)

        monkeypatch.setattr(cluster, "append", without_keys)
        await a.open()
        await b.read(1)
        assert b.desk().unopened == [0]
        await world.publish([world.agree(LINK, (A, B), version=2)])
        await b.heeds(world)
        await b.until(lambda: b.desk().unopened == [0])
        await b.kill()
        b = await world.agent(B)
        assert b.desk().unopened == [0]


async def test_commands_go_on_while_a_log_is_folded_again(tmp_path: Path) -> None:
    cluster = MemoryCluster()
    async with both_up(tmp_path, cluster) as (world, a, b):
        case = await opened_case(a, [b])
        log = a.memory_log()
        # The directory can be read, and then the line breaks before the log is.
        log.faults.forbidden.add(exchange_topic(CORRIDOR))
        await a.until(lambda: bool(a.desk().status.unserved))
        await world.publish([world.agree(LINK, (A, B), version=2)])
        await a.until(lambda: a.desk().is_rereading)
        await a.do(Step.URGE, case)
        assert not a.agent.checks()["links"]().ok
        # A restart in between knows it still.
        await a.kill()
        log.faults.forbidden.clear()
        broken = MemoryLog(cluster)
        broken.faults.line_down()
        a = await world.agent(A, log=broken)
        assert a.desk().is_rereading
        await a.do(Step.URGE, case)
        assert len(a.desk().under_way) == 2
        broken.faults.line_up()
        await a.heeds(world)
        await all_read([a, b], 3)
        assert [verdict[0] for verdict in await b.verdicts()] == ["accepted"] * 3
        await agree([a, b])


async def test_nothing_is_decided_on_views_of_an_earlier_moment(tmp_path: Path) -> None:
    cluster = MemoryCluster()
    async with both_up(tmp_path, cluster) as (world, a, b):
        case = await opened_case(a, [b])

        def spoil(tx: Transaction) -> None:
            tx.execute("UPDATE links SET snapshot = x'00'")

        await a.agent.store.write(spoil)
        await a.kill()
        broken = MemoryLog(cluster)
        broken.faults.line_down()
        a = await world.agent(A, log=broken)
        with pytest.raises(CommandRefused) as refusal:
            await a.submit(Kind.VERIFICATION_REQUEST, Step.URGE, case)
        assert refusal.value.reason == "rereading"
        assert "0 of 1 records" in refusal.value.words
        assert not a.agent.checks()["links"]().ok
        broken.faults.line_up()
        await a.until(lambda: not a.desk().is_rereading)
        await a.do(Step.URGE, case)
        await all_read([a, b], 2)
        await agree([a, b])


async def test_two_agreements_that_claim_one_partition_stop_the_link_and_say_so(
    tmp_path: Path,
) -> None:
    cluster = MemoryCluster()
    async with two_offices(tmp_path, lambda: MemoryLog(cluster)) as world:
        (a,) = await begin(world, A)
        await a.open()
        await a.read(1)
        await world.publish([world.certify(C), world.agree(SECOND, (A, C), 0)])
        await a.until(lambda: a.desk().tally.rejected["no_agreement"] == 1)
        for link in (LINK, SECOND):
            with pytest.raises(CommandRefused) as refusal:
                await a.open(link)
            assert refusal.value.reason in ("no_agreement", "unknown_link")
            assert "is claimed at the same time by" in refusal.value.words


async def test_a_copy_with_bad_signatures_takes_nothing_away_over_a_restart(
    tmp_path: Path,
) -> None:
    async with both_up(tmp_path) as (world, a, b):
        spoiled = []
        for signed in world.documents:
            bad = [type(one)(one.key, bytes(64)) for one in signed.signatures]
            spoiled.append(SignedDocument(signed.payload, tuple(bad)))
        held = await a.ask(lambda tx: len(list(documents.iterate(tx))))
        await world.publish(spoiled)
        await a.until(lambda: len(a.agent.office.directory.refusals) >= len(spoiled))
        await a.kill()
        a = await world.agent(A)
        assert await a.ask(lambda tx: len(list(documents.iterate(tx)))) == held + len(spoiled)
        await opened_case(a, [b])
        assert DocumentId(document_id(spoiled[0].payload)) in a.agent.office.directory.documents


async def test_a_grant_to_a_certificate_that_comes_later_is_not_lost(tmp_path: Path) -> None:
    cluster = MemoryCluster()
    async with two_offices(tmp_path, lambda: MemoryLog(cluster)) as world:
        first = list(world.documents)
        renewed = world.certify(B, not_before=NOW - 1000)
        await world.publish()
        # B's broker is behind with the directory, and only with that.
        behind = MemoryCluster()
        await _publish_on(world, behind, first)
        for name, topic in cluster.topics.items():
            if name != DIRECTORY_TOPIC:
                behind.topics[name] = topic
        (a,) = await up(world, A)
        await opened_case(a)
        b = await world.agent(B, log=MemoryLog(behind))
        await b.until(lambda: LINK in b.agent.office.links and b.desk().fold.parked_count() == 1)
        await _publish_on(world, behind, [renewed])
        await b.until(lambda: b.desk().tally.accepted == 1 and not b.desk().unopened)


async def _publish_on(world: World, cluster: MemoryCluster, found: list[SignedDocument]) -> None:
    elsewhere = copy(world)
    elsewhere.connect = lambda: MemoryLog(cluster)
    await elsewhere.publish(found)


async def test_who_becomes_a_reader_reads_what_is_written_from_then_on(tmp_path: Path) -> None:
    async with both_up(tmp_path) as (world, a, b):
        before = (await a.open()).case
        await b.read(1)
        await b.do(Step.ACKNOWLEDGE, before)
        await all_read([a, b], 2)
        superiors = (Superior(superior=PROVINCE, office=A),)
        await world.publish(
            [world.certify(PROVINCE), world.agree(LINK, (A, B), version=2, superiors=superiors)]
        )
        province = await world.agent(PROVINCE)
        for one in (a, b):
            await one.heeds(world)
            await one.until(lambda one=one: one.desk().status.own_chain_checked)  # type: ignore[misc]
        after = (await a.open()).case
        await all_read([a, b], 3)
        await b.do(Step.ACKNOWLEDGE, after)
        await all_read([a, b, province], 4)
        await province.until(lambda: province.desk().unopened == [0, 1])
        view = province.view(after)
        assert view is not None
        assert view.version == 2
        # The key of the new readers is the one that is used after a restart as well.
        held = a.agent.office.keyring.of(LINK).own_summary_key(month_of(NOW))
        await a.kill()
        a = await world.agent(A)
        assert held is not None
        assert a.agent.office.keyring.of(LINK).own_summary_key(month_of(NOW)) == held


async def test_a_link_is_read_again_if_its_documents_changed_while_nobody_looked(
    tmp_path: Path,
) -> None:
    async with both_up(tmp_path) as (world, a, b):
        await opened_case(a, [b])

        def forget(tx: Transaction) -> None:
            tx.execute("UPDATE links SET trust_digest = x'00'")

        await a.agent.store.write(forget)
        await a.kill()
        a = await world.agent(A)
        await a.heeds(world)
        await a.read(1)
        entries = await a.ask(lambda tx: [one.action for one in journal.entries(tx)])
        assert entries[-1] == "refold"
        await agree([a, b])
