"""Honest logs to make bundles of: two offices, some cases, no agent and no broker."""

from __future__ import annotations

import io
import random
from collections.abc import Iterable, Sequence
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec

from blo_audit.bundle.reader import MAGIC, Bundle
from blo_audit.bundle.writer import BundleParts, BundleWriter
from blo_domain.commands import Command, content_of
from blo_domain.trust import TrustedDirectory, load_directory
from blo_log.memory import MemoryCluster, MemoryLog
from blo_log.port import ProducerRecord
from blo_log.topics import exchange_topic, heads_topic
from blo_projection.link_chain import LinkChain
from blo_projection.verification import TrustHeads
from blo_schemas.bodies import body_from_json
from blo_schemas.bundle import (
    MANIFEST,
    MANIFEST_VERSION,
    RECORD_CHUNK,
    DisclosedEvent,
    Manifest,
    ProvenRecord,
    Scope,
    SignedDisclosure,
)
from blo_schemas.codec import encode
from blo_schemas.content import Attachment, Dispatch
from blo_schemas.errors import WireError
from blo_schemas.event import LogRecord
from blo_schemas.hashes import certificate_tag, document_id, leaf_hash
from blo_schemas.heads import (
    HEAD,
    HEAD_VERSION,
    Head,
    NoteKind,
    NoteRecordKey,
    SignedHead,
    head_record_key,
)
from blo_schemas.ids import CaseId, CertificateTag, Digest, LinkId, OfficeId
from blo_schemas.summary import SUMMARY_VERSION, Kind, Step, Summary, Urgency
from blo_schemas.trust import Role
from blo_sealing.disclosures import disclose_event
from blo_sealing.kem import is_usable_kem_key
from blo_sealing.keys import ContentKey, SummaryKey
from blo_sealing.merkle import MerkleTree
from blo_sealing.seal_event import Author, seal_event
from blo_sealing.signatures import is_usable_signing_key, verify_signature
from blo_sealing.statements import sign_disclosure, sign_head
from blo_sealing.tlog import Checkpoint, cosign, merge, origin_of, sign_checkpoint
from tests.agents.world import CORRIDOR, LINK, NOW, A, B, World, two_offices

WITNESS = OfficeId("vn-witness")
FIRST = NOW - 1_000_000
"""The first record's log time; each next one comes a second later."""


