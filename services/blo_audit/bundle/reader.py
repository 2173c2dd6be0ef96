"""Reading a bundle: one pass, bounded memory, and no more trust than the bytes deserve.

The form (``docs/wire-format.md`` §13): 16 bytes of magic, then frames of 4 bytes of length and
that many bytes of content, then a digest over everything before, then nothing. Which frame is what
follows from the manifest's counts alone: there are no names, paths, offsets or compression in the
file, so nothing can be named twice, point elsewhere, or grow when it is unpacked (ADR 8).

A frame's length is compared with its limit before a byte of it is read.
"""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, Final, TypeVar

from blo_audit.bundle import limits
from blo_audit.bundle.errors import (
    BundleAltered,
    BundleMalformed,
    BundleTooLarge,
    BundleTruncated,
    BundleUnreadable,
    NotABundle,
)
from blo_audit.bundle.limits import PartLimits
from blo_schemas.bundle import (
    BUNDLED_FILE,
    MANIFEST,
    PROVEN_RECORD,
    RECORD_CHUNK,
    SIGNED_DISCLOSURE,
    Manifest,
    ProvenRecord,
    SignedDisclosure,
)
from blo_schemas.codec import encode
from blo_schemas.errors import UnknownVersion, WireError
from blo_schemas.event import LogRecord
from blo_schemas.files import chunk_count, chunk_length
from blo_schemas.hashes import leaf_hash
from blo_schemas.heads import SIGNED_HEAD, SignedHead
from blo_schemas.ids import Digest
from blo_schemas.trust import SIGNED_DOCUMENT, SignedDocument

MAGIC: Final = b"blo/bundle/v1\r\n\0"
"""16 bytes; a transfer that changes line ends is noticed here."""

LENGTH_SIZE: Final = 4
DIGEST_SIZE: Final = 32
MAX_RECORD_VALUE: Final = 1024 * 1024
"""No log takes a larger record (``blo_log.port.MAX_RECORD_BYTES``)."""

T = TypeVar("T")


