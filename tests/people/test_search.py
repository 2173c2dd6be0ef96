"""The search over real HTTP: what is found by whom, how it is marked, paged and logged."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from argon2 import PasswordHasher

from blo_agent.api.app import office_api
from blo_agent.config import API_SOCKET
from blo_agent.people import passwords
from blo_agent.search import answer
from blo_agent.store.connection import Transaction
from blo_agent.store.tables import case_agencies, journal, search_index
from blo_cli.client import AgentClient
from blo_domain.search.query import MAX_QUERY
from blo_runtime.http import serve
from blo_schemas.ids import CaseId
from blo_schemas.journal import SEARCHED_WORDS
from blo_schemas.people import Agency, OfficeRole
from blo_schemas.summary import Kind, Step
from tests.agents.shredded import both_consent, withdrawn
from tests.agents.started import both_up
from tests.agents.world import LINK, REQUEST, RunningAgent
from tests.people.test_people_api import Browser, OfficeUnderTest

Searched = tuple[OfficeUnderTest, RunningAgent]


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    cheap = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    monkeypatch.setattr(passwords, "_HASHER", cheap)
    monkeypatch.setattr(passwords, "_NOBODY", cheap.hash("a password that nobody has"))


@pytest.fixture
async def searched(tmp_path: Path) -> AsyncIterator[Searched]:
    async with both_up(tmp_path) as (_, a, b):
        server = await serve(office_api(a.agent), socket_file=tmp_path / API_SOCKET)
        try:
            client = AgentClient("a", tmp_path / API_SOCKET)
            made = OfficeUnderTest(a, server.port, client)
            await made.add("chief", OfficeRole.CHIEF)
            yield made, b
        finally:
            await server.stop()


async def opens(office: OfficeUnderTest, subject: str, number: str | None = None) -> CaseId:
    """Opens a case whose subject is this."""
    size = office.running.desk().size
    fields = {**REQUEST, "subject": subject}
    opened = await office.running.submit(
        Kind.VERIFICATION_REQUEST, Step.OPEN, link=LINK, fields=fields, number=number
    )
    await office.running.read(size + 1)
    return opened.case


async def indexed(office: OfficeUnderTest) -> None:
    """Waits until all is indexed, and all that is gone is out."""

    async def is_done() -> bool:
        return await office.running.ask(
            lambda tx: (
                search_index.count_due(tx) == search_index.count_gone(tx) == 0
                and search_index.is_of_version(tx, 1)
            )
        )

    await office.running.until_true(is_done)


async def finds(browser: Browser, words: str, **more: str) -> Mapping[str, Any]:
    """What the search answers."""
    path = f"/v1/search?{urlencode({'q': words, **more})}"
    return dict(await browser.done("GET", path))


def cases(found: Mapping[str, Any]) -> list[str]:
    return [hit["case"] for hit in found["hits"]]


async def test_hits_are_marked_and_typed_accents_come_first(searched: Searched) -> None:
    office, _ = searched
    street = await opens(office, "Kiểm tra con đường mòn", "527/BC-UBND")
    sun = await opens(office, "Ánh dương buổi sớm")
    await indexed(office)
    chief = await office.browser("chief")
    assert cases(await finds(chief, "đường")) == [street.hex(), sun.hex()]
    assert cases(await finds(chief, "duong")) == [sun.hex(), street.hex()]
    (hit,) = (await finds(chief, "con đường"))["hits"]
    assert (hit["link"], hit["kind"], hit["step"]) == (LINK, "verification_request", "open")
    assert hit["handling"] == ["H0: for the use of law enforcement"]
    (mark,) = hit["excerpts"]
    assert mark["field"] == "fields.subject"
    assert [mark["text"][start:end] for start, end in mark["marks"]] == ["con", "đường"]
    (hit,) = (await finds(chief, "527bcubnd"))["hits"]
    assert [(one["field"], one["text"]) for one in hit["excerpts"]] == [
        ("dispatch.local_number", "527/BC-UBND")
    ]
    (hit,) = (await finds(chief, street.hex()[:12]))["hits"]
    assert (hit["case"], hit["excerpts"]) == (street.hex(), [])


async def test_a_page_goes_on_where_the_one_before_has_ended(searched: Searched) -> None:
    office, _ = searched
    opened = [(await opens(office, f"con đường {number}")).hex() for number in range(5)]
    opened += [(await opens(office, f"ánh dương {number}")).hex() for number in range(5)]
    await indexed(office)
    chief = await office.browser("chief")
    seen: list[str] = []
    page = await finds(chief, "đường", limit="3")
    while True:
        seen += cases(page)
        if page["next"] is None:
            break
        page = await finds(chief, "đường", limit="3", after=page["next"])
    assert seen == opened[4::-1] + opened[:4:-1]
    assert page["pending"] == 0


async def test_a_page_that_looks_at_much_and_shows_little_ends_all_the_same(
    searched: Searched, monkeypatch: pytest.MonkeyPatch
) -> None:
    office, _ = searched
    monkeypatch.setattr(answer, "MAX_LOOKED_AT", 2)
    opened = [await opens(office, f"con đường {number}") for number in range(5)]
    agencies = (Agency.POLICE,)
    await office.running.ask(lambda tx: _assign(tx, opened[0], agencies))
    await indexed(office)
    member = await office.add("member", OfficeRole.AGENCY_MEMBER, Agency.POLICE)
    pages = [await finds(member, "đường")]
    while pages[-1]["next"] is not None:
        pages.append(await finds(member, "đường", after=pages[-1]["next"]))
    assert len(pages) > 2
    assert [case for page in pages for case in cases(page)] == [opened[0].hex()]


def _assign(tx: Any, case: CaseId, agencies: tuple[Agency, ...]) -> None:
    assert isinstance(tx, Transaction)
    case_agencies.add(tx, LINK, case, agencies)


async def test_nobody_finds_what_lies_beyond_his_reach(searched: Searched) -> None:
    office, _ = searched
    case = await opens(office, "con đường")
    await indexed(office)
    member = await office.add("member", OfficeRole.AGENCY_MEMBER, Agency.POLICE)
    assert (await finds(member, "đường"))["hits"] == []
    await office.running.ask(lambda tx: _assign(tx, case, (Agency.CUSTOMS,)))
    assert (await finds(member, "đường"))["hits"] == []
    await office.running.ask(lambda tx: _assign(tx, case, (Agency.POLICE,)))
    assert cases(await finds(member, "đường")) == [case.hex()]
    auditor = await office.add("auditor", OfficeRole.OFFICE_AUDITOR)
    assert cases(await finds(auditor, "đường")) == [case.hex()]
    elsewhere = await office.program(links=["vn-x~la-y"], submits=False, reads_contents=True)
    assert (await finds(elsewhere, "đường"))["hits"] == []
    assert (await elsewhere.ask("GET", f"/v1/search?q=a&link={LINK}"))[0] == 403
    blind = await office.program(links=[LINK], submits=False, reads_contents=False)
    assert (await blind.ask("GET", "/v1/search?q=a"))[0] == 403


async def test_filters_narrow_what_is_found(searched: Searched) -> None:
    office, _ = searched
    first = await opens(office, "con đường một")
    second = await opens(office, "con đường hai")
    size = office.running.desk().size
    await office.running.do(Step.WITHDRAW, second)
    await office.running.read(size + 1)
    duty = await office.add("duty", OfficeRole.DUTY_OFFICER)
    words = {"words": "con đường trong ghi chú"}
    await duty.done("POST", f"/v1/links/{LINK}/cases/{first.hex()}/notes", words)
    await indexed(office)
    assert cases(await finds(duty, "con đường")) == [first.hex(), second.hex(), first.hex()]
    both = [second.hex(), first.hex()]
    for narrowed, left in (
        ({"state": "withdrawn"}, [second.hex()]),
        ({"state": "sent"}, [first.hex(), first.hex()]),
        ({"kind": "verification_request"}, [first.hex(), *both]),
        ({"kind": "patrol"}, []),
        ({"link": LINK}, [first.hex(), *both]),
        ({"until": "2025-02-20"}, both),
        ({"from": "2025-02-20", "until": "2025-02-20"}, both),
        ({"from": "2025-02-21"}, [first.hex()]),
        ({"until": "2025-02-19"}, []),
    ):
        assert cases(await finds(duty, "con đường", **narrowed)) == left, narrowed
    (note,) = (await finds(duty, "ghi chú"))["hits"]
    assert (note["person"], note["event"], note["excerpts"][0]["field"]) == ("duty", None, "note")


async def test_each_search_is_in_the_journal_with_its_words(searched: Searched) -> None:
    office, _ = searched
    auditor = await office.add("auditor", OfficeRole.OFFICE_AUDITOR)
    await finds(auditor, "con đường", link=LINK)
    entries = await office.running.ask(lambda tx: list(journal.entries(tx)))
    (entry,) = [entry for entry in entries if entry.action == "search"]
    assert (entry.actor, entry.link) == ("auditor", LINK)
    assert SEARCHED_WORDS.decode(entry.detail).words == "con đường"


async def test_what_is_shredded_is_not_found_and_the_index_is_built_anew_without_it(
    searched: Searched,
) -> None:
    office, b = searched
    a = office.running
    case = await withdrawn(a, [b])
    await indexed(office)
    chief = await office.browser("chief")
    words = str(REQUEST["subject"])
    assert case.hex() in cases(await finds(chief, words))
    await both_consent(a, b, case)
    assert (await finds(chief, words))["hits"] == []
    left = await a.ask(lambda tx: tx.value("SELECT count(*) FROM search_places"))
    kept = await opens(office, "con đường")
    await indexed(office)
    operator = await office.add("operator", OfficeRole.OPERATOR)
    status, _ = await chief.ask("POST", "/v1/search/rebuild", {})
    assert status == 403
    answered = await operator.done("POST", "/v1/search/rebuild", {})
    await indexed(office)
    assert answered["pending"] == left + 1
    assert cases(await finds(chief, "đường")) == [kept.hex()]
    assert (await finds(chief, words))["hits"] == []
    assert (await operator.ask("GET", "/v1/search?q=a"))[0] == 403


async def test_nothing_of_a_link_is_found_while_its_contents_are_withheld(
    searched: Searched,
) -> None:
    office, _ = searched
    await opens(office, "con đường")
    await indexed(office)
    chief = await office.browser("chief")
    assert (await finds(chief, "đường"))["hits"]
    state = office.running.desk()
    await office.running.ask(lambda tx: state.status.withhold(_writing(tx), LINK, withheld=True))
    assert (await finds(chief, "đường"))["hits"] == []


def _writing(tx: Any) -> Transaction:
    assert isinstance(tx, Transaction)
    return tx


HOSTILE = (
    *("", "   ", "*", '"', "NEAR(a b)", "a OR", "NOT a", "place:l", "a AND", '""', "(", "^a", "a*"),
    *("\0", "a\0b", "\u0301", "\u0301\u0301a", "\u0ec8", "\ue000", "\ud7ff", "a" * 10_000),
    *("folded:a", "-a", "+a", "{a b}:c", "a" * MAX_QUERY, "a " * 99, "\u202e", "%", "'", "--", ";"),
)


async def test_no_query_makes_the_node_fail(searched: Searched) -> None:
    office, _ = searched
    await opens(office, "a b \u0301 con đường")
    await indexed(office)
    chief = await office.browser("chief")
    for query in HOSTILE:
        status, found = await chief.ask("GET", f"/v1/search?{urlencode({'q': query})}")
        assert (status in (200, 400), bool(found)) == (True, True), (query, status, found)
    assert (await finds(chief, "đường"))["hits"]


async def test_wrong_parameters_are_refused_in_words(searched: Searched) -> None:
    office, _ = searched
    chief = await office.browser("chief")
    for wrong in (
        {"after": "nowhere"},
        {"after": "A" * 601},
        {"kind": "other"},
        {"state": "other"},
        {"from": "yesterday"},
        {"limit": "0"},
        {"limit": "201"},
        {"limit": "many"},
    ):
        path = f"/v1/search?{urlencode({'q': 'a', **wrong})}"
        status, answered = await chief.ask("GET", path)
        assert (status, bool(answered)) == (400, True), (wrong, answered)
    assert (await chief.ask("GET", "/v1/search?q=a&link=nowhere"))[0] == 404
    assert (await chief.ask("GET", "/v1/search"))[0] == 400
    assert (await chief.ask("GET", "/v1/search?q=%ff%fe%00a"))[0] in (200, 400)
