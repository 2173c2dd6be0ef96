"""Searching a store with many opened events: how long a search takes, what the index costs.

``python -m tests.bench.searching EVENTS`` prints the figures for so many events. The events are rows
of the store with their contents, as the fold writes them; the index is filled by its own jobs.
"""

from __future__ import annotations

import asyncio
import random
import sys
import tempfile
from collections.abc import Iterator, Sequence
from datetime import date
from hashlib import sha256
from pathlib import Path
from statistics import quantiles
from time import perf_counter, thread_time
from typing import Final, NamedTuple

from blo_agent.api.search import PAGE
from blo_agent.people.access import WHOLE_OFFICE, Actor
from blo_agent.search.answer import SearchFilter, search_page
from blo_agent.search.indexer import SearchIndexer
from blo_agent.store.connection import Snapshot, Transaction
from blo_agent.store.facade import Store
from blo_agent.store.tables import cases, events, records, search_index
from blo_domain.search.query import parse_query
from blo_schemas.bodies import body_from_json, body_version
from blo_schemas.codec import encode
from blo_schemas.content import CONTENT, Content, Dispatch
from blo_schemas.ids import CaseId, Digest, EventId, LinkId, OfficeId
from blo_schemas.people import Agency, OfficeRole
from blo_schemas.summary import Kind, Step, Urgency
from blo_schemas.verdicts import Outcome
from blo_schemas.views import VIEW_VERSION, CaseView, State
from tests.agents.world import NOW
from tests.bench.report import BY_NAME, Measurement
from tests.bench.timing import Effort

ALLOWED_MS: Final = 50.0
"""So long a search may take."""

_BATCH: Final = 1_000
_LINKS: Final = tuple(LinkId(f"vn-{number:02d}~la-{number:02d}") for number in range(10))
_OFFICE: Final = OfficeId("vn-00")
_KIND: Final = Kind.VERIFICATION_REQUEST
_ON: Final = date(2025, 2, 20)
_MINUTE_MS: Final = 60_000
_COMMON: Final = (
    "đề nghị xác minh đối tượng truy nã báo cáo công an biên phòng tỉnh huyện xã đường dương hòa"
    " phương tiện tàu thuyền ngày tháng năm theo văn bản số người dân khu vực cửa khẩu phối hợp"
    " tuần tra chung ma túy buôn lậu hàng hóa qua biên giới kết quả kiểm tra trả lời"
)
_OTHERS: Final = ("茶岭协查请求", "边境会晤纪要", "ຫ້ອງການປະສານງານຊາຍແດນ", "ຂໍ້ມູນ ຜູ້ຕ້ອງສົງໄສ")
_MEMBER: Final = Actor("member", "member", frozenset({OfficeRole.AGENCY_MEMBER}), frozenset(Agency))
"""A member of an agency to which no case belongs: looks at much, and is shown nothing."""

_LETTERS: Final = str.maketrans("0123456789abcdef", "abcdefghijklmnop")
_QUERIES: Final = (
    *("doi tuong", "đối tượng", "đường", "duong", "ma tuy", "xac minh buon lau", "协查", "边境"),
    *(
        "ຊາຍແດນ",
        "527/BC-UBND",
        "1234bcub",
        "d",
        "tu",
        '"xác minh đối tượng"',
        "word77",
        "word1234 ma",
    ),
    *(
        "hoà",
        "ket qua kiem tra tra loi",
        "nothing at all",
        "phuong",
        "bien gioi tuan tra chung khu vuc",
    ),
)


class SearchCost(NamedTuple):
    """What searches and their index have cost.

    Attributes:
        times: Milliseconds of processor time of each search.
        filled: Events indexed in a second.
        waits: Milliseconds that a job of the store's thread waited for its turn meanwhile.
        index_bytes: Bytes of the index an event.
        text_bytes: Bytes of the contents an event.
        rebuilt: Seconds for which emptying the index keeps the store's thread.
    """

    times: Sequence[float]
    filled: float
    waits: Sequence[float]
    index_bytes: float
    text_bytes: float
    rebuilt: float


def search_cost(folder: Path, count: int, rounds: int) -> SearchCost:
    """Fills a store with so many events and searches it, each query so many times."""
    with Store(folder / "search.db", bytes(32)) as store:
        text_bytes = _fill(store, count)
        store.checkpoint_now()
        before = (folder / "search.db").stat().st_size
        return asyncio.run(_measured(store, count, rounds, before, text_bytes / count))


async def _measured(
    store: Store, count: int, rounds: int, before: int, text_bytes: float
) -> SearchCost:
    indexer = SearchIndexer(store)
    began = perf_counter()
    rebuilt = await _rebuild(indexer)
    waits = await _index(store, indexer)
    filled = count / (perf_counter() - began)
    await store.checkpoint()
    index_bytes = (store.path.stat().st_size - before) / count
    times = [
        await _search(store, words, _filter(turn), turn)
        for turn in range(rounds)
        for words in _QUERIES
    ]
    last = await _rebuild(indexer)
    return SearchCost(times, filled, waits, index_bytes, text_bytes, max(rebuilt, last))


async def _rebuild(indexer: SearchIndexer) -> float:
    began = perf_counter()
    await indexer.rebuild()
    return perf_counter() - began


async def _index(store: Store, indexer: SearchIndexer) -> list[float]:
    """Index all that is due, while somebody asks for a turn of the store's thread."""
    task = asyncio.create_task(indexer.run())
    waits = []
    while await store.read(search_index.count_due):
        asked = perf_counter()
        await store.write(_nothing)
        waits.append((perf_counter() - asked) * 1000)
        await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.wait([task])
    return waits


