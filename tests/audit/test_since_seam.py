"""Statements that no replay goes on from, and logs that are not those of the statement."""

from __future__ import annotations

import io
import os
import random
from collections.abc import AsyncIterator, Sequence
from hashlib import sha256

import pytest

from blo_audit.auditor import Auditor
from blo_audit.errors import StatementRefused
from blo_audit.findings.codes import Code
from blo_audit.replay import earlier, seam, state_file
from blo_audit.replay.leaves import LeafColumn
from blo_audit.replay.options import AuditOptions
from blo_audit.replay.signatures import Mode
from blo_audit.replay.sources import SourcePartition
from blo_audit.replay.state_file import EarlierStatement
from blo_audit.replay.statement import ReplayStatement, not_proved, proved
from blo_schemas.event import LogRecord
from blo_schemas.ids import CountryId, DocumentId, OfficeId
from blo_schemas.trust import Role
from blo_sealing.identity import ProgramIdentity
from blo_sealing.keys import NodeKeys
from blo_sealing.merkle import MerkleTree
from tests.audit.exhibits import LINK, OTHER, SEED, Exhibit, audit, flip, found, observer
from tests.audit.scene import SIZE, append, drop, replace, retime, scene
from tests.audit.since import AUDITOR, earlier_than, replay
from tests.audit.test_replay import _shapes
from tests.processors.world import LA, VN

CUT = 40


def _statement(exhibit: Exhibit, cut: int = CUT, **more: object) -> bytes:
    """The statement over the first records of the first link and all of the other one."""
    return replay(earlier_than(exhibit, {LINK: cut}), exhibit.pins, **more)[1]  # type: ignore[arg-type]


def _since(exhibit: Exhibit, statement: bytes, **more: object) -> ReplayStatement:
    return replay(exhibit, exhibit.pins, since=statement, **more)[0]  # type: ignore[arg-type]


def _lines(report: ReplayStatement) -> list[str]:
    return sorted(map(str, report.findings))


@pytest.fixture
def exhibit() -> Exhibit:
    return scene().exhibit.copy()


@pytest.fixture(scope="module")
def statement() -> bytes:
    return _statement(scene().exhibit)


