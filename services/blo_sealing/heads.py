"""Signing heads and reading those of others (DESIGN §2)."""

from __future__ import annotations

from blo_schemas.codec import encode
from blo_schemas.hashing import head_input
from blo_schemas.heads import HEAD, Head, SignedHead
from blo_schemas.ids import CertificateTag, LinkId, OfficeId
from blo_sealing.errors import BadSignature, HeadNotAsAsked
from blo_sealing.signatures import SigningKey, verify_signature


def sign_head(head: Head, key: SigningKey) -> SignedHead:
    """Encodes and signs a head with the key of the certificate that its ``kid`` names."""
    encoded = encode(head)
    return SignedHead(encoded, key.sign(head_input(encoded)))


def verify_head(
    signed: SignedHead, *, link: LinkId, office: OfficeId, kid: CertificateTag, key: bytes
) -> Head:
    """Reads another's head.

    Read it first with ``HEAD.decode(signed.head)`` to learn whose it says it is, ask the trust
    documents for that certificate's office and key, and then take it from here.

    Args:
        signed: The decoded value of ``blo.heads.{corridor}``.
        link: The link that it must be about.
        office: The office that the certificate names.
        kid: The certificate's tag.
        key: The certificate's Ed25519 public key.

    Raises:
        WireError: The head does not decode.
        HeadNotAsAsked: It is about another link, or by another office or certificate.
        BadSignature: The signature does not verify.
    """
    head = HEAD.decode(signed.head)
    if (head.link, head.office, head.kid) != (link, office, kid):
        raise HeadNotAsAsked(
            f"a head of {head.link} by {head.office} ({head.kid.hex()}), "
            f"not of {link} by {office} ({kid.hex()})"
        )
    if not verify_signature(key, head_input(signed.head), signed.signature):
        raise BadSignature(f"the head of {link} is not signed by {office}")
    return head


__all__ = ["sign_head", "verify_head"]
