"""A long log in a file: sealed and signed by two offices, read back in portions.

What holds for it holds for a bundle: a file that is read from its beginning.
"""

from __future__ import annotations

import struct
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import IO, Final

import msgspec

from blo_audit.replay.sources import BATCH, SourcePartition
from blo_log.port import ConsumedRecord
from blo_projection.link_chain import LinkChain
from blo_projection.verification import TrustHeads
from blo_schemas.codec import encode
from blo_schemas.event import LogRecord
from blo_schemas.heads import HEAD_VERSION, Head
from blo_schemas.ids import CountryId, DocumentId, OfficeId
from blo_schemas.trust import SIGNED_DOCUMENT, SignedDocument
from blo_sealing.statements import sign_head
from tests.agents.world import CORRIDOR, LINK, NOW, A, B
from tests.bench.samples import Ground, SampleLog

_FRAME: Final = struct.Struct(">QI")
PLACE: Final = SourcePartition(LINK, CORRIDOR, 0)


class Front(msgspec.Struct):
    """What lies beside the records."""

    pins: dict[str, bytes]
    documents: list[bytes]
    heads: list[bytes]
    count: int


def write(path: Path, count: int, ground: Ground | None = None) -> None:
    """Write a log of so many records, with heads of both offices over all but the last ten."""
    ground = ground or Ground()
    heads: list[bytes] = []
    chain = LinkChain(LINK, ground.trust, TrustHeads())
    with path.open("wb") as file:
        for position, value in enumerate(SampleLog(1, ground).values(chain)):
            if position == max(count - 10, 0):
                heads = [_head(ground, chain, position, office) for office in (A, B)]
            if position == count:
                break
            # All are signed at one instant, and arrive within the clocks' tolerance.
            log_time = NOW + position // 100
            chain.admit(LogRecord(position, log_time, value))
            file.write(_FRAME.pack(log_time, len(value)) + value)
    front = Front(
        {country: bytes(pin) for country, pin in ground.world.pins.items()},
        [encode(one) for one in ground.world.documents],
        heads,
        count,
    )
    _beside(path).write_bytes(msgspec.msgpack.encode(front))


class Recorded:
    """Such a file, as a ``Source``.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        self._path = path
        self._front = msgspec.msgpack.decode(_beside(path).read_bytes(), type=Front)

    @property
    def pins(self) -> dict[CountryId, DocumentId]:
        """The pinned roots."""
        return {CountryId(at): DocumentId(pin) for at, pin in self._front.pins.items()}

    @property
    def has_all_documents(self) -> bool:
        return True

    async def documents(self) -> Sequence[SignedDocument]:
        return [SIGNED_DOCUMENT.decode(one) for one in self._front.documents]

    async def heads(self, place: SourcePartition) -> Sequence[bytes]:
        del place
        return self._front.heads

    async def grants(self, place: SourcePartition) -> Sequence[ConsumedRecord]:
        del place
        return []

    async def end(self, place: SourcePartition) -> int | None:
        del place
        return self._front.count

    def begins(self, place: SourcePartition) -> int:
        del place
        return 0

    async def records(
        self, place: SourcePartition, first: int = 0
    ) -> AsyncIterator[Sequence[LogRecord]]:
        del place
        with self._path.open("rb", buffering=1024 * 1024) as file:
            for _ in _read(file, 0, first):
                pass
            position = first
            while True:
                batch = list(_read(file, position, BATCH))
                if not batch:
                    return
                position += len(batch)
                yield batch

    async def outputs(
        self, place: SourcePartition, topic: str
    ) -> AsyncIterator[Sequence[ConsumedRecord]]:
        del place, topic
        nothing: Sequence[ConsumedRecord] = ()
        yield nothing

    async def close(self) -> None:
        pass


def _read(file: IO[bytes], position: int, most: int) -> Iterator[LogRecord]:
    read, size, unpack = file.read, _FRAME.size, _FRAME.unpack
    for at in range(position, position + most):
        frame = read(size)
        if not frame:
            return
        log_time, length = unpack(frame)
        yield LogRecord(at, log_time, read(length))


def _head(ground: Ground, chain: LinkChain, size: int, office: OfficeId) -> bytes:
    author = ground.authors[office]
    head = Head(
        v=HEAD_VERSION,
        link=LINK,
        office=office,
        kid=author.kid,
        size=size,
        log_hash=chain.log_hash,
        tree_root=chain.tree_root(),
        view_digest=bytes(32),
        unopened=0,
        first_unopened=(),
        journal_size=0,
        journal_hash=bytes(32),
        at=NOW + size // 100,
    )
    return encode(sign_head(head, author.signing))


def _beside(path: Path) -> Path:
    return path.with_suffix(".front")


__all__ = ["PLACE", "Recorded", "write"]
