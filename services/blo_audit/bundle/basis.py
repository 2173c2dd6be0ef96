"""The basis of a bundle's proofs: its link, and who has signed which tree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from blo_audit.bundle.reader import Bundle
from blo_audit.errors import NothingToAudit
from blo_audit.findings.codes import Code
from blo_audit.findings.findings import Findings
from blo_audit.replay.claims import Claim, ClaimKind
from blo_audit.replay.from_log import accepted_heads
from blo_audit.replay.sources import SourcePartition, places
from blo_domain.heads import HeadOrder, order_heads
from blo_domain.trust import Pins, TrustedDirectory
from blo_schemas.heads import SIGNED_HEAD, Head, SignedHead
from blo_schemas.ids import CorridorId, LinkId, OfficeId


class ProvenTree(msgspec.Struct, frozen=True):
    """The tree that the proofs of a selection are for.

    Attributes:
        size: How many records it is over.
        root: Its root; ``None``: nobody whose signature counts has signed one.
        checkpoint: Who signed the checkpoint over it; nobody: there is none.
        heads: Whose heads are over it.
    """

    size: int
    root: bytes | None
    checkpoint: tuple[OfficeId, ...]
    heads: tuple[OfficeId, ...]

    @property
    def words(self) -> str:
        """The signers, in words."""
        if self.checkpoint:
            witness, *offices = self.checkpoint
            return f"a checkpoint that the witness {witness} and {', '.join(offices)} signed"
        if len(self.heads) == 1:
            return f"the signature of {self.heads[0]} alone"
        return f"the signatures of {', '.join(self.heads)} alone"


def find_place(
    directory: TrustedDirectory, pins: Pins, link: LinkId, corridor: CorridorId
) -> SourcePartition:
    """The partition of the link by its agreements.

    Raises:
        NothingToAudit: None that counts names it; says which pin is missing, if that is why.
    """
    for place in places(directory):
        if place.link == link and place.corridor == corridor:
            return place
    unpinned = [country for country in corridor.split("-") if country not in pins]
    why = (
        f"; no root is pinned for {' and '.join(unpinned)}: add --pin {unpinned[0]}=FINGERPRINT"
        if unpinned
        else "; ask whoever made the bundle for the agreement"
    )
    raise NothingToAudit(f"no agreement that counts names {link} in {corridor}{why}")


def claim_values(bundle: Bundle) -> list[bytes]:
    """Everything in a bundle that is signed about a size: heads and checkpoints."""
    return [*map(SIGNED_HEAD.encode, bundle.heads), *bundle.checkpoints]


def base_of(claims: Sequence[Claim], size: int, findings: Findings) -> ProvenTree:
    """The tree of a size that most signatures speak for.

    A checkpoint goes before heads. Whoever signed another tree of that size is told.
    """
    fitting = [claim for claim in claims if claim.size == size]
    checkpoints = [claim for claim in fitting if claim.kind is ClaimKind.CHECKPOINT]
    heads = [claim for claim in fitting if claim.kind is ClaimKind.HEAD]
    if not fitting:
        findings.add(
            Code.NOTHING_SIGNED,
            f"neither a checkpoint nor a head that counts is over exactly {size} records",
            position=size,
        )
        return ProvenTree(size, None, (), ())
    roots = sorted({claim.tree_root for claim in heads}, key=lambda root: _votes(heads, root))
    root = checkpoints[0].tree_root if checkpoints else roots[-1]
    for claim in fitting:
        if claim.tree_root != root:
            checkpoint = claim.kind is ClaimKind.CHECKPOINT
            findings.add(
                Code.CHECKPOINT_DIFFERS if checkpoint else Code.HEAD_ROOT_DIFFERS,
                f"{', '.join(claim.signers)} signed the root {claim.tree_root.hex()[:16]}… over "
                f"{size} records, and the proofs are for {root.hex()[:16]}…",
                position=size,
                office=None if checkpoint else claim.signers[0],
            )
    signers = next((claim_.signers for claim_ in checkpoints if claim_.tree_root == root), ())
    agreed = tuple(sorted({claim.signers[0] for claim in heads if claim.tree_root == root}))
    return ProvenTree(size, root, signers, agreed)


def closed_positions(
    heads: Sequence[SignedHead], place: SourcePartition, directory: TrustedDirectory
) -> Mapping[int, set[OfficeId]]:
    """Which offices could not open which records, by the last head of each.

    A key may come after its record: what an earlier head named, a later one may have opened.
    """
    last: dict[OfficeId, Head] = {}
    # A bundle does not show in which order they came; their signed times do.
    for head in sorted(accepted_heads(heads, directory, place.link), key=lambda head: head.at):
        if order_heads(last.get(head.office), head) is HeadOrder.REPLACES:
            last[head.office] = head
    closed: dict[int, set[OfficeId]] = {}
    for office, head in last.items():
        for position in head.first_unopened:
            closed.setdefault(position, set()).add(office)
    return closed


def _votes(heads: Sequence[Claim], root: bytes) -> tuple[int, bytes]:
    return sum(claim.tree_root == root for claim in heads), root
