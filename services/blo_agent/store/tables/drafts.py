"""Drafts of steps, and internal notes on cases; neither leaves the office."""

from __future__ import annotations

from typing import Final, NamedTuple

from blo_agent.store.connection import Row, Snapshot, Transaction
from blo_domain.people.drafts import DraftState
from blo_schemas.codec import Codec
from blo_schemas.ids import CaseId, EventId, LinkId
from blo_schemas.people import PersonId

_AUTHORS: Final = Codec(tuple[PersonId, ...])
OPEN: Final = (DraftState.DRAFT, DraftState.SUBMITTED, DraftState.APPROVED, DraftState.RETURNED)

_SELECT: Final = (
    "SELECT id, link, case_id, state, revision, request, drafted, authors, edited_by, created_at,"
    " changed_at, reason, approval, event_id FROM drafts"
)
_PUT: Final = (
    "INSERT OR REPLACE INTO drafts(id, link, case_id, state, revision, request, drafted, authors,"
    " edited_by, created_at, changed_at, reason, approval, event_id)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


class DraftRow(NamedTuple):
    """A draft.

    Attributes:
        id: Its id, 16 bytes.
        link: The link.
        case: The case; ``None``: it will open one.
        state: Where it stands.
        revision: Counts up with each change, from 1.
        request: What is filled in, a JSON object.
        drafted: The encoded ``DraftedStep``, since it was submitted.
        authors: Everybody who has written in it, in the order in which they came.
        edited_by: Who has changed it last.
        created_at: When it was begun, Unix milliseconds.
        changed_at: When it was changed last, Unix milliseconds.
        reason: Why it was returned.
        approval: The encoded ``Approval``.
        event: The event that it became.
    """

    id: bytes
    link: LinkId
    case: CaseId | None
    state: DraftState
    revision: int
    request: bytes
    drafted: bytes | None
    authors: tuple[PersonId, ...]
    edited_by: PersonId
    created_at: int
    changed_at: int
    reason: str | None = None
    approval: bytes | None = None
    event: EventId | None = None


class NoteRow(NamedTuple):
    """An internal note: its number, who wrote it, when (Unix milliseconds), and the words."""

    seq: int
    person: PersonId
    at: int
    words: str


def put(tx: Transaction, draft: DraftRow) -> None:
    """Adds a draft, or replaces it."""
    authors = _AUTHORS.encode(draft.authors)
    tx.execute(_PUT, (*draft[:3], draft.state.value, *draft[4:7], authors, *draft[8:]))


def get(snapshot: Snapshot, draft: bytes) -> DraftRow | None:
    """The draft with this id."""
    row = snapshot.row(f"{_SELECT} WHERE id = ?", (draft,))
    return None if row is None else _draft(row)


def in_state(snapshot: Snapshot, state: DraftState) -> list[DraftRow]:
    """The drafts of a state, the one that was changed last first."""
    rows = snapshot.rows(f"{_SELECT} WHERE state = ? ORDER BY changed_at DESC", (state.value,))
    return [_draft(row) for row in rows]


def of_case(snapshot: Snapshot, link: LinkId, case: CaseId) -> list[DraftRow]:
    """The drafts of a case, the one that was changed last first."""
    rows = snapshot.rows(
        f"{_SELECT} WHERE link = ? AND case_id = ? ORDER BY changed_at DESC", (link, case)
    )
    return [_draft(row) for row in rows]


def count_open(snapshot: Snapshot) -> int:
    """How many drafts are neither sent nor discarded."""
    count: int = snapshot.value(
        "SELECT count(*) FROM drafts WHERE state IN (?, ?, ?, ?)", [state.value for state in OPEN]
    )
    return count


def forget_case(tx: Transaction, link: LinkId, case: CaseId) -> None:
    """Removes the drafts of a shredded case, also those that became its events, and its notes."""
    tx.execute("DELETE FROM drafts WHERE link = ? AND case_id = ?", (link, case))
    tx.execute("DELETE FROM notes WHERE link = ? AND case_id = ?", (link, case))


def add_note(
    tx: Transaction, link: LinkId, case: CaseId, person: PersonId, at: int, words: str
) -> int:
    """Adds an internal note; returns its number."""
    return tx.insert(
        "INSERT INTO notes(link, case_id, person, at, words) VALUES (?, ?, ?, ?, ?)",
        (link, case, person, at, words),
    )


def notes_of(snapshot: Snapshot, link: LinkId, case: CaseId) -> list[NoteRow]:
    """The internal notes on a case, the oldest first."""
    rows = snapshot.rows(
        "SELECT seq, person, at, words FROM notes WHERE link = ? AND case_id = ? ORDER BY seq",
        (link, case),
    )
    return [NoteRow._make(row) for row in rows]


def note(snapshot: Snapshot, seq: int) -> NoteRow | None:
    """The internal note with this number."""
    row = snapshot.row("SELECT seq, person, at, words FROM notes WHERE seq = ?", (seq,))
    return None if row is None else NoteRow._make(row)


def _draft(row: Row) -> DraftRow:
    authors = _AUTHORS.decode(row[7])
    return DraftRow._make((*row[:3], DraftState(row[3]), *row[4:7], authors, *row[8:]))
