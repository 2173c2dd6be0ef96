"""Heartbeats: an office's signed statement that it is at work in a corridor (docs/wire-format.md §6)."""

from __future__ import annotations

from typing import Final, NamedTuple

import msgspec

from blo_schemas.codec import Codec
from blo_schemas.fields import Bytes8, Bytes32, Bytes64, Count, UnixMs
from blo_schemas.ids import CorridorId, OfficeId

HEARTBEAT_VERSION: Final = 1


class Heartbeat(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """A statement that an office was at work, and where its journal ended then.

    Attributes:
        v: Version of this layout, 1.
        corridor: The corridor.
        office: Who states it.
        kid: Tag of the certificate whose key signs.
        count: How many heartbeats the office has signed before in the corridor.
        journal_size: Entries in the office's own journal.
        journal_hash: Hash of the journal's last entry.
        at: The office's clock, Unix milliseconds.
    """

    v: int
    corridor: CorridorId
    office: OfficeId
    kid: Bytes8
    count: Count
    journal_size: Count
    journal_hash: Bytes32
    at: UnixMs


class SignedHeartbeat(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """A heartbeat and its signature, the value on ``blo.liveness.{corridor}``.

    Attributes:
        heartbeat: Canonical encoding of a ``Heartbeat``: the bytes that were signed.
        signature: Ed25519, 64 bytes.
    """

    heartbeat: bytes
    signature: Bytes64


HEARTBEAT: Final = Codec(Heartbeat, versions=(HEARTBEAT_VERSION,), limit=512)
SIGNED_HEARTBEAT: Final = Codec(SignedHeartbeat, limit=1024)


class LivenessRecord(NamedTuple):
    """A record of ``blo.liveness``; nothing vouches for it.

    Attributes:
        corridor: Whose topic it lies on.
        key: Its key.
        value: Its value.
    """

    corridor: CorridorId
    key: bytes
    value: bytes


def heartbeat_record_key(office: OfficeId) -> bytes:
    """The Kafka key of a heartbeat: the signer's id."""
    return office.encode()
