"""Types of single fields that structs of wire and disk share, and the bases of their kinds."""

from __future__ import annotations

from enum import IntEnum
from typing import Annotated

import msgspec

from blo_schemas.instants import LAST_INSTANT

Bytes8 = Annotated[bytes, msgspec.Meta(min_length=8, max_length=8)]
Bytes16 = Annotated[bytes, msgspec.Meta(min_length=16, max_length=16)]
Bytes32 = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
Bytes64 = Annotated[bytes, msgspec.Meta(min_length=64, max_length=64)]

Hex8 = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{16}$(?!\n)")]
"""8 bytes in hexadecimal, as the files that people read spell them."""

Hex32 = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}$(?!\n)")]
Hex64 = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{128}$(?!\n)")]
HexBytes = Annotated[str, msgspec.Meta(pattern=r"^([0-9a-f]{2})+$(?!\n)", max_length=16_384)]

Count = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
"""A number of things, a size or an offset. JSON readers keep integers up to 2**53 exactly."""

Positive = Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]

UnixMs = Annotated[int, msgspec.Meta(ge=0, le=LAST_INSTANT)]
"""Milliseconds since 1970-01-01T00:00:00Z."""

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]

Word = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
"""The name of a person, program or action in a journal or report."""

Line = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=20_000)]
Language = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]+)*$(?!\n)",
        description="a language's tag (RFC 5646)",
        examples=["vi"],
    ),
]


class MapStruct(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of all structs that are written with their fields' names."""


class WordEnum(IntEnum):
    """An integer on the wire, a lower-case word for people."""

    @property
    def word(self) -> str:
        """The name in lower case, as scenario files and reports spell it."""
        return self.name.lower()
