"""The checks of the audit hold on a log that is whole, and fail, with the place, when it is not."""

from __future__ import annotations

from typing import Any, Final

import msgspec
import pytest

from blo_audit.bundle.statement import BundleReport, DisclosureProof
from blo_audit.findings.codes import Code, Severity
from blo_audit.findings.findings import Finding
from blo_audit.findings.meanings import MEANINGS
from blo_audit.replay.signatures import Mode
from blo_audit.replay.statement import (
    LinkStatement,
    OutputsProof,
    ReplayStatement,
    StatementReach,
    ViewsProof,
)
from blo_lab.demo.audit import Audited, Bundled, audit_section
from blo_lab.demo.audit_checks import (
    check_audit,
    check_bundle,
    check_witnessed,
    tree_roots,
)
from blo_schemas.bundle import MANIFEST_VERSION, Counts, Manifest, Scope
from blo_schemas.hashes import leaf_hash
from blo_schemas.ids import CorridorId, Digest, LinkId, OfficeId
from blo_sealing.merkle import Frontier

USED: Final = LinkId("vn-kyson~la-xiengkhouang")
EMPTY: Final = LinkId("vn-quephong~la-xamtai")
SIZES: Final = {str(USED): 7, str(EMPTY): 0}
WITNESS: Final = OfficeId("vn-witness")
OFFICES: Final = (OfficeId("la-xiengkhouang"), OfficeId("vn-kyson"))


def root_of(size: int) -> Digest:
    tree = Frontier()
    for number in range(size):
        tree.append(leaf_hash(bytes([number])))
    return tree.root()


ROOTS: Final = {str(USED): bytes(root_of(7))}


# The witness.


def witnessed(checkpoint: int | None, records: int = 7, code: Code | None = None) -> Any:
    signers = () if checkpoint is None else (WITNESS, *OFFICES)
    link = statement(USED, records, checkpoint=checkpoint, checkpoint_signers=signers)
    findings = () if code is None else (finding(code),)
    return ReplayStatement(source="a log", mode=Mode.FULL, links=(link,), findings=findings)


def test_a_quorum_over_the_whole_log_holds_and_an_empty_log_needs_none() -> None:
    check = check_witnessed(witnessed(7), SIZES, ROOTS)
    assert check.ok, check.detail
    assert "(3 signatures)" in check.detail


@pytest.mark.parametrize(
    "report",
    [
        (None,),
        (6,),
        (7, 6),
        (7, 7, Code.HEADS_CONTRADICT),
    ],
)
def test_a_log_that_is_not_witnessed_to_its_end_fails(report: Any) -> None:
    check = check_witnessed(witnessed(*report), SIZES, ROOTS)
    assert not check.ok
    assert str(USED) in check.detail


# The replay.


def statement(link: LinkId, size: int, **changes: Any) -> LinkStatement:
    given = LinkStatement(
        link=link,
        records=size,
        log_hash="ab" * 32,
        tree_root=root_of(size).hex(),
        first_log_time=None,
        last_log_time=None,
        accepted=size,
        mode=Mode.FULL,
        verified=size,
        sample_rate=1.0,
        seed="",
        verified_from=None,
        heads=4,
        checkpoint=size or None,
        checkpoint_signers=(WITNESS, *OFFICES),
        words=tuple(StatementReach(office, size, size, 0) for office in OFFICES),
        views=ViewsProof(cases=1, agreed=3, differed=0, incomparable=0, unopened=0),
        outputs=OutputsProof(entries=size, checkpoints=1, cases=1, differed=0),
    )
    return msgspec.structs.replace(given, **changes)


def finding(code: Code) -> Finding:
    severity = MEANINGS[code].severity
    return Finding(
        code=code, severity=severity, link=USED, position=3, office=OFFICES[0], detail="seen"
    )


def replayed(
    *findings: Finding, mode: Mode = Mode.FULL, without: str = "", **changes: Any
) -> ReplayStatement:
    links = (statement(USED, 7, **changes), statement(EMPTY, 0, views=None, outputs=None))
    kept = tuple(one for one in links if one.link != without)
    return ReplayStatement(source="Kafka", mode=mode, links=kept, findings=findings)


def test_a_replay_that_proved_everything_holds_and_says_how_much() -> None:
    check = check_audit(replayed(finding(Code.STEP_CROSSED)), SIZES)
    assert check.ok, check.detail
    assert "7 records and 8 heads" in check.detail
    assert "1 note" in check.detail


