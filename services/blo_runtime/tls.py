"""TLS to Kafka and of listeners, with mistakes named before the first connection.

A Kafka client answers "unable to bootstrap" to every mistake in its TLS files, whatever it is.
So each file is checked by itself, then the certificate with its key, then the certificate in a
handshake with itself, in memory, as a broker would check it: that finds an expired certificate or
one not meant for clients. What it cannot find is an authority that the brokers do not trust.
"""

import ssl
from pathlib import Path
from typing import NoReturn, TypedDict

from blo_runtime.errors import TlsUnusable
from blo_runtime.files import SMALL, read_file
from blo_runtime.settings import CertificateFiles, KafkaSettings, TlsSettings


class KafkaOptions(TypedDict):
    """What ``blo_log.kafka.KafkaConnection`` is made with."""

    bootstrap: str
    ssl_context: ssl.SSLContext | None
    client_id: str
    request_timeout_s: float


def kafka_options(settings: KafkaSettings, client_id: str) -> KafkaOptions:
    """How to reach the Kafka of a configuration.

    Args:
        settings: Its section.
        client_id: What the broker calls this program.

    Raises:
        TlsUnusable: See ``ssl_context``.
    """
    return {
        "bootstrap": ",".join(settings.servers),
        "ssl_context": None if settings.tls is None else ssl_context(settings.tls),
        "client_id": client_id,
        "request_timeout_s": settings.request_timeout_s,
    }


def ssl_context(settings: TlsSettings, *, section: str = "kafka.tls") -> ssl.SSLContext:
    """Make a client context: TLS 1.3, peer and host name verified, own certificate presented.

    Args:
        settings: The files.
        section: The key path of the settings, for the messages.

    Raises:
        TlsUnusable: A file is missing, is not what it should be or does not fit the others, or
            the certificate is expired, not yet valid or not for clients; says which and what to do.
    """
    _expect_pem(settings.ca, f"{section}.ca", "CERTIFICATE-----")
    _expect_pem(settings.certificate, f"{section}.certificate", "CERTIFICATE-----")
    _expect_pem(settings.key, f"{section}.key", "PRIVATE KEY-----")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    _load_authority(context, settings.ca, f"{section}.ca")
    _load_own(context, settings, section)
    _self_handshake(settings, f"{section}.certificate")
    return context


class ListenerCertificate:
    """The certificate of a listener, which can be renewed while it listens.

    Args:
        files: Its files.
        section: The key path of the settings, for the messages.

    Attributes:
        context: What the listener speaks TLS 1.3 with; the certificate in it may be replaced.

    Raises:
        TlsUnusable: As ``ssl_context``, of a certificate for servers.
    """

    def __init__(self, files: CertificateFiles, *, section: str) -> None:
        self._files = files
        self._section = section
        self._loaded = self._stamp()
        self.context = self._checked()

    def refresh(self) -> bool:
        """Take the files anew if they have changed; connections that are open stay as they are.

        Returns:
            Whether they had changed.

        Raises:
            TlsUnusable: The new files cannot be used; the old certificate stays in use.
        """
        stamp = self._stamp()
        if stamp == self._loaded:
            return False
        self._checked()
        self.context.load_cert_chain(self._files.certificate, self._files.key)
        self._loaded = stamp
        return True

    def _stamp(self) -> list[tuple[int, int, int]]:
        places = (self._files.certificate, self._files.key)
        states = [place.stat() for place in places if place.exists()]
        return [(state.st_mtime_ns, state.st_ino, state.st_size) for state in states]

    def _checked(self) -> ssl.SSLContext:
        files, section = self._files, self._section
        _expect_pem(files.certificate, f"{section}.certificate", "CERTIFICATE-----")
        _expect_pem(files.key, f"{section}.key", "PRIVATE KEY-----")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        _load_own(context, files, section)
        _self_handshake(files, f"{section}.certificate", is_listener=True)
        return context


