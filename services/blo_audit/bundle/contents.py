"""The contents of a bundle to be made: its records, documents, heads and checkpoints."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

import msgspec

from blo_audit.bundle.errors import NothingToBundle
from blo_audit.findings.findings import Findings
from blo_audit.replay.claims import Claim, ClaimKind, read_claims
from blo_audit.replay.documents import prove_documents
from blo_audit.replay.sources import SourcePartition
from blo_audit.replay.statement import counted
from blo_domain.trust import Pins, TrustedDirectory, TrustError
from blo_domain.trust.model import ParsedDocument
from blo_schemas.bundle import DISCLOSURE, DisclosedEvent, Scope, SignedDisclosure
from blo_schemas.errors import WireError
from blo_schemas.event import ENVELOPE, HEADER, Envelope, LogRecord
from blo_schemas.hashes import document_id
from blo_schemas.ids import CaseId, LinkId
from blo_schemas.trust import Agreement, SignedDocument
from blo_sealing.disclosures import open_disclosed
from blo_sealing.errors import SealingError

HEADS_KEPT: Final = 8
"""So many of the newest heads of each office are taken, where the log still has them."""


class BundleRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The wanted contents of a bundle: a link, a case, a period or days.

    Attributes:
        link: The link.
        case: A case of it; its id alone names none, because any office may write it elsewhere.
        period: Records whose log time lies in it: Unix milliseconds, without the last.
        days: Disclosed events whose business date lies in it, both days included.
        first: Position of the first record of the link's end; 0: the whole link.
    """

    link: LinkId
    case: CaseId | None = None
    period: tuple[int, int] | None = None
    days: tuple[date, date] | None = None
    first: int = 0

    @property
    def scope(self) -> Scope:
        """The kind of selection."""
        if self.case is not None:
            return Scope.CASE
        if self.period is not None:
            return Scope.LOG_TIME
        if self.days is not None:
            return Scope.BUSINESS_DATE
        return Scope.LINK_END if self.first else Scope.LINK


class CountedStatements:
    """The heads and checkpoints of a link that count.

    Args:
        values: Heads and checkpoints, in the order in which they were published.
        place: The link.
        directory: What the trust documents prove.

    Attributes:
        heads: The newest heads of each office.
        checkpoints: The largest checkpoint with a quorum, if there is one.
    """

    def __init__(
        self, values: Sequence[bytes], place: SourcePartition, directory: TrustedDirectory
    ) -> None:
        self.heads: list[bytes] = []
        self.checkpoints: list[bytes] = []
        self._claims: list[Claim] = []
        by_office: dict[str, list[tuple[bytes, Claim]]] = {}
        quorums: list[tuple[int, bytes, Claim]] = []
        for value in values:
            for claim in read_claims([value], place, directory, Findings(place.link)):
                if claim.kind is ClaimKind.CHECKPOINT:
                    quorums.append((claim.size, value, claim))
                else:
                    by_office.setdefault(claim.signers[0], []).append((value, claim))
        for statements in by_office.values():
            self.heads += [value for value, _ in statements[-HEADS_KEPT:]]
            self._claims += [claim for _, claim in statements[-HEADS_KEPT:]]
        for _, value, claim in sorted(quorums, key=lambda quorum: quorum[:2])[-1:]:
            self.checkpoints.append(value)
            self._claims.append(claim)
        self._offices = directory.offices(place.link)

    def quorum(self) -> Claim | None:
        """The largest checkpoint with a quorum."""
        quorums = [claim for claim in self._claims if claim.kind is ClaimKind.CHECKPOINT]
        return quorums[0] if quorums else None

    def base(self, size: int) -> Claim:
        """The statement that proofs are made for.

        The largest checkpoint with a quorum; without one, the head of the largest size that most
        parties have signed.

        Raises:
            NothingToBundle: Nothing that counts is signed about at most so many records.
        """
        quorum = self.quorum()
        if quorum is not None and quorum.size <= size:
            return quorum
        heads = [claim for claim in self._claims if 0 < claim.size <= size and claim.log_hash]
        if not heads:
            raise NothingToBundle(
                "no checkpoint and no head that counts is there, so a proof would prove nothing"
            )

        def weight(claim: Claim) -> tuple[int, int, bytes]:
            same = {
                head.signers[0]
                for head in heads
                if (head.size, head.tree_root) == (claim.size, claim.tree_root)
            }
            return len(same & self._offices), claim.size, claim.tree_root

        return max(heads, key=weight)


class RecordSelector:
    """Decides which records of a link are wanted.

    Args:
        link: The link.
        wanted: What is wanted of it.
        disclosures: What is disclosed; by business date, only disclosed events can be chosen.
    """

    def __init__(
        self, link: LinkId, wanted: BundleRequest, disclosures: Sequence[SignedDisclosure]
    ) -> None:
        self._link = link
        self._wanted = wanted
        self._disclosed: dict[int, list[DisclosedEvent]] = {}
        for signed in disclosures:
            for event in DISCLOSURE.decode(signed.disclosure).events:
                self._disclosed.setdefault(event.position, []).append(event)

    def wants(self, record: LogRecord) -> bool:
        """Whether a record is wanted."""
        wanted = self._wanted
        if wanted.period is not None:
            return wanted.period[0] <= record.log_time < wanted.period[1]
        try:
            envelope = ENVELOPE.decode(record.value)
            if wanted.case is not None:
                return HEADER.decode(envelope.header).case == wanted.case
        except WireError:
            return False
        return self._on_day(record, envelope)

    def _on_day(self, record: LogRecord, envelope: Envelope) -> bool:
        days = self._wanted.days
        for event in self._disclosed.get(record.position, ()):
            try:
                on = open_disclosed(self._link, envelope, event).content.on
            except (WireError, SealingError):
                continue
            if days is not None and days[0] <= on <= days[1]:
                return True
        return False


def needed_documents(
    documents: Sequence[SignedDocument],
    place: SourcePartition,
    directory: TrustedDirectory,
    pins: Pins,
) -> tuple[SignedDocument, ...]:
    """The documents of the link's countries and corridor: those that count, if they say it all."""
    countries = set(place.corridor.split("-"))
    candidates = []
    for signed in documents:
        try:
            document = ParsedDocument(signed).document
        except TrustError:
            continue
        if isinstance(document, Agreement):
            about = document.corridor == place.corridor
        else:
            about = document.country in countries
        if about:
            candidates.append(signed)
    counting = [
        candidate
        for candidate in candidates
        if document_id(candidate.payload) in directory.documents
    ]
    rebuilt, refusals = prove_documents(counting, pins)
    same = rebuilt.digest_for_link(place.link) == directory.digest_for_link(place.link)
    return tuple(counting if same and not refusals else candidates)


def words_of(claim: Claim) -> str:
    """A claim with its signers, in words."""
    kind = "checkpoint" if claim.kind is ClaimKind.CHECKPOINT else "head"
    return f"a {kind} of {counted(claim.size, 'record')} by {', '.join(claim.signers)}"
