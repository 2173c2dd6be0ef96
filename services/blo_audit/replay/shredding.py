"""The check of agreed shreddings: who confirmed the deletion, and who did not (ADR 7).

An audit reads no contents, so it cannot see whether they are there. What it can show: that every
office of the link agreed at which record, and which of them signed afterwards that it deleted.
These few records are verified in amortised mode, too: a confirmation that is named is a signed one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from blo_audit.findings.codes import Code
from blo_audit.findings.findings import Findings
from blo_audit.replay.clocks import instant
from blo_audit.replay.seam import SeamPlace
from blo_audit.replay.statement import ConfirmedClaim, ShreddedCase
from blo_audit.replay.verdicts import VerdictFindings
from blo_domain.lifecycle import SHREDDING_STEPS
from blo_domain.shredding import (
    ShreddingPlace,
    ShreddingProgress,
    is_agreed,
    is_shredded,
    shredding_of,
)
from blo_projection.case_views import CaseViews
from blo_projection.fold import FoldedRecord
from blo_schemas.ids import CaseId, EventId, KeyId


class ShreddingCheck:
    """Follows the shreddings of one link.

    Args:
        views: The rebuilt views.
        judge: Says whether an event is forged.
        findings: Takes the findings.
        verified: Whether the chain verifies every signature.
        withdrawn: Ids of the keys whose grants were withdrawn; a content key's is its case's.
    """

    def __init__(
        self,
        views: CaseViews,
        judge: VerdictFindings,
        findings: Findings,
        *,
        verified: bool,
        withdrawn: Collection[KeyId],
    ) -> None:
        self._views = views
        self._judge = judge
        self._findings = findings
        self._verified = verified
        self._withdrawn = withdrawn
        self._places: dict[CaseId, dict[int, ShreddingPlace]] = {}

    def note(self, folded: FoldedRecord) -> None:
        """Keep the place of an accepted step of a shredding; other steps are ignored."""
        summary = folded.summary
        if not folded.version or summary is None or summary.step not in SHREDDING_STEPS:
            return
        assert folded.header is not None
        assert folded.event is not None
        places = self._places.setdefault(folded.header.case_id, {})
        if self._verified or self._is_genuine(folded):
            place = ShreddingPlace(folded.position, folded.event, folded.log_time)
            places[folded.version] = place

    def places(self) -> tuple[tuple[CaseId, tuple[SeamPlace, ...]], ...]:
        """The places of all steps of shreddings, as ``resume`` takes them."""
        return tuple(
            (case, tuple(SeamPlace(version, *place) for version, place in places.items()))
            for case, places in self._places.items()
        )

    def resume(self, places: Iterable[tuple[bytes, tuple[SeamPlace, ...]]]) -> None:
        """Go on behind records whose steps of shreddings are there."""
        for case, steps in places:
            self._places[CaseId(case)] = {
                step.version: ShreddingPlace(step.position, EventId(step.event), step.log_time)
                for step in steps
            }

    def finish(self, waiting: Collection[CaseId], *, whole: bool) -> tuple[ShreddedCase, ...]:
        """The cases whose contents are gone by agreement, in the order in which it was agreed.

        Args:
            waiting: Cases with records that could not be opened.
            whole: Whether the log was read to its end. If not, no word is called missing.
        """
        shredded = []
        for case, places in self._places.items():
            view = self._views.get(case)
            assert view is not None
            shredding = _shredded_case(case, shredding_of(view, places))
            if shredding is None:
                continue
            shredded.append(shredding)
            if whole and case not in waiting:
                self._add_unconfirmed(shredding)
        if whole:
            self._judge_withdrawn(waiting)
        return tuple(sorted(shredded, key=lambda shredding: shredding.agreed_at))

    def _is_genuine(self, folded: FoldedRecord) -> bool:
        """Whether the signature is its writer's; a forged step's place is not kept."""
        forgery = self._judge.forgery(folded.admitted)
        if forgery is None:
            return True
        words = f"a step of a shredding, which {folded.office} has not signed like this"
        self._findings.add(forgery, words, position=folded.position)
        return False

    def _add_unconfirmed(self, case: ShreddedCase) -> None:
        for office in case.missing:
            self._findings.add(
                Code.SHREDDING_UNCONFIRMED,
                f"case {case.case}: it was agreed at record {case.agreed_at}, "
                f"{instant(case.agreed_time)}, that the contents are deleted; since then {office} "
                "has not signed that it deleted them",
                position=case.agreed_at,
                office=office,
            )

    def _judge_withdrawn(self, waiting: Collection[CaseId]) -> None:
        for key in sorted(self._withdrawn):
            case = CaseId(key)
            view = self._views.get(case)
            if case in waiting or (view is not None and is_shredded(view)):
                continue
            if view is None:
                words = f"the grants of key {key.hex()}, which is no case's that counts here"
            else:
                words = (
                    f"the grants of case {case.hex()}, which is {view.state} and was never agreed "
                    "to be shredded"
                )
            self._findings.add(Code.GRANTS_WITHDRAWN, words)


def _shredded_case(case: CaseId, shredding: ShreddingProgress) -> ShreddedCase | None:
    """``None``: it is not agreed, or a consent is forged, which is told already."""
    consents = [step.place for step in shredding.consents if step.place is not None]
    if not is_agreed(shredding.status) or len(consents) < len(shredding.consents):
        return None
    confirmed = tuple(
        ConfirmedClaim(step.office, step.place.position)
        for step in shredding.confirmations
        if step.place is not None
    )
    missing = {step.office for step in shredding.consents} - {step.office for step in confirmed}
    return ShreddedCase(
        case=case.hex(),
        agreed_at=consents[-1].position,
        agreed_time=consents[-1].log_time,
        agreed_by=tuple(step.office for step in shredding.consents),
        confirmed=confirmed,
        missing=tuple(sorted(missing)),
    )
