"""A file that holds a key of the store or of its backups; only its owner may read it.

It is 64 hexadecimal digits, or a JSON object with the same key wrapped under a passphrase
(``blo_sealing.key_wrap``).
"""

from __future__ import annotations

import secrets
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Final, Literal, TypeAlias

import msgspec

from blo_agent.store.connection import KEY_SIZE
from blo_agent.store.errors import KeyFileUnusable
from blo_runtime.files import SMALL, read_with_mode, write_file
from blo_schemas.errors import WireError
from blo_schemas.texts import from_hex, from_json
from blo_sealing.errors import SealingError, UnusableKey
from blo_sealing.key_wrap import (
    SALT_SIZE,
    SEALED_SIZE,
    USUAL_COST,
    WRAP_VERSION,
    WrapCost,
    WrappedKey,
    unwrap_key,
    wrap_key,
)

AskPassphrase: TypeAlias = Callable[[Path], str]
"""Gives the passphrase of a key file."""

_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO
_LONGEST: Final = 4096
"""The most bytes of a key file."""


class WrappedKeyFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A wrapped key as its file has it; the bounds are those of ``WrapCost``.

    Attributes:
        v: Version of this layout, 1.
        kdf: How the wrapping key is derived.
        memory_kib: Memory of a guess, in KiB.
        passes: Passes of a guess.
        lanes: Threads of a guess.
        salt: 16 bytes in hexadecimal digits.
        sealed: 48 bytes in hexadecimal digits.
    """

    v: Literal[1]
    kdf: Literal["argon2id"]
    memory_kib: int
    passes: int
    lanes: int
    salt: Annotated[str, msgspec.Meta(max_length=2 * SALT_SIZE)]
    sealed: Annotated[str, msgspec.Meta(max_length=2 * SEALED_SIZE)]

    @classmethod
    def of(cls, wrapped: WrappedKey) -> WrappedKeyFile:
        """The file of a wrapped key."""
        cost = wrapped.cost
        return cls(
            WRAP_VERSION, "argon2id", cost.memory_kib, cost.passes, cost.lanes,
            wrapped.salt.hex(), wrapped.sealed.hex(),
        )  # fmt: skip

    def wrapped(self) -> WrappedKey:
        """The wrapped key in the file.

        Raises:
            WireError: Its cost is out of bounds, or its digits are not as many as they must be.
        """
        cost = from_json(msgspec.json.encode([self.memory_kib, self.passes, self.lanes]), WrapCost)
        return WrappedKey(cost, from_hex(self.salt, SALT_SIZE), from_hex(self.sealed, SEALED_SIZE))


def create_store_key(path: Path, *, entropy: Callable[[int], bytes] = secrets.token_bytes) -> bytes:
    """Makes a new key and writes it to a new file with mode 0600.

    Args:
        path: The file; must not exist, so that the key of a store is never overwritten.
        entropy: Where the key's bytes come from.

    Returns:
        The 32-byte key.

    Raises:
        KeyFileUnusable: The file exists or can't be written.
    """
    key = entropy(KEY_SIZE)
    write_key(path, key)
    return key


def write_key(
    path: Path,
    key: bytes,
    passphrase: str | None = None,
    *,
    replace: bool = False,
    entropy: Callable[[int], bytes] = secrets.token_bytes,
    cost: WrapCost = USUAL_COST,
) -> None:
    """Writes a key to a file with mode 0600.

    Args:
        path: The file.
        key: The 32-byte key.
        passphrase: Under which it is wrapped; ``None``: it is not.
        replace: Whether it takes the place of a file that is there.
        entropy: Where the salt comes from.
        cost: What a guess at the passphrase costs.

    Raises:
        KeyFileUnusable: The file exists or can't be written, or the passphrase is too short.
    """
    if passphrase is None:
        data = f"{key.hex()}\n".encode()
    else:
        try:
            wrapped = wrap_key(key, passphrase, entropy, cost)
        except UnusableKey as error:
            raise KeyFileUnusable(path, str(error), todo="Choose another passphrase") from None
        data = msgspec.json.format(msgspec.json.encode(WrappedKeyFile.of(wrapped))) + b"\n"
    try:
        write_file(path, data, private=True, replace=replace)
    except OSError as error:
        raise KeyFileUnusable(
            path,
            f"the key file can't be made ({error.strerror})",
            todo="Name a new file in a folder that can be written",
        ) from error


def load_store_key(
    path: Path, ask: AskPassphrase | None = None, *, is_credential: bool = False
) -> bytes:
    """Reads the key.

    Args:
        path: The file.
        ask: Gives the passphrase of a wrapped key.
        is_credential: Whether systemd has made the file: it lets a group in whose only member is
            the program's user, and no others.

    Returns:
        The 32-byte key.

    Raises:
        KeyFileUnusable: The file is missing, can be read by others, holds no 32-byte key, or does
            not open with the passphrase.
    """
    text = _read(path, stat.S_IRWXO if is_credential else _OTHERS)
    wrapped = _wrapped(path, text)
    if wrapped is None:
        return _parse(path, text)
    if ask is None:
        raise KeyFileUnusable(
            path,
            "the key is wrapped under a passphrase, and nobody gives it",
            todo="Say in [passphrase] where it comes from",
        )
    try:
        return unwrap_key(wrapped, ask(path))
    except SealingError:
        raise KeyFileUnusable(
            path,
            "the key file does not open with this passphrase",
            todo="Give the passphrase again; if it is lost, the key is lost: docs/keys.md",
        ) from None


def is_wrapped(path: Path) -> bool:
    """Whether a key file needs a passphrase.

    Raises:
        KeyFileUnusable: It can't be read, or holds neither form of a key.
    """
    text = _read(path, _OTHERS)
    if _wrapped(path, text) is not None:
        return True
    _parse(path, text)
    return False


def _read(path: Path, others: int) -> bytes:
    try:
        text, mode = read_with_mode(path, SMALL)
    except OSError as error:
        raise KeyFileUnusable(
            path,
            f"the key file can't be read ({error.strerror})",
            todo="Name the key file that was made with the store",
        ) from error
    if stat.S_IMODE(mode) & others:
        raise KeyFileUnusable(
            path,
            f"the key file can be read or changed by others (mode {stat.S_IMODE(mode):04o})",
            todo=f"Run: chmod 600 {path}",
        )
    return text


def _wrapped(path: Path, text: bytes) -> WrappedKey | None:
    if not text.lstrip().startswith(b"{"):
        return None
    try:
        if len(text) > _LONGEST:
            raise KeyFileUnusable(
                path,
                f"the key file has more than {_LONGEST:,} bytes",
                todo="Restore it from its copy",
            )
        return from_json(text, WrappedKeyFile).wrapped()
    except WireError as error:
        raise KeyFileUnusable(
            path,
            f"the key file holds no wrapped key ({error.detail})",
            todo="Restore it from its copy",
        ) from None


def _parse(path: Path, text: bytes) -> bytes:
    digits = text.removesuffix(b"\n")
    try:
        return from_hex(digits.decode("ascii", "replace"), KEY_SIZE)
    except WireError:
        raise KeyFileUnusable(
            path,
            f"the key file does not hold a key of {KEY_SIZE} bytes",
            todo=f"It must hold exactly {2 * KEY_SIZE} hexadecimal digits; restore it from its copy",
        ) from None
