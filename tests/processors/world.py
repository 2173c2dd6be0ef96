"""A small world for processors: documents, links that are written to, any log.

``LinkWriter`` plays both offices of a link: it keeps the link's plain fold, so what it writes is
legal unless a test asks for something else.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date
from pathlib import Path

from blo_domain.cases import legal_steps
from blo_domain.deadlines.policies import four_urgencies
from blo_domain.trust import TrustedDirectory, load_directory
from blo_log import topics
from blo_log.directory import DirectoryFeed
from blo_log.port import Log, ProducerRecord
from blo_processors.context import WorkerContext, WorkerOptions
from blo_processors.link.worker import LinkWorker
from blo_processors.liveness import LivenessFeed
from blo_processors.outputs.encode import LinkPartition
from blo_projection.fold import LinkFold
from blo_projection.granted_keys import month_of
from blo_projection.link_chain import LinkChain
from blo_projection.verification import TrustOwn
from blo_runtime.clock import Clock, ManualClock
from blo_runtime.metrics import Metrics
from blo_schemas.codec import encode
from blo_schemas.content import Content
from blo_schemas.event import LogRecord
from blo_schemas.grants import grant_record_key
from blo_schemas.hashes import document_id
from blo_schemas.heads import HEAD_VERSION, Head, head_record_key
from blo_schemas.heartbeats import HEARTBEAT_VERSION, Heartbeat, heartbeat_record_key
from blo_schemas.ids import CaseId, CorridorId, CountryId, DocumentId, KeyId, LinkId, OfficeId
from blo_schemas.outputs import OutputKind
from blo_schemas.summary import SUMMARY_VERSION, Kind, PauseGround, Step, Summary, Urgency
from blo_schemas.trust import (
    Agreement,
    Certificate,
    DatedText,
    Document,
    Revocation,
    RevokedFrom,
    Role,
    Root,
    SignedDocument,
)
from blo_schemas.views import CaseView
from blo_sealing.grants import Recipient, make_grant
from blo_sealing.identity import ProgramIdentity
from blo_sealing.kem import is_usable_kem_key
from blo_sealing.keys import ContentKey, NodeKeys, SummaryKey
from blo_sealing.seal_event import Author, seal_event
from blo_sealing.seal_event import ChainPlace as Position
from blo_sealing.signatures import SigningKey, is_usable_signing_key, verify_signature
from blo_sealing.statements import sign_document, sign_head, sign_heartbeat

CORRIDOR = CorridorId("la-vn")
VN = OfficeId("vn-a")
LA = OfficeId("la-b")
PROCESSOR = OfficeId("vn-processor")
OBSERVER = OfficeId("vn-ministry")
START = 1_740_000_000_000
MINUTE_MS = 60_000
FOREVER = 4_000_000_000_000


class World:
    """Documents and keys, made from a seed.

    Args:
        seed: What all keys come from.
        links: How many links there are, each in its own partition.

    Attributes:
        state: The folder of the workers' stored states; ``None``: they keep none.
    """

    state: Path | None = None

    def __init__(self, seed: int = 1, links: int = 1) -> None:
        self.dice = random.Random(seed)
        self.keys: dict[OfficeId, NodeKeys] = {}
        self.tags: dict[OfficeId, DocumentId] = {}
        self.roots = {c: SigningKey.generate(self.bytes) for c in ("vn", "la")}
        self.pins: dict[CountryId, DocumentId] = {}
        self.documents: list[SignedDocument] = []
        self.places = [
            LinkPartition(LinkId(f"link-{number}"), CORRIDOR, number) for number in range(links)
        ]
        for country, key in self.roots.items():
            root = Root(
                country=CountryId(country),
                version=1,
                keys=(key.public,),
                threshold=1,
                not_before=0,
                not_after=FOREVER,
            )
            self.pins[CountryId(country)] = document_id(self.sign(root, [key]).payload)
        for subject in (VN, LA):
            self.certify(subject, Role.OFFICE)
        self.certify(PROCESSOR, Role.PROCESSOR)
        self.certify(OBSERVER, Role.OBSERVER)
        for place in self.places:
            self.agree(place)
        self.directory = self.load()

    def bytes(self, size: int) -> bytes:
        return self.dice.randbytes(size)

    def sign(self, document: Document, keys: Iterable[SigningKey]) -> SignedDocument:
        signed = sign_document(document, keys)
        self.documents.append(signed)
        return signed

    def certify(self, subject: OfficeId, role: Role, keys: NodeKeys | None = None) -> None:
        made = keys or NodeKeys.generate(self.bytes)
        self.keys[subject] = made
        certificate = Certificate(
            country=CountryId(subject[:2]),
            subject=subject,
            role=role,
            names=(DatedText(text=f"{subject} (fictional)"),),
            signing_key=made.signing.public,
            kem_key=made.kem.public,
            not_before=0,
            not_after=FOREVER,
        )
        signed = self.sign(certificate, [self.roots[subject[:2]]])
        self.tags[subject] = document_id(signed.payload)

    def revoke_from(self, subject: OfficeId, links: Mapping[LinkId, int], at: int = START) -> None:
        """Revoke a subject's last certificate: on these links from a size on, elsewhere at a time."""
        revocation = Revocation(
            country=CountryId(subject[:2]),
            certificate=self.tags[subject],
            at=at,
            links=tuple(RevokedFrom(link=link, size=size) for link, size in links.items()),
            reason="stolen (fictional)",
        )
        self.sign(revocation, [self.roots[subject[:2]]])

    def agree(
        self,
        place: LinkPartition,
        version: int = 1,
        effective_from: int = 0,
        offices: tuple[OfficeId, ...] = (LA, VN),
    ) -> None:
        agreement = Agreement(
            link=place.link,
            corridor=place.corridor,
            partition=place.partition,
            version=version,
            offices=offices,
            observers=(OBSERVER,),
            processors=(PROCESSOR,),
            policy=four_urgencies(offices),
            effective_from=effective_from,
        )
        self.sign(agreement, [self.keys[office].signing for office in offices])

    def load(self) -> TrustedDirectory:
        directory, refusals = load_directory(
            self.pins,
            self.documents,
            verify=verify_signature,
            check_key=is_usable_signing_key,
            check_kem_key=is_usable_kem_key,
        )
        assert not refusals, refusals
        return directory

    async def publish(self, log: Log) -> None:
        """Makes the topics, with the writers' times, and publishes the documents."""
        admin = await log.admin()
        planned = topics.plan(
            {CORRIDOR: len(self.places)}, replication=1, min_isr=1, simulated_time=True
        )
        await topics.apply(admin, planned)
        await self.publish_documents(log)

    async def publish_documents(self, log: Log) -> None:
        appender = await log.appender()
        await appender.append(
            [
                ProducerRecord(topics.DIRECTORY_TOPIC, 0, document_id(one.payload), encode(one))
                for one in self.documents
            ]
        )
        await appender.close()

    async def surroundings(
        self, log: Log, clock: Clock | None = None, options: WorkerOptions | None = None
    ) -> WorkerContext:
        feed = DirectoryFeed(log, self.pins)
        await feed.refresh()
        return WorkerContext(
            log=log,
            appender=await log.appender(),
            identity=self.identity(),
            feed=feed,
            liveness=LivenessFeed(log, feed, self.places[0].corridor),
            clock=clock or ManualClock(START),
            metrics=Metrics(),
            options=options or WorkerOptions(checkpoint_every=7, batch=10),
            state=self.state,
        )

    async def worker(
        self, log: Log, place: LinkPartition | None = None, options: WorkerOptions | None = None
    ) -> LinkWorker:
        context = await self.surroundings(log, options=options)
        return LinkWorker(place or self.places[0], context)

    def identity(self) -> ProgramIdentity:
        return ProgramIdentity(PROCESSOR, (self.keys[PROCESSOR],))