@pytest.mark.parametrize("code", [one for one in Code if MEANINGS[one].severity != Severity.NOTE])
def test_every_breach_and_every_doubt_fails(code: Code) -> None:
    check = check_audit(replayed(finding(code)), SIZES)
    assert not check.ok
    assert str(code) in check.detail


@pytest.mark.parametrize(
    ("report", "words"),
    [
        (replayed(mode=Mode.AMORTISED), "mode amortised"),
        (replayed(without=USED), f"{USED}: it was not audited"),
        (replayed(without=EMPTY), f"{EMPTY}: it was not audited"),
        (replayed(stopped="the first records are gone"), "records are gone"),
        (replayed(records=6, verified=6), "6 of 6 records verified, 7 were sent"),
        (replayed(verified=6), "6 of 7 records verified"),
        (replayed(views=None), "views were not compared"),
        (replayed(views=ViewsProof(1, 0, 0, 0, 0)), "views were not compared"),
        (replayed(views=ViewsProof(1, 3, 0, 0, 1)), "views were not compared"),
        (replayed(outputs=None), "outputs were not all compared"),
        (replayed(outputs=OutputsProof(6, 1, 1, 0)), "outputs were not all compared"),
    ],
)
def test_a_replay_that_did_not_look_at_everything_fails(
    report: ReplayStatement, words: str
) -> None:
    check = check_audit(report, SIZES)
    assert not check.ok
    assert words in check.detail


# The bundle.


def bundled(
    *findings: Finding, link: LinkId = USED, size: int = 7, whole: Any = True, **changes: Any
) -> Bundled:
    manifest = Manifest(
        v=MANIFEST_VERSION,
        scope=Scope.LINK,
        link=link,
        corridor=CorridorId("la-vn"),
        size=size,
        case=None,
        start=None,
        end=None,
        first_day=None,
        last_day=None,
        counts=Counts(documents=1, heads=1, checkpoints=1, disclosures=0, records=size),
    )
    report = BundleReport(
        name="link.bundle",
        digest="cd" * 32,
        manifest=manifest,
        whole=statement(link, size, **changes) if whole else None,
        selected=None,
        disclosing=DisclosureProof(opened=0, alone=0, unshown=0, contents=()),
        findings=findings,
    )
    return Bundled(182_350, report)


def test_a_bundle_that_proves_the_log_that_was_played_holds() -> None:
    check = check_bundle(bundled(finding(Code.STEP_CROSSED)), SIZES, ROOTS)
    assert check.ok, check.detail
    assert f"{USED}, 7 records, 182.3 kB" in check.detail


def test_a_bundle_of_a_link_without_records_holds() -> None:
    assert check_bundle(bundled(link=EMPTY, size=0), SIZES, ROOTS).ok


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (bundled(finding(Code.BAD_SIGNATURE)), "bad_signature"),
        (bundled(finding(Code.CHECKPOINT_REFUSED)), "checkpoint_refused"),
        (bundled(whole=False), "not of the whole link"),
        (bundled(size=6), "6 of 7 records"),
        (bundled(verified=6), "6 of 7 records"),
        (bundled(tree_root="00" * 32), "another log"),
        (bundled(checkpoint=None), "covers 0 of 7"),
        (bundled(checkpoint=6), "covers 6 of 7"),
    ],
)
def test_a_bundle_that_proves_less_fails(made: Bundled, words: str) -> None:
    check = check_bundle(made, SIZES, ROOTS)
    assert not check.ok
    assert words in check.detail


# The report's section.


def test_the_section_has_the_statement_s_numbers() -> None:
    report = replayed(finding(Code.STEP_CROSSED), finding(Code.STEP_CROSSED))
    section = audit_section(Audited(report, bundled()))
    quorums = section.pop("quorums")
    assert quorums == [
        {
            "link": USED,
            "size": 7,
            "tree_root": root_of(7).hex(),
            "witness": WITNESS,
            "cosigned": list(OFFICES),
        }
    ]
    assert section == {
        "mode": "full",
        "records": 7,
        "signatures_verified": 7,
        "heads_verified": 8,
        "views_agreed": 3,
        "outputs_agreed": 9,
        "breaches": 0,
        "doubts": 0,
        "notes": 2,
        "findings": {"step_crossed": 2},
        "bundle": {"link": USED, "records": 7, "bytes": 182_350, "digest": "cd" * 32},
    }
    assert tree_roots([]) == {}
