"""The limits of a bundle.

They hold for writing and for reading, and are checked before a part of that size is read. They
are chosen so that a verifier stays under 512 MiB whatever a bundle contains
(``tests/audit/test_bundle_hostile.py``).
"""

from __future__ import annotations

from typing import Final

import msgspec

from blo_schemas.bundle import MAX_CHUNK_SIZE, MAX_DISCLOSURE_SIZE, MAX_MANIFEST_SIZE
from blo_schemas.files import CHUNK_SIZE

MIB: Final = 1024 * 1024


class PartLimits(msgspec.Struct, frozen=True):
    """The limits of one kind of part.

    Attributes:
        name: Its name in messages, in the plural.
        count: At most so many.
        frame: Each at most so many bytes.
        total: All together at most so many bytes.
    """

    name: str
    count: int
    frame: int
    total: int


MANIFEST_SIZE: Final = MAX_MANIFEST_SIZE
DOCUMENTS: Final = PartLimits("trust documents", 2048, 128 * 1024, 8 * MIB)
HEADS: Final = PartLimits("heads", 64, 8192, MIB)
CHECKPOINTS: Final = PartLimits("checkpoints", 16, 64 * 1024, MIB)
DISCLOSURES: Final = PartLimits("disclosures", 16, MAX_DISCLOSURE_SIZE, 4 * MIB)
LINK_RECORDS: Final = PartLimits(
    "records of a whole link", 1_000_000, MAX_CHUNK_SIZE, 64 * 1024 * MIB
)
FILES: Final = PartLimits("files", 64, CHUNK_SIZE, 1024 * MIB)
PROVEN_RECORDS: Final = PartLimits("records of a selection", 100_000, MAX_CHUNK_SIZE, 256 * MIB)
