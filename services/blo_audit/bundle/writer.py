"""The writer of bundles. Equal contents give equal bytes."""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterable, Sequence
from hashlib import sha256
from typing import BinaryIO, Final

import msgspec

from blo_audit.bundle import limits
from blo_audit.bundle.errors import BundleTooLarge, NothingToBundle
from blo_audit.bundle.files import PackedFile, pieces_of
from blo_audit.bundle.limits import PartLimits
from blo_audit.bundle.reader import LENGTH_SIZE, MAGIC, hashed_in_place_of
from blo_schemas.bundle import (
    BUNDLED_FILE,
    MANIFEST,
    MAX_CHUNK_RECORDS,
    PROVEN_RECORD,
    RECORD_CHUNK,
    SIGNED_DISCLOSURE,
    BundledFile,
    Counts,
    Manifest,
    ProvenRecord,
    RecordChunk,
    SignedDisclosure,
)
from blo_schemas.event import LogRecord
from blo_schemas.hashes import leaf_hash
from blo_schemas.heads import SIGNED_HEAD, SignedHead
from blo_schemas.trust import SIGNED_DOCUMENT, SignedDocument

CHUNK_BYTES: Final = 128 * 1024
"""A chunk of records is closed before the record that would take its values beyond this."""


class BundleParts(msgspec.Struct, frozen=True):
    """Everything in a bundle but its records.

    Attributes:
        documents: Trust documents.
        heads: Heads of the link.
        checkpoints: Checkpoints of the link, as the text that was signed.
        disclosures: Disclosures of events that are in the bundle.
        files: Files that disclosed events enclose.
    """

    documents: tuple[SignedDocument, ...] = ()
    heads: tuple[SignedHead, ...] = ()
    checkpoints: tuple[bytes, ...] = ()
    disclosures: tuple[SignedDisclosure, ...] = ()
    files: tuple[PackedFile, ...] = ()

    def frames(self) -> list[tuple[PartLimits, list[bytes]]]:
        """The frames of each kind, sorted, each once."""
        return [
            (limits.DOCUMENTS, _frames(map(SIGNED_DOCUMENT.encode, self.documents))),
            (limits.HEADS, _frames(map(SIGNED_HEAD.encode, self.heads))),
            (limits.CHECKPOINTS, _frames(self.checkpoints)),
            (limits.DISCLOSURES, _frames(map(SIGNED_DISCLOSURE.encode, self.disclosures))),
        ]

    def counts(self, records: int) -> Counts:
        """The counts for the manifest."""
        documents, heads, checkpoints, disclosures = (len(frames) for _, frames in self.frames())
        return Counts(documents, heads, checkpoints, disclosures, records, len(self.sorted_files()))

    def sorted_files(self) -> list[PackedFile]:
        """The files by their SHA-256, each once."""
        by_digest = {file.sha256: file for file in self.files}
        return [by_digest[digest] for digest in sorted(by_digest)]


class BundleWriter:
    """Writes one bundle into a stream, front to back.

    Args:
        stream: Where to.
        manifest: What it will contain; its counts must be those of ``papers`` and the records.
        papers: Everything but the records.

    Raises:
        BundleTooLarge: More of something than a bundle may have.
    """

    def __init__(self, stream: BinaryIO, manifest: Manifest, papers: BundleParts) -> None:
        self._stream = stream
        self._hash = sha256()
        self._left = manifest.counts.records
        self._files = papers.sorted_files()
        self._times: list[int] = []
        self._values: list[bytes] = []
        self._bytes = 0
        part = limits.PROVEN_RECORDS if manifest.scope.is_selection else limits.LINK_RECORDS
        if self._left > part.count:
            raise BundleTooLarge(f"{self._left} {part.name}; a bundle has at most {part.count}")
        size = sum(file.size for file in self._files)
        if len(self._files) > limits.FILES.count or size > limits.FILES.total:
            raise BundleTooLarge(
                f"{len(self._files)} files are too many or too large for a bundle: at most "
                f"{limits.FILES.count}, together {limits.FILES.total} bytes"
            )
        self._put(MAGIC)
        self._frame(MANIFEST.encode(manifest))
        for kind, frames in papers.frames():
            if len(frames) > kind.count or sum(map(len, frames)) > kind.total:
                raise BundleTooLarge(
                    f"{len(frames)} {kind.name} are too many or too large for a bundle: at most "
                    f"{kind.count}, together {kind.total} bytes"
                )
            for frame in frames:
                self._frame(frame)

    def add(self, record: LogRecord) -> None:
        """Adds the next record of a whole link."""
        if self._values and (
            self._bytes + len(record.value) > CHUNK_BYTES or len(self._values) == MAX_CHUNK_RECORDS
        ):
            self._flush()
        self._times.append(record.log_time)
        self._values.append(record.value)
        self._bytes += len(record.value)
        self._left -= 1

    def add_proven(self, record: ProvenRecord) -> None:
        """Adds the next record of a selection."""
        self._frame(PROVEN_RECORD.encode(record))
        self._left -= 1

    def finish(self) -> bytes:
        """Ends the bundle.

        Returns:
            The digest at its end.

        Raises:
            NothingToBundle: There were more or fewer records than the manifest says.
        """
        self._flush()
        if self._left:
            raise NothingToBundle(
                f"the manifest promises another number of records, by {abs(self._left)}"
            )
        for file in self._files:
            self._frame(BUNDLED_FILE.encode(BundledFile(file.size)))
            for piece in pieces_of(file):
                self._frame(piece)
        digest = self._hash.digest()
        self._stream.write(digest)
        return digest

    def _flush(self) -> None:
        if self._values:
            data = RECORD_CHUNK.encode(RecordChunk(tuple(self._times), tuple(self._values)))
            self._put(len(data).to_bytes(LENGTH_SIZE, "big"))
            self._stream.write(data)
            self._hash.update(hashed_in_place_of(self._times, map(leaf_hash, self._values)))
        self._times, self._values, self._bytes = [], [], 0

    def _frame(self, data: bytes) -> None:
        self._put(len(data).to_bytes(LENGTH_SIZE, "big"))
        self._put(data)

    def _put(self, data: bytes) -> None:
        self._hash.update(data)
        self._stream.write(data)


async def write_link(
    stream: BinaryIO,
    manifest: Manifest,
    papers: BundleParts,
    batches: AsyncIterable[Sequence[LogRecord]],
) -> bytes:
    """Writes a whole link's bundle; returns the digest at its end.

    Raises:
        BundleError: It does not fit, or there were other records than promised.
    """
    writer = BundleWriter(stream, manifest, papers)
    async for batch in batches:
        for record in batch:
            writer.add(record)
    return writer.finish()


def write_selection(
    stream: BinaryIO, manifest: Manifest, papers: BundleParts, records: Iterable[ProvenRecord]
) -> bytes:
    """Writes a selection's bundle; returns the digest at its end.

    Raises:
        BundleError: It does not fit, or there were other records than promised.
    """
    writer = BundleWriter(stream, manifest, papers)
    for record in records:
        writer.add_proven(record)
    return writer.finish()


def _frames(encoded: Iterable[bytes]) -> list[bytes]:
    return sorted(set(encoded))
