"""Grants: a symmetric key, sealed to one recipient (docs/architecture.md, "Keys and trust")."""

from __future__ import annotations

from enum import IntEnum
from typing import Final

import msgspec

from blo_schemas.codec import Codec
from blo_schemas.fields import Bytes8, Bytes32
from blo_schemas.ids import KeyId, LinkId, OfficeId

GRANT_VERSION: Final = 1
MAX_RECIPIENTS: Final = 64


class KeyPurpose(IntEnum):
    """What a granted key opens."""

    CONTENT = 1
    SUMMARY = 2


class Grant(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """One key for one recipient, on ``blo.keys.{corridor}``.

    It needs no signature of its own: the signed headers name the key by a commitment, so a key
    that does not fit the commitment is refused by whoever opens the grant.

    Attributes:
        v: Version of this layout, 1.
        purpose: Content key of a case, or summary key of an office's month.
        link: The link whose events the key opens.
        key: Id of, and commitment to, the key.
        recipient: Who can open this grant.
        recipient_kid: Tag of the recipient's certificate whose KEM key was used.
        sender: The office that made the key.
        sealed: HPKE encapsulation and ciphertext of the 32-byte key.
    """

    v: int
    purpose: KeyPurpose
    link: LinkId
    key: Bytes32
    recipient: OfficeId
    recipient_kid: Bytes8
    sender: OfficeId
    sealed: bytes


GRANT: Final = Codec(Grant, versions=(GRANT_VERSION,), limit=4096)


def grant_record_key(key: KeyId, recipient: OfficeId) -> bytes:
    """The Kafka key of a grant: 32 bytes of key id, then the recipient's id."""
    return key + recipient.encode()
