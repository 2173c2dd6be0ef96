"""Agreements: what all the offices of a link have signed."""

from __future__ import annotations

from typing import Any

import pytest

from blo_domain.deadlines.policies import four_urgencies
from blo_domain.trust.errors import TrustRule
from blo_schemas.grants import MAX_RECIPIENTS
from blo_schemas.ids import CorridorId, LinkId, OfficeId
from blo_schemas.trust import Role, SignedDocument, Superior
from tests.unit.trust.documents import (
    CN,
    CN_D,
    END,
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
    agreement_body,
    basis,
    certificate,
    empty,
    key,
    loaded,
    refusal,
    revocation,
    root,
    why,
)

CONFERENCE = LinkId("conference")
FOUR = (LA_B, LA_C, VN_A, VN_B)
WATCHER, WORKER = OfficeId("vn-watcher"), OfficeId("la-worker")


def observer() -> SignedDocument:
    return certificate(WATCHER, role=Role.OBSERVER)


def processor(**changes: Any) -> SignedDocument:
    return certificate(WORKER, role=Role.PROCESSOR, **changes)


def everybody() -> list[SignedDocument]:
    """Certificates of all that a conference of four needs beyond the basis."""
    return [certificate(VN_B), certificate(LA_C), observer(), processor()]


def test_an_agreement_signed_by_one_side_names_who_has_not_signed() -> None:
    error = refusal(agreement([key(VN_A)]))
    assert error.rule is TrustRule.NOT_SIGNED_BY
    assert error.problem == "not signed by la-b"
    conference = agreement([key(LA_B), key(VN_B)], link=CONFERENCE, offices=FOUR, partition=1)
    assert refusal(conference, *everybody()).problem == "not signed by la-c, vn-a"


def test_a_conference_of_more_than_two_offices_is_a_link_too() -> None:
    directory = loaded(*everybody(), agreement(link=CONFERENCE, offices=FOUR))
    found = directory.agreement(CONFERENCE, START + 1000)
    assert found is not None
    assert found.offices == FOUR


@pytest.mark.parametrize(
    ("offices", "fault"),
    [
        ((VN_A, LA_B), TrustRule.NOT_SORTED_OR_TWICE),
        ((LA_B, LA_B, VN_A), TrustRule.NOT_SORTED_OR_TWICE),
        ((VN_A, VN_B), TrustRule.CORRIDOR_MISMATCH),
        ((VN_A,), TrustRule.CORRIDOR_MISMATCH),
        ((), TrustRule.CORRIDOR_MISMATCH),
        ((CN_D, LA_B, VN_A), TrustRule.CORRIDOR_MISMATCH),
        ((CN_D, VN_A), TrustRule.CORRIDOR_MISMATCH),
        ((OfficeId("LA-B"), VN_A), TrustRule.BAD_ID),
    ],
)
def test_offices_are_sorted_and_of_the_corridors_two_countries(
    offices: tuple[OfficeId, ...], fault: TrustRule
) -> None:
    policy = four_urgencies((LA_B, VN_A))
    signed = agreement([], link=CONFERENCE, offices=offices, policy=policy)
    assert refusal(signed, certificate(VN_B)).rule is fault


@pytest.mark.parametrize("corridor", ["vn-la", "cn-vn", "la-la", "la", ""])
def test_the_corridor_is_the_two_countries_sorted(corridor: str) -> None:
    error = refusal(agreement(corridor=CorridorId(corridor)))
    assert error.rule is TrustRule.CORRIDOR_MISMATCH


@pytest.mark.parametrize("link", ["", "Vn-a", "a//b", "x" * 65])
def test_a_links_id_must_be_one(link: str) -> None:
    assert refusal(agreement(link=LinkId(link))).rule is TrustRule.BAD_ID


def test_a_link_that_is_named_after_offices_is_theirs_alone() -> None:
    loaded(agreement(link=LinkId("la-b~vn-a")))
    error = refusal(agreement(link=LinkId("vn-b~la-c")))
    assert error.rule is TrustRule.LINK_ID_OF_OTHERS


def test_an_agreement_that_ends_before_it_begins_is_refused() -> None:
    assert refusal(agreement(effective_until=START + 1000)).rule is TrustRule.NEVER_VALID


