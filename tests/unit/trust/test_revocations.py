"""Revocations: a key no longer counts from a log size, or from a log time."""

from __future__ import annotations

import pytest

from blo_domain.trust import CertifiedWriter, TrustedDirectory
from blo_domain.trust.errors import TrustRule
from blo_schemas.hashes import certificate_tag, document_id
from blo_schemas.ids import LinkId
from blo_schemas.verdicts import Reason
from tests.unit.trust.documents import (
    LA,
    LA_B,
    LINK,
    START,
    VN,
    VN_A,
    VN_B,
    YEAR,
    agreement,
    basis,
    certificate,
    empty,
    key,
    loaded,
    refusal,
    revocation,
    root,
    root_keys,
    why,
)

NOW = START + YEAR
TAG = certificate_tag(document_id(certificate(VN_A).payload))
OTHER = LinkId("vn-b~la-b")


def counts(directory: TrustedDirectory, position: int, log_time: int) -> bool:
    found = directory.writer(LINK, TAG, position, log_time)
    assert isinstance(found, CertifiedWriter) or found is Reason.KEY_REVOKED
    return isinstance(found, CertifiedWriter)


def test_on_a_named_link_the_key_counts_below_the_size_whatever_the_time() -> None:
    directory = loaded(agreement(), revocation(certificate(VN_A), NOW, {LINK: 7}))
    assert counts(directory, 6, NOW + YEAR)
    assert not counts(directory, 7, NOW - YEAR + 2000)


def test_on_other_links_the_key_counts_before_the_time() -> None:
    directory = loaded(agreement(), revocation(certificate(VN_A), NOW, {OTHER: 0}))
    assert counts(directory, 10**6, NOW - 1)
    assert not counts(directory, 0, NOW)


def test_a_later_revocation_can_only_tighten() -> None:
    first = revocation(certificate(VN_A), NOW, {LINK: 7})
    looser = revocation(certificate(VN_A), NOW + YEAR, {LINK: 9})
    tighter = revocation(certificate(VN_A), NOW + YEAR, {LINK: 5})
    assert not counts(loaded(agreement(), first, looser), 7, NOW)
    assert not counts(loaded(agreement(), first, tighter), 5, NOW)
    unnamed = revocation(certificate(VN_A), NOW - 1)
    assert not counts(loaded(agreement(), first, unnamed), 0, NOW)
    assert counts(loaded(agreement(), first, unnamed), 0, NOW - 2)


def test_a_revocation_that_comes_twice_changes_nothing() -> None:
    once = loaded(agreement(), revocation(certificate(VN_A), NOW))
    again, refusals = once.load([revocation(certificate(VN_A), NOW, signers=root_keys(VN)[1:])])
    assert not refusals
    assert again.digest_for_link(LINK) == once.digest_for_link(LINK)


def test_a_revoked_certificate_is_no_longer_found() -> None:
    directory = loaded(revocation(certificate(VN_A), NOW))
    assert directory.certificate(VN_A, NOW - 1)
    assert directory.certificate(VN_A, NOW) is None


def test_a_revocation_of_an_unknown_certificate_waits_for_it() -> None:
    revoked = revocation(certificate(VN_B), NOW)
    assert refusal(revoked).rule is TrustRule.UNKNOWN_CERTIFICATE
    directory, refusals = empty().load([revoked, *basis(), certificate(VN_B)])
    assert not refusals
    assert directory.certificate(VN_B, NOW) is None


def test_only_the_country_that_certified_can_revoke() -> None:
    other = revocation(certificate(LA_B), NOW, signers=root_keys(VN)[:2])
    assert refusal(other).rule is TrustRule.WRONG_COUNTRY
    foreign = revocation(certificate(VN_A), NOW, signers=root_keys(LA)[:2])
    assert refusal(foreign).rule is TrustRule.UNKNOWN_SIGNER
    few = revocation(certificate(VN_A), NOW, signers=root_keys(VN)[:1])
    assert refusal(few).rule is TrustRule.THRESHOLD_NOT_MET


def test_a_retired_root_cannot_revoke_for_the_present() -> None:
    late = revocation(certificate(VN_A), NOW + YEAR)
    assert refusal(late, root(VN, 2)).rule is TrustRule.ROOT_RETIRED
    loaded(root(VN, 2), revocation(certificate(VN_A), NOW - 1, signers=root_keys(VN, 2)[:2]))


@pytest.mark.parametrize("links", [{OTHER: 1, LINK: 1}, {LinkId("No Link"): 1}])
def test_named_links_are_sorted_and_links(links: dict[LinkId, int]) -> None:
    error = refusal(revocation(certificate(VN_A), NOW, links))
    assert error.rule is TrustRule.NOT_SORTED_OR_TWICE


def test_an_agreement_signed_by_a_key_that_was_revoked_before_stops_counting() -> None:
    later = agreement(effective_from=NOW)
    directory, refusals = loaded(later).load([revocation(certificate(VN_A), NOW)])
    assert why(refusals, later).rule is TrustRule.NOT_CERTIFIED
    assert directory.links() == ()
    directory, refusals = loaded(later).load([revocation(certificate(VN_A), NOW + 1)])
    assert not refusals


def test_a_renewed_key_signs_when_the_old_one_is_revoked() -> None:
    renewal = certificate(VN_A, signing_key=key("vn-a new").public, not_before=NOW - 1)
    gone = revocation(certificate(VN_A), NOW)
    assert refusal(agreement(effective_from=NOW), renewal, gone).rule is TrustRule.UNKNOWN_SIGNER
    signed = agreement([key("vn-a new"), key(LA_B)], effective_from=NOW)
    loaded(renewal, gone, signed)
