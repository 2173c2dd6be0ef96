"""The verification of a selection: each record by its proof and by itself.

The records between are not there. So what a record says of those before it, its place in its
office's chain and what its writer had read, can only be held against the others of the selection.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final, NamedTuple

from blo_audit.bundle.basis import ProvenTree
from blo_audit.bundle.disclosures import Disclosures
from blo_audit.findings.codes import Code
from blo_audit.findings.findings import Findings
from blo_audit.replay.clocks import instant
from blo_audit.replay.verdicts import VerdictFindings
from blo_domain.trust import LinkTrustRules
from blo_projection.link_chain import AdmittedRecord
from blo_schemas import hashes
from blo_schemas.bundle import Manifest, ProvenRecord, Scope
from blo_schemas.errors import WireError
from blo_schemas.event import ENVELOPE, HEADER, Envelope, Header
from blo_schemas.ids import ZERO_HASH, Digest, EventId, OfficeId
from blo_schemas.verdicts import DUPLICATE, Reason, Verdict, rejected
from blo_sealing.errors import ProofFailed
from blo_sealing.signatures import verify_signature
from blo_sealing.verifier import verify_inclusion

TOLERANCE_MS: Final = 5 * 60_000
"""An office's clock and the log's may differ by so many milliseconds."""

Judgement = tuple[Verdict | None, OfficeId | None, EventId | None]
"""Verdict, writer and id of a record; ``None`` as a verdict: nothing is against it."""


class OfficeSequence(NamedTuple):
    """The number of an event in its office's chain, as its writer signed it."""

    office: OfficeId
    oseq: int


class Selection:
    """Takes the records of a selection in order.

    Args:
        manifest: What the bundle says that it selects.
        base: The tree that the proofs are for.
        trust: Who may write on the link.
        judge: Adds the findings of verdicts.
        disclosures: What is disclosed.
        findings: Takes the other findings.

    Attributes:
        proven: How many records lie in the signed tree.
        authentic: Of those, how many their office has signed, by office.
        first: Position of the first record; ``None``: there is none.
        last: Position of the last one.
        log_times: Log times of the earliest and the latest record.
    """

    def __init__(
        self,
        manifest: Manifest,
        base: ProvenTree,
        trust: LinkTrustRules,
        judge: VerdictFindings,
        disclosures: Disclosures,
        findings: Findings,
    ) -> None:
        self.proven = 0
        self.authentic: Counter[OfficeId] = Counter()
        self.first: int | None = None
        self.last: int | None = None
        self.log_times: tuple[int, int] | None = None
        self._manifest = manifest
        self._base = base
        self._trust = trust
        self._judge = judge
        self._disclosures = disclosures
        self._findings = findings
        self._context = hashes.event_context(manifest.link)
        self._places: dict[OfficeSequence, tuple[EventId, int]] = {}

    def take(self, records: Iterable[ProvenRecord]) -> None:
        """Verify records; each is opened only when everything before that has held."""
        for record in records:
            if self._is_proven(record):
                self.proven += 1
                self._span(record)
                self._examine(record)

    def _is_proven(self, record: ProvenRecord) -> bool:
        base = self._base
        if base.root is None:
            return False
        try:
            verify_inclusion(
                hashes.leaf_hash(record.value), record.position, base.size, record.path, base.root
            )
        except ProofFailed as error:
            self._findings.add(Code.PROOF_FAILED, str(error), position=record.position)
            return False
        return True

    def _examine(self, record: ProvenRecord) -> None:
        envelope = header = None
        try:
            envelope = ENVELOPE.decode(record.value)
            header = HEADER.decode(envelope.header)
        except WireError as error:
            judgement: Judgement = (rejected(Reason(error.defect)), None, None)
        else:
            judgement = self._judge_alone(record, envelope, header)
        verdict, office, event = judgement
        on = None
        if verdict is not None:
            admitted = AdmittedRecord(
                record.position,
                record.log_time,
                hashes.leaf_hash(record.value),
                Digest(ZERO_HASH),
                envelope,
                header,
                verdict,
                office,
                event,
                chained=False,
            )
            self._judge.record(admitted, verified=True)
        elif envelope and header and office and event:
            self.authentic[office] += 1
            self._compare_clocks(record, header, office)
            on = self._disclosures.record(record.position, event, office, envelope, header.at)
        self._check_selected(record, header, None if on is None else on.isoformat())

    def _judge_alone(self, record: ProvenRecord, envelope: Envelope, header: Header) -> Judgement:
        """The verdict of ``LinkChain``, as far as one record shows it."""
        writer = self._trust.writer(header.certificate_tag, record.position, record.log_time)
        if isinstance(writer, Reason):
            return rejected(writer), None, None
        office = writer.office
        signed = self._context + envelope.header
        event = hashes.event_id(self._manifest.link, envelope.header)
        payload = hashes.payload_hash(envelope.summary_ct, envelope.body_ct)
        if payload != header.payload_hash:
            return rejected(Reason.PAYLOAD_MISMATCH), office, event
        if not verify_signature(writer.signing_key, signed, envelope.signature):
            elsewhere = any(
                verify_signature(
                    writer.signing_key,
                    hashes.event_input(link, envelope.header),
                    envelope.signature,
                )
                for link in self._trust.other_links(office)
            )
            reason = Reason.WRONG_LINK if elsewhere else Reason.BAD_SIGNATURE
            return rejected(reason), office, event
        return self._placed(record.position, header, office, event), office, event

    def _placed(
        self, position: int, header: Header, office: OfficeId, event: EventId
    ) -> Verdict | None:
        known = self._places.get(OfficeSequence(office, header.oseq))
        if known is not None:
            return DUPLICATE if known[0] == event else rejected(Reason.FORK)
        before = self._places.get(OfficeSequence(office, header.oseq - 1))
        if before is not None and before[0] != header.oprev:
            return rejected(Reason.FORK)
        self._places[OfficeSequence(office, header.oseq)] = event, position
        if header.seen_size > position:
            return rejected(Reason.SEEN_BEYOND_LOG)
        return None

    def _compare_clocks(self, record: ProvenRecord, header: Header, office: OfficeId) -> None:
        if header.at > record.log_time + TOLERANCE_MS:
            self._findings.add(
                Code.SIGNED_AFTER_LOG_TIME,
                f"signed {instant(header.at)}, and the bundle says that it came at "
                f"{instant(record.log_time)}",
                position=record.position,
                office=office,
            )

    def _check_selected(self, record: ProvenRecord, header: Header | None, on: str | None) -> None:
        manifest = self._manifest
        words = ""
        match manifest.scope:
            case Scope.CASE:
                if header is None or header.case != manifest.case:
                    words = "it does not name the case"
            case Scope.LOG_TIME:
                if not (manifest.start or 0) <= record.log_time < (manifest.end or 0):
                    words = f"its log time is {instant(record.log_time)}"
            case _ if on is None:
                words = "its business date is not disclosed"
            case _:
                if not str(manifest.first_day) <= on <= str(manifest.last_day):
                    words = f"its business date is {on}"
        if words:
            self._findings.add(Code.NOT_OF_SELECTION, words, position=record.position)

    def _span(self, record: ProvenRecord) -> None:
        self.first = record.position if self.first is None else self.first
        self.last = record.position
        low, high = self.log_times or (record.log_time, record.log_time)
        self.log_times = min(low, record.log_time), max(high, record.log_time)
