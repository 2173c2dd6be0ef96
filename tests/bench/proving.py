"""``proof_check``: checking that a record is in a log, against the bare hashes that this takes."""

from __future__ import annotations

from hashlib import sha256

from blo_schemas.hashes import leaf_hash
from blo_sealing.merkle import MerkleTree, node_hash
from blo_sealing.verifier import verify_inclusion
from tests.bench.report import BY_NAME, Measurement
from tests.bench.timing import Effort, in_turns, typical_rate

_RECORDS = 1_000_000


def measure_proof_check(effort: Effort) -> Measurement:
    """One of a million records, or of as many as a short run can afford."""
    size = min(_RECORDS, effort.records * 2_500)
    leaves = [leaf_hash(n.to_bytes(4, "big")) for n in range(size)]
    index = size // 3
    proof, root, leaf = (
        MerkleTree(leaves).inclusion_proof(index),
        MerkleTree(leaves).root(),
        leaves[index],
    )
    pairs = [b"\x01" + one + leaf for one in proof]
    assert sha256(pairs[0]).digest() == node_hash(proof[0], leaf)

    def bare() -> None:
        for pair in pairs:
            sha256(pair).digest()

    ours, theirs = in_turns(
        lambda: verify_inclusion(leaf, index, size, proof, root),
        bare,
        rounds=effort.rounds,
        calls=effort.calls,
    )
    return BY_NAME["proof_check"].measured(typical_rate(ours), typical_rate(theirs))


__all__ = ["measure_proof_check"]
