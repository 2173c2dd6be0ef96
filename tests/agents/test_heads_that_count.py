"""One rule for heads: whoever reads one decides the same, and keeps the same one of several."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from blo_agent.inbound.heads import _accepted
from blo_audit.findings.codes import Code
from blo_audit.findings.findings import Findings
from blo_audit.replay.claims import read_claims
from blo_audit.replay.from_log import accepted_heads
from blo_audit.replay.sources import SourcePartition
from blo_audit.reports.verify import _accepted_head
from blo_domain.deadlines.health import Peer, with_head
from blo_domain.heads import HeadOrder, HeadReason, order_heads
from blo_domain.trust import TrustedDirectory
from blo_log.memory import MemoryCluster, MemoryLog
from blo_log.port import ConsumedRecord, ProducerRecord
from blo_log.topics import DIRECTORY_TOPIC
from blo_processors.link.health import LinkHealth
from blo_schemas.codec import encode
from blo_schemas.hashes import certificate_tag, document_id
from blo_schemas.heads import Head, SignedHead
from blo_schemas.ids import CountryId, LinkId, OfficeId
from blo_schemas.trust import Revocation, RevokedFrom, Role, SignedDocument
from blo_sealing.errors import HeadRefused
from blo_sealing.heads import accept_head
from blo_sealing.keys import NodeKeys
from blo_sealing.statements import sign_head
from tests.agents.started import begin, opened_case
from tests.agents.test_heads import ELSEWHERE, head_of, say
from tests.agents.world import (
    CORRIDOR,
    LINK,
    NOW,
    YEAR_MS,
    A,
    B,
    RunningAgent,
    World,
    two_offices,
)

OBSERVER = OfficeId("la-ministry")
STRANGER = OfficeId("la-c")
HUGE = 2**53
CUT = 5
"""From this size on the key called ``cut`` does not count."""


class Case(NamedTuple):
    """A head that somebody has published.

    Attributes:
        signer: Whose key has signed it; the head names that certificate.
        reason: Why it does not count; ``None``: it does.
        said: What it says otherwise than an honest one of office B.
    """

    signer: str
    reason: HeadReason | None
    said: dict[str, Any]


CASES = {
    "honest": Case("b", None, {}),
    "huge size": Case("b", None, {"size": HUGE}),
    "another log": Case("b", None, {"log_hash": ELSEWHERE}),
    "below its revocation": Case("cut", None, {"size": CUT}),
    "expired": Case("old", HeadReason.NOT_VALID_THEN, {}),
    "not yet valid": Case("next", HeadReason.NOT_VALID_THEN, {}),
    "revoked by time": Case("stolen", HeadReason.KEY_REVOKED, {}),
    "revoked by size": Case("cut", HeadReason.KEY_REVOKED, {"size": CUT + 1}),
    "an observer's": Case("observer", HeadReason.NOT_A_READER, {"office": OBSERVER}),
    "a stranger's": Case("stranger", HeadReason.NOT_A_READER, {"office": STRANGER}),
    "of another link": Case("b", HeadReason.OTHER_LINK, {"link": LinkId("elsewhere")}),
    "of another office": Case("b", HeadReason.OTHER_OFFICE, {"office": A}),
    "of an unknown key": Case("b", HeadReason.UNKNOWN_CERTIFICATE, {"kid": bytes(8)}),
    "badly signed": Case("b", HeadReason.BAD_SIGNATURE, {}),
    "contradicts itself": Case("b", HeadReason.SELF_CONTRADICTORY, {"unopened": 1}),
    "names more than it counts": Case("b", HeadReason.SELF_CONTRADICTORY, {"first_unopened": (0,)}),
}


class Scene(NamedTuple):
    """An agent with a case, and what everybody can sign."""

    world: World
    agent: RunningAgent
    honest: Head
    keys: dict[str, NodeKeys]
    documents: dict[str, SignedDocument]

    def head(self, case: Case) -> SignedHead:
        kid = certificate_tag(document_id(self.documents[case.signer].payload))
        head = msgspec.structs.replace(self.honest, **{"kid": kid, **case.said})
        signed = sign_head(head, self.keys[case.signer].signing)
        if case.reason is HeadReason.BAD_SIGNATURE:
            return SignedHead(signed.head, bytes(64))
        return signed


@asynccontextmanager
async def a_scene(folder: Path) -> AsyncIterator[Scene]:
    cluster = MemoryCluster()
    async with two_offices(folder, lambda: MemoryLog(cluster)) as world:
        keys = {"b": world.keys[B]}
        documents = {"b": world.documents[-2]}
        more: dict[str, tuple[OfficeId, dict[str, Any]]] = {
            "old": (B, {"not_before": NOW - 3 * YEAR_MS, "not_after": NOW - 2 * YEAR_MS}),
            "next": (B, {"not_before": NOW + YEAR_MS}),
            "stolen": (B, {}),
            "cut": (B, {}),
            "observer": (OBSERVER, {"role": Role.OBSERVER}),
            "stranger": (STRANGER, {}),
        }
        a, b = await begin(world, A, B)
        await opened_case(a, [b])
        await a.until(lambda: (LINK, B) in a.agent.office.heads)
        honest = await head_of(b)
        await b.stop()
        for name, (subject, validity) in more.items():
            keys[name] = NodeKeys.generate(os.urandom)
            documents[name] = world.certify(
                subject, keys=keys[name], **{"not_after": NOW + 2 * YEAR_MS, **validity}
            )
        revoke(world, documents["stolen"], honest.at)
        revoke(world, documents["cut"], 0, (RevokedFrom(link=LINK, size=CUT),))
        yield Scene(world, a, honest, keys, documents)


def revoke(
    world: World, certificate: SignedDocument, at: int, links: tuple[RevokedFrom, ...] = ()
) -> None:
    document = Revocation(
        country=CountryId("la"),
        certificate=document_id(certificate.payload),
        at=at,
        links=links,
        reason="(fictional) stolen",
    )
    world.sign(document, [world.root_keys["la"]])


def decisions(scene: Scene, directory: TrustedDirectory, signed: SignedHead) -> dict[str, bool]:
    """Whether each reader of heads takes one."""
    health = LinkHealth(LINK)
    health.take_head(ConsumedRecord(0, NOW, b"", encode(signed)), directory)
    place = SourcePartition(LINK, CORRIDOR, 0)
    scene.agent.agent.office.directory = directory
    return {
        "agent": _accepted(scene.agent.agent.office, encode(signed)) is not None,
        "processor": bool(health._heads),
        "audit": bool(read_claims([encode(signed)], place, directory, Findings(LINK))),
        "journal": bool(accepted_heads([signed], directory)),
        "report": _accepted_head(signed, directory) is not None,
    }


async def test_every_reader_of_heads_decides_the_same_of_each(tmp_path: Path) -> None:
    async with a_scene(tmp_path) as scene:
        directory = scene.world.directory()
        for name, case in CASES.items():
            signed = scene.head(case)
            reason = None
            try:
                accept_head(signed, directory, link=LINK)
            except HeadRefused as refused:
                reason = refused.reason
            assert reason is case.reason, name
            taken = decisions(scene, directory, signed)
            assert set(taken.values()) == {case.reason is None}, (name, taken)


async def test_a_head_that_was_kept_counts_no_more_once_its_key_is_revoked(tmp_path: Path) -> None:
    async with a_scene(tmp_path) as scene:
        world, a = scene.world, scene.agent
        thief = NodeKeys.generate(os.urandom)
        stolen = world.certify(B, keys=thief)
        await say_documents(world, [stolen])
        kid = certificate_tag(document_id(stolen.payload))
        lie = msgspec.structs.replace(scene.honest, size=HUGE, kid=kid)
        await say(world, thief, lie)
        await a.until(lambda: a.agent.office.heads[LINK, B].size == HUGE)
        before = len(world.documents)
        revoke(world, stolen, 0, (RevokedFrom(link=LINK, size=2),))
        await say_documents(world, world.documents[before:])
        await a.until(lambda: (LINK, B) not in a.agent.office.heads)
        await say(world, world.keys[B], scene.honest)
        await a.until(lambda: (LINK, B) in a.agent.office.heads)
        await a.kill()
        a = await world.agent(A)
        assert a.agent.office.heads[LINK, B] == scene.honest


async def say_documents(world: World, documents: list[SignedDocument]) -> None:
    await world.append(
        [
            ProducerRecord(DIRECTORY_TOPIC, 0, document_id(one.payload), encode(one))
            for one in documents
        ]
    )


ORDER: list[tuple[str, dict[str, Any], dict[str, Any], HeadOrder]] = [
    ("larger", {"size": 9}, {"size": 10}, HeadOrder.REPLACES),
    ("smaller and later", {"size": 10}, {"size": 9, "at": NOW + 1}, HeadOrder.IS_OLDER),
    ("said again", {}, {}, HeadOrder.REPLACES),
    ("later", {}, {"at": NOW + 1}, HeadOrder.REPLACES),
    ("after its clock was set back", {}, {"at": NOW - 1}, HeadOrder.REPLACES),
    ("another hash", {}, {"log_hash": ELSEWHERE, "at": NOW + 1}, HeadOrder.CONTRADICTS),
    ("another tree", {}, {"tree_root": ELSEWHERE, "at": NOW + 1}, HeadOrder.CONTRADICTS),
    ("other views", {}, {"view_digest": ELSEWHERE, "at": NOW + 1}, HeadOrder.REPLACES),
]


async def test_of_two_heads_the_larger_counts_wherever_they_are_read(tmp_path: Path) -> None:
    async with a_scene(tmp_path) as scene:
        for name, before, after, order in ORDER:
            given: dict[str, Any] = {"size": 10, "at": NOW}
            first = msgspec.structs.replace(scene.honest, **{**given, **before})
            second = msgspec.structs.replace(scene.honest, **{**given, **after})
            assert order_heads(first, second) is order, name
            which_counts(scene, first, second, order)


def which_counts(scene: Scene, first: Head, second: Head, order: HeadOrder) -> None:
    """What the processor, the health of a link and an audit make of two heads."""
    directory = scene.agent.agent.office.directory
    expected = second if order is HeadOrder.REPLACES else first
    values = [encode(sign_head(one, scene.keys["b"].signing)) for one in (first, second)]
    watch = LinkHealth(LINK)
    for offset, value in enumerate(values):
        watch.take_head(ConsumedRecord(offset, NOW + offset, b"", value), directory)
    assert watch._heads[B][0] == expected
    peer = with_head(with_head(Peer(B, 0), first, NOW), second, NOW + 1)
    assert peer.head == expected
    findings = Findings(LINK)
    claims = read_claims(values, SourcePartition(LINK, CORRIDOR, 0), directory, findings)
    assert len(claims) == 2
    contradicts = Code.HEADS_CONTRADICT in {one.code for one in findings}
    assert contradicts is (order is HeadOrder.CONTRADICTS)
