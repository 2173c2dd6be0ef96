"""What programs ask of the directory."""

from __future__ import annotations

from typing import Any

import pytest

from blo_domain.trust import CertifiedWriter, LinkMembership, LinkRole, TrustedDirectory
from blo_schemas.hashes import certificate_tag, document_id
from blo_schemas.ids import CertificateTag, CorridorId, LinkId, OfficeId
from blo_schemas.trust import Role, SignedDocument, Superior
from blo_schemas.verdicts import Reason
from tests.unit.trust.documents import (
    CN,
    CN_D,
    CORRIDOR,
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
    basis,
    certificate,
    empty,
    entry,
    kem,
    key,
    loaded,
    revocation,
    root,
)

OTHER = LinkId("other")
SUPERIOR, WATCHER, WORKER = map(OfficeId, ("vn-province", "vn-watcher", "la-worker"))
BEGIN = START + 1000


def tag(signed: SignedDocument) -> CertificateTag:
    return certificate_tag(document_id(signed.payload))


def full() -> TrustedDirectory:
    """A link with a superior, an observer and a processor, and a second link."""
    return loaded(
        certificate(SUPERIOR),
        certificate(WATCHER, role=Role.OBSERVER),
        certificate(WORKER, role=Role.PROCESSOR),
        certificate(VN_B),
        certificate(LA_C),
        agreement(
            superiors=(Superior(superior=SUPERIOR, office=VN_A),),
            observers=(WATCHER,),
            processors=(WORKER,),
        ),
        agreement(link=OTHER, offices=(LA_C, VN_A), partition=4),
    )


def test_a_partys_valid_key_names_the_writer() -> None:
    assert full().writer(LINK, tag(certificate(VN_A)), 0, BEGIN) == CertifiedWriter(
        VN_A, key(VN_A).public, document_id(certificate(VN_A).payload)
    )


@pytest.mark.parametrize(
    ("link", "signed", "log_time", "reason"),
    [
        ("unknown", certificate(VN_A), BEGIN, Reason.NO_AGREEMENT),
        (LINK, certificate(VN_A), BEGIN - 1, Reason.NO_AGREEMENT),
        (LINK, certificate(OfficeId("vn-nobody")), BEGIN, Reason.UNKNOWN_KEY),
        (LINK, certificate(VN_B), BEGIN, Reason.UNKNOWN_KEY),
        (LINK, certificate(SUPERIOR), BEGIN, Reason.UNKNOWN_KEY),
        (LINK, certificate(WORKER, role=Role.PROCESSOR), BEGIN, Reason.UNKNOWN_KEY),
        (OTHER, certificate(LA_B), BEGIN, Reason.UNKNOWN_KEY),
        (LINK, certificate(VN_A), END, Reason.KEY_EXPIRED),
    ],
)
def test_any_other_key_has_its_reason(
    link: str, signed: SignedDocument, log_time: int, reason: Reason
) -> None:
    assert full().writer(LinkId(link), tag(signed), 0, log_time) is reason


def test_a_key_is_not_valid_before_its_certificate_begins() -> None:
    renewal = certificate(VN_A, signing_key=key("new").public, not_before=START + YEAR)
    directory = loaded(agreement(), renewal)
    assert directory.writer(LINK, tag(renewal), 0, START + YEAR - 1) is Reason.KEY_NOT_YET_VALID
    assert isinstance(directory.writer(LINK, tag(renewal), 0, START + YEAR), CertifiedWriter)


def test_a_party_of_one_version_is_none_in_another() -> None:
    first = agreement(link=OTHER, offices=(LA_B, VN_A, VN_B))
    second = agreement(
        [key(LA_B), key(VN_A), key(VN_B)],
        link=OTHER,
        offices=(LA_B, VN_A),
        version=2,
        effective_from=START + 2000,
    )
    directory = loaded(certificate(VN_B), first, second)
    assert isinstance(
        directory.writer(OTHER, tag(certificate(VN_B)), 0, START + 1999), CertifiedWriter
    )
    assert directory.writer(OTHER, tag(certificate(VN_B)), 0, START + 2000) is Reason.NOT_A_PARTY


def test_the_offices_of_a_link_are_those_of_all_its_versions() -> None:
    wider = agreement(link=OTHER, offices=(LA_B, VN_A, VN_B))
    signers = [key(LA_B), key(VN_A), key(VN_B)]
    narrower = agreement(signers, link=OTHER, offices=(LA_B, VN_A), version=2)
    directory = loaded(certificate(VN_B), wider, narrower)
    assert directory.offices(OTHER) == {LA_B, VN_A}, "a version that never has the say is none"
    later = agreement(
        signers, link=OTHER, offices=(LA_B, VN_A), version=2, effective_from=START + YEAR
    )
    assert loaded(certificate(VN_B), wider, later).offices(OTHER) == {LA_B, VN_A, VN_B}
    assert directory.offices(LINK) == frozenset()


