"""A bundle of a whole link, or of its end, as a source of a replay."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from blo_audit.bundle.basis import claim_values
from blo_audit.bundle.errors import NothingToBundle
from blo_audit.bundle.reader import open_bundle
from blo_audit.replay.sources import SourcePartition
from blo_log.port import ConsumedRecord
from blo_schemas.event import LogRecord
from blo_schemas.trust import SignedDocument


class BundleSource:
    """A ``RecordSource`` over a bundle. Its records are read from the file as they are asked for.

    Args:
        path: The file.

    Raises:
        BundleError: It is no bundle of a whole link, or of its end.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with open_bundle(path) as bundle:
            self._manifest = bundle.manifest
            self._documents = bundle.documents
            self._heads = claim_values(bundle)
        if self._manifest.scope.is_selection:
            raise NothingToBundle(
                f"{path} holds a selection of records, and a replay needs all of a link: use "
                "`blo audit verify`, or ask for a bundle of the whole link"
            )

    @property
    def name(self) -> str:
        """See ``RecordSource.name``."""
        return f"bundle {self._path.name}"

    @property
    def has_all_documents(self) -> bool:
        """See ``RecordSource.has_all_documents``: a bundle has those of its link."""
        return False

    async def documents(self) -> Sequence[SignedDocument]:
        """See ``RecordSource.documents``."""
        return self._documents

    async def heads(self, place: SourcePartition) -> Sequence[bytes]:
        """See ``RecordSource.heads``."""
        return self._heads if self._has(place) else []

    async def grants(self, place: SourcePartition) -> Sequence[ConsumedRecord]:
        """See ``RecordSource.grants``: a bundle has none."""
        del place
        return []

    async def end(self, place: SourcePartition) -> int | None:
        """See ``RecordSource.end``."""
        return self._manifest.size if self._has(place) else 0

    def begins(self, place: SourcePartition) -> int:
        """See ``RecordSource.begins``."""
        return self._manifest.first if self._has(place) else 0

    async def records(
        self, place: SourcePartition, first: int = 0
    ) -> AsyncIterator[Sequence[LogRecord]]:
        """See ``RecordSource.records``.

        Raises:
            BundleError: The file is not what it promises.
        """
        if self._has(place):
            with open_bundle(self._path) as bundle:
                for batch in bundle.batches():
                    if batch[-1].position >= first:
                        yield [record for record in batch if record.position >= first]

    async def outputs(
        self, place: SourcePartition, topic: str
    ) -> AsyncIterator[Sequence[ConsumedRecord]]:
        """See ``RecordSource.outputs``: a bundle has none."""
        del place, topic
        nothing: Sequence[Sequence[ConsumedRecord]] = ()
        for batch in nothing:
            yield batch

    async def close(self) -> None:
        """See ``RecordSource.close``: nothing is open between two reads."""

    def _has(self, place: SourcePartition) -> bool:
        return (place.link, place.corridor) == (self._manifest.link, self._manifest.corridor)
