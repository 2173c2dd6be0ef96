"""The file that holds the store's key: 64 hexadecimal digits, readable by its owner only."""

from __future__ import annotations

import secrets
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Final

from blo_agent.store.connection import KEY_SIZE
from blo_agent.store.errors import KeyFileUnusable
from blo_runtime.files import SMALL, read_with_mode, write_file
from blo_schemas.errors import WireError
from blo_schemas.texts import from_hex

_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


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
    try:
        write_file(path, f"{key.hex()}\n".encode(), private=True)
    except OSError as error:
        raise KeyFileUnusable(
            path,
            f"the key file can't be made ({error.strerror})",
            todo="Name a new file in a folder that can be written",
        ) from error
    return key


def load_store_key(path: Path) -> bytes:
    """Reads the key.

    Returns:
        The 32-byte key.

    Raises:
        KeyFileUnusable: The file is missing, can be read by others, or holds no 32-byte key.
    """
    try:
        text, mode = read_with_mode(path, SMALL)
    except OSError as error:
        raise KeyFileUnusable(
            path,
            f"the key file can't be read ({error.strerror})",
            todo="Name the key file that was made with the store",
        ) from error
    if stat.S_IMODE(mode) & _OTHERS:
        raise KeyFileUnusable(
            path,
            f"the key file can be read or changed by others (mode {stat.S_IMODE(mode):04o})",
            todo=f"Run: chmod 600 {path}",
        )
    return _parse(path, text)


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
