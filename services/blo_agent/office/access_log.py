"""The access log: who saw, sent and took out what, in the same chain as everything.

Of whom a document names as its drafter or signer, it tells that somebody typed that name, and who
typed it: nobody is said to have done what another has written of him.

Each is one entry of the journal, in the transaction of what it tells of.
"""

from __future__ import annotations

from typing import Final

import msgspec

from blo_agent.store.connection import Snapshot, Transaction
from blo_agent.store.tables import journal
from blo_schemas.content import Dispatch
from blo_schemas.ids import CaseId, LinkId, OfficeId
from blo_schemas.instants import LAST_INSTANT
from blo_schemas.journal import (
    NAMED_PERSON,
    NAMES_DRAFTER,
    NAMES_SIGNER,
    SEARCHED_WORDS,
    JournalEntry,
    NamedPerson,
    SearchedWords,
    journal_hash,
)
from blo_schemas.journal_file import JournalFileHead, journal_file, journal_line
from blo_schemas.summary import Step

VIEW_CASE: Final = "view case"
PRINT: Final = "print {}"
EXPORT_FILE: Final = "export file"
EXPORT_JOURNAL: Final = "export journal"
SEARCH: Final = "search"
REBUILD_SEARCH: Final = "rebuild search index"

MAX_LOOKED_AT: Final = 5_000
"""So many entries of the journal a page of the access log looks at."""


def note_look(
    tx: Transaction, actor: str, action: str, link: LinkId | None, case: CaseId | None, now: int
) -> None:
    """Note that somebody has seen contents, or taken them out."""
    journal.append(tx, at=now, actor=actor, action=action, link=link, case=case)


def note_print(
    tx: Transaction, actor: str, paper: str, link: LinkId, case: CaseId, now: int
) -> None:
    """Note that somebody prints a case, a dispatch of it, or its minutes."""
    journal.append(tx, at=now, actor=actor, action=PRINT.format(paper), link=link, case=case)


def note_file(
    tx: Transaction, actor: str, link: LinkId, case: CaseId | None, digest: bytes, now: int
) -> None:
    """Note that somebody takes a file out, by its SHA-256."""
    journal.append(tx, at=now, actor=actor, action=EXPORT_FILE, link=link, case=case, detail=digest)


def note_search(tx: Transaction, actor: str, words: str, link: LinkId | None, now: int) -> None:
    """Note what somebody searches for, and on which link if only on one."""
    detail = SEARCHED_WORDS.encode(SearchedWords(words))
    journal.append(tx, at=now, actor=actor, action=SEARCH, link=link, detail=detail)


def note_rebuild(tx: Transaction, actor: str, now: int) -> None:
    """Note that somebody has the search index built anew."""
    journal.append(tx, at=now, actor=actor, action=REBUILD_SEARCH)


def note_authors(
    tx: Transaction,
    actor: str,
    dispatch: Dispatch | None,
    step: Step,
    link: LinkId,
    case: CaseId,
    event: bytes,
    now: int,
) -> None:
    """Note whom a document names as its drafter and its signer, as the actor has typed it."""
    if dispatch is None:
        return
    for name, action in ((dispatch.drafter, NAMES_DRAFTER), (dispatch.signer, NAMES_SIGNER)):
        if name is not None:
            journal.append(
                tx,
                at=now,
                actor=actor,
                action=action,
                link=link,
                case=case,
                detail=NAMED_PERSON.encode(NamedPerson(event, step, name)),
            )


def note_export(tx: Transaction, actor: str, now: int) -> journal.JournalHead:
    """Note that somebody takes the journal out; where it stands with that."""
    return journal.append(tx, at=now, actor=actor, action=EXPORT_JOURNAL)


class AccessFilter(msgspec.Struct, frozen=True):
    """Which entries of the access log are wanted.

    Attributes:
        case: Only about this case of this link.
        link: Only about this link.
        actor: Only of this actor.
        action: Only with this action.
        first: Only from this instant on, Unix milliseconds.
        end: Only before this instant.
    """

    case: tuple[LinkId, CaseId] | None = None
    link: LinkId | None = None
    actor: str | None = None
    action: str | None = None
    first: int = 0
    end: int = LAST_INSTANT + 1

    def wants(self, entry: JournalEntry) -> bool:
        """Whether an entry is wanted."""
        return (
            self.link in (None, entry.link)
            and self.actor in (None, entry.actor)
            and self.action in (None, entry.action)
            and self.first <= entry.at < self.end
        )


def access_entries(
    snapshot: Snapshot, wanted: AccessFilter, before: int, limit: int
) -> tuple[list[JournalEntry], int | None]:
    """Some entries of the journal, the newest first; each page looks at ``MAX_LOOKED_AT`` at most.

    Args:
        snapshot: The store.
        wanted: Which entries are wanted.
        before: Only entries before this one.
        limit: So many entries at most.

    Returns:
        The entries, and before which one to go on; ``None``: there are no more.
    """
    if wanted.case is None:
        entries = journal.before(snapshot, before, MAX_LOOKED_AT)
    else:
        entries = journal.of_case_before(snapshot, *wanted.case, before, MAX_LOOKED_AT)
    chosen: list[JournalEntry] = []
    looked_at = 0
    for entry in entries:
        if len(chosen) == limit:
            return chosen, before
        looked_at, before = looked_at + 1, entry.seq
        if wanted.wants(entry):
            chosen.append(entry)
    return chosen, before if looked_at == MAX_LOOKED_AT else None


def journal_of(
    snapshot: Snapshot, office: OfficeId, stands: journal.JournalHead, now: int
) -> bytes:
    """The journal as a file, up to where it stood; what has come since is left out."""
    head = JournalFileHead(
        journal=office, v=1, exported_at=now, entries=stands.size, hash=stands.hash.hex()
    )
    entries = journal.entries(snapshot, limit=stands.size)
    return journal_file(head, (journal_line(entry, journal_hash(entry)) for entry in entries))
