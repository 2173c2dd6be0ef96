"""Debian's Chromium for tests: what pages ask for, what they say to the console, what axe finds."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from tests.desk.offices import OfficePages
from tests.patience import PATIENCE_S
from tests.people.staff import PASSWORD

CHROMIUM = "/usr/bin/chromium"
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
AXE = Path(__file__).parent / "vendor" / "axe.min.js"
SCREENSHOTS = Path(__file__).parents[2] / "build" / "desk"
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


expect.set_options(timeout=PATIENCE_S * 1000)


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """One browser with an empty folder of its own."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        await browser.close()


class Sitting:
    """Somebody in front of a browser at an office.

    Attributes:
        office: The office.
        context: Cookies and settings of the browser.
        page: Its only page.
        complaints: What the browser says to its console, and requests that lead elsewhere.
    """

    def __init__(self, office: OfficePages, context: BrowserContext, page: Page) -> None:
        self.office = office
        self.context = context
        self.page = page
        self.complaints: list[str] = []
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on(
            "console",
            lambda said: (
                self.complaints.append(said.text) if said.type in ("error", "warning") else None
            ),
        )
        page.on("request", lambda request: self._note(request.url))

    def _note(self, url: str) -> None:
        place = urlsplit(url)
        if place.scheme in ("http", "https", "ws", "wss") and not url.startswith(
            f"{self.office.url}/"
        ):
            self.complaints.append(f"asks {url}")

    async def go(self, path: str) -> None:
        """Opens a page."""
        await self.page.goto(self.office.url + path)

    async def log_in(self, person: str) -> None:
        """Logs in by name and password, with the keyboard alone."""
        await self.go("/login")
        await self.page.focus("#person")
        await self.page.keyboard.type(person)
        await self.page.keyboard.press("Tab")
        await self.page.keyboard.type(PASSWORD)
        async with self.page.expect_navigation():
            await self.page.keyboard.press("Enter")

    async def add_authenticator(self) -> None:
        """Plugs a security key in whose owner is always there (Chromium's virtual one)."""
        session = await self.context.new_cdp_session(self.page)
        await session.send("WebAuthn.enable")
        options = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }
        await session.send("WebAuthn.addVirtualAuthenticator", {"options": options})

    async def violations(self) -> list[str]:
        """What axe finds wrong on the page as it is: rule and element."""
        script = AXE.read_text(encoding="utf-8")
        found: dict[str, Any] = await self.page.evaluate(
            f"async (rules) => {{ {script}; return await axe.run(document, rules); }}", RULES
        )
        return [
            f"{rule['id']}: {node['html'][:200]} {node.get('failureSummary', '')}"
            for rule in found["violations"]
            for node in rule["nodes"]
        ]

    async def picture(self, name: str) -> None:
        """Keeps a picture of the whole page for people to look at."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        await self.page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)


@asynccontextmanager
async def sitting(browser: Browser, office: OfficePages, **options: Any) -> AsyncIterator[Sitting]:
    """A browser of its own for somebody."""
    settings = {"viewport": {"width": 1366, "height": 768}, "locale": "en-GB", **options}
    context = await browser.new_context(**settings)
    context.set_default_timeout(PATIENCE_S * 1000)
    yield Sitting(office, context, await context.new_page())
    await context.close()