def _expect_pem(file: Path, key: str, marker: str) -> None:
    what = marker.removesuffix("-----").lower()
    try:
        text = read_file(file, SMALL).decode("ascii", "replace")
    except OSError as error:
        _refuse(
            file,
            key,
            f"cannot be read ({error.strerror})",
            expected=f"a PEM file with a {what}",
            todo="Correct the path, or the rights of the file.",
            cause=error,
        )
    if marker not in text:
        _refuse(
            file,
            key,
            f"holds no {what}",
            expected=f"a PEM block that begins with -----BEGIN … {marker}",
            todo="Were two paths swapped, or is it DER? `openssl x509 -in FILE` tells.",
        )


def _load_authority(context: ssl.SSLContext, file: Path, key: str) -> None:
    try:
        context.load_verify_locations(file)
    except ssl.SSLError as error:
        _refuse(
            file,
            key,
            f"is damaged ({error.reason})",
            expected="PEM certificates",
            todo="Copy the file again from the authority.",
            cause=error,
        )
    if not context.get_ca_certs():
        _refuse(
            file,
            key,
            "is not the certificate of an authority",
            expected="the certificate that signed the brokers' certificates",
            todo="Name the authority's file; this looks like a certificate signed by one.",
        )


def _load_own(context: ssl.SSLContext, settings: CertificateFiles, section: str) -> None:
    def no_passphrase() -> NoReturn:
        _refuse(
            settings.key,
            f"{section}.key",
            "is protected by a passphrase",
            expected="a key without one, since a program cannot type it",
            todo="Take it off with `openssl pkey`, and keep the file readable by its owner only.",
        )

    try:
        context.load_cert_chain(settings.certificate, settings.key, password=no_passphrase)
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            _refuse(
                settings.key,
                f"{section}.key",
                f"is not the key of {settings.certificate}",
                expected="the private key that belongs to the certificate",
                todo="Was only one of the two renewed? Take both from one renewal.",
                cause=error,
            )
        _refuse(
            settings.certificate,
            f"{section}.certificate",
            f"it or its key {settings.key} is damaged ({error.reason})",
            expected="a PEM certificate and its PEM key",
            todo="Copy both files again.",
            cause=error,
        )


_TODO_BY_VERIFY_CODE = {
    9: "Check this machine's clock, or wait until the certificate is valid.",
    10: "Renew it; check this machine's clock.",
    26: "Have it issued with the extended key usage {usage}.",
}


def _self_handshake(settings: CertificateFiles, key: str, *, is_listener: bool = False) -> None:
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.minimum_version = ssl.TLSVersion.TLSv1_3
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname = False
    client.verify_mode = ssl.CERT_NONE
    for side in (server, client):
        side.load_cert_chain(settings.certificate, settings.key)
    judge = client if is_listener else server
    # The certificate is its own trust anchor here: the other side may trust another authority than
    # this one, so the chain is not ours to judge.
    judge.load_verify_locations(settings.certificate)
    judge.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    judge.verify_mode = ssl.CERT_REQUIRED
    usage = "serverAuth" if is_listener else "clientAuth"
    try:
        _handshake(client, server)
    except ssl.SSLCertVerificationError as error:
        _refuse(
            settings.certificate,
            key,
            error.verify_message,
            expected=f"a {'server' if is_listener else 'client'} certificate that is valid today",
            todo=_TODO_BY_VERIFY_CODE.get(error.verify_code, "Have it issued anew.").format(
                usage=usage
            ),
            cause=error,
        )
    except ssl.SSLError as error:
        _refuse(
            settings.certificate,
            key,
            f"cannot be used in TLS 1.3 ({error.reason})",
            expected="an EC, Ed25519 or RSA certificate of today's strength",
            todo="Have it issued anew with such a key.",
            cause=error,
        )


def _handshake(client: ssl.SSLContext, broker: ssl.SSLContext) -> None:
    to_broker, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    here = client.wrap_bio(to_client, to_broker)
    there = broker.wrap_bio(to_broker, to_client, server_side=True)
    for side in (here, there, here, there):
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            continue


def _refuse(
    file: Path, key: str, problem: str, *, expected: str, todo: str, cause: Exception | None = None
) -> NoReturn:
    raise TlsUnusable(file, key, problem, expected=expected, todo=todo) from cause
