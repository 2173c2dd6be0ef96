"""Which steps need approval, and who may give it (docs/people.md).

The office's policy names steps; the agreement of the link may name more, and none of those can be
taken away. A correction of a step needs approval where the step itself does.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final, NamedTuple

from blo_domain.commands import Command, Target
from blo_domain.errors import DomainError
from blo_domain.people.permissions import Action, Permission, permission
from blo_schemas.approvals import APPROVAL_VERSION, DraftedStep
from blo_schemas.bodies import body_version, decode_body
from blo_schemas.codec import encode
from blo_schemas.ids import CaseId, LinkId, OfficeId
from blo_schemas.people import OfficeRole, PersonId
from blo_schemas.summary import Kind, Step


class ApprovedStep(NamedTuple):
    """A step that needs approval: of one kind, or, with ``None``, of every kind."""

    kind: Kind | None
    step: Step


ApprovalPolicy = frozenset[ApprovedStep]

_EVERY_KIND: Final = (
    Step.OPEN,
    Step.ANSWER,
    Step.DECLINE,
    Step.SIGN_MINUTES,
    Step.TRANSFER_ONWARD,
    Step.HAND_OVER,
    Step.VERIFY_CHANGE,
    Step.SHRED,
)

DEFAULT_POLICY: Final[ApprovalPolicy] = frozenset(
    {ApprovedStep(None, step) for step in _EVERY_KIND}
)
"""Opening, answering, declining, minutes, handover, contact change and shredding."""


class ApprovalRefused(DomainError):
    """An approval or a return that the rules do not allow; ``str()`` is for the person."""


def needs_approval(
    kind: Kind,
    step: Step,
    policies: Iterable[ApprovalPolicy],
    *,
    corrects: Step | None = None,
) -> bool:
    """Whether a step must be approved before it is sealed.

    Args:
        kind: The case's kind.
        step: The step.
        policies: The office's policy and the agreement's minimum; each can only add steps.
        corrects: For ``SUPERSEDE``: the step that is corrected.
    """
    steps = [step] if corrects is None else [step, corrects]
    return any(
        ApprovedStep(scope, needed) in policy
        for policy in policies
        for scope in (None, kind)
        for needed in steps
    )


def check_approver(
    approver: PersonId, roles: Collection[OfficeRole], authors: Collection[PersonId]
) -> None:
    """Refuse an approval by somebody who may not give it.

    Args:
        approver: The person.
        roles: As whom the person acts.
        authors: Everybody who drafted or edited what is to be approved.

    Raises:
        ApprovalRefused: The person may not approve, or has written a part of it.
    """
    if permission(roles, Action.APPROVE) is not Permission.ALLOWED:
        raise ApprovalRefused(
            "Only the chief approves, or the standing deputy while a delegation is in force."
        )
    if approver in authors:
        raise ApprovalRefused(
            "Whoever drafted or edited this cannot approve it; the chief and the deputy with a "
            "delegation can each approve what the other has written."
        )


def drafted_step(
    office: OfficeId, link: LinkId, case: CaseId | None, command: Command
) -> DraftedStep:
    """What an approver signs of a command, as it will be sealed.

    Args:
        office: The office that writes.
        link: The link.
        case: The case; ``None`` opens one.
        command: The command.
    """
    corrects = command.corrects
    return DraftedStep(
        APPROVAL_VERSION,
        office,
        link,
        case,
        command.kind,
        command.step,
        command.on,
        command.urgency,
        command.reason,
        command.dispatch,
        None if corrects is None else corrects.step,
        None if corrects is None else corrects.nth,
        command.due,
        command.pause_ground,
        encode(command.body),
        body_version(command.kind, command.step),
    )


def command_of(drafted: DraftedStep) -> Command:
    """The command that a drafted step means: ``drafted_step`` backwards.

    Raises:
        WireError: The body cannot be read, which a step that was drafted here never shows.
    """
    target = None
    if drafted.corrects is not None and drafted.nth is not None:
        target = Target(drafted.corrects, drafted.nth)
    return Command(
        kind=drafted.kind,
        step=drafted.step,
        on=drafted.on,
        body=decode_body(drafted.kind, drafted.step, drafted.body_version, drafted.body),
        urgency=drafted.urgency,
        reason=drafted.reason,
        dispatch=drafted.dispatch,
        corrects=target,
        due=drafted.due,
        pause_ground=drafted.pause_ground,
    )
