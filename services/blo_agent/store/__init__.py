"""The office's encrypted store: SQLite with one writer thread, group commit, and readers.

Programs open a ``Store`` and hand it functions: ``await store.write(job)`` runs ``job`` with a
``Transaction``, ``await store.read(query)`` runs ``query`` with a ``Snapshot``. What they do inside
is in ``blo_agent.store.tables``: one module per concept, plain functions over those two handles.
"""

from blo_agent.store.backup import change_key, restore
from blo_agent.store.connection import Snapshot, Transaction
from blo_agent.store.errors import (
    BackupRefused,
    JobFailed,
    JobRefused,
    KeyFileUnusable,
    NewerStore,
    RefusedAfterWriting,
    StoreClosed,
    StoreCorrupt,
    StoreError,
    StoreFailed,
    StoreInUse,
    StoreMixed,
    WrongStoreKey,
)
from blo_agent.store.facade import Store
from blo_agent.store.keyfile import create_store_key, load_store_key
from blo_agent.store.reader import Query
from blo_agent.store.writer import PROBE_POINTS, Job, Limits

__all__ = [
    "PROBE_POINTS",
    "BackupRefused",
    "Job",
    "JobFailed",
    "JobRefused",
    "KeyFileUnusable",
    "Limits",
    "NewerStore",
    "Query",
    "RefusedAfterWriting",
    "Snapshot",
    "Store",
    "StoreClosed",
    "StoreCorrupt",
    "StoreError",
    "StoreFailed",
    "StoreInUse",
    "StoreMixed",
    "Transaction",
    "WrongStoreKey",
    "change_key",
    "create_store_key",
    "load_store_key",
    "restore",
]
