"""Signed statements about a link's log: so many records have this hash and this tree root.

Offices' heads are such claims, and so are checkpoints of witnesses and offices.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

import msgspec

from blo_audit.errors import NoQuorum
from blo_audit.findings.codes import Code
from blo_audit.findings.findings import Findings
from blo_audit.replay.checkpoints import verify_quorum
from blo_audit.replay.sources import SourcePartition
from blo_domain.heads import HeadReason
from blo_domain.trust import TrustedDirectory
from blo_schemas.errors import WireError
from blo_schemas.heads import Head
from blo_schemas.ids import OfficeId
from blo_sealing.errors import HeadRefused, SealingError, UnsignedNote
from blo_sealing.heads import accept_head, read_head
from blo_sealing.tlog import (
    CheckpointSigner,
    SignedCheckpoint,
    origin_of,
    parse_checkpoint,
    signatories,
    unknown_signers,
)

_CHECKPOINT: Final = b"blo-exchange/"
"""A value of the topic of heads that begins like this is a checkpoint, and not a head."""

_CODES: Final = {
    HeadReason.OTHER_LINK: Code.HEAD_OF_STRANGER,
    HeadReason.UNKNOWN_CERTIFICATE: Code.HEAD_OF_STRANGER,
    HeadReason.OTHER_OFFICE: Code.HEAD_OF_STRANGER,
    HeadReason.NOT_A_READER: Code.HEAD_OF_STRANGER,
    HeadReason.BAD_SIGNATURE: Code.HEAD_BAD_SIGNATURE,
    HeadReason.SELF_CONTRADICTORY: Code.HEAD_UNREADABLE,
    HeadReason.NOT_VALID_THEN: Code.HEAD_KEY_NOT_VALID,
    HeadReason.KEY_REVOKED: Code.HEAD_KEY_NOT_VALID,
}
_SIGNED: Final = frozenset(
    (HeadReason.SELF_CONTRADICTORY, HeadReason.NOT_VALID_THEN, HeadReason.KEY_REVOKED)
)
"""The reasons that come after the signature: the office itself has signed what is refused."""


class ClaimKind(StrEnum):
    """The form of a claim."""

    HEAD = "head"
    CHECKPOINT = "checkpoint"


class Claim(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A signed statement on the first ``size`` records, its signatures verified.

    Attributes:
        kind: A head or a checkpoint.
        signers: One office for a head; for a checkpoint its witness, then its offices.
        size: How many records.
        log_hash: The running hash; ``None`` for a checkpoint.
        tree_root: The tree's root.
        has_quorum: Whether a witness and all parties have signed; checkpoints only.
        view_digest: Digest of the signer's views; heads only.
        unopened: How many records the signer could not open.
        at: The signer's clock, Unix milliseconds; 0 if no signature states a time.
    """

    kind: ClaimKind
    signers: tuple[OfficeId, ...]
    size: int
    log_hash: bytes | None
    tree_root: bytes
    has_quorum: bool = False
    view_digest: bytes | None = None
    unopened: int = 0
    at: int = 0


def read_claims(
    values: Sequence[bytes],
    place: SourcePartition,
    directory: TrustedDirectory,
    findings: Findings,
    *,
    partial: bool = False,
) -> list[Claim]:
    """Judges the values on a link's topic of heads by themselves, without the log.

    Args:
        values: In order.
        place: The link.
        directory: What the trust documents prove.
        findings: Takes what is wrong with them.
        partial: Whether a checkpoint without a quorum is a claim of those who have signed it. The
            log has such checkpoints while the others have not signed yet.

    Returns:
        The claims whose signatures are good and whose signers may read the link, in order.
    """
    claims = []
    last: dict[OfficeId, Head] = {}
    for value in values:
        if value.startswith(_CHECKPOINT):
            try:
                claims.append(read_checkpoint(value, place, directory, findings, partial=partial))
            except (WireError, SealingError) as error:
                findings.add(Code.CHECKPOINT_REFUSED, str(error))
            continue
        head = _read_head(value, place, directory, findings)
        if head is None:
            continue
        _compare(last.get(head.office), head, findings)
        last[head.office] = head
        claims.append(_claim(head))
    _find_contradictions(claims, findings)
    return claims