class Corpus:
    """A link's log that two honest offices have written, with all keys at hand.

    Args:
        records: How many records.
        cases: Over how many cases they go round.
        link: The link.
    """

    def __init__(self, records: int = 12, cases: int = 3, link: LinkId = LINK) -> None:
        self.link = link
        self.dice = random.Random(records)
        self.cluster = MemoryCluster()
        self.world: World = two_offices(Path(), lambda: MemoryLog(self.cluster))
        self.world.certify(WITNESS, role=Role.WITNESS)
        self.tags = {office: self._tag(office) for office in (A, B)}
        self.content_keys = [ContentKey(self.dice.randbytes(32)) for _ in range(cases)]
        self.summary_keys = {office: SummaryKey(self.dice.randbytes(32)) for office in (A, B)}
        self.directory: TrustedDirectory = load_directory(
            self.world.pins,
            self.world.documents,
            verify=verify_signature,
            check_key=is_usable_signing_key,
            check_kem_key=is_usable_kem_key,
        )[0]
        self.chain = LinkChain(link, self.directory.link_trust(link), TrustHeads())
        self.records: list[LogRecord] = []
        for number in range(records):
            self.write((A, B)[number % 2], number % cases)

    def _tag(self, office: OfficeId) -> CertificateTag:
        key = self.world.keys[office].signing.public
        for signed in self.world.documents:
            if key in signed.payload and b"certificate" in signed.payload:
                return certificate_tag(document_id(signed.payload))
        raise AssertionError(office)

    def author(self, office: OfficeId) -> Author:
        return Author(self.link, self.tags[office], self.world.keys[office].signing)

    def case(self, number: int) -> CaseId:
        return self.content_keys[number].id

    def write(self, office: OfficeId, case: int, text: str = "(fictional) Nguyen Van A") -> None:
        """One more honest event."""
        self.put(self.sealed(office, case, text=text))

    def sealed(
        self,
        office: OfficeId,
        case: int,
        oseq: int | None = None,
        *,
        sealing: ContentKey | None = None,
        text: str = "(fictional) Nguyen Van A",
        questions: Sequence[str] = ("Known?",),
        step: Step = Step.OPEN,
        body: bytes | None = None,
        attachments: tuple[Attachment, ...] = (),
    ) -> bytes:
        """An event that its office has signed.

        Args:
            office: Who writes.
            case: In which case.
            oseq: Its place in the office's chain, if it is not the next one.
            sealing: Seal the content with this key, which is not the case's.
            text: What it says.
            questions: What it asks.
            step: What its summary says that it does.
            body: Seal these bytes in the body's place.
            attachments: What its document encloses.
        """
        number = len(self.records)
        command = Command(
            kind=Kind.VERIFICATION_REQUEST,
            step=Step.OPEN,
            on=date(2025, 2, 1 + number % 28),
            body=body_from_json(
                Kind.VERIFICATION_REQUEST,
                Step.OPEN,
                {"subject": text, "questions": list(questions), "purpose": "fictional"},
            ),
            dispatch=Dispatch(
                subject="(fictional) about a fictional person", attachments=attachments
            ),
        )
        place = self.chain.next_place(office)
        content = content_of(command)
        return seal_event(
            self.author(office),
            place if oseq is None else msgspec.structs.replace(place, oseq=oseq),
            at=FIRST + 1000 * number,
            content_key=_named(self.content_keys[case], sealing),
            summary_key=self.summary_keys[office],
            summary=Summary(SUMMARY_VERSION, Kind.VERIFICATION_REQUEST, step, Urgency.ROUTINE, 0),
            content=content if body is None else msgspec.structs.replace(content, body=body),
            random=self.dice.randbytes,
        ).value

    def put(self, value: bytes, time: int | None = None) -> None:
        """Anything at all, as the broker may put it there."""
        when = FIRST + 1000 * len(self.records) if time is None else time
        record = LogRecord(len(self.records), when, value)
        self.chain.admit(record)
        self.records.append(record)

    def head(self, office: OfficeId, size: int | None = None, **changed: Any) -> SignedHead:
        """What the office would sign of the log's first records."""
        chain = LinkChain(self.link, self.directory.link_trust(self.link), TrustHeads())
        for record in self.records[:size]:
            chain.admit(record)
        head = Head(
            v=HEAD_VERSION,
            link=self.link,
            office=office,
            kid=self.tags[office],
            size=chain.size,
            log_hash=chain.log_hash,
            tree_root=chain.tree_root(),
            view_digest=bytes(32),
            unopened=0,
            first_unopened=(),
            journal_size=0,
            journal_hash=bytes(32),
            at=FIRST + 1000 * len(self.records),
        )
        return sign_head(msgspec.structs.replace(head, **changed), self.world.keys[office].signing)

    def root(self, size: int | None = None) -> Digest:
        return MerkleTree([leaf_hash(record.value) for record in self.records[:size]]).root()

    def checkpoint(
        self,
        size: int | None = None,
        signers: tuple[OfficeId, ...] = (WITNESS, A, B),
        seconds: int = (FIRST + 100_000) // 1000,
        **changed: Any,
    ) -> bytes:
        """A checkpoint over the log's first records."""
        found = Checkpoint(
            origin_of(CORRIDOR, self.link),
            len(self.records) if size is None else size,
            self.root(size),
        )
        tree = msgspec.structs.replace(found, **changed)
        parts = [
            sign_checkpoint(tree, one, self.world.keys[one].signing)
            if one == WITNESS
            else cosign(tree, one, self.world.keys[one].signing, seconds)
            for one in signers
        ]
        return merge(parts).encode()

    def keys_of(
        self, position: int, *, office: OfficeId | None = None, sealing: ContentKey | None = None
    ) -> DisclosedEvent:
        """The derived keys of one event; of its writer and key, where they are not the usual."""
        writer = office or (A, B)[position % 2]
        number = position % len(self.content_keys)
        return disclose_event(
            self.link,
            self.records[position],
            self.summary_keys[writer],
            _named(self.content_keys[number], sealing),
        )

    def disclosure(self, office: OfficeId, *positions: int) -> SignedDisclosure:
        return sign_disclosure(
            self.author(office), office, NOW, tuple(map(self.keys_of, positions))
        )

    async def publish(self, papers: BundleParts | None = None) -> None:
        """Put it all on topics, as agents, a broker and a witness would have done."""
        found = papers or self.papers()
        self.world.simulated_time = True
        await self.world.publish(list(found.documents))
        messages = [
            ProducerRecord(exchange_topic(CORRIDOR), 0, self.link.encode(), one.value, one.log_time)
            for one in self.records
        ]
        for signed in found.heads:
            key = head_record_key(self.link, HEAD.decode(signed.head).office)
            messages.append(ProducerRecord(heads_topic(CORRIDOR), 0, key, encode(signed)))
        for note in found.checkpoints:
            key = NoteRecordKey(self.link, WITNESS, NoteKind.QUORUM).encode()
            messages.append(ProducerRecord(heads_topic(CORRIDOR), 0, key, note))
        await self.world.append(messages)

    def papers(self, *disclosures: SignedDisclosure, **changed: Any) -> BundleParts:
        found = BundleParts(
            documents=tuple(self.world.documents),
            heads=(self.head(A), self.head(B)),
            checkpoints=(self.checkpoint(),),
            disclosures=disclosures,
        )
        return msgspec.structs.replace(found, **changed)

    def proven(self, position: int, size: int | None = None) -> ProvenRecord:
        leaves = [leaf_hash(record.value) for record in self.records[:size]]
        record = self.records[position]
        return ProvenRecord(
            position, record.log_time, record.value, MerkleTree(leaves).inclusion_proof(position)
        )

    def link_bundle(self, papers: BundleParts | None = None) -> bytes:
        """A bundle of the whole link."""
        return write_bundle(
            manifest(Scope.LINK, len(self.records)), papers or self.papers(), self.records
        )

    def case_bundle(self, case: int, papers: BundleParts | None = None) -> bytes:
        """A bundle of one case."""
        found = [
            self.proven(record.position)
            for record in self.records
            if record.position % len(self.content_keys) == case
        ]
        draft = manifest(Scope.CASE, len(self.records), case=self.case(case))
        return write_bundle(draft, papers or self.papers(), found)


