"""Everything that crosses a wire or lies on a disk, found and not listed; and what can be in it."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Any

import msgspec

import blo_schemas
from blo_schemas.bodies import BODIES
from blo_schemas.codec import Codec


def codecs() -> list[Codec[Any]]:
    """Every decoder that a module of ``blo_schemas`` declares, and those of all bodies."""
    found: dict[int, Codec[Any]] = {}
    for module in pkgutil.walk_packages(blo_schemas.__path__, "blo_schemas."):
        for value in vars(importlib.import_module(module.name)).values():
            if isinstance(value, Codec):
                found[id(value)] = value
    for pair in BODIES:
        for codec in BODIES.schema(*pair)._codecs:
            found[id(codec)] = codec
    return sorted(found.values(), key=lambda codec: codec._name)


def _text(text: str) -> bytes:
    return bytes(msgspec.msgpack.encode(text))


def _timestamp(seconds: int, nanoseconds: int = 0) -> bytes:
    """MessagePack's own form of an instant: extension -1, 96 bits."""
    fields = nanoseconds.to_bytes(4, "big") + seconds.to_bytes(8, "big", signed=True)
    return b"\xc7\x0c\xff" + fields


TIMES = (
    "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999999Z", "0001-01-01T00:00:00", "2016-12-31T23:59:60Z",
    "2025-02-30T00:00:00Z", "2025-03-01T07:30:00+07:00", "2025-03-01T07:30:00z",
    "2025-03-01T24:00:00Z", "0000-01-01T00:00:00Z", "10000-01-01T00:00:00Z",
)  # fmt: skip
DAYS = ("0001-01-01", "9999-12-31", "0000-01-01", "2025-02-30", "20250301", "2025-W01-1", "-1")
NUMBERS = (
    "NaN", "sNaN123", "-Infinity", "1e999999999", "1E-999999999", "1e9999999999999999999", "-0",
    "9" * 5000, "1_0", "\u0661", "0x10", "1.", ".5", "1.0000000", "999999999.9999999",
)  # fmt: skip
WORDS = ("", "\0", "\u202e\u2066", "x" * 30_000, "\ufeff", "\ud7ff", "\U0010ffff")

EXTREMES: tuple[bytes, ...] = (
    *map(_text, (*TIMES, *DAYS, *NUMBERS, *WORDS)),
    # Integers of every width, at both ends.
    b"\x00", b"\xff", b"\xcc\x00", b"\xcf" + b"\xff" * 8, b"\xd3\x80" + bytes(7),
    b"\xd3\x7f" + b"\xff" * 7, b"\xcf" + (2**53 + 1).to_bytes(8, "big"),
    # Floats, which no wire has: NaN, infinity, minus zero, a whole one.
    b"\xcb\x7f\xf8" + bytes(6), b"\xcb\x7f\xf0" + bytes(6), b"\xcb\x80" + bytes(7),
    b"\xca\x3f\x80\x00\x00",
    # Nothing, both truths, the code that MessagePack never uses.
    b"\xc0", b"\xc2", b"\xc3", b"\xc1",
    # Text that is not UTF-8, a lone surrogate, an overlong form.
    b"\xa2\xff\xfe", b"\xa3\xed\xa0\x80", b"\xa2\xc0\x80",
    # Lengths that promise four gigabytes.
    b"\xdb\xff\xff\xff\xff", b"\xc6\xff\xff\xff\xff", b"\xdd\xff\xff\xff\xff", b"\xdf\xff\xff\xff\xff",
    b"\xc9\xff\xff\xff\xff\x01",
    # Timestamps in 32, 64 and 96 bits, near and beyond the calendar's ends, and other extensions.
    b"\xd6\xff" + bytes(4), b"\xd7\xff" + bytes(8), b"\xd7\xff" + b"\xff" * 8, b"\xd4\xff\x00",
    _timestamp(0), _timestamp(-(2**63)), _timestamp(2**63 - 1), _timestamp(-62_135_596_800),
    _timestamp(-62_135_596_801), _timestamp(253_402_300_799, 999_999_999),
    _timestamp(253_402_300_800), _timestamp(0, 2**32 - 1), b"\xd4\x00\x00", b"\xc7\x00\x7f",
    # Bytes of unlikely sizes.
    b"\xc4\x00", b"\xc4\x01\x00", b"\xc4\x20" + b"\xff" * 32, b"\xc4\x40" + bytes(64),
    # Empty, of the wrong sort, and deeper than any stack.
    b"\x90", b"\x80", b"\x91\x90", b"\x81\xc0\xc0", b"\x81\xa0\xa0", b"\x82\xa1a\xc0\xa1a\xc0",
    b"\x91" * 2_000 + b"\xc0", b"\x81\xa0" * 2_000 + b"\xc0",
)  # fmt: skip


def spoiled(tree: Any, extreme: bytes) -> Iterator[Any]:
    """``tree`` with each of its parts in turn, and the whole, replaced by raw bytes."""
    yield msgspec.Raw(extreme)
    if isinstance(tree, list):
        for place, item in enumerate(tree):
            for other in spoiled(item, extreme):
                yield [*tree[:place], other, *tree[place + 1 :]]
    if isinstance(tree, dict):
        for key, item in tree.items():
            for other in spoiled(item, extreme):
                yield {**tree, key: other}


__all__ = ["EXTREMES", "codecs", "spoiled"]
