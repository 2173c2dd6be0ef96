"""Replays of honest logs of many shapes, and what they say was proved."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from blo_audit.errors import NothingToAudit, NoTrust
from blo_audit.findings.codes import Code, Severity
from blo_audit.findings.meanings import MEANINGS
from blo_audit.replay.options import AuditOptions
from blo_audit.replay.run import Replay
from blo_audit.replay.signatures import NEVER, Mode, Sample, unseen
from blo_audit.replay.statement import ReplayStatement, not_proved, proved
from blo_audit.replay.verdicts import CODES
from blo_audit.spill_files import SpillBuffer, SpillFolder
from blo_projection.link_chain import LinkChain
from blo_schemas.event import LogRecord
from blo_schemas.ids import Digest, LinkId, OfficeId
from blo_schemas.trust import Role
from blo_schemas.verdicts import Reason
from blo_sealing.tlog import Checkpoint, cosign, merge, origin_of, sign_checkpoint
from tests.audit.exhibits import (
    DAY,
    HOUR,
    LINK,
    SEED,
    Exhibit,
    World,
    Writer,
    audit,
    exhibit_of,
    found,
    observer,
    renumbered,
)
from tests.audit.mutations import ALL
from tests.audit.scene import SIZE, scene
from tests.audit.table import explained
from tests.processors.world import CORRIDOR, LA, VN

WITNESS = OfficeId("vn-witness")


def _plays(writer: Writer, count: int) -> None:
    target = len(writer.records) + count
    while len(writer.records) < target:
        if not writer.contents or writer.dice.random() < 0.3:
            writer.open(writer.dice.choice((VN, LA)))
        else:
            writer._move(writer.dice.choice(list(writer.contents)[-6:]))
        if writer.dice.random() < 0.15:
            writer.say(writer.dice.choice((VN, LA)))


def _shapes(seed: int) -> tuple[World, Exhibit]:
    """An honest history, in which everything happens that may."""
    dice = random.Random(seed)
    world = World(seed=seed)
    writer = Writer(world, world.places[0], seed)
    for _ in range(dice.randrange(3, 7)):
        _plays(writer, dice.randrange(3, 12))
        match dice.randrange(6):
            case 0:  # an acknowledgement was lost
                writer.put(writer.records[-1].value)
            case 1:  # a certificate is renewed
                world.renew(dice.choice((VN, LA)), writer.now)
                world.reload(writer)
            case 2:  # the line was down for days
                writer.now += dice.randrange(1, 5) * DAY
            case 3:  # a key is revoked from the next record on, and replaced
                office = dice.choice((VN, LA))
                certified = world.directory.certificates(office)[-1]
                cut = [(LINK, len(writer.records))]
                world.documents.append(world.revoke(certified.id, writer.now, cut))
                world.renew(office, writer.now)
                world.reload(writer)
            case 4:  # an agent folds its link again, and says so before it is at the end
                if writer.heads:
                    writer.heads.append(writer.heads[0])
                writer.say(VN, LA)
            case _:
                writer.say(VN, LA)
    return world, exhibit_of(world, writer)


@pytest.mark.parametrize("seed", range(12))
def test_an_honest_log_of_any_shape_gives_no_breach(seed: int) -> None:
    world, exhibit = _shapes(seed)
    for mode in Mode:
        for identity in (None, observer(world)):
            report = audit(exhibit, mode, identity=identity, rate=0.3)
            assert report.count(Severity.BREACH) == 0, report.findings
            [link] = report.links
            assert link.records == len(exhibit.records_[LINK])
            if identity is not None:
                assert link.views is not None
                assert link.views.differed == 0


def test_what_was_written_over_the_end_of_a_certificate_is_told_and_blames_nobody() -> None:
    world = World(seed=3)
    writer = Writer(world, world.places[0], 3)
    _plays(writer, 10)
    world.renew(VN, writer.now, not_after=writer.now + HOUR)
    world.reload(writer)
    _plays(writer, 5)
    writer.now += 2 * HOUR
    # Three events wait for the line, each following the one before; all come too late.
    place = writer.fold.chain.next_place(VN)
    for _ in range(3):
        late = _seal_at(writer, place)
        writer.put(late.value)
        place = msgspec.structs.replace(place, oseq=place.oseq + 1, oprev=late.id)
    world.renew(VN, writer.now)
    world.reload(writer)
    # One was sealed under the new certificate behind them, before the agent noticed.
    writer.put(_seal_at(writer, place).value)
    _plays(writer, 5)
    writer.say(VN, LA)
    report = audit(exhibit_of(world, writer))
    codes = {one.code for one in report.findings}
    assert {Code.KEY_OUTSIDE_VALIDITY, Code.FOLLOWS_REFUSED} <= codes
    assert report.clean, report.findings


def _seal_at(writer: Writer, place: object):  # type: ignore[no-untyped-def]
    from datetime import date

    from blo_schemas.content import Content
    from blo_sealing.keys import ContentKey
    from blo_sealing.seal_event import seal_event
    from tests.audit.exhibits import opening

    return seal_event(
        writer.author(VN),
        place,  # type: ignore[arg-type]
        at=writer.now,
        content_key=ContentKey.generate(writer.dice.randbytes),
        summary_key=writer.key_of(VN),
        summary=opening(),
        content=Content(date(2025, 2, 20), None, None, b"\x80", 1),
        random=writer.dice.randbytes,
    )


def test_what_rests_on_one_signature_is_said_with_its_position() -> None:
    report = audit(scene().exhibit)
    said = " ".join(not_proved(report.links[0]))
    assert "no head after record 57 of vn-a, and its word ends before record 58" in said
    assert "the last 2 records rest on the other signatures alone" in said
    [one] = [one for one in found(report, Code.END_UNCOVERED) if one.link == LINK]
    assert (one.position, one.office) == (58, VN)


def test_what_was_proved_is_said_in_numbers_that_read_well() -> None:
    one = audit(scene().exhibit, identity=observer(scene().world)).links[0]
    assert one.views is not None
    single = msgspec.structs.replace(
        one,
        records=1,
        last_log_time=one.first_log_time,
        checkpoint=1,
        words=tuple(msgspec.structs.replace(word, upto=1, after=0) for word in one.words),
        views=msgspec.structs.replace(one.views, cases=1),
    )
    said = " ".join(proved(single))
    for words in ("has 1 record, at ", "to have read all of it.", "over 1 record by", "of 1 case "):
        assert words in said
    behind = tuple(msgspec.structs.replace(word, upto=2, after=1) for word in one.words)
    assert "to have read the first 2 records of it." in " ".join(
        proved(msgspec.structs.replace(one, words=behind))
    )


def test_of_an_empty_log_only_that_is_said() -> None:
    one = audit(scene().exhibit).links[0]
    empty = msgspec.structs.replace(
        one, records=0, first_log_time=None, last_log_time=None, checkpoint=None, words=()
    )
    assert proved(empty) == [f"The log of {LINK} has 0 records; its hash is {one.log_hash}."]
    assert not any("No checkpoint" in words for words in not_proved(empty))


def test_an_auditor_without_keys_is_told_what_that_leaves_unproved() -> None:
    bare = audit(scene().exhibit).links[0]
    assert bare.views is None
    assert any("Without summary keys" in one for one in not_proved(bare))
    keyed = audit(scene().exhibit, identity=observer(scene().world)).links[0]
    assert keyed.views is not None
    assert keyed.views.agreed == keyed.heads == 13
    assert any("13 signed digests" in one for one in proved(keyed))


def test_missing_summary_keys_are_a_note_and_the_digests_incomparable() -> None:
    exhibit = scene().exhibit.copy()
    exhibit.grants_[LINK].clear()
    report = audit(exhibit, identity=observer(scene().world))
    assert report.clean
    assert found(report, Code.KEYS_MISSING)[0].position == 0
    views = report.links[0].views
    assert views is not None
    assert (views.agreed, views.incomparable) == (0, 13)


def test_amortised_states_its_odds_and_its_seed_and_can_be_drawn_again() -> None:
    one, other = (audit(scene().exhibit, Mode.AMORTISED, rate=0.25).links[0] for _ in range(2))
    assert one == other
    assert 0 < one.verified < SIZE
    assert one.seed == SEED.hex()
    assert one.odds()[10] == pytest.approx(0.75**10)
    assert SEED.hex() in " ".join(not_proved(one))
    assert one.verified_from == 54


def test_with_luck_amortised_finds_what_offices_that_lie_together_forged() -> None:
    [mutation] = [one for one in ALL if one.name == "colluding_forgery"]
    exhibit = scene().exhibit.copy()
    mutation.spoil(scene(), exhibit)
    report = audit(exhibit, Mode.AMORTISED, rate=1.0)
    assert found(report, Code.BAD_SIGNATURE)


def test_a_sample_follows_from_its_seed_and_has_the_rate_that_was_asked_for() -> None:
    def positions(seed: bytes, rate: float, link: LinkId = LINK) -> list[int]:
        sample = Sample(seed, link, rate)
        drawn = [sample.next()]
        while drawn[-1] < 20_000:
            drawn.append(sample.next())
        return drawn[:-1]

    drawn = positions(SEED, 0.05)
    assert drawn == positions(SEED, 0.05) == sorted(set(drawn))
    assert drawn != positions(bytes(16), 0.05)
    assert drawn != positions(SEED, 0.05, LinkId("link-1"))
    assert 800 < len(drawn) < 1200
    assert positions(SEED, 1.0) == list(range(20_000))
    assert Sample(SEED, LINK, 0.0).next() == NEVER
    assert unseen(0.5, 3) == 0.125


def test_a_spill_answers_as_bytes_in_memory_do() -> None:
    dice = random.Random(5)
    spill_folder = SpillFolder()
    plain, spill = bytearray(), spill_folder.buffer()
    small = SpillBuffer(spill._file, window=64)
    for _ in range(500):
        more = dice.randbytes(dice.randrange(40))
        plain += more
        small += more
        start = dice.randrange(len(plain) + 5)
        stop = start + dice.randrange(100)
        assert small[start:stop] == plain[start:stop]
        prefix = bytes(plain[start:stop]) or b"x"
        assert small.startswith(prefix, start) == plain.startswith(prefix, start)
        assert not small.startswith(prefix + b"?!", start)
        assert len(small) == len(plain)
    spill_folder.close()


_KEYS, _, _CERTIFICATE = scene().stranger(WITNESS, role=Role.WITNESS)


def _note(signers: Sequence[OfficeId], size: int, root: bytes | None = None) -> bytes:
    """A checkpoint of the scene's first link."""
    if root is None:
        chain = LinkChain(LINK, scene().world.directory.link_trust(LINK))
        for record in scene().writer.records[:size]:
            chain.admit(record)
        root = chain.tree_root()
    checkpoint = Checkpoint(origin_of(CORRIDOR, LINK), size, Digest(root))
    second = scene().writer.now // 1000
    return merge(
        [
            sign_checkpoint(checkpoint, signer, _KEYS.signing)
            if signer == WITNESS
            else cosign(checkpoint, signer, scene().world.keys[signer].signing, second)
            for signer in signers
        ]
    ).encode()


