"""Sends the changes to the addresses that programs have given, signed, and again until they are taken.

A webhook's number in the store moves when its address has taken a request (a status of 2xx), so each
change is sent at least once, in order. What is not taken is sent again after a pause that doubles up
to an hour; after a day without success it is given up, until a person resumes it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, NamedTuple

import msgspec

from blo_agent.changes.errors import ChangesGone
from blo_agent.changes.feed import ChangeFeed
from blo_agent.changes.visible import ChangePage, page_of
from blo_agent.people.systems import actor_of_system
from blo_agent.people.webhooks import state_of
from blo_agent.store.connection import Snapshot, Transaction
from blo_agent.store.facade import Store
from blo_agent.store.tables import changes, journal, systems, webhooks
from blo_agent.store.tables.webhooks import WebhookRow
from blo_runtime.admin import Health
from blo_runtime.clock import Clock
from blo_runtime.http_post import PostFailed, PostTarget, post, read_target
from blo_runtime.logs import get_logger
from blo_runtime.metrics import Metrics
from blo_schemas.ids import OfficeId
from blo_sealing.http_signatures import content_digest, signature_fields
from blo_sealing.signatures import SigningKey

FIRST_PAUSE_MS: Final = 1_000
LONGEST_PAUSE_MS: Final = 3_600_000
GIVEN_UP_AFTER_MS: Final = 24 * 3_600_000

_PAGE: Final = 100
_LOOK_EVERY_S: Final = 5.0
_STORED_EVERY: Final = 1_000
_NOBODY: Final = "agent"

Send = Callable[[PostTarget, Mapping[str, str], bytes], Awaitable[int]]


class WebhookBody(msgspec.Struct, frozen=True):
    """What is sent: which things have changed, and nothing of what they say.

    Attributes:
        office: The office that sends.
        system: The program for which it is.
        changes: The changes that the program reaches, as ``GET /v1/changes`` gives them.
        next: The number up to which everything was sent.
        missed: Whether changes before these are not kept any more: read the lists anew.
    """

    office: str
    system: str
    changes: list[object]
    next: int
    missed: bool


class _SentPage(NamedTuple):
    page: ChangePage
    missed: bool


class WebhookSender:
    """Sends to all webhooks of an office.

    Args:
        office: The office.
        store: Its store.
        feed: Where the changes stand.
        clock: The office's clock.
        metrics: Where it counts.
        present: The JSON form of a change.
        send: Sends one request; returns the status of its answer.

    Attributes:
        troubles: What is wrong with webhooks, in words, by program.
    """

    def __init__(
        self,
        office: OfficeId,
        store: Store,
        feed: ChangeFeed,
        clock: Clock,
        metrics: Metrics,
        present: Callable[[changes.ChangeRow], object],
        send: Send = post,
    ) -> None:
        self._office = office
        self._store = store
        self._feed = feed
        self._clock = clock
        self._metrics = metrics
        self._present = present
        self._send = send
        self._read_to: dict[str, int] = {}
        self.troubles: dict[str, str] = {}

    async def run(self) -> None:
        """Send until this is cancelled."""
        while True:
            seen = self._feed.newest
            if not await self.step():
                await self._feed.wait(seen, _LOOK_EVERY_S)
                if self._feed.is_closed:
                    await asyncio.sleep(_LOOK_EVERY_S)

    def check(self) -> Health:
        """For ``/readyz``: always ok, because the office works without; the detail names troubles."""
        words = [f"webhook of {name}: {trouble}" for name, trouble in sorted(self.troubles.items())]
        return Health(ok=True, detail="; ".join(words))

    async def step(self) -> bool:
        """Send one request to each webhook that is due; whether there may be more at once."""
        rows = await self._store.read(webhooks.everything)
        self.troubles = {row.system: row.trouble for row in rows if row.failing_since is not None}
        self._metrics.webhooks_paused.set(sum(row.paused_at is not None for row in rows))
        now = self._clock.now_ms()
        due = [
            row for row in rows if row.confirmed and row.paused_at is None and row.next_at <= now
        ]
        return any(await asyncio.gather(*(self._deliver(row, now) for row in due)))

    async def _deliver(self, row: WebhookRow, now: int) -> bool:
        start = max(row.after, self._read_to.get(row.system, 0))
        portion = await self._store.read(lambda snapshot: _portion(snapshot, row, start, now))
        if portion is None:
            return False
        page = portion.page
        if not page.changes and not portion.missed:
            self._read_to[row.system] = page.next
            if page.next - row.after >= _STORED_EVERY:
                await self._store.write(lambda tx: _advance(tx, row, page.next))
            return page.next < page.newest
        trouble = await self._post(row, portion, now)
        self._metrics.webhook_requests.labels(state="failed" if trouble else "taken").inc()
        if trouble:
            await self._store.write(lambda tx: _fail(tx, row, trouble, now))
            return False
        self._read_to.pop(row.system, None)
        await self._store.write(lambda tx: _advance(tx, row, page.next, now))
        return page.next < page.newest

    async def _post(self, row: WebhookRow, portion: _SentPage, now: int) -> str:
        """Send a portion; what is wrong, in words, or nothing."""
        page = portion.page
        listed = [self._present(change) for change in page.changes]
        body = msgspec.json.encode(
            WebhookBody(self._office, row.system, listed, page.next, portion.missed)
        )
        covered = {
            "@method": "POST",
            "@target-uri": row.url,
            "content-digest": content_digest(body),
            "content-type": "application/json",
        }
        signed = signature_fields(SigningKey(row.key), covered, now // 1000, state_of(row).key_id)
        headers = {
            "Content-Type": covered["content-type"],
            "Content-Digest": covered["content-digest"],
            **signed,
        }
        try:
            status = await self._send(read_target(row.url), headers, body)
        except PostFailed as error:
            return str(error)
        return "" if 200 <= status < 300 else f"answered with status {status}"


def _portion(snapshot: Snapshot, row: WebhookRow, start: int, now: int) -> _SentPage | None:
    """What is to be sent next; ``None``: the program's token does not count now."""
    system = systems.get(snapshot, row.system)
    actor = None if system is None else actor_of_system(system, now)
    if actor is None:
        return None
    try:
        return _SentPage(page_of(snapshot, actor, start, _PAGE), missed=False)
    except ChangesGone:
        newest = changes.bounds(snapshot).newest
        return _SentPage(ChangePage([], newest, newest), missed=True)


def _advance(tx: Transaction, row: WebhookRow, number: int, now: int | None = None) -> None:
    current = webhooks.get(tx, row.system)
    if current is None or current.key != row.key:
        return  # It was set anew, or removed, while the request was under way.
    current = current._replace(after=number)
    if now is not None:
        current = current._replace(
            failing_since=None, failures=0, next_at=0, trouble="", delivered_at=now
        )
    webhooks.put(tx, current)


def _fail(tx: Transaction, row: WebhookRow, trouble: str, now: int) -> None:
    current = webhooks.get(tx, row.system)
    if current is None or current.key != row.key:
        return
    since = current.failing_since or now
    pause = min(FIRST_PAUSE_MS * 2 ** min(current.failures, 20), LONGEST_PAUSE_MS)
    current = current._replace(
        failing_since=since, failures=current.failures + 1, next_at=now + pause, trouble=trouble
    )
    if now - since >= GIVEN_UP_AFTER_MS:
        current = current._replace(paused_at=now)
        journal.append(
            tx, at=now, actor=_NOBODY, action="give webhook up", detail=row.system.encode()
        )
        get_logger().error("webhook given up", reason=f"{row.system}: {trouble}")
    webhooks.put(tx, current)
