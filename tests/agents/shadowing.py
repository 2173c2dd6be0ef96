"""Offices that write the case ids of an honest link on links of their own, with real keys."""

from __future__ import annotations

import os
from pathlib import Path
from random import Random
from typing import Final

import msgspec

from blo_domain.cases import SubmittedStep, evolve, legal_steps
from blo_domain.commands import content_of
from blo_domain.trust import TrustedDirectory
from blo_log.memory import MemoryCluster, MemoryLog
from blo_log.topics import DIRECTORY_TOPIC, exchange_topic, keys_topic
from blo_projection.link_chain import LinkChain
from blo_schemas.bodies import BODIES
from blo_schemas.codec import encode
from blo_schemas.content import WITHOUT_CONTENT
from blo_schemas.event import LogRecord
from blo_schemas.ids import CaseId, LinkId, OfficeId
from blo_schemas.summary import Kind, Step, Summary
from blo_schemas.trust import Superior
from blo_schemas.verdicts import Outcome
from blo_schemas.views import CaseView
from blo_sealing.grants import Recipient, make_grant
from blo_sealing.keys import ContentKey, SummaryKey
from blo_sealing.seal_event import Author, SealedEvent, seal_event, seal_event_without_content
from tests.agents.shredded import both_consent, withdrawn
from tests.agents.world import (
    ANSWER,
    CORRIDOR,
    LINK,
    NOW,
    PROVINCE,
    A,
    B,
    RunningAgent,
    World,
    all_read,
)
from tests.unit.domain.desk import command, summary

C: Final = OfficeId("vn-c")
D: Final = OfficeId("la-d")
SIDE: Final = LinkId("a-side")
"""A and B of the honest link, and D: sorts before the honest link."""
BELOW: Final = LinkId("z-below")
"""B and C, read by the superior that reads the honest link: sorts behind it."""
ATTACKERS: Final = {SIDE: (B, D), BELOW: (B, C)}
"""Who attacks where; B has a seat on the honest link, and so its cases' keys, and D and C have none."""


def a_province(folder: Path, cluster: MemoryCluster) -> World:
    """Three links of one corridor, of which A reads two and the superior of A two."""
    world = World(folder, lambda: MemoryLog(cluster))
    for office in (A, B, C, D, PROVINCE):
        world.certify(office)
    world.agree(LINK, (A, B), 0, (Superior(superior=PROVINCE, office=A),))
    world.agree(SIDE, (A, B, D), 1)
    world.agree(BELOW, (B, C), 2, (Superior(superior=PROVINCE, office=C),))
    return world


class Honest:
    """What the honest link's offices have written, as everybody can fetch it.

    Attributes:
        world: Its documents and keys; A's store is closed.
        cluster: The log.
        cases: The honest cases, and their keys as far as they are not shredded.
        documents: Values of the directory's topic.
        grants: Values of the link's key topic.
        records: The link's records.
    """

    def __init__(
        self, world: World, cluster: MemoryCluster, cases: dict[CaseId, ContentKey | None]
    ) -> None:
        self.world = world
        self.cluster = cluster
        self.cases = cases
        self.documents = [one.value or b"" for one in cluster.records(DIRECTORY_TOPIC, 0)]
        granted = cluster.records(keys_topic(CORRIDOR), 0)
        self.grants = [one.value for one in granted if one.value]
        self.records = [
            LogRecord(one.offset, one.timestamp, one.value or b"")
            for one in cluster.records(exchange_topic(CORRIDOR), 0)
        ]


async def play(world: World, cluster: MemoryCluster) -> Honest:
    """A year of the honest link: answered, open, agreed to be shredded, done by both."""
    await world.publish(links=3)
    a, b = await begin_quietly(world)
    answered = (await a.open()).case
    await all_read([a, b], 1)
    for step in (Step.ACKNOWLEDGE, Step.ACCEPT):
        await b.do(step, answered)
    await b.do(Step.ASSIGN, answered, {"agency": "(fictional)"})
    await b.do(Step.ANSWER, answered, ANSWER)
    await all_read([a, b], 5)
    still_open = (await a.open()).case
    gone = await withdrawn(a, [b])
    await both_consent(a, b, gone)
    plan = {"code": "TT-1", "marker_from": "363", "marker_to": "365"}
    patrol = (await a.submit(Kind.PATROL, Step.OPEN, fields=plan)).case
    await all_read([a, b], 11)
    for one in (a, b):
        await one.submit(Kind.PATROL, Step.CONFIRM, patrol)
    await all_read([a, b], 13)
    await a.submit(Kind.PATROL, Step.COMPLETE, patrol, fields={"headcount": 10})
    await all_read([a, b], 14)
    cases = {case: a.content_key(case) for case in (answered, still_open, gone, patrol)}
    for one in (a, b):
        await one.stop()
    return Honest(world, cluster, cases)


async def begin_quietly(world: World) -> tuple[RunningAgent, RunningAgent]:
    """The two honest offices' agents, with the documents that are published already."""
    agents = [await world.agent(one) for one in (A, B)]
    for one in agents:
        await one.has_desk(LINK)
        await one.has_desk(SIDE)
    return agents[0], agents[1]


