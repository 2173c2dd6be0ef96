"""The rules of a case: which steps are accepted, and how they change it (docs/architecture.md, "The case").

``decide`` is asked before an event is written: may this office do that now? ``evolve`` is asked of
each event in the log's order: does it count, and what is the case then? Both look at the same
tables by the same rule (``_judge``), so a command that ``decide`` lets pass is accepted by every
reader unless another office's step came before it in the log.

Every reader (agent, processor, auditor) folds the same events in the same order with ``evolve``,
and so all have equal views and come to equal verdicts.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Final, NamedTuple

from blo_domain.case_capacity import NEVER_FULL, Parties, is_full
from blo_domain.commands import ChannelRules, Command, Target, check_content
from blo_domain.errors import RefusalReason, Refused
from blo_domain.lifecycle import (
    ATTACHED,
    LIFECYCLES,
    STATES_DUE,
    By,
    StepRule,
)
from blo_domain.wording import refusal_words
from blo_schemas.bodies import Correction
from blo_schemas.fields import Bytes32
from blo_schemas.ids import LinkId, OfficeId
from blo_schemas.summary import SUMMARY_VERSION, Step, Summary, Urgency
from blo_schemas.verdicts import ACCEPTED, CROSSED, Reason, Verdict, rejected
from blo_schemas.views import MAX_CASE_OFFICES, VIEW_VERSION, CaseView, State

_TABLES: Final = {kind: table.lookup for kind, table in LIFECYCLES.items()}
_REJECTED: Final[Mapping[Reason, Verdict]] = {reason: rejected(reason) for reason in Reason}
_PAIR: Final = 2
_CODES: Final = tuple(bytes((number,)) for number in range(256))

# Looking up a member on its enum class costs more than the rest of a check (Python 3.11).
_OPEN: Final = Step.OPEN
_OPENER: Final = By.OPENER
_RESPONDER: Final = By.RESPONDER

ANY_CONTENT: Final = ChannelRules()
"""The default rules, for a link whose agreement adds none."""


class SubmittedStep(NamedTuple):
    """One event as far as its header and summary tell, at its place in the log.

    Attributes:
        case: The case.
        link: The link whose log it stands in.
        office: Who wrote it.
        summary: Its summary.
        position: Log position.
        log_time: Log time, Unix milliseconds.
    """

    case: Bytes32
    link: LinkId
    office: OfficeId
    summary: Summary
    position: int
    log_time: int


def evolve(
    view: CaseView | None, fact: SubmittedStep, parties: Parties
) -> tuple[CaseView | None, Verdict]:
    """The case after one more event, and what is concluded of the event.

    Args:
        view: The case before it; ``None``: not open yet.
        fact: The event.
        parties: The link's offices at the event's log time.

    Returns:
        The new view with ``ACCEPTED``, or with ``CROSSED`` if the writer had not seen the latest
        version; or the same view with a rejection. The urgency is the opener's to set; what
        another office's summary says about it does not change the view.
    """
    summary = fact.summary
    if view is None:
        reason = _against_opening(summary, fact.office, parties)
        return (_opened(fact), ACCEPTED) if reason is None else (None, _REJECTED[reason])
    judged = _judge(view, summary, fact.office, fact.link, parties)
    if isinstance(judged, Reason):
        return view, _REJECTED[judged]
    crossed = summary.expected_version < view.version
    return _apply(view, fact, judged, parties, crossed=crossed), CROSSED if crossed else ACCEPTED


def decide(
    view: CaseView | None,
    command: Command,
    parties: Parties,
    office: OfficeId,
    rules: ChannelRules = ANY_CONTENT,
) -> Summary:
    """The summary of the event that a command becomes.

    Args:
        view: The case as the office knows it; ``None``: not open.
        command: What the office wants.
        parties: The link's offices.
        office: Who wants it.
        rules: What the agreement says about contents.

    Raises:
        Refused: The command must not become an event; the words are for the officer.
    """
    summary = _summary(view, command, office)
    if view is None:
        reason = _against_opening(summary, office, parties)
        if reason is not None:
            raise _refusal_of(RefusalReason(reason), command)
    else:
        judged = _judge(view, summary, office, view.link, parties)
        if isinstance(judged, Reason):
            raise _refusal(judged, view, command, parties, office)
    _check_requester(view, command, office)
    check_content(command, rules)
    return summary


def legal_steps(view: CaseView, office: OfficeId, parties: Parties) -> tuple[Step, ...]:
    """The steps that an office may take now, in the order of ``Step``."""
    return tuple(
        step
        for step in sorted(LIFECYCLES[view.kind].steps)
        if isinstance(
            _judge(view, _probe(view, step, office), office, view.link, parties), StepRule
        )
    )


def _against_opening(summary: Summary, office: OfficeId, parties: Parties) -> Reason | None:
    if office not in parties:
        return Reason.NOT_A_PARTY
    if summary.step is not Step.OPEN:
        return Reason.UNKNOWN_CASE
    return Reason.VERSION_AHEAD if summary.expected_version else None


def _judge(
    view: CaseView, summary: Summary, office: OfficeId, link: LinkId, parties: Parties
) -> StepRule | Reason:
    """The rule by which a step is taken, or why it can't be."""
    if office not in parties:
        return Reason.NOT_A_PARTY
    if link != view.link:
        return Reason.UNKNOWN_CASE
    if summary.step is _OPEN:
        return Reason.CASE_EXISTS
    if summary.kind is not view.kind:
        return Reason.KIND_MISMATCH
    if summary.expected_version > view.version:
        return Reason.VERSION_AHEAD
    rule = _TABLES[view.kind].get((view.state, summary.step))
    if rule is None:
        return Reason.NOT_LEGAL_NOW
    if not _is_permitted(rule.by, office, view.opener):
        return Reason.NOT_YOUR_STEP
    crowded = rule.turns or view.version >= NEVER_FULL or len(view.offices) >= MAX_CASE_OFFICES
    if crowded and is_full(view, rule, summary.step, office, parties):
        return Reason.CASE_FULL
    return rule if rule.unguarded else _guard(rule, view, summary, office) or rule


