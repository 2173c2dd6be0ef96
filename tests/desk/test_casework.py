"""Casework at the desk without JavaScript: board, case, drafts and approval, both sides of a border."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from blo_agent.store.tables import drafts, journal
from blo_domain.people.drafts import DraftState
from blo_schemas.ids import CaseId
from blo_sealing.one_time_codes import STEP_S, code_at
from tests.agents.world import LINK, REQUEST
from tests.desk.offices import SECRET, OfficePages, both_desks
from tests.desk.visitor import SeenPage, Visitor
from tests.people.staff import make_cheap

SUBJECT = "(fictional) about a fictional person"


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    make_cheap(monkeypatch)


@pytest.fixture
async def desks(tmp_path: Path) -> AsyncIterator[tuple[OfficePages, OfficePages]]:
    async with both_desks(tmp_path) as (_, a, b):
        yield a, b


def case_path(page: SeenPage) -> str:
    found = re.search(r'href="(/cases/[^"]+)"', page.text)
    assert found is not None, page.text
    return found[1]


async def test_what_came_is_acknowledged_from_the_board(
    desks: tuple[OfficePages, OfficePages],
) -> None:
    a, b = desks
    for _ in range(2):
        await a.running.open()
    await b.running.until(lambda: len(b.running.views()) == 2)
    officer = Visitor(b)
    board = await officer.log_in("officer")
    assert board.path == "/board"
    assert board.text.count('type="checkbox"') == 2
    assert "To acknowledge" in board.text
    assert SUBJECT in board.text
    # All that are chosen at once; a browser repeats the field.
    chosen = re.findall(r'name="case" value="([^"]+)"', board.text)
    form = {name: board.forms("/board/acknowledge")[0][name] for name in ("csrf", "back")}
    body = [*form.items(), *(("case", case) for case in chosen), ("case", f"{LINK}/{'00' * 32}")]
    done = await officer.send("/board/acknowledge", body)
    assert "2 cases are acknowledged." in done.text
    assert "1 case could not be acknowledged" in done.text
    await a.running.until(lambda: all(v.state == "acknowledged" for v in a.running.views()))
    filtered = await officer.see("/board?kind=to_acknowledge&owed_by=us")
    assert 'aria-current="true"' in filtered.text
    assert "Nothing is open here." in filtered.text


async def test_a_request_goes_from_draft_by_approval_to_the_other_side(
    desks: tuple[OfficePages, OfficePages],
) -> None:
    a, b = desks
    officer, chief = Visitor(a), Visitor(a)
    await officer.log_in("officer")
    new = await officer.see("/new")
    draft = await officer.post(new, "/drafts", link=LINK, kind="verification_request")
    address = draft.path
    empty = await officer.post(draft, address, do="send")
    assert "A field is missing." in empty.text
    fields = {
        "dispatch.subject": SUBJECT,
        "dispatch.local_number": "527/BC-UBND",
        "fields.subject": str(REQUEST["subject"]),
        "fields.questions": "Is the person known?\n\nWhere?",
        "fields.purpose": "fictional",
    }
    waits = await officer.post(await officer.see(address), address, do="send", **fields)
    assert "the draft now waits for the chief" in waits.text
    assert not waits.forms(f"{address}/approve")
    second = await chief.log_in("chief")
    now = a.running.agent.clock.now_ms() // 1000 // STEP_S
    board = await chief.post(second, "/login/code", code=code_at(SECRET, now))
    assert "Waiting for our approval" in board.text
    shown = await chief.see(address)
    assert "Where?" in shown.text
    wrong = await chief.ask(
        "POST", f"{address}/approve", {**shown.forms(f"{address}/approve")[1], "code": "000000"}
    )
    assert "was not accepted" in wrong.text
    code = code_at(SECRET, now + 1)
    form = {**shown.forms(f"{address}/approve")[1], "code": code}
    approved = await chief.send(f"{address}/approve", list(form.items()))
    assert "approved and can be sent" in approved.text
    sending = (await officer.see(address)).forms(f"{address}/step")[0]
    case = await officer.send(f"{address}/step", [*sending.items(), ("do", "send")])
    assert case.path.startswith(f"/cases/{LINK}/")
    await b.running.until(lambda: len(b.running.views()) == 1)
    there = Visitor(b)
    seen = await there.see(case_path(await there.log_in("officer")))
    assert "527/BC-UBND" in seen.text
    assert "Where?" in seen.text


async def test_a_draft_is_returned_with_a_reason_and_tells_of_the_other_version(
    desks: tuple[OfficePages, OfficePages],
) -> None:
    a, _ = desks
    officer, colleague = Visitor(a), Visitor(a)
    await officer.log_in("officer")
    await colleague.log_in("colleague")
    draft = await officer.post(
        await officer.see("/new"), "/drafts", link=LINK, kind="information_notice"
    )
    theirs = await colleague.see(draft.path)
    await officer.post(draft, draft.path, do="save", **{"dispatch.subject": "first words"})
    late = await colleague.post(theirs, draft.path, do="save", **{"dispatch.subject": "other"})
    assert late.status == 409
    assert "first words" in late.text
    form = {**late.forms(draft.path)[0], "dispatch.subject": "both words", "do": "save"}
    saved = await colleague.ask("POST", f"{draft.path}/autosave", form)
    assert "Saved" in saved.text
    (row,) = a.running.read_store(lambda s: drafts.in_state(s, DraftState.DRAFT))
    assert b"both words" in row.request
    again = await colleague.ask("POST", f"{draft.path}/autosave", form)
    assert "Not saved" in again.text


async def test_a_case_shows_what_happened_what_may_be_done_and_who_looked(
    desks: tuple[OfficePages, OfficePages],
) -> None:
    a, b = desks
    made = await a.running.open()
    await b.running.until(lambda: len(b.running.views()) == 1)
    officer = Visitor(b)
    page = await officer.see(case_path(await officer.log_in("officer")))
    assert "What may be done now" in page.text
    action = f"/cases/{LINK}/{made.case.hex()}"
    noted = await officer.post(page, f"{action}/notes", words="ask <b>the colleague</b>")
    assert "ask &lt;b&gt;the colleague&lt;/b&gt;" in noted.text
    steps = [form for form in page.forms(f"{action}/steps") if form["step"] == "acknowledge"]
    done = await officer.send(f"{action}/steps", list(steps[0].items()))
    assert "goes out as soon as the line allows it" in done.text
    await a.running.until(lambda: a.running.views()[0].state == "acknowledged")
    rows = b.running.read_store(lambda s: list(journal.entries(s)))
    assert ("officer", CaseId(made.case)) in [(row.actor, row.case) for row in rows]


async def test_other_roles_and_other_peoples_ids_are_refused(
    desks: tuple[OfficePages, OfficePages],
) -> None:
    a, b = desks
    made = await a.running.open()
    await b.running.until(lambda: len(b.running.views()) == 1)
    case = f"/cases/{LINK}/{made.case.hex()}"
    for person, path, status in (
        ("operator", "/board", 403),
        ("operator", case, 403),
        ("operator", "/drafts", 403),
        ("auditor", "/new", 403),
        ("auditor", case, 200),
        ("member", case, 403),
        ("officer", "/people", 403),
        ("officer", "/people/chief", 403),
        ("officer", f"/cases/{LINK}/{'00' * 32}", 404),
        ("officer", "/cases/none~none/00", 404),
        ("officer", f"/cases/{LINK}/zz", 400),
        ("officer", f"/drafts/{'00' * 16}", 404),
        ("officer", "/board?link=none~none", 404),
        ("officer", "/board?kind=nothing", 400),
    ):
        visitor = Visitor(b)
        await visitor.log_in(person)
        answer = await visitor.ask("GET", path)
        assert answer.status == status, (person, path, answer.text)
    rows = b.running.read_store(lambda s: list(journal.entries(s)))
    assert any(row.actor == "operator" and row.action.startswith("refused") for row in rows)