def read_checkpoint(
    value: bytes,
    place: SourcePartition,
    directory: TrustedDirectory,
    findings: Findings,
    *,
    partial: bool = False,
) -> Claim:
    """Reads one checkpoint; the arguments are those of ``read_claims``.

    Raises:
        SealingError: It can't be read, its signatures do not suffice, or it is about another link.
    """
    signed = parse_checkpoint(value)
    checkpoint = signed.checkpoint
    if checkpoint.origin != origin_of(place.corridor, place.link):
        raise UnsignedNote(f"a checkpoint of another log than that of {place.link}")
    for name in unknown_signers(signed, directory):
        words = f"{name} has signed the tree of {checkpoint.size}, and no trust document allows it"
        findings.add(Code.CHECKPOINT_REFUSED, words, position=checkpoint.size)
    has_quorum = True
    try:
        quorum = verify_quorum(signed, directory)
    except NoQuorum as error:
        if not partial:
            raise UnsignedNote(str(error)) from error
        has_quorum = False
        signers = _counted_signers(signed, place, directory)
        at = max(signer.time or 0 for signer in signers)
        subjects = tuple(signer.subject for signer in signers)
    else:
        at = min(time for _, time in quorum.cosigned)
        subjects = (quorum.witness, *(office for office, _ in quorum.cosigned))
    return Claim(
        kind=ClaimKind.CHECKPOINT,
        signers=subjects,
        size=checkpoint.size,
        log_hash=None,
        tree_root=checkpoint.root,
        has_quorum=has_quorum,
        at=at,
    )


def _counted_signers(
    signed: SignedCheckpoint, place: SourcePartition, directory: TrustedDirectory
) -> list[CheckpointSigner]:
    """The signers whose certificates counted when they signed."""
    size = signed.checkpoint.size
    signers = [
        signer
        for signer in signatories(signed, directory)
        # A witness's signature names no time, so a revoked certificate of it never counts.
        if (
            not all(certified.revocations for certified in signer.certificates)
            if signer.time is None
            else signer.counts(place.link, size, signer.time)
        )
    ]
    if not signers:
        raise UnsignedNote(f"nobody whose certificate counted has signed the tree of {size}")
    return signers


def _read_head(
    value: bytes, place: SourcePartition, directory: TrustedDirectory, findings: Findings
) -> Head | None:
    try:
        signed, claimed = read_head(value)
    except WireError as error:
        findings.add(Code.HEAD_UNREADABLE, str(error))
        return None
    try:
        return accept_head(signed, directory, link=place.link).head
    except HeadRefused as error:
        signer = claimed.office if error.reason in _SIGNED else None
        findings.add(_CODES[error.reason], str(error), position=claimed.size, office=signer)
        return None


def _compare(before: Head | None, head: Head, findings: Findings) -> None:
    """Adds what two successive heads of one office contradict."""
    if before is None:
        return
    if head.size < before.size:
        words = f"{head.size} records after {before.size}"
        findings.add(Code.HEAD_GOES_BACK, words, position=head.size, office=head.office)
    if head.journal_size == before.journal_size and head.journal_hash != before.journal_hash:
        words = f"two hashes of the first {head.journal_size} entries of its journal"
        findings.add(Code.JOURNAL_REWRITTEN, words, position=head.size, office=head.office)
    if head.journal_size < before.journal_size and head.at >= before.at:
        words = f"{head.journal_size} entries of its journal after {before.journal_size}"
        findings.add(Code.JOURNAL_GOES_BACK, words, position=head.size, office=head.office)


def _find_contradictions(claims: Sequence[Claim], findings: Findings) -> None:
    """Adds a finding for each signer that signed different hashes or trees of one size."""
    first_by_size: dict[tuple[OfficeId, int], Claim] = {}
    for claim in claims:
        for signer in claim.signers:
            first = first_by_size.setdefault((signer, claim.size), claim)
            hashes = {first.log_hash, claim.log_hash} - {None}
            if first.tree_root == claim.tree_root and len(hashes) <= 1:
                # A checkpoint states no running hash, so a head is what the next heads are held to.
                if first.log_hash is None:
                    first_by_size[signer, claim.size] = claim
                continue
            roots = first.tree_root.hex()[:16], claim.tree_root.hex()[:16]
            words = (
                f"it signed the trees {roots[0]}… and {roots[1]}… of the first {claim.size} "
                "records, or two hashes of them"
            )
            findings.add(Code.HEADS_CONTRADICT, words, position=claim.size, office=signer)


def _claim(head: Head) -> Claim:
    return Claim(
        kind=ClaimKind.HEAD,
        signers=(head.office,),
        size=head.size,
        log_hash=head.log_hash,
        tree_root=head.tree_root,
        view_digest=head.view_digest,
        unopened=head.unopened,
        at=head.at,
    )
