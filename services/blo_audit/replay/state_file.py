"""The file of an auditor's statement: written while a replay runs, read by a later one.

The form (docs/wire-format.md §14): 16 bytes of magic; for each link its columns and its seam; the
statement, which names each of them with its digest; the signature; 24 bytes with the place and the
sizes of these two. So the file is written front to back, and a reader that has checked one
signature can read any part by itself.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, Final

from blo_audit.auditor import Auditor
from blo_audit.errors import StatementRefused
from blo_audit.replay.seam import (
    AUDIT_STATE,
    LINK_SEAM,
    MAX_SEAM_SIZE,
    MAX_STATE_SIZE,
    RULES,
    STATE_VERSION,
    WIDTHS,
    AuditState,
    LinkSeam,
    StatedLink,
    StatePart,
)
from blo_audit.replay.sources import SourcePartition
from blo_audit.spill_files import SpillFolder
from blo_domain.trust import Pins
from blo_projection.office_chain import AppendOnlyBytes
from blo_schemas.audits import AUDIT_SIGNATURE, AuditDocument
from blo_schemas.errors import WireError
from blo_schemas.hashes import document_id
from blo_schemas.ids import HASH_SIZE, DocumentId, LinkId
from blo_schemas.trust import SignedDocument

MAGIC: Final = b"blo/audit-state\n"
SEAM: Final = "seam"
_PORTION: Final = 256 * 1024
_FIELD: Final = 8
_TAIL: Final = 3 * _FIELD


class StateWriter:
    """Writes a statement.

    Args:
        stream: An empty file.
        auditor: Who states it.
        pins: The pinned roots.
        tolerance_ms: How far two clocks may differ.
        late_ms: After how long an event is late.
        made_at: The auditor's clock, Unix milliseconds.
    """

    def __init__(
        self,
        stream: BinaryIO,
        auditor: Auditor,
        pins: Pins,
        *,
        tolerance_ms: int,
        late_ms: int,
        made_at: int,
    ) -> None:
        self._stream = stream
        self._auditor = auditor
        self._pins = tuple(sorted(pins.items()))
        self._clocks = tolerance_ms, late_ms
        self.made_at = made_at
        self._documents: tuple[bytes, ...] = ()
        self._links: list[StatedLink] = []
        stream.write(MAGIC)

    def add_documents(self, documents: Iterable[DocumentId]) -> None:
        """Add the ids of the trust documents that count."""
        self._documents = tuple(sorted({*self._documents, *documents}))

    def add(
        self,
        place: SourcePartition,
        size: int,
        hashes: tuple[bytes, bytes],
        seam: LinkSeam,
        columns: Mapping[str, AppendOnlyBytes],
    ) -> None:
        """Add a link.

        Args:
            place: The link.
            size: How many records were read.
            hashes: The running hash and the tree's root over them.
            seam: The rest of the state.
            columns: The columns by name.

        Raises:
            TooLarge: The seam has more bytes than a reader accepts.
        """
        parts = [self._put(name, _portions(column)) for name, column in sorted(columns.items())]
        parts.append(self._put(SEAM, iter([LINK_SEAM.encode(seam)])))
        state = StatedLink(
            place.link, place.corridor, place.partition, size, *hashes, parts=tuple(parts)
        )
        self._links.append(state)

    def finish(self) -> bytes:
        """Sign the statement and end the file.

        Returns:
            The digest of the statement, which names it.
        """
        links = tuple(sorted(self._links, key=lambda state: state.link))
        state = AuditState(
            STATE_VERSION, RULES, self.made_at, self._pins, *self._clocks, self._documents, links
        )
        encoded = AUDIT_STATE.encode(state)
        signature = AUDIT_SIGNATURE.encode(self._auditor.sign(AuditDocument.STATE, encoded))
        numbers = self._stream.tell(), len(encoded), len(signature)
        tail = b"".join(number.to_bytes(_FIELD, "big") for number in numbers)
        self._stream.write(encoded + signature + tail)
        return sha256(encoded).digest()

    def _put(self, name: str, portions: Iterator[bytes]) -> StatePart:
        start, hashed = self._stream.tell(), sha256()
        for portion in portions:
            hashed.update(portion)
            self._stream.write(portion)
        return StatePart(name, start, self._stream.tell() - start, hashed.digest())


class EarlierStatement:
    """A statement that the auditor itself signed, and the parts of its file.

    Args:
        stream: The file.
        name: Its name, for messages.
        auditor: Who must have signed it.

    Attributes:
        name: As above.
        state: The statement.
        digest: Its digest, which names it.

    Raises:
        StatementRefused: The file is no statement, is damaged, was signed by somebody else, or
            follows other rules.
    """

    def __init__(self, stream: BinaryIO, name: str, auditor: Auditor) -> None:
        self._stream = stream
        self.name = name
        encoded, signature = self._signed()
        try:
            signed = AUDIT_SIGNATURE.decode(signature)
        except WireError as error:
            raise self.refused(f"its signature cannot be read: {error}") from error
        if not auditor.has_signed(AuditDocument.STATE, encoded, signed):
            raise self.refused(
                f"it is not signed with a key of {auditor.subject}, or was changed since (it names "
                f"{signed.auditor}). A replay goes on only from the auditor's own word"
            )
        try:
            self.state: AuditState = AUDIT_STATE.decode(encoded)
        except WireError as error:
            raise self.refused(f"this program does not know its form: {error}") from error
        if self.state.rules != RULES:
            raise self.refused(
                f"it follows rules {self.state.rules} of the audit, and this program has rules "
                f"{RULES}, which may find something else in the same records"
            )
        self.digest = sha256(encoded).digest()

    def check_basis(self, pins: Pins, tolerance_ms: int, late_ms: int) -> None:
        """Refuse what another replay than this one would have concluded.

        Args:
            pins: The pinned roots now.
            tolerance_ms: How far two clocks may differ now.
            late_ms: After how long an event is late now.

        Raises:
            StatementRefused: One of them was another.
        """
        if dict(self.state.pins) != dict(pins):
            raise self.refused("other roots were pinned when it was made")
        if (self.state.tolerance_ms, self.state.late_ms) != (tolerance_ms, late_ms):
            raise self.refused(
                "the clock tolerance or the time after which events are late differs"
            )

    def missing_documents(self, documents: Collection[DocumentId]) -> list[DocumentId]:
        """The ids of trust documents that counted then, and are not among these."""
        then = map(DocumentId, self.state.documents)
        return [document for document in then if document not in documents]

    def documents_of(self, documents: Iterable[SignedDocument]) -> list[SignedDocument]:
        """Those of some trust documents that counted then."""
        then = frozenset(self.state.documents)
        return [signed for signed in documents if document_id(signed.payload) in then]

    def link(self, link: LinkId) -> StatedLink | None:
        """What it states of a link, if anything."""
        return next((state for state in self.state.links if state.link == link), None)

    def seam(self, state: StatedLink) -> LinkSeam:
        """A link's seam.

        Raises:
            StatementRefused: It is damaged.
        """
        part = _part_named(state.parts, SEAM)
        if part is None or part.size > MAX_SEAM_SIZE:
            raise self.refused(f"it has no state of {state.link}")
        try:
            return LINK_SEAM.decode(b"".join(self._portions(part)))
        except WireError as error:
            raise self.refused(f"its state of {state.link} cannot be read: {error}") from error

    def columns(self, state: StatedLink, spill: SpillFolder) -> dict[str, AppendOnlyBytes]:
        """Copies of a link's columns, by name, in buffers that may grow.

        Raises:
            StatementRefused: One is damaged, or not there.
        """
        columns: dict[str, AppendOnlyBytes] = {}
        for part in state.parts:
            if part.name == SEAM:
                continue
            if part.size % WIDTHS.get(part.name, HASH_SIZE):
                raise self.refused(f"its column {part.name} of {state.link} has half an entry")
            buffer = columns[part.name] = spill.buffer()
            for portion in self._portions(part):
                buffer += portion
        if not WIDTHS.keys() <= columns.keys():
            raise self.refused(f"it lacks columns of {state.link}")
        return columns

    def _portions(self, part: StatePart) -> Iterator[bytes]:
        """The part's bytes; the last portion comes after the digest was compared."""
        self._stream.seek(part.offset)
        hashed, left = sha256(), part.size
        while True:
            portion = self._read(min(left, _PORTION))
            hashed.update(portion)
            left -= len(portion)
            if not left or not portion:
                break
            yield portion
        if left or hashed.digest() != part.digest:
            raise self.refused(f"it is damaged: {part.name} is not what was signed")
        yield portion

    def _signed(self) -> tuple[bytes, bytes]:
        stream = self._stream
        size = stream.seek(0, os.SEEK_END)
        stream.seek(0)
        if size < len(MAGIC) + _TAIL or stream.read(len(MAGIC)) != MAGIC:
            raise self.refused("it is no statement of an audit")
        stream.seek(size - _TAIL)
        tail = stream.read(_TAIL)
        start, encoded, signature = (
            int.from_bytes(tail[at : at + _FIELD], "big") for at in range(0, _TAIL, _FIELD)
        )
        limits = encoded <= MAX_STATE_SIZE and signature <= AUDIT_SIGNATURE.limit
        if not limits or start + encoded + signature + _TAIL != size:
            raise self.refused("it is damaged: it does not end as a statement does")
        stream.seek(start)
        return self._read(encoded), self._read(signature)

    def _read(self, size: int) -> bytes:
        try:
            return self._stream.read(size)
        except OSError as error:
            raise self.refused(f"it can't be read: {error.strerror}") from error

    def refused(self, problem: str) -> StatementRefused:
        """The error that says why no replay can go on from this statement."""
        return StatementRefused(self.name, problem)


@contextmanager
def open_statement(path: Path, auditor: Auditor) -> Iterator[EarlierStatement]:
    """Opens the file of a statement.

    Args:
        path: The file.
        auditor: Who must have signed it.

    Raises:
        StatementRefused: It can't be opened, or is refused (``EarlierStatement``).
    """
    try:
        # A device or a pipe could go on for ever, and opening one can have effects of its own.
        if not stat.S_ISREG(path.stat().st_mode):
            raise StatementRefused(str(path), "it is no ordinary file")
        stream = path.open("rb")
    except (OSError, ValueError) as error:
        raise StatementRefused(str(path), f"it can't be opened: {error}") from error
    with stream:
        yield EarlierStatement(stream, path.name, auditor)


def _part_named(parts: Sequence[StatePart], name: str) -> StatePart | None:
    return next((part for part in parts if part.name == name), None)


def _portions(column: AppendOnlyBytes) -> Iterator[bytes]:
    for start in range(0, len(column), _PORTION):
        yield bytes(column[start : start + _PORTION])
