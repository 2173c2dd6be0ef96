from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import httpx
import pytest

from blo_runtime.admin import Check, Health, start_admin
from blo_runtime.errors import ListenerFailed
from blo_runtime.metrics import Metrics
from blo_runtime.settings import AdminSettings


@asynccontextmanager
async def admin(
    metrics: Metrics, checks: Mapping[str, Check] | None = None
) -> AsyncIterator[httpx.AsyncClient]:
    server = await start_admin(AdminSettings(), metrics.registry, checks or {})
    try:
        async with httpx.AsyncClient(base_url=server.url, trust_env=False) as client:
            yield client
    finally:
        await server.stop()


def good() -> Health:
    return Health(ok=True)


def bad() -> Health:
    return Health(ok=False, detail="7 records behind")


def broken() -> Health:
    raise RuntimeError("no store")


async def test_metrics_are_served_from_the_given_registry() -> None:
    metrics = Metrics()
    metrics.events_appended.labels(link="l1").inc(3)
    async with admin(metrics) as client:
        answer = await client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    assert 'blo_events_appended_total{link="l1"} 3.0' in answer.text
    assert "python_gc" not in answer.text


async def test_metrics_are_served_as_openmetrics_when_asked() -> None:
    async with admin(Metrics()) as client:
        answer = await client.get(
            "/metrics", headers={"accept": "application/openmetrics-text; version=1.0.0"}
        )
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert answer.text.endswith("# EOF\n")


async def test_healthz_says_alive_whatever_the_checks_say() -> None:
    async with admin(Metrics(), {"reader": bad}) as client:
        answer = await client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "alive"})


async def test_readyz_is_200_with_every_check_named_when_all_are_ok() -> None:
    async with admin(Metrics(), {"reader": good, "store": good}) as client:
        answer = await client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == [
        {"name": "reader", "ok": True, "detail": ""},
        {"name": "store", "ok": True, "detail": ""},
    ]


async def test_readyz_is_503_when_one_check_is_not_ok() -> None:
    async with admin(Metrics(), {"reader": bad, "store": good}) as client:
        answer = await client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()[0] == {"name": "reader", "ok": False, "detail": "7 records behind"}
    assert answer.json()[1]["ok"] is True


async def test_a_check_that_raises_is_a_failed_check() -> None:
    async with admin(Metrics(), {"store": broken}) as client:
        answer = await client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == [{"name": "store", "ok": False, "detail": "RuntimeError: no store"}]


async def test_checks_are_asked_anew_each_time() -> None:
    now = {"ok": False}
    async with admin(Metrics(), {"line": lambda: Health(ok=now["ok"])}) as client:
        before = await client.get("/readyz")
        now["ok"] = True
        after = await client.get("/readyz")
    assert [before.status_code, after.status_code] == [503, 200]


async def test_an_unknown_path_is_404_in_json() -> None:
    async with admin(Metrics()) as client:
        for path in ("/", "/schema", "/metrics/x", "/..%2f"):
            answer = await client.get(path, headers={"accept": "text/html"})
            assert answer.status_code == 404, path
            assert answer.headers["content-type"].startswith("application/json")
            assert answer.json()["status_code"] == 404


async def test_other_methods_are_405_in_json() -> None:
    async with admin(Metrics()) as client:
        for path in ("/metrics", "/healthz", "/readyz"):
            for method in ("POST", "PUT", "PATCH", "DELETE"):
                answer = await client.request(method, path)
                assert answer.status_code == 405, (method, path)
                assert answer.headers["content-type"].startswith("application/json")


async def test_the_listener_is_on_loopback_unless_told_otherwise() -> None:
    server = await start_admin(AdminSettings(), Metrics().registry, {})
    try:
        assert server.host == "127.0.0.1"
        assert server.url == f"http://127.0.0.1:{server.port}"
    finally:
        await server.stop()


async def test_a_taken_port_is_an_error_that_names_it() -> None:
    server = await start_admin(AdminSettings(), Metrics().registry, {})
    try:
        with pytest.raises(ListenerFailed, match=rf"127\.0\.0\.1:{server.port}.*in use"):
            await start_admin(AdminSettings(port=server.port), Metrics().registry, {})
    finally:
        await server.stop()
