"""One POST to an address that somebody has configured, within bounds.

- ``https`` goes anywhere but to link-local, multicast and unspecified addresses; ``http`` only to
  loopback. Every address that the name has is checked, and the connection goes to a checked one.
- No redirect is followed. Of the answer the status is read and nothing else.
- The whole takes ten seconds at most.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import re
import socket
import ssl
from collections.abc import Mapping
from typing import Final, NamedTuple
from urllib.parse import urlsplit

TIMEOUT_S: Final = 10.0
MAX_URL: Final = 500

_STATUS: Final = re.compile(rb"HTTP/1\.[01] ([1-5][0-9][0-9])[ \r]")
_PRINTABLE: Final = re.compile(r"[\x21-\x7e]+")
_HOST: Final = re.compile(r"[A-Za-z0-9.:-]{1,253}")


class PostFailed(Exception):
    """A request was not carried out, or not answered; ``str()`` says why."""


class PostTarget(NamedTuple):
    """An address to which requests may be sent.

    Attributes:
        url: The address as it was given.
        is_secure: Whether by TLS.
        host: The host.
        port: The port.
        path: Path and query.
        authority: Host and port as the head of a request names them.
    """

    url: str
    is_secure: bool
    host: str
    port: int
    path: str
    authority: str


def read_target(url: str) -> PostTarget:
    """The target that an address means.

    Raises:
        ValueError: It is none that requests may be sent to; says why.
    """
    if len(url) > MAX_URL or not _PRINTABLE.fullmatch(url):
        raise ValueError(f"an address has at most {MAX_URL} printable ASCII characters")
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme not in ("https", "http") or not _HOST.fullmatch(host):
        raise ValueError("expected https://host/path, or http:// on loopback")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise ValueError("an address carries neither a name, nor a password, nor a fragment")
    is_secure = parts.scheme == "https"
    if not is_secure and host not in ("localhost", "127.0.0.1", "::1"):
        raise ValueError("without TLS only loopback is possible; use https")
    if _is_address(host) and not _may_reach(host, is_secure=is_secure):
        raise ValueError("requests do not go to this address")
    port = parts.port or (443 if is_secure else 80)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return PostTarget(url, is_secure, host, port, path, parts.netloc)


async def post(
    target: PostTarget,
    headers: Mapping[str, str],
    body: bytes,
    *,
    timeout_s: float = TIMEOUT_S,
    context: ssl.SSLContext | None = None,
) -> int:
    """Send a request; returns the status of its answer.

    Args:
        target: Where to.
        headers: Fields besides ``Host``, ``Content-Length`` and ``Connection``.
        body: The body.
        timeout_s: How long the whole may take, in seconds.
        context: Whom TLS trusts; ``None``: the authorities of this machine.

    Raises:
        PostFailed: The name has no address that may be reached, the connection fails, TLS fails,
            the answer is no HTTP, or the time is over.
    """
    try:
        async with asyncio.timeout(timeout_s):
            address = await _address(target)
            return await _exchange(target, address, headers, body, context)
    except TimeoutError:
        raise PostFailed(f"no answer within {timeout_s:g} seconds") from None
    except ssl.SSLError as error:
        raise PostFailed(
            f"TLS fails: {error.reason or 'the certificate is not trusted'}"
        ) from error
    except OSError as error:
        raise PostFailed(f"cannot connect: {error.strerror or 'no such host'}") from error


async def _exchange(
    target: PostTarget,
    address: str,
    headers: Mapping[str, str],
    body: bytes,
    context: ssl.SSLContext | None,
) -> int:
    trust = (context or ssl.create_default_context()) if target.is_secure else None
    name = target.host if target.is_secure else None
    reader, writer = await asyncio.open_connection(
        address, target.port, ssl=trust, server_hostname=name
    )
    try:
        fields = {
            "Host": target.authority,
            **headers,
            "Content-Length": str(len(body)),
            "Connection": "close",
        }
        head = "".join(f"{field}: {value}\r\n" for field, value in fields.items())
        writer.write(f"POST {target.path} HTTP/1.1\r\n{head}\r\n".encode("ascii") + body)
        await writer.drain()
        line = await reader.read(64)
        while line and b"\r\n" not in line and len(line) < 16:
            line += await reader.read(64)
        status = _STATUS.match(line)
        if status is None:
            raise PostFailed("the answer is no HTTP")
        return int(status[1])
    finally:
        writer.transport.abort()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def _address(target: PostTarget) -> str:
    rows = await asyncio.get_running_loop().getaddrinfo(
        target.host, target.port, type=socket.SOCK_STREAM
    )
    addresses = [str(row[4][0]) for row in rows]
    if not addresses or not all(
        _may_reach(address, is_secure=target.is_secure) for address in addresses
    ):
        raise PostFailed("the name leads to an address to which requests do not go")
    return addresses[0]


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _may_reach(text: str, *, is_secure: bool) -> bool:
    address = ipaddress.ip_address(text.partition("%")[0])
    mapped = getattr(address, "ipv4_mapped", None)
    address = mapped or address
    if address.is_loopback:
        return True
    unreachable = address.is_link_local or address.is_multicast or address.is_unspecified
    return is_secure and not unreachable