def test_all_certificates_of_a_subject_are_listed_in_the_order_they_begin() -> None:
    renewal = certificate(VN_A, kem_key=kem("new"), not_before=START + YEAR)
    directory = loaded(renewal, revocation(renewal, START + YEAR))
    found = [one.id for one in directory.certificates(VN_A)]
    assert found == [document_id(one.payload) for one in (certificate(VN_A), renewal)]
    assert directory.certificates(VN_B) == ()


def test_the_processor_of_an_office_writes_nothing_with_that_key() -> None:
    both = certificate(VN_A, role=Role.PROCESSOR, signing_key=key("vn-a processor").public)
    assert loaded(both, agreement()).writer(LINK, tag(both), 0, BEGIN) is Reason.UNKNOWN_KEY


def test_nodes_that_pin_a_third_country_come_to_the_same_verdict() -> None:
    documents = [*basis(), agreement(), root(CN), certificate(CN_D)]
    two, three = (empty(*pinned).load(documents)[0] for pinned in ((VN, LA), (VN, LA, CN)))
    for directory in (two, three):
        found = directory.writer(LINK, tag(certificate(CN_D)), 0, BEGIN)
        assert found is Reason.UNKNOWN_KEY
    assert two.digest_for_link(LINK) == three.digest_for_link(LINK)


def test_the_other_links_of_an_office_are_those_of_the_same_corridor() -> None:
    trust = full().link_trust(LINK)
    assert trust.other_links(VN_A) == (OTHER,)
    assert trust.other_links(LA_B) == ()
    assert trust.other_links(VN_B) == ()
    abroad = agreement(
        link=LinkId("abroad"), corridor=CorridorId("cn-vn"), offices=(CN_D, VN_A), partition=0
    )
    directory = empty(VN, LA, CN)
    directory = directory.load([*basis(), root(CN), certificate(CN_D), agreement(), abroad])[0]
    assert directory.links() == ("abroad", LINK)
    assert directory.link_trust(LINK).other_links(VN_A) == ()


def test_the_parties_are_the_offices_at_a_log_time() -> None:
    trust = full().link_trust(LINK)
    assert trust.parties(BEGIN) == {LA_B, VN_A}
    assert trust.parties(BEGIN - 1) == frozenset()


def test_a_version_superseded_the_moment_it_begins_changes_no_verdict() -> None:
    signers = [key(LA_B), key(VN_A), key(VN_B)]
    wider = agreement(link=OTHER, offices=(LA_B, VN_A, VN_B))
    other = agreement(link=OTHER, offices=(LA_B, VN_A, VN_B), working_marking="other")
    digests = set()
    for first in (wider, other):
        second = agreement(signers, link=OTHER, offices=(LA_B, VN_A), version=2)
        digests.add(loaded(certificate(VN_B), first, second).digest_for_link(OTHER))
    assert len(digests) == 1


def test_a_tag_in_a_head_names_its_certificate() -> None:
    found = full().certified(LINK, tag(certificate(SUPERIOR)))
    assert found is not None
    assert found.certificate.subject == SUPERIOR
    assert full().certified(LINK, tag(certificate(CN_D))) is None


def test_links_are_listed_with_the_part_that_a_subject_has() -> None:
    directory = full()
    assert directory.links() == (OTHER, LINK)
    for subject, expected in {
        VN_A: [(OTHER, LinkRole.PARTY), (LINK, LinkRole.PARTY)],
        LA_B: [(LINK, LinkRole.PARTY)],
        SUPERIOR: [(LINK, LinkRole.SUPERIOR)],
        WATCHER: [(LINK, LinkRole.OBSERVER)],
        WORKER: [(LINK, LinkRole.PROCESSOR)],
        VN_B: [],
    }.items():
        found = directory.links_of(subject, BEGIN)
        assert found == tuple(LinkMembership(*one) for one in expected)
        assert directory.links_of(subject, BEGIN - 1) == ()


def test_contents_are_for_offices_and_superiors_and_summaries_for_all_readers() -> None:
    readers = full().readers(LINK, BEGIN)
    assert [reader.subject for reader in readers.content] == [LA_B, VN_A, SUPERIOR]
    assert [reader.subject for reader in readers.summary] == [LA_B, WORKER, VN_A, SUPERIOR, WATCHER]
    assert readers.without_key == ()
    assert readers.content[1].part is LinkRole.PARTY
    assert readers.content[1].tag == tag(certificate(VN_A))
    assert readers.content[1].kem_key == kem(VN_A)


