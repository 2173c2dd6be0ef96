"""Making bundles of a log: what is taken, on whose word, and that a replay reads them."""

from __future__ import annotations

import asyncio
import os
from datetime import date
from pathlib import Path

import msgspec
import pytest

from blo_audit.bundle.collect import Collector, WrittenBundle, read_disclosure
from blo_audit.bundle.contents import BundleRequest
from blo_audit.bundle.errors import NothingToBundle
from blo_audit.bundle.source import BundleSource
from blo_audit.bundle.statement import BundleReport
from blo_audit.bundle.verify import verify_bundle
from blo_audit.errors import NoTrust
from blo_audit.findings.codes import Code
from blo_audit.findings.findings import Findings
from blo_audit.replay.claims import read_checkpoint
from blo_audit.replay.documents import judge_documents
from blo_audit.replay.options import AuditOptions
from blo_audit.replay.run import Replay
from blo_audit.replay.signatures import Mode
from blo_audit.replay.sources import LogSource, SourcePartition
from blo_cli.main import run
from blo_runtime.files import NewFile
from blo_schemas.bundle import Scope, SignedDisclosure
from blo_schemas.codec import encode
from blo_schemas.ids import CaseId, CountryId, DocumentId
from blo_sealing.errors import UnsignedNote
from tests.agents.world import CORRIDOR, LINK, A, B
from tests.audit.bundling import FIRST, WITNESS, Corpus


async def made(
    corpus: Corpus, wanted: BundleRequest, path: Path, *disclosures: SignedDisclosure
) -> tuple[WrittenBundle, BundleReport]:
    source = LogSource(corpus.world.connect())
    try:
        written = await Collector(source, corpus.world.pins).write(
            wanted, disclosures, NewFile(path, private=True)
        )
    finally:
        await source.close()
    return written, verify_bundle(path, corpus.world.pins)


async def test_a_whole_link_is_bundled_and_verifies(tmp_path: Path) -> None:
    corpus = Corpus()
    await corpus.publish()
    written, report = await made(corpus, BundleRequest(link=LINK), tmp_path / "whole")
    assert report.findings == ()
    assert report.whole is not None
    assert report.whole.records == report.whole.checkpoint == 12
    assert report.digest == written.digest.hex()
    assert written.uncovered == 0


async def test_a_case_is_found_without_a_key_and_without_its_link(tmp_path: Path) -> None:
    corpus = Corpus()
    await corpus.publish()
    written, report = await made(
        corpus, BundleRequest(link=LINK, case=corpus.case(1)), tmp_path / "case"
    )
    assert (report.findings, written.uncovered) == ((), 0)
    assert report.selected is not None
    assert (report.selected.proven, report.selected.quorum) == (4, True)
    assert "checkpoint of 12 records" in written.rests_on


async def test_the_same_selection_gives_the_same_bytes(tmp_path: Path) -> None:
    corpus = Corpus()
    await corpus.publish()
    wishes = (BundleRequest(link=LINK), BundleRequest(link=LINK, case=corpus.case(0)))
    for number, wanted in enumerate(wishes):
        one, other = tmp_path / f"one-{number}", tmp_path / f"other-{number}"
        disclosure = corpus.disclosure(A, 0, 3)
        await made(corpus, wanted, one, disclosure)
        await made(corpus, wanted, other, disclosure, disclosure)
        assert one.read_bytes() == other.read_bytes()


async def test_a_period_of_log_time_is_bundled_without_holes(tmp_path: Path) -> None:
    corpus = Corpus()
    await corpus.publish()
    wanted = BundleRequest(link=LINK, period=(FIRST + 3000, FIRST + 7000))
    _, report = await made(corpus, wanted, tmp_path / "period")
    assert report.findings == ()
    assert report.selected is not None
    assert (report.selected.first, report.selected.last) == (3, 6)
    assert "No record between the first and the last is missing." in report.proved


async def test_business_dates_are_chosen_by_what_was_disclosed(tmp_path: Path) -> None:
    corpus = Corpus()
    await corpus.publish()
    disclosure = corpus.disclosure(B, 2, 4, 6)
    days = (date(2025, 2, 4), date(2025, 2, 7))
    wanted = BundleRequest(link=LINK, days=days)
    path = tmp_path / "days"
    _, report = await made(corpus, wanted, path, disclosure)
    assert report.manifest.scope is Scope.BUSINESS_DATE
    assert [shown.on for shown in report.disclosing.contents] == [
        date(2025, 2, 5),
        date(2025, 2, 7),
    ]
    # The disclosure is signed as a whole, so it may be of more than the bundle.
    assert {finding.code for finding in report.findings} == {Code.DISCLOSED_WITHOUT_RECORD}
    assert report.clean


