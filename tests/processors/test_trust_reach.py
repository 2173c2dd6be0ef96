"""Documents reach back into a log as far as they say: what was concluded before stays, for any log."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blo_domain.trust import EVERYTHING, NOTHING, RecordTraces, TrustReach
from blo_domain.trust.reach import MOST_UNKNOWN_TAGS, NOWHERE
from blo_schemas.hashes import certificate_tag, document_id
from blo_schemas.ids import CertificateTag, LinkId, OfficeId
from blo_schemas.trust import SignedDocument
from blo_schemas.verdicts import Reason
from tests.processors.trust_changes import (
    A_BACKDATED,
    A_RENEWED,
    A_TO_COME,
    AGREED,
    B_RENEWED,
    CONTRADICTION,
    ELSEWHERE,
    ENDING,
    LINK,
    POOL,
    REFUSED,
    RIVALS,
    SOON_WIDER,
    TO_COME,
    WIDER,
    WRITERS,
    A,
    B,
    C,
    LogWriter,
    at,
    conclusions,
    directory,
    first_difference,
    renewed,
)
from tests.unit.trust.documents import LA_B, VN_A, certificate, revocation

BASIS = (A, B, C, AGREED)


def reach(old: tuple[SignedDocument, ...], new: tuple[SignedDocument, ...]) -> TrustReach:
    return directory(old).link_trust(LINK).reach(directory(new).link_trust(LINK))


@settings(deadline=None, max_examples=400)
@given(st.integers(0, 2**32))
def test_what_lies_before_the_reach_is_concluded_alike_under_both(seed: int) -> None:
    """For any documents, any more of them or others, and any log."""
    dice = random.Random(seed)
    basis = BASIS if dice.random() < 0.9 else ()
    old = tuple(dict.fromkeys((*basis, *dice.sample(POOL, dice.randrange(6)))))
    added = dice.sample(POOL, dice.choice((1, 1, 1, 2, 5)))
    new = (*(old if dice.random() < 0.8 else basis), *added)
    before, after = directory(old), directory(new)
    log = LogWriter(dice.choice((before, after)), seed)
    log.play(dice.randrange(24))
    missing = dice.sample((VN_A, LA_B), dice.choice((0, 0, 0, 1)))

    was, becomes = (conclusions(trust, log.records, *missing) for trust in (before, after))
    found = before.link_trust(LINK).reach(after.link_trust(LINK))

    assert was.spared(found) <= first_difference(was, becomes)
    if before.digest_for_link(LINK) == after.digest_for_link(LINK):
        assert found == NOTHING


def _hourly() -> LogWriter:
    """Twelve good records of both offices, six hours apart, from hour 6 on."""
    log = LogWriter(directory(BASIS))
    for number in range(12):
        log.hour += 6
        log.write(number % 2)
    return log


@pytest.mark.parametrize(
    ("added", "size"),
    [
        ((A_RENEWED, B_RENEWED), 12),
        ((A_BACKDATED,), 12),
        ((A_TO_COME, TO_COME), 12),
        ((ELSEWHERE,), 12),
        (REFUSED, 12),
        ((revocation(A, at(25)),), 4),
        ((revocation(A, at(25), {LINK: 6}),), 6),
        ((revocation(A, at(25), {LinkId("other"): 1}),), 4),
        ((revocation(A, at(24 * 365)),), 12),
        ((ENDING,), 4),
        ((WIDER,), 8),
        ((SOON_WIDER,), 3),
        ((CONTRADICTION,), 0),
        ((RIVALS,), 0),
    ],
    ids=lambda value: str(value) if isinstance(value, int) else "documents",
)
def test_a_document_reaches_back_to_the_first_record_that_it_concerns(
    added: tuple[SignedDocument, ...], size: int
) -> None:
    log = _hourly()
    before, after = directory(BASIS), directory((*BASIS, *added))
    assert added in (REFUSED, (CONTRADICTION,), (RIVALS,)) or not after.refusals
    was = conclusions(before, log.records)
    found = before.link_trust(LINK).reach(after.link_trust(LINK))
    assert was.spared(found) == size


def _with(writer: int, link: LinkId = LINK) -> LogWriter:
    """The hourly log with one more record, in its middle, by a certificate or for a link."""
    log = LogWriter(directory(BASIS))
    for number in range(12):
        log.hour += 6
        log.write(number % 2)
        if number == 7:
            log.write(writer, link)
    return log


A_RENEWED_WRITES = [signed for _, signed, _ in WRITERS].index(A_RENEWED)


@pytest.mark.parametrize(
    ("log", "added", "later"),
    [
        (_hourly(), revocation(A, at(25)), TrustReach(instant=at(30) + 1)),
        (_hourly(), revocation(A, at(25), {LINK: 6}), TrustReach(position=7)),
        (_hourly(), WIDER, TrustReach(instant=at(54) + 1, tags=frozenset([CertificateTag(b"x")]))),
        (_with(A_RENEWED_WRITES), A_RENEWED, TrustReach()),
        (_with(0, LinkId("other")), ELSEWHERE, TrustReach(offices=frozenset([LA_B]))),
    ],
    ids=["revoked by time", "revoked by size", "agreement", "certificate", "other link"],
)
def test_a_reach_that_went_back_any_less_would_be_too_short(
    log: LogWriter, added: SignedDocument, later: TrustReach
) -> None:
    before, after = directory(BASIS), directory((*BASIS, added))
    was, becomes = (conclusions(trust, log.records) for trust in (before, after))
    found = before.link_trust(LINK).reach(after.link_trust(LINK))
    exact = first_difference(was, becomes)
    assert exact < len(log.records)
    assert was.spared(found) == exact
    assert was.spared(later) > exact


def test_a_new_certificate_concerns_the_first_record_that_names_it() -> None:
    log = _with(A_RENEWED_WRITES)
    was = conclusions(directory(BASIS), log.records)
    assert was.spared(reach(BASIS, (*BASIS, A_RENEWED))) == 8
    assert was.spared(reach(BASIS, (*BASIS, B_RENEWED, A_BACKDATED))) == 13


def test_strangers_fill_no_memory_and_hide_no_record() -> None:
    traces = RecordTraces()
    tags = [CertificateTag(number.to_bytes(8)) for number in range(MOST_UNKNOWN_TAGS + 50)]
    for position, tag in enumerate(tags):
        traces.note_rejected(position, Reason.UNKNOWN_KEY, tag, None)
    assert len(traces.unknown) == MOST_UNKNOWN_TAGS
    for tag, first in ((tags[7], 7), (tags[-1], MOST_UNKNOWN_TAGS)):
        found = TrustReach(tags=frozenset([tag]))
        assert traces.spared(found, first, 0)
        assert not traces.spared(found, first + 1, 0)
    assert traces.spared(TrustReach(instant=1, offices=frozenset([VN_A])), 2000, 0)


def test_many_certificates_and_agreements_of_others_concern_nothing() -> None:
    """Whatever a neighbour's root certifies, and whatever its offices agree on elsewhere."""
    others = [certificate(OfficeId(f"vn-{number}")) for number in range(40)]
    own = [renewed(VN_A, number, f"key {number}") for number in range(40)]
    log = _hourly()
    was = conclusions(directory(BASIS), log.records)
    assert reach(BASIS, (*BASIS, *others)) == NOTHING
    assert was.spared(reach(BASIS, (*BASIS, *own, *others))) == len(log.records)


def test_what_can_take_a_known_key_away_concerns_everything() -> None:
    assert reach((*BASIS, A_RENEWED), BASIS) == EVERYTHING
    assert reach(BASIS, ()) == EVERYTHING
    elsewhere = directory((*BASIS, ELSEWHERE)).link_trust(LinkId("other"))
    assert directory(BASIS).link_trust(LINK).reach(elsewhere) == EVERYTHING


def test_refused_documents_have_no_reach() -> None:
    assert reach(BASIS, (*BASIS, *REFUSED)) == NOTHING
    assert reach((*BASIS, *REFUSED), (*BASIS, *REFUSED, B_RENEWED)).tags == {
        certificate_tag(document_id(B_RENEWED.payload))
    }


def test_a_revocation_after_the_end_of_a_certificate_changes_nothing() -> None:
    ended = renewed(VN_A, 1, "short", not_after=at(30))
    found = reach((*BASIS, ended), (*BASIS, ended, revocation(ended, at(31))))
    assert (found.instant, found.position, found.tags) == (NOWHERE, NOWHERE, frozenset())


def test_an_empty_log_is_spared_by_everything() -> None:
    assert RecordTraces().spared(EVERYTHING, 0, 0)