def _is_permitted(by: By, office: OfficeId, opener: OfficeId) -> bool:
    if by is _OPENER:
        return office == opener
    return by is not _RESPONDER or office != opener


def _guard(rule: StepRule, view: CaseView, summary: Summary, office: OfficeId) -> Reason | None:
    """The reason that forbids a step although its row allows it."""
    step = summary.step
    if step is Step.SUPERSEDE:
        return _against_correcting(view, summary.supersedes, office)
    if _has_done(rule, view, step, office):
        return Reason.NOT_LEGAL_NOW
    if (step is Step.PAUSE and view.paused) or (step is Step.RESUME and not view.paused):
        return Reason.NOT_LEGAL_NOW
    if step is Step.KEEP and view.joint_step is not Step.SHRED:
        return Reason.NOT_LEGAL_NOW
    return None


def _has_done(rule: StepRule, view: CaseView, step: Step, office: OfficeId) -> bool:
    """Whether the office has already done what it can do only once."""
    if rule.joint:
        return view.joint_step is step and office in view.done_by
    return rule.once and view.has_taken(step, office)


def _against_correcting(view: CaseView, version: int | None, office: OfficeId) -> Reason | None:
    if version is None or not 1 <= version <= view.version or version in view.superseded:
        return Reason.NOTHING_TO_SUPERSEDE
    return None if view.author(version) == office else Reason.NOT_YOUR_STEP


def _opened(fact: SubmittedStep) -> CaseView:
    summary = fact.summary
    return CaseView(
        v=VIEW_VERSION,
        case=fact.case,
        link=fact.link,
        kind=summary.kind,
        state=LIFECYCLES[summary.kind].first,
        version=1,
        urgency=summary.urgency,
        opener=fact.office,
        opened_at=fact.log_time,
        done_by=(),
        joint_step=None,
        offices=(fact.office,),
        step_codes=_CODES[Step.OPEN],
        author_codes=_CODES[0],
        superseded=(),
        paused=False,
        crossed=0,
        position=fact.position,
        log_time=fact.log_time,
    )


def _apply(
    view: CaseView, fact: SubmittedStep, rule: StepRule, parties: Parties, *, crossed: bool
) -> CaseView:
    summary = fact.summary
    step = summary.step
    state, done_by, joint_step = _progress(view, step, fact.office, rule, parties)
    superseded = view.superseded
    paused = view.paused and not (rule.ends_pause and state is rule.target)
    if not rule.unguarded:
        superseded, paused = _attached(view, summary, paused=paused)
    offices = view.offices
    if fact.office not in offices:
        offices = (*offices, fact.office)
    # By position, which is twice as fast: every record of every log passes here.
    return CaseView(
        VIEW_VERSION,
        view.case,
        view.link,
        view.kind,
        state,
        view.version + 1,
        summary.urgency if fact.office == view.opener else view.urgency,
        view.opener,
        view.opened_at,
        done_by,
        joint_step,
        offices,
        view.step_codes + _CODES[step],
        view.author_codes + _CODES[offices.index(fact.office)],
        superseded,
        paused,
        view.crossed + crossed,
        fact.position,
        fact.log_time,
    )


