"""Certificates and directory entries."""

from __future__ import annotations

from datetime import date

import pytest

from blo_domain.trust import certificates
from blo_domain.trust.errors import TrustRule
from blo_schemas.hashes import document_id
from blo_schemas.ids import CertificateTag, OfficeId
from blo_schemas.trust import KEM_KEY_SIZE, DatedText, Role
from tests.unit.trust.documents import (
    LA,
    LA_B,
    LA_C,
    START,
    VN,
    VN_A,
    VN_B,
    YEAR,
    by_root,
    certificate,
    certificate_body,
    empty,
    entry,
    kem,
    key,
    loaded,
    refusal,
    root,
    root_keys,
    why,
)
from tests.unit.trust.test_roots import SMALL_ORDER


def test_a_certificate_below_the_threshold_is_refused() -> None:
    error = refusal(certificate(VN_B, root_keys(VN)[:1]))
    assert error.rule is TrustRule.THRESHOLD_NOT_MET
    assert "1 of the 2" in error.problem


def test_a_certificate_signed_by_another_countrys_root_is_refused() -> None:
    assert refusal(certificate(VN_B, root_keys(LA)[:2])).rule is TrustRule.UNKNOWN_SIGNER


def test_a_subject_under_another_countrys_root_is_refused() -> None:
    body = certificate_body(VN_B, country=LA)
    error = refusal(by_root(body, LA))
    assert error.rule is TrustRule.WRONG_COUNTRY
    assert "does not belong to la" in error.problem


@pytest.mark.parametrize("subject", ["vn", "VN-a", "vn-", "vn-a~b", "vn-" + "a" * 70])
def test_an_id_that_cannot_name_a_subject_is_refused(subject: str) -> None:
    body = certificate_body(OfficeId(subject), country=VN)
    assert refusal(by_root(body, VN)).rule is TrustRule.BAD_ID


def test_a_certificate_that_ends_before_it_begins_is_refused() -> None:
    assert refusal(certificate(VN_B, not_after=START)).rule is TrustRule.NEVER_VALID


def test_an_office_without_a_kem_key_is_refused_and_a_witness_needs_none() -> None:
    assert refusal(certificate(VN_B, kem_key=None)).rule is TrustRule.KEM_KEY_MISSING
    loaded(certificate(VN_B, kem_key=None, role=Role.WITNESS))


@pytest.mark.parametrize(
    "kem_key",
    [b"\xff" * KEM_KEY_SIZE, kem(VN_B)[:-32] + bytes(32), kem(VN_B)[:-32] + bytes([1]) + bytes(31)],
    ids=["junk", "zero", "one"],
)
@pytest.mark.parametrize("role", Role)
def test_a_certificate_with_a_kem_key_that_nothing_can_be_sealed_to_is_refused(
    kem_key: bytes, role: Role
) -> None:
    error = refusal(certificate(VN_B, kem_key=kem_key, role=role))
    assert error.rule is TrustRule.UNUSABLE_KEM_KEY
    assert "nothing can be sealed" in error.problem


def test_a_certificate_for_a_weak_key_is_refused() -> None:
    assert refusal(certificate(VN_B, signing_key=SMALL_ORDER)).rule is TrustRule.WEAK_KEY


def test_a_name_that_ends_before_it_begins_is_refused() -> None:
    name = DatedText(text="A", since=date(2025, 7, 1), until=date(2025, 7, 1))
    assert refusal(certificate(VN_B, names=(name,))).rule is TrustRule.NEVER_VALID
    assert refusal(entry(VN_B, hosts=(name,))).rule is TrustRule.NEVER_VALID


def test_a_key_that_belongs_to_another_subject_of_the_country_is_refused() -> None:
    copied = certificate(VN_B, signing_key=key(VN_A).public, not_before=START + 1)
    error = refusal(copied)
    assert error.rule is TrustRule.KEY_OF_ANOTHER
    assert "vn-a" in error.problem


def test_of_two_subjects_with_one_key_the_one_that_begins_earlier_keeps_it() -> None:
    copied = certificate(VN_B, signing_key=key(VN_A).public, not_before=START + 1)
    for order in ([root(VN), certificate(VN_A), copied], [root(VN), copied, certificate(VN_A)]):
        directory = empty().load(order[:2])[0].load(order[2:])[0]
        assert directory.certificate(VN_A, START + 2)
        assert not directory.certificate(VN_B, START + 2)


def test_another_country_cannot_disturb_an_office_by_certifying_its_key() -> None:
    copied = certificate(LA_C, signing_key=key(VN_A).public)
    assert loaded(copied).certificate(VN_A, START + 1)


def test_a_renewal_may_overlap_and_the_one_that_began_last_is_used() -> None:
    renewal = certificate(VN_A, signing_key=key("vn-a new").public, not_before=START + YEAR)
    directory = loaded(renewal)
    before, after = (directory.certificate(VN_A, at) for at in (START + YEAR - 1, START + YEAR))
    assert before is not None
    assert after is not None
    assert before.id == document_id(certificate(VN_A).payload)
    assert after.id == document_id(renewal.payload)


def test_a_renewal_may_keep_its_own_key() -> None:
    loaded(certificate(VN_A, not_before=START + YEAR))


def test_two_certificates_of_a_country_with_one_tag_do_not_both_count(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(certificates, "certificate_tag", lambda _: CertificateTag(b"same tag"))
    late = certificate(VN_B, not_before=START + 1)
    for order in ([root(VN), certificate(VN_A), late], [late, root(VN), certificate(VN_A)]):
        _, refusals = empty().load(order)
        assert [refusal.signed for refusal in refusals] == [late]
        assert why(refusals, late).rule is TrustRule.TAG_TAKEN


def test_a_certificate_is_found_by_role() -> None:
    directory = loaded(certificate(VN_B, role=Role.OBSERVER))
    assert directory.certificate(VN_B, START)
    assert directory.certificate(VN_B, START, Role.OBSERVER)
    assert directory.certificate(VN_B, START, Role.OFFICE) is None
    assert directory.certificate(VN_B, START - 1) is None


def test_the_newest_version_of_an_entry_counts_and_versions_may_be_left_out() -> None:
    directory = loaded(entry(VN_A), entry(VN_A, version=5, level="district"))
    found = directory.entry(VN_A)
    assert found is not None
    assert found.level == "district"
    assert directory.entry(LA_B) is None


def test_of_two_entries_of_one_version_neither_counts() -> None:
    one, other = entry(VN_A, version=2), entry(VN_A, version=2, level="district")
    directory, refusals = empty().load([root(VN), entry(VN_A, level="province"), one, other])
    assert why(refusals, one).rule is TrustRule.ENTRY_CONTRADICTED
    assert why(refusals, other).rule is TrustRule.ENTRY_CONTRADICTED
    found = directory.entry(VN_A)
    assert found is not None
    assert found.level == "province"


def test_an_entry_needs_its_countrys_signatures() -> None:
    assert refusal(entry(VN_A, root_keys(VN)[:1])).rule is TrustRule.THRESHOLD_NOT_MET
    assert refusal(entry(VN_A, root_keys(LA)[:2])).rule is TrustRule.UNKNOWN_SIGNER
    assert refusal(entry(VN_A, country=LA)).rule is TrustRule.WRONG_COUNTRY


@pytest.mark.parametrize("successor", [VN_A, "no id"])
def test_an_office_is_not_its_own_successor(successor: str) -> None:
    assert refusal(entry(VN_A, successor=OfficeId(successor))).rule is TrustRule.BAD_ID
