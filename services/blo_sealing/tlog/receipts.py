"""Receipts: the proof that one record is in a log, small enough for a QR code on paper.

A receipt is an inclusion proof without what its reader can compute or has: the checkpoint's root
follows from the leaf and the path, and a signer's name from the key that is known by its four bytes.
docs/wire-format.md §10 has every byte.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import base45
import msgspec

from blo_schemas.ids import HASH_SIZE, Digest, EventId
from blo_sealing.errors import MalformedNote, OtherCheckpoint, UnsignedNote
from blo_sealing.signatures import SIGNATURE_SIZE
from blo_sealing.tlog.checkpoints import Checkpoint, link_of, origin_of
from blo_sealing.tlog.notes import (
    MAX_TIME,
    NoteKey,
    NoteSignature,
    SignatureType,
    SignedNote,
    VerifiedNote,
    verify_note,
)
from blo_sealing.tlog.proof_format import MAX_HASHES, InclusionProof
from blo_sealing.verifier import MAX_TREE_SIZE, root_above

MAX_RECEIPT: Final = 967
"""Bytes that a QR code of version 25 at level M holds in base45 (ISO/IEC 18004, 1,451 letters)."""

MAX_LETTERS: Final = 4096
"""Letters of a scanned text that are looked at."""

_VERSION: Final = 1
_KEY_ID_SIZE: Final = 4
_TIME_SIZE: Final = 8
_MAX_SIGNATURES: Final = 8
_LONGEST_NUMBER: Final = 9


class ReceiptSignature(msgspec.Struct, frozen=True):
    """A signature under the receipt's checkpoint.

    Attributes:
        key_id: The four bytes of ``NoteKey.id``.
        time: The second since 1970 of a cosignature; ``None`` for a witness's plain signature.
        signature: 64 bytes.
    """

    key_id: bytes
    time: int | None
    signature: bytes


class Receipt(msgspec.Struct, frozen=True):
    """The proof of one record's place; nothing is verified yet.

    Attributes:
        origin: Which log, as checkpoints name it.
        event: The id of the record's event; only the record itself proves that it is this one.
        leaf: The record's leaf hash.
        position: Its position in the log.
        size: Records of the checkpoint's tree.
        path: The sibling hashes from the leaf up.
        signatures: Those under the checkpoint.
    """

    origin: str
    event: EventId
    leaf: Digest
    position: int
    size: int
    path: tuple[bytes, ...]
    signatures: tuple[ReceiptSignature, ...]

    @property
    def checkpoint(self) -> Checkpoint:
        """The checkpoint that the path leads to.

        Raises:
            ProofFailed: The path fits no tree of this size.
        """
        root = root_above(self.leaf, self.position, self.size, self.path)
        return Checkpoint(self.origin, self.size, Digest(root))

    def verify(self, known: Iterable[NoteKey]) -> tuple[VerifiedNote, ...]:
        """Checks the path, and every signature by a known key; all others are left out.

        Args:
            known: The keys of those whose word counts.

        Raises:
            ProofFailed: The path fits no tree of this size.
            InvalidSignature: A signature by a known key is not good.
            UnsignedNote: No known key has signed.
        """
        named = {key.id: key for key in known}
        lines = tuple(
            _line(named[signature.key_id], signature)
            for signature in self.signatures
            if signature.key_id in named
        )
        if not lines:
            raise UnsignedNote("none of the known keys has signed the receipt's checkpoint")
        return verify_note(SignedNote(self.checkpoint.text, lines), named.values())

    def encode(self) -> bytes:
        """The receipt's bytes.

        Raises:
            MalformedNote: It has more than a code holds.
        """
        corridor, link = link_of(self.origin)
        name = f"{corridor}/{link}".encode("ascii")
        data = b"".join(
            (
                bytes([_VERSION, len(name)]),
                name,
                self.event,
                self.leaf,
                _number(self.position),
                _number(self.size),
                bytes([len(self.path)]),
                *self.path,
                bytes([len(self.signatures)]),
                *map(_signature, self.signatures),
            )
        )
        if len(data) > MAX_RECEIPT:
            raise MalformedNote(
                f"a receipt of {len(data)} bytes does not fit a code, which holds {MAX_RECEIPT}: "
                "make a proof as a file instead (blo audit proof make)"
            )
        return data

    def letters(self) -> str:
        """The receipt as a QR code's letters."""
        letters: bytes = base45.b45encode(self.encode())
        return letters.decode("ascii")