def _named(case: ContentKey, sealing: ContentKey | None) -> ContentKey:
    """A key that goes by the case's id, whatever it is."""
    if sealing is None:
        return case
    other = ContentKey(sealing.secret)
    other.id = case.id
    return other


def manifest(scope: Scope, size: int, **fields: Any) -> Manifest:
    """A manifest whose counts are put in when it is written."""
    whole: dict[str, Any] = {
        "v": MANIFEST_VERSION,
        "scope": scope,
        "link": LINK,
        "corridor": CORRIDOR,
        "size": size,
        "case": None,
        "start": None,
        "end": None,
        "first_day": None,
        "last_day": None,
    }
    counts = BundleParts().counts(size if scope is Scope.LINK else 0)
    return Manifest(**{**whole, "counts": counts, **fields})


def write_bundle(
    draft: Manifest, papers: BundleParts, records: Iterable[LogRecord | ProvenRecord]
) -> bytes:
    """The bytes of a bundle."""
    found = list(records)
    whole = msgspec.structs.replace(draft, counts=papers.counts(len(found)))
    stream = io.BytesIO()
    writer = BundleWriter(stream, whole, papers)
    for record in found:
        if isinstance(record, ProvenRecord):
            writer.add_proven(record)
        else:
            writer.add(record)
    writer.finish()
    return stream.getvalue()


def read_bundle(data: bytes) -> tuple[Bundle, list[LogRecord] | list[ProvenRecord]]:
    """Reads a bundle to its end; records of a link are given without their leaf hashes."""
    bundle = Bundle(io.BytesIO(data))
    if bundle.manifest.scope.is_selection:
        return bundle, list(bundle.proven())
    records = [record for batch in bundle.batches() for record in batch]
    assert all(one.leaf == sha256(b"\0" + one.value).digest() for one in records)
    return bundle, [LogRecord(one.position, one.log_time, one.value) for one in records]


def frames_of(data: bytes) -> list[bytes]:
    """The frames of an honest bundle."""
    found = []
    place = len(MAGIC)
    while place < len(data) - 32:
        size = int.from_bytes(data[place : place + 4], "big")
        found.append(data[place + 4 : place + 4 + size])
        place += 4 + size
    return found


def joined(frames: list[bytes]) -> bytes:
    """A bundle of these frames, with a digest that fits."""
    whole = MAGIC + b"".join(len(frame).to_bytes(4, "big") + frame for frame in frames)
    return whole + digest_of(frames)


def digest_of(frames: list[bytes]) -> bytes:
    """The digest that fits these frames, by §13's words and without the code under test."""
    digest = sha256(MAGIC)
    first = _first_chunk(frames)
    for number, frame in enumerate(frames):
        digest.update(len(frame).to_bytes(4, "big"))
        digest.update(frame if number < first else _in_place_of(frame))
    return digest.digest()


def _first_chunk(frames: list[bytes]) -> int:
    """The number of the first frame that is a chunk; beyond all if there are none."""
    try:
        manifest = MANIFEST.decode(frames[0])
    except (WireError, IndexError):
        return len(frames)
    if manifest.scope.is_selection:
        return len(frames)
    counts = manifest.counts
    return 1 + counts.documents + counts.heads + counts.checkpoints + counts.disclosures


def _in_place_of(frame: bytes) -> bytes:
    try:
        chunk = RECORD_CHUNK.decode(frame)
    except WireError:
        return frame
    leaves = [sha256(b"\0" + value).digest() for value in chunk.values]
    return msgspec.msgpack.encode(chunk.times) + b"".join(leaves)
