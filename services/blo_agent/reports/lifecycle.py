"""The steps of a report from computed to frozen, each with a journal entry (docs/domain.md §2).

Jobs of the store's thread. A step that is refused is in the journal too; ``office`` does that.
"""

from __future__ import annotations

from datetime import date
from functools import cached_property
from typing import NamedTuple

from blo_agent.office.state import Office
from blo_agent.reports.errors import ReportRefusal, ReportRefused
from blo_agent.store.connection import Snapshot, Transaction
from blo_agent.store.tables import journal, reports
from blo_domain.reports.checks import check_figures, has_ended, is_among, may_freeze
from blo_schemas.reports import (
    MAX_REPORT_STEPS,
    PERIOD_REPORT,
    REPORT_VERSION,
    SIGNED_REPORT,
    STEPS,
    FrozenReport,
    PeriodReport,
    ReportAct,
    ReportStep,
    SignedReport,
    report_digest,
)
from blo_schemas.texts import from_hex
from blo_sealing.statements import sign_report


class ReportDraft(NamedTuple):
    """A report that was computed, as the store keeps it; a large one takes long to encode.

    Attributes:
        digest: Its digest.
        first: First business date.
        last: Last business date.
        data: Encoded ``PeriodReport``.
    """

    digest: bytes
    first: date
    last: date
    data: bytes


class ReportAction:
    """A report as the store has it; what is large is decoded when it is asked for.

    Attributes:
        digest: Its digest.
        first: First business date.
        last: Last business date.
        steps: Who did what.
        is_frozen: Whether it is signed and nothing changes it any more.
    """

    def __init__(self, row: reports.ReportRow) -> None:
        self._row = row
        self.digest = row.digest
        self.first = row.first
        self.last = row.last
        self.steps: tuple[ReportStep, ...] = STEPS.decode(row.steps)
        self.is_frozen = row.signed is not None

    @cached_property
    def report(self) -> PeriodReport:
        """What was computed."""
        return PERIOD_REPORT.decode(self._row.draft)

    @cached_property
    def signed(self) -> SignedReport | None:
        """The signed report, once it is frozen."""
        return None if self._row.signed is None else SIGNED_REPORT.decode(self._row.signed)

    @property
    def state(self) -> ReportAct:
        """The last step that was taken."""
        return self.steps[-1].act


def draft_of(report: PeriodReport) -> ReportDraft:
    """A report as the store keeps it; not to be asked for in the store's thread."""
    digest = from_hex(report_digest(report))
    return ReportDraft(digest, report.first, report.last, PERIOD_REPORT.encode(report))


def file(draft: ReportDraft, actor: str, now: int, tx: Transaction) -> ReportAction:
    """Keep a report that was computed."""
    known = reports.get(tx, draft.digest)
    if known is not None:
        return ReportAction(known)
    steps = STEPS.encode((ReportStep(act=ReportAct.COMPUTE, by=actor, at=now),))
    row = reports.ReportRow(draft.digest, draft.first, draft.last, now, draft.data, steps, None)
    reports.put(tx, row)
    _note(tx, ReportAct.COMPUTE, actor, draft.digest, now)
    return ReportAction(row)


def find(snapshot: Snapshot, digest: bytes) -> ReportAction:
    """The report with this digest.

    Raises:
        ReportRefused: There is none.
    """
    row = reports.get(snapshot, digest)
    if row is None:
        raise ReportRefused(
            ReportRefusal.UNKNOWN_REPORT,
            f"no report {digest.hex()} was computed here; compute one, or look into the list",
        )
    return ReportAction(row)


def review(digest: bytes, actor: str, now: int, tx: Transaction) -> ReportAction:
    """Note that somebody else than who computed it has looked at a report.

    Raises:
        ReportRefused: It is frozen, or this person has computed it.
    """
    filed = _open(digest, tx)
    if is_among(actor, _who(filed, ReportAct.COMPUTE)):
        raise ReportRefused(
            ReportRefusal.OWN_WORK,
            f"{actor} has computed it, as far as names tell; somebody else reviews it",
        )
    if filed.state is ReportAct.SIGN:
        raise ReportRefused(ReportRefusal.OUT_OF_ORDER, "it is signed already")
    return _add(filed, ReportAct.REVIEW, actor, now, tx)


