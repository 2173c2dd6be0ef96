"""Honest bundles, each changed in one way that has a name, and what a verifier says of it."""

from __future__ import annotations

import struct
from hashlib import sha256
from pathlib import Path

import pytest

from blo_audit.bundle import disclosures
from blo_audit.bundle.errors import BundleError
from blo_audit.bundle.reader import MAGIC
from blo_audit.bundle.statement import BundleReport
from blo_audit.bundle.verify import verify_bundle
from blo_audit.errors import AuditError, NothingToAudit
from blo_audit.findings.codes import Code
from blo_schemas.bundle import (
    RecordChunk,
    Scope,
)
from blo_schemas.event import LogRecord
from blo_schemas.ids import CountryId
from blo_sealing.disclosures import open_disclosed
from blo_sealing.keys import ContentKey
from blo_sealing.statements import sign_disclosure
from tests.agents.world import NOW, A, B
from tests.audit.bundle_mutations import FILE_MUTATIONS, FOUND_MUTATIONS
from tests.audit.bundle_spoiling import (
    CASE,
    case_with,
    nothing_signed,
    replace,
    signed_by,
    with_keys,
)
from tests.audit.bundling import WITNESS, Corpus, frames_of, manifest, write_bundle


def verify(data: bytes, corpus: Corpus, folder: Path) -> BundleReport:
    path = folder / "given.bundle"
    path.write_bytes(data)
    return verify_bundle(path, corpus.world.pins)


def test_the_honest_bundles_are_clean_and_rest_on_the_checkpoint(tmp_path: Path) -> None:
    corpus = Corpus()
    report = verify(
        corpus.case_bundle(CASE, corpus.papers(corpus.disclosure(B, 4))), corpus, tmp_path
    )
    assert report.findings == ()
    assert report.selected is not None
    assert report.selected.quorum
    assert (report.selected.proven, report.disclosing.opened) == (4, 1)
    assert any("the witness vn-witness and la-b, vn-a" in said for said in report.proved)
    report = verify(corpus.link_bundle(), corpus, tmp_path)
    assert report.findings == ()
    assert report.whole is not None
    assert report.whole.checkpoint == 12


@pytest.mark.parametrize("name", FILE_MUTATIONS)
def test_a_file_that_is_no_whole_bundle_is_refused_by_name(name: str, tmp_path: Path) -> None:
    make, expected = FILE_MUTATIONS[name]
    corpus = Corpus()
    data = make(corpus)
    assert data not in (corpus.case_bundle(CASE), corpus.link_bundle())
    with pytest.raises(expected):
        verify(data, corpus, tmp_path)


@pytest.mark.parametrize("name", FOUND_MUTATIONS)
def test_a_bundle_that_was_changed_is_found_by_name(name: str, tmp_path: Path) -> None:
    make, expected = FOUND_MUTATIONS[name]
    corpus = Corpus()
    report = verify(make(corpus), corpus, tmp_path)
    found = {finding.code for finding in report.findings}
    assert expected in found, [str(finding) for finding in report.findings]


def test_the_names_are_at_least_as_many_as_an_inspector_was_promised() -> None:
    assert len(FILE_MUTATIONS) + len(FOUND_MUTATIONS) >= 25


def test_what_is_not_proven_is_never_opened(tmp_path: Path) -> None:
    """A record that was made up may be sealed and signed well; its content is not shown."""
    corpus = Corpus()
    disclosure = corpus.disclosure(B, 1, 4, 7, 10)
    for make in (nothing_signed, lambda c: signed_by(c, WITNESS, A, B, root=bytes(32))):
        papers = replace(make(corpus), disclosures=(disclosure,))
        report = verify(corpus.case_bundle(CASE, papers), corpus, tmp_path)
        assert report.disclosing.contents == ()
        assert report.disclosing.opened == 0
        assert not report.clean


def test_a_bundle_without_a_checkpoint_says_on_whom_it_rests(tmp_path: Path) -> None:
    corpus = Corpus()
    alone = corpus.papers(checkpoints=(), heads=(corpus.head(A),))
    report = verify(corpus.case_bundle(CASE, alone), corpus, tmp_path)
    assert any("rests on the signature of vn-a alone" in said for said in report.proved)
    assert any("no checkpoint" in said for said in report.not_proved)
    both = corpus.papers(checkpoints=())
    report = verify(corpus.case_bundle(CASE, both), corpus, tmp_path)
    assert any("the signatures of la-b, vn-a alone" in said for said in report.not_proved)