class Shadow:
    """One outside link, written by attackers only, whose cases have honest cases' ids.

    Args:
        honest: What the honest link has.
        directory: The trust documents.
        link: ``SIDE`` or ``BELOW``.
        victim: Who reads it.
    """

    def __init__(
        self, honest: Honest, directory: TrustedDirectory, link: LinkId, victim: OfficeId
    ) -> None:
        self.link = link
        self.records: list[LogRecord] = []
        self.grants: list[bytes] = []
        self.views: dict[CaseId, CaseView] = {}
        self._honest = honest
        self._trust = directory.link_trust(link)
        self._parties = self._trust.parties(NOW)
        self._chain = LinkChain(link, self._trust)
        self._authors = {one: self._author(directory, one) for one in ATTACKERS[link]}
        self._keys = {one: SummaryKey.generate(os.urandom) for one in ATTACKERS[link]}
        reader = directory.certificate(victim, NOW)
        assert reader is not None
        assert reader.certificate.kem_key is not None
        self._recipient = Recipient(victim, reader.tag, reader.certificate.kem_key)
        for office, key in self._keys.items():
            self._grant(key, office)

    def act(self, dice: Random) -> None:
        """What attackers do: a step in a shadow, its shredding, or a grant of an honest key."""
        case = dice.choice(tuple(self._honest.cases))
        key = self._honest.cases[case]
        deed = dice.choice(("step", "step", "step", "shred", "grant"))
        if deed == "grant" and key is not None:
            self._grant(key, B)
        elif deed == "shred":
            self._shred(case)
        else:
            self._step(dice, case, key)

    def _shred(self, case: CaseId) -> None:
        """Open a shadow, take it back, and agree that its contents be deleted."""
        first, *_ = ATTACKERS[self.link]
        steps = [(first, Step.OPEN), (first, Step.WITHDRAW)]
        steps += [(office, Step.SHRED) for office in ATTACKERS[self.link]]
        for office, step in steps:
            view = self.views.get(case)
            kind = Kind.VERIFICATION_REQUEST if view is None else view.kind
            version = 0 if view is None else view.version
            self._write(office, case, summary(kind, step, version), None)

    def _step(self, dice: Random, case: CaseId, key: ContentKey | None) -> None:
        office = dice.choice(ATTACKERS[self.link])
        view = self.views.get(case)
        kind = dice.choice(tuple(Kind)) if view is None else view.kind
        likely = (Step.OPEN,) if view is None else legal_steps(view, office, self._parties)
        step = dice.choice(likely or tuple(Step))
        written = summary(kind, step, 0 if view is None else view.version)
        if step is Step.SUPERSEDE and view is not None:
            nth = dice.randint(1, view.version)
            written = msgspec.structs.replace(written, supersedes=nth)
        self._write(office, case, written, self._content_key(dice, case, key, kind, step))

    def _content_key(
        self, dice: Random, case: CaseId, key: ContentKey | None, kind: Kind, step: Step
    ) -> ContentKey | None:
        """The honest key, another one that claims to be it, or none: the event is bare."""
        if step in WITHOUT_CONTENT or step is Step.SUPERSEDE or (kind, step) not in BODIES:
            return None
        junk = ContentKey(os.urandom(32))
        junk.id = case
        return dice.choice((None, junk, key))

    def _write(
        self, office: OfficeId, case: CaseId, written: Summary, key: ContentKey | None
    ) -> None:
        sealed = self._sealed(office, case, written, key)
        position = len(self.records)
        record = LogRecord(position, NOW + position, sealed.value)
        assert self._chain.admit(record).verdict is None
        self.records.append(record)
        fact = SubmittedStep(case, self.link, office, written, position, record.log_time)
        view, verdict = evolve(self.views.get(case), fact, self._parties)
        if view is not None and verdict.outcome is Outcome.ACCEPTED:
            self.views[case] = view

    def _sealed(
        self, office: OfficeId, case: CaseId, written: Summary, key: ContentKey | None
    ) -> SealedEvent:
        author, place = self._authors[office], self._chain.next_place(office)
        if key is None:
            return seal_event_without_content(
                author,
                place,
                at=NOW,
                case=case,
                summary_key=self._keys[office],
                summary=written,
                random=os.urandom,
            )
        return seal_event(
            author,
            place,
            at=NOW,
            content_key=key,
            summary_key=self._keys[office],
            summary=written,
            content=content_of(command(written.kind, written.step)),
            random=os.urandom,
        )

    def _grant(self, key: ContentKey | SummaryKey, sender: OfficeId) -> None:
        self.grants.append(encode(make_grant(key, self.link, sender, self._recipient)))

    def _author(self, directory: TrustedDirectory, office: OfficeId) -> Author:
        certified = directory.certificate(office, NOW)
        assert certified is not None
        return Author(self.link, certified.tag, self._honest.world.keys[office].signing)