async def _search(store: Store, words: str, wanted: SearchFilter, turn: int) -> float:
    query = parse_query(words)
    actor = _MEMBER if turn % 5 == 4 else WHOLE_OFFICE

    def ask(snapshot: Snapshot) -> float:
        began = thread_time()
        search_page(snapshot, actor, query, wanted, None, PAGE)
        return (thread_time() - began) * 1000

    return await store.read(ask)


def _filter(turn: int) -> SearchFilter:
    narrowed = (
        SearchFilter(),
        SearchFilter(link=_LINKS[3]),
        SearchFilter(state=State.CLOSED.value),
        SearchFilter(kind=_KIND, first=_ON, last=_ON),
    )
    return narrowed[turn % len(narrowed)]


def _nothing(_: Transaction) -> None:
    """The job that waits for its turn."""


def _fill(store: Store, count: int) -> int:
    """Put so many events into the store; returns the bytes of their contents."""
    chance = random.Random(7)
    made = 0
    for first in range(0, count, _BATCH):
        rows = list(_events(chance, range(first, min(first + _BATCH, count))))
        made += sum(len(row.content or b"") for row in rows)
        store.submit(lambda tx, rows=rows: _put(tx, rows)).result()  # type: ignore[misc]
    return made


def _put(tx: Transaction, rows: list[events.EventRow]) -> None:
    records.append_many(tx, [_record(row) for row in rows])
    events.put_many(tx, rows)
    for row in rows:
        cases.put(tx, _view(row))


def _events(chance: random.Random, numbers: range) -> Iterator[events.EventRow]:
    for number in numbers:
        link = _LINKS[number % len(_LINKS)]
        case = CaseId(_digest("case", number // 30, link))
        yield events.EventRow(
            EventId(_digest("event", number)), link, number // len(_LINKS), case, 1, _OFFICE, _KIND,
            Step.OPEN, _ON, NOW, NOW + number * 5 * _MINUTE_MS, b"", _content(chance),
        )  # fmt: skip


def _content(chance: random.Random) -> bytes:
    words = chance.choices(_COMMON.split(), k=60) + [
        _rare(chance.randrange(5_000)) for _ in range(10)
    ]
    words.append(chance.choice(_OTHERS))
    chance.shuffle(words)
    fields = {
        "subject": " ".join(words[:12]),
        "questions": [" ".join(words[12:40]), " ".join(words[40:60])],
        "purpose": " ".join(words[60:]),
    }
    number = f"{chance.randrange(1, 9_999)}/BC-UBND"
    body = encode(body_from_json(_KIND, Step.OPEN, fields))
    dispatch = Dispatch(subject=" ".join(words[:10]), local_number=number)
    return CONTENT.encode(Content(_ON, dispatch, None, body, body_version(_KIND, Step.OPEN)))


def _rare(number: int) -> str:
    """A word that few events have: letters from ``a`` to ``p``."""
    return _digest("word", number).hex()[:6].translate(_LETTERS)


def _record(row: events.EventRow) -> records.RecordRow:
    return records.RecordRow(
        row.link, row.position, row.log_time, _digest("leaf", row.event_id),
        _digest("log", row.event_id), row.event_id, row.office, row.position, row.case,
        Outcome.ACCEPTED, None, crossed=False, opened=True, chained=True,
    )  # fmt: skip


def _view(row: events.EventRow) -> CaseView:
    return CaseView(
        v=VIEW_VERSION, case=row.case, link=row.link, kind=row.kind,
        state=State.CLOSED if row.case[0] % 2 else State.SENT, version=1, urgency=Urgency.ROUTINE,
        opener=row.office, opened_at=row.log_time, done_by=(), joint_step=None,
        offices=(row.office,), step_codes=bytes((Step.OPEN,)), author_codes=b"\0", superseded=(),
        paused=False, crossed=0, position=row.position, log_time=row.log_time,
    )  # fmt: skip


def _digest(*parts: object) -> Digest:
    return Digest(sha256(repr(parts).encode()).digest())


def percentile(times: Sequence[float], share: int) -> float:
    """The time that so many of a hundred do not exceed, in milliseconds."""
    return quantiles(times, n=100, method="inclusive")[share - 1]


def measure_search(effort: Effort) -> tuple[Measurement, ...]:
    """Searches of a store with many events against what they may take; its index, and its waits."""
    with tempfile.TemporaryDirectory(prefix="blo-bench-") as scratch:
        cost = search_cost(Path(scratch), effort.searched, effort.rounds)
    return (
        BY_NAME["search"].measured(percentile(cost.times, 99), ALLOWED_MS),
        BY_NAME["search_median"].measured(percentile(cost.times, 50), ALLOWED_MS),
        BY_NAME["search_size"].measured(cost.index_bytes, cost.text_bytes),
        BY_NAME["search_wait"].measured(percentile(cost.waits, 99), ALLOWED_MS),
    )


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="blo-bench-") as printed_folder:
        printed = search_cost(Path(printed_folder), int(sys.argv[1]), 10)
    print(
        f"search p50 {percentile(printed.times, 50):.1f} ms, p99 {percentile(printed.times, 99):.1f} "
        f"ms, max {max(printed.times):.1f} ms; filled {printed.filled:,.0f} events/s; a job waited "
        f"p50 {percentile(printed.waits, 50):.1f} ms, p99 {percentile(printed.waits, 99):.1f} ms; "
        f"index {printed.index_bytes:,.0f} bytes an event, content {printed.text_bytes:,.0f}; "
        f"emptied in {printed.rebuilt:.1f} s"
    )
