"""What an auditor is handed: documents, heads, grants and records of two links, made honestly.

An ``Exhibit`` holds them as plain lists, so that a test can spoil it in any way; it is a ``Source``
too. ``Office``s write and read as agents do: after every few records both sign a head, with the
digest of their views at exactly that size.
"""

from __future__ import annotations

import asyncio
import copy
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final

import msgspec

from blo_audit.findings.codes import Code
from blo_audit.findings.findings import Finding
from blo_audit.replay.options import AuditOptions
from blo_audit.replay.run import Replay
from blo_audit.replay.signatures import Mode
from blo_audit.replay.sources import SourcePartition
from blo_audit.replay.statement import ReplayStatement
from blo_domain.deadlines.policies import four_urgencies
from blo_domain.trust import Pins
from blo_log.port import ConsumedRecord
from blo_processors.outputs.encode import LinkPartition as WrittenPlace
from blo_projection.case_views import CaseViews
from blo_projection.fold import LinkFold
from blo_projection.link_chain import LinkChain
from blo_schemas.codec import encode
from blo_schemas.event import ENVELOPE, HEADER, Envelope, Header, LogRecord
from blo_schemas.hashes import event_input
from blo_schemas.heads import HEAD_VERSION, Head, SignedHead
from blo_schemas.ids import CaseId, CountryId, DocumentId, LinkId, OfficeId
from blo_schemas.summary import SUMMARY_VERSION, Kind, Step, Summary, Urgency
from blo_schemas.trust import (
    Agreement,
    Certificate,
    DatedText,
    Revocation,
    RevokedFrom,
    Role,
    SignedDocument,
)
from blo_sealing.identity import ProgramIdentity
from blo_sealing.keys import NodeKeys
from blo_sealing.seal_event import Author
from blo_sealing.signatures import SigningKey
from blo_sealing.statements import sign_document, sign_head
from tests.processors.world import CORRIDOR, FOREVER, LA, OBSERVER, START, VN, LinkWriter
from tests.processors.world import World as ProcessorsWorld

LINK: Final = LinkId("link-0")
OTHER: Final = LinkId("link-1")
MINUTE: Final = 60_000
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR
SEED: Final = bytes(range(16))


class World(ProcessorsWorld):
    """The processors' world, with what happens to certificates over the years."""

    def certificate_of(
        self,
        subject: OfficeId,
        keys: NodeKeys,
        *,
        not_before: int = 0,
        not_after: int = FOREVER,
        role: Role = Role.OFFICE,
    ) -> SignedDocument:
        """A certificate that nobody has been told of."""
        certificate = Certificate(
            country=CountryId(subject[:2]),
            subject=subject,
            role=role,
            names=(DatedText(text=f"{subject} (fictional)"),),
            signing_key=keys.signing.public,
            kem_key=keys.kem.public,
            not_before=not_before,
            not_after=not_after,
        )
        return sign_document(certificate, [self.roots[subject[:2]]])

    def renew(self, subject: OfficeId, not_before: int, **more: Any) -> None:
        """A further certificate, under new keys, from an instant on."""
        self.keys[subject] = NodeKeys.generate(self.bytes)
        self.documents.append(
            self.certificate_of(subject, self.keys[subject], not_before=not_before, **more)
        )

    def revoke(
        self, certificate: DocumentId, at: int, links: Sequence[tuple[LinkId, int]] = ()
    ) -> SignedDocument:
        """The end of a certificate, that nobody has been told of."""
        country = next(
            one.certificate.country
            for subject in self.keys
            for one in self.directory.certificates(subject)
            if one.id == certificate
        )
        named = tuple(RevokedFrom(link=link, size=size) for link, size in sorted(links))
        document = Revocation(
            country=country, certificate=certificate, at=at, links=named, reason="(fictional)"
        )
        return sign_document(document, [self.roots[country]])

    def agree_again(self, place: WrittenPlace, effective_from: int, **changes: Any) -> None:
        """The next version of a link's agreement, with something changed."""
        agreed = self.directory.newest_agreements(CORRIDOR)
        [before] = [one for one in agreed if one.link == place.link]
        after: Agreement = msgspec.structs.replace(
            before, version=before.version + 1, effective_from=effective_from, **changes
        )
        self.sign(after, [self.keys[office].signing for office in sorted({LA, VN})])

    def reload(self, *writers: Writer) -> None:
        """Everybody learns the documents."""
        self.directory = self.load()
        for writer in writers:
            writer.fold.trust_in(self.directory.link_trust(writer.place.link))


