"""Signed notes: a text, and lines under it with signatures (C2SP signed-note).

Two kinds of signature are used: plain Ed25519 (type ``01``), by which a witness issues a
checkpoint, and the timestamped cosignature (type ``04``, C2SP tlog-cosignature), by which an
office says that it has computed the same tree. A reader takes a note strictly: what could be read
in two ways is refused. Lines of keys that it does not know are kept and prove nothing.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from enum import IntEnum
from hashlib import sha256
from typing import Final

import msgspec

from blo_sealing.errors import InvalidSignature, MalformedNote, OtherCheckpoint, UnsignedNote
from blo_sealing.signatures import (
    PUBLIC_KEY_SIZE,
    SIGNATURE_SIZE,
    SigningKey,
    is_usable_signing_key,
    verify_signature,
)

MAX_NOTE: Final = 65_536
"""Bytes of a note."""

MAX_SIGNATURES: Final = 64
"""Lines under a note."""

MAX_TIME: Final = 2**63 - 1
"""The latest second that a cosignature may name (C2SP tlog-cosignature)."""

_KEY_ID_SIZE: Final = 4
_TIME_SIZE: Final = 8
_DASH: Final = "— "
_CONTROL: Final = re.compile(r"[\x00-\x09\x0b-\x1f]")
_VKEY: Final = re.compile(r"([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})")


class SignatureType(IntEnum):
    """What a key's signatures are over (C2SP signed-note, "Signature types")."""

    ED25519 = 1
    COSIGNATURE = 4


class NoteKey(msgspec.Struct, frozen=True):
    """A public key under the name that it signs by.

    Attributes:
        name: The signer's name; here the id of an office or a witness.
        type: What its signatures are over.
        public: The Ed25519 public key, 32 bytes.
    """

    name: str
    type: SignatureType
    public: bytes

    @property
    def id(self) -> bytes:
        """The four bytes that a signature line names the key by."""
        hashed = self.name.encode() + b"\n" + bytes([self.type]) + self.public
        return sha256(hashed).digest()[:_KEY_ID_SIZE]


def vkey_of(key: NoteKey) -> str:
    """A key as text, as ``parse_vkey`` reads it: its name, its id and its bytes."""
    encoded = base64.b64encode(bytes([key.type]) + key.public).decode()
    return f"{key.name}+{key.id.hex()}+{encoded}"


class NoteSignature(msgspec.Struct, frozen=True):
    """One line under a note.

    Attributes:
        name: The signer's name.
        key_id: The four bytes that tell the signer's keys apart.
        signature: What the key's type says: 64 bytes, or 8 of time and then 64.
    """

    name: str
    key_id: bytes
    signature: bytes


class SignedNote(msgspec.Struct, frozen=True):
    """A note as it was read or made; nothing is verified yet.

    Attributes:
        text: What is signed, with its last newline.
        signatures: The lines under it, in their order.
    """

    text: str
    signatures: tuple[NoteSignature, ...]

    def encode(self) -> bytes:
        """The note's bytes."""
        lines = (
            f"{_DASH}{one.name} {base64.b64encode(one.key_id + one.signature).decode()}\n"
            for one in self.signatures
        )
        return (self.text + "\n" + "".join(lines)).encode()


class VerifiedNote(msgspec.Struct, frozen=True):
    """A signature that was verified.

    Attributes:
        key: Whose it is.
        time: The second since 1970 that a cosignature names; ``None`` for a plain signature.
        line: The line itself.
    """

    key: NoteKey
    time: int | None
    line: NoteSignature


def parse_note(data: bytes) -> SignedNote:
    """Reads a note.

    Raises:
        MalformedNote: The bytes are not a note, or one that could be read in two ways.
    """
    if len(data) > MAX_NOTE:
        raise MalformedNote(f"a note has at most {MAX_NOTE} bytes, not {len(data)}")
    try:
        whole = data.decode()
    except UnicodeDecodeError:
        raise MalformedNote("a note is UTF-8") from None
    if _CONTROL.search(whole):
        raise MalformedNote("a note has no control characters but newlines")
    text, blank, under = whole.rpartition("\n\n")
    if not blank or not under.endswith("\n"):
        raise MalformedNote("a note is a text, an empty line, and lines with signatures")
    lines = under[:-1].split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise MalformedNote(f"a note has at most {MAX_SIGNATURES} signatures, not {len(lines)}")
    signatures = tuple(_parse_line(line) for line in lines)
    if len({(one.name, one.key_id) for one in signatures}) < len(signatures):
        raise MalformedNote("one key has signed the note twice")
    return SignedNote(text + "\n", signatures)


