"""How far each link has been read."""

from __future__ import annotations

from typing import Final, NamedTuple

from blo_agent.store.connection import Snapshot, Transaction
from blo_agent.store.tables import meta
from blo_schemas.codec import COUNT
from blo_schemas.ids import LinkId

_SELECT: Final = "SELECT link, size, snapshot, trust_digest FROM links"
_PUT: Final = "INSERT OR REPLACE INTO links(link, size, snapshot, trust_digest) VALUES (?, ?, ?, ?)"


class NotWhole(Exception):
    """The stored state of a link is of two moments."""


class LinkProgress(NamedTuple):
    """How far a link has been read.

    Attributes:
        link: The link.
        size: Number of records read; the next offset.
        snapshot: The fold's counters at ``size``, encoded by the reader.
        trust_digest: Digest of the trust documents that the verdicts rest on.
    """

    link: LinkId
    size: int
    snapshot: bytes
    trust_digest: bytes


def put(tx: Transaction, progress: LinkProgress) -> None:
    """Stores how far a link has been read."""
    tx.execute(_PUT, progress)


def get(snapshot: Snapshot, link: LinkId) -> LinkProgress | None:
    """How far a link has been read; ``None``: not at all."""
    row = snapshot.row(f"{_SELECT} WHERE link = ?", (link,))
    return None if row is None else LinkProgress(*row)


def set_trust_digest(tx: Transaction, link: LinkId, digest: bytes) -> None:
    """Notes the documents under which the log was folded, or is being."""
    tx.execute("UPDATE links SET trust_digest = ? WHERE link = ?", (digest, link))


def reset(tx: Transaction, link: LinkId) -> None:
    """Forgets everything derived from a link's log, for a rebuild from its first record.

    The outbox, the journal, the keys, the heads and the trust documents stay.
    """
    for table in (
        "records",
        "parked",
        "cases",
        "view_groups",
        "events",
        "office_chains",
        "revised",
        "links",
    ):
        tx.execute(f"DELETE FROM {table} WHERE link = ?", (link,))  # noqa: S608 - fixed names


def count_batch(tx: Transaction, link: LinkId) -> None:
    """Counts a batch that was taken of a link, in two places that must agree."""
    stored = tx.value("SELECT number FROM batches WHERE link = ?", (link,))
    number = 1 if stored is None else stored + 1
    tx.execute("INSERT OR REPLACE INTO batches(link, number) VALUES (?, ?)", (link, number))
    meta.put(tx, _batch_key(link), COUNT.encode(number))


def check_whole(snapshot: Snapshot, link: LinkId) -> None:
    """Check that what is stored of a link is of one moment, as far as its counters say.

    Raises:
        NotWhole: It is not.
    """
    number = snapshot.value("SELECT number FROM batches WHERE link = ?", (link,))
    counted = meta.get(snapshot, _batch_key(link))
    progress = get(snapshot, link)
    last = snapshot.value("SELECT max(position) FROM records WHERE link = ?", (link,))
    is_counted = number == (None if counted is None else COUNT.decode(counted))
    if not is_counted or (progress.size if progress else 0) != (0 if last is None else last + 1):
        raise NotWhole(f"what is stored of {link} is of different moments")


def _batch_key(link: LinkId) -> str:
    return f"batch/{link}"
