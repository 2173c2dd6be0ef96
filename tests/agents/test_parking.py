"""Keys that come late, or never: what waits, what goes on, what the head says."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from blo_log.memory import MemoryCluster, MemoryLog
from blo_log.port import ProducerRecord
from blo_log.topics import exchange_topic, keys_topic
from blo_schemas.bodies import NoFields
from blo_schemas.codec import encode
from blo_schemas.content import Content, Dispatch
from blo_schemas.grants import KeyPurpose
from blo_schemas.hashes import certificate_tag, document_id, log_origin
from blo_schemas.heads import HEAD, SIGNED_HEAD
from blo_schemas.ids import ZERO_HASH, Digest
from blo_schemas.summary import Kind, Step, Summary, Urgency
from blo_sealing.grants import Recipient, make_grant
from blo_sealing.keys import ContentKey, SummaryKey
from blo_sealing.seal_event import Author, ChainPlace, seal_event
from tests.agents.late_keys import let_go, make_keeper
from tests.agents.started import both_up
from tests.agents.world import CORRIDOR, LINK, NOW, REQUEST, A, B, World, two_offices


async def test_a_record_whose_summary_key_is_missing_parks_its_case_only(tmp_path: Path) -> None:
    cluster = MemoryCluster()
    keeper = make_keeper(cluster, KeyPurpose.SUMMARY)
    async with both_up(tmp_path, cluster, keeper) as (_, a, b):
        closed = (await a.submit(Kind.VERIFICATION_REQUEST, Step.OPEN, fields=REQUEST)).case
        await b.read(1)
        desk = b.agent.office.links[LINK]
        assert desk.fold.parked_count() == 1
        own = (await b.submit(Kind.VERIFICATION_REQUEST, Step.OPEN, fields=REQUEST)).case
        await b.read(2)
        await b.until(lambda: not desk.under_way)
        assert b.view(closed) is None
        await b.until(lambda: b.view(own) is not None)
        await a.until(lambda: (LINK, B) in a.agent.office.heads)
        await a.until(lambda: a.agent.office.heads[LINK, B].first_unopened == (0,))
        await let_go(cluster, keeper)
        await b.until(lambda: desk.tally.accepted == 2)
        await b.until(lambda: b.view(closed) is not None)
        assert desk.fold.parked_count() == 0
        await a.until(lambda: a.agent.office.heads[LINK, B].unopened == 0)
        assert b.views_digest() == a.views_digest()


async def test_what_is_parked_stays_parked_over_a_restart(tmp_path: Path) -> None:
    cluster = MemoryCluster()
    keeper = make_keeper(cluster, KeyPurpose.SUMMARY)
    async with both_up(tmp_path, cluster, keeper) as (world, a, b):
        case = (await a.submit(Kind.VERIFICATION_REQUEST, Step.OPEN, fields=REQUEST)).case
        await a.submit(Kind.VERIFICATION_REQUEST, Step.URGE, case)
        await b.read(2)
        await b.stop()
        b = await world.agent(B)
        desk = b.agent.office.links[LINK]
        assert desk.fold.parked_count() == 2
        assert desk.unopened == [0, 1]
        await let_go(cluster, keeper)
        await b.until(lambda: desk.tally.accepted == 2)
        assert desk.unopened == []


async def test_content_waits_for_its_key_and_the_step_counts_meanwhile(tmp_path: Path) -> None:
    cluster = MemoryCluster()
    keeper = make_keeper(cluster, KeyPurpose.CONTENT)
    async with both_up(tmp_path, cluster, keeper) as (_, a, b):
        case = (await a.submit(Kind.VERIFICATION_REQUEST, Step.OPEN, fields=REQUEST)).case
        await b.read(1)
        desk = b.agent.office.links[LINK]
        await b.until(lambda: desk.tally.accepted == 1)
        await b.until(lambda: b.view(case) is not None)
        assert desk.unopened == [0]
        await let_go(cluster, keeper)
        await b.until(lambda: desk.unopened == [])


def _dishonest_event(world: World, recipient_key: bytes, tag: bytes) -> list[ProducerRecord]:
    """An opening by A whose body is not that of a verification request, with its grants."""
    content_key = ContentKey(b"c" * 32)
    summary_key = SummaryKey(b"s" * 32)
    certificate = world.documents[2]
    kid = certificate_tag(document_id(certificate.payload))
    sealed = seal_event(
        Author(LINK, kid, world.keys[A].signing),
        ChainPlace(0, ZERO_HASH, 0, Digest(log_origin(LINK))),  # type: ignore[arg-type]
        at=NOW,
        content_key=content_key,
        summary_key=summary_key,
        summary=Summary(1, Kind.VERIFICATION_REQUEST, Step.OPEN, Urgency.ROUTINE, 0),
        content=Content(
            on=date(2025, 2, 20),
            dispatch=Dispatch(subject="(fictional)"),
            reason=None,
            body=encode(NoFields()),
            body_version=1,
        ),
        random=lambda size: b"r" * size,
    )
    grants = [
        make_grant(key, LINK, A, Recipient(B, tag, recipient_key))  # type: ignore[arg-type]
        for key in (content_key, summary_key)
    ]
    return [
        *(
            ProducerRecord(keys_topic(CORRIDOR), 0, grant.key + B.encode(), encode(grant))
            for grant in grants
        ),
        ProducerRecord(exchange_topic(CORRIDOR), 0, LINK.encode(), sealed.value),
    ]


async def test_content_that_does_not_fit_its_kind_counts_and_is_shown_as_unopenable(
    tmp_path: Path,
) -> None:
    cluster = MemoryCluster()
    async with two_offices(tmp_path, lambda: MemoryLog(cluster)) as world:
        await world.publish()
        b = await world.agent(B)
        tag = certificate_tag(document_id(world.documents[3].payload))
        appender = await MemoryLog(cluster).appender()
        await appender.append(_dishonest_event(world, world.keys[B].kem.public, tag))
        await appender.close()
        await b.read(1)
        desk = b.agent.office.links[LINK]
        await b.until(lambda: desk.tally.accepted == 1)
        assert desk.unopened == [0]

        def named() -> bool:
            published = cluster.records("blo.heads.la-vn", 0)
            signed = SIGNED_HEAD.decode(published[-1].value or b"") if published else None
            return signed is not None and HEAD.decode(signed.head).first_unopened == (0,)

        await b.until(named)
