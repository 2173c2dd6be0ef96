"""What finds what: accents, tones, Chinese, Lao, document numbers; marks in what is shown."""

from __future__ import annotations

import apsw
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blo_domain.search.highlights import excerpt, spans
from blo_domain.search.query import MAX_QUERY, MAX_TERMS, SearchRefused, parse_query
from blo_domain.search.tokens import (
    MAX_TOKEN,
    compounds,
    is_in_rough_form,
    rough_form,
    tokens,
)


def index_of(*texts: str) -> apsw.Connection:
    connection = apsw.Connection(":memory:")
    connection.execute("CREATE VIRTUAL TABLE t USING fts5(folded, exact, compound, tokenize=ascii)")
    for text in texts:
        parts = list(tokens(text))
        row = (
            " ".join(part.folded for part in parts),
            " ".join(part.exact for part in parts),
            " ".join(compounds(text)),
        )
        connection.execute("INSERT INTO t VALUES (?, ?, ?)", row)
    return connection


def matches(query: str, *texts: str) -> list[str]:
    rows = index_of(*texts).execute(
        "SELECT rowid FROM t WHERE t MATCH ?", (parse_query(query).match(),)
    )
    return [texts[row - 1] for (row,) in rows]


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("duong", "con đường"),
        ("đường", "con duong"),
        ("ĐƯỜNG", "con đường"),
        ("hoà", "Hòa Bình"),
        ("hòa", "hoà giải"),
        ("ho\u0061\u0300", "hoà"),
        ("ma tuy", "vụ án ma túy đá"),
        ("xac minh doi tuong", "Đề nghị xác minh đối tượng truy nã"),
        ("协查", "茶岭协查请求"),
        ("查请", "协查请求"),
        ("ຊາຍແດນ", "ຫ້ອງການປະສານງານຊາຍແດນ"),
        ("ຫອງການ", "ຫ້ອງການປະສານງານ"),
        ("ກ\u0ec8\u0eb5", "ກ\u0eb5\u0ec8"),
        ("ໜ້າ", "ຫນ້າ"),
        ("ນ້ຳ", "ນໍ້າ"),
        ("໑໒໓", "123"),
        ("527/BC-UBND", "Báo cáo số 527/BC-UBND ngày 4/6"),
        ("527 bc ubnd", "527/BC-UBND"),
        ("527-bc.ubnd", "527/BC-UBND"),
        ("527BCUBND", "527/BC-UBND"),
        ("527bcub", "527/BC-UBND"),
        ("7130u", "số 7130/UBND-TH"),
        ("330/ປທສ", "ເລກທີ 330/ປທສ"),
        ("7130UBND", "số 7130/UBND-TH"),
        ("ver", "verification"),
        ("ＡＢＣ", "abc"),
        ("zerowidth", "zero\u200bwidth"),
        ("straße", "STRASSE"),
    ],
)
def test_a_text_is_found(query: str, text: str) -> None:
    assert matches(query, "something else", text) == [text]
    assert spans(text, parse_query(query)), "what is found is marked"


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("查协", "协查"),
        ('"ver"', "verification"),
        ("ver ", "verification"),
        ("ve", "verification"),
        ("ma tuy", "túy"),
        ("528", "527/BC-UBND"),
        ("527 th", "527/BC-UBND"),
        ('"tuy ma"', "ma túy"),
    ],
)
def test_a_text_is_not_found(query: str, text: str) -> None:
    assert matches(query, text) == []
    if query != "ma tuy" and query != "527 th":
        assert spans(text, parse_query(query)) == []


def test_typed_accents_tell_words_apart_that_folding_makes_one() -> None:
    texts = ("ánh dương", "con đường")
    assert matches("đường", *texts) == list(texts)
    rows = index_of(*texts).execute(
        "SELECT rowid FROM t WHERE t MATCH ?", (parse_query("đường").exact_match(),)
    )
    assert [texts[row - 1] for (row,) in rows] == ["con đường"]
    assert parse_query("đường").has_accents
    assert not parse_query("duong").has_accents


def test_marks_stand_where_the_words_stand() -> None:
    text = "Đề nghị xác minh số 527/BC-UBND"
    marks = spans(text, parse_query("527bc minh"))
    assert [text[mark.start : mark.end] for mark in marks] == ["minh", "527/BC"]
    assert [(m.start, m.end) for m in spans("协查请求", parse_query("查请"))] == [(1, 3)]


def test_an_excerpt_shows_the_first_mark_with_its_neighbourhood() -> None:
    text = "a " * 200 + "needle" + " b" * 200
    shown = excerpt(text, spans(text, parse_query("needle")), 40)
    (mark,) = shown.spans
    assert shown.text[mark.start : mark.end] == "needle"
    assert shown.text.startswith("…")
    assert shown.text.endswith("…")
    assert len(shown.text) == 42
    assert excerpt("short", []) == ("short", ())


@pytest.mark.parametrize("query", ["", "   ", '""', "/-", "\u200b", "*"])
def test_a_query_without_a_letter_is_refused_in_words(query: str) -> None:
    with pytest.raises(SearchRefused, match="Type a word"):
        parse_query(query)


def test_a_query_has_bounds() -> None:
    with pytest.raises(SearchRefused, match=f"{MAX_QUERY} are possible"):
        parse_query("a" * (MAX_QUERY + 1))
    with pytest.raises(SearchRefused, match=f"{MAX_TERMS} are possible"):
        parse_query(" ".join("a" * (MAX_TERMS + 1)))
    (token,) = tokens("a" * 1000)
    assert len(token.folded) == MAX_TOKEN


@given(st.text(max_size=60), st.text(max_size=60))
def test_no_text_and_no_query_is_more_than_letters_to_the_index(text: str, query: str) -> None:
    for token in tokens(text):
        assert 0 <= token.start < token.end <= len(text)
        assert not set(token.folded + token.exact) & set(' "*:()^+-')
    try:
        parsed = parse_query(query)
    except SearchRefused:
        return
    marks = spans(text, parsed)
    assert marks == sorted(set(marks))
    index = index_of(text)
    for expression in (parsed.match(), parsed.exact_match()):
        index.execute("SELECT rowid FROM t WHERE t MATCH ?", (expression,)).fetchall()


@given(st.text(max_size=40))
def test_a_text_finds_itself(text: str) -> None:
    if any(True for _ in tokens(text)):
        quoted = text.replace('"', " ").replace("“", " ").replace("”", " ")
        assert matches(f'"{quoted}"', text) == [text]


@given(
    st.text(max_size=40)
    | st.text("đĐoòỏơờaăâuưừiyßŁﬁİſ\u0300\u0301\u0323\u034f\u200b\u3131\uac00 ", max_size=40)
)
def test_a_text_folded_at_once_holds_each_of_its_words(text: str) -> None:
    rough = rough_form(text)
    for token in tokens(text):
        assert token.folded in rough or not is_in_rough_form(token.folded)
