"""As whom somebody acts, and whether the table lets it (docs/people.md).

Whoever asks the node for something is an ``Actor``: a person who is logged in, or the operator at
the node's own socket. Refusals are in the journal.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final, NamedTuple

from blo_agent.people.errors import PeopleRefusal, refused
from blo_agent.store.connection import Snapshot, Transaction
from blo_agent.store.tables import journal, people
from blo_domain.people.permissions import Action, Permission, permission, reaches_case
from blo_domain.people.roles import acting_roles, agencies_of
from blo_schemas.ids import CaseId, LinkId
from blo_schemas.people import Agency, OfficeRole, PersonId

NODE: Final = "node"
"""The journal's actor for what is done at the node's own socket without a person's account."""


class Actor(NamedTuple):
    """Who asks.

    Attributes:
        name: The actor in the journal: a person's id, or ``NODE``.
        person: The person; ``None`` at the node's socket.
        roles: As whom the actor acts.
        agencies: The agencies that the actor comes from.
    """

    name: str
    person: PersonId | None
    roles: frozenset[OfficeRole]
    agencies: frozenset[Agency] = frozenset()


AT_NODE: Final = Actor(NODE, None, frozenset({OfficeRole.OPERATOR}))
"""The operator at the node's socket."""


def actor_of(snapshot: Snapshot, person: PersonId, now: int) -> Actor | None:
    """As whom a person acts now; ``None``: the account is not there, not confirmed, or disabled."""
    account = people.get(snapshot, person)
    if account is None or not account.confirmed or account.disabled_at is not None:
        return None
    members = [row.member for row in people.everybody(snapshot)]
    roles = acting_roles(account.member, members, people.delegations(snapshot), now)
    return Actor(person, person, roles, agencies_of(account.member, now))


def answer_of(actor: Actor, action: Action) -> Permission:
    """What the table says of an action of this actor."""
    return permission(actor.roles, action)


def check_allowed(
    actor: Actor,
    action: Action,
    owners: Collection[Agency] | None = None,
) -> None:
    """Refuse what the table does not allow the actor to do alone.

    Args:
        actor: Who asks.
        action: What is asked for.
        owners: The agencies to which the case belongs that it concerns; ``None``: no case.

    Raises:
        PeopleRefused: The action is refused, needs approval, or concerns another agency's case.
    """
    answer = answer_of(actor, action)
    if answer is Permission.NEEDS_APPROVAL:
        raise refused(
            PeopleRefusal.NEEDS_APPROVAL, f"to {action} needs the approval of the chief or deputy"
        )
    if answer is Permission.REFUSED:
        duties = ", ".join(sorted(role.value.replace("_", " ") for role in actor.roles))
        raise refused(
            PeopleRefusal.NOT_ALLOWED,
            f"your duties ({duties or 'none at present'}) do not include to {action}",
        )
    if owners is not None and not reaches_case(actor.roles, actor.agencies, owners):
        raise refused(PeopleRefusal.NOT_ALLOWED, "this case belongs to another agency")


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
