"""Webhooks: signed, sent until they are taken, given up in time, and only where they may go."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from blo_agent.changes.answers import change_answer
from blo_agent.changes.delivery import GIVEN_UP_AFTER_MS, LONGEST_PAUSE_MS, WebhookSender
from blo_agent.changes.feed import ChangeFeed
from blo_agent.people.access import AT_NODE
from blo_agent.people.systems import add_system, revoke_system
from blo_agent.people.webhooks import set_webhook, state_of
from blo_agent.store.facade import Store
from blo_agent.store.tables import changes, webhooks
from blo_runtime.clock import ManualClock
from blo_runtime.http_post import PostFailed, PostTarget, post, read_target
from blo_runtime.metrics import Metrics
from blo_schemas.ids import LinkId, OfficeId
from blo_schemas.people import OfficeRole, SystemScope
from blo_sealing.http_signatures import content_digest, signature_base
from blo_sealing.signatures import verify_signature
from tests.people.staff import NOW, Staff, opened, refuses
from tests.people.test_changes_api import Streaming, office
from tests.people.test_people_api import OPENING, cheap_hashes

__all__ = ["cheap_hashes", "office"]

URL = "http://127.0.0.1:1/hook"
LINK = LinkId("vn-a~la-b")


class Receiver:
    """A program's own end, which takes requests or does not."""

    def __init__(self) -> None:
        self.taken: list[dict[str, Any]] = []
        self.headers: list[Mapping[str, str]] = []
        self.answers: list[int | str] = []

    async def __call__(self, _: PostTarget, headers: Mapping[str, str], body: bytes) -> int:
        answer = self.answers.pop(0) if self.answers else 200
        if isinstance(answer, str):
            raise PostFailed(answer)
        if answer == 200:
            self.taken.append(json.loads(body))
            self.headers.append(headers)
        return answer


class Delivering:
    """A store with a program, its webhook, and what sends."""

    def __init__(self, store: Store) -> None:
        self.staff = Staff(store)
        self.clock = ManualClock()
        self.clock.set(NOW)
        self.receiver = Receiver()
        self.metrics = Metrics()
        feed = ChangeFeed(store)
        self.sender = WebhookSender(
            OfficeId("vn-a"), store, feed, self.clock, self.metrics, change_answer, self.receiver
        )
        end = NOW + 400 * 86_400_000
        self.staff.write(lambda tx: add_system(AT_NODE, "sys-x", SystemScope(), end, NOW, tx))
        self.set()

    def set(self) -> None:
        self.staff.write(lambda tx: set_webhook(AT_NODE, "sys-x", URL, NOW, tx))

    def change(self, count: int = 1) -> None:
        for _ in range(count):
            self.staff.write(
                lambda tx: tx.execute("INSERT INTO changes(what, link) VALUES ('link', ?)", (LINK,))
            )

    def row(self) -> webhooks.WebhookRow:
        row = self.staff.read(lambda snapshot: webhooks.get(snapshot, "sys-x"))
        assert row is not None
        return row

    def later(self, milliseconds: int) -> None:
        self.clock.set(self.clock.now_ms() + milliseconds)


@pytest.fixture
async def delivering(tmp_path: Path) -> AsyncIterator[Delivering]:
    with opened(tmp_path) as store:
        yield Delivering(store)


async def test_each_change_is_sent_in_order_and_again_until_it_is_taken(
    delivering: Delivering,
) -> None:
    delivering.change(130)
    delivering.receiver.answers = ["cannot connect", 500, 301]
    sent = 0
    while len(delivering.receiver.taken) < 2:
        await delivering.sender.step()
        delivering.later(LONGEST_PAUSE_MS)
        sent += 1
        assert sent < 20
    numbers = [row["number"] for body in delivering.receiver.taken for row in body["changes"]]
    assert numbers == list(range(1, 131))
    assert delivering.receiver.taken[-1]["next"] == delivering.row().after == 130
    assert delivering.row().failing_since is None
    assert delivering.row().delivered_at is not None
    assert not await delivering.sender.step()
    assert len(delivering.receiver.taken) == 2, "nothing is sent twice"


