"""A small world for agents: two countries, some offices, one link or more, any log."""

from __future__ import annotations

import asyncio
import itertools
import os
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import date
from pathlib import Path

from blo_agent.accepting import Accepted, OfficeCommand
from blo_agent.agent import Agent, AgentOptions
from blo_agent.store import Store, create_store_key, load_store_key
from blo_agent.store.connection import Transaction
from blo_agent.store.tables import identities
from blo_domain.commands import Command
from blo_domain.policies import four_urgencies
from blo_log.port import Log, Message
from blo_log.topics import DIRECTORY_TOPIC, apply, plan
from blo_runtime.clock import Clock, SystemClock
from blo_runtime.metrics import Metrics
from blo_runtime.supervision import StopSignal
from blo_schemas.bodies import body_from_json
from blo_schemas.codec import encode
from blo_schemas.content import Dispatch
from blo_schemas.hashing import document_id
from blo_schemas.ids import CaseId, CorridorId, CountryId, DocumentId, LinkId, OfficeId
from blo_schemas.summary import Kind, Step
from blo_schemas.trust import (
    Agreement,
    Certificate,
    Dated,
    Document,
    Role,
    Root,
    SignedDocument,
    Superior,
)
from blo_sealing.documents import sign_document
from blo_sealing.keys import NodeKeys
from blo_sealing.signatures import SigningKey

CORRIDOR = CorridorId("la-vn")
A = OfficeId("vn-a")
B = OfficeId("la-b")
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
        self.root_keys = {
            country: SigningKey.generate(os.urandom) for country in ("vn", "la")
        }
        self.documents: list[SignedDocument] = []
        self.pins: dict[CountryId, DocumentId] = {}
        self._stack = AsyncExitStack()
        self._numbers = itertools.count()
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
        self, office: OfficeId, *, not_after: int = NOW + YEAR_MS, role: Role = Role.OFFICE
    ) -> SignedDocument:
        keys = self.keys.setdefault(office, NodeKeys.generate(os.urandom))
        country = CountryId(office[:2])
        certificate = Certificate(
            country=country,
            subject=office,
            role=role,
            names=(Dated(text=f"{office} (fictional)"),),
            signing_key=keys.signing.public,
            kem_key=keys.kem.public,
            not_before=NOW - YEAR_MS,
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
    ) -> SignedDocument:
        agreement = Agreement(
            link=link,
            corridor=CORRIDOR,
            partition=partition,
            version=version,
            offices=tuple(sorted(offices)),
            superiors=superiors,
            policy=four_urgencies(offices),
            effective_from=NOW - YEAR_MS + version,
        )
        return self.sign(agreement, [self.keys[office].signing for office in offices])

    async def publish(self, documents: list[SignedDocument] | None = None, links: int = 1) -> None:
        log = self.connect()
        admin = await log.admin()
        await apply(admin, plan({CORRIDOR: links}, replication=1, min_isr=1))
        appender = await log.appender()
        await appender.append(
            [
                Message(DIRECTORY_TOPIC, 0, document_id(signed.payload), encode(signed))
                for signed in (self.documents if documents is None else documents)
            ]
        )
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
                    tx, identities.Identity(keys.signing.public, keys.to_bytes(), NOW)
                )

            store.submit(job).result()
        return store

    async def agent(
        self,
        office: OfficeId,
        probe: Callable[[str], None] | None = None,
        store_probe: Callable[[str], None] | None = None,
        log: Log | None = None,
    ) -> RunningAgent:
        agent = Agent(
            office,
            self.pins,
            store=self.store(office, store_probe),
            log=log or self.connect(),
            clock=self.clock,
            metrics=Metrics(),
            options=AgentOptions(head_interval_s=0.01),
            probe=probe,
        )
        await agent.load()
        running = RunningAgent(agent)
        self._stack.push_async_callback(running.stop)
        return running

    async def __aenter__(self) -> World:
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

    async def stop(self) -> None:
        if self._stopped:
            return
        self._stopped = True
        self.signal.request("test is over")
        try:
            await self.task
        finally:
            await self.agent.log.close()
            await self.agent.store.aclose()

    async def read(self, size: int, link: LinkId = LINK, timeout_s: float = 20) -> None:
        await self.until(lambda: link in self.agent.office.desks, timeout_s)
        desk = await self.agent.wait_for(link, size, timeout_s)
        assert desk.size >= size, f"{self.agent.office.id} has read {desk.size} of {size}"

    async def until(self, condition: Callable[[], bool], timeout_s: float = 20) -> None:
        async with asyncio.timeout(timeout_s):
            while not condition():
                if self.task.done():
                    self.task.result()
                await asyncio.sleep(0.005)

    async def submit(
        self,
        kind: Kind,
        step: Step,
        case: CaseId | None = None,
        link: LinkId = LINK,
        fields: dict[str, object] | None = None,
        **more: object,
    ) -> Accepted:
        needs_dispatch = step in (Step.OPEN, Step.ANSWER, Step.INTERIM_REPLY)
        dispatch = Dispatch(subject="(fictional) about a fictional person")
        command = Command(
            kind=kind,
            step=step,
            on=date(2025, 2, 20),
            body=body_from_json(kind, step, fields or {}),
            dispatch=dispatch if needs_dispatch else None,
            **more,  # type: ignore[arg-type]
        )
        return await self.agent.submit(OfficeCommand(link, case, command, "officer"))


REQUEST = {
    "subject": "(fictional) Nguyen Van A",
    "questions": ["Is the person known?"],
    "purpose": "fictional",
}


def two_offices(folder: Path, connect: Callable[[], Log]) -> World:
    """The usual world: offices A and B, one link."""
    world = World(folder, connect)
    world.certify(A)
    world.certify(B)
    world.agree(LINK, (A, B))
    return world
