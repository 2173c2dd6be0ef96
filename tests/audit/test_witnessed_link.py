"""What a witness may sign, and what its state file is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blo_audit.errors import WitnessStateError
from blo_audit.witness.link import WitnessedLink
from blo_audit.witness.state import LastSigned, WitnessState
from blo_schemas.hashes import leaf_hash
from blo_schemas.ids import CorridorId, Digest, LinkId, OfficeId
from blo_sealing.merkle import MerkleTree
from blo_sealing.tlog import Checkpoint, origin_of

LINK = LinkId("vn-a~la-b")
CORRIDOR = CorridorId("la-vn")
WITNESS = OfficeId("vn-witness")


def record(n: int, fork: int = 0) -> bytes:
    return b"%d %d" % (n, fork)


def true_tree(size: int) -> Checkpoint:
    root = MerkleTree([leaf_hash(record(n)) for n in range(size)]).root()
    return Checkpoint(origin_of(CORRIDOR, LINK), size, root)


def fresh(signed: LastSigned | None = None) -> WitnessedLink:
    return WitnessedLink(LINK, CORRIDOR, 0, signed)


def feed(link: WitnessedLink, until: int, forked_from: int = 10**9) -> None:
    for n in range(link.position, until):
        link.feed(n, record(n, fork=n >= forked_from), n)


def sign(link: WitnessedLink) -> LastSigned:
    checkpoint = link.due()
    assert checkpoint is not None
    return link.signing(checkpoint, b"note")


@given(
    st.lists(
        st.tuples(
            st.sampled_from(
                ["feed", "sign", "restart", "lose", "lose and fork", "restart and fork"]
            ),
            st.integers(0, 5),
        ),
        max_size=30,
    )
)
def test_all_that_is_ever_signed_continues_all_that_was_signed(
    steps: list[tuple[str, int]],
) -> None:
    """Whatever happens to the process, its state and the log, and in whatever order."""
    state: LastSigned | None = None
    published: list[Checkpoint] = []
    link = fresh()
    size, forked_from = 0, 10**9
    for what, count in steps:
        if what == "feed":
            size += count
        elif what == "sign":
            checkpoint = link.due()
            if checkpoint is not None:
                state = link.signing(checkpoint, b"note")
                published.append(checkpoint)
        else:
            if "lose" in what:
                state = None
            if "fork" in what:
                forked_from = min(forked_from, max(0, size - count))
            link = fresh(state)
            for one in published:
                link.bind(one)
            link.ended_at(size)
        feed(link, size, forked_from)
    for one in published:
        if forked_from >= one.size:
            assert one == true_tree(one.size)
    # Two signed trees of one size are one tree; a larger one was built on it.
    assert len({one.size for one in published}) == len(set(published))


def test_a_tree_is_signed_once() -> None:
    link = fresh()
    assert link.due() is None
    feed(link, 3)
    assert link.due() == true_tree(3)
    sign(link)
    assert link.due() is None
    feed(link, 4)
    assert link.due() == true_tree(4)


def test_nothing_is_signed_before_all_that_was_published_is_reached() -> None:
    link = fresh()
    link.bind(true_tree(2))
    link.bind(true_tree(5))
    feed(link, 4)
    assert link.due() is None
    feed(link, 6)
    assert link.due() == true_tree(6)


def test_another_tree_than_was_published_stops_it() -> None:
    link = fresh()
    link.bind(true_tree(5))
    feed(link, 6, forked_from=3)
    assert link.due() is None
    assert link.stopped is not None
    assert "shown two logs" in link.stopped


def test_two_published_trees_of_one_size_stop_it() -> None:
    link = fresh()
    link.bind(true_tree(5))
    link.bind(Checkpoint(true_tree(5).origin, 5, Digest(bytes(32))))
    feed(link, 6)
    assert link.due() is None
    assert link.stopped is not None
    assert "used elsewhere" in link.stopped


def test_the_last_record_is_looked_at_again_after_a_start() -> None:
    link = fresh()
    feed(link, 3)
    again = fresh(sign(link))
    assert again.position == 2
    assert again.due() is None
    feed(again, 4)
    assert again.due() == true_tree(4)


@pytest.mark.parametrize(("offset", "value"), [(2, b"another"), (3, record(3))])
def test_another_record_there_stops_it(offset: int, value: bytes) -> None:
    link = fresh()
    feed(link, 3)
    again = fresh(sign(link))
    again.feed(offset, value, 0)
    assert again.stopped is not None
    assert "made anew" in again.stopped


def test_a_gap_and_a_cut_stop_it() -> None:
    link = fresh()
    feed(link, 2)
    link.feed(3, record(3), 0)
    assert link.stopped is not None
    assert "is missing" in link.stopped
    link = fresh()
    feed(link, 2)
    state = sign(link)
    for end, cut in ((2, False), (1, True)):
        again = fresh(state)
        again.ended_at(end)
        assert (again.stopped is not None) == cut
    bound = fresh()
    bound.bind(true_tree(5))
    bound.ended_at(4)
    assert bound.stopped is not None


# The state file.


def signed(size: int) -> LastSigned:
    link = fresh()
    feed(link, size)
    return sign(link)


def test_the_state_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    state = WitnessState(path, WITNESS)
    assert state.get(LINK) is None
    state.put(LINK, signed(5))
    state.put(LinkId("vn-c~la-d"), signed(2))
    again = WitnessState(path, WITNESS)
    assert again.get(LINK) == signed(5)
    assert again.get(LinkId("vn-c~la-d")) == signed(2)
    assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("damage", ["cut", "root", "peaks", "witness", "version", "folder"])
def test_a_damaged_state_is_refused_with_what_to_do(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "state.json"
    WitnessState(path, WITNESS).put(LINK, signed(5))
    told = json.loads(path.read_text())
    match damage:
        case "cut":
            path.write_bytes(path.read_bytes()[:-20])
        case "folder":
            path.unlink()
            path.mkdir()
        case _:
            entry = told["links"][LINK]
            other = json.loads(json.dumps(told))
            if damage == "root":
                other["links"][LINK]["root"] = entry["leaf"]
            elif damage == "peaks":
                other["links"][LINK]["peaks"] = entry["leaf"]
            elif damage == "witness":
                other["witness"] = "la-witness"
            else:
                other["v"] = 2
            path.write_text(json.dumps(other))
    with pytest.raises(WitnessStateError, match="safe copy"):
        WitnessState(path, WITNESS)
