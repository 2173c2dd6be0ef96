"""Signatures over HTTP requests (RFC 9421) with Ed25519, and digests of their bodies (RFC 9530).

Only what a sender of fixed requests needs: derived components and plain header fields, one
signature. ``tests/unit/sealing/test_http_signatures.py`` makes the signature of RFC 9421, B.2.6.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Final

from blo_sealing.signatures import SigningKey

LABEL: Final = "blo"
"""The name of the signature in both fields."""


def content_digest(body: bytes) -> str:
    """The field ``Content-Digest`` of a body."""
    return f"sha-256=:{base64.b64encode(sha256(body).digest()).decode()}:"


def signature_parameters(
    components: Sequence[str], created: int, key_id: str, alg: str = ""
) -> str:
    """The parameters of a signature: what is covered, when it was made (Unix seconds), by which key.

    Raises:
        ValueError: A name holds what a string of a structured field cannot (RFC 9651, 3.3.3).
    """
    named = " ".join(_string(component) for component in components)
    algorithm = f";alg={_string(alg)}" if alg else ""
    return f"({named});created={created};keyid={_string(key_id)}{algorithm}"


def signature_base(values: Mapping[str, str], parameters: str) -> bytes:
    """What is signed (RFC 9421, 2.5).

    Args:
        values: The covered components with their values, in the order of ``parameters``.
        parameters: See ``signature_parameters``.
    """
    lines = [f'"{component}": {value.strip()}' for component, value in values.items()]
    return "\n".join([*lines, f'"@signature-params": {parameters}']).encode("ascii")


def signature_fields(
    key: SigningKey, values: Mapping[str, str], created: int, key_id: str
) -> dict[str, str]:
    """The fields ``Signature-Input`` and ``Signature`` of a request.

    Args:
        key: The key that signs.
        values: The covered components with their values: lower-case names of header fields, and
            derived components such as ``@method`` and ``@target-uri``.
        created: When, Unix seconds.
        key_id: By what the receiver knows the key.
    """
    parameters = signature_parameters(tuple(values), created, key_id, "ed25519")
    signature = base64.b64encode(key.sign(signature_base(values, parameters))).decode()
    return {
        "Signature-Input": f"{LABEL}={parameters}",
        "Signature": f"{LABEL}=:{signature}:",
    }


def _string(text: str) -> str:
    if not (text.isascii() and text.isprintable()):
        raise ValueError(f"{text!r} is no string of a structured field")
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
