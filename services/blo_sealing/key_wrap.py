"""A key of 32 bytes, wrapped under a passphrase: argon2id (RFC 9106), then AES-256-GCM."""

from __future__ import annotations

import unicodedata
from typing import Annotated, Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from blo_schemas.codec import encode
from blo_sealing.errors import Unopenable, UnusableKey
from blo_sealing.signatures import RandomBytes

KEY_SIZE: Final = 32
SALT_SIZE: Final = 16
SEALED_SIZE: Final = KEY_SIZE + 16
WRAP_VERSION: Final = 1

SHORTEST_PASSPHRASE: Final = 12
LONGEST_PASSPHRASE: Final = 1024
"""In characters."""

_LABEL: Final = "blo/key-wrap/v1"
_NONCE: Final = bytes(12)
"""Each wrapping has a salt, and so a wrapping key, of its own."""


class WrapCost(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What one guess at the passphrase costs; a file may ask for no more, and for no less.

    Attributes:
        memory_kib: Memory, in KiB: 19 MiB to 1 GiB.
        passes: How often it is passed over.
        lanes: How many threads it takes.
    """

    memory_kib: Annotated[int, msgspec.Meta(ge=19_456, le=1_048_576)]
    passes: Annotated[int, msgspec.Meta(ge=1, le=16)]
    lanes: Annotated[int, msgspec.Meta(ge=1, le=16)]


USUAL_COST: Final = WrapCost(memory_kib=262_144, passes=3, lanes=4)
"""256 MiB, some half a second: it is paid once a start."""


class WrappedKey(msgspec.Struct, frozen=True):
    """A key that only a passphrase opens.

    Attributes:
        cost: What one guess costs.
        salt: 16 random bytes.
        sealed: 48 bytes.
    """

    cost: WrapCost
    salt: bytes
    sealed: bytes


def wrap_key(
    key: bytes, passphrase: str, random: RandomBytes, cost: WrapCost = USUAL_COST
) -> WrappedKey:
    """Wraps a key; takes the memory and time of ``cost``.

    Raises:
        UnusableKey: The key has not 32 bytes, or the passphrase not 12 to 1,024 characters.
    """
    if len(key) != KEY_SIZE:
        raise UnusableKey(f"a key has {KEY_SIZE} bytes, not {len(key)}")
    normal = _normal(passphrase)
    if not SHORTEST_PASSPHRASE <= len(normal) <= LONGEST_PASSPHRASE:
        raise UnusableKey(
            f"a passphrase has {SHORTEST_PASSPHRASE} to {LONGEST_PASSPHRASE:,} characters, "
            f"not {len(normal)}"
        )
    salt = random(SALT_SIZE)
    sealed = _cipher(normal, salt, cost).encrypt(_NONCE, key, _bound(cost, salt))
    return WrappedKey(cost, salt, sealed)


def unwrap_key(wrapped: WrappedKey, passphrase: str) -> bytes:
    """The key in a wrapping; takes the memory and time of its cost.

    Raises:
        UnusableKey: The salt or the sealed key has another length than it must have.
        Unopenable: The passphrase is another one, or the wrapping was altered.
    """
    if (len(wrapped.salt), len(wrapped.sealed)) != (SALT_SIZE, SEALED_SIZE):
        raise UnusableKey("the salt or the sealed key has another length than it must have")
    if len(passphrase) > 4 * LONGEST_PASSPHRASE:
        raise Unopenable("the wrapped key")
    cipher = _cipher(_normal(passphrase), wrapped.salt, wrapped.cost)
    try:
        return cipher.decrypt(_NONCE, wrapped.sealed, _bound(wrapped.cost, wrapped.salt))
    except InvalidTag:
        raise Unopenable("the wrapped key") from None


def _cipher(passphrase: str, salt: bytes, cost: WrapCost) -> AESGCM:
    derived = Argon2id(
        salt=salt,
        length=KEY_SIZE,
        iterations=cost.passes,
        lanes=cost.lanes,
        memory_cost=cost.memory_kib,
    ).derive(passphrase.encode("utf-8", "surrogatepass"))
    return AESGCM(derived)


def _bound(cost: WrapCost, salt: bytes) -> bytes:
    return encode([_LABEL, WRAP_VERSION, cost, salt])


def _normal(passphrase: str) -> str:
    """One form for all keyboards: NFKC."""
    return unicodedata.normalize("NFKC", passphrase)
