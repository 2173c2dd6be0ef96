"""The check of claims against the log, each when the replay has reached its size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from blo_audit.findings.codes import Code
from blo_audit.findings.findings import Findings
from blo_audit.replay.cases import CaseReplay
from blo_audit.replay.claims import Claim, ClaimKind
from blo_audit.replay.clocks import ClockCheck, instant
from blo_audit.replay.leaves import LeafColumn
from blo_audit.replay.signatures import NEVER
from blo_audit.replay.statement import StatementReach
from blo_domain.trust import TrustedDirectory
from blo_projection.link_chain import LinkChain
from blo_schemas.ids import Digest, LinkId, OfficeId


class ClaimCheck:
    """Compares each claim with the chain at the claim's size.

    Args:
        link: The link.
        directory: What the trust documents prove.
        claims: What others signed about the link (``read_claims``).
        chain: The link's chain, as it grows.
        times: The log times of its records.
        findings: Takes the claims that do not fit.
        steps: Compares a head's views, where summary keys are held; otherwise ``None``.
        leaves: The leaves of all records, where an audit goes on from an earlier one.

    Attributes:
        next: The size at which the next claim is met; ``NEVER`` if all have been.
        offices: The link's offices.
        heads: How many heads fit.
        fitting: For each office the size of its newest head that fits.
        cosigned: For each office the size of the newest checkpoint with its signature that fits.
        checkpoint: The newest checkpoint that fits and has a quorum.
    """

    def __init__(
        self,
        link: LinkId,
        directory: TrustedDirectory,
        claims: Sequence[Claim],
        chain: LinkChain,
        times: ClockCheck,
        findings: Findings,
        steps: CaseReplay | None,
        leaves: LeafColumn | None = None,
    ) -> None:
        self.offices = directory.offices(link)
        self.fitting: dict[OfficeId, int] = {}
        self.cosigned: dict[OfficeId, int] = {}
        self.heads = 0
        self.checkpoint: Claim | None = None
        self._chain = chain
        self._times = times
        self._findings = findings
        self._steps = steps
        self._leaves = leaves
        self._claims = sorted(claims, key=lambda claim: claim.size)
        self._met = 0
        self.next = self._claims[0].size if self._claims else NEVER

    def vouched(self) -> int:
        """Up to where the word of all offices reaches that signed a head or checkpoint.

        What lies behind rests on fewer signatures, so there every one is verified.
        """
        newest: dict[OfficeId, int] = {}
        for claim in self._claims:
            for signer in claim.signers:
                if signer in self.offices:
                    newest[signer] = claim.size
        return min(newest.values(), default=0)

    def meet(self) -> None:
        """Compare the claims about the present size, or a smaller one, with the log."""
        size = self._chain.size
        while self.next <= size:
            claim = self._claims[self._met]
            self._met += 1
            left = self._met < len(self._claims)
            self.next = self._claims[self._met].size if left else NEVER
            if self._fits(claim):
                self._keep(claim)

    def beyond(self) -> None:
        """Add a finding for each claim about records that are not there."""
        for claim in self._claims[self._met :]:
            checkpoint = claim.kind is ClaimKind.CHECKPOINT
            signers = ", ".join(claim.signers)
            self._findings.add(
                Code.CHECKPOINT_BEYOND_LOG if checkpoint else Code.HEAD_BEYOND_LOG,
                f"{signers} signed about {claim.size} records, and there are {self._chain.size}",
                position=self._chain.size,
                office=None if checkpoint else claim.signers[0],
            )

    def reaches(self, acknowledged: Mapping[OfficeId, int]) -> tuple[StatementReach, ...]:
        """The reach of each office's word; records behind it become findings.

        Args:
            acknowledged: For each office what its newest verified event says to have read.
        """
        size = self._chain.size
        reaches = []
        for office in sorted(self.offices | self.fitting.keys()):
            head = self.fitting.get(office)
            cosigned = self.cosigned.get(office, 0)
            upto = max(head or 0, cosigned, acknowledged.get(office, 0))
            reach = StatementReach(office, head, upto, size - upto)
            reaches.append(reach)
            if size and head is None and not cosigned:
                self._findings.add(
                    Code.NO_HEAD, "no head of it fits this log", position=size, office=office
                )
            elif reach.after:
                words = (
                    f"its word ends at record {upto - 1}; the last {reach.after} records rest on "
                    "the other signatures alone"
                )
                self._findings.add(Code.END_UNCOVERED, words, position=upto, office=office)
        return tuple(reaches)

    def _fits(self, claim: Claim) -> bool:
        size = claim.size
        checkpoint = claim.kind is ClaimKind.CHECKPOINT
        office = None if checkpoint else claim.signers[0]
        signers = ", ".join(claim.signers)
        log_hash = self._chain.hash_at(size)
        if claim.log_hash not in (None, log_hash):
            assert claim.log_hash is not None
            words = (
                f"{signers} signed {claim.log_hash.hex()[:16]}… for the first {size} records, "
                f"which have {log_hash.hex()[:16]}… here"
            )
            code = Code.CHECKPOINT_DIFFERS if checkpoint else Code.HEAD_OF_ANOTHER_LOG
        elif claim.tree_root != (tree_root := self._root_at(size)):
            words = (
                f"{signers} signed the root {claim.tree_root.hex()[:16]}… over {size} records, "
                f"which have {tree_root.hex()[:16]}… here"
            )
            code = Code.CHECKPOINT_DIFFERS if checkpoint else Code.HEAD_ROOT_DIFFERS
        else:
            return True
        self._findings.add(code, words, position=size, office=office)
        return False

    def _root_at(self, size: int) -> Digest:
        """The tree's root over so many records; older ones than now come from the leaves."""
        if size == self._chain.size or self._leaves is None:
            return self._chain.tree_root()
        return self._leaves.root_at(size)

    def _keep(self, claim: Claim) -> None:
        if claim.kind is ClaimKind.CHECKPOINT:
            self._keep_checkpoint(claim)
            return
        office = claim.signers[0]
        self.heads += 1
        self.fitting[office] = claim.size
        if claim.size and claim.at < self._times.at(claim.size - 1) - self._times.tolerance_ms:
            received = instant(self._times.at(claim.size - 1))
            words = f"signed {instant(claim.at)}, and covers a record that came at {received}"
            self._findings.add(Code.HEAD_BACK_DATED, words, position=claim.size, office=office)
        if self._steps is not None:
            self._steps.compare(claim)

    def _keep_checkpoint(self, claim: Claim) -> None:
        """Keeps a checkpoint as its offices' word, as a head is; one with a quorum also as such."""
        for signer in self.offices.intersection(claim.signers):
            self.cosigned[signer] = claim.size
        if claim.has_quorum:
            self.checkpoint = claim
