"""Where the changes are sent for programs of the office, and how far that has come."""

from __future__ import annotations

from typing import Final, NamedTuple

from blo_agent.store.connection import Snapshot, Transaction

_COLUMNS: Final = (
    "system, url, key, confirmed, after, failing_since, failures, next_at, paused_at, trouble,"
    " delivered_at"
)


class WebhookRow(NamedTuple):
    """A webhook of a program.

    Attributes:
        system: The program.
        url: Where to.
        key: The seed of the Ed25519 key that signs its requests.
        confirmed: Whether somebody who may manage programs alone has agreed.
        after: The number up to which changes were delivered.
        failing_since: Since when no request was taken, Unix milliseconds; ``None``: the last was.
        failures: How many were not taken since then.
        next_at: Before this instant none is sent.
        paused_at: When sending was given up; ``None``: it goes on.
        trouble: What was wrong last, in words.
        delivered_at: When a request was taken last; ``None``: never.
    """

    system: str
    url: str
    key: bytes
    confirmed: bool
    after: int
    failing_since: int | None = None
    failures: int = 0
    next_at: int = 0
    paused_at: int | None = None
    trouble: str = ""
    delivered_at: int | None = None


def put(tx: Transaction, row: WebhookRow) -> None:
    """Adds a webhook, or replaces it."""
    tx.execute(
        f"INSERT OR REPLACE INTO webhooks({_COLUMNS})"  # noqa: S608 - fixed text
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        row,
    )


def get(snapshot: Snapshot, system: str) -> WebhookRow | None:
    """The webhook of a program."""
    row = snapshot.row(f"SELECT {_COLUMNS} FROM webhooks WHERE system = ?", (system,))  # noqa: S608 - fixed text
    return None if row is None else WebhookRow._make((*row[:3], bool(row[3]), *row[4:]))


def everything(snapshot: Snapshot) -> list[WebhookRow]:
    """All webhooks, by program."""
    rows = snapshot.rows(f"SELECT {_COLUMNS} FROM webhooks ORDER BY system")  # noqa: S608 - fixed text
    return [WebhookRow._make((*row[:3], bool(row[3]), *row[4:])) for row in rows]


def remove(tx: Transaction, system: str) -> bool:
    """Removes the webhook of a program; False: it has none."""
    return tx.change("DELETE FROM webhooks WHERE system = ?", (system,)) > 0