async def test_without_a_checkpoint_it_rests_on_heads_and_says_so(tmp_path: Path) -> None:
    corpus = Corpus()
    await corpus.publish(corpus.papers(checkpoints=(), heads=(corpus.head(A, 9),)))
    written, report = await made(
        corpus, BundleRequest(link=LINK, case=corpus.case(1)), tmp_path / "case"
    )
    assert written.rests_on == "a head of 9 records by vn-a"
    assert written.uncovered == 1
    assert report.selected is not None
    assert report.selected.rests_on == "the signature of vn-a alone"
    assert report.selected.proven == 3
    assert report.clean


async def test_a_checkpoint_that_only_some_have_signed_is_no_base(tmp_path: Path) -> None:
    corpus = Corpus()
    partial = corpus.checkpoint(None, (A,))
    await corpus.publish(corpus.papers(checkpoints=(partial,), heads=(corpus.head(B),)))
    written, report = await made(
        corpus, BundleRequest(link=LINK, case=corpus.case(1)), tmp_path / "case"
    )
    assert written.rests_on == "a head of 12 records by la-b"
    assert report.findings == ()


async def test_what_is_not_there_is_told_and_leaves_no_file(tmp_path: Path) -> None:
    corpus = Corpus()
    await corpus.publish(corpus.papers(checkpoints=(), heads=(corpus.head(A, 1),)))
    path = tmp_path / "none"
    for wanted, words in (
        (BundleRequest(link=LINK, case=CaseId(bytes(32))), "no record"),
        (BundleRequest(link=type(LINK)("elsewhere")), "no agreement that counts names elsewhere"),
        (BundleRequest(link=LINK, period=(0, 1)), "no record"),
        (BundleRequest(link=LINK, case=corpus.case(1)), "wait for the next checkpoint or head"),
    ):
        with pytest.raises(NothingToBundle, match=words):
            await made(corpus, wanted, path)
    assert not await asyncio.to_thread(os.listdir, tmp_path)


async def test_a_log_that_is_not_the_one_that_was_signed_gives_no_selection(
    tmp_path: Path,
) -> None:
    corpus = Corpus()
    papers = corpus.papers()
    corpus.records[7] = msgspec.structs.replace(corpus.records[7], value=corpus.records[8].value)
    await corpus.publish(papers)
    with pytest.raises(NothingToBundle, match="not those that a checkpoint of 12"):
        await made(corpus, BundleRequest(link=LINK, case=corpus.case(0)), tmp_path / "case")
    _, report = await made(corpus, BundleRequest(link=LINK), tmp_path / "whole")
    assert Code.CHECKPOINT_DIFFERS in {finding.code for finding in report.findings}


async def test_pins_that_fit_nothing_are_told(tmp_path: Path) -> None:
    corpus = Corpus()
    await corpus.publish()
    pins = {CountryId("vn"): DocumentId(bytes(32))}
    with pytest.raises(NoTrust):
        await Collector(LogSource(corpus.world.connect()), pins).write(
            BundleRequest(link=LINK), (), NewFile(tmp_path / "none")
        )


async def test_only_documents_of_the_links_countries_are_taken(tmp_path: Path) -> None:
    corpus = Corpus()
    noise = corpus.world.documents[0]
    forged = msgspec.structs.replace(noise, payload=noise.payload[:-1])
    papers = corpus.papers(documents=(*corpus.world.documents, forged))
    await corpus.publish(papers)
    _, report = await made(corpus, BundleRequest(link=LINK), tmp_path / "whole")
    assert report.findings == ()
    assert report.manifest.counts.documents == len(corpus.world.documents)


@pytest.mark.parametrize("mode", list(Mode))
async def test_a_replay_of_a_bundle_finds_what_a_replay_of_the_log_finds(
    mode: Mode, tmp_path: Path
) -> None:
    corpus = Corpus(records=60)
    corpus.put(b"\xc1")
    await corpus.publish()
    path = tmp_path / "whole"
    await made(corpus, BundleRequest(link=LINK), path)
    reports = []
    for source in (BundleSource(path), LogSource(corpus.world.connect())):
        options = AuditOptions(mode=mode, seed=bytes(16), rate=0.25)
        audit = Replay(source, corpus.world.pins, options, workers=1)
        reports.append(await audit.run())
        await source.close()
    assert reports[0].links == reports[1].links
    assert reports[0].findings == reports[1].findings
    assert [finding.code for finding in reports[0].findings] == [Code.RECORD_UNREADABLE]
    assert reports[0].links[0].checkpoint == 61


def test_a_selection_is_not_replayed(tmp_path: Path) -> None:
    path = tmp_path / "case"
    path.write_bytes(Corpus().case_bundle(1))
    with pytest.raises(NothingToBundle, match="needs all of a link"):
        BundleSource(path)


