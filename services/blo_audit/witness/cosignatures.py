"""The collection of cosignatures for one checkpoint."""

from __future__ import annotations

import msgspec

from blo_audit.errors import NoQuorum
from blo_audit.replay.checkpoints import QuorumCheckpoint, verify_quorum
from blo_domain.trust import TrustedDirectory
from blo_sealing.tlog import SignedCheckpoint, merge, signatories


class CosignatureRound(msgspec.Struct):
    """A signed checkpoint and the cosignatures that have come for it.

    Attributes:
        issued: The checkpoint with the witness's signature.
        since: When it was published first, by the loop's clock, in seconds.
        said: When it was published last.
        parts: Notes of offices with good signatures over the same text, by office.
        quorum: The merged checkpoint, once all have signed.
    """

    issued: SignedCheckpoint
    since: float
    said: float
    parts: dict[str, SignedCheckpoint] = msgspec.field(default_factory=dict)
    quorum: QuorumCheckpoint | None = None

    def take(self, part: SignedCheckpoint, directory: TrustedDirectory) -> bool:
        """Take an office's note; whether it completes the quorum.

        Raises:
            SealingError: Its signatures are not good, or nobody's who has a say.
        """
        if part.checkpoint != self.issued.checkpoint or self.quorum is not None:
            return False
        for signer in signatories(part, directory):
            if signer.time is not None:
                self.parts[signer.subject] = part
        return self.complete(directory)

    def complete(self, directory: TrustedDirectory) -> bool:
        """Whether everybody has signed now; asked again when the documents have changed."""
        if self.quorum is not None:
            return False
        merged = merge([self.issued, *(part for _, part in sorted(self.parts.items()))])
        try:
            self.quorum = verify_quorum(merged, directory)
        except NoQuorum:
            return False
        return True