async def test_pauses_grow_and_after_a_day_it_is_given_up_and_told(delivering: Delivering) -> None:
    delivering.change()
    delivering.receiver.answers = ["no answer within 10 seconds"] * 200
    pauses = []
    while delivering.row().paused_at is None:
        before = delivering.clock.now_ms()
        await delivering.sender.step()
        pauses.append(delivering.row().next_at - before)
        delivering.later(pauses[-1])
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (1_000, LONGEST_PAUSE_MS)
    assert delivering.clock.now_ms() - NOW >= GIVEN_UP_AFTER_MS
    left = len(delivering.receiver.answers)
    await delivering.sender.step()
    assert len(delivering.receiver.answers) == left, "nothing is sent any more"
    assert "no answer" in delivering.sender.check().detail
    assert ("agent", "give webhook up") in delivering.staff.journal()


async def test_before_the_pause_is_over_nothing_is_sent(delivering: Delivering) -> None:
    delivering.change()
    delivering.receiver.answers = [500]
    await delivering.sender.step()
    delivering.later(999)
    await delivering.sender.step()
    assert delivering.receiver.taken == []
    delivering.later(1)
    await delivering.sender.step()
    assert len(delivering.receiver.taken) == 1


async def test_a_program_whose_token_does_not_count_is_sent_nothing(
    delivering: Delivering,
) -> None:
    delivering.change()
    delivering.staff.write(lambda tx: revoke_system(AT_NODE, "sys-x", NOW, tx))
    await delivering.sender.step()
    assert delivering.receiver.taken == []


async def test_what_is_not_kept_any_more_is_said_to_be_missed(delivering: Delivering) -> None:
    delivering.change(3)
    delivering.staff.write(lambda tx: changes.forget_oldest(tx, 2))
    await delivering.sender.step()
    (body,) = delivering.receiver.taken
    assert (body["missed"], body["changes"], body["next"]) == (True, [], 3)


async def test_a_request_is_signed_and_says_nothing_but_names(delivering: Delivering) -> None:
    delivering.change()
    received: list[tuple[Mapping[str, str], bytes]] = []

    async def keep(_: PostTarget, headers: Mapping[str, str], body: bytes) -> int:
        received.append((headers, body))
        return 204

    delivering.sender._send = keep
    await delivering.sender.step()
    ((headers, body),) = received
    assert headers["Content-Digest"] == content_digest(body)
    parameters = headers["Signature-Input"].removeprefix("blo=")
    values = {
        "@method": "POST",
        "@target-uri": URL,
        "content-digest": headers["Content-Digest"],
        "content-type": headers["Content-Type"],
    }
    signature = base64.b64decode(headers["Signature"].removeprefix("blo=").strip(":"))
    key = state_of(delivering.row()).public_key
    assert verify_signature(key, signature_base(values, parameters), signature)
    assert json.loads(body) == {
        "office": "vn-a",
        "system": "sys-x",
        "changes": [{"number": 1, "what": "link", "link": LINK}],
        "next": 1,
        "missed": False,
    }


async def test_an_address_that_the_operator_sets_waits_for_the_chief(
    delivering: Delivering,
) -> None:
    delivering.staff.add("chief", OfficeRole.CHIEF)
    delivering.set()
    delivering.change()
    assert not delivering.row().confirmed
    await delivering.sender.step()
    assert delivering.receiver.taken == []


