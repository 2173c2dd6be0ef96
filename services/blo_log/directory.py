"""The trust documents of the topic ``blo.directory``."""

from __future__ import annotations

from blo_domain.trust import Pins, TrustedDirectory
from blo_log.port import Log, TopicPartition, read_to_end
from blo_log.topics import DIRECTORY_TOPIC
from blo_schemas.errors import WireError
from blo_schemas.trust import SIGNED_DOCUMENT, SignedDocument
from blo_sealing.kem import is_usable_kem_key
from blo_sealing.signatures import is_usable_signing_key, verify_signature

_PARTITION = TopicPartition(DIRECTORY_TOPIC, 0)


class DirectoryFeed:
    """Reads ``blo.directory`` and keeps the directory of trust documents.

    Args:
        log: The log.
        pins: The pinned roots.

    Attributes:
        directory: The directory of the documents that were read so far.
        offset: The offset of the next record of the topic.
    """

    def __init__(self, log: Log, pins: Pins) -> None:
        self.directory = TrustedDirectory(
            pins,
            verify=verify_signature,
            check_key=is_usable_signing_key,
            check_kem_key=is_usable_kem_key,
        )
        self._log = log
        self._empty = self.directory
        self._documents: list[tuple[int, SignedDocument]] = []
        self.offset = 0

    async def refresh(self) -> bool:
        """Read new documents; returns whether there were any.

        Raises:
            LogError: The topic could not be read.
        """
        documents: list[tuple[int, SignedDocument]] = []
        reader = await self._log.reader({_PARTITION: self.offset})
        try:
            async for batch in read_to_end(reader):
                for stored in batch[_PARTITION]:
                    try:
                        signed = SIGNED_DOCUMENT.decode(stored.value or b"")
                    except WireError:
                        continue
                    documents.append((stored.offset, signed))
            end = reader.position(_PARTITION)
        finally:
            await reader.close()
        if documents:
            self.directory, _ = self.directory.load(signed for _, signed in documents)
        self._documents += documents
        self.offset = end
        return bool(documents)

    def as_of(self, offset: int) -> TrustedDirectory:
        """The directory of the documents before an offset."""
        if offset >= self.offset:
            return self.directory
        earlier = (signed for at, signed in self._documents if at < offset)
        return self._empty.load(earlier)[0]
