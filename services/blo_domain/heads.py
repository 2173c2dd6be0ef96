"""Which heads count, and which of two: the rules that every reader of heads goes by.

No key and no I/O: whoever holds the signature check brings it. ``blo_sealing.heads.accept_head``
puts both together.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from blo_domain.trust.directory import TrustedDirectory
from blo_domain.trust.model import Certified, LinkRole, parts
from blo_schemas.heads import Head
from blo_schemas.ids import LinkId, OfficeId
from blo_schemas.trust import Role


class HeadReason(StrEnum):
    """Why a head does not count."""

    OTHER_LINK = "other_link"
    """It is about another link than the one that it is read for, or about none that is agreed."""
    UNKNOWN_CERTIFICATE = "unknown_certificate"
    """No trust document of the link's countries has the certificate that it names."""
    OTHER_OFFICE = "other_office"
    """It names another office than the certificate does."""
    NOT_A_READER = "not_a_reader"
    """Its signer is neither a party to the link nor a superior of one, or not as an office."""
    BAD_SIGNATURE = "bad_signature"
    SELF_CONTRADICTORY = "self_contradictory"
    """What it names as unopened is not what it counts as unopened."""
    NOT_VALID_THEN = "not_valid_then"
    """Its ``at`` lies outside the certificate's validity."""
    KEY_REVOKED = "key_revoked"
    """A revocation cuts the certificate off before its ``at``, or before its size."""


class HeadOrder(StrEnum):
    """What a further head of an office does to the one that has counted so far."""

    REPLACES = "replaces"
    IS_OLDER = "is_older"
    CONTRADICTS = "contradicts"
    """Both are signed, and not both can be true: the first one goes on to count, both are kept."""


def head_signers(directory: TrustedDirectory, link: LinkId) -> frozenset[OfficeId]:
    """Every office that is, was or will be a party to a link, or a superior of one."""
    return frozenset(
        subject
        for term in directory.terms(link)
        for subject, part in parts(term.agreement)
        if part in (LinkRole.PARTY, LinkRole.SUPERIOR)
    )


def refuse_head(
    head: Head,
    *,
    link: LinkId,
    certified: Certified | None,
    signers: frozenset[OfficeId],
    is_signed_by: Callable[[bytes], bool],
) -> HeadReason | None:
    """Why a head does not count for a link; ``None``: it counts.

    Args:
        head: What it says.
        link: The link that it is read for.
        certified: The certificate that it names, if the trust documents have it.
        signers: Who may sign heads of the link (``head_signers``).
        is_signed_by: Whether an Ed25519 public key has made its signature.
    """
    if head.link != link:
        return HeadReason.OTHER_LINK
    if certified is None:
        return HeadReason.UNKNOWN_CERTIFICATE
    certificate = certified.certificate
    if certificate.subject != head.office:
        return HeadReason.OTHER_OFFICE
    if certificate.role is not Role.OFFICE or head.office not in signers:
        return HeadReason.NOT_A_READER
    if not is_signed_by(certificate.signing_key):
        return HeadReason.BAD_SIGNATURE
    if len(head.first_unopened) > head.unopened or (head.unopened and not head.first_unopened):
        return HeadReason.SELF_CONTRADICTORY
    if not certified.covers(head.at):
        return HeadReason.NOT_VALID_THEN
    if not certified.counts(link, head.size, head.at):
        return HeadReason.KEY_REVOKED
    return None


def order_heads(before: Head | None, head: Head) -> HeadOrder:
    """Which of two heads of one office on one link counts: the larger, of equal ones the newer.

    A smaller one never takes a larger one's place: whoever may write to the topic can put an old
    head there again. Two of one size that say the same of the log count by their arrival, because
    the office's clock may have been set back between them; putting the older one there again makes
    its ``at`` differ from the record's time, which shows.

    Args:
        before: The one that has counted so far.
        head: One that was read after it.
    """
    if before is None or head.size > before.size:
        return HeadOrder.REPLACES
    if head.size < before.size:
        return HeadOrder.IS_OLDER
    if (head.log_hash, head.tree_root) != (before.log_hash, before.tree_root):
        return HeadOrder.CONTRADICTS
    return HeadOrder.REPLACES
