"""The digests of the groups in which a link's views are hashed (docs/wire-format.md §2).

A row without a digest stands for a group in which a view has changed since; no row, for a group
without a case.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256

from blo_agent.store.connection import Snapshot, Transaction
from blo_schemas.hashes import view_group_digest, view_group_start, views_digest_of_groups
from blo_schemas.ids import CaseId, Digest, LinkId


def load(snapshot: Snapshot, link: LinkId) -> dict[int, Digest | None]:
    """The groups of a link that hold a case; ``None``: the digest is not stored."""
    rows = snapshot.rows("SELECT number, digest FROM view_groups WHERE link = ?", (link,))
    return dict(rows)


def put(tx: Transaction, link: LinkId, groups: Iterable[tuple[int, Digest | None]]) -> None:
    """Stores the digests of groups; ``None`` where a view has changed."""
    tx.execute_many(
        "INSERT INTO view_groups(link, number, digest) VALUES (?, ?, ?)"
        " ON CONFLICT(link, number) DO UPDATE SET digest = excluded.digest",
        ((link, number, digest) for number, digest in groups),
    )


def is_empty(snapshot: Snapshot, link: LinkId, group: int) -> bool:
    """Whether no case of a link is in a group."""
    sql = "SELECT 1 FROM cases WHERE link = ? AND case_id >= ? AND case_id < ? LIMIT 1"
    bounds = (view_group_start(group), view_group_start(group + 1))
    return snapshot.row(sql, (link, *bounds)) is None


def remove(tx: Transaction, link: LinkId, group: int) -> None:
    """Forgets a group that holds no case any more."""
    tx.execute("DELETE FROM view_groups WHERE link = ? AND number = ?", (link, group))


def compute(snapshot: Snapshot, link: LinkId, group: int) -> Digest:
    """The digest of a group from the views that are stored; reads all of the group."""
    rows = snapshot.iterate(
        "SELECT case_id, view FROM cases WHERE link = ? AND case_id >= ? AND case_id < ?"
        " ORDER BY case_id",
        (link, view_group_start(group), view_group_start(group + 1)),
    )
    return view_group_digest((CaseId(case), sha256(view).digest()) for case, view in rows)


def views_digest(snapshot: Snapshot, link: LinkId) -> Digest:
    """The digest of all views of a link, as its heads carry it."""
    groups = load(snapshot, link)
    return views_digest_of_groups(
        (group, groups[group] or compute(snapshot, link, group)) for group in sorted(groups)
    )
