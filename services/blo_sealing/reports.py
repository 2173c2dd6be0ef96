"""Signing a frozen report, and checking its signature (docs/reports.md)."""

from __future__ import annotations

from blo_schemas.reports import FrozenReport, SignedReport, report_input
from blo_schemas.texts import from_hex
from blo_sealing.signatures import SigningKey, verify_signature


def sign_report(frozen: FrozenReport, key: SigningKey) -> SignedReport:
    """Signs a report with the key of the certificate that its ``kid`` names."""
    return SignedReport(frozen=frozen, signature=key.sign(report_input(frozen)).hex())


def report_is_signed(signed: SignedReport, key: bytes) -> bool:
    """Whether a report is signed with the private part of an Ed25519 public key."""
    return verify_signature(key, report_input(signed.frozen), from_hex(signed.signature))
