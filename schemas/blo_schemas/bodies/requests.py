"""Bodies of information notices, verification requests, documents and urgings (docs/domain.md §2)."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated

import msgspec

from blo_schemas.bodies.common import Body, CrimeType, Number, Person
from blo_schemas.fields import Bytes32, Language, Line, Text


class SourceGrade(StrEnum):
    """How reliable the source is (docs/domain.md §3)."""

    A = "A"
    B = "B"
    C = "C"
    X = "X"


InformationGrade = Annotated[int, msgspec.Meta(ge=1, le=4)]
"""How reliable the information is, 1 the best (docs/domain.md §3)."""


class InformationNotice(Body, frozen=True, kw_only=True):
    """A notice (thông báo); seeds 000, 001, 004.

    Attributes:
        crime_type: What it is about.
        area: Where.
        source_grade: Grade of the source.
        information_grade: Grade of the information.
        text: What it says, unless an attachment says it.
        persons: Who is named in it.
    """

    crime_type: CrimeType
    area: Line
    source_grade: SourceGrade
    information_grade: InformationGrade
    text: Text | None = None
    persons: tuple[Person, ...] = ()


class Identifier(Body, frozen=True, kw_only=True):
    """Something that tells one person or thing from others.

    Attributes:
        type: What it is: telephone, vehicle plate, bank account, ...
        value: As written at the source.
    """

    type: Line
    value: Line


class VerificationRequest(Body, frozen=True, kw_only=True):
    """A request to verify (xác minh); seeds 000, 002, 004.

    Attributes:
        subject: Who or what is to be verified, in words.
        identifiers: What is known to tell it from others.
        questions: What is asked, at least one thing.
        purpose: What the answer is needed for.
        persons: The persons it is about.
    """

    subject: Line
    identifiers: tuple[Identifier, ...] = ()
    questions: Annotated[tuple[Line, ...], msgspec.Meta(min_length=1)]
    purpose: Line
    persons: tuple[Person, ...] = ()


class VerificationResult(StrEnum):
    """What verifying found out."""

    CONFIRMED = "confirmed"
    PARTLY_CONFIRMED = "partly_confirmed"
    NOT_CONFIRMED = "not_confirmed"
    NOT_FOUND = "not_found"


class QuestionAnswered(Body, frozen=True, kw_only=True):
    """The answer to one question.

    Attributes:
        question: Its place in the request, from 1.
        finding: What was found out.
        text: In words.
    """

    question: Number
    finding: VerificationResult
    text: Text | None = None


class VerificationAnswer(Body, frozen=True, kw_only=True):
    """The answer to a verification request, approved by the answering office.

    Attributes:
        text: What it says.
        answers: Question by question.
        approved_by: Who approved it there.
    """

    text: Text
    answers: tuple[QuestionAnswered, ...] = ()
    approved_by: Line | None = None


class ExchangeDocument(Body, frozen=True, kw_only=True):
    """An exchange document (văn bản trao đổi) that is none of the other kinds; seed 000.

    Attributes:
        text: The draft, unless an attachment holds it.
        translation: The text in the counterpart's language.
        translation_language: That language.
    """

    text: Text | None = None
    translation: Text | None = None
    translation_language: Language | None = None


class Urging(Body, frozen=True, kw_only=True):
    """A reminder (đôn đốc) of an item, which may lie with a domestic agency; seed 000.

    Attributes:
        item: The item urged: document number or subject.
        case: The case it is, if it is one of this exchange.
        agency: The agency that is urged, if it is not the counterpart.
        count: Which reminder it is, counted from 1.
        waiting_since: Since when the item has been waiting.
    """

    item: Line
    case: Bytes32 | None = None
    agency: Line | None = None
    count: Number
    waiting_since: date | None = None
