"""Single values: what the store knows of itself, by name."""

from __future__ import annotations

from blo_agent.store.connection import Snapshot, Transaction


def get(snapshot: Snapshot, key: str) -> bytes | None:
    """The value stored under ``key``."""
    value: bytes | None = snapshot.value("SELECT value FROM meta WHERE key = ?", (key,))
    return value


def put(tx: Transaction, key: str, value: bytes) -> None:
    """Stores ``value`` under ``key``, in place of what was there."""
    tx.execute("INSERT OR REPLACE INTO meta(key, value) VALUES (?, ?)", (key, value))


__all__ = ["get", "put"]
