"""The event as it lies in the log: header, signature, and two sealed parts (docs/wire-format.md §3).

A record's value is the MessagePack array ``[header, signature, summary_ct, body_ct]``. ``header``
holds the exact bytes that were signed. The header names nobody and nothing in the clear: the
partition says which link it is, the certificate tag says who wrote it, and the full link id is
bound by the signature's context (``docs/wire-format.md``).
"""

from __future__ import annotations

from typing import Final

import msgspec

from blo_schemas.codec import MAX_RECORD_SIZE, Codec, encode
from blo_schemas.fields import Bytes8, Bytes16, Bytes32, Bytes64, Count, UnixMs
from blo_schemas.ids import CaseId, CertificateTag, Digest, KeyId

HEADER_VERSION: Final = 1

MAX_HEADER_SIZE: Final = 512
"""Largest encoded header in bytes."""


class Header(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True, gc=False):
    """The part of an event that is signed in the clear.

    Attributes:
        v: Version of this layout, 1.
        kid: Tag of the writer's certificate, which names the office and its key.
        oseq: Number of events that this office had written on this link before.
        oprev: Id of the office's previous event on this link; zeros for the first.
        seen_size: How many records of the link the writer had read.
        seen_hash: The link's running hash at ``seen_size``.
        case: The case, as the commitment to its content key.
        at: The writer's clock, Unix milliseconds.
        summary_key: Id of the summary key.
        salt: Random; makes the two derived keys unique.
        payload_hash: Binds both sealed parts (``hashes.payload_hash``). Last, so that
            all bytes before it can be the sealed parts' associated data.
    """

    v: int
    kid: Bytes8
    oseq: Count
    oprev: Bytes32
    seen_size: Count
    seen_hash: Bytes32
    case: Bytes32
    at: UnixMs
    summary_key: Bytes32
    salt: Bytes16
    payload_hash: Bytes32

    @property
    def certificate_tag(self) -> CertificateTag:
        """``kid`` with its type."""
        return CertificateTag(self.kid)

    @property
    def case_id(self) -> CaseId:
        """``case`` with its type."""
        return CaseId(self.case)

    @property
    def summary_key_id(self) -> KeyId:
        """``summary_key`` with its type."""
        return KeyId(self.summary_key)


class Envelope(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True, gc=False):
    """A record's value.

    Attributes:
        header: Canonical encoding of a ``Header``: the bytes that were signed.
        signature: Ed25519, 64 bytes.
        summary_ct: The sealed summary with its 16-byte tag.
        body_ct: The sealed content with its 16-byte tag; empty for an event without content.
    """

    header: bytes
    signature: Bytes64
    summary_ct: bytes
    body_ct: bytes


HEADER: Final = Codec(Header, versions=(HEADER_VERSION,), limit=MAX_HEADER_SIZE)
ENVELOPE: Final = Codec(Envelope, limit=MAX_RECORD_SIZE)
# Both types are ready: their codecs have seen to that.
_read_envelope: Final = msgspec.msgpack.Decoder(Envelope).decode
_read_header: Final = msgspec.msgpack.Decoder(Header).decode


def decode_event(value: bytes) -> tuple[Envelope, Header]:
    """Reads a record's value and the header in it, as ``ENVELOPE`` and ``HEADER`` do one by one.

    For readers of whole logs: what is as it should be takes one call, and all else theirs.

    Raises:
        WireError: As they do.
    """
    if len(value) <= MAX_RECORD_SIZE:
        try:
            envelope = _read_envelope(value)
            signed = envelope.header
            header = _read_header(signed)
        except MemoryError:
            raise
        except Exception:  # noqa: BLE001, S110 - the decoders below say what is wrong
            pass
        else:
            if (
                encode(envelope) == value
                and encode(header) == signed
                and header.v == HEADER_VERSION
                and len(signed) <= MAX_HEADER_SIZE
            ):
                return envelope, header
    envelope = ENVELOPE.decode(value)
    return envelope, HEADER.decode(envelope.header)


class LogRecord(msgspec.Struct, frozen=True, gc=False):
    """One record as read from a link's partition.

    Attributes:
        position: Offset in the partition; record n is the (n+1)th of the link.
        log_time: The record's timestamp, Unix milliseconds.
        value: The envelope's bytes.
        leaf: RFC 6962 leaf hash of ``value`` (``hashes.leaf_hash``), where whoever read it has
            computed it already.
    """

    position: int
    log_time: int
    value: bytes
    leaf: Digest | None = None
