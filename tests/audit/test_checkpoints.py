"""What an auditor makes of the notes on ``blo.heads``: quorums, and findings with evidence."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import msgspec
import pytest

from blo_audit.errors import NoQuorum
from blo_audit.findings.codes import Code
from blo_audit.findings.findings import Finding
from blo_audit.replay.checkpoints import verify_quorum
from blo_audit.replay.claims import Claim
from blo_schemas.codec import encode
from blo_schemas.hashes import document_id, leaf_hash
from blo_schemas.heads import HEAD_VERSION, Head
from blo_schemas.ids import CountryId, Digest, LinkId, OfficeId
from blo_schemas.trust import Revocation, RevokedFrom, Role
from blo_sealing.errors import InvalidSignature, OtherCheckpoint, UnsignedNote
from blo_sealing.merkle import MerkleTree
from blo_sealing.statements import sign_head
from blo_sealing.tlog import Checkpoint, SignedCheckpoint, cosign, merge, origin_of, sign_checkpoint
from tests.agents.world import CORRIDOR, LINK, NOW, YEAR_MS, A, B, World
from tests.audit.world import WITNESS, claims_of, directory_of, with_witness

C = OfficeId("la-c")
SECOND = NOW // 1000
LEAVES = [leaf_hash(bytes([n])) for n in range(9)]


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path, lambda: pytest.fail("no log is needed"))
    for office in (A, B, C):
        world.certify(office)
    world.agree(LINK, (A, B))
    return with_witness(world)


def tree(size: int) -> Checkpoint:
    return Checkpoint(origin_of(CORRIDOR, LINK), size, MerkleTree(LEAVES[:size]).root())


def signed_by(
    world: World, checkpoint: Checkpoint, *signers: OfficeId, at: int = SECOND
) -> SignedCheckpoint:
    parts = []
    for signer in signers:
        key = world.keys[signer].signing
        if signer == WITNESS:
            parts.append(sign_checkpoint(checkpoint, signer, key))
        else:
            parts.append(cosign(checkpoint, signer, key, at))
    return merge(parts)


def read(world: World, *notes: SignedCheckpoint) -> tuple[list[Claim], list[Finding]]:
    return claims_of(world, [note.encode() for note in notes])


# Quorums.


def test_a_quorum_is_a_witness_and_all_parties(world: World) -> None:
    note = signed_by(world, tree(4), WITNESS, A, B)
    found = verify_quorum(note, directory_of(world))
    assert (found.link, found.checkpoint, found.witness) == (LINK, tree(4), WITNESS)
    assert found.cosigned == tuple(sorted([(A, SECOND * 1000), (B, SECOND * 1000)]))
    (claim,), findings = read(world, note)
    assert claim.has_quorum
    assert claim.signers == (WITNESS, *sorted([A, B]))
    assert findings == []


@pytest.mark.parametrize(
    ("signers", "words"),
    [
        ((WITNESS, A), "la-b did not"),
        ((A, B), "no witness"),
        ((WITNESS,), "no office"),
    ],
)
def test_less_is_none(world: World, signers: tuple[OfficeId, ...], words: str) -> None:
    note = signed_by(world, tree(4), *signers)
    with pytest.raises(NoQuorum, match=words):
        verify_quorum(note, directory_of(world))
    (claim,), _ = read(world, note)
    assert not claim.has_quorum
    assert set(claim.signers) == set(signers)


def test_an_office_that_is_no_party_does_not_stand_in_for_one(world: World) -> None:
    note = signed_by(world, tree(4), WITNESS, A, C)
    with pytest.raises(NoQuorum, match="la-b did not"):
        verify_quorum(note, directory_of(world))
    (claim,), (finding,) = read(world, note)
    assert not claim.has_quorum
    assert C not in claim.signers
    assert finding.code is Code.CHECKPOINT_REFUSED
    assert C in finding.detail


def test_who_must_sign_is_who_is_a_party_then(world: World) -> None:
    conference = LinkId("conference")
    world.agree(conference, (A, B), partition=1)
    world.agree(conference, (A, B, C), partition=1, version=2, effective_from=(SECOND + 10) * 1000)
    directory = directory_of(world)
    of_conference = msgspec.structs.replace(tree(4), origin=origin_of(CORRIDOR, conference))
    verify_quorum(signed_by(world, of_conference, WITNESS, A, B), directory)
    later = SECOND + 10
    with pytest.raises(NoQuorum, match="la-c did not"):
        verify_quorum(signed_by(world, of_conference, WITNESS, A, B, at=later), directory)
    verify_quorum(signed_by(world, of_conference, WITNESS, A, B, C, at=later), directory)
    # One who was no party then, or says so, spoils nothing.
    with_another = [
        signed_by(world, of_conference, WITNESS, A, B),
        signed_by(world, of_conference, C, at=later),
    ]
    found = verify_quorum(merge(with_another), directory)
    assert [office for office, _ in found.cosigned] == sorted([A, B])


def test_signatures_count_only_while_their_certificates_do(world: World) -> None:
    before = signed_by(world, tree(4), WITNESS, A, B, at=SECOND - 2 * YEAR_MS // 1000)
    with pytest.raises(NoQuorum):
        verify_quorum(before, directory_of(world))


@pytest.mark.parametrize("links", [(), (RevokedFrom(link=LINK, size=3),)])
def test_a_revoked_witness_s_checkpoint_has_no_quorum(
    world: World, links: tuple[RevokedFrom, ...]
) -> None:
    certificate = world.documents[-1]
    revocation = Revocation(
        country=CountryId("vn"),
        certificate=document_id(certificate.payload),
        at=NOW - 1000,
        links=links,
        reason="key lost (fictional)",
    )
    world.sign(revocation, [world.root_keys["vn"]])
    directory = directory_of(world)
    with pytest.raises(NoQuorum, match="no witness"):
        verify_quorum(signed_by(world, tree(4), WITNESS, A, B), directory)
    # What lies before the revocation stays.
    earlier = signed_by(world, tree(2), WITNESS, A, B, at=SECOND - 60)
    verify_quorum(earlier, directory)


def test_what_is_not_of_the_link_is_refused(world: World) -> None:
    directory = directory_of(world)
    for origin in (f"blo-exchange/cn-vn/{LINK}", "blo-exchange/la-vn/other", "sum.example/log"):
        elsewhere = msgspec.structs.replace(tree(4), origin=origin)
        with pytest.raises(OtherCheckpoint):
            verify_quorum(signed_by(world, elsewhere, WITNESS, A, B), directory)
    with pytest.raises(UnsignedNote):
        verify_quorum(signed_by(world, tree(4), C), directory)


# Findings.


def test_a_signer_of_two_trees_is_named(world: World) -> None:
    lie = msgspec.structs.replace(tree(4), root=Digest(bytes(32)))
    _, (finding,) = read(world, *(signed_by(world, one, WITNESS) for one in (tree(4), lie)))
    assert (finding.code, finding.office) == (Code.HEADS_CONTRADICT, WITNESS)


def test_an_office_that_cosigns_two_trees_is_named_too(world: World) -> None:
    lie = msgspec.structs.replace(tree(4), root=Digest(bytes(32)))
    _, (finding,) = read(world, signed_by(world, tree(4), WITNESS, A, B), signed_by(world, lie, B))
    assert (finding.code, finding.office) == (Code.HEADS_CONTRADICT, B)


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_two_hashes_of_one_size_are_found_wherever_a_checkpoint_of_that_size_lies(
    world: World, order: tuple[int, ...]
) -> None:
    """A checkpoint states no running hash, so it hides neither of two heads."""
    certificate = directory_of(world).certificate(A, NOW)
    assert certificate is not None
    head = Head(
        v=HEAD_VERSION,
        link=LINK,
        office=A,
        kid=certificate.tag,
        size=4,
        log_hash=bytes([1]) * 32,
        tree_root=tree(4).root,
        view_digest=bytes(32),
        unopened=0,
        first_unopened=(),
        journal_size=0,
        journal_hash=bytes(32),
        at=NOW,
    )
    other = msgspec.structs.replace(head, log_hash=bytes([2]) * 32)
    key = world.keys[A].signing
    values = [encode(sign_head(one, key)) for one in (head, other)]
    values.append(signed_by(world, tree(4), WITNESS, A, B).encode())
    _, (finding,) = claims_of(world, [values[at] for at in order])
    assert (finding.code, finding.office) == (Code.HEADS_CONTRADICT, A)


def test_a_false_signature_and_a_foreign_one_are_found(world: World) -> None:
    good = signed_by(world, tree(4), WITNESS, A, B)
    wrong = signed_by(world, tree(5), A)
    lines = (*good.note.signatures[:1], *wrong.note.signatures, *good.note.signatures[2:])
    spoiled = SignedCheckpoint(
        good.checkpoint, msgspec.structs.replace(good.note, signatures=lines)
    )
    with pytest.raises(InvalidSignature):
        verify_quorum(spoiled, directory_of(world))
    stranger = OfficeId("vn-stranger")
    world.certify(stranger, role=Role.AUDITOR)
    foreign = sign_checkpoint(tree(4), stranger, world.keys[stranger].signing)
    for note in (spoiled, foreign):
        claims, findings = read(world, note)
        assert claims == []
        assert {one.code for one in findings} == {Code.CHECKPOINT_REFUSED}


def test_rubbish_and_other_links_notes_are_found(world: World) -> None:
    elsewhere = msgspec.structs.replace(tree(4), origin=f"blo-exchange/la-vn/{LINK}-2")
    values = [b"blo-exchange/rubbish", signed_by(world, elsewhere, WITNESS).encode()]
    claims, findings = claims_of(world, values)
    assert claims == []
    assert [one.code for one in findings] == [Code.CHECKPOINT_REFUSED] * 2
