"""Countries' roots (TUF specification §5.3)."""

from __future__ import annotations

import pytest

from blo_domain.trust import TrustedDirectory
from blo_domain.trust.errors import TrustError, TrustRule
from blo_schemas.hashes import document_id
from blo_schemas.ids import CountryId
from blo_schemas.trust import SignedDocument
from blo_sealing.kem import is_usable_kem_key
from blo_sealing.signatures import is_usable_signing_key, verify_signature
from tests.unit.trust.documents import (
    CN,
    CN_D,
    END,
    LA,
    START,
    VN,
    VN_A,
    YEAR,
    by_root,
    certificate,
    certificate_body,
    empty,
    key,
    loaded,
    pins,
    refusal,
    root,
    root_body,
    root_keys,
    why,
)

SMALL_ORDER = bytes([1]) + bytes(31)
"""The neutral element: libsodium's list of small-order points begins with such as this."""


def refused_root(signed: SignedDocument, *others: SignedDocument) -> TrustError:
    """Why a version 1 is refused although it is the pinned one."""
    directory = TrustedDirectory(
        {VN: document_id(signed.payload)},
        verify=verify_signature,
        check_key=is_usable_signing_key,
        check_kem_key=is_usable_kem_key,
    )
    return why(directory.load([signed, *others])[1], signed)


def test_the_newest_of_a_chain_of_versions_is_the_root() -> None:
    directory = loaded(root(VN, 2), root(VN, 3))
    assert directory.roots == {VN: root_body(VN, 3), LA: root_body(LA)}


def test_a_version_1_that_is_not_the_pinned_one_is_refused() -> None:
    error = refusal(root(VN, not_after=END - 1))
    assert error.rule is TrustRule.NOT_THE_PINNED_ROOT
    assert pins(VN)[VN].hex()[:16] in error.problem


def test_a_root_of_a_country_that_is_not_pinned_is_refused() -> None:
    assert refusal(root(CN)).rule is TrustRule.COUNTRY_NOT_PINNED
    assert refusal(certificate(CN_D)).rule is TrustRule.COUNTRY_NOT_PINNED


def test_a_certificate_without_its_countrys_root_says_so() -> None:
    _, refusals = empty().load([certificate(VN_A)])
    assert why(refusals, certificate(VN_A)).rule is TrustRule.ROOT_MISSING


def test_a_skipped_version_is_refused() -> None:
    error = refusal(root(VN, 3))
    assert error.rule is TrustRule.ROOT_VERSION_SKIPPED
    assert "version 2" in error.problem


def test_a_version_that_the_old_threshold_has_not_signed_is_refused() -> None:
    error = refusal(root(VN, 2, [*root_keys(VN, 2)[:2], root_keys(VN, 1)[0]]))
    assert error.rule is TrustRule.NOT_SIGNED_BY_OLD_ROOT
    assert "1 of the 2" in error.problem


def test_a_version_that_its_own_threshold_has_not_signed_is_refused() -> None:
    error = refusal(root(VN, 2, [*root_keys(VN, 1)[:2], root_keys(VN, 2)[0]]))
    assert error.rule is TrustRule.THRESHOLD_NOT_MET
    assert "1 of its own 2" in error.problem


def test_the_pinned_version_must_be_signed_by_its_own_threshold() -> None:
    assert refused_root(root(VN, 1, root_keys(VN)[:1])).rule is TrustRule.THRESHOLD_NOT_MET


def test_a_new_version_signed_by_a_third_party_is_refused() -> None:
    signers = [*root_keys(VN, 1)[:2], *root_keys(VN, 2)[:2], key("stranger")]
    assert refusal(root(VN, 2, signers)).rule is TrustRule.UNKNOWN_SIGNER


def test_of_two_versions_2_neither_counts_and_nothing_after_them() -> None:
    one, other = root(VN, 2), root(VN, 2, not_after=END + 1)
    documents = [root(VN), root(LA), one, other, root(VN, 3)]
    for order in (documents, documents[::-1]):
        directory, refusals = empty().load(order)
        assert why(refusals, one).rule is TrustRule.ROOT_CONTRADICTED
        assert why(refusals, other).rule is TrustRule.ROOT_CONTRADICTED
        assert why(refusals, root(VN, 3)).rule is TrustRule.ROOT_VERSION_SKIPPED
        assert directory.roots[VN].version == 1


def test_a_threshold_above_the_number_of_keys_is_refused() -> None:
    assert refusal(root(VN, 2, threshold=4)).rule is TrustRule.IMPOSSIBLE_THRESHOLD


def test_a_root_without_keys_is_refused() -> None:
    assert refusal(root(VN, 2, keys=(), threshold=1)).rule is TrustRule.IMPOSSIBLE_THRESHOLD


def test_a_key_that_is_listed_twice_is_refused() -> None:
    keys = tuple(root_keys(VN, 2)[place].public for place in (0, 0, 1))
    assert refusal(root(VN, 2, keys=keys)).rule is TrustRule.KEY_TWICE


@pytest.mark.parametrize("weak", [SMALL_ORDER, bytes(32), b"\xff" * 32])
def test_a_key_of_small_order_or_no_canonical_point_is_refused(weak: bytes) -> None:
    keys = (*(one.public for one in root_keys(VN, 2)), weak)
    assert refusal(root(VN, 2, keys=keys)).rule is TrustRule.WEAK_KEY


def test_a_root_that_ends_before_it_begins_is_refused() -> None:
    assert refusal(root(VN, 2, not_before=START, not_after=START)).rule is TrustRule.NEVER_VALID


@pytest.mark.parametrize("country", ["VN", "v1", "vnm", "", "é1"])
def test_a_country_is_two_lower_case_letters(country: str) -> None:
    assert refusal(root(CountryId(country))).rule is TrustRule.BAD_ID


def test_a_retired_root_still_vouches_for_what_began_before() -> None:
    old = certificate(VN_A)
    directory, refusals = empty().load([root(VN), root(LA), root(VN, 2), old])
    assert not refusals
    assert directory.certificate(VN_A, START + 2 * YEAR)


def test_a_retired_root_cannot_sign_what_begins_after_the_next_one() -> None:
    late = certificate(VN_A, not_before=START + YEAR)
    loaded(late)
    error = refusal(late, root(VN, 2))
    assert error.rule is TrustRule.ROOT_RETIRED
    assert "newer root" in error.todo


def test_a_newer_root_may_sign_what_began_before_it() -> None:
    body = certificate_body(VN_A, not_before=START + 1)
    loaded(root(VN, 2), by_root(body, VN, root_keys(VN, 2)[:2]))


def test_an_expired_root_cannot_sign_what_begins_after_its_end() -> None:
    late = certificate(VN_A, not_before=END, not_after=END + 1)
    assert refusal(late).rule is TrustRule.ROOT_RETIRED


def test_an_expired_root_can_still_hand_over() -> None:
    loaded(root(VN, 2, not_before=END + 1, not_after=END + 2))


def test_keys_of_two_versions_do_not_add_up_to_a_threshold() -> None:
    body = certificate_body(VN_A, not_before=START + 1)
    signed = by_root(body, VN, [root_keys(VN, 1)[0], root_keys(VN, 2)[0]])
    assert refusal(signed, root(VN, 2)).rule is TrustRule.THRESHOLD_NOT_MET
