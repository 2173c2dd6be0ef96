"""Files in a bundle: those that its disclosed events enclose, as they were before they were sealed.

A file is told by its SHA-256, which stands in the signed content of the event that encloses it. So a
bundle says nothing of a file but its size, and nothing that it says is believed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

import msgspec

from blo_audit.bundle.errors import BundleUnreadable, NothingToBundle
from blo_audit.bundle.reader import open_bundle
from blo_runtime.files import NewFile
from blo_schemas.files import CHUNK_SIZE, MAX_FILE_SIZE


class PackedFile(msgspec.Struct, frozen=True):
    """A file that is put into a bundle.

    Attributes:
        path: Where it is.
        size: Its bytes.
        sha256: Their SHA-256.
    """

    path: Path
    size: int
    sha256: bytes


class FileProof(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a bundle that a disclosed event encloses.

    Attributes:
        number: Which file of the bundle, from 0.
        position: Log position of the event.
        event: The event's id, in hex.
        name: The file's name, as the event says it.
        size: Its bytes.
        sha256: Their SHA-256 in hex.
    """

    number: int
    position: int
    event: str
    name: str
    size: int
    sha256: str


def packed_file(path: Path) -> PackedFile:
    """A file as it is put into a bundle.

    Raises:
        NothingToBundle: It can't be read, is empty, or is larger than any file that travels.
    """
    digest, size = sha256(), 0
    if path.exists() and not path.is_file():
        raise NothingToBundle(f"{path} is no ordinary file")
    try:
        with path.open("rb") as stream:
            for piece in _pieces(stream):
                digest.update(piece)
                size += len(piece)
                if size > MAX_FILE_SIZE:
                    raise NothingToBundle(f"{path} has more than {MAX_FILE_SIZE} bytes")
    except OSError as error:
        raise NothingToBundle(f"{path} can't be read: {error.strerror}") from error
    if not size:
        raise NothingToBundle(f"{path} is empty")
    return PackedFile(path, size, digest.digest())


def pieces_of(file: PackedFile) -> Iterator[bytes]:
    """The bytes of a file, a chunk at a time.

    Raises:
        NothingToBundle: It is not what it was when it was looked at.
    """
    digest = sha256()
    try:
        with file.path.open("rb") as stream:
            for piece in _pieces(stream):
                digest.update(piece)
                yield piece
    except OSError as error:
        raise NothingToBundle(f"{file.path} can't be read: {error.strerror}") from error
    if digest.digest() != file.sha256:
        raise NothingToBundle(f"{file.path} has changed meanwhile; make the bundle again")


def extract(
    bundle: Path,
    proofs: Sequence[FileProof],
    folder: Path,
    making: Callable[[Path], AbstractContextManager[None]] = lambda _: nullcontext(),
) -> list[Path]:
    """Writes the files of a bundle that was verified.

    Args:
        bundle: The bundle.
        proofs: The files, as verifying has found them.
        folder: Where to; a file gets its event's position and its number before its name.
        making: Entered while a file is made.

    Returns:
        The files that were made.

    Raises:
        BundleError: The bundle is not what it was when it was verified.
        OSError: A file can't be made, or is there.
    """
    writer = _Extraction({proof.number: proof for proof in proofs}, folder, making)
    with open_bundle(bundle) as opened:
        opened.on_file = writer.take
        records = opened.proven() if opened.manifest.scope.is_selection else opened.batches()
        for _ in records:
            pass
    return writer.made


class _Extraction:
    def __init__(
        self,
        proofs: Mapping[int, FileProof],
        folder: Path,
        making: Callable[[Path], AbstractContextManager[None]],
    ) -> None:
        self._making = making
        self._proofs = proofs
        self._folder = folder
        self.made: list[Path] = []

    def take(self, number: int, pieces: Iterator[bytes]) -> None:
        proof = self._proofs.get(number)
        if proof is None:
            for _ in pieces:
                pass
            return
        path = self._folder / f"{proof.position}-{number}-{proof.name}"
        digest = sha256()
        with self._making(path), NewFile(path, private=True) as new:
            for piece in pieces:
                digest.update(piece)
                new.stream.write(piece)
            if digest.hexdigest() != proof.sha256:
                raise BundleUnreadable("the bundle has changed since it was verified")
        self.made.append(path)


def _pieces(stream: BinaryIO) -> Iterator[bytes]:
    while piece := stream.read(CHUNK_SIZE):
        yield piece
