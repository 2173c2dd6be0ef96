import ssl
from pathlib import Path

import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID

from blo_runtime.errors import TlsUnusable
from blo_runtime.settings import TlsSettings
from blo_runtime.tls import ssl_context
from tests.certificates import DAY, NOW, Issued, issue, write


@pytest.fixture
def authority() -> Issued:
    return issue("authority", None)


@pytest.fixture
def files(tmp_path: Path, authority: Issued) -> TlsSettings:
    write(tmp_path, "ca", authority)
    write(tmp_path, "agent", issue("agent", authority))
    return TlsSettings(
        ca=tmp_path / "ca.pem", certificate=tmp_path / "agent.pem", key=tmp_path / "agent.key"
    )


def _refused(files: TlsSettings) -> TlsUnusable:
    with pytest.raises(TlsUnusable) as caught:
        ssl_context(files)
    assert caught.value.expected
    assert caught.value.todo
    return caught.value


def test_good_files_give_a_verifying_tls_1_3_context(files: TlsSettings) -> None:
    context = ssl_context(files)
    assert context.minimum_version is ssl.TLSVersion.TLSv1_3
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.get_ca_certs()


def test_a_broker_of_the_authority_is_spoken_to_and_sees_the_certificate(
    files: TlsSettings, authority: Issued, tmp_path: Path
) -> None:
    write(tmp_path, "broker", issue("b", authority, usage=ExtendedKeyUsageOID.SERVER_AUTH))
    broker = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    broker.load_cert_chain(tmp_path / "broker.pem", tmp_path / "broker.key")
    broker.load_verify_locations(files.ca)
    broker.verify_mode = ssl.CERT_REQUIRED
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    here = ssl_context(files).wrap_bio(down, up, server_hostname="127.0.0.1")
    there = broker.wrap_bio(up, down, server_side=True)
    for side in (here, there, here, there):
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            continue
    assert here.version() == "TLSv1.3"
    assert there.getpeercert()


@pytest.mark.parametrize("which", ["ca", "certificate", "key"])
def test_a_missing_file_is_named(files: TlsSettings, which: str) -> None:
    missing: Path = getattr(files, which)
    missing.unlink()
    error = _refused(files)
    assert (error.key, error.file) == (f"kafka.tls.{which}", missing)
    assert "No such file" in error.problem


@pytest.mark.parametrize("which", ["ca", "certificate", "key"])
def test_a_file_of_another_sort_is_named(files: TlsSettings, which: str) -> None:
    path: Path = getattr(files, which)
    path.write_text("nothing of the sort")
    assert _refused(files).key == f"kafka.tls.{which}"


@pytest.mark.parametrize(
    ("which", "blamed"), [("ca", "ca"), ("certificate", "certificate"), ("key", "certificate")]
)
def test_a_damaged_file_is_named(files: TlsSettings, which: str, blamed: str) -> None:
    path: Path = getattr(files, which)
    lines = path.read_text().splitlines()
    path.write_text("\n".join([lines[0], "AAAA", lines[-1]]) + "\n")
    error = _refused(files)
    assert error.key == f"kafka.tls.{blamed}"
    assert str(path) in str(error)


def test_a_key_of_another_certificate_is_named(files: TlsSettings, authority: Issued) -> None:
    write(files.key.parent, "other", issue("other", authority))
    (files.key.parent / "other.key").replace(files.key)
    error = _refused(files)
    assert error.key == "kafka.tls.key"
    assert "is not the key of" in error.problem


def test_an_expired_certificate_is_named(files: TlsSettings, authority: Issued) -> None:
    write(
        files.key.parent, "agent", issue("agent", authority, begins=NOW - 2 * DAY, ends=NOW - DAY)
    )
    error = _refused(files)
    assert error.key == "kafka.tls.certificate"
    assert "expired" in error.problem
    assert "Renew" in error.todo


def test_a_certificate_of_the_future_is_named(files: TlsSettings, authority: Issued) -> None:
    write(
        files.key.parent, "agent", issue("agent", authority, begins=NOW + DAY, ends=NOW + 2 * DAY)
    )
    error = _refused(files)
    assert "not yet valid" in error.problem
    assert "clock" in error.todo


def test_a_certificate_not_meant_for_clients_is_named(
    files: TlsSettings, authority: Issued
) -> None:
    write(
        files.key.parent, "agent", issue("agent", authority, usage=ExtendedKeyUsageOID.SERVER_AUTH)
    )
    assert "clientAuth" in _refused(files).todo


def test_a_certificate_in_place_of_the_authority_is_named(files: TlsSettings) -> None:
    files.ca.write_bytes(files.certificate.read_bytes())
    error = _refused(files)
    assert error.key == "kafka.tls.ca"
    assert "not the certificate of an authority" in error.problem


def test_an_authority_that_signed_only_the_brokers_is_accepted(files: TlsSettings) -> None:
    write(files.ca.parent, "ca", issue("the brokers' own", None))
    assert ssl_context(files).get_ca_certs()


def test_a_key_with_a_passphrase_is_named_and_nothing_is_asked(
    files: TlsSettings, authority: Issued
) -> None:
    write(files.key.parent, "agent", issue("agent", authority), passphrase=b"secret")
    error = _refused(files)
    assert error.key == "kafka.tls.key"
    assert "passphrase" in error.problem


def test_the_section_of_the_settings_is_the_callers(files: TlsSettings) -> None:
    files.key.unlink()
    with pytest.raises(TlsUnusable) as caught:
        ssl_context(files, section="mirror.tls")
    assert caught.value.key == "mirror.tls.key"
