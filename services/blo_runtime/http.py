"""An HTTP listener inside a program's own event loop.

The socket is bound before anything is served, so the port is known, and a taken one is an error at
once. Uvicorn's own signal handling is off: the program decides when to stop.
"""

import asyncio
import contextlib
import ipaddress
import socket
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn

from blo_runtime import unix_socket
from blo_runtime.errors import ListenerFailed, TlsUnusable
from blo_runtime.http_connections import ConnectionLimits, bounded_by
from blo_runtime.logs import get_logger
from blo_runtime.tls import ListenerCertificate
from blo_schemas.addresses import is_loopback

if TYPE_CHECKING:
    from litestar.types import ASGIApp


_HARD_LIMIT_S = 2.0
_RENEWED_S = 30.0


class ListeningServer:
    """An application being served; made by `serve`.

    Attributes:
        host: The address it listens on.
        port: The port it listens on, the real one where 0 was asked for.
    """

    def __init__(self, host: str, port: int, server: "_Server", grace_s: int) -> None:
        self.host = host
        self.port = port
        self._server = server
        self._grace_s = grace_s
        self._scheme = "http" if server.certificate is None else "https"
        self._serving = asyncio.create_task(server.until_stopped(), name=f"http {host}:{port}")

    @property
    def url(self) -> str:
        """Its address, such as ``http://host:port``, without a slash at the end."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self._scheme}://{host}:{self.port}"

    async def wait(self) -> None:
        """Return when the listener has stopped, whoever stopped it.

        Raises:
            ListenerFailed: It ended by an error.
        """
        await asyncio.shield(self._serving)

    async def stop(self) -> None:
        """Take no more connections, let requests end within the grace period, then cut them.

        An application with endless responses (server-sent events) ends them itself before this.
        Stopping twice is harmless.

        Raises:
            ListenerFailed: The listener had ended by an error before.
        """
        self._server.should_exit = True
        done, _ = await asyncio.wait({self._serving}, timeout=self._grace_s + _HARD_LIMIT_S)
        if not done:
            get_logger().warning("listener cut off", port=self.port, limit_s=self._grace_s)
            self._serving.cancel()
            await asyncio.wait({self._serving})
        if not self._serving.cancelled():
            self._serving.result()


async def serve(
    app: "ASGIApp",
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    grace_s: int = 5,
    socket_file: Path | None = None,
    limits: ConnectionLimits | None = None,
    certificate: ListenerCertificate | None = None,
) -> ListeningServer:
    """Serve an ASGI application until it is stopped.

    Args:
        app: The application.
        host: The address to listen on.
        port: The port; 0 chooses a free one.
        grace_s: How long requests may take to end when the listener stops, in seconds.
        socket_file: A Unix socket on which it listens too; only its owner may connect there, and
            its requests have ``PEER`` in their scope. It is removed at the end.
        limits: The bounds on connections.
        certificate: What it speaks TLS with; its files are looked at again every half minute. The
            Unix socket goes without.

    Returns:
        The listener, already answering.

    Raises:
        ValueError: Other machines may reach the address, and there is no certificate.
        ListenerFailed: The address is taken or not this machine's, or the application's own
            start-up failed.
    """
    if certificate is None and not is_loopback(host):
        raise ValueError(f"{host} can be reached from other machines; a certificate is needed")
    bound = [_bind(host, port)]
    actual = int(bound[0].getsockname()[1])
    if socket_file is not None:
        try:
            bound.append(_bind_file(socket_file))
        except ListenerFailed:
            bound[0].close()
            raise
    bounds = limits or ConnectionLimits()
    server = _Server(_config(app, grace_s, bounds), bound, socket_file, certificate, bounds.head_s)
    listening = ListeningServer(host, actual, server, grace_s)
    try:
        await server.until_started(listening)
    except BaseException:
        with contextlib.suppress(ListenerFailed):
            await listening.stop()
        raise
    return listening


def _config(app: "ASGIApp", grace_s: int, limits: ConnectionLimits) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=bounded_by(limits),
        h11_max_incomplete_event_size=limits.head_bytes,
        ws="none",
        loop="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=grace_s,
    )


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET
    with contextlib.suppress(ValueError):
        if ipaddress.ip_address(host).version == 6:
            family = socket.AF_INET6
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, port))
        bound.listen(128)
    except OSError as error:
        bound.close()
        raise ListenerFailed(
            f"cannot listen on {host}:{port} ({error.strerror or error}); choose another port, or "
            "0 for a free one, or stop the program that has it"
        ) from error
    bound.settimeout(0)
    return bound


def _bind_file(path: Path) -> socket.socket:
    try:
        return unix_socket.listen(path)
    except OSError as error:
        raise ListenerFailed(
            f"cannot listen on the socket {path} ({error.strerror or error}); make sure that its "
            "folder can be written"
        ) from error


class _Server(uvicorn.Server):
    def __init__(
        self,
        config: uvicorn.Config,
        bound: Sequence[socket.socket],
        socket_file: Path | None,
        certificate: ListenerCertificate | None,
        handshake_s: float,
    ) -> None:
        super().__init__(config)
        self.certificate = certificate
        self._handshake_s = handshake_s
        self._bound = bound
        self._socket_file = socket_file
        self._answering = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Serves the first socket with TLS if there is a certificate, and all others without."""
        plain = list(self._bound) if self.certificate is None else self._bound[1:]
        await super().startup(list(plain))
        if self.certificate is not None:
            loop = asyncio.get_running_loop()
            secured = await loop.create_server(
                self._connection,
                sock=self._bound[0],
                ssl=self.certificate.context,
                ssl_handshake_timeout=self._handshake_s,
            )
            self.servers.append(secured)
        self._answering.set()

    def _connection(self) -> asyncio.Protocol:
        return self.config.http_protocol_class(  # type: ignore[call-arg]
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )

    async def until_started(self, listening: ListeningServer) -> None:
        started = asyncio.create_task(self._answering.wait())
        ended = asyncio.create_task(listening.wait())
        try:
            await asyncio.wait({started, ended}, return_when=asyncio.FIRST_COMPLETED)
            if ended.done():
                ended.result()
        finally:
            started.cancel()
            ended.cancel()

    async def until_stopped(self) -> None:
        renewals = asyncio.create_task(self._renew(), name="certificate of a listener")
        try:
            await self.serve(list(self._bound))
        except SystemExit as error:
            # Uvicorn's word for a failed lifespan start-up; its own log line says why.
            raise ListenerFailed(
                "the application's start-up failed; the line of uvicorn.error in the log says why"
            ) from error
        finally:
            renewals.cancel()
            for bound in self._bound:
                bound.close()
            if self._socket_file is not None:
                self._socket_file.unlink(missing_ok=True)

    async def _renew(self) -> None:
        """Take a renewed certificate; one that cannot be used leaves the old one in use."""
        while self.certificate is not None:
            await asyncio.sleep(_RENEWED_S)
            try:
                if await asyncio.to_thread(self.certificate.refresh):
                    get_logger().info("certificate renewed", task="listener")
            except (TlsUnusable, OSError) as error:
                get_logger().warning("certificate not renewed", error=str(error))
