import asyncio
import signal
from collections.abc import AsyncIterator

import httpx
import pytest
from litestar import Litestar, get
from litestar.response import Stream

from blo_runtime.errors import ListenerFailed
from blo_runtime.http import serve


@get("/")
async def hello() -> str:
    return "hello"


def app(*handlers: object, **more: object) -> Litestar:
    return Litestar([hello, *handlers], openapi_config=None, logging_config=None, **more)  # type: ignore[list-item, arg-type]


async def test_a_chosen_port_is_reported_and_answers() -> None:
    server = await serve(app())
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.get(server.url + "/")
    assert server.port != 0
    assert answer.text == "hello"
    assert "server" not in answer.headers
    await server.stop()


async def test_ipv6_loopback_works() -> None:
    server = await serve(app(), "::1")
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.get(server.url + "/")
    assert answer.status_code == 200
    await server.stop()


async def test_a_stopped_listener_frees_its_port_and_stops_twice_without_harm() -> None:
    server = await serve(app())
    async with httpx.AsyncClient(trust_env=False) as client:
        await client.get(server.url + "/")
    await server.stop()
    await server.stop()
    await server.wait()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(server.host, server.port)
    again = await serve(app(), port=server.port)
    await again.stop()


async def test_several_listeners_live_in_one_loop() -> None:
    servers = [await serve(app()) for _ in range(3)]
    assert len({server.port for server in servers}) == 3
    await asyncio.gather(*(server.stop() for server in servers))


async def test_serving_leaves_the_programs_signal_handlers_alone() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    server = await serve(app())
    during = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    await server.stop()
    assert before == during


async def test_a_request_that_ends_in_the_grace_period_is_answered() -> None:
    begun, may_end = asyncio.Event(), asyncio.Event()

    @get("/slow")
    async def slow() -> str:
        begun.set()
        await may_end.wait()
        return "done"

    server = await serve(app(slow))
    async with httpx.AsyncClient(trust_env=False) as client:
        request = asyncio.create_task(client.get(server.url + "/slow"))
        await begun.wait()
        stopping = asyncio.create_task(server.stop())
        await asyncio.sleep(0)
        may_end.set()
        assert (await request).text == "done"
        await stopping


async def test_an_endless_response_is_cut_after_the_grace_period(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def ticks() -> AsyncIterator[bytes]:
        while True:
            yield b"tick\n"
            await asyncio.sleep(0.01)

    @get("/endless")
    async def endless() -> Stream:
        return Stream(ticks())

    server = await serve(app(endless), grace_s=0)
    async with (
        httpx.AsyncClient(trust_env=False) as client,
        client.stream("GET", server.url + "/endless") as answer,
    ):
        assert answer.status_code == 200
        await server.stop()
    assert "listener cut off" not in capsys.readouterr().err


async def test_a_handler_that_ignores_its_end_does_not_hold_up_the_stop() -> None:
    begun = asyncio.Event()

    @get("/stuck")
    async def stuck() -> str:
        begun.set()
        while not released.is_set():
            try:
                await released.wait()
            except asyncio.CancelledError:
                continue
        return "late"

    released = asyncio.Event()
    server = await serve(app(stuck), grace_s=0)
    async with httpx.AsyncClient(trust_env=False, timeout=None) as client:
        request = asyncio.create_task(client.get(server.url + "/stuck"))
        await begun.wait()
        await server.stop()
        released.set()
        await asyncio.gather(request, return_exceptions=True)


async def test_an_application_that_never_shuts_down_is_cut_off(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def hang() -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr("blo_runtime.http._HARD_LIMIT_S", 0.5)
    server = await serve(app(on_shutdown=[hang]), grace_s=0)
    await server.stop()
    assert "listener cut off" in capsys.readouterr().err
    assert not [task for task in asyncio.all_tasks() if task.get_name().startswith("http ")]


async def test_a_failing_start_up_of_the_application_is_an_error_and_frees_the_port() -> None:
    async def fail() -> None:
        raise RuntimeError("no store")

    probe = await serve(app())
    await probe.stop()
    with pytest.raises(ListenerFailed, match="start-up"):
        await serve(app(on_startup=[fail]), port=probe.port)
    again = await serve(app(), port=probe.port)
    await again.stop()