def test_a_party_needs_a_certificate_that_is_valid_when_the_agreement_begins() -> None:
    for begins in (START - 1, END):
        error = refusal(agreement(effective_from=begins))
        assert error.rule is TrustRule.NOT_CERTIFIED
        assert "la-b" in error.problem
    loaded(agreement(effective_from=START))


def test_a_party_must_be_certified_as_an_office() -> None:
    witness = certificate(VN_B, role=Role.WITNESS)
    signed = agreement(link=CONFERENCE, offices=(LA_B, VN_B))
    assert refusal(signed, witness).rule is TrustRule.NOT_CERTIFIED


def test_a_signature_with_the_key_of_another_role_does_not_count() -> None:
    other = certificate(VN_A, role=Role.WITNESS, signing_key=key("witness").public)
    signed = agreement([key("witness"), key(LA_B)])
    assert refusal(signed, other).rule is TrustRule.UNKNOWN_SIGNER


def test_one_signature_cannot_stand_for_two_offices() -> None:
    copied = certificate(LA_C, signing_key=key(VN_A).public)
    signed = agreement([key(VN_A)], link=CONFERENCE, offices=(LA_C, VN_A))
    error = refusal(signed, copied)
    assert error.rule is TrustRule.SHARED_KEY
    assert "la-c and vn-a" in error.problem


def test_versions_count_up_by_one() -> None:
    loaded(agreement(), agreement(version=2), agreement(version=3))
    assert refusal(agreement(version=2)).rule is TrustRule.AGREEMENT_SKIPPED
    assert refusal(agreement(version=3), agreement()).rule is TrustRule.AGREEMENT_SKIPPED


def test_partition_and_corridor_of_a_link_never_change() -> None:
    error = refusal(agreement(version=2, partition=1), agreement())
    assert error.rule is TrustRule.PARTITION_CHANGED
    assert "partition 0 of la-vn" in error.problem


def test_the_corridor_of_a_link_never_changes() -> None:
    cn_vn = agreement(
        [key(VN_A), key(LA_B), key(CN_D)],
        version=2,
        link=CONFERENCE,
        offices=(CN_D, VN_A),
        corridor=CorridorId("cn-vn"),
    )
    first = agreement(link=CONFERENCE)
    directory = empty(VN, LA, CN)
    documents = [*_three_countries(), first, cn_vn]
    assert why(directory.load(documents)[1], cn_vn).rule is TrustRule.PARTITION_CHANGED


def _three_countries() -> list[SignedDocument]:
    return [*basis(), root(CN), certificate(CN_D)]


def test_a_version_cannot_count_from_before_its_predecessor() -> None:
    error = refusal(agreement(version=2, effective_from=START + 999), agreement())
    assert error.rule is TrustRule.EFFECT_GOES_BACK
    loaded(agreement(), agreement(version=2, partition=0))


def test_a_newer_version_counts_from_its_own_beginning() -> None:
    later = agreement(version=2, effective_from=START + YEAR, working_marking="new")
    directory = loaded(agreement(), later)
    for at, version in ((START + 1000, 1), (START + YEAR - 1, 1), (START + YEAR, 2)):
        found = directory.agreement(LINK, at)
        assert found is not None
        assert found.version == version
    assert directory.agreement(LINK, START + 999) is None


def test_an_agreement_that_has_ended_does_not_give_way_to_an_older_one() -> None:
    short = agreement(version=2, effective_from=START + 2000, effective_until=START + 3000)
    directory = loaded(agreement(), short)
    assert directory.agreement(LINK, START + 2999)
    assert directory.agreement(LINK, START + 3000) is None


def test_an_office_that_leaves_signs_too_unless_its_certificate_has_ended() -> None:
    first = agreement(link=CONFERENCE, offices=FOUR)
    without = agreement(link=CONFERENCE, offices=(LA_B, VN_A), version=2)
    error = refusal(without, *everybody(), first)
    assert error.rule is TrustRule.NOT_SIGNED_BY
    assert error.problem == "not signed by la-c, vn-b"
    signed = agreement(map(key, FOUR), link=CONFERENCE, offices=(LA_B, VN_A), version=2)
    loaded(*everybody(), first, signed)
    ended = [certificate(VN_B, not_after=START + 2000), certificate(LA_C, not_after=START + 2000)]
    later = agreement(link=CONFERENCE, offices=(LA_B, VN_A), version=2, effective_from=START + 2000)
    loaded(*ended, first, later)


