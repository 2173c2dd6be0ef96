"""Two agreements in force that claim one partition: both are refused (docs/architecture.md, "Keys and trust")."""

from __future__ import annotations

from itertools import permutations
from typing import Any

from blo_domain.trust import TrustedDirectory
from blo_domain.trust.errors import TrustRule
from blo_schemas.ids import LinkId
from blo_schemas.trust import SignedDocument
from tests.unit.trust.documents import (
    LA_C,
    LINK,
    START,
    VN_A,
    VN_B,
    agreement,
    basis,
    certificate,
    empty,
    loaded,
    why,
)

RIVAL = LinkId("rival")


def rival(**changes: Any) -> SignedDocument:
    return agreement(link=RIVAL, offices=(LA_C, VN_B), **changes)


def setting() -> list[SignedDocument]:
    return [*basis(), certificate(VN_B), certificate(LA_C)]


def test_both_are_refused_and_each_names_the_other() -> None:
    _, refusals = empty().load([*setting(), agreement(), rival()])
    for signed, other in ((agreement(), RIVAL), (rival(), LINK)):
        error = why(refusals, signed)
        assert error.rule is TrustRule.PARTITION_CONTESTED
        assert "partition 0 of la-vn" in error.problem
        assert other in error.problem


def test_the_one_that_counted_stops_counting_when_the_other_comes() -> None:
    before = empty().load([*setting(), agreement()])[0]
    assert before.agreement(LINK, START + 1000)
    after, refusals = before.load([rival()])
    assert len(refusals) == 2
    assert after.agreement(LINK, START + 1000) is None
    assert after.links() == ()
    assert after.digest_for_link(LINK) != before.digest_for_link(LINK)


def test_the_order_of_arrival_makes_no_difference() -> None:
    documents = [agreement(), rival(), agreement(version=2, effective_from=START + 2000)]
    results = set()
    for order in permutations(documents):
        directory: TrustedDirectory = empty().load(setting())[0]
        for signed in order:
            directory = directory.load([signed])[0]
        results.add(
            (
                tuple(directory.documents),
                tuple(str(refusal.error) for refusal in directory.refusals),
                directory.digest_for_link(LINK),
                directory.digest_for_link(RIVAL),
            )
        )
    assert len(results) == 1


def test_one_after_the_other_may_have_the_partition() -> None:
    first = agreement(effective_until=START + 2000)
    second = rival(effective_from=START + 2000)
    directory = loaded(certificate(VN_B), certificate(LA_C), first, second)
    assert directory.links() == (RIVAL, LINK)
    overlapping = rival(effective_from=START + 1999)
    _, refusals = empty().load([*setting(), first, overlapping])
    assert len(refusals) == 2


def test_what_was_agreed_for_an_undisputed_time_goes_on_counting() -> None:
    second = agreement(version=2, effective_from=START + 2000)
    late = rival(effective_from=START + 3000)
    directory, refusals = empty().load([*setting(), agreement(), second, late])
    assert {refusal.signed for refusal in refusals} == {second, late}
    assert directory.agreement(LINK, START + 1999)
    assert directory.agreement(LINK, START + 2000) is None


def test_partitions_of_other_numbers_do_not_rival() -> None:
    loaded(certificate(VN_B), certificate(LA_C), agreement(), rival(partition=1))


def test_contested_agreements_ask_for_no_partition() -> None:
    contested = [agreement(partition=7), rival(partition=7)]
    third = agreement(link=LinkId("third"), partition=1)
    directory, _ = empty().load([*setting(), *contested, third])
    assert directory.corridors() == ("la-vn",)
    assert directory.partition_count(directory.corridors()[0]) == 2
    assert directory.link_trust(LinkId("third")).other_links(VN_A) == ()


def test_a_version_that_contradicts_another_disputes_no_partition() -> None:
    one = agreement(version=2, effective_from=START + 2000)
    other = agreement(version=2, effective_from=START + 2000, working_marking="other")
    late = rival(effective_from=START + 2000)
    directory, refusals = empty().load([*setting(), agreement(), one, other, late])
    assert {refusal.signed for refusal in refusals} == {one, other}
    assert directory.agreement(RIVAL, START + 2000)
