"""Heads of other offices: ``accept_head`` decides for every reader which head counts."""

from __future__ import annotations

import msgspec

from blo_domain.heads import HeadReason, head_signers, refuse_head
from blo_domain.trust import Certified, TrustedDirectory
from blo_schemas.heads import HEAD, SIGNED_HEAD, Head, SignedHead
from blo_schemas.ids import CertificateTag, LinkId, OfficeId
from blo_sealing.errors import HeadRefused
from blo_sealing.statements import HEAD_STATEMENT


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
        is_signed_by=lambda key: HEAD_STATEMENT.is_signed(signed.head, signed.signature, key),
    )
    if reason is not None or certified is None:
        who = f"a head of {head.link} over {head.size} records that names {head.office}"
        raise HeadRefused(who, reason or HeadReason.UNKNOWN_CERTIFICATE)
    return AcceptedHead(signed, head, head.office, certified)
