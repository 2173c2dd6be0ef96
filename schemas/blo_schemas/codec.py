"""Strict decoding and canonical encoding of every struct on a wire or a disk.

The format is MessagePack as msgspec writes it: shortest integers, no floats, struct fields in
their declared order. A value has exactly one encoding, and a reader refuses every other one, so
that equal meaning is equal bytes and a hash over bytes is a hash over meaning.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Final, Generic, TypeVar

import msgspec

from blo_schemas.errors import (
    NotCanonical,
    TooLarge,
    TrailingBytes,
    Truncated,
    UnknownVersion,
    WireError,
    WrongType,
)
from blo_schemas.mismatch import without_quotes
from blo_schemas.prepared_types import prepare

T = TypeVar("T")

MAX_RECORD_SIZE: Final = 256 * 1024
"""Largest record value in bytes (docs/wire-format.md §3); anything larger travels as an attachment."""

_encoder: Final = msgspec.msgpack.Encoder(decimal_format="string", order=None)


class _Scratch(threading.local):
    """Where a thread encodes what is only compared; a new bytes object would cost more than that."""

    def __init__(self) -> None:
        self.buffer = bytearray()


_encode_into: Final = _encoder.encode_into
_scratch: Final = _Scratch()

# MessagePack: how many bytes follow the first one of an integer.
_INTEGER_SIZES: Final = {0xCC: 1, 0xCD: 2, 0xCE: 4, 0xCF: 8, 0xD0: 1, 0xD1: 2, 0xD2: 4, 0xD3: 8}


def encode(value: Any) -> bytes:
    """The canonical encoding of a struct.

    Raises:
        TypeError: The value is of a type that no wire struct contains.
    """
    return _encoder.encode(value)


class Codec(Generic[T]):
    """Strict decoder for one struct type.

    Whatever bytes it is given, it returns a value that encodes to them, or raises a ``WireError``.
    That also holds for what decodes and then can't be encoded, such as a time in the year 1 that
    lies before it in UTC.

    Args:
        kind: The struct type. If it has a version, that is its first field, an integer.
        versions: Accepted values of the version field; empty for a struct without one.
        limit: Largest accepted encoding in bytes, when reading and when writing.
        check: Refuses a value whose fields contradict each other, with a ``ValueError``.

    Attributes:
        kind: The struct type.
    """

    def __init__(
        self,
        kind: type[T],
        *,
        versions: tuple[int, ...] = (),
        limit: int = MAX_RECORD_SIZE,
        check: Callable[[T], None] | None = None,
    ) -> None:
        self.kind: Final = kind
        self._name = getattr(kind, "__name__", str(kind))
        prepare(kind)
        self._decode = msgspec.msgpack.Decoder(kind).decode
        self._versions = versions
        self._limit = limit
        self._check = check

    @property
    def limit(self) -> int:
        """Largest accepted encoding in bytes."""
        return self._limit

    def encode(self, value: T) -> bytes:
        """The canonical encoding of a value, which ``decode`` reads.

        Whoever stores or sends what is read with a codec writes it with the same codec, so nothing
        is written that cannot be read.

        Raises:
            TooLarge: It has more bytes than ``decode`` accepts.
        """
        data = _encoder.encode(value)
        if len(data) > self._limit:
            raise TooLarge(self._name, f"{len(data)} bytes, at most {self._limit} are allowed")
        return data

    def decode(self, data: bytes) -> T:
        """Reads ``data``, which must be the canonical encoding of exactly one value.

        Raises:
            WireError: One of its subclasses, which names the defect.
        """
        if len(data) > self._limit:
            raise TooLarge(self._name, f"{len(data)} bytes, at most {self._limit} are allowed")
        try:
            value = self._decode(data)
            buffer = _scratch.buffer
            _encode_into(value, buffer)
            canonical = buffer == data
            if self._check is not None:
                self._check(value)
        except MemoryError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the bytes are at fault
            raise self._explain(data, error) from None
        if self._versions and value.v not in self._versions:  # type: ignore[attr-defined]
            raise self._unknown_version(value.v)  # type: ignore[attr-defined]
        if not canonical:
            raise NotCanonical(self._name, "the bytes are not the canonical encoding")
        return value

    def decode_known(self, data: bytes) -> T:
        """Reads what is known to be canonical, which saves encoding it again to see that.

        Only for bytes of which somebody has proved that ``decode`` reads them: of others it reads
        more than it should.

        Raises:
            WireError: They can't be read at all.
        """
        try:
            return self._decode(data)
        except MemoryError:
            raise
        except Exception:  # noqa: BLE001 - ``decode`` says what is wrong
            return self.decode(data)

    def _explain(self, data: bytes, error: Exception) -> WireError:
        text = str(error)
        # A validation error quotes what it read, so its text says nothing about the bytes' end.
        if not isinstance(error, msgspec.ValidationError):
            if "truncated" in text:
                return Truncated(self._name, "the bytes end inside a value")
            if "trailing" in text:
                return TrailingBytes(self._name, "bytes follow after the value")
        version = self._peek_version(data)
        if version is not None and version not in self._versions:
            return self._unknown_version(version)
        return WrongType(self._name, without_quotes(text) or type(error).__name__)

    def _peek_version(self, data: bytes) -> int | None:
        """The array's first element, if that is an integer; what follows need not make sense."""
        start = _array_head(data)
        first = data[start : start + 1]
        if not self._versions or not start or not first:
            return None
        try:
            end = start + 1 + _INTEGER_SIZES.get(first[0], 0)
            return msgspec.msgpack.decode(data[start:end], type=int)
        except Exception:  # noqa: BLE001 - no integer: then there is no version to speak of
            return None

    def _unknown_version(self, version: int) -> UnknownVersion:
        known = ", ".join(map(str, self._versions))
        return UnknownVersion(self._name, f"version {version}; this program knows {known}")


COUNT: Final = Codec(int)
"""A single number, as a store keeps an offset or a size."""


def _array_head(data: bytes) -> int:
    """The length of the array head that ``data`` begins with; 0 if it is none."""
    first = data[:1]
    if b"\x90" <= first <= b"\x9f":
        return 1
    return {b"\xdc": 3, b"\xdd": 5}.get(first, 0)
