"""The office's own private keys (docs/architecture.md, "Keys and trust")."""

from __future__ import annotations

from typing import NamedTuple

from blo_agent.store.connection import Snapshot, Transaction


class StoredIdentity(NamedTuple):
    """A node's private keys.

    Attributes:
        public: Ed25519 public key, as certificates name it.
        keys: The private keys, as ``blo_sealing.keys.NodeKeys`` writes them.
        added_at: When they were stored, Unix milliseconds.
    """

    public: bytes
    keys: bytes
    added_at: int

    def __repr__(self) -> str:
        return f"Identity(public={self.public.hex()}, private keys not shown)"


def put(tx: Transaction, identity: StoredIdentity) -> None:
    """Stores private keys; those of the same public key stay as they are."""
    tx.execute(
        "INSERT OR IGNORE INTO identities(public, keys, added_at) VALUES (?, ?, ?)", identity
    )


def all_of(snapshot: Snapshot) -> list[StoredIdentity]:
    """All identities, in the order in which they were added."""
    rows = snapshot.rows("SELECT public, keys, added_at FROM identities ORDER BY added_at, public")
    return [StoredIdentity(*row) for row in rows]