class Writer(LinkWriter):
    """Both offices of a link, and what they sign about it."""

    def __init__(self, world: World, place: WrittenPlace, seed: int = 1) -> None:
        super().__init__(world, place, seed)
        self.world: World = world
        self.views = CaseViews()
        trust = world.directory.link_trust(place.link)
        chain = LinkChain(place.link, trust)
        self.fold = LinkFold(place.link, chain, trust, self.views, self, read_content=False)
        self.cases = self.views  # type: ignore[assignment]
        self.heads: list[bytes] = []
        self.granted: list[ConsumedRecord] = []

    def sign(self, office: OfficeId, **changes: Any) -> bytes:
        """The office's head over all that was written, or over something else."""
        chain = self.fold.chain
        head = Head(
            v=HEAD_VERSION,
            link=self.place.link,
            office=office,
            kid=self.world.directory.certificates(office)[-1].tag,
            size=chain.size,
            log_hash=chain.log_hash,
            tree_root=chain.tree_root(),
            view_digest=self.views.digest(),
            unopened=0,
            first_unopened=(),
            journal_size=chain.size,
            journal_hash=sha256(f"{office} {chain.size}".encode()).digest(),
            at=self.now,
        )
        return self.signed(msgspec.structs.replace(head, **changes), office)

    def signed(self, head: Head, office: OfficeId) -> bytes:
        """Any head, signed by an office."""
        return encode(sign_head(head, self.world.keys[office].signing))

    def say(self, *offices: OfficeId) -> None:
        """These offices sign heads over what was written, one after the other."""
        self.heads += [self.sign(office) for office in offices]

    def author(self, office: OfficeId) -> Author:
        """The office as a writer."""
        tag = self.world.directory.certificates(office)[-1].tag
        return Author(self.place.link, tag, self.world.keys[office].signing)

    def stored_grants(self) -> list[ConsumedRecord]:
        """All grants so far, as they lie on their topic."""
        self.granted += [
            ConsumedRecord(len(self.granted) + at, START, one.key, one.value)
            for at, one in enumerate(self.grants)
        ]
        self.grants = []
        return list(self.granted)


@dataclass
class Exhibit:
    """What an auditor is handed; a ``blo_audit.replay.sources.Source``."""

    pins: Pins
    documents_: list[SignedDocument]
    places: dict[LinkId, SourcePartition] = field(default_factory=dict)
    records_: dict[LinkId, list[LogRecord]] = field(default_factory=dict)
    heads_: dict[LinkId, list[bytes]] = field(default_factory=dict)
    grants_: dict[LinkId, list[ConsumedRecord]] = field(default_factory=dict)
    batch: int = 7
    name: str = "an exhibit"

    def copy(self) -> Exhibit:
        """One that can be spoiled."""
        return copy.deepcopy(self)

    @property
    def has_all_documents(self) -> bool:
        return True

    async def documents(self) -> Sequence[SignedDocument]:
        return self.documents_

    async def heads(self, place: SourcePartition) -> Sequence[bytes]:
        return self.heads_[place.link]

    async def grants(self, place: SourcePartition) -> Sequence[ConsumedRecord]:
        return self.grants_[place.link]

    async def end(self, place: SourcePartition) -> int | None:
        return len(self.records_[place.link])

    def begins(self, place: SourcePartition) -> int:
        del place
        return 0

    async def records(
        self, place: SourcePartition, first: int = 0
    ) -> AsyncIterator[Sequence[LogRecord]]:
        found = [record for record in self.records_[place.link] if record.position >= first]
        for at in range(0, len(found), self.batch):
            yield found[at : at + self.batch]

    async def outputs(
        self, place: SourcePartition, topic: str
    ) -> AsyncIterator[Sequence[ConsumedRecord]]:
        del place, topic
        empty: Sequence[ConsumedRecord] = ()
        yield empty

    async def close(self) -> None:
        pass


