"""Files that somebody wants: which of their chunks are here, and what is wrong with the others."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final, NamedTuple

from blo_agent.files.errors import FileRefused
from blo_agent.files.options import FileOptions
from blo_agent.files.upload import check_room, hash_of
from blo_agent.store.connection import Snapshot, Transaction
from blo_agent.store.tables import files, keys
from blo_agent.store.tables.files import FileFinding, FileRow, FileState
from blo_log.port import ConsumedRecord
from blo_schemas.errors import WireError
from blo_schemas.files import chunk_count, read_chunk_key
from blo_schemas.ids import CaseId, FileId, KeyId, LinkId
from blo_sealing.errors import SealingError
from blo_sealing.files import SealedFile, derive_file_key, open_chunk_record
from blo_sealing.keys import ContentKey

ARRIVING_MS: Final = 24 * 3_600_000
"""For so long after its event a file may still be on its way."""


class WantedFile:
    """A file whose chunks are looked for.

    Args:
        row: What the store knows of it.
        named: It as its event names it.
        key: The key that opens its chunks.
        pieces: The chunks that are here.

    Attributes:
        row: As given.
        pieces: The chunks that are here.
        wrong: The chunks of which only records that do not pass were seen.
        last_seen: The highest chunk whose record was seen; -1: none.
    """

    def __init__(self, row: FileRow, named: SealedFile, key: bytes, pieces: set[int]) -> None:
        self.row = row
        self.pieces = pieces
        self.wrong: set[int] = set()
        self.last_seen = max(pieces, default=-1)
        self._named = named
        self._key = key

    @property
    def count(self) -> int:
        """How many chunks it has."""
        return chunk_count(self._named.size)

    def open(self, index: int, record: ConsumedRecord) -> bytes | None:
        """The chunk that a record holds; ``None``: it is here already, or does not pass."""
        if index >= self.count:
            return None
        self.last_seen = max(self.last_seen, index)
        if index in self.pieces or record.key is None or record.value is None:
            return None
        try:
            plain = open_chunk_record(self._named, self._key, record.key, record.value)
        except (WireError, SealingError):
            self.wrong.add(index)
            return None
        self.wrong.discard(index)
        return plain

    def finding(self, now: int) -> FileFinding | None:
        """What is wrong once all that the log has was seen; ``None``: it may still be on its way."""
        if self.wrong:
            return FileFinding.WRONG_CHUNKS
        is_late = now - (self.row.about.log_time or 0) > ARRIVING_MS
        if self.last_seen >= len(self.pieces) or is_late:
            return FileFinding.MISSING_CHUNKS
        return None


class OpenedChunk(NamedTuple):
    """A chunk that has passed, and the offset behind its record."""

    file: WantedFile
    number: int
    plain: bytes
    read_to: int


def load_wanted(snapshot: Snapshot, known: Collection[int] = ()) -> list[WantedFile]:
    """The files that are wanted, but those with these numbers, which are looked for already."""
    wanted = []
    for row in files.in_states(snapshot, [FileState.FETCHING]):
        about = row.about
        if row.seq in known or about.case is None or about.sha256 is None:
            continue
        stored = keys.get(snapshot, about.link, KeyId(about.case))
        if stored is not None:
            named = SealedFile(about.link, about.case, about.file, about.size, about.sha256)
            file_key = derive_file_key(named, ContentKey(stored.key))
            pieces = files.piece_numbers(snapshot, row.seq)
            wanted.append(WantedFile(row, named, file_key, pieces))
    return wanted


def open_chunks(wanted: Iterable[WantedFile], records: list[ConsumedRecord]) -> list[OpenedChunk]:
    """The chunks of wanted files that the records of one link hold."""
    by_place: dict[tuple[CaseId | None, FileId], WantedFile] = {
        (file.row.about.case, file.row.about.file): file for file in wanted
    }
    opened: dict[tuple[int, int], OpenedChunk] = {}
    for record in records:
        key = read_chunk_key(record.key)
        file = None if key is None else by_place.get((key.case, key.file))
        if key is None or file is None:
            continue
        plain = file.open(key.number, record)
        if plain is not None:
            chunk = OpenedChunk(file, key.number, plain, record.offset + 1)
            opened.setdefault((file.row.seq, key.number), chunk)
    return list(opened.values())


def store_chunks(opened: list[OpenedChunk], now: int, tx: Transaction) -> list[WantedFile]:
    """Store chunks that have passed; returns the files of which all are here now."""
    complete = []
    for chunk in opened:
        file = chunk.file
        row = files.get(tx, file.row.about.id)
        if row is None or row.about.state is not FileState.FETCHING:
            continue  # It was shredded, or nobody wants it any more.
        files.put_piece(tx, row.seq, chunk.number, chunk.plain)
        file.pieces.add(chunk.number)
        about = row.about._replace(done=len(file.pieces), read_to=chunk.read_to, at=now)
        files.put(tx, FileRow(row.seq, about))
        if len(file.pieces) == file.count:
            complete.append(file)
    return complete


def verify(file: WantedFile, digest: bytes, now: int, tx: Transaction) -> FileFinding | None:
    """Conclude from the hash of all its bytes what a file is.

    Args:
        file: A file of which all chunks are here.
        digest: SHA-256 of its bytes, as ``digest_of`` has computed it.
        now: The office's clock, Unix milliseconds.
        tx: The transaction.
    """
    row = files.get(tx, file.row.about.id)
    if row is None or row.about.state is not FileState.FETCHING:
        return None
    if digest == row.about.sha256:
        about = row.about._replace(state=FileState.WHOLE, at=now, finding=None)
        files.put(tx, FileRow(row.seq, about))
        return None
    files.drop_pieces(tx, row.seq)
    _fault(row, FileFinding.WRONG_HASH, now, tx, done=0)
    return FileFinding.WRONG_HASH


def digest_of(file: WantedFile, snapshot: Snapshot) -> bytes:
    """SHA-256 of the bytes of a file of which all chunks are here."""
    return hash_of(snapshot, file.row)


def note_unfinished(
    unfinished: Iterable[WantedFile], now: int, tx: Transaction
) -> dict[int, FileFinding]:
    """Note what is wrong with files whose log was seen to its end.

    Returns:
        The findings, by the file's number.
    """
    findings = {}
    for file in unfinished:
        finding = file.finding(now)
        row = files.get(tx, file.row.about.id)
        if finding is not None and row is not None and row.about.state is FileState.FETCHING:
            _fault(row, finding, now, tx, done=len(file.pieces))
            findings[row.seq] = finding
    return findings


def want(
    file: bytes, actor: str, options: FileOptions, now: int, tx: Transaction
) -> FileRow | None:
    """Want a file of which an event tells; what is wanted, or here, already stays as it is.

    Args:
        file: The node's name of the file.
        actor: Who wants it.
        options: How much room there is.
        now: The office's clock, Unix milliseconds.
        tx: The transaction.

    Returns:
        The file; ``None``: there is none.

    Raises:
        FileRefused: There is no room.
    """
    row = files.get(tx, file)
    if row is None:
        return None
    about = row.about
    if about.state not in (FileState.ANNOUNCED, FileState.FAULTY, FileState.LET_GO):
        return row
    check_room(tx, about.size, options)
    about = about._replace(
        state=FileState.FETCHING, actor=actor, at=now, finding=None, read_to=None
    )
    row = FileRow(row.seq, about)
    files.put(tx, row)
    return row


def want_announced(options: FileOptions, now: int, tx: Transaction) -> None:
    """Want what is fetched without being asked for, as far as there is room."""
    for row in files.in_states(tx, [FileState.ANNOUNCED]):
        if row.about.size > options.fetch_at_once:
            continue
        try:
            want(row.about.id, row.about.actor, options, now, tx)
        except FileRefused:
            return


def links_of(wanted: Iterable[WantedFile]) -> set[LinkId]:
    """The links of some files."""
    return {file.row.about.link for file in wanted}


def _fault(row: FileRow, finding: FileFinding, now: int, tx: Transaction, *, done: int) -> None:
    about = row.about._replace(state=FileState.FAULTY, finding=finding, done=done, at=now)
    files.put(tx, FileRow(row.seq, about))
