"""Grants: a symmetric key, sealed to its recipients (docs/architecture.md, "Keys and trust")."""

from __future__ import annotations

from enum import IntEnum
from itertools import pairwise
from typing import Annotated, Final, NamedTuple

import msgspec

from blo_schemas.codec import Codec
from blo_schemas.fields import Bytes8, Bytes32
from blo_schemas.ids import HASH_SIZE, KeyId, LinkId, OfficeId

GRANT_VERSION: Final = 1
CASE_GRANT_VERSION: Final = 1
MAX_RECIPIENTS: Final = 64
MAX_SEALED_KEY: Final = 1280
"""More than HPKE makes of a key of 32 bytes, which is 1168."""


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


class CaseGrantEntry(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """A case's content key for one recipient.

    Attributes:
        recipient: Who can open it.
        recipient_kid: Tag of the recipient's certificate whose KEM key was used.
        sealed: As in a ``Grant``; the sender's own copy may be wrapped under its own key instead.
    """

    recipient: OfficeId
    recipient_kid: Bytes8
    sealed: Annotated[bytes, msgspec.Meta(max_length=MAX_SEALED_KEY)]


class CaseGrant(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """A case's content key for all readers of the case, in one record on ``blo.keys.{corridor}``.

    Attributes:
        v: Version of this layout, 1.
        link: The link whose events the key opens.
        key: Id of, and commitment to, the key: the case's id.
        sender: The office that made the key.
        entries: One for each recipient, ascending by the recipient's id.
    """

    v: int
    link: LinkId
    key: Bytes32
    sender: OfficeId
    entries: Annotated[
        tuple[CaseGrantEntry, ...], msgspec.Meta(min_length=1, max_length=MAX_RECIPIENTS)
    ]

    def grant_to(self, recipient: OfficeId) -> Grant | None:
        """What it grants to one recipient; ``None``: nothing."""
        for entry in self.entries:
            if entry.recipient == recipient:
                return Grant(
                    v=GRANT_VERSION,
                    purpose=KeyPurpose.CONTENT,
                    link=self.link,
                    key=self.key,
                    recipient=entry.recipient,
                    recipient_kid=entry.recipient_kid,
                    sender=self.sender,
                    sealed=entry.sealed,
                )
        return None


def _check_recipients(grant: CaseGrant) -> None:
    recipients = [entry.recipient for entry in grant.entries]
    if any(before >= after for before, after in pairwise(recipients)):
        raise ValueError("the recipients do not ascend")


CASE_GRANT: Final = Codec(
    CaseGrant, versions=(CASE_GRANT_VERSION,), limit=96 * 1024, check=_check_recipients
)
GRANT: Final = Codec(Grant, versions=(GRANT_VERSION,), limit=4096)


def grant_record_key(key: KeyId, recipient: OfficeId) -> bytes:
    """The Kafka key of a grant: 32 bytes of key id, then the recipient's id."""
    return key + recipient.encode()


class CaseGrantRecord(NamedTuple):
    """A record of ``blo.keys`` whose key is a case's; nothing vouches for it."""

    key: bytes
    value: bytes


def is_case_grant_key(key: bytes) -> bool:
    """Whether a record of ``blo.keys`` should be the grants of a case, by its key."""
    return len(key) == HASH_SIZE


def case_grant_record_key(key: KeyId) -> bytes:
    """The Kafka key of a case's grants: the 32 bytes of the key's id, which is the case's."""
    return key
