"""Falsified proofs are refused: made from honest ones in every way that verifiers have fallen for.

Others judge each claim too: pymerkle (whose consistency proofs have another form, so there it only
says which trees are true), and the loops of RFC 9162 (§2.1.3.2, §2.1.4.2), which climb where the
verifier descends.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable
from typing import NamedTuple

import pymerkle
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pymerkle.core import _inclusion_path_layout

from blo_schemas.hashes import leaf_hash
from blo_sealing import verifier
from blo_sealing.errors import ProofFailed
from blo_sealing.merkle import EMPTY_ROOT, MerkleTree, node_hash
from blo_sealing.verifier import verify_consistency, verify_inclusion

LEAVES = [leaf_hash(bytes([n, 7])) for n in range(140)]
HUGE = st.sampled_from([2**31, 2**32, 2**53, 2**63 - 1, 2**63, 2**64 - 1, 2**64, 2**200])
SIZES = st.integers(-3, 300) | HUGE


class Inclusion(NamedTuple):
    leaf: bytes
    place: int
    size: int
    path: tuple[bytes, ...]
    root: bytes


class Consistency(NamedTuple):
    first: int
    first_root: bytes
    second: int
    second_root: bytes
    path: tuple[bytes, ...]


def accepts(claim: Inclusion | Consistency) -> bool:
    try:
        if isinstance(claim, Inclusion):
            verify_inclusion(*claim)
        else:
            verify_consistency(*claim)
    except ProofFailed:
        return False
    return True


# The others.


def pymerkle_accepts(claim: Inclusion) -> bool:
    if not 0 <= claim.place < claim.size < 2**63:
        return False
    rule, _ = _inclusion_path_layout(claim.place + 1, claim.size)
    proof = pymerkle.InclusionProof(
        "sha256",
        security=True,
        size=claim.size,
        index=claim.place + 1,
        rule=rule,
        path=[claim.leaf, *claim.path],
    )
    try:
        pymerkle.verify_inclusion(claim.leaf, claim.root, proof)
    except pymerkle.InvalidProof:
        return False
    return True


def loop_accepts_inclusion(claim: Inclusion) -> bool:
    node, last, computed = claim.place, claim.size - 1, claim.leaf
    if not 0 <= node < claim.size < 2**63 or bad_length(claim.path, claim.leaf, claim.root):
        return False
    for sibling in claim.path:
        if last == 0:
            return False
        if node & 1 or node == last:
            computed = node_hash(sibling, computed)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            computed = node_hash(computed, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and computed == claim.root


def loop_accepts_consistency(claim: Consistency) -> bool:
    first, old_root, second, new_root, path = claim
    if not 0 <= first <= second < 2**63 or bad_length(path, old_root, new_root):
        return False
    if first == 0:
        empty = second > 0 or new_root == EMPTY_ROOT
        return empty and not path and old_root == EMPTY_ROOT
    if first == second or not path:
        return first == second and not path and old_root == new_root
    hashes = list(path) if first & (first - 1) else [old_root, *path]
    return climb(first - 1, second - 1, hashes) == (old_root, new_root)


def climb(node: int, last: int, hashes: list[bytes]) -> tuple[bytes, bytes] | None:
    while node & 1:
        node, last = node >> 1, last >> 1
    old = new = hashes[0]
    for sibling in hashes[1:]:
        if last == 0:
            return None
        if node & 1 or node == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            new = node_hash(new, sibling)
        node, last = node >> 1, last >> 1
    return None if last else (old, new)


def bad_length(path: tuple[bytes, ...], *others: bytes) -> bool:
    return any(len(one) != 32 for one in (*path, *others))


# Falsifying a path.

Path = tuple[bytes, ...]


def dropped(path: Path, data: st.DataObject) -> Path:
    assume(path)
    at = data.draw(st.integers(0, len(path) - 1))
    return path[:at] + path[at + 1 :]


def added(path: Path, data: st.DataObject) -> Path:
    at = data.draw(st.integers(0, len(path)))
    return (*path[:at], data.draw(any_hash(path)), *path[at:])


def swapped(path: Path, data: st.DataObject) -> Path:
    return tuple(data.draw(st.permutations(path)))


def duplicated(path: Path, data: st.DataObject) -> Path:
    assume(path)
    at = data.draw(st.integers(0, len(path) - 1))
    return (*path[: at + 1], *path[at:])


def emptied(path: Path, data: st.DataObject) -> Path:
    return ()


def truncated(path: Path, data: st.DataObject) -> Path:
    low = data.draw(st.integers(0, len(path)))
    return path[low : data.draw(st.integers(low, len(path)))]


def padded_left(path: Path, data: st.DataObject) -> Path:
    return (data.draw(any_hash(path)),) * data.draw(st.integers(1, 70)) + path


def padded_right(path: Path, data: st.DataObject) -> Path:
    return path + (data.draw(any_hash(path)),) * data.draw(st.integers(1, 70))


def replaced(path: Path, data: st.DataObject) -> Path:
    assume(path)
    at = data.draw(st.integers(0, len(path) - 1))
    return (*path[:at], data.draw(any_hash(path)), *path[at + 1 :])


def cut_otherwise(path: Path, data: st.DataObject) -> Path:
    """The same bytes, cut into hashes at other places."""
    joined = b"".join(path)
    step = data.draw(st.sampled_from([1, 16, 31, 33, 64, 96, 10_000]))
    return tuple(joined[at : at + step] for at in range(0, len(joined), step))


def folded(path: Path, data: st.DataObject) -> Path:
    """Two neighbours replaced by their parent."""
    assume(len(path) > 1)
    at = data.draw(st.integers(0, len(path) - 2))
    return (*path[:at], node_hash(path[at], path[at + 1]), *path[at + 2 :])


def any_hash(path: Path) -> st.SearchStrategy[bytes]:
    known = [bytes(32), EMPTY_ROOT, b"", MerkleTree(LEAVES[:5]).root(), *LEAVES[:8], *path]
    return st.sampled_from(known) | st.binary(min_size=32, max_size=32)


FALSIFY: list[Callable[[Path, st.DataObject], Path]] = [
    dropped,
    added,
    swapped,
    duplicated,
    emptied,
    truncated,
    padded_left,
    padded_right,
    replaced,
    cut_otherwise,
    folded,
]


def honest_inclusion(data: st.DataObject) -> Inclusion:
    size = data.draw(st.integers(1, len(LEAVES)))
    index = data.draw(st.integers(0, size - 1))
    path = MerkleTree(LEAVES[:size]).inclusion_proof(index)
    return Inclusion(LEAVES[index], index, size, path, MerkleTree(LEAVES[:size]).root())


def honest_consistency(data: st.DataObject) -> Consistency:
    second = data.draw(st.integers(0, len(LEAVES)))
    first = data.draw(st.integers(0, second))
    path = MerkleTree(LEAVES[:second]).consistency_proof(first)
    return Consistency(
        first, MerkleTree(LEAVES[:first]).root(), second, MerkleTree(LEAVES[:second]).root(), path
    )


@pytest.mark.parametrize("falsify", FALSIFY)
@given(st.data())
@settings(max_examples=60)
def test_no_altered_path_proves_inclusion(
    falsify: Callable[[Path, st.DataObject], Path], data: st.DataObject
) -> None:
    honest = honest_inclusion(data)
    claim = honest._replace(path=falsify(honest.path, data))
    assume(claim != honest)
    assert accepts(honest)
    assert not accepts(claim)
    assert not pymerkle_accepts(claim)
    assert not loop_accepts_inclusion(claim)


@pytest.mark.parametrize("falsify", FALSIFY)
@given(st.data())
@settings(max_examples=60)
def test_no_altered_path_proves_consistency(
    falsify: Callable[[Path, st.DataObject], Path], data: st.DataObject
) -> None:
    honest = honest_consistency(data)
    claim = honest._replace(path=falsify(honest.path, data))
    assume(claim != honest)
    assert accepts(honest)
    assert not accepts(claim)
    assert not loop_accepts_consistency(claim)


@given(st.data())
def test_no_other_index_leaf_or_root_is_proved(data: st.DataObject) -> None:
    honest = honest_inclusion(data)
    leaf = data.draw(any_hash(honest.path).filter(lambda one: one != honest.leaf))
    root = data.draw(any_hash(honest.path).filter(lambda one: one != honest.root))
    index = data.draw(SIZES.filter(lambda one: one != honest.place))
    for claim in (
        honest._replace(leaf=leaf),
        honest._replace(root=root),
        honest._replace(place=index),
        honest._replace(leaf=honest.root, path=()),
    ):
        if claim != honest:
            assert not accepts(claim)
            assert not pymerkle_accepts(claim)


@given(st.data())
def test_no_other_root_is_proved_consistent(data: st.DataObject) -> None:
    honest = honest_consistency(data)
    root = data.draw(any_hash(honest.path))
    for claim in (
        honest._replace(first_root=root),
        honest._replace(second_root=root),
        honest._replace(first_root=honest.second_root, second_root=honest.first_root),
    ):
        if claim != honest and not (honest.first == 0 and claim.first_root == EMPTY_ROOT):
            assert not accepts(claim)
            assert not loop_accepts_consistency(claim)


@given(st.data(), SIZES)
def test_a_path_of_another_size_is_accepted_only_where_all_judges_compute_the_same_root(
    data: st.DataObject, size: int
) -> None:
    """A root does not name its size, so the size comes from a signed checkpoint, never a proof."""
    honest = honest_inclusion(data)
    claim = honest._replace(size=size)
    assert accepts(claim) == pymerkle_accepts(claim) == loop_accepts_inclusion(claim)
    assert not accepts(honest._replace(size=0))
    assert not accepts(honest._replace(place=honest.size))
    if 0 < size <= len(LEAVES) and claim.place < size != honest.size:
        recomputed = MerkleTree(LEAVES[:size]).inclusion_proof(claim.place)
        true_claim = claim._replace(path=recomputed, root=MerkleTree(LEAVES[:size]).root())
        assert accepts(true_claim)
        assert true_claim.root != honest.root


@given(st.data(), SIZES, SIZES)
def test_trees_of_other_sizes_are_consistent_only_where_all_judges_compute_the_same_roots(
    data: st.DataObject, first: int, second: int
) -> None:
    honest = honest_consistency(data)
    for claim in (
        honest._replace(first=first),
        honest._replace(second=second),
        honest._replace(first=first, second=second),
    ):
        assert accepts(claim) == loop_accepts_consistency(claim)
    if honest.first < honest.second:
        assert not accepts(honest._replace(first=honest.second, second=honest.first))


@given(st.data(), st.integers(0, 2**63 - 2))
def test_a_true_claim_about_any_tree_is_accepted_and_all_judges_agree_about_its_neighbours(
    data: st.DataObject, last: int
) -> None:
    index = data.draw(st.integers(0, last))
    rule, _ = _inclusion_path_layout(index + 1, last + 1)
    leaf, *path = data.draw(st.lists(any_hash(()), min_size=len(rule), max_size=len(rule)))
    assume(not bad_length((leaf, *path)))
    root = leaf
    for bit, sibling in zip(rule, path, strict=False):
        root = node_hash(sibling, root) if bit else node_hash(root, sibling)
    claim = Inclusion(leaf, index, last + 1, tuple(path), root)
    assert accepts(claim)
    assert pymerkle_accepts(claim)
    for other in (
        claim._replace(place=index ^ 1),
        claim._replace(place=index + 1),
        claim._replace(size=last + 2),
        claim._replace(size=last),
        claim._replace(size=(last + 1) * 2),
    ):
        assert accepts(other) == pymerkle_accepts(other) == loop_accepts_inclusion(other)


def test_pymerkle_proves_the_same_trees() -> None:
    """Its consistency proofs have another form than RFC 6962's; the roots must be the same."""
    oracle = pymerkle.InmemoryTree(algorithm="sha256")
    for n in range(40):
        oracle.append_entry(bytes([n, 7]))
    for second in range(1, 40):
        new = MerkleTree(LEAVES[:second]).root()
        assert oracle.get_root(second) == new
        for first in range(1, second + 1):
            old = MerkleTree(LEAVES[:first]).root()
            pymerkle.verify_consistency(old, new, oracle.prove_consistency(first, second))
            path = MerkleTree(LEAVES[:second]).consistency_proof(first)
            assert accepts(Consistency(first, old, second, new, path))
        for index in range(second):
            proof = oracle.prove_inclusion(index + 1, second)
            assert tuple(proof.path) == (
                LEAVES[index],
                *MerkleTree(LEAVES[:second]).inclusion_proof(index),
            )


@pytest.mark.parametrize("size", [2**40 + 1, 2**53, 2**63 - 1])
def test_a_proof_in_a_huge_tree_is_checked_and_one_hash_less_is_not_enough(size: int) -> None:
    rule, _ = _inclusion_path_layout(size, size)
    path = tuple(LEAVES[: len(rule) - 1])
    root: bytes = LEAVES[-1]
    for sibling in path:
        root = node_hash(sibling, root)
    claim = Inclusion(LEAVES[-1], size - 1, size, path, root)
    assert accepts(claim)
    assert not accepts(claim._replace(path=path[:-1]))
    assert not accepts(claim._replace(path=path[1:]))
    assert not accepts(claim._replace(place=size))


def test_the_verifier_can_be_read_alone() -> None:
    source = inspect.getsource(verifier)
    imported = {
        name
        for node in ast.walk(ast.parse(source))
        for name in (
            [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else []
        )
    }
    assert imported == {"__future__", "blo_sealing.errors", "collections.abc", "hashlib", "typing"}
    assert len(source.splitlines()) < 160