class Views(dict[CaseId, CaseView]):
    """The simplest ``ViewStore``."""

    def put(self, view: CaseView) -> None:
        self[CaseId(view.case)] = view


class LinkWriter:
    """Both offices of one link.

    Args:
        world: Whose.
        place: Which link.
        seed: What it does.
    """

    def __init__(self, world: World, place: LinkPartition, seed: int = 1) -> None:
        self.world = world
        self.place = place
        self.dice = random.Random(seed)
        self.records: list[LogRecord] = []
        self.grants: list[ProducerRecord] = []
        self.now = START
        self.contents: dict[CaseId, ContentKey] = {}
        self.cases = Views()
        self._held: dict[KeyId, SummaryKey] = {}
        self._months: dict[tuple[OfficeId, str], SummaryKey] = {}
        trust = world.directory.link_trust(place.link)
        chain = LinkChain(place.link, trust, TrustOwn(lambda _: True))
        self.fold = LinkFold(place.link, chain, trust, self.cases, self, read_content=False)

    def summary_key(self, key: KeyId) -> SummaryKey | None:
        return self._held.get(key)

    def summary_key_ids(self) -> Collection[KeyId]:
        return self._held.keys()

    def content_key(self, case: CaseId) -> ContentKey | None:
        del case
        return None

    def key_of(self, office: OfficeId, *, grant: bool = True) -> SummaryKey:
        month = month_of(self.now)
        if (office, month) not in self._months:
            key = SummaryKey.generate(self.dice.randbytes)
            self._months[office, month] = key
            self._held[key.id] = key
            if grant:
                self.grants += self.grant(key, office)
        return self._months[office, month]

    def grant(self, key: SummaryKey, sender: OfficeId) -> list[ProducerRecord]:
        readers = self.world.directory.readers(self.place.link, self.now).summary
        return [
            ProducerRecord(
                topics.keys_topic(self.place.corridor),
                self.place.partition,
                grant_record_key(key.id, reader.subject),
                encode(
                    make_grant(
                        key,
                        self.place.link,
                        sender,
                        Recipient(reader.subject, reader.tag, reader.kem_key),
                    )
                ),
            )
            for reader in readers
            if reader.subject != sender
        ]

    def open(self, office: OfficeId = VN, urgency: Urgency = Urgency.ROUTINE) -> CaseId:
        key = ContentKey.generate(self.dice.randbytes)
        self.contents[key.id] = key
        summary = Summary(SUMMARY_VERSION, Kind.VERIFICATION_REQUEST, Step.OPEN, urgency, 0)
        self.write(office, key.id, summary)
        return key.id

    def step(self, office: OfficeId, case: CaseId, step: Step, **more: object) -> None:
        view = self.cases.get(case)
        assert view is not None
        ground = PauseGround.OTHER if step is Step.PAUSE else None
        fields: dict[str, object] = {"pause_ground": ground, **more}
        summary = Summary(
            SUMMARY_VERSION,
            view.kind,
            step,
            view.urgency,
            view.version,
            **fields,  # type: ignore[arg-type]
        )
        self.write(office, case, summary)

    def write(
        self,
        office: OfficeId,
        case: CaseId,
        summary: Summary,
        *,
        summary_key: SummaryKey | None = None,
        after_ms: int | None = None,
        ahead_ms: int = 0,
        at: Position | None = None,
    ) -> LogRecord:
        """Append an event.

        Args:
            office: Who writes it.
            case: In which case.
            summary: What it does.
            summary_key: What seals the summary; by default the office's key of the month.
            after_ms: How long after the event before; by default some minutes.
            ahead_ms: By how much the office's clock is ahead of the log's.
            at: Another place in the office's chain than the next one.
        """
        wait = self.dice.randrange(10 * MINUTE_MS) if after_ms is None else after_ms
        self.now += wait
        tag = self.world.directory.certificates(office)[-1].tag
        sealed = seal_event(
            Author(self.place.link, tag, self.world.keys[office].signing),
            at or self.fold.chain.next_place(office),
            at=self.now + ahead_ms,
            content_key=self.contents[case],
            summary_key=summary_key or self.key_of(office),
            summary=summary,
            content=Content(date(2025, 2, 20), None, None, b"\x80", 1),
            random=self.dice.randbytes,
        )
        return self.put(sealed.value)

    def put(self, value: bytes, log_time: int | None = None) -> LogRecord:
        """Append any bytes."""
        at = self.now if log_time is None else log_time
        record = LogRecord(len(self.records), at, value)
        self.records.append(record)
        self.fold.feed(record)
        return record

    def play(self, count: int) -> None:
        """Write so many records: mostly legal steps, now and then something else."""
        target = len(self.records) + count
        while len(self.records) < target:
            dice = self.dice.random()
            cases = list(self.contents)
            if not cases or dice < 0.2:
                self.open(self.dice.choice((VN, LA)), self.dice.choice(list(Urgency)))
            elif dice < 0.23:
                self.put(self.dice.choice((b"", b"no envelope", self.records[-1].value)))
            else:
                self._move(self.dice.choice(cases[-12:]))

    def _move(self, case: CaseId) -> None:
        view = self.cases.get(case)
        if view is None:
            return
        office = self.dice.choice((VN, LA))
        steps = [
            step
            for step in legal_steps(view, office, (VN, LA))
            if step not in (Step.SUPERSEDE, Step.WITHDRAW)
        ]
        if self.dice.random() < 0.05:
            steps = [Step.CLOSE]
        if steps:
            self.step(office, case, self.dice.choice(steps))

    def messages(self, start: int = 0, end: int | None = None) -> list[ProducerRecord]:
        topic = topics.exchange_topic(self.place.corridor)
        return [
            ProducerRecord(
                topic, self.place.partition, self.place.link.encode(), one.value, one.log_time
            )
            for one in self.records[start:end]
        ]

    def head(self, office: OfficeId, at: int) -> ProducerRecord:
        """The office's head over all that was written."""
        chain = self.fold.chain
        head = Head(
            v=HEAD_VERSION,
            link=self.place.link,
            office=office,
            kid=self.world.directory.certificates(office)[-1].tag,
            size=chain.size,
            log_hash=chain.log_hash,
            tree_root=chain.tree_root(),
            view_digest=bytes(32),
            unopened=0,
            first_unopened=(),
            journal_size=0,
            journal_hash=bytes(32),
            at=at,
        )
        signed = sign_head(head, self.world.keys[office].signing)
        topic = topics.heads_topic(self.place.corridor)
        key = head_record_key(self.place.link, office)
        return ProducerRecord(topic, self.place.partition, key, encode(signed))

    def heartbeat(self, office: OfficeId, at: int, count: int = 0) -> ProducerRecord:
        """The office's heartbeat with a number."""
        heartbeat = Heartbeat(
            v=HEARTBEAT_VERSION,
            corridor=self.place.corridor,
            office=office,
            kid=self.world.directory.certificates(office)[-1].tag,
            count=count,
            journal_size=0,
            journal_hash=bytes(32),
            at=at,
        )
        signed = sign_heartbeat(heartbeat, self.world.keys[office].signing)
        topic = topics.liveness_topic(self.place.corridor)
        return ProducerRecord(topic, 0, heartbeat_record_key(office), encode(signed))

    async def append(self, log: Log, start: int = 0, end: int | None = None) -> None:
        """Put all grants and these records on the log."""
        appender = await log.appender()
        grants, self.grants = self.grants, []
        await appender.append(grants)
        await appender.append(self.messages(start, end))
        await appender.close()


Connect = Callable[[], Log]

__all__ = ["LA", "OBSERVER", "PROCESSOR", "START", "VN", "LinkWriter", "OutputKind", "World"]