def exhibit_of(world: World, *writers: Writer) -> Exhibit:
    """What was written so far, handed over."""
    exhibit = Exhibit(dict(world.pins), list(world.documents))
    for writer in writers:
        link = writer.place.link
        exhibit.places[link] = SourcePartition(link, CORRIDOR, writer.place.partition)
        exhibit.records_[link] = list(writer.records)
        exhibit.heads_[link] = list(writer.heads)
        exhibit.grants_[link] = writer.stored_grants()
    return exhibit


def audit(
    exhibit: Exhibit,
    mode: Mode = Mode.FULL,
    *,
    identity: ProgramIdentity | None = None,
    rate: float = 0.0,
    links: Sequence[LinkId] = (),
) -> ReplayStatement:
    """Audits an exhibit; amortised without any luck, unless a rate is given."""
    options = AuditOptions(mode=mode, seed=SEED, rate=rate)
    replay = Replay(exhibit, exhibit.pins, options, identity=identity, workers=2)
    return asyncio.run(replay.run(links=links))


def observer(world: World) -> ProgramIdentity:
    """An auditor whom the agreements name as an observer."""
    return ProgramIdentity(OBSERVER, (world.keys[OBSERVER],), Role.OBSERVER)


def found(report: ReplayStatement, code: Code) -> list[Finding]:
    """The findings with a code."""
    return [one for one in report.findings if one.code is code]


# Spoiling records.


def renumbered(records: Sequence[LogRecord]) -> list[LogRecord]:
    """The same records, one after the other, as a broker that was tampered with shows them."""
    return [
        LogRecord(position, record.log_time, record.value)
        for position, record in enumerate(records)
    ]


def changed(record: LogRecord, change: Callable[[bytes], bytes]) -> LogRecord:
    """A record with other bytes."""
    return LogRecord(record.position, record.log_time, change(record.value))


def with_envelope(**changes: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    """Changes parts of an envelope."""

    def change(value: bytes) -> bytes:
        envelope = ENVELOPE.decode(value)
        parts = {name: spoil(getattr(envelope, name)) for name, spoil in changes.items()}
        return encode(msgspec.structs.replace(envelope, **parts))

    return change


def flip(data: bytes) -> bytes:
    """One bit changed, in the middle."""
    spoiled = bytearray(data)
    spoiled[len(spoiled) // 2] ^= 1
    return bytes(spoiled)


def header_of(record: LogRecord) -> Header:
    """What is signed of a record."""
    return HEADER.decode(ENVELOPE.decode(record.value).header)


def forged(record: LogRecord, link: LinkId, key: SigningKey, **changes: object) -> bytes:
    """A record with other header fields, signed with a key."""
    envelope = ENVELOPE.decode(record.value)
    header = encode(msgspec.structs.replace(header_of(record), **changes))
    signature = key.sign(event_input(link, header))
    return encode(Envelope(header, signature, envelope.summary_ct, envelope.body_ct))


def head_of(value: bytes) -> Head:
    """What is signed in a head."""
    return msgspec.msgpack.decode(msgspec.msgpack.decode(value, type=SignedHead).head, type=Head)


def opening(urgency: Urgency = Urgency.ROUTINE) -> Summary:
    """The summary of a new case."""
    return Summary(SUMMARY_VERSION, Kind.VERIFICATION_REQUEST, Step.OPEN, urgency, 0)


__all__ = [
    "DAY",
    "HOUR",
    "LINK",
    "MINUTE",
    "OTHER",
    "SEED",
    "CaseId",
    "Exhibit",
    "World",
    "Writer",
    "audit",
    "changed",
    "exhibit_of",
    "flip",
    "forged",
    "found",
    "four_urgencies",
    "head_of",
    "header_of",
    "observer",
    "opening",
    "renumbered",
    "with_envelope",
]
