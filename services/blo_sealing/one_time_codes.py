"""Time-based one-time codes (RFC 6238): six digits, 30 seconds, SHA-1, each accepted once."""

from __future__ import annotations

import base64
import os
from hmac import compare_digest
from typing import Final
from urllib.parse import quote

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

SECRET_SIZE: Final = 20
STEP_S: Final = 30
_DIGITS: Final = 6
_DRIFT: Final = 1
"""Steps before and after the present one that are accepted, for clocks that differ."""


def new_secret() -> bytes:
    """A secret for an authenticator app."""
    return os.urandom(SECRET_SIZE)


def code_at(secret: bytes, step: int) -> str:
    """The code of a step of 30 seconds since 1970."""
    return _totp(secret).generate(step * STEP_S).decode("ascii")


def accept_code(secret: bytes, code: str, now_ms: int, last_step: int) -> int | None:
    """The step of a code that counts now, or ``None``.

    Args:
        secret: The person's secret.
        code: What was typed.
        now_ms: The office's clock, Unix milliseconds.
        last_step: The step of the last code that was accepted; it and earlier ones are used up.
    """
    typed = "".join(code.split())
    present = now_ms // 1000 // STEP_S
    for step in range(max(present - _DRIFT, last_step + 1), present + _DRIFT + 1):
        if compare_digest(code_at(secret, step).encode(), typed.encode()):
            return step
    return None


def enrolment_uri(secret: bytes, person: str, office: str) -> str:
    """The ``otpauth`` address that an authenticator app reads from a picture."""
    text = base64.b32encode(secret).decode("ascii").rstrip("=")
    issuer = quote(f"BLO {office}")
    return f"otpauth://totp/{issuer}:{quote(person)}?secret={text}&issuer={issuer}"


def _totp(secret: bytes) -> TOTP:
    return TOTP(secret, _DIGITS, SHA1(), STEP_S)  # noqa: S303 - RFC 6238's default; apps know no other