def _with_notes(*notes: bytes, mode: Mode = Mode.FULL) -> ReplayStatement:
    exhibit = scene().exhibit.copy()
    exhibit.heads_[LINK] += notes
    exhibit.documents_.append(_CERTIFICATE)
    return audit(exhibit, mode, links=[LINK])


def test_a_checkpoint_of_all_parties_and_a_witness_joins_what_is_proved() -> None:
    report = _with_notes(_note([WITNESS, VN, LA], SIZE), mode=Mode.AMORTISED)
    [link] = report.links
    assert report.clean
    assert (link.checkpoint, link.checkpoint_signers) == (SIZE, (WITNESS, LA, VN))
    assert link.verified_from == SIZE
    assert all(word.after == 0 for word in link.words)


def test_a_checkpoint_without_everybody_is_only_its_signers_word() -> None:
    [link] = _with_notes(_note([WITNESS, VN], SIZE)).links
    assert link.checkpoint is None
    assert {word.office: word.upto for word in link.words} == {VN: SIZE, LA: SIZE}


@pytest.mark.parametrize(
    ("note", "code"),
    [
        (_note([WITNESS, VN, LA], 30, bytes(32)), Code.CHECKPOINT_DIFFERS),
        (_note([WITNESS, VN, LA], SIZE + 1, bytes(32)), Code.CHECKPOINT_BEYOND_LOG),
        (_note([WITNESS, VN, LA], 54, bytes(32)), Code.HEADS_CONTRADICT),
        (_note([WITNESS, VN, LA], SIZE)[:-9], Code.CHECKPOINT_REFUSED),
    ],
)
def test_a_checkpoint_that_does_not_fit_is_found(note: bytes, code: Code) -> None:
    assert found(_with_notes(note), code)


