"""The symmetric keys of cases and months (docs/architecture.md, "Keys and trust")."""

from __future__ import annotations

from typing import Final, NamedTuple

from blo_agent.store.connection import Row, Snapshot, Transaction
from blo_schemas.grants import KeyPurpose
from blo_schemas.ids import CaseId, KeyId, LinkId, OfficeId

_SELECT: Final = "SELECT link, key_id, purpose, key, office, month, case_id FROM keys"
_PUT: Final = (
    "INSERT OR IGNORE INTO keys(link, key_id, purpose, key, office, month, case_id)"
    " VALUES (?, ?, ?, ?, ?, ?, ?)"
)


class StoredKey(NamedTuple):
    """A key, as made or granted.

    Attributes:
        link: The link whose events it opens.
        key_id: Its id and commitment.
        purpose: What it opens.
        key: The 32 bytes.
        office: Who made it.
        month: ``YYYY-MM`` of a summary key; ``None`` if not known, or for a content key.
        case: The case of a content key.
    """

    link: LinkId
    key_id: KeyId
    purpose: KeyPurpose
    key: bytes
    office: OfficeId
    month: str | None
    case: CaseId | None

    def __repr__(self) -> str:
        return f"StoredKey({self.purpose.name}, link={self.link!r}, id={self.key_id.hex()[:16]})"


def put(tx: Transaction, key: StoredKey) -> bool:
    """Stores a key; False if the link's key with this id was there already."""
    return tx.change(_PUT, key) > 0


def get(snapshot: Snapshot, link: LinkId, key_id: KeyId) -> StoredKey | None:
    """The link's key with this id."""
    row = snapshot.row(f"{_SELECT} WHERE link = ? AND key_id = ?", (link, key_id))
    return None if row is None else _key(row)


def all_of(snapshot: Snapshot, link: LinkId) -> list[StoredKey]:
    """All keys of a link."""
    return [
        _key(row) for row in snapshot.rows(f"{_SELECT} WHERE link = ? ORDER BY key_id", (link,))
    ]


def summaries(snapshot: Snapshot) -> list[StoredKey]:
    """All summary keys: of each office, link and month about one."""
    rows = snapshot.rows(f"{_SELECT} INDEXED BY keys_summary WHERE purpose = 2")
    return [_key(row) for row in rows]


def links_with(snapshot: Snapshot, key_id: KeyId) -> list[LinkId]:
    """The links for which a key is held; more than one only if an office uses a key twice."""
    rows = snapshot.rows("SELECT link FROM keys WHERE key_id = ? ORDER BY link", (key_id,))
    return [LinkId(link) for (link,) in rows]


def remove(tx: Transaction, link: LinkId, key_id: KeyId) -> bool:
    """Shreds a key; False if it was not there.

    Its page is overwritten in the file at the next checkpoint; ``Store.checkpoint`` does that at
    once and empties the write-ahead log, which holds older states of the page.
    """
    return tx.change("DELETE FROM keys WHERE link = ? AND key_id = ?", (link, key_id)) > 0


def _key(row: Row) -> StoredKey:
    return StoredKey(row[0], row[1], KeyPurpose(row[2]), *row[3:])
