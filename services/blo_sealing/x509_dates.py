"""The dates of X.509 certificates, of which the operator of TLS wants to hear before they end."""

from __future__ import annotations

from cryptography import x509


def certificate_end(pem: bytes) -> int:
    """When the first certificate of a chain ends, in Unix milliseconds.

    Args:
        pem: A PEM file's bytes.

    Raises:
        ValueError: The bytes hold no certificate.
    """
    (first, *_) = x509.load_pem_x509_certificates(pem)
    return round(first.not_valid_after_utc.timestamp() * 1000)
