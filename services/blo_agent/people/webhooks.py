"""Webhooks: to which address the changes are sent for a program, and who may say so."""

from __future__ import annotations

import os
from typing import NamedTuple

from blo_agent.people.access import Actor, check_allowed
from blo_agent.people.accounts import may_alone
from blo_agent.people.errors import PeopleRefusal, refused
from blo_agent.store.connection import Snapshot, Transaction
from blo_agent.store.tables import changes, journal, systems, webhooks
from blo_domain.people.permissions import Action
from blo_runtime.http_post import read_target
from blo_sealing.signatures import SEED_SIZE, SigningKey, fingerprint


class WebhookState(NamedTuple):
    """A webhook as others see it: without the key that signs, with what verifies it.

    Attributes:
        row: What the store keeps.
        public_key: The Ed25519 key that verifies its requests, 32 bytes.
        key_id: By what the requests name it.
    """

    row: webhooks.WebhookRow
    public_key: bytes
    key_id: str


def set_webhook(actor: Actor, system: str, url: str, now: int, tx: Transaction) -> WebhookState:
    """Send the changes of a program to an address from now on, signed by a new key.

    An address that the operator sets counts when the chief has confirmed the program's token again.

    Args:
        actor: Who sets it.
        system: The program.
        url: The address: ``https``, or ``http`` on loopback.
        now: The office's clock, Unix milliseconds.
        tx: The transaction.

    Raises:
        PeopleRefused: The actor may not, there is no such program, or the address is refused.
    """
    confirmed = may_alone(actor, Action.MANAGE_SYSTEMS, now, tx)
    if systems.get(tx, system) is None:
        raise refused(PeopleRefusal.UNKNOWN_PERSON, f"there is no program {system} here")
    try:
        read_target(url)
    except ValueError as error:
        raise refused(PeopleRefusal.APPOINTMENT_REFUSED, f"url: {error}") from error
    newest = changes.bounds(tx).newest
    row = webhooks.WebhookRow(system, url, os.urandom(SEED_SIZE), confirmed, newest)
    webhooks.put(tx, row)
    journal.append(tx, at=now, actor=actor.name, action="set webhook", detail=system.encode())
    return state_of(row)


def resume_webhook(actor: Actor, system: str, now: int, tx: Transaction) -> WebhookState:
    """Send again what was given up; nothing that is still kept is left out.

    Raises:
        PeopleRefused: The actor may not, or the program has no webhook.
    """
    may_alone(actor, Action.MANAGE_SYSTEMS, now, tx)
    row = _known(tx, system)._replace(failing_since=None, failures=0, next_at=0, paused_at=None)
    webhooks.put(tx, row)
    journal.append(tx, at=now, actor=actor.name, action="resume webhook", detail=system.encode())
    return state_of(row)


def remove_webhook(actor: Actor, system: str, now: int, tx: Transaction) -> None:
    """Send nothing to a program any more.

    Raises:
        PeopleRefused: The actor may not, or the program has no webhook.
    """
    may_alone(actor, Action.MANAGE_SYSTEMS, now, tx)
    _known(tx, system)
    webhooks.remove(tx, system)
    journal.append(tx, at=now, actor=actor.name, action="remove webhook", detail=system.encode())


def confirm_webhook(actor: Actor, system: str, now: int, tx: Transaction) -> None:
    """Agree to an address that the operator has set, if there is one.

    Raises:
        PeopleRefused: The actor may not alone.
    """
    if not may_alone(actor, Action.MANAGE_SYSTEMS, now, tx):
        check_allowed(actor, Action.MANAGE_SYSTEMS)
    row = webhooks.get(tx, system)
    if row is not None and not row.confirmed:
        webhooks.put(tx, row._replace(confirmed=True))


def state_of(row: webhooks.WebhookRow) -> WebhookState:
    """A webhook as others see it."""
    public = SigningKey(row.key).public
    return WebhookState(row, public, fingerprint(public))


def _known(snapshot: Snapshot, system: str) -> webhooks.WebhookRow:
    row = webhooks.get(snapshot, system)
    if row is None:
        raise refused(PeopleRefusal.UNKNOWN_PERSON, f"the program {system} has no webhook")
    return row