def test_the_commands_make_nothing_without_being_told_what(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = ["-o", str(tmp_path / "none"), "--pin", f"vn={'ab' * 32}"]
    for arguments, words in (
        (["--case", "ab" * 32], "Missing option '--link'"),
        (["--link", LINK], "where is Kafka?"),
        (["--link", "../x"], "is no link"),
        (["--link", LINK, "--case", "abc"], "is not 64 hexadecimal digits"),
        (["--link", LINK, "--period", "2025"], "expected such as 2025-01-01..2025-03-31"),
        (["--link", LINK, "--period", "2025-02-01..2025-01-01"], "lies before"),
        (
            ["--link", LINK, "--period", "2025-01-01..2025-02-01", "--by", "business-date"],
            "business dates are sealed",
        ),
    ):
        assert run(["audit", "bundle", *output, *arguments]) == 2
        assert words in " ".join(capsys.readouterr().err.split())
    assert list(tmp_path.iterdir()) == []


def test_verify_ends_with_0_for_good_1_for_wrong_and_2_for_what_is_no_bundle(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    corpus = Corpus()
    pins = [f"--pin={country}={root.hex()}" for country, root in corpus.world.pins.items()]
    path = tmp_path / "given"
    path.write_bytes(corpus.case_bundle(1))
    assert run(["audit", "verify", str(path), *pins]) == 0
    assert "Nothing is wrong." in capsys.readouterr().out
    path.write_bytes(corpus.case_bundle(1, corpus.papers(heads=(), checkpoints=())))
    assert run(["audit", "verify", str(path), *pins]) == 1
    assert "0 breaches and 1 doubts were found." in capsys.readouterr().out
    path.write_bytes(b"hello")
    assert run(["audit", "verify", str(path), *pins]) == 2
    assert "blo: the file ends inside the first bytes" in capsys.readouterr().err
    assert run(["audit", "verify", str(path)]) == 2
    path.write_bytes(corpus.case_bundle(1))
    config = tmp_path / "auditor.toml"
    roots = "".join(f'{country} = "{root.hex()}"\n' for country, root in corpus.world.pins.items())
    config.write_text(f"[trust.pins]\n{roots}")
    assert run(["audit", "verify", str(path), "--config", str(config)]) == 0
    config.write_text(f'[trust.pins]\nvn = "{"00" * 32}"\n')
    assert run(["audit", "verify", str(path), "--config", str(config)]) == 2


def test_replay_reads_a_bundle_by_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    corpus = Corpus()
    path, config = tmp_path / "given", tmp_path / "auditor.toml"
    path.write_bytes(corpus.link_bundle())
    lines = [f'{country} = "{root.hex()}"' for country, root in corpus.world.pins.items()]
    config.write_text("\n".join(["[trust.pins]", *lines, ""]))
    for mode in Mode:
        arguments = ["--config", str(config), "--from-bundle", str(path), "--mode", str(mode)]
        assert run(["audit", "replay", *arguments]) == 0
        out = capsys.readouterr().out
        assert "Audit of a log" in out
        assert "bundle given" in out


def test_a_disclosures_file_is_read_or_refused(tmp_path: Path) -> None:
    corpus = Corpus()
    disclosure = corpus.disclosure(A, 2)
    path = tmp_path / "given"
    path.write_bytes(encode(disclosure))
    assert read_disclosure(path) == disclosure
    path.write_bytes(b"x")
    with pytest.raises(NothingToBundle, match="blo agent disclose"):
        read_disclosure(path)


def test_a_disclosure_of_another_link_is_not_packed(tmp_path: Path) -> None:
    corpus = Corpus()

    async def both() -> None:
        await corpus.publish()
        other = Corpus(link=type(LINK)("elsewhere")).disclosure(A, 2)
        with pytest.raises(NothingToBundle, match="is about elsewhere"):
            await made(corpus, BundleRequest(link=LINK), tmp_path / "whole", other)

    asyncio.run(both())


def test_a_note_that_only_some_have_signed_is_the_word_of_those_alone() -> None:
    corpus = Corpus()
    place = SourcePartition(LINK, CORRIDOR, 0)
    directory, _ = judge_documents(corpus.world.documents, corpus.world.pins, "the world")
    findings = Findings(LINK)
    for signers in ((A,), (WITNESS,), (WITNESS, B)):
        note = corpus.checkpoint(None, signers)
        claim = read_checkpoint(note, place, directory, findings, partial=True)
        assert set(claim.signers) == set(signers)
        assert not claim.has_quorum
        with pytest.raises(UnsignedNote):
            read_checkpoint(note, place, directory, findings)
    late = corpus.checkpoint(None, (A,), seconds=2**40)
    with pytest.raises(UnsignedNote, match="nobody whose certificate counted"):
        read_checkpoint(late, place, directory, findings, partial=True)
    whole = read_checkpoint(corpus.checkpoint(), place, directory, findings)
    assert whole.has_quorum
    assert list(findings) == []
    assert whole.signers == (WITNESS, B, A)
