"""``read_full`` and ``read_chained``: folding a link's log, in one thread."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from time import thread_time

from blo_projection.fold import LinkFold
from blo_projection.link_chain import LinkChain
from blo_projection.verification import TrustHeads
from blo_schemas import hashes
from blo_schemas.event import ENVELOPE, HEADER
from blo_schemas.ids import CaseId
from blo_schemas.verdicts import Outcome
from blo_schemas.views import CaseView
from blo_sealing.signatures import verify_signature
from tests.agents.world import LINK, A
from tests.bench.report import BY_NAME, Measurement
from tests.bench.samples import SampleLog
from tests.bench.timing import Effort, best_rate, in_turns


class _Views:
    """Views in a dictionary."""

    def __init__(self) -> None:
        self._views: dict[CaseId, CaseView] = {}

    def get(self, case: CaseId) -> CaseView | None:
        return self._views.get(case)

    def put(self, view: CaseView) -> None:
        self._views[CaseId(view.case)] = view


def measure_read_full(effort: Effort) -> Measurement:
    """All that a processor does with each record, down to the case's view.

    The running hash, the tree, strict decoding, who may write, the payload's hash, the signature,
    the office's chain, what the writer had seen; then the summary opened and the step applied.
    """
    log = SampleLog(effort.records)
    trust = log.ground.trust
    signed_by = list(signatures(log))

    def fold() -> None:
        chain = LinkChain(LINK, trust)
        reader = LinkFold(LINK, chain, trust, _Views(), log.keys, read_content=False)
        for record in log.records:
            verdict = reader.feed(record).verdict
            assert verdict is not None
            assert verdict.outcome is Outcome.ACCEPTED

    def verify() -> None:
        for key, signed, signature in signed_by:
            assert verify_signature(key, signed, signature)

    ours, bare = in_turns(fold, verify, rounds=effort.reads, calls=1)
    count = len(log.records)
    return BY_NAME["read_full"].measured(best_rate(ours, count), best_rate(bare, count))


def signatures(log: SampleLog) -> Iterator[tuple[bytes, bytes, bytes]]:
    """Key, signed bytes and signature of each record; the same one again would be learned."""
    keys = {author.kid: author.signing.public for author in log.ground.authors.values()}
    for record in log.records:
        envelope = ENVELOPE.decode(record.value)
        tag = HEADER.decode(envelope.header).certificate_tag
        yield keys[tag], hashes.event_input(LINK, envelope.header), envelope.signature


def bare_verification(turns: int) -> float:
    """libsodium's verifications a second of one core, in the fastest of some turns."""
    found = list(signatures(SampleLog(512)))

    def verify() -> float:
        began = thread_time()
        for key, signed, signature in found:
            assert verify_signature(key, signed, signature)
        return max(thread_time() - began, 1e-9) / len(found)

    return 1 / min(verify() for _ in range(turns))


def measure_read_chained(effort: Effort) -> Measurement:
    """The chains alone: no signature, no key, no view."""
    log = SampleLog(effort.records)
    trust = log.ground.trust

    def fold() -> None:
        chain = LinkChain(LINK, trust, TrustHeads())
        for record in log.records:
            assert chain.admit(record).verdict is None
        assert chain.next_place(A).oseq
        # The tree puts off what it can.
        assert chain.tree_root()

    def digest() -> None:
        for record in log.records:
            sha256(record.value).digest()

    ours, bare = in_turns(fold, digest, rounds=effort.reads, calls=1)
    count = len(log.records)
    return BY_NAME["read_chained"].measured(best_rate(ours, count), best_rate(bare, count))


__all__ = ["bare_verification", "measure_read_chained", "measure_read_full", "signatures"]
