"""Files in a bundle: told by the signed content that encloses them, and handed out when they are."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest

from blo_audit.bundle.errors import (
    BundleError,
    BundleMalformed,
    BundleTooLarge,
    NothingToBundle,
)
from blo_audit.bundle.files import extract, packed_file
from blo_audit.bundle.statement import BundleReport
from blo_audit.bundle.verify import verify_bundle
from blo_audit.findings.codes import Code
from blo_schemas.codec import encode
from blo_schemas.content import Attachment, EnclosedFile
from blo_schemas.files import CHUNK_SIZE, MAX_FILE_SIZE
from tests.agents.world import A, B
from tests.audit.bundling import Corpus, frames_of, joined

DATA = b"(fictional) minutes\n" * 9_000
NAME = "../minutes.pdf"
CASE = 0


class Exhibit:
    """A corpus whose last event encloses a file, and that file."""

    def __init__(self, folder: Path, data: bytes = DATA) -> None:
        self.corpus = Corpus()
        self.folder = folder
        self.position = len(self.corpus.records)
        assert self.position % 3 == CASE
        enclosed = EnclosedFile(id=bytes(16), media_type="application/pdf")
        attachment = Attachment(
            name=NAME, size=len(DATA), sha256=sha256(DATA).digest(), file=enclosed
        )
        self.corpus.put(self.corpus.sealed(A, CASE, attachments=(attachment,)))
        self.path = folder / "given"
        self.path.write_bytes(data)

    def bundle(self, *disclosed: int, whole: bool = False) -> bytes:
        papers = self.corpus.papers(
            *([self.corpus.disclosure(B, *disclosed)] if disclosed else []),
            files=(packed_file(self.path), packed_file(self.path)),
        )
        if whole:
            return self.corpus.link_bundle(papers)
        return self.corpus.case_bundle(CASE, papers)

    def verified(self, data: bytes) -> BundleReport:
        path = self.folder / "one.bundle"
        path.write_bytes(data)
        return verify_bundle(path, self.corpus.world.pins)


@pytest.mark.parametrize("whole", [True, False])
def test_a_file_that_a_disclosed_event_encloses_is_proved_and_handed_out(
    tmp_path: Path, whole: bool
) -> None:
    exhibit = Exhibit(tmp_path)
    report = exhibit.verified(exhibit.bundle(exhibit.position, whole=whole))
    assert report.clean
    (proof,) = report.files
    assert (proof.position, proof.name, proof.size) == (exhibit.position, "minutes.pdf", len(DATA))
    assert any("minutes.pdf" in sentence for sentence in report.proved)
    folder = tmp_path / "evidence"
    folder.mkdir()
    (made,) = extract(tmp_path / "one.bundle", report.files, folder)
    assert made == folder / f"{exhibit.position}-0-minutes.pdf"
    assert made.read_bytes() == DATA
    with pytest.raises(FileExistsError):
        extract(tmp_path / "one.bundle", report.files, folder)


def test_a_file_that_nothing_disclosed_encloses_is_a_doubt_and_not_handed_out(
    tmp_path: Path,
) -> None:
    for exhibit, disclosed in (
        (Exhibit(tmp_path), ()),
        (Exhibit(tmp_path), (0,)),
        (Exhibit(tmp_path, DATA + b"x"), (12,)),
        (Exhibit(tmp_path, DATA[:-1]), (12,)),
    ):
        report = exhibit.verified(exhibit.bundle(*disclosed))
        assert Code.FILE_NOT_ENCLOSED in {finding.code for finding in report.findings}
        assert not report.clean
        assert report.files == ()
        assert extract(tmp_path / "one.bundle", report.files, tmp_path) == []


def test_a_file_s_frames_are_as_long_as_its_size_says(tmp_path: Path) -> None:
    exhibit = Exhibit(tmp_path)
    frames = frames_of(exhibit.bundle(exhibit.position))
    head, *pieces = frames[-(1 + -(-len(DATA) // CHUNK_SIZE)) :]
    assert head == encode([len(DATA)])
    before = frames[: -(1 + len(pieces))]
    for changed, error in (
        ([encode([len(DATA) + 1]), *pieces], BundleMalformed),
        ([encode([0]), *pieces], BundleMalformed),
        ([encode([MAX_FILE_SIZE + 1]), *pieces], BundleMalformed),
        ([encode([len(DATA) + CHUNK_SIZE]), *pieces], BundleMalformed),
        ([head, *pieces[:-1]], BundleError),
        ([head, pieces[0] + b"x", *pieces[1:]], BundleTooLarge),
        ([head, *pieces, b"more"], BundleError),
    ):
        with pytest.raises(error):
            exhibit.verified(joined([*before, *changed]))


def test_what_is_no_file_is_not_packed(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.touch()
    for path in (empty, tmp_path / "none", tmp_path):
        with pytest.raises(NothingToBundle):
            packed_file(path)
