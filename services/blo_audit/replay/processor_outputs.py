"""The check of the processors' outputs of one link.

What the trail has to say of each record is kept in sixteen bytes a record, spilled as the hashes
are: a part of the hash over what a trail entry states, and the verdict. Beside it lies the running hash
of admissions after each record, which a checkpoint states of all records before it.

An amortised replay verifies no entry that says what it has found itself, once a later checkpoint
under the same key is verified and fits: that is the processor's word on the same records, verdicts
on steps apart. What differs is verified, and so is what no such checkpoint follows.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from hashlib import sha256
from typing import Final

from blo_audit.findings.codes import Code
from blo_audit.findings.findings import Findings
from blo_audit.replay.cases import CaseReplay
from blo_audit.replay.statement import OutputsProof
from blo_audit.replay.verdicts import VerdictFindings
from blo_domain.trust import TrustedDirectory
from blo_log.port import ConsumedRecord
from blo_projection.case_views import CaseViews
from blo_projection.errors import OutputRefused
from blo_projection.link_chain import AdmittedRecord, LinkChain, is_signed
from blo_projection.office_chain import AppendOnlyBytes
from blo_projection.outputs import OutputReader, SummaryKeys
from blo_schemas.codec import encode
from blo_schemas.errors import WireError
from blo_schemas.hashes import admissions_hash, admissions_origin
from blo_schemas.ids import HASH_SIZE, CaseId, EventId, KeyId, LinkId, OfficeId
from blo_schemas.outputs import (
    OUTPUT,
    SIGNED_OUTPUT,
    TRAIL_ENTRY,
    CaseRecord,
    OutputKind,
    TrailCheckpoint,
    TrailEntry,
)
from blo_schemas.verdicts import Verdict
from blo_sealing.errors import SealingError
from blo_sealing.keys import SummaryKey

_STATED: Final = 12
_JUDGED: Final = 4
_ROW: Final = _STATED + _JUDGED
_UNKNOWN: Final = bytes(_JUDGED)
MAX_WAITING: Final = 20_000
"""So many entries may wait for a checkpoint; with more, the oldest are verified."""


class _NoKeys:
    """The trail is in the clear."""

    def summary_key(self, key: KeyId) -> SummaryKey | None:
        del key
        return None


class ProcessorOutputs:
    """Compares outputs with a link's audit.

    Args:
        link: The link.
        directory: What the trust documents prove.
        findings: Where what differs goes.
        memory: Where what the trail must say is kept.
        chain: The record layer.
        judge: Knows what the trust documents refuse.
        admissions: Where the running hash over what the record layer concludes is kept.
        steps: The step layer, where summary keys are held.
        keys: The auditor's summary keys; the trail needs none.
        verified: Whether every signature is verified, so that what differs is the processor's
            doing.
    """

    def __init__(
        self,
        link: LinkId,
        directory: TrustedDirectory,
        findings: Findings,
        memory: AppendOnlyBytes,
        chain: LinkChain,
        judge: VerdictFindings,
        admissions: AppendOnlyBytes,
        *,
        steps: CaseReplay | None = None,
        keys: SummaryKeys | None = None,
        verified: bool = True,
    ) -> None:
        self._findings = findings
        self._rows = memory
        self._chain = chain
        self._judge = judge
        self._steps = steps
        self._verified = verified
        self._running = admissions_origin(link)
        self._admissions = admissions
        self._admissions += self._running
        self._last_log_time = 0
        self._reader = OutputReader(link, directory, keys or _NoKeys(), lambda: self._last_log_time)
        self._link = link
        self._waiting: deque[tuple[int, bytes, bytes]] = deque()
        self._covered = 0
        self._said = bytearray()
        self._entries = self._checkpoints = self._cases = self._differed = 0

    def note(self, admitted: AdmittedRecord, verdict: Verdict | None) -> None:
        """Keep the entry that the trail must have for the next record.

        Args:
            admitted: What the record layer says of it.
            verdict: The verdict; ``None`` if it takes a key that is not held.
        """
        self._last_log_time = admitted.log_time
        signed = is_signed(admitted)
        self._running = admissions_hash(self._running, admitted.event, signed=signed)
        self._admissions += self._running
        stated = _stated(admitted.log_time, admitted.office, admitted.event, admitted.log_hash)
        self._rows += stated + _judged(verdict)

    def take_trail(self, batch: Sequence[ConsumedRecord]) -> None:
        """Compare the next values of the link's trail."""
        for stored in batch:
            value = stored.value or b""
            if self._verified or not self._waits(value):
                self._verify(value)
        while len(self._waiting) > MAX_WAITING:
            self._verify(self._waiting.popleft()[-1])

    def take_cases(self, batch: Sequence[ConsumedRecord]) -> None:
        """Compare the next values of the link's case views; superseded ones are passed over."""
        steps = self._steps
        unjudged = None if steps is None else steps.unjudged()
        if steps is None or unjudged is None:
            return
        for stored in batch:
            if stored.value is None:
                continue
            try:
                case = self._reader.case(stored.value)
            except (WireError, SealingError, OutputRefused) as error:
                self._refuse(error)
                continue
            if CaseId(case.view.case) not in unjudged:
                self._compare_case(case, steps.views)

    def proof(self) -> OutputsProof:
        """The result; a record without an entry becomes a finding."""
        while self._waiting:
            self._verify(self._waiting.popleft()[-1])
        missing = self._said.find(0)
        end = len(self._said) if missing < 0 else missing
        if end < self._chain.size:
            words = f"the trail says nothing of record {end}"
            self._findings.add(Code.TRAIL_INCOMPLETE, words, position=end)
        return OutputsProof(
            self._entries, self._checkpoints, self._cases, self._differed, self._covered
        )

    def _waits(self, value: bytes) -> bool:
        """Whether a value is an entry that agrees, so that a later checkpoint may cover it."""
        try:
            output = OUTPUT.decode(SIGNED_OUTPUT.decode(value).output)
            if output.kind is not OutputKind.TRAIL or output.key is not None:
                return False
            entry = TRAIL_ENTRY.decode(output.body)
        except WireError:
            return False
        agrees = entry.position < self._chain.size and self._difference(entry) is None
        if output.link != self._link or not agrees:
            return False
        self._waiting.append((entry.position, output.kid, value))
        return True

    def _verify(self, value: bytes) -> None:
        try:
            statement = self._reader.trail(value)
        except (WireError, SealingError, OutputRefused) as error:
            self._refuse(error)
            return
        if not isinstance(statement, TrailCheckpoint):
            self._compare_entry(statement)
        elif self._compare_checkpoint(statement):
            self._cover(statement.size, OUTPUT.decode(SIGNED_OUTPUT.decode(value).output).kid)

    def _cover(self, size: int, kid: bytes) -> None:
        """A verified checkpoint fits: the entries before it need not be verified."""
        left: deque[tuple[int, bytes, bytes]] = deque()
        for waiting in self._waiting:
            position, signer, _ = waiting
            if position >= size or signer != kid:
                left.append(waiting)
                continue
            self._mark(position)
            self._entries += 1
            self._covered += 1
        self._waiting = left

    def _mark(self, position: int) -> None:
        if len(self._said) <= position:
            self._said.extend(bytes(position + 1 - len(self._said)))
        self._said[position] = 1

    def _difference(self, entry: TrailEntry) -> str | None:
        """About what an entry says something else than was found."""
        position = entry.position
        row = bytes(self._rows[position * _ROW : (position + 1) * _ROW])
        event = None if entry.event is None else EventId(entry.event)
        if _stated(entry.log_time, entry.office, event, entry.log_hash) != row[:_STATED]:
            return f"of the writer, time or hash of record {position}"
        known, judged = row[_STATED:], _judged(entry.verdict)
        if _UNKNOWN not in (known, judged) and judged != known:
            return f"of the verdict on record {position}, which it calls {_words(entry.verdict)}"
        return None

    def _compare_entry(self, entry: TrailEntry) -> None:
        position = entry.position
        if position >= self._chain.size:
            return
        self._mark(position)
        words = self._difference(entry)
        if words is None:
            self._entries += 1
        else:
            self._differ(Code.TRAIL_DIFFERS, words, position, entry.log_hash, position + 1)

    def _compare_checkpoint(self, checkpoint: TrailCheckpoint) -> bool:
        """Whether a checkpoint agrees, and covers no more records than were read."""
        fits = self._chain.matches(checkpoint.size, checkpoint.log_hash)
        if fits is None:
            return False
        if fits and checkpoint.size == self._chain.size:
            fits = checkpoint.tree_root == self._chain.tree_root()
        size = checkpoint.size
        ours = bytes(self._admissions[size * HASH_SIZE : (size + 1) * HASH_SIZE])
        if not fits:
            self._differ(Code.TRAIL_DIFFERS, f"of the first {size} records", size)
        elif checkpoint.admissions != ours:
            words = f"of who signed which of the first {size} records"
            self._differ(Code.TRAIL_DIFFERS, words, size, checkpoint.log_hash, size)
        else:
            self._checkpoints += 1
            return True
        return False

    def _compare_case(self, record: CaseRecord, views: CaseViews) -> None:
        view = record.view
        ours = views.get(CaseId(view.case))
        if view.position >= self._chain.size:
            return
        if ours is not None and view.position < ours.position:
            return
        if ours is not None and encode(ours) == encode(view):
            self._cases += 1
            return
        words = f"of case {view.case.hex()[:16]}… at version {view.version}"
        at = view.position
        self._differ(Code.CASE_DIFFERS, words, at, self._chain.hash_at(at + 1), at + 1)

    def _differ(
        self, code: Code, what: str, position: int, log_hash: bytes = b"", size: int = 0
    ) -> None:
        """Tell of an output that says something else.

        What a processor concluded of this very log before it knew a document that refuses records
        is no lie; nor is it one if it has refused what an amortised replay has not verified.

        Args:
            code: What it is.
            what: About what.
            position: Where.
            log_hash: The hash that the output states of the log.
            size: Over so many records.
        """
        same = bool(log_hash) and bool(self._chain.matches(size, log_hash))
        distrusted = self._judge.first_distrusted
        words = f"the processor says something else {what}"
        if same and distrusted is not None and distrusted < size:
            self._findings.add(Code.OUTPUT_UNDER_OTHER_TRUST, words, position=position)
            return
        self._differed += 1
        if same and not self._verified:
            words += (
                "; a forged record before may be why, which it has refused and this replay has not "
                "verified: a full one tells"
            )
        self._findings.add(code, words, position=position)

    def _refuse(self, error: Exception) -> None:
        self._findings.add(Code.OUTPUT_REFUSED, str(error))


def _stated(
    log_time: int, office: OfficeId | None, event: EventId | None, log_hash: bytes
) -> bytes:
    return sha256(encode((log_time, office, event, log_hash))).digest()[:_STATED]


def _judged(verdict: Verdict | None) -> bytes:
    return _UNKNOWN if verdict is None else sha256(encode(verdict)).digest()[:_JUDGED]


def _words(verdict: Verdict | None) -> str:
    if verdict is None:
        return "open"
    return str(verdict.reason or verdict.outcome)
