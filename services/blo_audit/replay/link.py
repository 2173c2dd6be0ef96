"""The audit of one link: every record from the first, against everything that was signed about it.

Its parts are the chain (``blo_projection.link_chain``), the findings of verdicts, the clocks, the
claims about a size, and the case views. Memory does not grow with the log: hashes, ids and
times are spilled to unnamed files (``spill_files.py``). What grows is the number of claims, and the
cases' views where summary keys are held.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from blo_audit.findings.codes import Code
from blo_audit.findings.findings import Findings
from blo_audit.replay.cases import CaseReplay
from blo_audit.replay.claim_check import ClaimCheck
from blo_audit.replay.claims import Claim
from blo_audit.replay.clocks import ClockCheck
from blo_audit.replay.columns import LinkColumns
from blo_audit.replay.earlier import EarlierLink
from blo_audit.replay.leaves import Admission, LeafColumn, keeping_leaves
from blo_audit.replay.options import AuditOptions
from blo_audit.replay.processor_outputs import ProcessorOutputs
from blo_audit.replay.seam import BLOCKS, LEAVES, MAX_VALUES, TIMES, LinkSeam, ReadStretch
from blo_audit.replay.signatures import NEVER, PORTION, Mode, Sample, VerifyAhead
from blo_audit.replay.sources import SourcePartition
from blo_audit.replay.statement import LinkStatement
from blo_audit.replay.verdicts import VerdictFindings
from blo_audit.spill_files import SpillFolder
from blo_domain.trust import TrustedDirectory
from blo_projection.errors import PositionError
from blo_projection.granted_keys import GrantedKeys
from blo_projection.link_chain import AdmittedRecord, LinkChain
from blo_projection.office_chain import AppendOnlyBytes
from blo_projection.verification import TrustHeads, VerifyAll
from blo_schemas.event import LogRecord
from blo_schemas.hashes import event_input
from blo_schemas.ids import KeyId, OfficeId
from blo_schemas.verdicts import Reason
from blo_sealing.signatures import verify_signature


class LinkAudit:
    """Takes a link's records in order, and says at the end what was found and proved.

    Args:
        place: The link.
        directory: What the trust documents prove.
        claims: What others signed about the link (``read_claims``).
        options: How it is done.
        spill: Makes the buffers that grow with the log.
        findings: Takes the findings.
        keys: The auditor's summary keys; ``None``: only the record layer is judged.
        ahead: Verifies signatures on all cores; ``None``: one by one.
        withdrawn: Ids of the keys whose grants were withdrawn.
        keeps_state: Whether ``seam`` is to be asked at the end.
        earlier: Where the audit goes on; ``None``: at the first record.

    Attributes:
        place: The link.
        findings: As above.
        of_records: What was found in the records themselves, which a later replay takes over.
        outputs: Takes the processors' outputs, after all records; ``None`` if they are not asked
            for.
    """

    def __init__(
        self,
        place: SourcePartition,
        directory: TrustedDirectory,
        claims: Sequence[Claim],
        options: AuditOptions,
        spill: SpillFolder,
        findings: Findings,
        *,
        keys: GrantedKeys | None = None,
        ahead: VerifyAhead | None = None,
        withdrawn: Collection[KeyId] = (),
        keeps_state: bool = False,
        earlier: EarlierLink | None = None,
    ) -> None:
        self.place = place
        self.findings = findings
        self.of_records = Findings(place.link)
        self._options = options
        self._full = options.mode is Mode.FULL
        self._sure = self._full and (earlier is None or earlier.reading.is_verified)
        self._trust = directory.link_trust(place.link)
        self._ahead = ahead if self._full else None
        self._checking = VerifyAll(verify_signature if self._ahead is None else self._ahead.check)
        self._trusting = TrustHeads(self._checking.check)
        columns = LinkColumns(spill, {} if earlier is None else earlier.columns)
        self._columns = columns.by_name
        self._leaves = (
            LeafColumn(columns.buffer(LEAVES), columns.buffer(BLOCKS)) if keeps_state else None
        )
        self._chain = LinkChain(
            place.link,
            self._trust,
            self._checking if self._full else self._trusting,
            memory=columns.buffer,
        )
        self._judge = VerdictFindings(place.link, directory, self.of_records)
        self._times = ClockCheck(
            self.of_records,
            columns.buffer(TIMES),
            tolerance_ms=options.tolerated_ms,
            late_ms=options.tolerated_late_ms,
        )
        self._steps = (
            None
            if keys is None
            else CaseReplay(
                self._chain,
                self._trust,
                keys,
                self._judge,
                self.of_records,
                claims,
                verified=self._sure,
                withdrawn=withdrawn,
            )
        )
        self.outputs = (
            None
            if not options.outputs
            else ProcessorOutputs(
                place.link,
                directory,
                findings,
                spill.buffer(),
                self._chain,
                self._judge,
                spill.buffer(),
                steps=self._steps,
                keys=keys,
                verified=self._sure,
            )
        )
        self._claims = ClaimCheck(
            place.link,
            directory,
            claims,
            self._chain,
            self._times,
            findings,
            self._steps,
            None if earlier is None else earlier.leaves,
        )
        self._sample = Sample(options.seed, place.link, options.rate)
        self._tail = NEVER if self._full else self._claims.vouched()
        self._sampled = NEVER if self._full else self._sample.next()
        self._watch = NEVER if self._full else min(self._sampled, self._tail)
        self._verified = 0
        self._acknowledged: dict[OfficeId, int] = {}
        self._accepted = 0
        self._stopped: str | None = None
        self._earlier = earlier
        if earlier is not None:
            self._resume(earlier)
        self._claims.meet()

    @property
    def size(self) -> int:
        """How many records were taken."""
        return self._chain.size

    @property
    def accepted(self) -> int:
        """How many of them the record layer accepts."""
        return self._accepted

    @property
    def hashes(self) -> tuple[bytes, bytes]:
        """The running hash and the tree's root over all that was taken."""
        return self._chain.log_hash, self._chain.tree_root()

    def openable(self) -> list[int]:
        """Positions of some earlier records whose keys came since, for ``release`` in this order."""
        return [] if self._steps is None else self._steps.openable(PORTION)

    def release(self, position: int, value: bytes) -> None:
        """Judge an earlier record whose key came since.

        Args:
            position: Its position.
            value: Its bytes, as they were read again.

        Raises:
            RecordChanged: Other bytes were read there before.
        """
        assert self._steps is not None
        self._steps.release(position, value)

    def take(self, records: Sequence[LogRecord]) -> None:
        """Audit the next records; after a hole in the log nothing more is taken."""
        if self._stopped is not None:
            return
        self._times.take(records)
        if self._ahead is None:
            self._fold(records)
            return
        parts = [records[at : at + PORTION] for at in range(0, len(records), PORTION)]
        link = self.place.link
        under_way = [self._ahead.start(part, link, self._trust) for part in parts]
        for part, verified in zip(parts, under_way, strict=True):
            self._ahead.finish([verified])
            self._fold(part)

    def stop(self, why: str) -> None:
        """The log cannot be read further; what follows is not judged.

        Args:
            why: In words.
        """
        self._stopped = why
        self.findings.add(Code.RECORDS_MISSING, why, position=self._chain.size)

    def finish(self) -> LinkStatement:
        """Judge what only the end of the log shows, and say what was proved."""
        if self._stopped is None:
            self._claims.beyond()
        words = self._claims.reaches(self._acknowledged)
        chain, options = self._chain, self._options
        tail = None if self._full else min(self._tail, chain.size)
        checkpoint = self._claims.checkpoint
        return LinkStatement(
            link=self.place.link,
            records=chain.size,
            log_hash=chain.log_hash.hex(),
            tree_root=chain.tree_root().hex(),
            first_log_time=self._times.first,
            last_log_time=self._times.last,
            accepted=self._accepted,
            mode=options.mode,
            simulated_time=options.simulated_time,
            verified=self._count_verified(),
            sample_rate=1.0 if self._full else options.rate,
            seed="" if self._full else options.seed.hex(),
            verified_from=tail,
            heads=self._claims.heads,
            checkpoint=None if checkpoint is None else checkpoint.size,
            checkpoint_signers=() if checkpoint is None else checkpoint.signers,
            words=words,
            views=None if self._steps is None else self._steps.proof(whole=self._stopped is None),
            outputs=None if self.outputs is None else self.outputs.proof(),
            stopped=self._stopped,
            earlier=None if self._earlier is None else self._earlier.reading,
        )

    def seam(
        self, values: Sequence[bytes], stretch: ReadStretch
    ) -> tuple[LinkSeam, dict[str, AppendOnlyBytes]] | None:
        """The state from which a later replay goes on, and its columns; before ``finish``.

        Args:
            values: The heads and checkpoints that were read.
            stretch: How the records since the earlier seam were read.

        Returns:
            ``None``: the log could not be read to its end.
        """
        if self._stopped is not None or self._leaves is None:
            return None
        stretches = () if self._earlier is None else self._earlier.stretches
        seam = LinkSeam(
            chain=self._chain.snapshot(),
            first_log_time=self._times.first,
            last_log_time=self._times.last,
            accepted=self._accepted,
            verified=self._count_verified(),
            unverifiable=self._judge.unverifiable,
            distrusted=self._judge.first_distrusted,
            acknowledged=tuple(sorted(self._acknowledged.items())),
            refused=self._judge.refused(),
            trust=self._trust.digest,
            findings=self.of_records.entries(),
            values=tuple(values[-MAX_VALUES:]),
            views=None if self._steps is None else self._steps.seam(),
            stretches=(*stretches, stretch) if stretch.first < stretch.end else stretches,
        )
        self._leaves.close_blocks()
        return seam, self._columns

    def _resume(self, earlier: EarlierLink) -> None:
        seam = earlier.seam
        self._chain.resume(seam.chain)
        self._times.resume(seam.first_log_time, seam.last_log_time or 0)
        self._judge.resume(seam.refused, seam.distrusted, seam.unverifiable)
        self.of_records.restore(seam.findings)
        self._accepted = seam.accepted
        self._acknowledged = dict(seam.acknowledged)
        if self._steps is not None and seam.views is not None:
            self._steps.resume(seam.views)
        while self._sampled < earlier.size:
            self._sampled = self._sample.next()
        self._watch = NEVER if self._full else min(self._sampled, self._tail)

    def _fold(self, records: Sequence[LogRecord]) -> None:
        """The loop over all records; what is not in it costs nothing."""
        chain = self._chain
        admit = self._admission()
        judge = self._judge.record
        claims = self._claims
        tolerance = self._options.tolerated_ms
        sure = self._sure
        accepted = 0
        try:
            for record in records:
                position = record.position
                if position >= self._watch:
                    self._turn(position)
                admitted = admit(record)
                if admitted.verdict is None:
                    accepted += 1
                else:
                    judge(admitted, verified=sure)
                header = admitted.header
                if header is not None:
                    if not -tolerance <= record.log_time - header.at <= tolerance:
                        self._look_at_time(admitted)
                    if chain.verification is self._checking:
                        self._acknowledge(admitted)
                if position + 1 == claims.next:
                    claims.meet()
        except PositionError as error:
            self.stop(f"after record {error.expected - 1} comes record {error.got}")
        finally:
            self._accepted += accepted

    def _admission(self) -> Admission:
        """The function that takes a record; it does no more than the options need."""
        steps, outputs = self._steps, self.outputs
        admit: Admission = self._chain.admit if steps is None else steps.feed
        if self._leaves is not None:
            admit = keeping_leaves(admit, self._leaves)
        if outputs is None:
            return admit

        def noted(record: LogRecord) -> AdmittedRecord:
            admitted = admit(record)
            verdict = admitted.verdict
            if verdict is None and steps is not None and steps.last is not None:
                verdict = steps.last.verdict
            outputs.note(admitted, verdict)
            return admitted

        return noted

    def _turn(self, position: int) -> None:
        """Begin to verify, or end it, as the sample says."""
        if position >= self._tail:
            self._chain.verification = self._checking
            self._watch = NEVER
        elif position == self._sampled:
            self._chain.verification = self._checking
            self._verified += 1
            self._sampled = self._sample.next()
            self._watch = position + 1
        else:
            self._chain.verification = self._trusting
            self._watch = min(self._sampled, self._tail)

    def _acknowledge(self, admitted: AdmittedRecord) -> None:
        """An event is its writer's word on what it had read, and on itself."""
        if admitted.verdict is None and admitted.office is not None and admitted.header is not None:
            seen, position = admitted.header.seen_size, admitted.position
            self._acknowledged[admitted.office] = position + 1 if seen == position else seen

    def _look_at_time(self, admitted: AdmittedRecord) -> None:
        """Check the clocks of an event, if its office has signed it."""
        if not admitted.chained:
            return
        if self._chain.verification is self._checking or self._genuine(admitted):
            self._times.event(admitted)
            return
        words = f"its time is striking, and its signature is not that of {admitted.office}"
        self.findings.add(Code.BAD_SIGNATURE, words, position=admitted.position)

    def _genuine(self, admitted: AdmittedRecord) -> bool:
        """Whether an event outside the sample is signed by the office that it names."""
        header, envelope = admitted.header, admitted.envelope
        assert header is not None
        assert envelope is not None
        tag = header.certificate_tag
        writer = self._trust.writer(tag, admitted.position, admitted.log_time)
        assert not isinstance(writer, Reason)
        signed = event_input(self.place.link, envelope.header)
        return verify_signature(writer.signing_key, signed, envelope.signature)

    def _count_verified(self) -> int:
        """How many records were verified, now and by the earlier replay."""
        first, before, unverifiable = 0, 0, 0
        if self._earlier is not None:
            seam = self._earlier.seam
            first, before, unverifiable = self._earlier.size, seam.verified, seam.unverifiable
        if self._full:
            return before + self._chain.size - first - (self._judge.unverifiable - unverifiable)
        return before + self._verified + max(0, self._chain.size - max(self._tail, first))
