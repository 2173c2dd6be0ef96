"""Errors of floor 1: bytes that are not what they should be.

.. code-block:: text

    WireError
    ├── TooLarge          more bytes than the format allows
    ├── Truncated         the bytes end inside a value
    ├── TrailingBytes     a whole value, and then more
    ├── UnknownVersion    a version this program does not know
    ├── WrongType         a field is missing, surplus, of another type or out of range
    └── NotCanonical      decodes, but its canonical encoding is different
"""

from __future__ import annotations

from typing import ClassVar


class WireError(Exception):
    """Bytes that can't be read as the struct that was expected.

    Attributes:
        defect: Stable name of the defect, used in verdicts and test vectors.
        what: The struct that was expected.
        detail: What was wrong, without any of the content.
    """

    defect: ClassVar[str] = "malformed"

    def __init__(self, what: str, detail: str) -> None:
        super().__init__(f"{what}: {detail}")
        self.what = what
        self.detail = detail


class TooLarge(WireError):
    """More bytes than the format allows."""

    defect = "too_large"


class Truncated(WireError):
    """The bytes end inside a value."""

    defect = "truncated"


class TrailingBytes(WireError):
    """A whole value is followed by more bytes."""

    defect = "trailing_bytes"


class UnknownVersion(WireError):
    """The version is one that this program does not know."""

    defect = "unknown_version"


class WrongType(WireError):
    """A field is missing, surplus, of another type, or out of its range."""

    defect = "wrong_type"


class NotCanonical(WireError):
    """The bytes decode, but are not the canonical encoding of what they say."""

    defect = "not_canonical"
