"""Making a bundle from a log: what to take, and on whose word its proofs will rest."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import msgspec

from blo_audit.bundle import limits
from blo_audit.bundle.contents import (
    BundleRequest,
    CountedStatements,
    RecordSelector,
    needed_documents,
    words_of,
)
from blo_audit.bundle.errors import NothingToBundle
from blo_audit.bundle.files import PackedFile
from blo_audit.bundle.writer import BundleParts, write_link, write_selection
from blo_audit.replay.documents import judge_documents
from blo_audit.replay.sources import RecordSource, SourcePartition, places
from blo_domain.trust import Pins, TrustedDirectory
from blo_runtime.files import NewFile, read_file
from blo_schemas.bundle import (
    DISCLOSURE,
    MANIFEST_VERSION,
    MAX_DISCLOSURE_SIZE,
    SIGNED_DISCLOSURE,
    Manifest,
    ProvenRecord,
    SignedDisclosure,
)
from blo_schemas.errors import WireError
from blo_schemas.event import LogRecord
from blo_schemas.hashes import leaf_hash
from blo_schemas.heads import SIGNED_HEAD
from blo_schemas.ids import LinkId
from blo_schemas.trust import SignedDocument
from blo_sealing.merkle import MerkleTree


class WrittenBundle(msgspec.Struct, frozen=True):
    """A bundle that was made.

    Attributes:
        manifest: What it says of itself.
        digest: The digest at its end.
        rests_on: Whose word its proofs rest on, in words.
        uncovered: Records that were meant too, and lie behind the tree that was signed.
    """

    manifest: Manifest
    digest: bytes
    rests_on: str
    uncovered: int


def read_disclosure(path: Path) -> SignedDisclosure:
    """Reads a disclosure's file.

    Raises:
        NothingToBundle: It is none.
    """
    try:
        return SIGNED_DISCLOSURE.decode(read_file(path, MAX_DISCLOSURE_SIZE))
    except WireError as error:
        raise NothingToBundle(
            f"{path} is no disclosure: {error}. One is made by: blo agent disclose"
        ) from error


class Collector:
    """Makes bundles of what a source has.

    Args:
        source: Where it is read from.
        pins: The pinned roots.
    """

    def __init__(self, source: RecordSource, pins: Pins) -> None:
        self._source = source
        self._pins = pins
        self._files: tuple[PackedFile, ...] = ()

    async def write(
        self,
        request: BundleRequest,
        disclosures: Sequence[SignedDisclosure],
        target: NewFile,
        files: Sequence[PackedFile] = (),
    ) -> WrittenBundle:
        """Make a bundle.

        Args:
            request: The wanted contents.
            disclosures: Disclosures to be packed with it.
            target: The file.
            files: Files that disclosed events enclose.

        Raises:
            BundleError: It is not there, does not fit, or nobody has signed it.
            NoTrust: None of the pinned roots is there.
            LogError: The log could not be read.
            OSError: The file can't be made.
        """
        self._files = tuple(files)
        documents = await self._source.documents()
        directory, _ = judge_documents(documents, self._pins, self._source.name)
        place = _place(directory, request.link)
        if not request.scope.is_selection:
            return await self._whole(place, request, directory, documents, disclosures, target)
        gathered = await self._gather(place, request, disclosures)
        if not gathered.records:
            raise NothingToBundle(f"{self._source.name} has no record of what was asked for")
        return self._selection(gathered, request, directory, documents, disclosures, target)

    async def _whole(
        self,
        place: SourcePartition,
        request: BundleRequest,
        directory: TrustedDirectory,
        documents: Sequence[SignedDocument],
        disclosures: Sequence[SignedDisclosure],
        target: NewFile,
    ) -> WrittenBundle:
        values = await self._source.heads(place)
        signed = CountedStatements(values, place, directory)
        size = await self._source.end(place)
        if size is None:
            raise NothingToBundle(f"{self._source.name} does not say how many records there are")
        papers = self._papers(place, directory, documents, disclosures, signed)
        first = request.first
        if first > size:
            raise NothingToBundle(
                f"the log of {place.link} has {size:,} records, and those from {first:,} on were "
                "asked for: it was cut, or this is another log. Find out why"
            )
        draft = _manifest(request, place, size, papers, size - first)
        with target as new:
            records = self._records(place, first, size)
            digest = await write_link(new.stream, draft, papers, records)
        quorum = signed.quorum()
        words = "nobody's word" if quorum is None else words_of(quorum)
        return WrittenBundle(draft, digest, words, 0 if quorum is None else size - quorum.size)

    async def _records(
        self, place: SourcePartition, first: int, size: int
    ) -> AsyncIterator[list[LogRecord]]:
        position = first
        async for batch in self._source.records(place, first):
            records = list(batch[: size - position])
            for record in records:
                if record.position != position:
                    raise NothingToBundle(
                        f"the log of {place.link} has a hole: after record {position - 1} comes "
                        f"record {record.position}. Find out why before you hand it on"
                    )
                position += 1
            yield records
            if position >= size:
                return

    async def _gather(
        self,
        place: SourcePartition,
        request: BundleRequest,
        disclosures: Sequence[SignedDisclosure],
    ) -> _Gathered:
        # Heads first, so that the log has at least what they cover.
        values = await self._source.heads(place)
        chooser = RecordSelector(place.link, request, disclosures)
        tree = MerkleTree()
        records: list[LogRecord] = []
        async for batch in self._source.records(place):
            for record in batch:
                if record.position != len(tree):
                    raise NothingToBundle(f"the log of {place.link} has a hole at {len(tree)}")
                tree.append(leaf_hash(record.value))
                if chooser.wants(record):
                    records.append(record)
            if len(records) > limits.PROVEN_RECORDS.count:
                raise NothingToBundle(
                    f"more than {limits.PROVEN_RECORDS.count} records of {place.link}: choose "
                    "fewer, or bundle the whole link"
                )
        return _Gathered(place, values, tree, records)

    def _selection(
        self,
        gathered: _Gathered,
        request: BundleRequest,
        directory: TrustedDirectory,
        documents: Sequence[SignedDocument],
        disclosures: Sequence[SignedDisclosure],
        target: NewFile,
    ) -> WrittenBundle:
        place, tree = gathered.place, gathered.tree
        signed = CountedStatements(gathered.values, place, directory)
        base = signed.base(len(tree))
        if tree.root(base.size) != base.tree_root:
            raise NothingToBundle(
                f"the log's first {base.size} records are not those that {words_of(base)} is for. "
                "Bundle the whole link, as evidence, and find out why"
            )
        covered = [record for record in gathered.records if record.position < base.size]
        if not covered:
            raise NothingToBundle(
                f"the {len(gathered.records)} records that were asked for lie behind the {base.size} "
                f"that {words_of(base)} is for: wait for the next checkpoint or head"
            )
        papers = self._papers(place, directory, documents, disclosures, signed)
        draft = _manifest(request, place, base.size, papers, len(covered))
        proven = (
            ProvenRecord(
                record.position,
                record.log_time,
                record.value,
                tree.inclusion_proof(record.position, base.size),
            )
            for record in covered
        )
        with target as new:
            digest = write_selection(new.stream, draft, papers, proven)
        return WrittenBundle(draft, digest, words_of(base), len(gathered.records) - len(covered))

    def _papers(
        self,
        place: SourcePartition,
        directory: TrustedDirectory,
        documents: Sequence[SignedDocument],
        disclosures: Sequence[SignedDisclosure],
        signed: CountedStatements,
    ) -> BundleParts:
        for disclosure in disclosures:
            about = DISCLOSURE.decode(disclosure.disclosure).link
            if about != place.link:
                raise NothingToBundle(f"a disclosure is about {about}, the bundle {place.link}")
        return BundleParts(
            documents=needed_documents(documents, place, directory, self._pins),
            heads=tuple(SIGNED_HEAD.decode(value) for value in signed.heads),
            checkpoints=tuple(signed.checkpoints),
            disclosures=tuple(disclosures),
            files=self._files,
        )


class _Gathered(msgspec.Struct, frozen=True):
    place: SourcePartition
    values: Sequence[bytes]
    tree: MerkleTree
    records: list[LogRecord]


def _place(directory: TrustedDirectory, link: LinkId) -> SourcePartition:
    for place in places(directory):
        if place.link == link:
            return place
    known = ", ".join(place.link for place in places(directory)) or "none"
    raise NothingToBundle(f"no agreement that counts names {link}; there are: {known}")


def _manifest(
    request: BundleRequest, place: SourcePartition, size: int, papers: BundleParts, records: int
) -> Manifest:
    start, end = request.period or (None, None)
    first, last = request.days or (None, None)
    return Manifest(
        v=MANIFEST_VERSION,
        scope=request.scope,
        link=place.link,
        corridor=place.corridor,
        size=size,
        case=request.case,
        start=start,
        end=end,
        first_day=first,
        last_day=last,
        counts=papers.counts(records),
    )
