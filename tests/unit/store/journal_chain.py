"""Recomputes the journal's chain from what the table holds."""

from __future__ import annotations

import msgspec

from blo_agent.store.connection import Snapshot
from blo_agent.store.tables import journal
from blo_agent.store.tables.journal import JournalHead
from blo_schemas.errors import WireError
from blo_schemas.journal import JOURNAL_ENTRY, JournalEntry, journal_hash


class JournalTampered(Exception):
    """The journal is not the chain that was written.

    Attributes:
        seq: The first entry that does not fit.
    """

    def __init__(self, seq: int, problem: str) -> None:
        self.seq = seq
        super().__init__(f"journal entry {seq}: {problem}")


def verify_journal(snapshot: Snapshot) -> JournalHead:
    """Recomputes the whole chain.

    Returns:
        Where the journal stands; compare it with the last head that was signed, because a
        journal that was cut at its end is still a chain.

    Raises:
        JournalTampered: An entry is missing, changed or does not follow from the one before.
    """
    size, last = journal.EMPTY
    hashes = [stored for (stored,) in snapshot.rows("SELECT hash FROM journal ORDER BY seq")]
    for entry, stored in zip(journal.entries(snapshot), hashes, strict=True):
        if entry.seq != size:
            raise JournalTampered(size, "the entry is missing")
        if entry.prev != last:
            raise JournalTampered(size, "the entry does not follow from the one before")
        _check_form(entry)
        last = journal_hash(entry)
        if stored != last:
            raise JournalTampered(size, "the entry is not what was hashed")
        size += 1
    return JournalHead(size, last)


def _check_form(entry: JournalEntry) -> None:
    try:
        JOURNAL_ENTRY.decode(JOURNAL_ENTRY.encode(entry))
    except (WireError, msgspec.MsgspecError) as error:
        raise JournalTampered(entry.seq, str(error)) from error