def test_a_party_that_is_also_a_superior_reads_once_as_a_party() -> None:
    signed = agreement(
        link=OTHER,
        offices=(LA_B, VN_A, VN_B),
        superiors=(Superior(superior=VN_A, office=VN_B),),
    )
    readers = loaded(certificate(VN_B), signed).readers(OTHER, BEGIN)
    assert [(reader.subject, reader.part) for reader in readers.summary] == [
        (LA_B, LinkRole.PARTY),
        (VN_A, LinkRole.PARTY),
        (VN_B, LinkRole.PARTY),
    ]


def test_nobody_reads_a_link_without_an_agreement() -> None:
    readers = full().readers(LINK, BEGIN - 1)
    assert not readers.content
    assert not readers.summary
    assert not readers.without_key


def test_keys_are_granted_with_the_newest_valid_certificate() -> None:
    renewal = certificate(VN_A, kem_key=kem("new"), not_before=START + YEAR)
    directory = loaded(agreement(), renewal)
    for at, expected in ((START + YEAR - 1, kem(VN_A)), (START + YEAR, kem("new"))):
        assert directory.readers(LINK, at).content[1].kem_key == expected


def test_a_reader_without_a_valid_certificate_is_named() -> None:
    readers = loaded(agreement()).readers(LINK, END)
    assert readers.without_key == (LA_B, VN_A)
    assert readers.content == ()


def test_corridors_and_their_partitions_are_those_of_the_links() -> None:
    directory = full()
    assert directory.corridors() == (CORRIDOR,)
    assert directory.partition_count(CORRIDOR) == 5
    assert directory.partition_count(CorridorId("cn-vn")) == 0


@pytest.mark.parametrize(
    "document",
    [
        certificate(VN_A, not_before=START + 1),
        revocation(certificate(VN_A), START + YEAR),
        revocation(certificate(VN_A), START + YEAR, {LINK: 3}),
        agreement(version=2),
        agreement(version=2, effective_from=END - 1),
        agreement(link=LinkId("third"), partition=9),
    ],
)
def test_a_document_that_can_change_a_verdict_changes_the_links_digest(
    document: SignedDocument,
) -> None:
    before = full()
    after, refusals = before.load([document])
    assert not refusals
    assert after.digest_for_link(LINK) != before.digest_for_link(LINK)


@pytest.mark.parametrize(
    "document",
    [
        root(VN, 2),
        entry(VN_A),
        certificate(OfficeId("vn-new")),
        certificate(VN_A, role=Role.PROCESSOR, signing_key=key("vn-a processor").public),
        certificate(OfficeId("vn-new"), role=Role.WITNESS),
        revocation(certificate(VN_B), START + YEAR),
        revocation(certificate(VN_A), END),
        agreement([key(VN_A)], version=2),
        agreement(link=LinkId("third"), offices=(LA_C, VN_B), partition=9),
        certificate(VN_A, [key("stranger")]),
        root(CN),
    ],
)
def test_a_document_that_cannot_change_a_verdict_leaves_the_digest(
    document: SignedDocument,
) -> None:
    before = full()
    if document == revocation(certificate(VN_A), END):
        before = before.load([revocation(certificate(VN_A), START + YEAR)])[0]
    after = before.load([document])[0]
    assert after.digest_for_link(LINK) == before.digest_for_link(LINK)


def test_what_expires_is_listed_earliest_first_unless_something_follows() -> None:
    directory = loaded(
        certificate(VN_B, not_after=START + YEAR),
        certificate(VN_A, not_before=START + YEAR, not_after=END + YEAR),
        agreement(effective_until=START + 2 * YEAR),
        root(LA, 2, not_after=END + 1),
    )
    found = directory.expiring(END + 2)
    assert [(one.ends, one.title) for one in found] == [
        (START + YEAR, "certificate of vn-b (office)"),
        (START + 2 * YEAR, "agreement vn-a~la-b, version 1"),
        (END, "certificate of la-b (office)"),
        (END, "root of vn, version 1"),
        (END + 1, "root of la, version 2"),
    ]
    assert directory.expiring(START + YEAR) == ()
    assert loaded(agreement()).expiring(END) == ()


def test_an_agreement_that_never_counted_does_not_expire() -> None:
    one_side = agreement([key(VN_A)], effective_until=START + YEAR)
    directory = empty().load([*basis(), one_side])[0]
    assert directory.expiring(START + 2 * YEAR) == ()


def test_a_revoked_certificate_counts_as_ended() -> None:
    directory = loaded(revocation(certificate(VN_A), START + 5))
    found: Any = directory.expiring(START + 6)
    assert [one.document for one in found] == [document_id(certificate(VN_A).payload)]