def sign(digest: bytes, actor: str, now: int, tx: Transaction) -> ReportAction:
    """Note that somebody stands for a report that was reviewed; several may.

    Raises:
        ReportRefused: It is frozen, or was not reviewed.
    """
    filed = _open(digest, tx)
    if not _who(filed, ReportAct.REVIEW):
        raise ReportRefused(ReportRefusal.OUT_OF_ORDER, "it was not reviewed yet")
    return _add(filed, ReportAct.SIGN, actor, now, tx)


def checked(digest: bytes, snapshot: Snapshot) -> PeriodReport:
    """The report with this digest, whose figures add up; in a reader's thread, as it takes long.

    Raises:
        ReportRefused: There is none.
    """
    report = find(snapshot, digest).report
    flaws = check_figures(report)
    if flaws:
        raise ValueError(f"the report does not add up: {flaws[0].where}: {flaws[0].words}")
    return report


def freeze(
    office: Office, digest: bytes, report: PeriodReport, actor: str, now: int, tx: Transaction
) -> ReportAction:
    """Sign a report with the office's key; from now on nothing changes it.

    Args:
        office: Who signs.
        digest: The report's digest.
        report: What ``checked`` gave for the digest.
        actor: Who wants it.
        now: The office's clock, Unix milliseconds.
        tx: The transaction that this belongs to.

    Raises:
        ReportRefused: Not enough people have seen it, it was computed before its period had ended,
            a day of it has a frozen report already, or the office has no key to sign with.
    """
    filed = _open(digest, tx)
    why = may_freeze([(step.act, step.by) for step in filed.steps])
    if why is not None:
        raise ReportRefused(ReportRefusal.FOUR_EYES, why)
    _refuse_open_period(report)
    _refuse_frozen_days(report, tx)
    certified = office.certificate(now)
    private_keys = None if certified is None else office.node_keys_of(certified.tag)
    if certified is None or private_keys is None:
        raise ReportRefused(
            ReportRefusal.NO_IDENTITY, "no valid certificate names a key of this store"
        )
    steps = (*filed.steps, ReportStep(act=ReportAct.FREEZE, by=actor, at=now))
    frozen = FrozenReport(v=REPORT_VERSION, kid=certified.tag.hex(), steps=steps, report=report)
    signed = sign_report(frozen, private_keys.signing)
    reports.set_steps(tx, digest, STEPS.encode(steps), SIGNED_REPORT.encode(signed))
    _note(tx, ReportAct.FREEZE, actor, digest, now)
    return find(tx, digest)


def _refuse_open_period(report: PeriodReport) -> None:
    if not has_ended(report):
        raise ReportRefused(
            ReportRefusal.PERIOD_NOT_ENDED,
            f"it was computed before {report.last} was over, so what happened later is missing; "
            "compute it again when the period has ended",
        )


def _refuse_frozen_days(report: PeriodReport, tx: Transaction) -> None:
    other = reports.frozen_within(tx, report.first, report.last)
    if other is None:
        return
    if (other.first, other.last) == (report.first, report.last):
        words = f"report {other.digest.hex()} of this period is frozen"
    else:
        words = (
            f"report {other.digest.hex()} of {other.first} to {other.last} is frozen and has days "
            f"of {report.first} to {report.last} too, and nothing may be reported twice"
        )
    raise ReportRefused(
        ReportRefusal.PERIOD_IS_FROZEN, f"{words}; compare it with what the log says now"
    )


def _open(digest: bytes, tx: Transaction) -> ReportAction:
    filed = find(tx, digest)
    if filed.is_frozen:
        raise ReportRefused(ReportRefusal.FROZEN, "it is frozen; nothing changes it any more")
    return filed


def _who(filed: ReportAction, act: ReportAct) -> set[str]:
    return {step.by for step in filed.steps if step.act is act}


def _add(
    filed: ReportAction, act: ReportAct, actor: str, now: int, tx: Transaction
) -> ReportAction:
    if len(filed.steps) >= MAX_REPORT_STEPS - 1:
        raise ReportRefused(
            ReportRefusal.TOO_MANY_STEPS,
            f"it has {len(filed.steps)} steps already; freeze it, or compute it again",
        )
    steps = (*filed.steps, ReportStep(act=act, by=actor, at=now))
    reports.set_steps(tx, filed.digest, STEPS.encode(steps), None)
    _note(tx, act, actor, filed.digest, now)
    return find(tx, filed.digest)


def _note(tx: Transaction, act: ReportAct, actor: str, digest: bytes, now: int) -> None:
    journal.append(tx, at=now, actor=actor, action=f"report {act}", detail=digest)
