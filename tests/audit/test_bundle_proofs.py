"""Proofs that an adversary makes: none is accepted for a record that is not there.

Whatever is accepted must be the log's own record at its own position. Anything else an adversary
may combine: hashes of the tree, of other trees, of records; other sizes; other positions.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from blo_audit.bundle.errors import BundleError
from blo_audit.bundle.verify import verify_bundle
from blo_audit.errors import AuditError
from blo_schemas.bundle import ProvenRecord, Scope
from blo_schemas.hashes import leaf_hash
from blo_schemas.ids import ZERO_HASH
from blo_sealing.errors import ProofFailed
from blo_sealing.merkle import MerkleTree, node_hash
from blo_sealing.verifier import verify_inclusion
from tests.agents.world import A, B
from tests.audit.bundling import Corpus, frames_of, joined, manifest, write_bundle

pytestmark = pytest.mark.slow

CORPUS = Corpus()
PAPERS = CORPUS.papers()
DISCLOSING = CORPUS.papers(CORPUS.disclosure(B, 1, 4), CORPUS.disclosure(A, 4))
HONEST = [CORPUS.case_bundle(1, DISCLOSING), CORPUS.link_bundle(DISCLOSING)]
LARGEST = 40
VALUES = [bytes([at]) * (at + 1) for at in range(LARGEST)]
TREE = MerkleTree(leaf_hash(value) for value in VALUES)

adversarial = settings(
    max_examples=1500, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
slower = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def paths(draw: st.DrawFn) -> tuple[bytes, ...]:
    """Paths made of everything that an adversary knows."""
    size = draw(st.integers(1, LARGEST))
    path = list(TREE.inclusion_proof(draw(st.integers(0, size - 1)), size))
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.integers(0, len(path)))
        match draw(st.integers(0, 4)):
            case 0:
                path.insert(place, draw(known_hashes()))  # type: ignore[arg-type]
            case 1 if path:
                del path[place - 1]
            case 2 if path:
                path[place - 1] = draw(known_hashes())  # type: ignore[call-overload]
            case 3:
                path.reverse()
            case _:
                path += path[:place]
    return tuple(path)


@st.composite
def known_hashes(draw: st.DrawFn) -> bytes:
    size = draw(st.integers(1, LARGEST))
    at = draw(st.integers(0, size - 1))
    return draw(
        st.sampled_from(
            [
                ZERO_HASH,
                leaf_hash(VALUES[at]),
                TREE.root(size),
                node_hash(leaf_hash(VALUES[at]), leaf_hash(VALUES[(at + 1) % LARGEST])),
                *TREE.inclusion_proof(at, size),
            ]
        )
    )


@adversarial
@given(
    size=st.integers(0, LARGEST),
    index=st.integers(-2, LARGEST + 3),
    leaf=st.one_of(known_hashes(), st.sampled_from(VALUES).map(leaf_hash)),
    path=paths(),
)
def test_no_proof_is_accepted_for_a_leaf_that_is_not_there(
    size: int, index: int, leaf: bytes, path: tuple[bytes, ...]
) -> None:
    try:
        verify_inclusion(leaf, index, size, path, TREE.root(size))
    except ProofFailed:
        return
    assert 0 <= index < size
    assert leaf == leaf_hash(VALUES[index])
    assert path == TREE.inclusion_proof(index, size)


@adversarial
@given(size=st.integers(1, LARGEST), data=st.data())
def test_a_proof_serves_one_position_of_one_size_only(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    path = TREE.inclusion_proof(index, size)
    verify_inclusion(leaf_hash(VALUES[index]), index, size, path, TREE.root(size))
    other = data.draw(st.integers(0, LARGEST).filter(lambda found: found != index))
    with pytest.raises(ProofFailed):
        verify_inclusion(leaf_hash(VALUES[index]), other, size, path, TREE.root(size))
    another = data.draw(st.integers(0, LARGEST).filter(lambda found: found != size))
    with pytest.raises(ProofFailed):
        verify_inclusion(leaf_hash(VALUES[index]), index, another, path, TREE.root(another))


@slower
@given(data=st.data())
def test_a_bundle_proves_only_what_lies_in_the_log(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Any values, positions and paths, with honest papers: what counts as proven is the log's."""
    records: list[ProvenRecord] = []
    for _ in range(data.draw(st.integers(1, 3))):
        honest = CORPUS.proven(data.draw(st.integers(0, 11)))
        other = CORPUS.proven(data.draw(st.integers(0, 11)), data.draw(st.integers(12, 12)))
        records.append(
            ProvenRecord(
                data.draw(st.sampled_from([honest.position, other.position, 12, 2**40])),
                honest.log_time,
                data.draw(st.sampled_from([honest.value, other.value, honest.value + b"\0"])),
                data.draw(st.sampled_from([honest.path, other.path, honest.path[1:], ()])),
            )
        )
    unique = sorted({one.position: one for one in records}.items())
    draft = manifest(Scope.LOG_TIME, 12, start=0, end=2**47)
    path = tmp_path_factory.mktemp("made") / "made.bundle"
    path.write_bytes(write_bundle(draft, PAPERS, [one for _, one in unique]))
    report = verify_bundle(path, CORPUS.world.pins)
    true = [
        one
        for position, one in unique
        if position < 12
        and one.value == CORPUS.records[position].value
        and one.path == CORPUS.proven(position).path
    ]
    assert report.selected is not None
    assert report.selected.proven == len(true)
    assert report.clean == (len(true) == len(unique))


@slower
@given(data=st.data())
def test_a_bundle_spliced_at_will_is_refused_or_tells_the_truth(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Frames dropped, doubled, exchanged, altered, cut, with a digest that fits."""
    frames = frames_of(data.draw(st.sampled_from(HONEST)))
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(frames) - 1))
        match data.draw(st.integers(0, 4)):
            case 0 if len(frames) > 1:
                del frames[place]
            case 1:
                donor = frames_of(data.draw(st.sampled_from(HONEST)))
                frames[place] = data.draw(st.sampled_from(donor))
            case 2 if frames[place]:
                changed = bytearray(frames[place])
                changed[data.draw(st.integers(0, len(changed) - 1))] ^= 1 << data.draw(
                    st.integers(0, 7)
                )
                frames[place] = bytes(changed)
            case 3:
                frames[place] = frames[place][: data.draw(st.integers(0, len(frames[place])))]
            case _:
                frames.insert(place, data.draw(st.binary(max_size=40)))
    path = tmp_path_factory.mktemp("made") / "made.bundle"
    path.write_bytes(joined(frames))
    try:
        report = verify_bundle(path, CORPUS.world.pins)
    except AuditError:
        return
    if not report.clean:
        return
    # Nothing wrong: then every record is the log's, at its place.
    whole = Scope.LINK
    assert report.manifest.scope is not whole or report.whole is not None
    if report.whole is not None:
        assert report.whole.tree_root == CORPUS.root(report.whole.records).hex()
    if report.selected is not None:
        assert report.selected.proven == report.selected.records
        assert report.selected.root == CORPUS.root(report.selected.size).hex()


@slower
@given(cut=st.integers(0, len(HONEST[0])), tail=st.binary(max_size=60))
def test_any_bytes_after_any_beginning_raise_only_what_an_audit_raises(
    cut: int, tail: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("made") / "made.bundle"
    made = HONEST[0][:cut] + tail
    path.write_bytes(made)
    if made == HONEST[0]:
        return
    with pytest.raises(BundleError):
        verify_bundle(path, CORPUS.world.pins)