def parse_vkey(text: str) -> NoteKey:
    """Reads a key's text form.

    Raises:
        MalformedNote: It is none, is of a type that is not used here, or its id is not that of
            its name and key.
    """
    match = _VKEY.fullmatch(text)
    if match is None or not _is_name(match[1]):
        raise MalformedNote(f"{text!r} is not a verifier key of the form name+id+key")
    name, key = match[1], decode_base64(match[3])
    if len(key) != 1 + PUBLIC_KEY_SIZE or key[0] not in tuple(SignatureType):
        raise MalformedNote(f"the key of {name} is of no type that is used here (01 or 04)")
    found = NoteKey(name, SignatureType(key[0]), key[1:])
    if found.id.hex() != match[2]:
        raise MalformedNote(f"the id of {name}'s key is {found.id.hex()}, not {match[2]}")
    if not is_usable_signing_key(found.public):
        raise MalformedNote(f"the key of {name} must not be used: anybody could sign with it")
    return found


def sign_note(text: str, name: str, key: SigningKey) -> SignedNote:
    """A note with one plain signature.

    Raises:
        MalformedNote: The text or the name can't stand in a note.
    """
    public = NoteKey(name, SignatureType.ED25519, key.public)
    return _checked(text, NoteSignature(name, public.id, key.sign(text.encode())))


def cosign_note(text: str, name: str, key: SigningKey, time: int) -> SignedNote:
    """A note with one timestamped cosignature.

    Args:
        text: The note's text; the format wants it to be a checkpoint's.
        name: The signer's name.
        key: Its key.
        time: Seconds since 1970.

    Raises:
        MalformedNote: The text, the name or the time can't stand in a note.
    """
    if not 0 <= time <= MAX_TIME:
        raise MalformedNote(f"a cosignature can't be made at second {time}")
    public = NoteKey(name, SignatureType.COSIGNATURE, key.public)
    signature = key.sign(_timed(time, text))
    return _checked(
        text, NoteSignature(name, public.id, time.to_bytes(_TIME_SIZE, "big") + signature)
    )


def merge_notes(notes: Iterable[SignedNote]) -> SignedNote:
    """One note with the signatures of all; of two by one key the first stays.

    Raises:
        OtherCheckpoint: The texts differ.
        MalformedNote: There is no note, or there are too many signatures.
    """
    collected = list(notes)
    texts = {one.text for one in collected}
    if len(texts) > 1:
        raise OtherCheckpoint("notes with different texts can't become one")
    lines: dict[tuple[str, bytes], NoteSignature] = {}
    for note in collected:
        for line in note.signatures:
            lines.setdefault((line.name, line.key_id), line)
    return _checked("".join(texts), *lines.values())


def verify_note(note: SignedNote, known: Iterable[NoteKey]) -> tuple[VerifiedNote, ...]:
    """Checks every signature by a known key; all others are left out.

    Raises:
        InvalidSignature: A line that names a known key is not its signature. Nothing in the note is
            to be believed then.
        UnsignedNote: No known key has signed.
    """
    keys = {(key.name, key.id): key for key in known}
    found = tuple(
        _verify(note.text, keys[line.name, line.key_id], line)
        for line in note.signatures
        if (line.name, line.key_id) in keys
    )
    if not found:
        raise UnsignedNote("none of the known keys has signed this note")
    return found


def decode_base64(text: str) -> bytes:
    """Standard base64 with its padding, the one encoding of what it stands for.

    Raises:
        MalformedNote: It is not.
    """
    try:
        decoded = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        decoded = b""
    if not decoded or base64.b64encode(decoded).decode() != text:
        raise MalformedNote(f"not the base64 of anything: {text[:60]!r}")
    return decoded


def _verify(text: str, key: NoteKey, line: NoteSignature) -> VerifiedNote:
    time: int | None = None
    message, signature = text.encode(), line.signature
    if key.type is SignatureType.COSIGNATURE:
        time = int.from_bytes(signature[:_TIME_SIZE], "big")
        message, signature = _timed(time, text), signature[_TIME_SIZE:]
    fits = len(signature) == SIGNATURE_SIZE and (time is None or time <= MAX_TIME)
    if not fits or not verify_signature(key.public, message, signature):
        raise InvalidSignature(f"the signature of {key.name} under this note is not good")
    return VerifiedNote(key, time, line)


def _timed(time: int, text: str) -> bytes:
    return f"cosignature/v1\ntime {time}\n{text}".encode()


def _parse_line(line: str) -> NoteSignature:
    dash, name, encoded = line[: len(_DASH)], *_halves(line[len(_DASH) :])
    if dash != _DASH or not _is_name(name):
        raise MalformedNote(f"not a line with a signature: {line[:60]!r}")
    decoded = decode_base64(encoded)
    if len(decoded) <= _KEY_ID_SIZE:
        raise MalformedNote(f"the signature of {name[:60]!r} is too short")
    return NoteSignature(name, decoded[:_KEY_ID_SIZE], decoded[_KEY_ID_SIZE:])


def _halves(text: str) -> tuple[str, str]:
    name, _, encoded = text.partition(" ")
    return name, encoded


def _is_name(text: str) -> bool:
    return bool(text) and "+" not in text and not any(map(str.isspace, text))


def _checked(text: str, *signatures: NoteSignature) -> SignedNote:
    note = SignedNote(text, signatures)
    if parse_note(note.encode()) != note:
        raise MalformedNote("this text can't stand in a note")
    return note