def test_a_selection_never_claims_to_be_complete(tmp_path: Path) -> None:
    corpus = Corpus()
    left_out = case_with(lambda _, records: records[:2])(corpus)
    report = verify(left_out, corpus, tmp_path)
    assert report.clean
    assert any("never that another is not" in said for said in report.not_proved)


def test_a_bundle_says_that_it_cannot_tell_what_was_shredded(tmp_path: Path) -> None:
    corpus = Corpus()
    for made in (corpus.case_bundle(CASE), corpus.link_bundle()):
        report = verify(made, corpus, tmp_path)
        assert any("are gone by agreement (shredding)" in said for said in report.not_proved)


@pytest.mark.parametrize("later", [False, True], ids=["never opened", "opened later"])
def test_a_content_that_its_reader_could_not_open_is_told_when_its_writer_discloses_it(
    tmp_path: Path, *, later: bool
) -> None:
    """Sealed under a key that was never granted, to be shown years later as what was said.

    A key that only came after its record is no such thing.
    """
    corpus = Corpus()
    corpus.write(A, CASE)
    hidden = ContentKey(bytes(range(32)))
    corpus.put(corpus.sealed(B, CASE, None, sealing=hidden))
    position = len(corpus.records) - 1
    event = corpus.keys_of(position, office=B, sealing=hidden)
    disclosure = sign_disclosure(corpus.author(B), B, NOW, (event,))
    heads = [corpus.head(A, unopened=1, first_unopened=(position,)), corpus.head(B)]
    if later:
        heads.insert(0, corpus.head(A, at=NOW + 1))
    papers = corpus.papers(disclosure, heads=tuple(heads))
    draft = manifest(Scope.CASE, len(corpus.records), case=corpus.case(CASE))
    data = write_bundle(draft, papers, [corpus.proven(position)])
    report = verify(data, corpus, tmp_path)
    found = {finding.code for finding in report.findings}
    assert Code.DISCLOSED_BY_WRITER_ALONE in found
    assert (Code.DISCLOSED_WAS_CLOSED in found) is not later
    assert report.clean is later


def test_an_event_that_two_offices_open_with_two_keys_is_a_breach(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AES-GCM does not rule it out, so it is looked for, although no such bytes are known."""
    corpus = Corpus()
    monkeypatch.setattr(
        disclosures,
        "open_disclosed",
        lambda link, envelope, _: open_disclosed(link, envelope, corpus.keys_of(4)),
    )
    papers = corpus.papers(corpus.disclosure(A, 4), with_keys(corpus, 4, content_key=bytes(32)))
    report = verify(corpus.case_bundle(CASE, papers), corpus, tmp_path)
    assert Code.DISCLOSURES_CONTRADICT in {finding.code for finding in report.findings}


def test_a_disclosure_never_opens_a_record_that_does_not_count(tmp_path: Path) -> None:
    corpus = Corpus()
    papers = corpus.papers(corpus.disclosure(B, 4))
    records = [*corpus.records[:4], *corpus.records[5:], corpus.records[4]]
    whole = [LogRecord(at, one.log_time, one.value) for at, one in enumerate(records)]
    report = verify(write_bundle(manifest(Scope.LINK, 12), papers, whole), corpus, tmp_path)
    assert report.disclosing.opened == 0
    assert Code.DISCLOSED_WITHOUT_RECORD in {finding.code for finding in report.findings}


def test_a_country_that_is_not_pinned_is_named(tmp_path: Path) -> None:
    corpus = Corpus()
    path = tmp_path / "given.bundle"
    path.write_bytes(corpus.case_bundle(CASE))
    pins = {CountryId("vn"): corpus.world.pins[CountryId("vn")]}
    with pytest.raises(NothingToAudit, match="no root is pinned for la: add --pin la="):
        verify_bundle(path, pins)
    wrong = {**corpus.world.pins, CountryId("vn"): type(pins[CountryId("vn")])(bytes(32))}
    with pytest.raises(NothingToAudit):
        verify_bundle(path, wrong)


def test_the_magic_the_lengths_and_the_digest_are_all_that_is_between_the_frames() -> None:
    data = Corpus().case_bundle(CASE)
    frames = frames_of(data)
    framing = b"".join(struct.pack(">I", len(frame)) + frame for frame in frames)
    assert data == MAGIC + framing + sha256(MAGIC + framing).digest()
    assert issubclass(BundleError, AuditError)
    assert RecordChunk((1,), (b"",)).values == (b"",)
