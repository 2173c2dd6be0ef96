"""Signing heads and reading those of others: ``accept_head`` decides for every reader."""

from __future__ import annotations

import msgspec

from blo_domain.heads import HeadReason, head_signers, refuse_head
from blo_domain.trust import Certified, TrustedDirectory
from blo_schemas.hashes import head_input
from blo_schemas.heads import HEAD, SIGNED_HEAD, Head, SignedHead
from blo_schemas.ids import CertificateTag, LinkId, OfficeId
from blo_sealing.errors import HeadRefused, InvalidSignature, WrongHead
from blo_sealing.signatures import SigningKey, verify_signature


def sign_head(head: Head, key: SigningKey) -> SignedHead:
    """Encodes and signs a head with the key of the certificate that its ``kid`` names."""
    encoded = HEAD.encode(head)
    return SignedHead(encoded, key.sign(head_input(encoded)))


class AcceptedHead(msgspec.Struct, frozen=True):
    """A head that counts.

    Attributes:
        signed: The head with its signature, as evidence.
        head: What it says.
        signer: The office that has signed it.
        certified: The certificate of the key.
    """

    signed: SignedHead
    head: Head
    signer: OfficeId
    certified: Certified


def read_head(value: bytes) -> tuple[SignedHead, Head]:
    """What a value of ``blo.heads.{corridor}`` claims; nothing vouches for it.

    Raises:
        WireError: It does not decode.
    """
    signed = SIGNED_HEAD.decode(value)
    return signed, HEAD.decode(signed.head)


def accept_head(
    signed: SignedHead, directory: TrustedDirectory, *, link: LinkId | None = None
) -> AcceptedHead:
    """Decides whether a head counts; agents, processors and audits all ask here.

    The rules are ``blo_domain.heads.refuse_head``: link, certificate, role, signature, validity at
    the head's ``at``, revocation by size and time. Whether the head is of the same log as the
    reader's is another question, which takes the log.

    Args:
        signed: The head.
        directory: What the trust documents prove.
        link: The link that it is read for; ``None``: whichever it names.

    Raises:
        WireError: The head does not decode.
        HeadRefused: It does not count.
    """
    head = HEAD.decode(signed.head)
    wanted = head.link if link is None else link
    # Anybody may name any link, and a table of its keys would be made for each.
    signers = head_signers(directory, wanted)
    certified = directory.certified(wanted, CertificateTag(head.kid)) if signers else None
    reason = refuse_head(
        head,
        link=wanted,
        certified=certified,
        signers=signers,
        is_signed_by=lambda key: verify_signature(key, head_input(signed.head), signed.signature),
    )
    if reason is not None or certified is None:
        who = f"a head of {head.link} over {head.size} records that names {head.office}"
        raise HeadRefused(who, reason or HeadReason.UNKNOWN_CERTIFICATE)
    return AcceptedHead(signed, head, head.office, certified)


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
        WrongHead: It is about another link, or by another office or certificate.
        InvalidSignature: The signature does not verify.
    """
    head = HEAD.decode(signed.head)
    if (head.link, head.office, head.kid) != (link, office, kid):
        raise WrongHead(
            f"a head of {head.link} by {head.office} ({head.kid.hex()}), "
            f"not of {link} by {office} ({kid.hex()})"
        )
    if not verify_signature(key, head_input(signed.head), signed.signature):
        raise InvalidSignature(f"the head of {link} is not signed by {office}")
    return head