class Bundle:
    """A bundle that is being read: all parts but the records are there already.

    Args:
        stream: The file, at its beginning.

    Attributes:
        manifest: What the bundle says it is.
        documents: Its trust documents.
        heads: Its heads.
        checkpoints: Its checkpoints, as the text that was signed.
        disclosures: Its disclosures.
        files: Size and SHA-256 of each of its files, when all was read.
        on_file: Called with the number of each file and its bytes in pieces, all of which it takes.
        digest: The digest at its end, when all was read.

    Raises:
        BundleError: The bytes are no bundle up to its records.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._hash = sha256()
        self._used: dict[str, int] = {}
        if self._take(len(MAGIC), "the first bytes") != MAGIC:
            raise NotABundle("this file does not begin as a bundle of version 1 does")
        self.manifest: Manifest = self._manifest()
        counts = self.manifest.counts
        self.documents: tuple[SignedDocument, ...] = self._parts(
            limits.DOCUMENTS, counts.documents, SIGNED_DOCUMENT.decode
        )
        self.heads: tuple[SignedHead, ...] = self._parts(
            limits.HEADS, counts.heads, SIGNED_HEAD.decode
        )
        self.checkpoints: tuple[bytes, ...] = self._parts(
            limits.CHECKPOINTS, counts.checkpoints, bytes
        )
        self.disclosures: tuple[SignedDisclosure, ...] = self._parts(
            limits.DISCLOSURES, counts.disclosures, SIGNED_DISCLOSURE.decode
        )
        self.files: tuple[tuple[int, bytes], ...] = ()
        self.on_file: Callable[[int, Iterator[bytes]], object] = _pass_over
        self.digest: bytes | None = None

    def batches(self) -> Iterator[list[LogRecord]]:
        """The records of a whole link or its end in order, and then the end of the file.

        Raises:
            BundleError: What follows is not what the manifest promises.
        """
        count = self.manifest.size
        part = limits.LINK_RECORDS
        position = self.manifest.first
        while position < count:
            frame = self._part_frame(part, position, hashed=False)
            chunk = _decoded(part, position, frame, RECORD_CHUNK.decode)
            values = chunk.values
            size = len(values)
            if position + size > count:
                promised = self.manifest.counts.records
                raise BundleMalformed(f"there are more than the {promised} records of the manifest")
            if max(map(len, values)) > MAX_RECORD_VALUE:
                raise BundleTooLarge(f"a record after {position} is larger than any log takes")
            leaves = list(map(leaf_hash, values))
            self._hash.update(hashed_in_place_of(chunk.times, leaves))
            yield list(
                map(LogRecord, range(position, position + size), chunk.times, values, leaves)
            )
            position += size
        self._finish()

    def proven(self) -> Iterator[ProvenRecord]:
        """The records of a selection by ascending position, and then the end of the file.

        Raises:
            BundleError: What follows is not what the manifest promises.
        """
        before = -1
        for number in range(self.manifest.counts.records):
            frame = self._part_frame(limits.PROVEN_RECORDS, number)
            record = _decoded(limits.PROVEN_RECORDS, number, frame, PROVEN_RECORD.decode)
            if record.position <= before:
                raise BundleMalformed(
                    f"record {record.position} comes after record {before}: records ascend, and "
                    "none is there twice"
                )
            before = record.position
            yield record
        self._finish()

    def _manifest(self) -> Manifest:
        frame = self._frame(limits.MANIFEST_SIZE, "the manifest")
        try:
            manifest = MANIFEST.decode(frame)
        except UnknownVersion as error:
            raise NotABundle(f"a bundle of another version of this program: {error}") from None
        except WireError as error:
            raise BundleMalformed(f"the manifest: {error}") from None
        records = limits.PROVEN_RECORDS if manifest.scope.is_selection else limits.LINK_RECORDS
        if manifest.counts.records > records.count:
            raise BundleTooLarge(_too_many(records, manifest.counts.records))
        if manifest.counts.files > limits.FILES.count:
            raise BundleTooLarge(_too_many(limits.FILES, manifest.counts.files))
        return manifest

    def _parts(self, part: PartLimits, count: int, decode: Callable[[bytes], T]) -> tuple[T, ...]:
        if count > part.count:
            raise BundleTooLarge(_too_many(part, count))
        found: list[T] = []
        before = b""
        for number in range(count):
            frame = self._part_frame(part, number)
            if frame <= before:
                raise BundleMalformed(
                    f"number {number} of the {part.name} is not after the one before it: they are "
                    "sorted, and none is there twice"
                )
            before = frame
            found.append(_decoded(part, number, frame, decode))
        return tuple(found)

    def _part_frame(self, part: PartLimits, number: int, *, hashed: bool = True) -> bytes:
        frame = self._frame(part.frame, f"number {number} of the {part.name}", hashed=hashed)
        used = self._used.get(part.name, 0) + len(frame)
        if used > part.total:
            raise BundleTooLarge(f"the {part.name} have more than {part.total} bytes together")
        self._used[part.name] = used
        return frame

    def _frame(self, limit: int, what: str, *, hashed: bool = True) -> bytes:
        size = int.from_bytes(self._take(LENGTH_SIZE, what), "big")
        if size > limit:
            raise BundleTooLarge(f"{what} has {size} bytes, at most {limit} are allowed")
        return self._take(size, what, hashed=hashed)

    def _read_files(self) -> Iterator[tuple[int, bytes]]:
        """Size and SHA-256 of each file."""
        part = limits.FILES
        digests: set[bytes] = set()
        for number in range(self.manifest.counts.files):
            head = _decoded(part, number, self._part_frame(part, number), BUNDLED_FILE.decode)
            whole = sha256()
            pieces = self._pieces(number, head.size, whole.update)
            self.on_file(number, pieces)
            for _ in pieces:  # What the listener has left, if it has failed to take all.
                pass
            digest = whole.digest()
            if digest in digests:
                raise BundleMalformed(f"file {number} is there twice")
            digests.add(digest)
            yield head.size, digest

    def _pieces(self, number: int, size: int, hashed: Callable[[bytes], object]) -> Iterator[bytes]:
        for index in range(chunk_count(size)):
            piece = self._part_frame(limits.FILES, number)
            if len(piece) != chunk_length(size, index):
                raise BundleMalformed(f"piece {index} of file {number} has another length")
            hashed(piece)
            yield piece

    def _finish(self) -> None:
        self.files = tuple(self._read_files())
        computed = self._hash.digest()
        if self._take(DIGEST_SIZE, "the digest at the end") != computed:
            raise BundleAltered(
                "the digest at the end does not fit: the file was damaged, get it once more"
            )
        if self._read(1):
            raise BundleMalformed("something follows after the end of the bundle")
        self.digest = computed

    def _take(self, size: int, what: str, *, hashed: bool = True) -> bytes:
        data = self._read(size)
        if len(data) != size:
            raise BundleTruncated(f"the file ends inside {what}")
        if hashed:
            self._hash.update(data)
        return data

    def _read(self, size: int) -> bytes:
        try:
            return self._stream.read(size)
        except OSError as error:
            raise BundleUnreadable(f"the file can't be read: {error.strerror}") from error


def hashed_in_place_of(times: Sequence[int], leaves: Iterable[Digest]) -> bytes:
    """The bytes that stand for a chunk of records in the digest at the end (§13).

    A value stands as its leaf hash. A replay needs that hash as well, so each value is hashed once.

    Args:
        times: The records' log times.
        leaves: Their values' leaf hashes.
    """
    return encode(times) + b"".join(leaves)


@contextmanager
def open_bundle(path: Path) -> Iterator[Bundle]:
    """Opens a file and reads it up to its records.

    Raises:
        BundleError: It can't be read, or is no bundle.
    """
    try:
        # A device or a pipe could go on for ever, and opening one can have effects of its own.
        if not stat.S_ISREG(path.stat().st_mode):
            raise BundleUnreadable(f"{path} is no ordinary file")
        stream = path.open("rb")
    except (OSError, ValueError) as error:
        raise BundleUnreadable(f"{path} can't be opened: {error}") from error
    with stream:
        yield Bundle(stream)


def _pass_over(_number: int, pieces: Iterator[bytes]) -> None:
    for _ in pieces:
        pass


def _decoded(part: PartLimits, number: int, frame: bytes, decode: Callable[[bytes], T]) -> T:
    try:
        return decode(frame)
    except WireError as error:
        raise BundleMalformed(f"number {number} of the {part.name}: {error}") from None


def _too_many(part: PartLimits, count: int) -> str:
    return f"the manifest promises {count} {part.name}, a bundle has at most {part.count}"
