"""Grants: a key sealed to its recipients (docs/architecture.md, "Keys and trust").

A grant needs no signature. Whoever opens one recomputes the key's commitment, which signed headers
name; a key that does not fit is refused. Everything a grant says in the clear is bound by HPKE's
``info``, so nothing of it can be changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from blo_schemas.grants import (
    CASE_GRANT_VERSION,
    GRANT_VERSION,
    CaseGrant,
    CaseGrantEntry,
    Grant,
    KeyPurpose,
)
from blo_schemas.ids import CertificateTag, LinkId, OfficeId
from blo_sealing.errors import GrantNotForYou, UnusableKey, WrongGrant, WrongKeyCommitment
from blo_sealing.kem import KemKey, seal_to
from blo_sealing.keys import SYMMETRIC_KEY_SIZE, ContentKey, SummaryKey

_LABEL: Final = b"blo/grant/v1\0"
_WRAPPED_SIZE: Final = SYMMETRIC_KEY_SIZE + 16


class Recipient(msgspec.Struct, frozen=True):
    """To whom a grant is sealed.

    Attributes:
        id: The recipient's id.
        kid: Tag of the certificate that names ``kem_key``.
        kem_key: The hybrid public key of that certificate, 1216 bytes.
    """

    id: OfficeId
    kid: CertificateTag
    kem_key: bytes


def make_grant(
    key: ContentKey | SummaryKey, link: LinkId, sender: OfficeId, recipient: Recipient
) -> Grant:
    """Seals a key to one recipient.

    Args:
        key: What to grant.
        link: The link whose events the key opens.
        sender: The office that made the key.
        recipient: Who can open the grant.

    Raises:
        UnusableKey: The recipient's KEM key is none.
    """
    draft = _unsealed(key, link, sender, recipient)
    sealed = seal_to(recipient.kem_key, key.secret, grant_info(draft))
    return msgspec.structs.replace(draft, sealed=sealed)


def _unsealed(
    key: ContentKey | SummaryKey, link: LinkId, sender: OfficeId, recipient: Recipient
) -> Grant:
    return Grant(
        v=GRANT_VERSION,
        purpose=key.purpose,
        link=link,
        key=key.id,
        recipient=recipient.id,
        recipient_kid=recipient.kid,
        sender=sender,
        sealed=b"",
    )


class GrantedCase(msgspec.Struct, frozen=True):
    """A case's key, granted.

    Attributes:
        grant: The grant; ``None``: nothing can be sealed to anybody.
        missing: The recipients to whose KEM keys nothing can be sealed.
    """

    grant: CaseGrant | None
    missing: tuple[Recipient, ...]


def make_case_grant(
    key: ContentKey,
    link: LinkId,
    sender: OfficeId,
    recipients: Iterable[Recipient],
    own: Mapping[CertificateTag, KemKey],
) -> GrantedCase:
    """Seals a case's key to all its readers, in one value.

    Each reader has an entry of its own, sealed as a grant to it alone would be: what nothing can be
    sealed to is left out, and denies nobody else.

    Args:
        key: What to grant.
        link: The link whose events the key opens.
        sender: The office that made the key.
        recipients: Who can open it; at most 64, each once.
        own: The sender's own private keys by certificate. Its own copy is wrapped under one of
            them, which takes 48 bytes instead of 1,168.
    """
    entries: list[CaseGrantEntry] = []
    missing: list[Recipient] = []
    for recipient in sorted(recipients, key=lambda recipient: recipient.id):
        info = grant_info(_unsealed(key, link, sender, recipient))
        kem = own.get(recipient.kid) if recipient.id == sender else None
        try:
            if kem is not None:
                sealed = kem.wrap(key.secret, info)
            else:
                sealed = seal_to(recipient.kem_key, key.secret, info)
        except UnusableKey:
            missing.append(recipient)
        else:
            entries.append(CaseGrantEntry(recipient.id, recipient.kid, sealed))
    if not entries:
        return GrantedCase(None, tuple(missing))
    grant = CaseGrant(CASE_GRANT_VERSION, link, key.id, sender, tuple(entries))
    return GrantedCase(grant, tuple(missing))


def open_grant(
    grant: Grant, link: LinkId, recipient: OfficeId, recipient_kid: CertificateTag, kem: KemKey
) -> ContentKey | SummaryKey:
    """Opens a grant.

    Args:
        grant: The decoded grant.
        link: The link that the grant must be for.
        recipient: The opener's id.
        recipient_kid: Tag of the certificate that ``kem`` belongs to.
        kem: The opener's private key.

    Returns:
        The key, of the type that the grant's purpose names.

    Raises:
        GrantNotForYou: Sealed to someone else, or to another certificate of the recipient.
        WrongGrant: For another link.
        Unopenable: Altered, or not what it says it is.
        WrongKeyCommitment: It opens, but the key is not the one that it names.
    """
    if grant.recipient != recipient or grant.recipient_kid != recipient_kid:
        raise GrantNotForYou(
            f"the grant is for {grant.recipient} ({grant.recipient_kid.hex()}), "
            f"not for {recipient} ({recipient_kid.hex()})"
        )
    if grant.link != link:
        raise WrongGrant(f"the grant is for {grant.link}, not for {link}")
    info = grant_info(grant)
    if grant.sender == recipient and len(grant.sealed) == _WRAPPED_SIZE:
        secret = kem.unwrap(grant.sealed, info)
    else:
        secret = kem.unseal(grant.sealed, info)
    try:
        key = _key(grant.purpose, secret)
    except UnusableKey:
        raise WrongKeyCommitment("granted") from None
    if key.id != grant.key:
        raise WrongKeyCommitment("granted")
    return key


def open_summary_grant(
    grant: Grant, link: LinkId, recipient: OfficeId, recipient_kid: CertificateTag, kem: KemKey
) -> SummaryKey:
    """``open_grant`` for a reader that looks for a summary key.

    Raises:
        WrongGrant: It grants a content key.
        SealingError: As ``open_grant``.
    """
    if grant.purpose is not KeyPurpose.SUMMARY:
        raise WrongGrant("the grant is of a content key")
    key = open_grant(grant, link, recipient, recipient_kid, kem)
    assert isinstance(key, SummaryKey)
    return key


def grant_info(grant: Grant) -> bytes:
    """HPKE's ``info``: everything that the grant says in the clear (RFC 9180 §5.1).

    Ids contain no zero byte and byte fields have fixed lengths, so no two grants have one info.
    """
    return b"".join(
        (
            _LABEL,
            bytes([grant.purpose]),
            grant.link.encode(),
            b"\0",
            grant.key,
            grant.recipient.encode(),
            b"\0",
            grant.recipient_kid,
            grant.sender.encode(),
        )
    )


def _key(purpose: KeyPurpose, secret: bytes) -> ContentKey | SummaryKey:
    return ContentKey(secret) if purpose is KeyPurpose.CONTENT else SummaryKey(secret)
