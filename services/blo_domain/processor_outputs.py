"""Which outputs of processors count: the rule that every reader of them goes by.

No key and no I/O; ``blo_projection.outputs.accept_output`` adds the signature.
"""

from __future__ import annotations

from enum import StrEnum

from blo_domain.trust.directory import TrustedDirectory
from blo_schemas.ids import CertificateTag, LinkId, OfficeId
from blo_schemas.outputs import Output
from blo_schemas.trust import Role


class OutputReason(StrEnum):
    """Why a value on a processors' topic does not count."""

    OTHER_LINK = "other_link"
    OTHER_KIND = "other_kind"
    NOT_A_PROCESSOR = "not_a_processor"
    """No certificate of role processor has this key."""
    NOT_NAMED = "not_named"
    """The link's agreement does not name this processor."""
    NOT_YET_VALID = "not_yet_valid"
    """The certificate begins later than the reader's now."""
    EXPIRED = "expired"
    """It stands at a log time at which its certificate had ended, so it was signed after that."""
    REVOKED = "revoked"
    OTHER_BODY = "other_body"
    """What is sealed is about something else than what is signed around it."""
    OTHER_ID = "other_id"
    """An alert's id is not the hash of what it is about."""


def refuse_signer(
    directory: TrustedDirectory, link: LinkId, kid: CertificateTag, now: int
) -> OutputReason | None:
    """Why nothing that a certificate has signed counts on a link; ``None``: it may.

    An output is a function of the log and says nothing of when it was signed. So a revocation takes
    all of them back, and a processor writes them anew under its next certificate.

    Args:
        directory: What the trust documents prove.
        link: The link.
        kid: The certificate's tag.
        now: The reader's time, Unix milliseconds.
    """
    certified = directory.certified(link, kid)
    if certified is None or certified.certificate.role is not Role.PROCESSOR:
        return OutputReason.NOT_A_PROCESSOR
    if certified.certificate.subject not in processors_ever(directory, link):
        return OutputReason.NOT_NAMED
    if now < certified.certificate.not_before:
        return OutputReason.NOT_YET_VALID
    return OutputReason.REVOKED if now >= certified.revoked_at else None


def refuse_output(
    directory: TrustedDirectory, link: LinkId, output: Output, now: int
) -> OutputReason | None:
    """Why an output does not count on a link, its signature apart; ``None``: it does.

    Args:
        directory: What the trust documents prove.
        link: The link that it is read for.
        output: What it says.
        now: The reader's time, Unix milliseconds.
    """
    if output.link != link:
        return OutputReason.OTHER_LINK
    kid = CertificateTag(output.kid)
    reason = refuse_signer(directory, link, kid, now)
    certified = directory.certified(link, kid)
    if reason is not None or certified is None:
        return reason
    if certified.certificate.subject != output.processor:
        return OutputReason.NOT_NAMED
    if not _is_named(directory, link, output.processor, (output.at, now)):
        return OutputReason.NOT_NAMED
    return OutputReason.EXPIRED if output.at >= certified.certificate.not_after else None


def processors_ever(directory: TrustedDirectory, link: LinkId) -> frozenset[OfficeId]:
    """Every processor that an agreement of the link names at any time."""
    terms = directory.terms(link)
    return frozenset(processor for term in terms for processor in term.agreement.processors)


def _is_named(
    directory: TrustedDirectory, link: LinkId, processor: OfficeId, instants: tuple[int, ...]
) -> bool:
    agreements = (directory.agreement(link, at) for at in instants)
    return any(
        processor in agreement.processors for agreement in agreements if agreement is not None
    )
