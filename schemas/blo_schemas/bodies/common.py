"""What several bodies share: persons, places, documents, codes (docs/domain.md §2, §3).

Every field of a body that may be left out has ``None``, ``()`` or a word of a closed list as its
default, never a text: a text that equals the default would have a second encoding.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Final

import msgspec

from blo_schemas.fields import Line, MapStruct
from blo_schemas.measures import Nationality

END: Final = r"$(?!\n)"
"""End of the text in a pattern; ``$`` alone would let a line feed follow."""

Code = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
"""A code that both offices agreed on, so that what both report is known to be one thing."""

Number = Annotated[int, msgspec.Meta(ge=1, le=100_000)]
"""Ordinal of a working group, a phase, a meeting or an action."""

Persons = Annotated[int, msgspec.Meta(ge=1, le=100_000)]
"""Persons, or person-trips (lượt) where the field says so."""

Instant = Annotated[datetime, msgspec.Meta(tz=True)]
"""A time with its offset; on the wire the same instant in UTC."""

PartialDate = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?" + END)]
"""A date of which the day, or the day and the month, may be unknown: ``1987-04``."""

Marker = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,4}(/[0-9]{1,3})?(\([0-9]{1,2}\))?" + END)]
"""A border marker (mốc quốc giới), with its suffixes: ``363``, ``425/1``, ``1116(2)``."""


class Body(MapStruct, frozen=True, kw_only=True, omit_defaults=True):
    """Base of all bodies and of the structs inside them."""


class NoFields(Body, frozen=True, kw_only=True):
    """The body of a step that says nothing beyond the frame's common fields."""


class CrimeType(StrEnum):
    """Types of crime (docs/domain.md §2; seeds 001, 002, 004)."""

    DRUGS = "drugs"
    CRIMINAL = "criminal"
    ECONOMIC = "economic"
    ENVIRONMENTAL = "environmental"
    HUMAN_TRAFFICKING = "human_trafficking"
    WILDLIFE = "wildlife"


class Sex(StrEnum):
    """As the person's document says."""

    FEMALE = "female"
    MALE = "male"
    OTHER = "other"


class Level(StrEnum):
    """On which level something is done (docs/domain.md §1)."""

    POST = "post"  # đồn, trạm
    DISTRICT = "district"
    BRANCH = "branch"
    PROVINCE = "province"
    MINISTRY = "ministry"


class IdentityDocument(Body, frozen=True, kw_only=True):
    """A document that a person carries.

    Attributes:
        type: What it is, e.g. passport, border pass (giấy thông hành).
        number: Its number.
        issuer: Who issued it.
        valid_until: Its last day.
    """

    type: Line
    number: Line
    issuer: Line | None = None
    valid_until: date | None = None


class Person(Body, frozen=True, kw_only=True):
    """A person as far as known.

    Attributes:
        name: Full name as written in the person's own documents.
        other_names: Aliases and transcriptions.
        born: Date of birth, whose day and month may be unknown.
        sex: As the document says.
        nationality: ISO 3166-1 alpha-2 in lower case.
        residence: Where the person is registered or lives.
        documents: Papers.
    """

    name: Line
    other_names: tuple[Line, ...] = ()
    born: PartialDate | None = None
    sex: Sex | None = None
    nationality: Nationality | None = None
    residence: Line | None = None
    documents: tuple[IdentityDocument, ...] = ()


class Signatory(Body, frozen=True, kw_only=True):
    """Who signed a paper for an office.

    Attributes:
        name: Full name.
        position: Rank and office held on that day.
    """

    name: Line
    position: Line | None = None


class Minutes(Body, frozen=True, kw_only=True):
    """One side's signature under the minutes (biên bản); each office writes its own.

    Attributes:
        signatory: Who signed for the office.
        number: The minutes' number.
        place: Where they were signed.
        remarks: Reservations and remarks of this side.
    """

    signatory: Signatory
    number: Line | None = None
    place: Line | None = None
    remarks: Line | None = None


class Onward(Body, frozen=True, kw_only=True):
    """A person was passed on to the agency that is in charge.

    Attributes:
        agency: The onward agency.
        place: Where.
        signatory: Who took over.
    """

    agency: Line
    place: Line | None = None
    signatory: Signatory | None = None