def _attached(view: CaseView, summary: Summary, *, paused: bool) -> tuple[tuple[int, ...], bool]:
    """The corrected versions and whether clocks stand still, after a step that may change them."""
    superseded = view.superseded
    if summary.step is Step.SUPERSEDE and summary.supersedes is not None:
        superseded = tuple(sorted((*superseded, summary.supersedes)))
    if summary.step in (Step.PAUSE, Step.RESUME):
        paused = summary.step is Step.PAUSE
    return superseded, paused


def _progress(
    view: CaseView, step: Step, office: OfficeId, rule: StepRule, parties: Parties
) -> tuple[State, tuple[OfficeId, ...], Step | None]:
    """State and progress of a joint step afterwards; leaving a state voids the progress in it."""
    if step is Step.KEEP:
        return view.state, (), None
    if rule.stays:
        return view.state, view.done_by, view.joint_step
    if not rule.joint:
        return rule.target, (), None
    done = {office, *view.done_by} if view.joint_step is step else {office}
    if len(done) >= _PAIR and _needed(view, office, rule.by, parties) <= done:
        return rule.target, (), None
    return view.state, tuple(sorted(done)), step


def _needed(view: CaseView, office: OfficeId, by: By, parties: Parties) -> set[OfficeId]:
    """The offices whose joint step the case waits for (``By.ALL``, ``By.EVERY``)."""
    if by is By.EVERY or len(parties) == _PAIR:
        return set(parties)
    active = {author for step, author in view.history() if step not in ATTACHED}
    return (active | {office}) & set(parties)


def _summary(view: CaseView | None, command: Command, office: OfficeId) -> Summary:
    known = view.urgency if view is not None else Urgency.ROUTINE
    correcting = command.step is Step.SUPERSEDE
    return Summary(
        v=SUMMARY_VERSION,
        kind=command.kind,
        step=command.step,
        urgency=command.urgency or known,
        expected_version=view.version if view is not None else 0,
        due=command.due,
        supersedes=_target_version(view, command, office) if correcting else None,
        pause_ground=command.pause_ground if command.step is Step.PAUSE else None,
    )


def _target_version(view: CaseView | None, command: Command, office: OfficeId) -> int | None:
    """The version that the step to be corrected had produced, if the office has such a step."""
    target = command.corrects
    if target is None and isinstance(command.body, Correction):
        target = Target(command.body.corrects)
    if target is None or view is None or target.nth < 1:
        return None
    versions = (n for n, entry in enumerate(view.history(), 1) if entry == (target.step, office))
    return next(islice(versions, target.nth - 1, None), None)


def _probe(view: CaseView, step: Step, office: OfficeId) -> Summary:
    """A summary with which to ask whether a step is possible."""
    target: int | None = None
    if step is Step.SUPERSEDE:
        corrected = frozenset(view.superseded)
        own = (n for n, (_, author) in enumerate(view.history(), 1) if author == office)
        target = next((n for n in own if n not in corrected), None)
    return Summary(
        v=SUMMARY_VERSION,
        kind=view.kind,
        step=step,
        urgency=view.urgency,
        expected_version=view.version,
        supersedes=target,
    )


def _check_requester(view: CaseView | None, command: Command, office: OfficeId) -> None:
    """Urgency and due date are the requester's to state, and urgency needs a ground."""
    known = view.urgency if view is not None else Urgency.ROUTINE
    wanted = command.urgency or known
    if view is not None and wanted is not known and office != view.opener:
        raise _refusal_of(RefusalReason.URGENCY_NOT_YOURS, command)
    ground = command.dispatch.urgency_ground if command.dispatch else None
    if wanted > known and not (ground or "").strip():
        raise _refusal_of(RefusalReason.URGENCY_GROUND_MISSING, command)
    if command.due is not None and command.step not in STATES_DUE:
        raise _refusal_of(RefusalReason.DUE_NOT_YOURS, command)


def _refusal_of(reason: RefusalReason, command: Command) -> Refused:
    return Refused(reason, refusal_words(reason, command.kind, command.step))


def _refusal(
    reason: Reason, view: CaseView, command: Command, parties: Parties, office: OfficeId
) -> Refused:
    """The refusal with the case's state, and with what the office can do instead."""
    rule = _TABLES[view.kind].get((view.state, command.step))
    refusal = RefusalReason(reason)
    if reason is Reason.NOT_LEGAL_NOW and rule and _has_done(rule, view, command.step, office):
        refusal = RefusalReason.ALREADY_DONE
    legal = legal_steps(view, office, parties)
    return Refused(refusal, refusal_words(refusal, view.kind, command.step, view.state, legal))
