"""The state file: a fold goes on from it as if it had never stopped; nothing in it can lie."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from blo_processors.errors import StateDamaged, StateInUse, StateUnwritable
from blo_processors.link import case_store
from blo_processors.snapshot.rules import rules_digest
from blo_processors.snapshot.series import SeriesSet
from blo_processors.snapshot.state_file import CHUNK_SIZE, StateFile
from blo_schemas.ids import CaseId
from blo_schemas.processor_state import StateRowKind
from blo_schemas.summary import SUMMARY_VERSION, Kind, Step, Summary, Urgency
from blo_sealing.keys import ContentKey, SummaryKey
from tests.processors.seeing import cases_of, plain
from tests.processors.stored import KEY, commit, new_fold, reopened
from tests.processors.world import VN, LinkWriter, World


@pytest.fixture(scope="module")
def long_writer(world: World) -> LinkWriter:
    """A log whose series fill chunks, with records that wait for a key."""
    made = LinkWriter(world, world.places[0], seed=8)
    made.play(330)
    secret = SummaryKey.generate(made.dice.randbytes)
    for _ in range(3):
        content = ContentKey.generate(made.dice.randbytes)
        made.contents[content.id] = content
        opening = Summary(SUMMARY_VERSION, Kind.VERIFICATION_REQUEST, Step.OPEN, Urgency.URGENT, 0)
        made.write(VN, content.id, opening, summary_key=secret)
        made.play(20)
    return made


@pytest.mark.parametrize("seed", range(6))
def test_a_fold_that_goes_on_from_its_file_is_the_fold_that_never_stopped(
    world: World,
    long_writer: LinkWriter,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    seed: int,
) -> None:
    monkeypatch.setattr(case_store.CaseStore.__init__, "__defaults__", (3, None))
    dice = random.Random(seed)
    path = tmp_path / "link.state"
    file = StateFile.create(path, KEY)
    state = new_fold(world, long_writer, SeriesSet(file))
    commit(state, long_writer, file)
    trail, alerts = {}, {}
    while state.size < len(long_writer.records):
        begun = state.size
        for record in long_writer.records[begun : begun + dice.randrange(1, 60)]:
            state.apply(record)
        effects = state.take_effects()
        trail.update(effects.trail)
        alerts.update({alert.id: alert for alert in effects.alerts})
        if dice.random() < 0.8:
            commit(state, long_writer, file)
        file.close()
        state, file = reopened(world, long_writer, path)
    expected = plain(world, long_writer)
    effects = expected.take_effects()
    assert cases_of(state) == cases_of(expected)
    assert len(state.cases) == len(expected.cases)
    assert trail == effects.trail
    assert alerts == {alert.id: alert for alert in effects.alerts}
    assert (state.log_hash, state.admissions) == (expected.log_hash, expected.admissions)
    assert state.fold.chain.snapshot() == expected.fold.chain.snapshot()
    assert list(state.fold.parked) == list(expected.fold.parked)
    assert state.peers == expected.peers
    assert [state.log_times[at] for at in range(state.size)] == [
        record.log_time for record in long_writer.records
    ]
    file.close()


def made_file(folder: Path) -> Path:
    path = folder / "link.state"
    file = StateFile.create(path, KEY)
    for number in range(300):
        file.put_closed(number.to_bytes(32, "big"), b"first %d" % number * 20)
    file.put_open(StateRowKind.CASE, b"case", b"first")
    file.put_parked(7, b"first")
    file.commit(b"first")
    file.close()
    return path


def test_another_key_opens_nothing(tmp_path: Path) -> None:
    path = made_file(tmp_path)
    with pytest.raises(StateDamaged):
        StateFile.open(path, bytes(32))
    with pytest.raises(ValueError, match="32 bytes"):
        StateFile.open(path, bytes(31))


def test_a_file_that_is_open_is_opened_by_nobody_else(tmp_path: Path) -> None:
    path = made_file(tmp_path)
    file = StateFile.open(path, KEY)
    with pytest.raises(StateInUse):
        StateFile.open(path, KEY)
    file.close()
    StateFile.open(path, KEY).close()


def test_what_was_not_committed_is_not_there(tmp_path: Path) -> None:
    path = made_file(tmp_path)
    file = StateFile.open(path, KEY)
    file.first()
    file.load_open()
    file.put_open(StateRowKind.CASE, b"case", b"second")
    file.put_closed(bytes(32), b"second")
    file.close()
    again = StateFile.open(path, KEY)
    assert again.first() == b"first"
    assert again.load_open()[StateRowKind.CASE] == {b"case": b"first"}
    assert again.closed(bytes(32)) == b"first 0" * 20
    again.close()


def test_each_flipped_byte_is_noticed_or_changes_nothing(tmp_path: Path) -> None:
    path = made_file(tmp_path)
    whole = path.read_bytes()
    dice = random.Random(3)
    noticed = 0
    for _ in range(60):
        at = dice.randrange(len(whole))
        path.write_bytes(
            whole[:at] + bytes((whole[at] ^ 1 << dice.randrange(8),)) + whole[at + 1 :]
        )
        try:
            read_all(path)
        except StateDamaged:
            noticed += 1
    assert noticed > 40


def test_no_mixture_of_pages_of_two_moments_is_taken_for_a_state(tmp_path: Path) -> None:
    """A page of an earlier moment of the same file has a good tag of its own."""
    path = made_file(tmp_path)
    before = path.read_bytes()
    file = StateFile.open(path, KEY)
    file.first()
    file.load_open()
    for number in range(0, 300, 3):
        file.put_closed(number.to_bytes(32, "big"), b"later %d" % number * 20)
    file.put_closed(bytes(31) + b"\xff" * 1, b"new")
    file.put_open(StateRowKind.CASE, b"case", b"later")
    file.put_open(StateRowKind.CASE, b"case 2", b"later")
    file.drop_parked(7)
    file.commit(b"later")
    file.close()
    after = path.read_bytes()
    states = {Moment.of(before, path), Moment.of(after, path)}
    assert len(states) == 2
    page = 4096
    dice = random.Random(1)
    mixed = 0
    for _ in range(200):
        share = dice.random()
        pages = [
            (before if dice.random() < share and at < len(before) else after)[at : at + page]
            for at in range(0, len(after), page)
        ]
        value = b"".join(pages)
        if value in (before, after):
            continue
        mixed += 1
        try:
            moment = Moment.of(value, path)
        except StateDamaged:
            continue
        assert moment in states
    assert mixed > 100


class Moment(tuple[object, ...]):
    """All that a file gives out."""

    @classmethod
    def of(cls, value: bytes, path: Path) -> Moment:
        path.write_bytes(value)
        return cls(read_all(path))


def read_all(path: Path) -> list[object]:
    """Reads everything that a start can read, in the way that a start reads it."""
    file = StateFile.open(path, KEY)
    try:
        read: list[object] = [file.first()]
        read.append(str(sorted(file.load_open().items())))
        read.extend(file.parked())
        read.extend(file.closed(number.to_bytes(32, "big")) for number in range(256))
    finally:
        file.close()
    return read


def test_a_missing_chunk_is_noticed_and_a_series_keeps_only_its_end_in_memory(
    tmp_path: Path,
) -> None:
    path = tmp_path / "link.state"
    file = StateFile.create(path, KEY)
    series = SeriesSet(file)("ids/vn-a")
    dice = random.Random(2)
    written = b""
    for _ in range(40):
        more = dice.randbytes(dice.randrange(2_000))
        series += more
        written += more
    assert len(series) == len(written) > 3 * CHUNK_SIZE
    assert len(series.tail) < CHUNK_SIZE
    for _ in range(300):
        start, stop = sorted(dice.randrange(len(written) + 9) for _ in range(2))
        assert series[start:stop] == written[start:stop]
        assert series.startswith(written[start : start + 32], start)
    file._rows("DELETE FROM series WHERE number = 1")
    with pytest.raises(StateDamaged, match="missing"):
        SeriesSet(file, {b"ids/vn-a": (3 * CHUNK_SIZE).to_bytes(8, "big")})("ids/vn-a")[
            CHUNK_SIZE : 2 * CHUNK_SIZE
        ]
    file.close()


def test_a_disk_that_is_full_says_what_to_do(tmp_path: Path) -> None:
    path = made_file(tmp_path)
    file = StateFile.open(path, KEY)
    file.first()
    file._connection.pragma("max_page_count", 40)

    def fill() -> None:
        for number in range(10_000):
            file.put_closed(number.to_bytes(32, "little"), bytes(2_000))

    with pytest.raises(StateUnwritable, match="make room"):
        fill()
    file.close()
    assert read_all(path)[0] == b"first"
    with pytest.raises(StateUnwritable):
        StateFile.create(tmp_path / "nowhere" / "link.state", KEY)


def test_a_case_that_is_not_there_is_not_there(tmp_path: Path) -> None:
    file = StateFile.create(tmp_path / "link.state", KEY)
    assert file.closed(CaseId(bytes(32))) is None
    file.close()


def test_the_rules_have_one_digest_in_a_program() -> None:
    assert rules_digest() == rules_digest()
    assert len(rules_digest()) == 32
