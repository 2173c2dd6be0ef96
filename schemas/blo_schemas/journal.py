"""The office's own local journal: what happened inside the office, chained like the log.

Drafting, submitting and approving never leave the office (docs/architecture.md, "The case"). Their entries are hash
chained here, and the office's heads anchor the chain's last hash on the shared log.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Final

import msgspec

from blo_schemas.codec import Codec
from blo_schemas.fields import Bytes32, Count, Line, UnixMs, Word
from blo_schemas.ids import Digest, LinkId
from blo_schemas.summary import Step

JOURNAL_VERSION: Final = 1

_JOURNAL: Final = b"blo/journal/v1\0"

MAX_DETAIL_SIZE: Final = 512 * 1024
"""Largest detail of an entry in bytes; of a larger one its size and hash are kept (``detail_of``)."""

MAX_ENTRY_SIZE: Final = MAX_DETAIL_SIZE + 4096
"""Largest encoded entry in bytes: two words of 200 characters, the link and the hashes are small."""


class JournalEntry(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """One entry of the journal.

    Attributes:
        v: Version of this layout, 1.
        seq: Number of entries before this one.
        at: The office's clock, Unix milliseconds.
        actor: Who acted: an officer's id, or the program's name for what it did by itself.
        action: What was done, e.g. ``submit answer``.
        link: The link it concerns; ``None``: none.
        case: The case it concerns; ``None``: none, or not yet named.
        detail: Encoded detail of the action; may be empty.
        prev: Hash of the entry before; zeros for the first.
    """

    v: int
    seq: Count
    at: UnixMs
    actor: Word
    action: Word
    link: LinkId | None
    case: Bytes32 | None
    detail: bytes
    prev: Bytes32


class NamedPerson(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Detail of ``NAMES_DRAFTER`` and ``NAMES_SIGNER``: whom a document names, as it was typed.

    It says nothing of what that person has done: who typed the name is the entry's actor.

    Attributes:
        event: The event with which the document travels.
        step: What the event does.
        name: The name as it was typed.
    """

    event: Bytes32
    step: Step
    name: Line


class SearchedWords(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Detail of a search: the words, as they were typed."""

    words: Line


NAMES_DRAFTER: Final = "names as drafter"
NAMES_SIGNER: Final = "names as signer"
NAMED_PERSON: Final = Codec(NamedPerson)
SEARCHED_WORDS: Final = Codec(SearchedWords)
JOURNAL_ENTRY: Final = Codec(JournalEntry, versions=(JOURNAL_VERSION,), limit=MAX_ENTRY_SIZE)


def detail_of(data: bytes) -> bytes:
    """What an entry says of an action's detail: the detail, or of a too large one size and hash."""
    if len(data) <= MAX_DETAIL_SIZE:
        return data
    return f"{len(data)} bytes with SHA-256 {sha256(data).hexdigest()}".encode()


def named_person(entry: JournalEntry) -> NamedPerson | None:
    """Whom an entry's document names; ``None``: the entry is of another action.

    Raises:
        WireError: Its detail is something else.
    """
    if entry.action not in (NAMES_DRAFTER, NAMES_SIGNER):
        return None
    return NAMED_PERSON.decode(entry.detail)


def journal_hash(entry: JournalEntry) -> Digest:
    """The entry's hash, which the next entry and the office's heads carry."""
    return Digest(sha256(_JOURNAL + JOURNAL_ENTRY.encode(entry)).digest())
