"""What every answer of the desk tells a browser: what may run, who may embed it, what is kept.

Nothing of a page is kept by the browser. Scripts and styles come from the desk's own files, and no
other address is ever asked. A request for another host than the node's own is not answered, so a
name that a stranger points at the node's address shows nothing (DNS rebinding).
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from litestar.datastructures import MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

CONTENT_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types default",
    )
)
HEADERS: Final = {
    "content-security-policy": CONTENT_POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-embedder-policy": "require-corp",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
NO_STORE: Final = "no-store"
TRANSPORT: Final = "max-age=63072000; includeSubDomains"
"""Under TLS: for two years browsers come by TLS alone (RFC 6797)."""

_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "[::1]"})


async def add_headers(message: Message, scope: Scope) -> None:
    """Add the headers to an answer, errors of the framework included (a ``before_send`` hook)."""
    if message["type"] != "http.response.start":
        return
    headers = MutableScopeHeaders.from_message(message)
    for name, value in HEADERS.items():
        headers[name] = value
    headers.setdefault("cache-control", NO_STORE)
    if scope["scheme"] == "https":
        headers["strict-transport-security"] = TRANSPORT


def allowed_hosts(name: str) -> frozenset[str]:
    """The hosts of the node's pages; on loopback all names of it."""
    return _LOOPBACK if name in _LOOPBACK else frozenset({name})


def for_hosts(app: ASGIApp, hosts: Collection[str]) -> ASGIApp:
    """An application that answers requests for these hosts alone; others get 421.

    Args:
        app: The application.
        hosts: The hosts, lower case, without a port.
    """

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.HTTP and _host(scope) not in hosts:
            await _refuse(send)
            return
        await app(scope, receive, send)

    return guarded


def _host(scope: Scope) -> str:
    values = [value for name, value in scope["headers"] if name == b"host"]
    if len(values) != 1:
        return ""
    host = values[0].decode("latin-1").lower()
    # An IPv6 address has colons of its own, within its brackets.
    return host[: host.rfind("]") + 1] if host.startswith("[") else host.partition(":")[0]


async def _refuse(send: Send) -> None:
    words = b"This node is not called so. Use the address in its configuration (api.origin).\n"
    start: Message = {
        "type": "http.response.start",
        "status": 421,
        "headers": [
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", str(len(words)).encode()),
        ],
    }
    await send(start)
    await send({"type": "http.response.body", "body": words, "more_body": False})
