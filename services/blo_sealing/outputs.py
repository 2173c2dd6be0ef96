"""Sealing and opening the outputs of stream processors (ADR 6).

A processor needs no store: its summary key of a link and month is derived from its private key, so
every worker with the same identity has the same. Sealing is deterministic, with a salt that is a
keyed hash of the plaintext and its place: the same output always has the same bytes, and two
different ones never share a derived key.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from blo_schemas.codec import encode
from blo_schemas.ids import SALT_SIZE, KeyId, LinkId
from blo_schemas.outputs import Output
from blo_sealing.errors import Unopenable, WrongKeyCommitment
from blo_sealing.hkdf import derive_key, keyed_hash
from blo_sealing.keys import NodeKeys, SummaryKey
from blo_sealing.padding import padme_size

_NONCE: Final = bytes(12)
_MONTH_LABEL: Final = b"blo/processor-summary-key/v1\0"
_STATE_LABEL: Final = b"blo/processor-state-key/v1\0"
_SALT_LABEL: Final = b"blo/output-salt/v1\0"
_KEY_LABEL: Final = b"blo/output-key/v1\0"
_END: Final = b"\x80"


def processor_summary_key(keys: NodeKeys, link: LinkId, month: str) -> SummaryKey:
    """The key under which a processor seals its outputs about one link and calendar month.

    Args:
        keys: The processor's private keys.
        link: The link.
        month: The month (UTC) of the outputs' log times, as ``2025-03``.
    """
    info = _MONTH_LABEL + link.encode() + b"\0" + month.encode()
    return SummaryKey(derive_key(keys.kem.private, b"", info))


def processor_state_key(keys: NodeKeys, link: LinkId, salt: bytes) -> bytes:
    """The key of the file in which a processor keeps its state of one link, 32 bytes.

    Args:
        keys: The processor's private keys.
        link: The link.
        salt: The file's random part; no two files have the same key.
    """
    info = _STATE_LABEL + link.encode()
    return derive_key(keys.kem.private, salt, info)


def seal_output(draft: Output, key: SummaryKey) -> Output:
    """Seals an output's body.

    Args:
        draft: The output with its plain body and without ``key`` and ``salt``.
        key: The processor's summary key of the output's link and month.
    """
    body = draft.body + _END
    padded = body.ljust(padme_size(len(body)), b"\0")
    bare = msgspec.structs.replace(draft, key=key.id, salt=None, body=b"")
    bound = encode(bare)
    salt = keyed_hash(key.secret, _SALT_LABEL + sha256(bound).digest() + padded)[:SALT_SIZE]
    sealed = AESGCM(_derive(key, salt)).encrypt(_NONCE, padded, bound)
    return msgspec.structs.replace(bare, salt=salt, body=sealed)


def open_output(output: Output, key: SummaryKey | None) -> bytes:
    """The plain body of an output.

    Args:
        output: A verified output.
        key: The summary key that it names; not needed for one in the clear.

    Raises:
        WrongKeyCommitment: The key is missing or another one.
        Unopenable: The body was altered.
    """
    if output.key is None:
        return output.body
    if key is None or key.id != KeyId(output.key) or output.salt is None:
        raise WrongKeyCommitment("output")
    bound = encode(msgspec.structs.replace(output, salt=None, body=b""))
    try:
        padded = AESGCM(_derive(key, output.salt)).decrypt(_NONCE, output.body, bound)
    except (InvalidTag, ValueError):
        raise Unopenable("output") from None
    return padded.rstrip(b"\0")[: -len(_END)]


def _derive(key: SummaryKey, salt: bytes) -> bytes:
    return derive_key(key.secret, salt, _KEY_LABEL)
