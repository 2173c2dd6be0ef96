"""Findings from the verdicts of the fold.

A rejected record is not a wrong one: an honest log holds steps that crossed, events that were sent
twice, and what an office wrote over the end of its certificate. So each reason has a code of its
own weight (``meanings.py``), and an event that only follows a refused one is not blamed for it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from blo_audit.findings.codes import Code
from blo_audit.findings.findings import Findings
from blo_domain.trust import Certified, TrustedDirectory
from blo_projection.link_chain import AdmittedRecord
from blo_schemas import hashes
from blo_schemas.event import Envelope
from blo_schemas.ids import LinkId
from blo_schemas.verdicts import Outcome, Reason, Verdict
from blo_schemas.views import CaseView
from blo_sealing.signatures import verify_signature

MAX_REFUSED: Final = 10_000
"""So many refused events are remembered, to recognise events that follow them."""

BYTES: Final = frozenset(
    {
        Reason.TOO_LARGE,
        Reason.TRUNCATED,
        Reason.TRAILING_BYTES,
        Reason.UNKNOWN_VERSION,
        Reason.WRONG_TYPE,
        Reason.NOT_CANONICAL,
    }
)
CODES: Final[dict[Reason, Code]] = {
    **dict.fromkeys(BYTES, Code.RECORD_UNREADABLE),
    Reason.NO_AGREEMENT: Code.NO_AGREEMENT,
    Reason.UNKNOWN_KEY: Code.UNKNOWN_KEY,
    Reason.NOT_A_PARTY: Code.NOT_A_PARTY,
    Reason.KEY_NOT_YET_VALID: Code.KEY_OUTSIDE_VALIDITY,
    Reason.KEY_EXPIRED: Code.KEY_OUTSIDE_VALIDITY,
    Reason.KEY_REVOKED: Code.KEY_REVOKED,
    Reason.WRONG_LINK: Code.WRONG_LINK,
    Reason.BAD_SIGNATURE: Code.BAD_SIGNATURE,
    Reason.PAYLOAD_MISMATCH: Code.PAYLOAD_MISMATCH,
    Reason.GAP: Code.GAP,
    Reason.FORK: Code.FORK,
    Reason.SEEN_BEYOND_LOG: Code.SEEN_BEYOND_LOG,
    Reason.SEEN_GOES_BACK: Code.SEEN_GOES_BACK,
    Reason.SEEN_HASH_MISMATCH: Code.SEEN_HASH_MISMATCH,
    Reason.SUMMARY_UNOPENABLE: Code.SUMMARY_UNREADABLE,
    Reason.SUMMARY_MALFORMED: Code.SUMMARY_UNREADABLE,
    Reason.SUMMARY_UNKNOWN_VERSION: Code.SUMMARY_UNREADABLE,
    Reason.UNKNOWN_CASE: Code.STEP_CROSSED,
    Reason.CASE_EXISTS: Code.STEP_REFUSED,
    Reason.KIND_MISMATCH: Code.STEP_REFUSED,
    Reason.VERSION_AHEAD: Code.STEP_CROSSED,
    Reason.NOT_LEGAL_NOW: Code.STEP_CROSSED,
    Reason.NOT_YOUR_STEP: Code.STEP_CROSSED,
    Reason.NOTHING_TO_SUPERSEDE: Code.STEP_CROSSED,
    Reason.CASE_FULL: Code.CASE_FLOODED,
}
"""Which finding a reason is; complete, as a test checks."""

TRUST: Final = frozenset(
    {
        Reason.NO_AGREEMENT,
        Reason.UNKNOWN_KEY,
        Reason.NOT_A_PARTY,
        Reason.KEY_NOT_YET_VALID,
        Reason.KEY_EXPIRED,
        Reason.KEY_REVOKED,
    }
)
"""Reasons that come from the trust documents, before any signature was looked at."""

_UNPROVED: Final = frozenset({Code.BAD_SIGNATURE, Code.PAYLOAD_MISMATCH})


class VerdictFindings:
    """Adds a finding for each rejected record of a link.

    Args:
        link: The link.
        directory: What the trust documents prove.
        findings: Takes the findings.

    Attributes:
        first_distrusted: Position of the first record that the trust documents refuse.
        unverifiable: How many records had no signature to verify: no event, or nobody's who may
            write.
    """

    def __init__(self, link: LinkId, directory: TrustedDirectory, findings: Findings) -> None:
        self.first_distrusted: int | None = None
        self.unverifiable = 0
        self._link = link
        self._directory = directory
        self._findings = findings
        self._refused: dict[bytes, int] = {}

    def refused(self) -> tuple[tuple[bytes, int], ...]:
        """Refused events with their positions, as ``resume`` takes them."""
        return tuple(self._refused.items())

    def resume(
        self, refused: Iterable[tuple[bytes, int]], distrusted: int | None, unverifiable: int
    ) -> None:
        """Go on behind records that were judged.

        Args:
            refused: What ``refused`` gave.
            distrusted: See ``first_distrusted``.
            unverifiable: See the attribute.
        """
        self._refused = dict(refused)
        self.first_distrusted = distrusted
        self.unverifiable = unverifiable

    def record(self, admitted: AdmittedRecord, *, verified: bool) -> None:
        """Add the finding for a record that the record layer does not accept.

        Args:
            admitted: What it says of the record.
            verified: Whether every signature before it was verified, so that a fork is its
                writer's.
        """
        verdict = admitted.verdict
        assert verdict is not None
        if verdict.outcome is Outcome.DUPLICATE:
            self._add(Code.DUPLICATE, admitted, "the event lies in the log already")
            return
        reason = verdict.reason
        assert reason is not None
        if admitted.event is not None and reason not in (Reason.GAP, Reason.FORK):
            self._refuse(admitted.event, admitted.position)
        if reason in TRUST or reason in BYTES:
            self.unverifiable += 1
        if reason in TRUST:
            self._distrusted(admitted, reason)
        elif reason in (Reason.GAP, Reason.FORK):
            self._misplaced(admitted, reason, verified=verified)
        else:
            self._add(CODES[reason], admitted, _words(admitted, reason))

    def step(self, admitted: AdmittedRecord, verdict: Verdict, view: CaseView | None) -> None:
        """Add the finding for a rejected step; nobody is blamed for what another forged.

        Args:
            admitted: What the record layer says of the record.
            verdict: What the step layer says of it.
            view: The case, which the step did not change; ``None``: there is none.
        """
        if verdict.reason is None:
            return
        code = CODES[verdict.reason]
        words = f"rejected: {verdict.reason}"
        if code is not Code.STEP_CROSSED:
            code = self.forgery(admitted) or code
        if code is Code.CASE_FLOODED and view is not None:
            counts = sorted((view.count_by(office), office) for office in view.offices)
            shares = ", ".join(f"{office} {count:,}" for count, office in reversed(counts))
            words += f"; the case has {view.version:,} steps: {shares}"
        self._add(code, admitted, words)

    def forgery(self, admitted: AdmittedRecord) -> Code | None:
        """The fault of an event whose signature may not have been verified yet; ``None``: none."""
        header, envelope = admitted.header, admitted.envelope
        assert header is not None
        assert envelope is not None
        if hashes.payload_hash(envelope.summary_ct, envelope.body_ct) != header.payload_hash:
            return Code.PAYLOAD_MISMATCH
        certified = self._directory.certified(self._link, header.certificate_tag)
        assert certified is not None
        return None if self._is_signed(envelope, certified) else Code.BAD_SIGNATURE

    def _is_signed(self, envelope: Envelope, certified: Certified) -> bool:
        signed = hashes.event_input(self._link, envelope.header)
        return verify_signature(certified.certificate.signing_key, signed, envelope.signature)

    def _distrusted(self, admitted: AdmittedRecord, reason: Reason) -> None:
        if self.first_distrusted is None:
            self.first_distrusted = admitted.position
        header, envelope = admitted.header, admitted.envelope
        assert header is not None
        assert envelope is not None
        self._refuse(hashes.event_id(self._link, envelope.header), admitted.position)
        certified = self._directory.certified(self._link, header.certificate_tag)
        if certified is None:
            self._add(CODES[reason], admitted, f"certificate tag {header.kid.hex()}: {reason}")
            return
        # A certified subject that was never a party of the link is known to an auditor.
        reason = Reason.NOT_A_PARTY if reason is Reason.UNKNOWN_KEY else reason
        subject = certified.certificate.subject
        good = self._is_signed(envelope, certified)
        how = "signed with the key of" if good else "naming, but not signed by,"
        self._findings.add(
            CODES[reason],
            f"{how} {subject}, certificate {header.kid.hex()}: {reason}",
            position=admitted.position,
            office=subject if good else None,
        )

    def _misplaced(self, admitted: AdmittedRecord, reason: Reason, *, verified: bool) -> None:
        header = admitted.header
        assert header is not None
        assert admitted.event is not None
        before = self._refused.get(header.oprev)
        self._refuse(admitted.event, admitted.position)
        if before is not None:
            words = f"it follows record {before}, which was refused"
            self._add(Code.FOLLOWS_REFUSED, admitted, words)
        elif reason is Reason.GAP:
            words = f"its event {header.oseq} follows {header.oprev.hex()[:16]}…, which is nowhere"
            self._add(Code.GAP, admitted, words)
        elif verified:
            words = (
                f"its event {header.oseq} ({admitted.event.hex()[:16]}…) contradicts another one"
            )
            self._add(Code.FORK, admitted, words)
        else:
            words = (
                f"event {header.oseq} ({admitted.event.hex()[:16]}…) is signed by {admitted.office} "
                "and contradicts another one, whose signature was not verified: a full replay "
                "says whether the office or somebody else wrote that one"
            )
            self._findings.add(Code.FORK, words, position=admitted.position)

    def _refuse(self, event: bytes, position: int) -> None:
        if len(self._refused) < MAX_REFUSED:
            self._refused.setdefault(event, position)

    def _add(self, code: Code, admitted: AdmittedRecord, words: str) -> None:
        office = admitted.office
        if code in _UNPROVED:
            words, office = f"{words}; it names {office}", None
        self._findings.add(code, words, position=admitted.position, office=office)


def _words(admitted: AdmittedRecord, reason: Reason) -> str:
    header = admitted.header
    if reason in BYTES or header is None:
        return f"the bytes are no event: {reason}"
    if reason is Reason.SEEN_BEYOND_LOG:
        return f"it had read {header.seen_size} records, and {admitted.position} lie before it"
    if reason is Reason.SEEN_HASH_MISMATCH:
        return f"the first {header.seen_size} records that it had read are others than these"
    if reason is Reason.SEEN_GOES_BACK:
        return f"it had read {header.seen_size} records, fewer than before"
    return f"rejected: {reason}"
