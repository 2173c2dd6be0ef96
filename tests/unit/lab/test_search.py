"""The search finds every word wherever it stands, and looks for all that may not be there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blo_lab.demo.search import SHORTEST, Needles, distinctive_words, files_below
from blo_lab.network.network_file import articles
from blo_lab.scenario import load, read
from blo_lab.scenarios import YEAR_OF_SEED_003

WORLD = articles()


@given(
    before=st.binary(max_size=40),
    word=st.text(min_size=SHORTEST, max_size=40),
    after=st.binary(max_size=40),
)
def test_a_word_is_found_at_every_place(before: bytes, word: str, after: bytes) -> None:
    try:
        data = before + word.encode() + after
    except UnicodeEncodeError:
        return
    assert Needles([word, "something else"]).found_in(data) >= {word}


@given(data=st.binary(max_size=200))
def test_the_search_says_what_looking_one_by_one_says(data: bytes) -> None:
    words = ["Chim-Én-Xanh", "Hoa-Ban-Trắng", "abcdefgh"]
    data += b"abcdefgh"[: len(data) % 9]
    assert Needles(words).found_in(data) == {word for word in words if word.encode() in data}


def test_words_that_random_bytes_could_make_are_not_looked_for() -> None:
    assert len(Needles(["seven77", "eight888"])) == 1
    assert Needles(["seven77"]).found_in(b"seven77 seven77") == set()


def test_all_texts_of_contents_are_looked_for_whole_and_word_by_word() -> None:
    line = {
        "at": "2025-03-01T08:00:00+07:00",
        "office": "vn-kyson",
        "link": "vn-kyson~la-xiengkhouang",
        "case": "p",
        "do": "open",
        "kind": "information_notice",
        "on": "2025-03-01",
        "reason": "lý-do-rất-riêng",
        "fields": {
            "crime_type": "drugs",
            "area": "bản Suối-Mơ-Xanh, huyện nọ",
            "source_grade": "A",
            "information_grade": 1,
            "persons": [{"name": "Người Không-Có-Thật"}],
            "dispatch": {"subject": "Thông báo Mây-Ngàn"},
        },
    }
    words = distinctive_words(read("s", json.dumps(line), WORLD), [])
    assert words >= {
        "bản Suối-Mơ-Xanh, huyện nọ",
        "Suối-Mơ-Xanh",
        "Người Không-Có-Thật",
        "Không-Có-Thật",
        "Thông báo Mây-Ngàn",
        "lý-do-rất-riêng",
    }
    assert "vn-kyson~la-xiengkhouang" not in words
    assert all(len(word.encode()) >= SHORTEST for word in words)


def test_what_the_trust_documents_say_in_the_open_is_not_looked_for() -> None:
    scenario = load(YEAR_OF_SEED_003, WORLD)
    words = distinctive_words(scenario, [])
    assert "vn-nghean" in words
    assert words - distinctive_words(scenario, [b"... vn-nghean ..."]) == {"vn-nghean"}


def test_the_shipped_scenario_has_hundreds_of_words_to_look_for() -> None:
    words = distinctive_words(load(YEAR_OF_SEED_003, WORLD), [])
    assert len(words) > 400
    assert {"Hoa-Ban-Trắng", "Chim-Én-Xanh", "界碑完好（虚构）"} & words


@pytest.mark.parametrize("pattern", ["*.log", "*.db*"])
def test_files_are_found_by_their_names_at_any_depth(tmp_path: Path, pattern: str) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    for name in ("a/b/x.log", "a/y.db", "a/y.db-wal", "a/z.txt"):
        (tmp_path / name).write_bytes(name.encode())
    found = {place.name: place.data for place in files_below(tmp_path, pattern)}
    expected = {"*.log": ["a/b/x.log"], "*.db*": ["a/y.db", "a/y.db-wal"]}[pattern]
    assert found == {name: name.encode() for name in expected}
