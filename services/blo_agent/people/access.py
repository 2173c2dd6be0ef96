"""As whom somebody acts, and whether the table lets it (docs/people.md).

Whoever asks the node for something is an ``Actor``: a person who is logged in, a program with
a token, or the operator at the node's own socket. Refusals are in the journal.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from blo_agent.people.errors import PeopleRefusal, refused
from blo_agent.store.connection import Snapshot, Transaction
from blo_agent.store.tables import case_agencies, journal, people
from blo_domain.people.permissions import (
    OFFICE_WIDE,
    Action,
    Permission,
    permission,
    reaches_case,
)
from blo_domain.people.roles import acting_roles, agencies_of
from blo_schemas.ids import CaseId, LinkId
from blo_schemas.people import Agency, OfficeRole, PersonId, SystemScope
from blo_schemas.summary import Kind

NODE: Final = "node"
"""The journal's actor for what is done at the node's own socket without a person's account."""


class Actor(NamedTuple):
    """Who asks.

    Attributes:
        name: The actor in the journal: the id of a person or program, or ``NODE``.
        person: The person; ``None`` for a program, and at the node's socket.
        roles: As whom the actor acts.
        agencies: The agencies that the actor comes from.
        scope: What a program may do; ``None`` for everybody else.
        is_office: Whether the actor stands for the whole office: the node's socket where the
            configuration says so.
    """

    name: str
    person: PersonId | None
    roles: frozenset[OfficeRole]
    agencies: frozenset[Agency] = frozenset()
    scope: SystemScope | None = None
    is_office: bool = False

    @property
    def sees_all_agencies(self) -> bool:
        """Whether the cases of all agencies of the office are reached."""
        return not OFFICE_WIDE.isdisjoint(self.roles)

    @property
    def needs_no_approval(self) -> bool:
        """Whether what the actor does needs nobody's approval."""
        return self.is_office or (self.scope is not None and self.scope.is_trusted)


AT_NODE: Final = Actor(NODE, None, frozenset({OfficeRole.OPERATOR}))
"""The operator at the node's socket."""

WHOLE_OFFICE: Final = Actor(NODE, None, frozenset(OfficeRole), is_office=True)
"""Everybody at once, at the socket of a laboratory's node."""

_OF_PROGRAMS: Final = {
    Action.LIST_CASES,
    Action.READ_CONTENTS,
    Action.SEARCH,
    Action.DRAFT,
    Action.SEND_ROUTINE_STEP,
    Action.SEND_APPROVED_STEP,
    Action.READ_FIGURES,
    Action.SEE_HEALTH,
}
"""What a program may do at most."""

_SUBMITTING: Final = {Action.DRAFT, Action.SEND_ROUTINE_STEP, Action.SEND_APPROVED_STEP}
_READING: Final = {Action.READ_CONTENTS, Action.SEARCH}


def actor_of(snapshot: Snapshot, person: PersonId, now: int) -> Actor | None:
    """As whom a person acts now; ``None``: the account is not there, not confirmed, or disabled."""
    account = people.get(snapshot, person)
    if account is None or not account.confirmed or account.disabled_at is not None:
        return None
    members = [row.member for row in people.everybody(snapshot)]
    roles = acting_roles(account.member, members, people.delegations(snapshot), now)
    return Actor(person, person, roles, agencies_of(account.member, now))


def answer_of(actor: Actor, action: Action) -> Permission:
    """What the table, and a program's scope, say of an action of this actor."""
    answer = permission(actor.roles, action)
    scope = actor.scope
    if scope is not None:
        beyond = action not in _OF_PROGRAMS
        beyond |= action in _SUBMITTING and not scope.submits
        beyond |= action in _READING and not scope.reads_contents
        answer = Permission.REFUSED if beyond else answer
    if answer is Permission.NEEDS_APPROVAL and actor.needs_no_approval:
        return Permission.ALLOWED
    return answer


def check_allowed(actor: Actor, action: Action) -> None:
    """Refuse what the table does not allow the actor to do alone.

    Args:
        actor: Who asks.
        action: What is asked for.

    Raises:
        PeopleRefused: The action is refused, or needs approval.
    """
    answer = answer_of(actor, action)
    if answer is Permission.NEEDS_APPROVAL:
        raise refused(
            PeopleRefusal.NEEDS_APPROVAL, f"to {action} needs the approval of the chief or deputy"
        )
    if answer is Permission.REFUSED and actor.scope is not None:
        raise refused(
            PeopleRefusal.NOT_ALLOWED, f"the scope of this token does not include to {action}"
        )
    if answer is Permission.REFUSED:
        duties = ", ".join(sorted(role.value.replace("_", " ") for role in actor.roles))
        raise refused(
            PeopleRefusal.NOT_ALLOWED,
            f"your duties ({duties or 'none at present'}) do not include to {action}",
        )


def sees_link(actor: Actor, link: LinkId) -> bool:
    """Whether a link lies within the scope of the actor."""
    return actor.scope is None or not actor.scope.links or link in actor.scope.links


def check_link(actor: Actor, link: LinkId) -> None:
    """Refuse a link that lies beyond a token's scope.

    Raises:
        PeopleRefused: It lies beyond.
    """
    if not sees_link(actor, link):
        raise refused(PeopleRefusal.NOT_ALLOWED, "this link lies beyond the scope of the token")


def sees_case(
    snapshot: Snapshot, actor: Actor, link: LinkId, case: CaseId, kind: Kind | None
) -> bool:
    """Whether a case lies within what the actor reaches, whatever the action.

    Args:
        snapshot: The store.
        actor: Who asks.
        link: The link of the case.
        case: The case.
        kind: Its kind; ``None`` while no view of it is known.
    """
    scope = actor.scope
    if scope is not None and scope.kinds and kind not in scope.kinds:
        return False
    if not sees_link(actor, link):
        return False
    if actor.sees_all_agencies:
        return True
    owners = case_agencies.of_case(snapshot, link, case)
    return reaches_case(actor.roles, actor.agencies, owners)


def check_case(
    snapshot: Snapshot, actor: Actor, link: LinkId, case: CaseId, kind: Kind | None
) -> None:
    """Refuse a case that the actor does not reach.

    Raises:
        PeopleRefused: It belongs to another agency, or lies beyond the token's scope.
    """
    if not sees_case(snapshot, actor, link, case, kind):
        raise refused(
            PeopleRefusal.NOT_ALLOWED,
            "this case lies beyond the scope of the token"
            if actor.scope is not None
            else "this case belongs to another agency",
        )


def check_opening(actor: Actor, link: LinkId, kind: Kind) -> None:
    """Refuse a new case of a kind or on a link beyond a token's scope.

    Raises:
        PeopleRefused: It lies beyond.
    """
    scope = actor.scope
    if not sees_link(actor, link) or (
        scope is not None and scope.kinds and kind not in scope.kinds
    ):
        raise refused(PeopleRefusal.NOT_ALLOWED, "this lies beyond the scope of the token")


def note_refusal(
    tx: Transaction,
    actor: str,
    action: Action | str,
    now: int,
    link: LinkId | None = None,
    case: CaseId | None = None,
) -> None:
    """Note in the journal that somebody was refused something."""
    journal.append(tx, at=now, actor=actor, action=f"refused: {action}", link=link, case=case)
