"""Each check holds when all is well, and fails, with the place, when one thing is not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from blo_agent.api import response_types as api
from blo_lab.demo import checks
from blo_lab.demo.observe import Observed
from blo_lab.demo.search import Needles, Place
from blo_lab.network.network_file import articles
from tests.unit.lab import seen as made

WORLD = articles()
SIZES = dict.fromkeys(WORLD.links_by_name, 7)
LINK = "vn-kyson~la-xiengkhouang"
Judge = Callable[[Observed], checks.Check]

JUDGES: dict[str, Judge] = {
    "arrived": lambda seen: checks.check_arrived(seen, SIZES),
    "equal": lambda seen: checks.check_equal_views(WORLD, seen),
    "rebuilt": checks.check_rebuilt,
    "verified": lambda seen: checks.check_verified(seen, SIZES),
    "heads": lambda seen: checks.check_heads(WORLD, seen),
    "metrics": checks.check_metrics,
}


@pytest.fixture
def seen() -> Observed:
    return made.observed(WORLD, SIZES)


@pytest.mark.parametrize("judge", JUDGES.values(), ids=JUDGES)
def test_all_is_well(seen: Observed, judge: Judge) -> None:
    check = judge(seen)
    assert check.ok, check.detail
    assert check.detail


def with_status(seen: Observed, office: str, **changes: Any) -> Observed:
    links = {name: dict(held) for name, held in seen.links.items()}
    links[office][LINK] = msgspec.structs.replace(links[office][LINK], **changes)
    return msgspec.structs.replace(seen, links=links)


@pytest.mark.parametrize(
    ("judge", "changes"),
    [
        ("arrived", {"size": 6}),
        ("arrived", {"high_watermark": 8}),
        ("arrived", {"pending": 1}),
        ("arrived", {"parked": 1}),
        ("arrived", {"unopened": 1}),
        ("arrived", {"halted": "a fork"}),
        ("equal", {"view_digest": "00" * 32}),
        ("equal", {"log_hash": "00" * 32}),
        ("heads", {"heads": []}),
        ("heads", {"log_hash": "00" * 32}),
        ("metrics", {"size": 6}),
        ("metrics", {"parked": 2}),
        ("metrics", {"counts": made.counts(1, 5, 1, {"not_legal_now": 1}, 0)}),
        ("metrics", {"counts": made.counts(1, 6, 1, {"not_legal_now": 1}, 1)}),
        ("metrics", {"counts": made.counts(1, 6, 1, {"gap": 1}, 0)}),
        ("metrics", {"counts": made.counts(1, 6, 0, {"not_legal_now": 1}, 0)}),
        ("metrics", {"counts": made.counts(2, 6, 1, {"not_legal_now": 1}, 0)}),
    ],
)
@pytest.mark.parametrize("office", ["vn-kyson", "vn-nghean"])
def test_one_office_that_differs_fails_the_check_by_name(
    seen: Observed, judge: str, changes: dict[str, Any], office: str
) -> None:
    check = JUDGES[judge](with_status(seen, office, **changes))
    assert not check.ok
    assert office in check.detail
    assert LINK in check.detail


@pytest.mark.parametrize(
    "head",
    [
        made.head("vn-kyson", 6, 0, made.HASH, made.VIEWS),
        made.head("vn-kyson", 7, 0, "00" * 32, made.VIEWS),
        made.head("vn-kyson", 7, 0, made.HASH, "00" * 32),
        made.head("vn-kyson", 7, 1, made.HASH, made.VIEWS),
    ],
)
def test_a_head_that_does_not_cover_the_log_fails(seen: Observed, head: api.HeadAnswer) -> None:
    mine = seen.links["la-xiengkhouang"][LINK].heads
    heads = [head, *(one for one in mine if one.office != head.office)]
    assert checks.check_heads(WORLD, with_status(seen, "la-xiengkhouang", heads=mine)).ok
    check = checks.check_heads(WORLD, with_status(seen, "la-xiengkhouang", heads=heads))
    assert not check.ok
    assert "vn-kyson" in check.detail


def test_a_reader_that_does_not_show_its_link_is_missed(seen: Observed) -> None:
    links = {name: dict(held) for name, held in seen.links.items()}
    del links["vn-nghean"][LINK]
    assert not checks.check_equal_views(WORLD, msgspec.structs.replace(seen, links=links)).ok


@pytest.mark.parametrize(
    ("judge", "changes"),
    [
        ("rebuilt", {"equal": False}),
        ("verified", {"verified": 6}),
        ("verified", {"records": 6, "verified": 6}),
    ],
)
def test_a_fold_that_finds_something_else_fails(
    seen: Observed, judge: str, changes: dict[str, Any]
) -> None:
    verified = {name: dict(held) for name, held in seen.verified.items()}
    verified["vn-kyson"][LINK] = made.verification(7, **changes)
    check = JUDGES[judge](msgspec.structs.replace(seen, verified=verified))
    assert not check.ok
    assert "vn-kyson" in check.detail


def test_at_most_three_faults_are_told_and_the_rest_is_counted(seen: Observed) -> None:
    sizes = dict.fromkeys(SIZES, 8)
    check = checks.check_arrived(seen, sizes)
    assert not check.ok
    assert "and 13 more" in check.detail


# Plaintext.

NEEDLES = Needles(["(hư cấu) Chim-Én-Xanh", "Hoa-Ban-Trắng"])
PLACES = [
    Place("blo.directory-0/0.log", "Công an tỉnh Nghệ An".encode()),
    Place("blo.exchange.la-vn-0/0.log", LINK.encode() + bytes(range(256))),
]
CONTROLS = (("Công an tỉnh Nghệ An", "blo.directory"), (LINK, "blo.exchange.la-vn-0"))


def judged(*more: Place) -> checks.Check:
    return checks.check_no_plaintext("none", NEEDLES, [*PLACES, *more], CONTROLS)


def test_files_without_plaintext_pass_and_the_search_is_shown_to_work() -> None:
    check = judged()
    assert check.ok
    assert LINK in check.detail
    assert "2 words, 2 files" in check.detail


def test_plaintext_in_any_file_fails_by_word_and_file() -> None:
    leak = Place("blo.cases.la-vn-0/0.log", b"..." + "x Hoa-Ban-Trắng y".encode())
    check = judged(leak)
    assert not check.ok
    assert "'Hoa-Ban-Trắng' stands in blo.cases.la-vn-0/0.log" in check.detail


def test_a_search_that_finds_not_even_what_is_there_fails() -> None:
    check = checks.check_no_plaintext("none", NEEDLES, PLACES[:1], CONTROLS)
    assert not check.ok
    assert "blind" in check.detail


def test_a_control_in_another_file_than_it_belongs_to_does_not_count() -> None:
    swapped = [(word, "blo.exchange") for word, _ in CONTROLS[:1]]
    assert not checks.check_no_plaintext("none", NEEDLES, PLACES, swapped).ok


def test_a_report_that_left_something_out_fails() -> None:
    whole = {"left_out": [], "indicators": {"a": {"events": ["x", "y"]}, "b": {"events": []}}}
    assert checks.check_report_whole(whole).ok
    part = {**whole, "left_out": [{"event": "beef" * 16, "why": "it could not be opened"}]}
    check = checks.check_report_whole(part)
    assert not check.ok
    assert "beef" in check.detail
    assert "could not be opened" in check.detail
