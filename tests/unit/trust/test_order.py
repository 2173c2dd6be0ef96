"""The directory is a function of the set of documents, not of their order or portions."""

from __future__ import annotations

from functools import cache

from hypothesis import given, settings
from hypothesis import strategies as st

from blo_domain.trust import TrustedDirectory
from blo_schemas.hashes import document_id
from blo_schemas.ids import LinkId, OfficeId
from blo_schemas.trust import Role, SignedDocument
from tests.unit.trust.documents import (
    LA,
    LA_B,
    LA_C,
    LINK,
    START,
    VN,
    VN_A,
    VN_B,
    YEAR,
    agreement,
    by_root,
    certificate,
    certificate_body,
    empty,
    entry,
    key,
    revocation,
    root,
    root_keys,
)

RIVAL = LinkId("rival")


@cache
def pool() -> list[SignedDocument]:
    """Good documents, bad ones, and such as dispute others' ground."""
    new_root = certificate_body(VN_B, not_before=START + 2 * YEAR)
    return [
        root(VN),
        root(LA),
        root(VN, 2),
        root(VN, 2, not_after=START + 2 * YEAR),
        root(LA, 2),
        root(VN, 3),
        certificate(VN_A),
        certificate(LA_B),
        certificate(VN_B),
        certificate(LA_C),
        certificate(VN_B, signing_key=key(VN_A).public, not_before=START + 1),
        certificate(VN_A, root_keys(VN)[:1]),
        certificate(VN_A, root_keys(VN)[1:]),
        by_root(new_root, VN, root_keys(VN, 2)[:2]),
        certificate(OfficeId("vn-w"), role=Role.OBSERVER),
        revocation(certificate(VN_A), START + YEAR, {LINK: 3}),
        revocation(certificate(VN_A), START + 500),
        entry(VN_A),
        entry(VN_A, level="district"),
        entry(VN_A, version=2),
        agreement(),
        agreement([key(VN_A)]),
        agreement(observers=(OfficeId("vn-w"),)),
        agreement(version=2, effective_from=START + 2000),
        agreement(version=3, effective_from=START + 3000),
        agreement(link=RIVAL, offices=(LA_C, VN_B)),
        agreement(link=RIVAL, offices=(LA_C, VN_B), version=2, effective_from=START + 3000),
        SignedDocument(b"nothing", ()),
    ]


def state(directory: TrustedDirectory) -> object:
    return (
        list(directory.documents),
        [(refusal.signed, str(refusal.error)) for refusal in directory.refusals],
        directory.roots,
        directory.links(),
        [
            directory.agreement(link, at)
            for link in (LINK, RIVAL)
            for at in range(START, START + 5000, 500)
        ],
        [directory.digest_for_link(link) for link in (LINK, RIVAL)],
        directory.entry(VN_A),
        directory.expiring(2**60),
    )


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_any_order_and_any_portions_give_the_same_directory(data: st.DataObject) -> None:
    chosen = data.draw(st.lists(st.sampled_from(pool()), unique=True))
    shuffled = data.draw(st.permutations(chosen))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(chosen)), max_size=4)))
    directory = empty()
    for start, end in zip([0, *cuts], [*cuts, len(chosen)], strict=True):
        directory = directory.load(shuffled[start:end])[0]
    assert state(directory) == state(empty().load(chosen)[0])


@settings(deadline=None, max_examples=30)
@given(st.lists(st.sampled_from(pool()), unique=True))
def test_every_document_is_admitted_or_refused_with_a_reason(chosen: list[SignedDocument]) -> None:
    directory, refusals = empty().load(chosen)
    refused = {refusal.signed for refusal in refusals}
    assert refused <= set(chosen)
    for signed in chosen:
        counts = any(signed.payload == other.payload for other in chosen if other not in refused)
        assert (document_id(signed.payload) in directory.documents) is counts
