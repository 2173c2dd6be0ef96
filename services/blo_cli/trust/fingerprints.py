"""Fingerprints as people compare them aloud: groups of digits, which every language has."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from typing import Final

_GROUPS: Final = 12
_ROW: Final = 6
_PART: Final = 5
"""Bytes for a group of five digits: what is left of 40 bits when divided is as good as even."""

_PREFIX: Final = b"blo fingerprint v1\n"


def spoken_groups(digest: bytes) -> tuple[str, ...]:
    """Twelve groups of five digits that stand for a digest: 199 bits of it.

    Args:
        digest: The document's id, or the hash of a request: 32 bytes.
    """
    # 12 parts of 5 bytes; one SHA-256 has only 32.
    stretched = b"".join(sha256(_PREFIX + bytes([n]) + digest).digest()[:30] for n in range(2))
    parts = (stretched[at : at + _PART] for at in range(0, _GROUPS * _PART, _PART))
    return tuple(f"{int.from_bytes(part, 'big') % 100_000:05d}" for part in parts)


def spoken_lines(digest: bytes) -> Iterator[str]:
    """The groups in two rows."""
    groups = spoken_groups(digest)
    for at in range(0, len(groups), _ROW):
        yield "  ".join(groups[at : at + _ROW])
