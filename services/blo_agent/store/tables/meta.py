"""Single values of the store by name."""

from __future__ import annotations

from typing import Final

from blo_agent.store.connection import Snapshot, Transaction

RESTORED: Final = "restored"
"""There in a backup, and so in a store that was restored from one, until it was first loaded."""
BACKUP: Final = "backup/newest"
"""The newest verified backup: ``blo_agent.custody.backups.BackupRecord``."""


def get(snapshot: Snapshot, key: str) -> bytes | None:
    """The value stored under ``key``."""
    value: bytes | None = snapshot.value("SELECT value FROM meta WHERE key = ?", (key,))
    return value


def put(tx: Transaction, key: str, value: bytes) -> None:
    """Stores ``value`` under ``key``, in place of what was there."""
    tx.execute("INSERT OR REPLACE INTO meta(key, value) VALUES (?, ?)", (key, value))


def remove(tx: Transaction, key: str) -> None:
    """Forgets what is stored under ``key``, if anything."""
    tx.execute("DELETE FROM meta WHERE key = ?", (key,))
