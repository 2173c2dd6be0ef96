"""Halts of links: the evidence, and who lifted each for which reason."""

from __future__ import annotations

from hashlib import sha256
from typing import Final, NamedTuple

from blo_agent.store.connection import Snapshot, Transaction
from blo_schemas.ids import LinkId

_SELECT: Final = (
    "SELECT seq, link, at, reason, words, evidence, resumed_at, resumed_by, resumed_for FROM halts"
)


class StoredHalt(NamedTuple):
    """One halt of a link.

    Attributes:
        seq: Its number.
        link: The link.
        at: The office's clock when the link was halted, Unix milliseconds.
        reason: Why, of a closed list.
        words: Why, for people.
        evidence: What shows it: signed bytes where there are any.
        resumed_at: When the halt was lifted; ``None`` while it stands.
        resumed_by: Who lifted it.
        resumed_for: The reason that was given for that.
    """

    seq: int
    link: LinkId
    at: int
    reason: str
    words: str
    evidence: bytes
    resumed_at: int | None
    resumed_by: str | None
    resumed_for: str | None


def add(
    tx: Transaction, link: LinkId, *, at: int, reason: str, words: str, evidence: bytes
) -> StoredHalt:
    """Stores a halt."""
    seq = tx.insert(
        "INSERT INTO halts(link, at, reason, words, evidence, evidence_id)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (link, at, reason, words, evidence, evidence_id(evidence)),
    )
    return StoredHalt(seq, link, at, reason, words, evidence, None, None, None)


def knows(snapshot: Snapshot, link: LinkId, reason: str, evidence: bytes) -> bool:
    """Whether a link was halted for this very evidence already, be it lifted since or not."""
    return (
        snapshot.value(
            "SELECT 1 FROM halts WHERE link = ? AND reason = ? AND evidence_id = ?",
            (link, reason, evidence_id(evidence)),
        )
        is not None
    )


def standing(snapshot: Snapshot, link: LinkId) -> list[StoredHalt]:
    """The standing halts of a link, the oldest first."""
    rows = snapshot.rows(f"{_SELECT} WHERE link = ? AND resumed_at IS NULL ORDER BY seq", (link,))
    return [StoredHalt(*row) for row in rows]


def of_link(snapshot: Snapshot, link: LinkId) -> list[StoredHalt]:
    """All halts of a link, the oldest first."""
    rows = snapshot.rows(f"{_SELECT} WHERE link = ? ORDER BY seq", (link,))
    return [StoredHalt(*row) for row in rows]


def lift(tx: Transaction, link: LinkId, *, at: int, by: str, reason: str) -> int:
    """Lifts all halts of a link that stand; returns how many there were."""
    return tx.change(
        "UPDATE halts SET resumed_at = ?, resumed_by = ?, resumed_for = ?"
        " WHERE link = ? AND resumed_at IS NULL",
        (at, by, reason, link),
    )


def evidence_id(evidence: bytes) -> bytes:
    """By what the same evidence is known again."""
    return sha256(evidence).digest()
