"""The admin listener: metrics and health, apart from any listener that users see.

It has no log-in, which is why it stays on loopback unless the configuration says otherwise.

- ``GET /metrics``: the program's metrics, in Prometheus text or OpenMetrics as asked for.
- ``GET /healthz``: 200 as long as the event loop turns.
- ``GET /readyz``: a JSON list of named checks, 200 if all are ok and 503 if one is not.
"""

from collections.abc import Callable, Mapping

import msgspec
from litestar import Litestar, MediaType, Request, Response, get
from litestar.datastructures import State
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from blo_runtime.http import ListeningServer, serve
from blo_runtime.logs import describe
from blo_runtime.settings import AdminSettings
from blo_runtime.tls import ListenerCertificate


class Health(msgspec.Struct, frozen=True):
    """What a check finds.

    Attributes:
        ok: Whether the program can do its work, as far as this check goes.
        detail: Why, in a few words without contents.
    """

    ok: bool
    detail: str = ""


Check = Callable[[], Health]
"""A readiness check: looks at state in memory, at once; it runs in the event loop."""


class CheckReport(msgspec.Struct, frozen=True):
    """One entry of ``/readyz``.

    Attributes:
        name: The check's name.
        ok: Whether it passed.
        detail: Why.
    """

    name: str
    ok: bool
    detail: str


def admin_app(registry: CollectorRegistry, checks: Mapping[str, Check]) -> Litestar:
    """Make the admin application.

    Args:
        registry: The metrics to expose, as ``Metrics().registry``.
        checks: The readiness checks by name; a check that raises counts as failed.

    Returns:
        An application for `blo_runtime.http.serve`.
    """

    @get("/metrics")
    async def metrics(request: Request[None, None, State]) -> Response[bytes]:
        encode, content_type = choose_encoder(request.headers.get("accept", ""))
        return Response(encode(registry), media_type=content_type)

    @get("/healthz", media_type=MediaType.JSON)
    async def healthz() -> dict[str, str]:
        return {"status": "alive"}

    @get("/readyz", media_type=MediaType.JSON)
    async def readyz() -> Response[list[CheckReport]]:
        reports = [_report(name, check) for name, check in checks.items()]
        ready = all(report.ok for report in reports)
        return Response(reports, status_code=200 if ready else 503)

    return Litestar([metrics, healthz, readyz], openapi_config=None, logging_config=None)


async def start_admin(
    settings: AdminSettings, registry: CollectorRegistry, checks: Mapping[str, Check]
) -> ListeningServer:
    """Serve the admin application where the configuration says.

    Returns:
        The listener, already answering; ``port`` is the real one.

    Raises:
        ListenerFailed: The address cannot be listened on.
        TlsUnusable: Its certificate cannot be used.
    """
    certificate = None
    if settings.tls is not None:
        certificate = ListenerCertificate(settings.tls, section="admin.tls")
    app = admin_app(registry, checks)
    return await serve(app, settings.host, settings.port, certificate=certificate)


def _report(name: str, check: Check) -> CheckReport:
    try:
        health = check()
    except Exception as error:  # noqa: BLE001 - shown: a check that cannot say is a failed check
        return CheckReport(name, ok=False, detail=describe(error))
    return CheckReport(name, ok=health.ok, detail=health.detail)
