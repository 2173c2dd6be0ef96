"""Checkpoints: a link's tree at one size, as a note that a witness signs (C2SP tlog-checkpoint)."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from typing import Final

import msgspec

from blo_schemas.ids import (
    HASH_SIZE,
    CorridorId,
    Digest,
    LinkId,
    OfficeId,
    is_corridor_id,
    is_link_id,
)
from blo_sealing.errors import MalformedNote, OtherCheckpoint
from blo_sealing.signatures import SigningKey
from blo_sealing.tlog.notes import (
    NoteKey,
    SignedNote,
    VerifiedNote,
    cosign_note,
    decode_base64,
    merge_notes,
    parse_note,
    sign_note,
    verify_note,
)
from blo_sealing.verifier import MAX_TREE_SIZE

_PREFIX: Final = "blo-exchange"
_SIZE: Final = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)


class Checkpoint(msgspec.Struct, frozen=True):
    """What is signed.

    Attributes:
        origin: Which log; see ``origin_of``.
        size: Number of its records.
        root: The RFC 6962 root over their leaf hashes, 32 bytes.
    """

    origin: str
    size: int
    root: Digest

    @property
    def text(self) -> str:
        """The note's text."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


class SignedCheckpoint(msgspec.Struct, frozen=True):
    """A note whose text is a checkpoint; no signature is verified yet.

    Attributes:
        checkpoint: What it says.
        note: The note.
    """

    checkpoint: Checkpoint
    note: SignedNote

    def encode(self) -> bytes:
        """The note's bytes."""
        return self.note.encode()

    def verify(self, known: Iterable[NoteKey]) -> tuple[VerifiedNote, ...]:
        """Checks every signature by a known key; see ``verify_note``."""
        return verify_note(self.note, known)


def origin_of(corridor: CorridorId, link: LinkId) -> str:
    """The name of a link's log in its checkpoints."""
    return f"{_PREFIX}/{corridor}/{link}"


def link_of(origin: str) -> tuple[CorridorId, LinkId]:
    """The corridor and the link that an origin names.

    Raises:
        OtherCheckpoint: It names no link.
    """
    match origin.split("/"):
        case [prefix, corridor, link] if (
            prefix == _PREFIX and is_corridor_id(corridor) and is_link_id(link)
        ):
            return CorridorId(corridor), LinkId(link)
    raise OtherCheckpoint(f"{origin[:120]!r} is not the log of a link")


def parse_checkpoint(data: bytes) -> SignedCheckpoint:
    """Reads a signed checkpoint. Further lines (extensions) are refused: nobody here signs any.

    Raises:
        MalformedNote: The bytes are not a note, or its text is not a checkpoint's.
    """
    note = parse_note(data)
    lines = note.text.split("\n")
    if len(lines) != 4:
        raise MalformedNote("a checkpoint has three lines: its log, its size, its root")
    origin, size, root, _ = lines
    if not origin:
        raise MalformedNote("a checkpoint names its log in its first line")
    return SignedCheckpoint(Checkpoint(origin, parse_size(size), Digest(parse_hash(root))), note)


def parse_size(text: str) -> int:
    """A tree's size, or an index: decimal, without leading zeros.

    Raises:
        MalformedNote: It is not.
    """
    if _SIZE.fullmatch(text) is None or int(text) > MAX_TREE_SIZE:
        raise MalformedNote(f"not a number from 0 to 2^63-1: {text[:60]!r}")
    return int(text)


def parse_hash(text: str) -> bytes:
    """A hash: base64 of 32 bytes.

    Raises:
        MalformedNote: It is not.
    """
    decoded = decode_base64(text)
    if len(decoded) != HASH_SIZE:
        raise MalformedNote(f"a hash has {HASH_SIZE} bytes, not {len(decoded)}")
    return decoded


def sign_checkpoint(checkpoint: Checkpoint, witness: OfficeId, key: SigningKey) -> SignedCheckpoint:
    """A witness's signed checkpoint: a plain Ed25519 signature under the witness's id."""
    return SignedCheckpoint(checkpoint, sign_note(checkpoint.text, witness, key))


def cosign(
    checkpoint: Checkpoint, office: OfficeId, key: SigningKey, time: int
) -> SignedCheckpoint:
    """An office's cosignature under a checkpoint, apart from the witness's signature.

    Args:
        checkpoint: What the office has computed itself.
        office: Its id.
        key: Its key.
        time: Its clock, in seconds since 1970.
    """
    return SignedCheckpoint(checkpoint, cosign_note(checkpoint.text, office, key, time))


def merge(parts: Iterable[SignedCheckpoint]) -> SignedCheckpoint:
    """One checkpoint with the signatures of all, in their order.

    Raises:
        OtherCheckpoint: They are of different trees.
        MalformedNote: There is none, or there are too many signatures.
    """
    merged = merge_notes(part.note for part in parts)
    return parse_checkpoint(merged.encode())