def test_without_a_pinned_root_nothing_can_be_audited() -> None:
    exhibit = scene().exhibit.copy()
    exhibit.pins = {country: bytes(32) for country in exhibit.pins}  # type: ignore[misc]
    with pytest.raises(NoTrust, match="fingerprints"):
        audit(exhibit)


def test_a_link_that_nobody_agreed_is_told() -> None:
    report = audit(scene().exhibit, links=[LinkId("link-9"), LINK])
    assert found(report, Code.NOT_AGREED)
    assert [one.link for one in report.links] == [LINK]


def test_without_any_link_there_is_nothing_to_audit() -> None:
    exhibit = scene().exhibit.copy()
    exhibit.documents_ = exhibit.documents_[:2]
    with pytest.raises(NothingToAudit, match="none"):
        audit(exhibit)


def test_many_equal_findings_are_counted_and_do_not_pile_up() -> None:
    exhibit = scene().exhibit.copy()
    held = exhibit.records_[LINK]
    rubbish = [msgspec.structs.replace(held[0], value=b"") for _ in range(3000)]
    exhibit.records_[LINK] = renumbered([*held, *rubbish])
    told = found(audit(exhibit), Code.RECORD_UNREADABLE)
    assert len(told) == 11
    assert sum(one.count for one in told) == 3000
    assert told[-1].last == SIZE + 2999


def test_every_reason_is_a_finding_and_every_finding_is_explained(project_root: Path) -> None:
    assert set(CODES) == set(Reason)
    assert set(MEANINGS) == set(Code)
    page = (project_root / "docs" / "audit.md").read_text()
    assert explained(page) == page, "run: python -m tests.audit.table"


def test_where_time_is_simulated_no_clock_is_compared_and_the_statement_says_so() -> None:
    exhibit = scene().exhibit.copy()
    link = next(iter(exhibit.records_))
    month = 30 * 86_400_000
    exhibit.records_[link] = [
        LogRecord(record.position, record.log_time - month, record.value)
        for record in exhibit.records_[link]
    ]
    for simulated in (False, True):
        options = AuditOptions(mode=Mode.FULL, seed=b"", simulated_time=simulated)
        replay = Replay(exhibit, exhibit.pins, options, workers=1)
        report = asyncio.run(replay.run(links=[link]))
        (statement,) = report.links
        assert report.clean == simulated
        words = " ".join(not_proved(statement))
        assert ("no clock was compared with another" in words) == simulated
