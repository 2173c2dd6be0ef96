"""A small world for agents: two countries, some offices, one link or more, any log."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from datetime import date
from pathlib import Path
from typing import Any, Self, TypeVar

from blo_agent.agent import Agent, AgentOptions
from blo_agent.commands.accept import Accepted, OfficeCommand
from blo_agent.office.link_state import LinkState
from blo_agent.store.connection import Snapshot, Transaction
from blo_agent.store.facade import Store
from blo_agent.store.keyfile import create_store_key, load_store_key
from blo_agent.store.tables import cases, identities, keys, records, view_groups
from blo_agent.verify_link import LinkComparison, replay
from blo_domain.commands import Command
from blo_domain.deadlines.policies import four_urgencies
from blo_domain.trust import TrustedDirectory, load_directory
from blo_log.memory import MemoryLog
from blo_log.port import Log, ProducerRecord
from blo_log.topics import DIRECTORY_TOPIC, apply, plan
from blo_log.watched import WatchedLog
from blo_runtime.clock import Clock, SystemClock
from blo_runtime.metrics import Metrics
from blo_runtime.supervision import StopSignal
from blo_schemas.bodies import body_from_json
from blo_schemas.codec import encode
from blo_schemas.content import Dispatch
from blo_schemas.hashes import document_id
from blo_schemas.ids import (
    CaseId,
    CorridorId,
    CountryId,
    Digest,
    DocumentId,
    KeyId,
    LinkId,
    OfficeId,
)
from blo_schemas.summary import Kind, Step
from blo_schemas.trust import (
    Agreement,
    Certificate,
    DatedText,
    Document,
    Role,
    Root,
    SignedDocument,
    Superior,
)
from blo_schemas.views import CaseView
from blo_sealing.kem import is_usable_kem_key
from blo_sealing.keys import ContentKey, NodeKeys
from blo_sealing.signatures import SigningKey, is_usable_signing_key, verify_signature
from blo_sealing.statements import sign_document
from tests.patience import PATIENCE_S

T = TypeVar("T")
CORRIDOR = CorridorId("la-vn")
A = OfficeId("vn-a")
B = OfficeId("la-b")
PROVINCE = OfficeId("vn-province")
LINK = LinkId("vn-a~la-b")
NOW = SystemClock().now_ms()
YEAR_MS = 366 * 24 * 3600 * 1000


class World:
    """Documents, keys and stores; agents are started on it and stopped with it."""

    def __init__(self, folder: Path, connect: Callable[[], Log]) -> None:
        self.folder = folder
        self.connect = connect
        self.clock: Clock = SystemClock()
        self.keys: dict[OfficeId, NodeKeys] = {}
        self.root_keys = {country: SigningKey.generate(os.urandom) for country in ("vn", "la")}
        self.documents: list[SignedDocument] = []
        self.pins: dict[CountryId, DocumentId] = {}
        self.simulated_time = False
        self.difference_after_s = 10.0
        self.head_interval_s = 0.01
        self.settle_s = 0.5
        self.heartbeat_s = 900.0
        self._stack = AsyncExitStack()
        for country, key in self.root_keys.items():
            root = Root(
                country=CountryId(country),
                version=1,
                keys=(key.public,),
                threshold=1,
                not_before=0,
                not_after=NOW + 10 * YEAR_MS,
            )
            signed = self.sign(root, [key])
            self.pins[CountryId(country)] = document_id(signed.payload)

    def sign(self, document: Document, keys: list[SigningKey]) -> SignedDocument:
        signed = sign_document(document, keys)
        self.documents.append(signed)
        return signed

    def certify(
        self,
        office: OfficeId,
        *,
        not_before: int = NOW - YEAR_MS,
        not_after: int = NOW + YEAR_MS,
        role: Role = Role.OFFICE,
        keys: NodeKeys | None = None,
        kem_key: bytes | None = None,
    ) -> SignedDocument:
        keys = keys or self.keys.setdefault(office, NodeKeys.generate(os.urandom))
        country = CountryId(office[:2])
        certificate = Certificate(
            country=country,
            subject=office,
            role=role,
            names=(DatedText(text=f"{office} (fictional)"),),
            signing_key=keys.signing.public,
            kem_key=keys.kem.public if kem_key is None else kem_key,
            not_before=not_before,
            not_after=not_after,
        )
        return self.sign(certificate, [self.root_keys[country]])

    def agree(
        self,
        link: LinkId,
        offices: tuple[OfficeId, ...],
        partition: int = 0,
        superiors: tuple[Superior, ...] = (),
        version: int = 1,
        effective_from: int | None = None,
        effective_until: int | None = None,
        processors: tuple[OfficeId, ...] = (),
    ) -> SignedDocument:
        agreement = Agreement(
            link=link,
            corridor=CORRIDOR,
            partition=partition,
            version=version,
            offices=tuple(sorted(offices)),
            superiors=superiors,
            processors=tuple(sorted(processors)),
            policy=four_urgencies(offices),
            effective_from=NOW - YEAR_MS + version if effective_from is None else effective_from,
            effective_until=effective_until,
        )
        return self.sign(agreement, [self.keys[office].signing for office in offices])

    def directory(self) -> TrustedDirectory:
        """All that the documents prove so far."""
        found, refusals = load_directory(
            self.pins,
            self.documents,
            verify=verify_signature,
            check_key=is_usable_signing_key,
            check_kem_key=is_usable_kem_key,
        )
        assert not refusals, refusals
        return found

    async def make_topics(self, links: int = 1) -> None:
        log = self.connect()
        admin = await log.admin()
        specs = plan(
            {CORRIDOR: links}, replication=1, min_isr=1, simulated_time=self.simulated_time
        )
        await apply(admin, specs)
        await log.close()

    async def publish(self, documents: list[SignedDocument] | None = None, links: int = 1) -> None:
        await self.make_topics(links)
        found = self.documents if documents is None else documents
        await self.append(
            [
                ProducerRecord(DIRECTORY_TOPIC, 0, document_id(one.payload), encode(one))
                for one in found
            ]
        )

    async def append(self, messages: list[ProducerRecord]) -> None:
        """What anybody with access may do."""
        log = self.connect()
        appender = await log.appender()
        await appender.append(messages)
        await log.close()

    def store(self, office: OfficeId, probe: Callable[[str], None] | None = None) -> Store:
        path = self.folder / f"{office}.db"
        key_path = self.folder / f"{office}.key"
        fresh = not key_path.exists()
        key = create_store_key(key_path) if fresh else load_store_key(key_path)
        store = Store(path, key, probe=probe)
        if fresh:
            keys = self.keys[office]

            def job(tx: Transaction) -> None:
                identities.put(
                    tx, identities.StoredIdentity(keys.signing.public, keys.to_bytes(), NOW)
                )

            store.submit(job).result()
        return store

    async def agent(
        self,
        office: OfficeId,
        probe: Callable[[str], None] | None = None,
        store_probe: Callable[[str], None] | None = None,
        log: Log | None = None,
        *,
        line_up: bool = True,
    ) -> RunningAgent:
        agent = Agent(
            office,
            self.pins,
            store=self.store(office, store_probe),
            log=log or self.connect(),
            clock=self.clock,
            metrics=Metrics(),
            options=AgentOptions(
                simulated_time=self.simulated_time,
                head_interval_s=self.head_interval_s,
                settle_s=self.settle_s,
                heartbeat_s=self.heartbeat_s,
                difference_after_s=self.difference_after_s,
            ),
            probe=probe,
        )
        await agent.load()
        agent.line.set(up=line_up)
        running = RunningAgent(agent)
        self._stack.push_async_callback(running.stop)
        return running

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()


class RunningAgent:
    """An agent with its tasks."""

    def __init__(self, agent: Agent) -> None:
        self.agent = agent
        self.signal = StopSignal()
        self.task = asyncio.create_task(agent.run(self.signal))
        self._stopped = False

    def memory_log(self) -> MemoryLog:
        """Its log in memory, whose faults a test chooses."""
        log = self.agent.log
        log = log.inner if isinstance(log, WatchedLog) else log
        assert isinstance(log, MemoryLog)
        return log

    def desk(self, link: LinkId = LINK) -> LinkState:
        return self.agent.office.links[link]

    async def stop(self) -> None:
        """Let it end by itself; what it raises is raised."""
        if self._stopped:
            return
        self._stopped = True
        self.signal.request("test is over")
        try:
            await self.task
        finally:
            await self.agent.log.close()
            await self.agent.store.aclose()

    async def kill(self) -> None:
        """End it as a crash does: nothing more is sent or said, whatever it was doing."""
        self._stopped = True
        self.task.cancel()
        await asyncio.wait([self.task])
        if not self.task.cancelled():
            self.task.exception()
        await self.agent.log.close()
        await self.agent.store.aclose()

    async def line_down(self) -> None:
        self.agent.line.set(up=False)
        await self.until(lambda: not self.agent.receiver.is_connected)

    def line_up(self) -> None:
        self.agent.line.set(up=True)
        self.agent.sender.wake()

    async def replay(self, link: LinkId = LINK) -> LinkComparison:
        return await replay(self.agent.office, self.agent.store, self.agent.log, self.desk(link))

    async def verdicts(self, link: LinkId = LINK) -> list[tuple[str, str, bool]]:
        """Outcome, reason and crossing of every record, as they are on disk."""

        def query(snapshot: Snapshot) -> list[tuple[str, str, bool]]:
            return [
                (str(row.outcome), str(row.reason), row.crossed)
                for row in records.iterate(snapshot, link)
            ]

        return await self.ask(query)

    async def ask(self, query: Callable[[Snapshot], T]) -> T:
        """Look into the store, behind everything that is being written to it."""

        def job(tx: Transaction) -> T:
            return query(tx)

        return await self.agent.store.write(job)

    def read_store(self, query: Callable[[Snapshot], T]) -> T:
        """Look at what is on disk, from any thread; memory may be ahead of it."""
        return self.agent.store.submit_read(query).result()

    def view(self, case: CaseId, link: LinkId = LINK) -> CaseView | None:
        return self.read_store(lambda snapshot: cases.get(snapshot, link, case))

    def views(self, link: LinkId = LINK) -> list[CaseView]:
        """All views, in the order in which their cases began."""
        found = self.read_store(lambda snapshot: list(cases.iterate(snapshot, link)))
        return sorted(found, key=lambda view: (view.opened_at, view.case))

    def views_digest(self, link: LinkId = LINK) -> Digest:
        return self.read_store(lambda snapshot: view_groups.views_digest(snapshot, link))

    def content_key(self, case: CaseId, link: LinkId = LINK) -> ContentKey | None:
        stored = self.read_store(lambda snapshot: keys.get(snapshot, link, KeyId(case)))
        return None if stored is None else ContentKey(stored.key)

    async def has_desk(self, link: LinkId = LINK, timeout_s: float = PATIENCE_S) -> None:
        await self.until(lambda: link in self.agent.office.links, timeout_s)

    async def read(self, size: int, link: LinkId = LINK, timeout_s: float = PATIENCE_S) -> None:
        await self.has_desk(link, timeout_s)
        desk = await self.agent.wait_for(link, size, timeout_s)
        assert desk.size >= size, f"{self.agent.office.id} has read {desk.size} of {size}"

    async def until(self, condition: Callable[[], bool], timeout_s: float = PATIENCE_S) -> None:
        async with asyncio.timeout(timeout_s):
            while not condition():
                if self.task.done():
                    self.task.result()
                await asyncio.sleep(0.005)

    async def until_true(
        self, condition: Callable[[], Awaitable[bool]], timeout_s: float = PATIENCE_S
    ) -> None:
        """As ``until``, for a condition that has to ask."""
        async with asyncio.timeout(timeout_s):
            while not await condition():
                if self.task.done():
                    self.task.result()
                await asyncio.sleep(0.01)

    async def submit(
        self,
        kind: Kind,
        step: Step,
        case: CaseId | None = None,
        link: LinkId = LINK,
        fields: Mapping[str, object] | None = None,
        on: date = date(2025, 2, 20),
        number: str | None = None,
        **more: object,
    ) -> Accepted:
        needs_dispatch = step in (Step.OPEN, Step.ANSWER, Step.INTERIM_REPLY)
        subject = "(fictional) about a fictional person"
        dispatch = Dispatch(subject=subject, local_number=number)
        command = Command(
            kind=kind,
            step=step,
            on=on,
            body=body_from_json(kind, step, dict(fields or {})),
            dispatch=dispatch if needs_dispatch else None,
            **more,  # type: ignore[arg-type]
        )
        return await self.agent.submit(OfficeCommand(link, case, command, "officer"))

    async def heeds(self, world: World, link: LinkId = LINK) -> None:
        """Wait until the log is folded under all documents of the world."""
        digest = world.directory().digest_for_link(link)

        async def is_done() -> bool:
            """Asked in the store's thread, so never in the middle of a job."""
            desk = self.desk(link)
            return await self.ask(lambda _: desk.trust_digest == digest and not desk.is_rereading)

        await self.until_true(is_done)

    async def open(self, link: LinkId = LINK) -> Accepted:
        """Open a case as offices do most often."""
        return await self.submit(Kind.VERIFICATION_REQUEST, Step.OPEN, link=link, fields=REQUEST)

    async def do(
        self,
        step: Step,
        case: CaseId,
        fields: Mapping[str, object] | None = None,
        link: LinkId = LINK,
        **more: object,
    ) -> Accepted:
        """Take a step in such a case; a key that is late for its records is waited for."""
        desk = self.desk(link)
        await self.until(
            lambda: (
                not desk.unopened
                or (self.view(case, link) is not None and self.content_key(case, link) is not None)
            )
        )
        reasons = {Step.WITHDRAW, Step.DECLINE, Step.RETURN_FOR_INFORMATION}
        reason = "fictional" if step in reasons else None
        given: dict[str, Any] = {"reason": reason, **more}
        return await self.submit(
            Kind.VERIFICATION_REQUEST, step, case, link=link, fields=fields, **given
        )


REQUEST: Mapping[str, object] = {
    "subject": "(fictional) Nguyen Van A",
    "questions": ["Is the person known?"],
    "purpose": "fictional",
}
ANSWER: Mapping[str, object] = {"text": "(fictional) not known"}


def two_offices(folder: Path, connect: Callable[[], Log], partition: int = 0) -> World:
    """The usual world: offices A and B, one link."""
    world = World(folder, connect)
    world.certify(A)
    world.certify(B)
    world.agree(LINK, (A, B), partition)
    return world


def two_offices_and_a_province(folder: Path, connect: Callable[[], Log]) -> World:
    """The same with a superior of A, which reads the link."""
    world = World(folder, connect)
    for office in (A, B, PROVINCE):
        world.certify(office)
    world.agree(LINK, (A, B), superiors=(Superior(superior=PROVINCE, office=A),))
    return world


async def all_read(agents: list[RunningAgent], size: int, link: LinkId = LINK) -> None:
    """Wait until all have read so much and have nothing under way."""
    for one in agents:
        await one.read(size, link)
    for one in agents:
        await one.until(lambda one=one: not one.desk(link).under_way)  # type: ignore[misc]
