"""The step layer of an audit: the rebuilt case views, compared with signed digests.

Needs summary keys, which an observer of the agreement is granted. All grants are read before the
first record, so a key that is missing then is missing for good.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

import msgspec

from blo_audit.findings.codes import Code
from blo_audit.findings.findings import Findings
from blo_audit.replay.claims import Claim
from blo_audit.replay.seam import SeamParked, ViewsSeam
from blo_audit.replay.shredding import ShreddingCheck
from blo_audit.replay.statement import ViewsProof
from blo_audit.replay.verdicts import VerdictFindings
from blo_domain.trust import LinkTrustRules
from blo_projection.case_views import CaseViews
from blo_projection.fold import FoldedRecord, KeySource, LinkFold
from blo_projection.link_chain import AdmittedRecord, LinkChain
from blo_projection.parked_records import ParkedRecord
from blo_schemas.event import LogRecord
from blo_schemas.ids import CaseId, EventId, KeyId, OfficeId
from blo_schemas.verdicts import Outcome
from blo_schemas.views import CaseView

_MAX_PARKED: Final = 5_000
"""So many records may wait for keys; with more, the views are given up, so that memory is bounded."""
_COMPARED: Final = 32
"""So many heads of each office have their view digests compared, the newest and some before."""


class CaseReplay:
    """Folds a link's records down to the cases' views, and compares these with signed digests.

    Args:
        chain: The record layer.
        trust: What the trust documents say about the link.
        keys: The auditor's summary keys.
        judge: Adds the findings of verdicts.
        findings: Takes the other findings.
        claims: What others signed about the link.
        verified: Whether every signature is verified, so that views that differ are their
            signer's doing.
        withdrawn: Ids of the keys whose grants were withdrawn.

    Attributes:
        views: The cases' views.
        last: What the fold concluded of the last record; ``None`` after the views were given up.
    """

    def __init__(
        self,
        chain: LinkChain,
        trust: LinkTrustRules,
        keys: KeySource,
        judge: VerdictFindings,
        findings: Findings,
        claims: Sequence[Claim],
        *,
        verified: bool,
        withdrawn: Collection[KeyId] = (),
    ) -> None:
        self.views = CaseViews()
        self.last: FoldedRecord | None = None
        self._chain = chain
        self._verified = verified
        self._judge = judge
        self._findings = findings
        self._fold: LinkFold | None = LinkFold(
            chain.link, chain, trust, self.views, keys, read_content=False
        )
        self._shreddings = ShreddingCheck(
            self.views, judge, findings, verified=verified, withdrawn=withdrawn
        )
        self._compared = _to_compare(claims)
        self._done: set[tuple[OfficeId, int]] = set()
        self._before: frozenset[tuple[OfficeId, int]] = frozenset()
        self._agreed = self._differed = self._incomparable = self._unopened = 0
        self._first_unopened: int | None = None
        self._given_up_at: int | None = None

    def feed(self, record: LogRecord) -> AdmittedRecord:
        """Take the next record.

        Raises:
            PositionError: It is not the next one; nothing was changed.
        """
        fold = self._fold
        if fold is None:
            return self._chain.admit(record)
        self.last = folded = fold.feed(record)
        admitted = folded.admitted
        if admitted.verdict is None:
            if folded.verdict is None:
                self._park(fold, record.position)
            else:
                self._conclude(folded)
        return admitted

    def _conclude(self, folded: FoldedRecord) -> None:
        assert folded.verdict is not None
        if folded.verdict.outcome is Outcome.REJECTED:
            admitted = folded.admitted
            self._judge.step(admitted, folded.verdict, self._view_of(admitted))
        else:
            self._shreddings.note(folded)

    def compare(self, claim: Claim) -> None:
        """Compare the views with what an office signed about this size."""
        office = claim.signers[0]
        place = (office, claim.size)
        if claim.view_digest is None or place not in self._compared:
            return
        if place in self._before:
            return
        self._done.add(place)
        # The views of a size that lies before the seam are gone.
        past = claim.size < self._chain.size
        if self._fold is None or self._unopened or past:
            self._incomparable += 1
            return
        if self.views.digest() == claim.view_digest:
            self._agreed += 1
            return
        if claim.unopened:
            self._incomparable += 1
            return
        self._differed += 1
        distrusted = self._judge.first_distrusted
        explained = distrusted is not None and distrusted < claim.size
        code = Code.VIEWS_UNDER_OTHER_TRUST if explained else Code.VIEWS_DIFFER
        words = (
            f"it signed {claim.view_digest.hex()[:16]}… for its views at {claim.size} records; "
            f"the log gives {self.views.digest().hex()[:16]}…"
        )
        if not self._verified:
            words = (
                f"{office}: {words}. A forged record before may be why, which {office} has refused "
                "and this replay has not verified: a full one tells"
            )
        named = office if self._verified else None
        self._findings.add(code, words, position=claim.size, office=named)

    def seam(self) -> ViewsSeam | None:
        """The state, from which ``resume`` goes on; ``None``: the views were given up."""
        if self._fold is None:
            return None
        return ViewsSeam(
            cases=tuple(self.views),
            parked=tuple(SeamParked(*msgspec.structs.astuple(item)) for item in self._fold.parked),
            shreddings=self._shreddings.places(),
            compared=tuple(sorted(self._done)),
            agreed=self._agreed,
            differed=self._differed,
            incomparable=self._incomparable,
        )

    def resume(self, seam: ViewsSeam) -> None:
        """Go on behind the records of a seam."""
        assert self._fold is not None
        for view in seam.cases:
            self.views.put(view)
        for item in seam.parked:
            self._fold.parked.add(
                ParkedRecord(
                    item.position,
                    item.log_time,
                    EventId(item.event),
                    item.office,
                    CaseId(item.case),
                    KeyId(item.summary_key),
                )
            )
        self._shreddings.resume(seam.shreddings)
        self._before = frozenset(seam.compared)
        self._done |= self._before
        self._agreed, self._differed = seam.agreed, seam.differed
        self._incomparable = seam.incomparable
        self._count_unopened(self._fold)

    def openable(self, limit: int) -> list[int]:
        """Positions of records whose keys came after they were read; see ``LinkFold.openable``."""
        return [] if self._fold is None else self._fold.openable(limit)

    def release(self, position: int, value: bytes) -> None:
        """Judge a record whose key came after it was read; see ``LinkFold.release``."""
        assert self._fold is not None
        self._conclude(self._fold.release(position, value))
        self._count_unopened(self._fold)

    def _count_unopened(self, fold: LinkFold) -> None:
        self._unopened = fold.parked_count()
        self._first_unopened = next((item.position for item in fold.parked), None)

    def _view_of(self, admitted: AdmittedRecord) -> CaseView | None:
        header = admitted.header
        return None if header is None else self.views.get(header.case_id)

    def unjudged(self) -> set[CaseId] | None:
        """Cases with records that could not be opened; ``None``: the views were given up."""
        if self._fold is None:
            return None
        return set(self._fold.parked.cases())

    def proof(self, *, whole: bool) -> ViewsProof:
        """The result; records without a key become a finding.

        Args:
            whole: Whether the log was read to its end.
        """
        unjudged = self.unjudged()
        whole = whole and unjudged is not None
        shredded = self._shreddings.finish(unjudged or (), whole=whole)
        if self._first_unopened is not None:
            words = f"{self._unopened} records from here on could not be opened"
            self._findings.add(Code.KEYS_MISSING, words, position=self._first_unopened)
        return ViewsProof(
            len(self.views),
            self._agreed,
            self._differed,
            self._incomparable,
            self._unopened,
            self._given_up_at,
            shredded,
        )

    def _park(self, fold: LinkFold, position: int) -> None:
        self._unopened += 1
        if self._first_unopened is None:
            self._first_unopened = position
        if fold.parked_count() > _MAX_PARKED:
            self._fold = self.last = None
            self._given_up_at = position


def _to_compare(claims: Sequence[Claim]) -> frozenset[tuple[OfficeId, int]]:
    """The signers and sizes whose view digests are compared.

    A digest goes over all cases, so not every head of a busy office can be compared: its newest
    ones are, and for the rest some at equal distances.
    """
    chosen: set[tuple[OfficeId, int]] = set()
    by_signer: dict[OfficeId, list[int]] = {}
    for claim in claims:
        if claim.view_digest is not None:
            by_signer.setdefault(claim.signers[0], []).append(claim.size)
    for signer, all_sizes in by_signer.items():
        sizes = sorted(set(all_sizes))
        half = _COMPARED // 2
        newest, older = sizes[-half:], sizes[:-half]
        step = max(1, -(-len(older) // half))
        chosen.update((signer, size) for size in [*older[::step], *newest])
    return frozenset(chosen)