def test_of_two_versions_neither_counts_until_a_further_one_settles_it() -> None:
    one = agreement(version=2, effective_from=START + 2000)
    other = agreement(version=2, effective_from=START + 3000)
    third = agreement(version=3, effective_from=START + 4000)
    for order in ([agreement(), one, other, third], [third, other, one, agreement()]):
        directory, refusals = loaded().load(order)
        assert why(refusals, one).rule is TrustRule.AGREEMENT_CONTRADICTED
        assert why(refusals, other).rule is TrustRule.AGREEMENT_CONTRADICTED
        versions = [
            found and found.version
            for at in (1000, 2000, 3999, 4000)
            for found in [directory.agreement(LINK, START + at)]
        ]
        assert versions == [1, None, None, 3]


def test_a_superior_is_one_of_an_office_of_the_link_and_of_its_country() -> None:
    loaded(certificate(VN_B), agreement(superiors=(Superior(superior=VN_B, office=VN_A),)))
    for superior, why_not in (
        (Superior(superior=VN_B, office=LA_C), "no office of the link"),
        (Superior(superior=VN_B, office=LA_B), "of another country"),
        (Superior(superior=CN_D, office=VN_A), "of another country"),
    ):
        error = refusal(agreement(superiors=(superior,)), certificate(VN_B))
        assert error.rule is TrustRule.WRONG_SUPERIOR
        assert why_not in error.problem


def test_a_superior_must_be_certified_as_an_office() -> None:
    signed = agreement(superiors=(Superior(superior=VN_B, office=VN_A),))
    assert refusal(signed).rule is TrustRule.NOT_CERTIFIED
    assert refusal(signed, certificate(VN_B, role=Role.AUDITOR)).rule is TrustRule.NOT_CERTIFIED


def test_observers_and_processors_must_be_certified_as_such() -> None:
    loaded(*everybody(), agreement(observers=(WATCHER,), processors=(WORKER,)))
    for signed in (agreement(observers=(WORKER,)), agreement(processors=(WATCHER,))):
        assert refusal(signed, *everybody()).rule is TrustRule.NOT_CERTIFIED
    assert refusal(agreement(observers=(WATCHER,))).rule is TrustRule.NOT_CERTIFIED


def test_an_observer_must_be_of_one_of_the_two_countries() -> None:
    error = refusal(agreement(observers=(OfficeId("cn-watcher"),)))
    assert error.rule is TrustRule.NOT_CERTIFIED
    assert "neither country" in error.problem


def test_a_reader_needs_a_kem_key_to_be_granted_keys_with() -> None:
    signed = agreement(processors=(WORKER,))
    assert refusal(signed, processor(kem_key=None)).rule is TrustRule.KEM_KEY_MISSING


def test_a_reader_whose_key_is_revoked_does_not_end_the_agreement() -> None:
    gone = revocation(observer(), START)
    directory = loaded(observer(), agreement(observers=(WATCHER,)), gone)
    assert directory.readers(LINK, START + 1000).without_key == (WATCHER,)


@pytest.mark.parametrize(
    "readers",
    [
        {"observers": (WATCHER, WATCHER)},
        {"processors": (WORKER, WORKER)},
        {"superiors": (Superior(superior=VN_B, office=VN_A),) * 2},
    ],
)
def test_nobody_is_named_twice(readers: dict[str, Any]) -> None:
    assert refusal(agreement(**readers), *everybody()).rule is TrustRule.NOT_SORTED_OR_TWICE


def test_more_readers_than_a_key_is_granted_to_are_refused() -> None:
    many = tuple(OfficeId(f"vn-o{number}") for number in range(MAX_RECIPIENTS - 2))
    certified = [certificate(one, role=Role.OBSERVER) for one in many]
    loaded(*certified, agreement(observers=many))
    more = (*many, WATCHER)
    error = refusal(agreement(observers=more), observer(), *certified)
    assert error.rule is TrustRule.TOO_MANY_READERS


def test_a_policy_without_a_row_is_refused_by_its_name() -> None:
    body = agreement_body()
    policy = type(body.policy)(
        **{
            field: getattr(body.policy, field)
            for field in body.policy.__struct_fields__
            if field != "deadlines"
        },
        deadlines=body.policy.deadlines[:-1],
    )
    error = refusal(agreement(policy=policy))
    assert error.rule is TrustRule.POLICY_REFUSED
    assert "deadlines.immediate" in error.problem
