"""A listener that other machines may reach speaks TLS, with a certificate that can be renewed."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

import httpx
import msgspec
import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID
from litestar import Litestar, Request, get
from litestar.datastructures import State

from blo_agent.config import ApiSettings
from blo_runtime import http, unix_socket
from blo_runtime.errors import ListenerFailed, TlsUnusable
from blo_runtime.http import serve
from blo_runtime.http_connections import ConnectionLimits
from blo_runtime.settings import CertificateFiles
from blo_runtime.tls import ListenerCertificate
from tests.certificates import DAY, NOW, Issued, issue, write
from tests.patience import PATIENCE_S


@get("/scheme")
async def scheme(request: Request[None, None, State]) -> str:
    return request.url.scheme


APP = Litestar([scheme], openapi_config=None, logging_config=None)


@pytest.fixture
def authority(tmp_path: Path) -> Issued:
    issued = issue("authority", None)
    write(tmp_path, "ca", issued)
    return issued


@pytest.fixture
def files(tmp_path: Path, authority: Issued) -> CertificateFiles:
    write(tmp_path, "node", issue("first", authority, usage=ExtendedKeyUsageOID.SERVER_AUTH))
    return CertificateFiles(certificate=tmp_path / "node.pem", key=tmp_path / "node.key")


def trusting(tmp_path: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=tmp_path / "ca.pem")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "node.example"])
async def test_an_address_that_others_reach_without_tls_is_refused(host: str) -> None:
    with pytest.raises(msgspec.ValidationError, match="tls: is missing"):
        msgspec.convert({"host": host}, ApiSettings)
    with pytest.raises(ValueError, match="a certificate is needed"):
        await serve(APP, host)


async def test_all_addresses_of_a_machine_are_served_with_tls(
    tmp_path: Path, files: CertificateFiles
) -> None:
    certificate = ListenerCertificate(files, section="api.tls")
    socket_file = tmp_path / "api.socket"
    server = await serve(APP, "0.0.0.0", certificate=certificate, socket_file=socket_file)
    try:
        assert server.url.startswith("https://")
        async with httpx.AsyncClient(verify=trusting(tmp_path), trust_env=False) as client:
            answer = await client.get(f"https://127.0.0.1:{server.port}/scheme")
            assert answer.text == "https"
        async with httpx.AsyncClient(trust_env=False) as client:
            with pytest.raises(httpx.HTTPError):
                await client.get(f"http://127.0.0.1:{server.port}/scheme")

        def over_socket() -> bytes:
            with unix_socket.connect(socket_file, PATIENCE_S) as joined:
                joined.sendall(b"GET /scheme HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                with joined.makefile("rb") as answer:
                    return answer.read()

        assert (await asyncio.to_thread(over_socket)).endswith(b"http")
    finally:
        await server.stop()


async def test_a_renewed_certificate_is_taken_and_a_broken_one_is_not(
    tmp_path: Path, files: CertificateFiles, authority: Issued, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "_RENEWED_S", 0.01)
    certificate = ListenerCertificate(files, section="api.tls")
    server = await serve(APP, certificate=certificate)

    async def shown() -> str:
        reader, writer = await asyncio.open_connection(
            server.host, server.port, ssl=trusting(tmp_path)
        )
        peer = writer.get_extra_info("peercert")
        writer.close()
        assert not await reader.read()
        return str(peer["subject"][0][0][1])

    try:
        assert await shown() == "first"
        files.key.write_text("nothing of the sort")
        with pytest.raises(TlsUnusable):
            certificate.refresh()
        assert await shown() == "first"
        write(tmp_path, "node", issue("second", authority, usage=ExtendedKeyUsageOID.SERVER_AUTH))
        async with asyncio.timeout(PATIENCE_S):
            while await shown() != "second":  # noqa: ASYNC110 - asks anew each time
                await asyncio.sleep(0.01)
    finally:
        await server.stop()


async def test_an_address_of_another_machine_is_an_error(files: CertificateFiles) -> None:
    certificate = ListenerCertificate(files, section="api.tls")
    with pytest.raises(ListenerFailed, match=r"192\.0\.2\.1"):
        await serve(APP, "192.0.2.1", certificate=certificate)


@pytest.mark.parametrize("spoilt", ["missing", "expired", "client", "other key"])
def test_a_certificate_that_no_browser_would_take_is_told_at_the_start(
    tmp_path: Path, files: CertificateFiles, authority: Issued, spoilt: str
) -> None:
    usage = ExtendedKeyUsageOID.SERVER_AUTH
    if spoilt == "missing":
        files.certificate.unlink()
    elif spoilt == "expired":
        write(
            tmp_path,
            "node",
            issue("x", authority, begins=NOW - 2 * DAY, ends=NOW - DAY, usage=usage),
        )
    elif spoilt == "client":
        write(tmp_path, "node", issue("x", authority))
    else:
        write(tmp_path, "other", issue("x", authority, usage=usage))
        files = CertificateFiles(certificate=files.certificate, key=tmp_path / "other.key")
    with pytest.raises(TlsUnusable) as told:
        ListenerCertificate(files, section="api.tls")
    assert told.value.key.startswith("api.tls.")
    assert spoilt != "client" or "serverAuth" in told.value.todo


async def test_a_handshake_that_is_not_finished_is_cut_off(files: CertificateFiles) -> None:
    certificate = ListenerCertificate(files, section="api.tls")
    server = await serve(APP, certificate=certificate, limits=ConnectionLimits(head_s=0.05))
    try:
        reader, writer = await asyncio.open_connection(server.host, server.port)
        async with asyncio.timeout(PATIENCE_S):
            assert await reader.read() == b""
        writer.close()
    finally:
        await server.stop()
