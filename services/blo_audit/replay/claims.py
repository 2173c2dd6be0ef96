"""What others signed about a link's log: that so many records have this hash and this tree root.

Offices' heads are such claims, and checkpoints are: a checkpoint is admitted by whoever knows its
form and its signers (a ``CheckpointReader``), and from there on treated as a head is.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Final, Protocol

import msgspec

from blo_audit.findings.codes import Code
from blo_audit.findings.findings import Findings
from blo_audit.replay.sources import SourcePartition
from blo_domain.heads import HeadReason
from blo_domain.trust import TrustedDirectory
from blo_schemas.errors import WireError
from blo_schemas.heads import Head
from blo_schemas.ids import OfficeId
from blo_sealing.errors import HeadRefused, SealingError
from blo_sealing.heads import accept_head, read_head

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
    """Who speaks."""

    HEAD = "head"
    CHECKPOINT = "checkpoint"


class Claim(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A signed statement on the first ``size`` records, its signatures verified.

    Attributes:
        kind: A head or a checkpoint.
        signers: Who signed; one office for a head, everyone of the quorum for a checkpoint.
        size: How many records.
        log_hash: The running hash, if it is stated.
        tree_root: The tree's root.
        view_digest: Digest of the signer's views; heads only.
        unopened: How many records the signer could not open.
        at: The signer's clock, Unix milliseconds; 0 if it does not say.
    """

    kind: ClaimKind
    signers: tuple[OfficeId, ...]
    size: int
    log_hash: bytes | None
    tree_root: bytes
    view_digest: bytes | None = None
    unopened: int = 0
    at: int = 0


class CheckpointReader(Protocol):
    """Knows checkpoints: which values are some, and whose signatures make them count."""

    def is_checkpoint(self, value: bytes) -> bool:
        """Whether a value on the topic of heads is a checkpoint (and not a head)."""
        ...

    def read(self, value: bytes, place: SourcePartition, directory: TrustedDirectory) -> Claim:
        """The checkpoint, with those of its signers whose signatures are good.

        Raises:
            WireError: It does not decode.
            SealingError: Its signatures do not reach the quorum, or it is about another link.
        """
        ...


def read_claims(
    values: Sequence[bytes],
    place: SourcePartition,
    directory: TrustedDirectory,
    findings: Findings,
    checkpoints: CheckpointReader | None = None,
) -> list[Claim]:
    """Judges the values on a link's topic of heads by themselves, without the log.

    Args:
        values: In order.
        place: The link.
        directory: What the trust documents prove.
        findings: Where what is wrong with them goes.
        checkpoints: Who knows checkpoints; without, they count as unreadable.

    Returns:
        Those whose signatures are good and whose signers may speak, in order.
    """
    claims = []
    last: dict[OfficeId, Head] = {}
    for value in values:
        if checkpoints is not None and checkpoints.is_checkpoint(value):
            try:
                claims.append(checkpoints.read(value, place, directory))
            except (WireError, SealingError) as error:
                findings.add(Code.CHECKPOINT_REFUSED, str(error))
            continue
        head = _read_head(value, place, directory, findings)
        if head is None:
            continue
        _compare(last.get(head.office), head, findings)
        last[head.office] = head
        claims.append(_claim(head))
    _contradictions(claims, findings)
    return claims


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
    """What two heads of one office, one after the other, say of each other."""
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


def _contradictions(claims: Sequence[Claim], findings: Findings) -> None:
    """Different hashes or trees that one signer signed for one size."""
    signed: dict[tuple[OfficeId, int], Claim] = {}
    for signer, claim in [(signer, one) for one in claims for signer in one.signers]:
        first = signed.setdefault((signer, claim.size), claim)
        hashes = {first.log_hash, claim.log_hash} - {None}
        if first.tree_root != claim.tree_root or len(hashes) > 1:
            one, other = first.tree_root.hex(), claim.tree_root.hex()
            findings.add(
                Code.HEADS_CONTRADICT,
                f"it signed the trees {one[:16]}… and {other[:16]}… of the first {claim.size} "
                "records, or two hashes of them",
                position=claim.size,
                office=signer,
            )


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
