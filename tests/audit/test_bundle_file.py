"""The bundle as a file: what is written is read back, and anything else is refused by name."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blo_audit.bundle import limits
from blo_audit.bundle.errors import (
    BundleAltered,
    BundleError,
    BundleMalformed,
    BundleTooLarge,
    BundleTruncated,
    BundleUnreadable,
    NotABundle,
    NothingToBundle,
)
from blo_audit.bundle.reader import MAGIC, Bundle, open_bundle
from blo_audit.bundle.writer import BundleWriter
from blo_runtime.files import NewFile
from blo_schemas.bundle import MANIFEST, PROVEN_RECORD, Counts, Scope
from blo_schemas.codec import encode
from blo_schemas.event import LogRecord
from tests.agents.world import A
from tests.audit.bundling import Corpus, frames_of, joined, manifest, read_bundle, write_bundle

CORPUS = Corpus()
LINK_BUNDLE = CORPUS.link_bundle(CORPUS.papers(CORPUS.disclosure(A, 2, 5)))
CASE_BUNDLE = CORPUS.case_bundle(1)


def test_a_whole_link_is_read_back_as_it_was_written() -> None:
    bundle, records = read_bundle(LINK_BUNDLE)
    assert records == CORPUS.records
    assert set(bundle.documents) == set(CORPUS.world.documents)
    assert set(bundle.heads) == set(CORPUS.papers().heads)
    assert bundle.disclosures == (CORPUS.disclosure(A, 2, 5),)


def test_a_selection_is_read_back_as_it_was_written() -> None:
    bundle, records = read_bundle(CASE_BUNDLE)
    assert records == [CORPUS.proven(position) for position in (1, 4, 7, 10)]
    assert bundle.manifest.case == CORPUS.case(1)
    assert bundle.manifest.size == 12


def test_the_same_things_give_the_same_bytes_in_whatever_order_they_come() -> None:
    papers = CORPUS.papers(CORPUS.disclosure(A, 2, 5))
    turned = CORPUS.papers(
        CORPUS.disclosure(A, 2, 5),
        documents=(*reversed(papers.documents), papers.documents[0]),
        heads=tuple(reversed(papers.heads)),
    )
    assert CORPUS.link_bundle(turned) == LINK_BUNDLE
    assert joined(frames_of(LINK_BUNDLE)) == LINK_BUNDLE


def test_records_of_any_size_and_number_come_back_in_order() -> None:
    sizes = [0, 1, 600_000, 1_000_000, 5, *[7] * 9000]
    records = [LogRecord(at, at, bytes([at % 251]) * size) for at, size in enumerate(sizes)]
    data = write_bundle(manifest(Scope.LINK, len(records)), CORPUS.papers(), records)
    assert read_bundle(data)[1] == records


def test_an_empty_link_is_a_bundle() -> None:
    data = write_bundle(manifest(Scope.LINK, 0), CORPUS.papers(), [])
    assert read_bundle(data)[1] == []


@pytest.mark.parametrize("data", [LINK_BUNDLE, CASE_BUNDLE], ids=["link", "case"])
def test_every_truncation_is_refused(data: bytes) -> None:
    for size in {*range(0, len(data), 97), *range(len(data) - 40, len(data))}:
        with pytest.raises(BundleTruncated):
            read_bundle(data[:size])


@pytest.mark.parametrize("data", [LINK_BUNDLE, CASE_BUNDLE], ids=["link", "case"])
@settings(max_examples=400, deadline=None)
@given(draw=st.data())
def test_every_flipped_bit_is_refused(data: bytes, draw: st.DataObject) -> None:
    place = draw.draw(st.integers(0, len(data) - 1))
    changed = bytearray(data)
    changed[place] ^= 1 << draw.draw(st.integers(0, 7))
    with pytest.raises(BundleError):
        read_bundle(bytes(changed))


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300), st.booleans())
def test_any_bytes_are_refused_by_name(data: bytes, with_magic: bool) -> None:
    with pytest.raises(BundleError):
        read_bundle(MAGIC + data if with_magic else data)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_any_frames_with_a_fitting_digest_are_refused_by_name_or_read(draw: st.DataObject) -> None:
    """Whoever makes a bundle makes its digest too, so that must not be what protects a reader."""
    frames = frames_of(draw.draw(st.sampled_from([LINK_BUNDLE, CASE_BUNDLE])))
    for _ in range(draw.draw(st.integers(1, 3))):
        place = draw.draw(st.integers(0, len(frames) - 1))
        match draw.draw(st.integers(0, 4)):
            case 0:
                del frames[place]
            case 1:
                frames.insert(place, frames[draw.draw(st.integers(0, len(frames) - 1))])
            case 2:
                frames[place] = draw.draw(st.binary(max_size=80))
            case 3 if frames[place]:
                changed = bytearray(frames[place])
                changed[draw.draw(st.integers(0, len(changed) - 1))] ^= 1
                frames[place] = bytes(changed)
            case _:
                frames.reverse()
        if not frames:
            break
    try:
        bundle, records = read_bundle(joined(frames))
    except BundleError:
        return
    assert bundle.manifest.counts.records == len(records)


def test_what_is_no_bundle_is_told() -> None:
    with pytest.raises(NotABundle, match="does not begin"):
        read_bundle(b"PK\x03\x04" + bytes(100))
    with pytest.raises(NotABundle, match="does not begin"):
        read_bundle(LINK_BUNDLE.replace(b"\r\n", b"\n\n", 1))


@pytest.mark.parametrize("version", [b"\x01", b"\x03"])
def test_a_bundle_of_another_version_is_told(version: bytes) -> None:
    frames = frames_of(LINK_BUNDLE)
    frames[0] = b"\x9b" + version + frames[0][2:]
    with pytest.raises(NotABundle, match="another version"):
        read_bundle(joined(frames))


def test_damage_on_the_way_is_told_apart_from_a_made_up_bundle() -> None:
    with pytest.raises(BundleAltered, match="damaged"):
        read_bundle(LINK_BUNDLE[:-1] + bytes([LINK_BUNDLE[-1] ^ 1]))


def test_what_follows_the_end_is_refused() -> None:
    with pytest.raises(BundleMalformed, match="after the end"):
        read_bundle(LINK_BUNDLE + b"\0")


def test_a_part_twice_or_out_of_order_is_refused() -> None:
    frames = frames_of(LINK_BUNDLE)
    for changed in (
        [frames[0], frames[1], *frames[1:4], *frames[5:]],
        [frames[0], frames[2], frames[1], *frames[3:]],
    ):
        with pytest.raises(BundleMalformed, match="none is there twice"):
            read_bundle(joined(changed))


def test_a_record_twice_or_out_of_order_is_refused() -> None:
    frames = frames_of(CASE_BUNDLE)
    for changed in ([*frames[:-1], frames[-2]], [*frames[:-2], frames[-1], frames[-2]]):
        with pytest.raises(BundleMalformed, match="records ascend"):
            read_bundle(joined(changed))


def test_more_records_than_promised_are_refused() -> None:
    frames = frames_of(LINK_BUNDLE)
    with pytest.raises(BundleAltered):
        read_bundle(joined(frames)[:-32] + joined(frames))
    head = MANIFEST.decode(frames[0])
    counts = head.counts
    fewer = Counts(counts.documents, counts.heads, counts.checkpoints, counts.disclosures, 11)
    frames[0] = encode(manifest(Scope.LINK, 11, counts=fewer))
    with pytest.raises(BundleMalformed, match="more than the 11 records"):
        read_bundle(joined(frames))


@pytest.mark.parametrize(
    "counts",
    [
        Counts(10**15, 0, 0, 0, 0),
        Counts(0, 10**9, 0, 0, 0),
        Counts(0, 0, 17, 0, 0),
        Counts(0, 0, 0, 2**53, 0),
        Counts(0, 0, 0, 0, 2**53),
        Counts(0, 0, 0, 0, 0, 65),
        Counts(0, 0, 0, 0, limits.LINK_RECORDS.count + 1),
    ],
)
def test_a_huge_number_is_refused_before_anything_is_read(counts: Counts) -> None:
    head = encode(manifest(Scope.LINK, counts.records, counts=counts))
    with pytest.raises(BundleTooLarge, match="a bundle has at most"):
        read_bundle(joined([head]))


def test_a_huge_length_is_refused_before_anything_is_read() -> None:
    class Watched(io.BytesIO):
        asked = 0

        def read(self, size: int | None = -1, /) -> bytes:
            self.asked = max(self.asked, size or 0)
            return super().read(size)

    frames = frames_of(LINK_BUNDLE)
    start = len(MAGIC) + 4 + len(frames[0])
    data = LINK_BUNDLE[:start] + b"\xff\xff\xff\xff" + LINK_BUNDLE[start + 4 :]
    stream = Watched(data)
    with pytest.raises(BundleTooLarge, match="4294967295 bytes"):
        Bundle(stream)
    assert stream.asked <= limits.MANIFEST_SIZE


def test_a_selection_with_more_records_than_its_tree_is_refused() -> None:
    draft = manifest(Scope.CASE, 2, case=bytes(32))
    with pytest.raises(ValueError, match="more records than the tree"):
        write_bundle(draft, CORPUS.papers(), [CORPUS.proven(at) for at in (1, 4, 7)])


@pytest.mark.parametrize(
    "fields",
    [
        {"scope": Scope.CASE},
        {"scope": Scope.LOG_TIME, "start": 1},
        {"scope": Scope.BUSINESS_DATE, "start": 1, "end": 2},
        {"scope": Scope.LINK, "case": bytes(32)},
        {"scope": Scope.CASE, "case": bytes(32), "end": 4},
        {"scope": Scope.LINK, "link": "../../etc/passwd"},
        {"scope": Scope.LINK, "corridor": "la-vn/../.."},
    ],
)
def test_a_manifest_that_contradicts_itself_is_refused(fields: dict[str, object]) -> None:
    honest = manifest(Scope.LINK, 12, counts=CORPUS.papers().counts(12))
    whole = [getattr(honest, name) for name in honest.__struct_fields__]
    for name, value in fields.items():
        whole[honest.__struct_fields__.index(name)] = value
    frames = [encode(tuple(whole)), *frames_of(LINK_BUNDLE)[1:]]
    with pytest.raises(BundleMalformed, match="the manifest"):
        read_bundle(joined(frames))


def test_a_path_with_too_many_or_too_short_hashes_is_refused() -> None:
    frames = frames_of(CASE_BUNDLE)
    last = PROVEN_RECORD.decode(frames[-1])
    for path in ((bytes(32),) * 54, (*last.path, b""), (*last.path[:-1], last.path[-1][:31])):
        forged = encode((last.position, last.log_time, last.value, path))
        with pytest.raises(BundleMalformed, match="records of a selection"):
            read_bundle(joined([*frames[:-1], forged]))


def test_a_writer_that_is_given_other_records_than_promised_fails() -> None:
    papers = CORPUS.papers()
    head = manifest(Scope.LINK, 3, counts=papers.counts(3))
    for number in (2, 4):
        writer = BundleWriter(io.BytesIO(), head, papers)
        for record in CORPUS.records[:number]:
            writer.add(record)
        with pytest.raises(NothingToBundle, match="another number of records"):
            writer.finish()


def test_a_writer_refuses_what_no_reader_would_take() -> None:
    papers = CORPUS.papers(checkpoints=tuple(bytes([at]) for at in range(17)))
    with pytest.raises(BundleTooLarge, match="checkpoints"):
        CORPUS.link_bundle(papers)


def test_only_ordinary_files_are_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe", tmp_path / "missing", Path("/dev/zero")):
        with pytest.raises(BundleUnreadable), open_bundle(path):
            pass


def test_a_new_file_is_there_whole_for_its_owner_alone_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "made.bundle"

    def fail() -> None:
        with NewFile(path, private=True) as new:
            new.stream.write(b"half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert list(tmp_path.iterdir()) == []
    with NewFile(path, private=True) as new:
        new.stream.write(LINK_BUNDLE)
    assert path.read_bytes() == LINK_BUNDLE
    assert path.stat().st_mode & 0o777 == 0o600
    with open_bundle(path) as bundle:
        assert bundle.manifest.size == 12
