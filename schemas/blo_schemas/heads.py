"""Heads: an office's signed statement of what it has read (docs/domain.md §9; docs/wire-format.md §8)."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple

import msgspec

from blo_schemas.codec import Codec
from blo_schemas.fields import Bytes8, Bytes32, Bytes64, Count, UnixMs
from blo_schemas.ids import LinkId, OfficeId, is_link_id, is_subject_id

HEAD_VERSION: Final = 1
MAX_NAMED_UNOPENED: Final = 64


class Head(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """A statement of how much of one link an office has read.

    Attributes:
        v: Version of this layout, 1.
        link: The link.
        office: Who states it.
        kid: Tag of the certificate whose key signs.
        size: Number of records read.
        log_hash: The running hash at ``size``.
        tree_root: The RFC 6962 tree's root over the first ``size`` record values.
        view_digest: Digest of the office's views of the link at ``size``.
        unopened: How many of the records it could not open.
        first_unopened: The first of them, at most 64 positions.
        journal_size: Entries in the office's own journal.
        journal_hash: Hash of the journal's last entry.
        at: The office's clock, Unix milliseconds.
    """

    v: int
    link: LinkId
    office: OfficeId
    kid: Bytes8
    size: Count
    log_hash: Bytes32
    tree_root: Bytes32
    view_digest: Bytes32
    unopened: Count
    first_unopened: tuple[Count, ...]
    journal_size: Count
    journal_hash: Bytes32
    at: UnixMs


class SignedHead(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """A head and its signature, the value on ``blo.heads.{corridor}``.

    Attributes:
        head: Canonical encoding of a ``Head``: the bytes that were signed.
        signature: Ed25519, 64 bytes.
    """

    head: bytes
    signature: Bytes64


HEAD: Final = Codec(Head, versions=(HEAD_VERSION,), limit=4096)
SIGNED_HEAD: Final = Codec(SignedHead, limit=8192)


class NoteKind(StrEnum):
    """What else than heads lies on ``blo.heads``: signed notes over a link's tree.

    A record's key says which, so that whoever looks for heads leaves notes alone, and compaction
    keeps the newest of each.
    """

    CHECKPOINT = "checkpoint"
    """A witness's checkpoint, with its signature alone."""

    COSIGNATURE = "cosignature"
    """The same text with one office's cosignature alone."""

    QUORUM = "quorum"
    """A witness's checkpoint with the cosignatures of all parties of the link."""


class NoteRecordKey(NamedTuple):
    """What the key of a note on ``blo.heads`` says; nothing vouches for it.

    Attributes:
        link: The link that the note is about.
        signer: Who published it.
        kind: What it is.
    """

    link: LinkId
    signer: OfficeId
    kind: NoteKind

    def encode(self) -> bytes:
        """The Kafka key: link id, a zero byte, signer's id, a zero byte, the kind."""
        return b"\0".join((self.link.encode(), self.signer.encode(), self.kind.encode()))


def read_note_key(key: bytes | None) -> NoteRecordKey | None:
    """What the key of a record on ``blo.heads`` says, or ``None`` if it is not that of a note."""
    try:
        link, signer, kind = (part.decode("ascii") for part in (key or b"").split(b"\0"))
        read = NoteRecordKey(LinkId(link), OfficeId(signer), NoteKind(kind))
    except ValueError:
        return None
    return read if is_link_id(link) and is_subject_id(signer) else None


def head_record_key(link: LinkId, office: OfficeId) -> bytes:
    """The Kafka key of a head: link id, a zero byte, signer's id."""
    return link.encode() + b"\0" + office.encode()
