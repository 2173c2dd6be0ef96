"""The search index: it follows what can be read, in the same transaction, and forgets for good."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import TypeVar

import pytest

from blo_agent.search import indexer as indexer_module
from blo_agent.search.indexer import SearchIndexer
from blo_agent.search.item_texts import indexed_words
from blo_agent.store.connection import Snapshot, Transaction
from blo_agent.store.facade import Store
from blo_agent.store.tables import drafts, events, links, records, search_index
from blo_domain.search.query import parse_query
from blo_domain.search.tokens import TOKENS_VERSION
from blo_schemas.bodies import body_from_json, body_version
from blo_schemas.codec import encode
from blo_schemas.content import CONTENT, Content, Dispatch
from blo_schemas.summary import Kind, Step
from tests.unit.store.samples import LINK, OTHER_LINK, case_id, event_id, event_row, record_row

T = TypeVar("T")
ON = date(2025, 2, 20)
KIND = Kind.VERIFICATION_REQUEST


def content(subject: str, question: str = "Is he known?") -> bytes:
    fields = {"subject": subject, "questions": [question], "purpose": "(fictional)"}
    return CONTENT.encode(
        Content(
            ON,
            Dispatch(subject=subject),
            None,
            encode(body_from_json(KIND, Step.OPEN, fields)),
            body_version(KIND, Step.OPEN),
        )
    )


class Index:
    """A store with its index, and what a test does with both."""

    def __init__(self, store: Store, runner: asyncio.Runner) -> None:
        self.store = store
        self.indexer = SearchIndexer(store)
        self._runner = runner

    def write(self, job: Callable[[Transaction], T]) -> T:
        return self.store.submit(job).result()

    def read(self, query: Callable[[Snapshot], T]) -> T:
        return self.store.submit_read(query).result()

    def add(self, position: int, words: bytes | None, case: int = 0) -> None:
        row = event_row(position, case=case, on=None if words is None else ON)
        row = row._replace(kind=KIND, step=Step.OPEN, content=words)

        def job(tx: Transaction) -> None:
            records.append_many(tx, [record_row(position, case=case)])
            events.put_many(tx, [row])

        self.write(job)

    def settle(self) -> None:
        async def run() -> None:
            await self.indexer.check_version()
            while await self.indexer.step():
                pass

        self._runner.run(run())

    def finds(self, words: str) -> list[int]:
        query = parse_query(words)

        def ask(snapshot: Snapshot) -> list[int]:
            hits = search_index.matches(snapshot, query.match(), search_index.LAST, 1000)
            return [hit.item for hit in hits]

        return self.read(ask)

    def counts(self) -> tuple[int, int, int]:
        """How many items are indexed, due and gone."""
        counted = (search_index.count_places, search_index.count_due, search_index.count_gone)
        one, two, three = (self.read(count) for count in counted)
        return one, two, three

    def bytes_of_words(self) -> bytes:
        """Everything that the tables of the words hold."""

        def ask(snapshot: Snapshot) -> bytes:
            found = []
            for table in ("data", "idx", "content", "config"):
                for row in snapshot.rows(f"SELECT * FROM search_words_{table}"):
                    found += [
                        value if isinstance(value, bytes) else str(value).encode() for value in row
                    ]
            return b"\n".join(found)

        return self.read(ask)


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as made:
        yield made


@pytest.fixture
def index(store: Store, runner: asyncio.Runner) -> Index:
    return Index(store, runner)


def test_what_is_opened_is_found_the_newest_first(index: Index) -> None:
    index.add(0, content("Xác minh đối tượng"))
    index.add(1, content("Đối tượng truy nã"))
    index.add(2, None)
    assert index.finds("doi tuong") == []
    index.settle()
    assert index.finds("doi tuong") == [1, 0]
    assert index.finds("truy na") == [1]
    assert index.counts() == (2, 0, 0)


def test_a_content_that_opens_later_is_found_then(index: Index) -> None:
    index.add(0, None)
    index.settle()
    index.write(lambda tx: events.set_content(tx, event_id(0), ON, content("muộn")))
    index.settle()
    assert index.finds("muon") == [0]


def test_no_phrase_reaches_from_one_field_into_the_next(index: Index) -> None:
    index.add(0, content("alpha", "beta"))
    index.settle()
    assert index.finds('"alpha beta"') == []
    assert index.finds("alpha beta") == [0]


def test_notes_are_found_and_gone_with_their_case(index: Index) -> None:
    add = index.write(lambda tx: drafts.add_note(tx, LINK, case_id(0), "duty", 9, "gọi lại sau"))
    index.settle()
    assert index.finds("goi lai") == [-add]

    def forget(tx: Transaction) -> None:
        drafts.forget_case(tx, LINK, case_id(0))
        search_index.forget(tx, LINK, case_id(0))

    index.write(forget)
    assert index.finds("goi lai") == []
    assert index.counts() == (0, 0, 0)
    assert b"goi" not in index.bytes_of_words()


def test_no_byte_of_a_shredded_case_stays_in_the_index(index: Index) -> None:
    for number in range(40):
        words = f"secretword{number} shared Nguyễn bímật{number}"
        index.add(number, content(words if number % 4 == 0 else f"shared open{number}"), number % 4)
        if number % 10 == 9:
            index.settle()
    index.settle()
    assert b"secretword" in index.bytes_of_words()

    def forget(tx: Transaction) -> None:
        events.forget_contents(tx, LINK, case_id(0))
        search_index.forget(tx, LINK, case_id(0))

    index.write(forget)
    left = index.bytes_of_words()
    for number in range(0, 40, 4):
        for word in (f"secretword{number}", f"bimat{number}", f"bímật{number}"):
            assert word.encode() not in left
    assert index.finds("shared") == [n for n in range(39, -1, -1) if n % 4]
    assert index.counts() == (30, 0, 0)


def test_what_was_read_before_a_shredding_is_not_indexed_after_it(index: Index) -> None:
    index.settle()
    index.add(0, content("secretword"))
    items = index.read(lambda snapshot: search_index.due(snapshot, 10))
    index.write(lambda tx: events.forget_contents(tx, LINK, case_id(0)))
    prepared = indexer_module._prepare(items)
    index.write(lambda tx: indexer_module._put_all(tx, prepared))
    assert index.counts() == (0, 0, 0)
    assert b"secretword" not in index.bytes_of_words()


def test_an_event_that_does_not_count_after_all_is_not_found_any_more(index: Index) -> None:
    index.add(0, content("first"))
    index.add(1, content("second"))
    index.settle()
    index.write(lambda tx: events.remove_at(tx, LINK, 0))
    assert index.finds("first") == [], "at once, before its words have left the file"
    assert index.counts() == (1, 0, 1)
    index.settle()
    assert index.counts() == (1, 0, 0)
    assert b"first" not in index.bytes_of_words()


def test_what_changes_while_its_words_are_parted_is_indexed_as_it_is_then(index: Index) -> None:
    index.settle()
    index.add(0, content("before"))
    items = index.read(lambda snapshot: search_index.due(snapshot, 10))

    def change(tx: Transaction) -> None:
        events.remove_at(tx, LINK, 0)
        row = event_row(0, on=ON)
        events.put_many(tx, [row._replace(kind=KIND, step=Step.OPEN, content=content("after"))])

    index.write(change)
    prepared = indexer_module._prepare(items)
    index.write(lambda tx: indexer_module._put_all(tx, prepared))
    index.settle()
    assert (index.finds("before"), index.finds("after")) == ([], [0])


def test_a_restart_goes_on_where_it_was(tmp_path: Path, runner: asyncio.Runner) -> None:
    path = tmp_path / "again.db"
    with Store(path, bytes(32)) as store:
        first = Index(store, runner)
        first.settle()
        for number in range(3):
            first.add(number, content(f"word{number}"))
    with Store(path, bytes(32)) as store:
        again = Index(store, runner)
        assert again.counts() == (0, 3, 0)
        again.settle()
        assert [again.finds(f"word{number}") for number in range(3)] == [[0], [1], [2]]


def test_a_link_that_is_read_again_is_indexed_again(
    index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(12):
        index.add(number, content(f"common word{number}"), number)
    index.settle()
    index.write(lambda tx: links.reset(tx, LINK))
    assert index.finds("common") == []
    assert index.counts() == (0, 0, 12)
    monkeypatch.setattr(indexer_module, "REBUILT_FROM", 10)
    index.add(0, content("common again"))
    index.settle()
    assert index.finds("common") == [0]
    assert index.counts() == (1, 0, 0)


def test_an_index_of_other_tokens_is_built_anew(index: Index) -> None:
    index.add(0, content("first"))
    index.write(lambda tx: drafts.add_note(tx, OTHER_LINK, case_id(1), "duty", 9, "second"))
    index.settle()
    assert index.counts() == (2, 0, 0)
    assert index.write(lambda tx: search_index.rebuild(tx, TOKENS_VERSION - 1)) == 2
    assert index.finds("first") == []
    index.settle()
    assert index.read(lambda snapshot: search_index.is_of_version(snapshot, TOKENS_VERSION))
    assert (index.finds("first"), index.finds("second")) == ([0], [-1])


def test_an_item_on_which_the_program_fails_costs_that_item(
    index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = indexed_words

    def failing(item: search_index.DueItem) -> search_index.IndexedWords:
        if item.item == 1:
            raise ZeroDivisionError
        return whole(item)

    monkeypatch.setattr(indexer_module, "indexed_words", failing)
    for number in range(3):
        index.add(number, content("common"))
    index.settle()
    assert index.finds("common") == [2, 0]
    assert index.counts() == (2, 0, 0)


def test_more_items_of_one_second_than_its_rows_have_rows_all_the_same(index: Index) -> None:
    for number in range(3):
        index.add(number, content("common"))
    index.settle()
    first = 5 << 10

    def rows(snapshot: Snapshot) -> list[int]:
        return [row for (row,) in snapshot.rows("SELECT id FROM search_places ORDER BY id")]

    assert index.read(rows) == [first, first + 1, first + 2]
    index.write(
        lambda tx: tx.execute("UPDATE search_places SET id = ? WHERE id = ?", (first + 1023, first))
    )
    assert index.write(lambda tx: search_index._free_row(tx, 5_001)) == first + 1024


def test_the_opening_of_a_case_is_found_by_the_case_s_id(index: Index) -> None:
    index.add(0, content("first"))
    index.add(1, content("second"))
    index.settle()
    name = case_id(0).hex()
    assert index.finds(name) == [0]
    assert index.finds(name[:9]) == [0]
