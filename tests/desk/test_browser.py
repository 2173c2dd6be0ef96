"""The desk in a real browser: every page, every language, keyboard, passkeys, nothing left behind."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import NamedTuple

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from blo_agent.store.tables import drafts, journal
from blo_desk.languages import NAMES
from blo_domain.people.drafts import DraftState
from blo_schemas.approvals import APPROVAL, SecondFactor
from blo_schemas.summary import Kind, Step
from tests.agents.world import REQUEST
from tests.desk.browser import chromium, sitting
from tests.desk.offices import OfficePages, both_desks
from tests.people.staff import make_cheap

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]


class Surroundings(NamedTuple):
    """One browser, and two offices with something to do."""

    browser: Browser
    here: OfficePages
    there: OfficePages


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desks(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Surroundings]:
    with pytest.MonkeyPatch.context() as patch:
        make_cheap(patch)
        folder = tmp_path_factory.mktemp("desks")
        async with both_desks(folder) as (_, a, b), chromium() as browser:
            await a.running.open()
            for number in (330, 331):
                await b.running.submit(
                    Kind.INFORMATION_NOTICE, Step.OPEN, fields=NOTICE, number=f"{number}/ປທສ"
                )
            await a.running.until(lambda: len(a.running.views()) == 3)
            yield Surroundings(browser, a, b)


NOTICE = {
    "crime_type": "drugs",
    "area": "(fictional) area",
    "source_grade": "B",
    "information_grade": 2,
    "text": "(fictional) words",
}


@pytest_asyncio.fixture(loop_scope="module")
async def in_english(desks: Surroundings) -> AsyncIterator[None]:
    yield
    await desks.here.speak("en")


@pytest.mark.usefixtures("in_english")
@pytest.mark.parametrize("language", NAMES)
async def test_every_page_in_every_language_by_day_and_by_night(
    desks: Surroundings, language: str
) -> None:
    office = desks.here
    await office.speak(language)
    async with sitting(desks.browser, office, locale=language) as chief:
        await chief.go("/login")
        assert await chief.violations() == []
        await chief.picture(f"log-in-{language}")
        await chief.log_in("operator")
        for name in ("people", "account"):
            await chief.go(f"/{name}")
            assert await chief.violations() == [], (name, language)
            await chief.picture(f"{name}-{language}")
        await chief.page.click("main form[action='/account/codes'] button")
        assert await chief.violations() == []
        await chief.picture(f"codes-{language}")
        assert chief.complaints == []
    async with sitting(desks.browser, office, locale=language) as officer:
        await officer.log_in("officer")
        await officer.picture(f"board-{language}")
        assert await officer.violations() == [], language
        await officer.page.emulate_media(color_scheme="dark")
        assert await officer.violations() == [], language
        await officer.picture(f"board-{language}-night")
        await officer.page.click("section.to_acknowledge tbody th a >> nth=0")
        await officer.picture(f"case-{language}-night")
        assert await officer.violations() == [], language
        await officer.page.emulate_media(color_scheme="light")
        await officer.picture(f"case-{language}")
        assert await officer.violations() == [], language
        for name in ("new", "drafts"):
            await officer.go(f"/{name}")
            assert await officer.violations() == [], (name, language)
            await officer.picture(f"{name}-{language}")
        assert officer.complaints == []


@pytest.mark.parametrize("width", [1366 // 2, 360])
async def test_nothing_is_cut_off_on_a_narrow_page(desks: Surroundings, width: int) -> None:
    """Half the width is what 200 % shows of a page (WCAG 1.4.10)."""
    size = {"width": width, "height": 700}
    async with sitting(desks.browser, desks.here, viewport=size) as officer:
        await officer.log_in("officer")
        for path in ("/board", "/new", "/account"):
            await officer.go(path)
            assert await officer.page.evaluate(
                "document.documentElement.scrollWidth <= window.innerWidth"
            ), path
            assert await officer.violations() == [], path
            await officer.picture(f"narrow-{width}-{path[1:]}")


async def test_the_keyboard_is_enough(desks: Surroundings) -> None:
    async with sitting(desks.browser, desks.here) as officer:
        await officer.log_in("officer")
        assert officer.page.url.endswith("/board")
        await officer.page.keyboard.press("Tab")
        focused = officer.page.locator(":focus")
        assert await focused.get_attribute("href") == "#main"
        await expect(focused).to_be_in_viewport()
        await officer.page.keyboard.press("Enter")
        assert await officer.page.evaluate("document.activeElement.id") == "main"
        # Everything that can be used can be reached, and shows that it was.
        await officer.page.evaluate("document.activeElement.blur()")
        for _ in range(40):
            await officer.page.keyboard.press("Tab")
            outline = await officer.page.evaluate(
                "getComputedStyle(document.activeElement).outlineStyle"
            )
            if await officer.page.evaluate("document.activeElement === document.body"):
                break
            assert outline != "none"


async def test_the_board_tells_that_something_has_come(desks: Surroundings) -> None:
    async with sitting(desks.browser, desks.here) as officer:
        async with officer.page.expect_response("**/v1/changes/stream") as listening:
            await officer.log_in("officer")
        assert (await listening.value).status == 200
        await expect(officer.page.locator("#news")).to_be_hidden()
        await desks.there.running.submit(Kind.INFORMATION_NOTICE, Step.OPEN, fields=NOTICE)
        await expect(officer.page.locator("#news")).to_be_visible()
        assert await officer.violations() == []
        assert officer.complaints == []


async def test_a_draft_saves_itself_and_says_when_it_could_not(desks: Surroundings) -> None:
    async with sitting(desks.browser, desks.here) as officer:
        await officer.log_in("officer")
        await officer.go("/new")
        await officer.page.check("input[value=information_notice]")
        await officer.page.click("main button.main")
        await officer.page.fill('[name="dispatch.subject"]', "(fictional) first words")
        await expect(officer.page.locator("#saved")).to_contain_text("Saved")
        assert await officer.violations() == []
        await officer.picture("draft-en")
        assert officer.complaints == []
        await officer.context.set_offline(True)
        await officer.page.fill('[name="dispatch.subject"]', "(fictional) words on a dead line")
        await expect(officer.page.locator("#saved")).to_contain_text("Not saved")
        await officer.picture("draft-offline-en")
        await officer.context.set_offline(False)
        await expect(officer.page.locator("#saved")).not_to_contain_text("Not saved")
        await expect(officer.page.locator("#saved")).to_contain_text("Saved")
        rows = desks.here.running.read_store(lambda s: drafts.in_state(s, DraftState.DRAFT))
        assert any(b"dead line" in row.request for row in rows)


async def test_a_passkey_logs_in_and_approves(desks: Surroundings) -> None:
    office = desks.here
    fields = {
        "dispatch.subject": "(fictional) to be approved by passkey",
        "fields.subject": str(REQUEST["subject"]),
        "fields.questions": "Is the person known?",
        "fields.purpose": "fictional",
    }
    async with sitting(desks.browser, office) as officer:
        await officer.log_in("officer")
        await officer.go("/new")
        await officer.page.check("input[value=verification_request]")
        await officer.page.click("main button.main")
        for name, text in fields.items():
            await officer.page.fill(f'[name="{name}"]', text)
        await officer.page.click("button[value=send]")
        await expect(officer.page.locator("main")).to_contain_text("waits for the chief")
        path = officer.page.url.partition("?")[0].removeprefix(office.url)
    async with sitting(desks.browser, desks.here) as deputy:
        await deputy.add_authenticator()
        await office.delegate("deputy")
        await deputy.log_in("deputy")
        await deputy.go("/account")
        await deputy.page.fill("#name", "(fictional) key in the safe")
        await deputy.page.click("form[data-passkey=new] button")
        await expect(deputy.page.locator("main")).to_contain_text("The passkey is added.")
        assert await deputy.violations() == []
        await deputy.page.click("form[action='/logout'] button")
        await deputy.page.click("form[data-passkey=login] button")
        await deputy.page.wait_for_url("**/board*")
        await deputy.go(path)
        assert await deputy.violations() == []
        await deputy.picture("approval-en")
        await deputy.page.click("form[data-passkey=approve] button")
        await expect(deputy.page.locator("main")).to_contain_text("approved and can be sent")
        assert deputy.complaints == []
    entries = office.running.read_store(lambda s: list(journal.entries(s)))
    (proof,) = [row for row in entries if row.action == "approve by passkey"]
    approval = APPROVAL.decode(proof.detail)
    assert (approval.approver, approval.factor) == ("deputy", SecondFactor.PASSKEY)
    assert approval.passkey is not None
    assert approval.passkey.public_key


async def test_a_page_runs_nothing_of_others_and_leaves_nothing_behind(desks: Surroundings) -> None:
    async with sitting(desks.browser, desks.here) as officer:
        await officer.log_in("officer")
        assert officer.complaints == []
        for code in (
            "document.body.innerHTML = '<img src=x onerror=alert(1)>'",
            "document.body.append(Object.assign(document.createElement('script'), {src: 'x'}))",
            "eval('1')",
            "new Function('return 1')()",
        ):
            refused = await officer.page.evaluate(
                "async (code) => { try { await import('data:text/javascript,' + code); return ''; }"
                " catch (error) { return String(error); } }",
                code,
            )
            assert refused, code
        trusted = await officer.page.evaluate(
            "() => { try { document.createElement('p').innerHTML = '<img src=x onerror=x>';"
            " return ''; } catch (error) { return String(error); } }"
        )
        assert "code" in trusted
        kept = await officer.page.evaluate(
            "async () => [localStorage.length, sessionStorage.length,"
            " (await indexedDB.databases()).length, (await caches.keys()).length]"
        )
        assert kept == [0, 0, 0, 0]
        (cookie,) = await officer.context.cookies()
        assert cookie["httpOnly"]
        assert cookie["sameSite"] == "Strict"
        await officer.page.click("form[action='/logout'] button")
        await officer.page.wait_for_url("**/login*")
        assert await officer.context.cookies() == []
        await officer.page.go_back()
        assert "/login" in officer.page.url


async def test_the_board_is_one_small_request(desks: Surroundings) -> None:
    """At 56 kbit/s 60 kB take nine seconds; style sheets and scripts are there already."""
    async with sitting(desks.browser, desks.here) as officer:
        await officer.log_in("officer")
        asked: list[str] = []
        officer.page.on("request", lambda request: asked.append(request.url))
        answer = await officer.page.goto(desks.here.url + "/board")
        assert answer is not None
        sizes = await answer.request.sizes()
        assert sizes["responseBodySize"] < 60_000
        assert await answer.header_value("content-encoding") == "gzip"
        cached = await officer.page.evaluate(
            "performance.getEntriesByType('resource').map((entry) => entry.transferSize)"
        )
        assert sum(cached) == 0, asked
