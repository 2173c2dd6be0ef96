"""Heads: an office's signed statement of what it has read (DESIGN §2, §4)."""

from __future__ import annotations

from typing import Final

import msgspec

from blo_schemas.codec import Codec
from blo_schemas.event import Bytes8, Bytes32, Bytes64, Count, UnixMs
from blo_schemas.ids import LinkId, OfficeId

HEAD_VERSION: Final = 1
MAX_NAMED_UNOPENED: Final = 64


class Head(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """What one office has read of one link.

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


def head_record_key(link: LinkId, office: OfficeId) -> bytes:
    """The Kafka key of a head: link id, a zero byte, signer's id."""
    return link.encode() + b"\0" + office.encode()