def test_what_is_not_read_again_is_said_and_on_what_it_rests(
    exhibit: Exhibit, statement: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(earlier, "OVERLAP", 4)
    read: list[int] = []
    records = exhibit.records

    async def watched(place: SourcePartition, first: int = 0) -> AsyncIterator[Sequence[LogRecord]]:
        async for batch in records(place, first):
            if place.link == LINK:
                read.extend(record.position for record in batch)
            yield batch

    monkeypatch.setattr(exhibit, "records", watched)
    link = _since(exhibit, statement).links[0]
    # The exhibit gives seven records at a time.
    assert set(read) == {*range(7), *range(CUT - 4, SIZE)}
    assert link.earlier is not None
    assert (link.earlier.size, link.earlier.reread) == (CUT, 5)
    words = " ".join(proved(link))
    digest = EarlierStatement(io.BytesIO(statement), "earlier", AUDITOR).digest.hex()
    assert f"rest on this auditor's own statement {digest[:16]}…" in words
    assert f"Records 0 to {CUT - 1} were read on" in words
    assert "5 of these records were read again" in words
    assert f"{CUT - 5} of the records before record {CUT} were not read again" in " ".join(
        not_proved(link)
    )


@pytest.mark.parametrize("seed", range(4))
def test_amortised_replays_of_honest_logs_find_the_same_in_parts(seed: int) -> None:
    _, exhibit = _shapes(seed)
    whole = audit(exhibit, Mode.AMORTISED, rate=0.3)
    cut = len(exhibit.records_[LINK]) // 2
    statement = _statement(exhibit, cut, mode=Mode.AMORTISED, rate=0.3)
    report = _since(exhibit, statement, mode=Mode.AMORTISED, rate=0.3)
    assert _lines(report) == _lines(whole)
    full = _since(exhibit, statement)
    words = " ".join(proved(full.links[0]))
    assert f"Every signature of every record from {cut} on was verified." in words
    assert "a sample of one in 3 " in words


def test_records_whose_keys_came_late_are_judged_then(exhibit: Exhibit) -> None:
    identity = observer(scene().world)
    before = earlier_than(exhibit, {LINK: CUT})
    before.grants_[LINK] = before.grants_[LINK][:1]
    report, statement = replay(before, exhibit.pins, identity=identity)
    assert found(report, Code.KEYS_MISSING)
    later = _since(exhibit, statement, identity=identity)
    whole = audit(exhibit, identity=identity)
    assert _lines(later) == _lines(whole)
    assert later.links[0].views is not None
    assert whole.links[0].views is not None
    assert later.links[0].views.cases == whole.links[0].views.cases
    assert later.links[0].views.unopened == 0


def test_a_record_that_waited_for_its_key_must_be_the_one_that_was_read(exhibit: Exhibit) -> None:
    identity = observer(scene().world)
    before = earlier_than(exhibit, {LINK: CUT})
    before.grants_[LINK] = []
    _, statement = replay(before, exhibit.pins, identity=identity)
    monkey = pytest.MonkeyPatch()
    with monkey.context() as patch:
        patch.setattr(earlier, "OVERLAP", 4)
        replace(exhibit, 10, flip)
        report = _since(exhibit, statement, identity=identity)
    assert [finding.position for finding in found(report, Code.LOG_REWRITTEN)] == [10]


def test_views_that_were_not_judged_then_are_judged_from_the_first_record(
    exhibit: Exhibit, statement: bytes
) -> None:
    identity = observer(scene().world)
    report = _since(exhibit, statement, identity=identity)
    assert _lines(report) == _lines(audit(exhibit, identity=identity))
    assert "because no steps were judged then" in " ".join(proved(report.links[0]))


def test_a_statement_of_a_link_that_was_not_read_to_its_end_says_nothing_of_it(
    exhibit: Exhibit,
) -> None:
    holed = exhibit.copy()
    del holed.records_[LINK][5]
    report = _since(exhibit, _statement(holed))
    assert "because the statement says nothing of link-0" in " ".join(proved(report.links[0]))
    assert report.links[1].earlier is not None
    assert _lines(report) == _lines(audit(exhibit))


# Trust documents.


def test_a_renewed_certificate_lets_the_replay_go_on(exhibit: Exhibit, statement: bytes) -> None:
    _, _, renewed = scene().stranger(VN, not_before=0)
    exhibit.documents_.append(renewed)
    report = _since(exhibit, statement)
    assert [link.earlier is not None for link in report.links] == [True, True]
    assert _lines(report) == _lines(audit(exhibit))


@pytest.mark.parametrize(("from_size", "goes_on"), [(CUT, True), (CUT - 10, False)])
def test_a_revocation_reaches_back_as_far_as_it_says(
    exhibit: Exhibit, statement: bytes, from_size: int, goes_on: bool
) -> None:
    world = scene().world
    cut = [(LINK, from_size), (OTHER, 10**6)]
    exhibit.documents_.append(world.revoke(scene().certified(LA).id, 2**41, cut))
    report = _since(exhibit, statement)
    link = report.links[0]
    assert (link.earlier is not None) is goes_on
    assert goes_on or "trust documents of today say something else" in " ".join(proved(link))
    assert _lines(report) == _lines(audit(exhibit))


def test_a_stranger_whose_certificate_comes_later_is_named(exhibit: Exhibit) -> None:
    keys, tag, document = scene().stranger(VN, role=Role.WITNESS)
    append(exhibit, scene().seal(VN, keys=keys, kid=tag))
    statement = _statement(exhibit, SIZE + 1)
    exhibit.documents_.append(document)
    report = _since(exhibit, statement)
    assert found(report, Code.NOT_A_PARTY)
    assert _lines(report) == _lines(audit(exhibit))


def test_a_document_that_is_no_longer_there_is_told(exhibit: Exhibit) -> None:
    revoked = exhibit.copy()
    world = scene().world
    revocation = world.revoke(scene().certified(LA).id, 2**41, [(LINK, CUT), (OTHER, 10**6)])
    revoked.documents_.append(revocation)
    report = _since(exhibit, _statement(revoked))
    [missing] = found(report, Code.DOCUMENT_WITHHELD)
    assert missing.link is None
    assert report.links[0].reread is not None


# The log at its seam.


@pytest.mark.parametrize("spoil", ["cut", "altered", "retimed", "first", "hole"])
def test_a_log_that_differs_at_its_seam_is_a_finding_and_read_from_the_first_record(
    exhibit: Exhibit, statement: bytes, spoil: str
) -> None:
    match spoil:
        case "cut":
            exhibit.records_[LINK] = exhibit.records_[LINK][: CUT - 3]
        case "altered":
            replace(exhibit, CUT - 2, flip)
        case "retimed":
            retime(exhibit, CUT - 2, 1)
        case "first":
            replace(exhibit, 0, flip)
        case _:
            drop(exhibit, CUT - 5)
    report = _since(exhibit, statement)
    assert len(found(report, Code.LOG_REWRITTEN)) == 1
    assert not report.clean
    words = " ".join(proved(report.links[0]))
    assert "It was read from its first record, because the log is not the one" in words
    rest = [line for line in _lines(report) if "log_rewritten" not in line]
    assert rest == _lines(audit(exhibit))


def test_a_log_rewritten_far_below_the_seam_contradicts_the_heads_that_cover_more(
    exhibit: Exhibit, statement: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(earlier, "OVERLAP", 4)
    replace(exhibit, 10, flip)
    report = _since(exhibit, statement)
    # Nothing was read that shows it; the heads still fit what the auditor had read.
    assert report.clean
    assert "were not read again" in " ".join(not_proved(report.links[0]))
    # Offices that were shown the rewritten log sign another hash than the auditor has.
    chain = scene().chain_of(exhibit)
    head = scene().writer.sign(VN, log_hash=chain.log_hash, tree_root=chain.tree_root())
    exhibit.heads_[LINK].append(head)
    assert found(_since(exhibit, statement), Code.HEAD_OF_ANOTHER_LOG)


# Statements.


def test_whatever_is_damaged_in_a_statement_is_refused(exhibit: Exhibit, statement: bytes) -> None:
    dice = random.Random(1)
    places = {*range(40), *range(len(statement) - 300, len(statement))}
    places |= set(dice.sample(range(len(statement)), 150))
    for place in sorted(places):
        spoiled = bytearray(statement)
        spoiled[place] ^= 1 << dice.randrange(8)
        with pytest.raises(StatementRefused, match="Replay from the first record"):
            _since(exhibit, bytes(spoiled))
    for size in (0, 10, 50, len(statement) // 2, len(statement) - 1):
        with pytest.raises(StatementRefused):
            _since(exhibit, statement[:size])


def test_only_the_auditors_own_statement_counts(exhibit: Exhibit, statement: bytes) -> None:
    keys = NodeKeys.generate(os.urandom)
    other = Auditor(ProgramIdentity(OfficeId("vn-inspector"), (keys,), Role.OBSERVER))
    with pytest.raises(StatementRefused, match="not signed with a key of vn-inspector"):
        _since(exhibit, statement, auditor=other)


def test_a_statement_under_other_roots_options_or_rules_is_refused(
    exhibit: Exhibit, statement: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = AuditOptions(seed=SEED, tolerance_ms=1000)
    with pytest.raises(StatementRefused, match="clock tolerance"):
        _since(exhibit, statement, options=options)
    options = AuditOptions(seed=SEED, outputs=True)
    with pytest.raises(StatementRefused, match="--outputs"):
        _since(exhibit, statement, options=options)
    fewer = dict(exhibit.pins)
    fewer[CountryId("vn")] = DocumentId(sha256().digest())
    with pytest.raises(StatementRefused, match="other roots"):
        replay(exhibit, fewer, since=statement)
    monkeypatch.setattr(state_file, "RULES", seam.RULES + 1)
    with pytest.raises(StatementRefused, match=f"follows rules {seam.RULES}"):
        _since(exhibit, statement)


def test_the_root_over_fewer_records_is_that_of_their_tree(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("blo_audit.replay.leaves.BLOCK", 4)
    monkeypatch.setattr("blo_audit.replay.leaves._BLOCK_BYTES", 4 * 32)
    tree = MerkleTree()
    column = LeafColumn(bytearray(), bytearray())
    for number in range(30):
        leaf = sha256(bytes([number])).digest()
        tree.append(leaf)
        column.append(leaf)
    for size in range(31):
        assert column.root_at(size) == tree.root(size)
