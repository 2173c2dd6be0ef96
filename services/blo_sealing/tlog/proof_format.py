"""Proofs as text, in the forms that other tools for transparency logs read.

An inclusion proof is a C2SP tlog-proof. A consistency proof is what a log hands to a witness, the
body of C2SP tlog-witness ``add-checkpoint``: the size of the earlier tree, the hashes, and the
later checkpoint. The earlier checkpoint is a file of its own.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Final

import msgspec

from blo_sealing.errors import MalformedNote, OtherCheckpoint
from blo_sealing.tlog.checkpoints import (
    Checkpoint,
    SignedCheckpoint,
    parse_checkpoint,
    parse_hash,
    parse_size,
)
from blo_sealing.tlog.notes import MAX_NOTE, decode_base64
from blo_sealing.verifier import verify_consistency, verify_inclusion

MAX_HASHES: Final = 63
"""Hashes of a proof: one for each bit of the largest size."""

_HEADER: Final = "c2sp.org/tlog-proof@v1"
_MAX_TEXT: Final = 2 * MAX_NOTE


class InclusionProof(msgspec.Struct, frozen=True):
    """That one record is in the tree of a checkpoint. Whose leaf, only the record itself says.

    Attributes:
        index: The record's position in the log.
        path: The sibling hashes from the leaf up.
        checkpoint: The checkpoint, with its signatures.
        extra: Bytes that another tool put there. Nothing vouches for them.
    """

    index: int
    path: tuple[bytes, ...]
    checkpoint: SignedCheckpoint
    extra: bytes = b""

    def encode(self) -> bytes:
        """The proof's text."""
        head = [_HEADER]
        if self.extra:
            head.append("extra " + base64.b64encode(self.extra).decode())
        return _text([*head, f"index {self.index}"], self.path, self.checkpoint)

    def verify(self, leaf: bytes) -> None:
        """Checks the path; who signed the checkpoint is another question.

        Args:
            leaf: The record's leaf hash.

        Raises:
            ProofFailed: The record is not proved to be there.
        """
        tree = self.checkpoint.checkpoint
        verify_inclusion(leaf, self.index, tree.size, self.path, tree.root)


class ConsistencyProof(msgspec.Struct, frozen=True):
    """That the tree of a checkpoint continues an earlier one.

    Attributes:
        old_size: Records of the earlier tree.
        path: The hashes.
        checkpoint: The later checkpoint, with its signatures.
    """

    old_size: int
    path: tuple[bytes, ...]
    checkpoint: SignedCheckpoint

    def encode(self) -> bytes:
        """The proof's text."""
        return _text([f"old {self.old_size}"], self.path, self.checkpoint)

    def verify(self, earlier: Checkpoint) -> None:
        """Checks the path; who signed the checkpoints is another question.

        Raises:
            OtherCheckpoint: The earlier checkpoint is of another log or another size.
            ProofFailed: The later tree is not proved to continue the earlier one.
        """
        later = self.checkpoint.checkpoint
        if earlier.origin != later.origin:
            raise OtherCheckpoint(
                f"the earlier checkpoint is of {earlier.origin}, the later of {later.origin}"
            )
        if earlier.size != self.old_size:
            raise OtherCheckpoint(
                f"the proof begins at a tree of {self.old_size}, not of {earlier.size}"
            )
        verify_consistency(earlier.size, earlier.root, later.size, later.root, self.path)


def parse_inclusion(data: bytes) -> InclusionProof:
    """Reads an inclusion proof; nothing is verified yet.

    Raises:
        MalformedNote: The bytes are something else.
    """
    lines, checkpoint = _parse(data)
    if not lines or lines.pop(0) != _HEADER:
        raise MalformedNote(f"an inclusion proof begins with {_HEADER}")
    extra = b""
    if lines and lines[0].startswith("extra "):
        extra = decode_base64(lines.pop(0).removeprefix("extra "))
    index = _number(lines, "index")
    return InclusionProof(index, _path(lines), checkpoint, extra)


def parse_consistency(data: bytes) -> ConsistencyProof:
    """Reads a consistency proof; nothing is verified yet.

    Raises:
        MalformedNote: The bytes are something else.
    """
    lines, checkpoint = _parse(data)
    old_size = _number(lines, "old")
    return ConsistencyProof(old_size, _path(lines), checkpoint)


def is_inclusion(data: bytes) -> bool:
    """Whether a text says that it is an inclusion proof."""
    return data.startswith(_HEADER.encode() + b"\n")


def is_consistency(data: bytes) -> bool:
    """Whether a text says that it is a consistency proof."""
    return data.startswith(b"old ")


def _text(head: list[str], path: Sequence[bytes], checkpoint: SignedCheckpoint) -> bytes:
    lines = [*head, *(base64.b64encode(one).decode() for one in path), ""]
    return "".join(f"{line}\n" for line in lines).encode() + checkpoint.encode()


def _parse(data: bytes) -> tuple[list[str], SignedCheckpoint]:
    """The lines above the first empty one, and the checkpoint below it."""
    if len(data) > _MAX_TEXT:
        raise MalformedNote(f"a proof has at most {_MAX_TEXT} bytes, not {len(data)}")
    above, blank, below = data.partition(b"\n\n")
    if not blank or not above.isascii():
        raise MalformedNote("a proof is some lines of ASCII, an empty line, and a checkpoint")
    return above.decode().split("\n"), parse_checkpoint(below)


def _number(lines: list[str], word: str) -> int:
    found, _, number = lines.pop(0).partition(" ") if lines else ("", "", "")
    if found != word:
        raise MalformedNote(f"the proof has no line '{word}' where it belongs")
    return parse_size(number)


def _path(lines: list[str]) -> tuple[bytes, ...]:
    if len(lines) > MAX_HASHES:
        raise MalformedNote(f"a proof has at most {MAX_HASHES} hashes, not {len(lines)}")
    return tuple(parse_hash(line) for line in lines)