def receipt_of(event: EventId, leaf: Digest, proof: InclusionProof) -> Receipt:
    """The receipt of a proof.

    Args:
        event: The id of the record's event.
        leaf: The record's leaf hash.
        proof: The proof; its checkpoint's signatures all go into the receipt.

    Raises:
        ProofFailed: The proof does not prove this leaf.
    """
    proof.verify(leaf)
    tree = proof.checkpoint.checkpoint
    signatures = tuple(_taken_over(line) for line in proof.checkpoint.note.signatures)
    return Receipt(tree.origin, event, leaf, proof.index, tree.size, proof.path, signatures)


def read_receipt(letters: str) -> Receipt:
    """Reads a receipt from a QR code's letters; nothing is verified yet.

    Raises:
        MalformedNote: They are no receipt, or one that is written in another way than here.
    """
    text = letters.strip("\r\n")
    if len(text) > MAX_LETTERS:
        raise MalformedNote(f"a receipt has at most {MAX_LETTERS} letters, not {len(text)}")
    try:
        data = base45.b45decode(text)
    except ValueError:
        raise MalformedNote("these are not the letters of a receipt (base45)") from None
    receipt = _ReceiptReader(data).receipt()
    # One receipt has one form: leading zeros and trailing bytes are refused with all others.
    if receipt.encode() != data or receipt.letters() != text:
        raise MalformedNote("the receipt is not written as receipts are")
    return receipt


class _ReceiptReader:
    """What is left to read of a receipt."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def receipt(self) -> Receipt:
        if self._byte() != _VERSION:
            raise MalformedNote("this is no receipt, or one of a later version")
        try:
            corridor, _, link = self._take(self._byte()).decode("ascii").partition("/")
            origin = origin_of(*link_of(f"blo-exchange/{corridor}/{link}"))
        except (UnicodeDecodeError, OtherCheckpoint):
            raise MalformedNote("the receipt names no log") from None
        event, leaf = EventId(self._take(HASH_SIZE)), Digest(self._take(HASH_SIZE))
        position, size = self._number(), self._number()
        hashes = self._at_most(MAX_HASHES, "hashes")
        path = tuple(self._take(HASH_SIZE) for _ in range(hashes))
        signers = self._at_most(_MAX_SIGNATURES, "signatures")
        signatures = tuple(self._signature() for _ in range(signers))
        if len({signature.key_id for signature in signatures}) < signers:
            raise MalformedNote("one key has signed the receipt twice")
        if self._at != len(self._data):
            raise MalformedNote("something follows the receipt")
        return Receipt(origin, event, leaf, position, size, path, signatures)

    def _signature(self) -> ReceiptSignature:
        key_id, timed = self._take(_KEY_ID_SIZE), self._byte()
        if timed not in (0, 1):
            raise MalformedNote("the receipt has a signature of an unknown kind")
        time = self._number() if timed else None
        return ReceiptSignature(key_id, time, self._take(SIGNATURE_SIZE))

    def _take(self, length: int) -> bytes:
        taken = self._data[self._at : self._at + length]
        if len(taken) != length:
            raise MalformedNote("the receipt is cut off")
        self._at += length
        return taken

    def _byte(self) -> int:
        return self._take(1)[0]

    def _at_most(self, most: int, what: str) -> int:
        count = self._byte()
        if count > most:
            raise MalformedNote(f"a receipt has at most {most} {what}, not {count}")
        return count

    def _number(self) -> int:
        number = 0
        for place in range(_LONGEST_NUMBER):
            byte = self._byte()
            number |= (byte & 0x7F) << 7 * place
            if byte < 0x80:
                break
        else:
            raise MalformedNote("a number of the receipt is too long")
        if number > min(MAX_TREE_SIZE, MAX_TIME):
            raise MalformedNote("a number of the receipt is too large")
        return number


def _number(number: int) -> bytes:
    """Seven bits a byte, the lowest first; the top bit says that more follow."""
    low = bytearray()
    while number >= 0x80:
        low.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*low, number])


def _signature(signature: ReceiptSignature) -> bytes:
    time = b"\0" if signature.time is None else b"\1" + _number(signature.time)
    return signature.key_id + time + signature.signature


def _taken_over(line: NoteSignature) -> ReceiptSignature:
    if len(line.signature) == SIGNATURE_SIZE:
        return ReceiptSignature(line.key_id, None, line.signature)
    seconds = int.from_bytes(line.signature[:_TIME_SIZE], "big")
    return ReceiptSignature(line.key_id, seconds, line.signature[_TIME_SIZE:])


def _line(key: NoteKey, signature: ReceiptSignature) -> NoteSignature:
    is_cosignature = key.type is SignatureType.COSIGNATURE
    if is_cosignature and signature.time is not None:
        timed = signature.time.to_bytes(_TIME_SIZE, "big") + signature.signature
        return NoteSignature(key.name, key.id, timed)
    return NoteSignature(key.name, key.id, signature.signature)
