"""An office's journal as a file: JSON, a line for each entry, the first line says what it is.

Bytes are written in hexadecimal. Each line repeats the hash that the office's store has for the
entry, so that whoever looks for a change can say which line it is in; what counts is the hash that
is computed anew, and the anchors in the office's heads.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from blo_schemas.errors import UnknownVersion, WireError
from blo_schemas.fields import Count, Hex32, MapStruct, UnixMs, Word
from blo_schemas.ids import CaseId, LinkId, OfficeId
from blo_schemas.journal import JOURNAL_VERSION, JournalEntry
from blo_schemas.texts import from_hex, from_json


class JournalFileHead(MapStruct, frozen=True, kw_only=True):
    """The first line.

    Attributes:
        journal: Whose journal it is.
        v: Version of the entries, 1.
        exported_at: The office's clock, Unix milliseconds.
        entries: How many lines follow.
        hash: The last one's hash; zeros if there is none.
    """

    journal: OfficeId
    v: int
    exported_at: UnixMs
    entries: Count
    hash: Hex32


class JournalLine(MapStruct, frozen=True, kw_only=True):
    """One entry; see ``JournalEntry``.

    Attributes:
        hash: The entry's hash as the store has it.
    """

    seq: Count
    at: UnixMs
    actor: Word
    action: Word
    link: LinkId | None
    case: Hex32 | None
    detail: str
    prev: Hex32
    hash: Hex32

    def entry(self) -> JournalEntry:
        """The entry that the line says.

        Raises:
            WireError: Its detail is not hexadecimal.
        """
        return JournalEntry(
            JOURNAL_VERSION,
            self.seq,
            self.at,
            self.actor,
            self.action,
            self.link,
            None if self.case is None else CaseId(from_hex(self.case)),
            from_hex(self.detail),
            from_hex(self.prev),
        )


def journal_line(entry: JournalEntry, digest: bytes) -> JournalLine:
    """An entry with its stored hash as a line."""
    return JournalLine(
        seq=entry.seq,
        at=entry.at,
        actor=entry.actor,
        action=entry.action,
        link=entry.link,
        case=None if entry.case is None else entry.case.hex(),
        detail=entry.detail.hex(),
        prev=entry.prev.hex(),
        hash=digest.hex(),
    )


def journal_file(head: JournalFileHead, lines: Iterable[JournalLine]) -> bytes:
    """The file."""
    return b"".join(msgspec.json.encode(line) + b"\n" for line in (head, *lines))


def read_head(data: bytes) -> JournalFileHead:
    """The first line of a file.

    Raises:
        WireError: It is none.
    """
    first = data.partition(b"\n")[0]
    head = from_json(first, JournalFileHead)
    if head.v != JOURNAL_VERSION:
        raise UnknownVersion(
            "journal file", f"version {head.v}; this program knows {JOURNAL_VERSION}"
        )
    return head


def read_lines(data: bytes) -> Iterator[JournalLine | str]:
    """The lines after the first; of one that is no entry, what is wrong with it in words."""
    for line in data.split(b"\n")[1:]:
        if not line:
            continue
        try:
            entry = from_json(line, JournalLine)
            entry.entry()
        except WireError as error:
            yield error.detail
        else:
            yield entry