@pytest.mark.parametrize(
    "url",
    [
        "http://192.0.2.1/",
        "http://example.org/",
        "ftp://localhost/",
        "https://169.254.169.254/latest",
        "https://[fe80::1]/",
        "https://0.0.0.0/",
        "https://224.0.0.1/",
        "https://[::ffff:169.254.169.254]/",
        "https://u:p@example.org/",
        "https://example.org/#x",
        "https://example.org/ x",
        "https://example.org/\r\nHost: x",
        "https:///x",
        "https://example.org:99999/",
        "https://" + "a" * 600,
        "",
    ],
)
def test_an_address_where_requests_do_not_go_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_target(url)
    with opened(tmp_path) as store:
        staff = Staff(store)
        end = NOW + 86_400_000
        staff.write(lambda tx: add_system(AT_NODE, "sys-x", SystemScope(), end, NOW, tx))
        with refuses("appointment_refused"):
            staff.write(lambda tx: set_webhook(AT_NODE, "sys-x", url, NOW, tx))


async def test_a_name_that_leads_elsewhere_is_not_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    async def resolved(*_: Any, **__: Any) -> list[Any]:
        return [(0, 0, 0, "", ("169.254.169.254", 443))]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolved)
    with pytest.raises(PostFailed, match="do not go"):
        await post(read_target("https://registry.example/hook"), {}, b"")


@asynccontextmanager
async def answering(
    answer: bytes, *, hangs: bool = False
) -> AsyncIterator[tuple[int, list[bytes]]]:
    """A server that answers so, and what it was sent."""
    requests: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(answer)
        if hangs:
            await reader.read()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1], requests
    finally:
        server.close()


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (b"HTTP/1.1 204 No Content\r\n\r\n", 204),
        (b"HTTP/1.1 302 Found\r\nLocation: http://192.0.2.1/\r\n\r\n", 302),
        (b"HTTP/1.1 500 x\r\n" + b"a: b\r\n" * 100_000, 500),
        (b"SSH-2.0-x\r\n", None),
        (b"", None),
        (b"HTTP/1.1 abc\r\n\r\n", None),
    ],
)
async def test_of_an_answer_the_status_counts_and_no_redirect_is_followed(
    answer: bytes, status: int | None
) -> None:
    async with answering(answer) as (port, requests):
        target = read_target(f"http://127.0.0.1:{port}/hook?x=1")
        if status is None:
            with pytest.raises(PostFailed):
                await post(target, {}, b"{}")
        else:
            assert await post(target, {"A": "b"}, b"{}") == status
    (request,) = requests
    assert request.startswith(b"POST /hook?x=1 HTTP/1.1\r\n")
    assert b"\r\nHost: 127.0.0.1:%d\r\n" % port in request


async def test_who_does_not_answer_is_not_waited_for() -> None:
    async with answering(b"HTTP/1.1", hangs=True) as (port, _):
        with pytest.raises(PostFailed, match="no answer"):
            await post(read_target(f"http://localhost:{port}/"), {}, b"", timeout_s=0.2)


async def test_a_program_is_told_over_real_http(office: Streaming) -> None:
    program = await office.program(submits=True, is_trusted=True)
    chief = await office.browser("chief")
    async with answering(b"HTTP/1.1 200 OK\r\n\r\n") as (port, requests):
        url = f"http://127.0.0.1:{port}/hook"
        made = await chief.done("PUT", "/v1/systems/sys-registry/webhook", {"url": url})
        assert (len(made["public_key"]), made["confirmed"]) == (64, True)
        await program.done("POST", "/v1/commands", OPENING)
        await office.running.until(lambda: bool(requests))
        head = requests[0].decode().lower()
        assert "signature-input: blo=(" in head
        assert f'keyid="{made["key_id"]}"' in head

        async def is_taken() -> bool:
            (row,) = await chief.done("GET", "/v1/webhooks")
            return row["delivered_at"] is not None

        await office.running.until_true(is_taken)
    assert "key" not in (await chief.done("GET", "/v1/webhooks"))[0]
    await chief.done("DELETE", "/v1/systems/sys-registry/webhook")
    assert await chief.done("GET", "/v1/webhooks") == []
    assert (await program.ask("GET", "/v1/webhooks"))[0] == 403
