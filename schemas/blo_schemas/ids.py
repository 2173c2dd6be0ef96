"""Typed identifiers: what names what.

Text identifiers are opaque: a name may change, an id does not (docs/domain.md §1).
Byte identifiers are hashes or random values with the length given here.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple, NewType

CountryId = NewType("CountryId", str)
"""ISO 3166-1 alpha-2 in lower case: ``vn``, ``la``, ``cn``."""

OfficeId = NewType("OfficeId", str)
"""An office, or any other certified subject (processor, observer, witness): ``vn-kyson``."""

LinkId = NewType("LinkId", str)
"""A border pair or conference: its offices' ids, or a name of its own, e.g. ``vn-a~la-b``."""

CorridorId = NewType("CorridorId", str)
"""Two countries, sorted: ``la-vn``. The unit of topics and of access rights."""

CaseId = NewType("CaseId", bytes)
"""32 bytes: the case's pseudonym and at the same time the commitment to its content key."""

EventId = NewType("EventId", bytes)
"""32 bytes: SHA-256 over the event's context and header bytes."""

KeyId = NewType("KeyId", bytes)
"""32 bytes: identifier of a symmetric key and commitment to it."""

FileId = NewType("FileId", bytes)
"""16 random bytes: a file of one case on one link."""

DocumentId = NewType("DocumentId", bytes)
"""32 bytes: SHA-256 over a trust document's payload."""

CertificateTag = NewType("CertificateTag", bytes)
"""8 bytes: the first bytes of a certificate's document id, unique in a directory."""


class CaseRef(NamedTuple):
    """One case of one link: the only key under which cases of several links stand together.

    A case id stands in the clear, and any office may write it on any link of its own. So an id
    alone names no case.

    Attributes:
        link: The link in whose log the case stands.
        case: Its id there.
    """

    link: LinkId
    case: CaseId


Digest = NewType("Digest", bytes)
"""32 bytes: any other SHA-256 value."""

HASH_SIZE: Final = 32
TAG_SIZE: Final = 8
SALT_SIZE: Final = 16
SIGNATURE_SIZE: Final = 64
ZERO_HASH: Final = bytes(HASH_SIZE)

_SUBJECT = re.compile(r"[a-z]{2}-[a-z0-9]+(?:-[a-z0-9]+)*\Z")
_LINK = re.compile(r"[a-z0-9]+(?:[-~][a-z0-9]+)*\Z")
_CORRIDOR = re.compile(r"([a-z]{2})-([a-z]{2})\Z")
_MAX_TEXT_ID = 64


def is_subject_id(text: str) -> bool:
    """Whether ``text`` can name an office or another certified subject."""
    return len(text) <= _MAX_TEXT_ID and _SUBJECT.match(text) is not None


def is_link_id(text: str) -> bool:
    """Whether ``text`` can name a link."""
    return len(text) <= _MAX_TEXT_ID and _LINK.match(text) is not None


def is_corridor_id(text: str) -> bool:
    """Whether ``text`` names two different countries in sorted order."""
    match = _CORRIDOR.match(text)
    return match is not None and match[1] < match[2]


def country_of(subject: OfficeId) -> CountryId:
    """The country that an office's id begins with."""
    return CountryId(subject[:2])
