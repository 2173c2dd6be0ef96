"""Quorums: a checkpoint that a witness and all parties of a link have signed.

All parties of one version of the agreement must have cosigned it while that version was in force,
and a witness of the link must have signed it, all with certificates that counted then.
"""

from __future__ import annotations

import msgspec

from blo_audit.errors import NoQuorum
from blo_domain.trust import TrustedDirectory
from blo_domain.trust.terms import AgreementPeriod
from blo_schemas.ids import LinkId, OfficeId
from blo_schemas.trust import Role
from blo_sealing.tlog import (
    Checkpoint,
    CheckpointSigner,
    SignedCheckpoint,
    known_link,
    signatories,
)


class QuorumCheckpoint(msgspec.Struct, frozen=True):
    """A checkpoint that a witness and all parties have signed.

    Attributes:
        link: The link.
        checkpoint: Its tree: origin, size, root.
        signed: The note, to be handed on as it is.
        witness: Who issued it.
        cosigned: Each office, and when it cosigned, Unix milliseconds; sorted by office.
    """

    link: LinkId
    checkpoint: Checkpoint
    signed: SignedCheckpoint
    witness: OfficeId
    cosigned: tuple[tuple[OfficeId, int], ...]


def verify_quorum(signed: SignedCheckpoint, directory: TrustedDirectory) -> QuorumCheckpoint:
    """Checks a checkpoint that is said to have a quorum, against the trust documents alone.

    The witness's signature names no time; its certificate must count at the times that the
    offices name, because they have looked at it then. Signatures of others than the parties are
    ignored: a former party could otherwise spoil every quorum.

    Raises:
        OtherCheckpoint: Its origin is not that of a link of the directory.
        InvalidSignature: A signature is not its signer's.
        UnsignedNote: Nobody known has signed.
        NoQuorum: A witness or a party is missing; the message names it.
    """
    signers = signatories(signed, directory)
    link = known_link(signed, directory)
    size = signed.checkpoint.size
    most: dict[OfficeId, int] = {}
    missing_then: list[OfficeId] = []
    for period in directory.terms(link):
        times = _cosigned_in(period, signers, link, size)
        missing = sorted(set(period.agreement.offices) - times.keys())
        if not missing:
            return _with_witness(signed, signers, link, times)
        if len(times) > len(most):
            most, missing_then = times, missing
    if not most:
        raise NoQuorum(f"no office of {link} has cosigned its tree of {size}")
    raise NoQuorum(f"{', '.join(missing_then)} did not cosign the tree of {size} of {link}")


def _cosigned_in(
    period: AgreementPeriod, signers: tuple[CheckpointSigner, ...], link: LinkId, size: int
) -> dict[OfficeId, int]:
    """The parties that cosigned while a version of the agreement was in force, and when."""
    return {
        signer.subject: signer.time
        for signer in signers
        if signer.time is not None
        and signer.subject in period.agreement.offices
        and period.start <= signer.time < period.end
        and signer.counts(link, size, signer.time)
    }


def _with_witness(
    signed: SignedCheckpoint,
    signers: tuple[CheckpointSigner, ...],
    link: LinkId,
    times: dict[OfficeId, int],
) -> QuorumCheckpoint:
    size = signed.checkpoint.size
    for signer in signers:
        counted = all(signer.counts(link, size, at) for at in times.values())
        if signer.role is Role.WITNESS and counted:
            cosigned = tuple(sorted(times.items()))
            return QuorumCheckpoint(link, signed.checkpoint, signed, signer.subject, cosigned)
    raise NoQuorum(f"no witness of {link} has signed its tree of {size}")
