"""Bodies of the base lifecycle's steps, the same for every kind (docs/domain.md §2).

The reason of a step (declining, returning, pausing, withdrawing, reopening) stands in the frame,
not here.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated

import msgspec

from blo_schemas.bodies.common import Body, Instant, Number
from blo_schemas.fields import Line, Text
from blo_schemas.summary import Step


class Acknowledgement(Body, frozen=True, kw_only=True):
    """The office has received it (đã tiếp nhận).

    Attributes:
        receiver: Who took it in.
        local_number: Number under which the receiver registered it.
    """

    receiver: Line | None = None
    local_number: Line | None = None


class InformationWanted(Body, frozen=True, kw_only=True):
    """What is missing (trả lại bổ sung)."""

    questions: tuple[Line, ...] = ()


class InformationSupplied(Body, frozen=True, kw_only=True):
    """The answers to what was missing."""

    answers: tuple[Line, ...] = ()
    text: Text | None = None


class DeclineReason(Body, frozen=True, kw_only=True):
    """A refusal; its reason in words stands in the frame.

    Attributes:
        ground: The ground by its name in the agreement's closed list, if it has one (docs/domain.md §3).
        provision: The article it rests on.
    """

    ground: Line | None = None
    provision: Line | None = None


class Assignment(Body, frozen=True, kw_only=True):
    """The agency that deals with it from now on.

    Attributes:
        agency: Which one: police, border guard, customs, ...
        officer: Who is in charge there.
        expected: When an answer is expected.
    """

    agency: Line
    officer: Line | None = None
    expected: date | None = None


class InterimReply(Body, frozen=True, kw_only=True):
    """What is known so far."""

    text: Text
    expected: date | None = None


class Answer(Body, frozen=True, kw_only=True):
    """The answer, approved by the answering office.

    Attributes:
        text: What it says.
        approved_by: Who approved it there.
    """

    text: Text
    approved_by: Line | None = None


class Pause(Body, frozen=True, kw_only=True):
    """How long the clocks are expected to stand still."""

    until: date | None = None


class Urge(Body, frozen=True, kw_only=True):
    """A reminder (đôn đốc) on this very case.

    Attributes:
        count: Which reminder it is, counted from 1.
        text: What is asked for.
        called_at: When it was made by telephone, if it was.
    """

    count: Number | None = None
    text: Text | None = None
    called_at: Instant | None = None


class Usefulness(StrEnum):
    """What the information was good for."""

    LED_TO_RESULT = "led_to_result"
    USEFUL = "useful"
    ALREADY_KNOWN = "already_known"
    NOT_USEFUL = "not_useful"
    TOO_EARLY = "too_early"


class Feedback(Body, frozen=True, kw_only=True):
    """What became of it."""

    usefulness: Usefulness
    text: Text | None = None


class ShreddingGround(StrEnum):
    """Why the contents of a case are to be deleted.

    Directive (EU) 2023/977, article 16, and Directive (EU) 2016/680, articles 4 and 16, are where
    the words come from; an agreement's own rule goes into ``ShreddingRequest.provision``.
    """

    RETENTION_ENDED = "retention_ended"
    PURPOSE_FULFILLED = "purpose_fulfilled"
    UNLAWFULLY_SENT = "unlawfully_sent"
    INACCURATE = "inaccurate"
    DECISION_OF_AUTHORITY = "decision_of_authority"
    OTHER = "other"


class ShreddingRequest(Body, frozen=True, kw_only=True):
    """The office wants the contents of the case deleted, or agrees to it.

    The reason in words stands in the frame. It is a content of the case itself and goes with it;
    only ``ground`` is kept, in each office's own journal.

    Attributes:
        ground: Why.
        provision: The law or the article of the agreement that asks for it.
        decision: Number of the decision at the office, under which its own files are destroyed.
    """

    ground: ShreddingGround
    provision: Line | None = None
    decision: Line | None = None


class Correction(Body, frozen=True, kw_only=True):
    """Replaces the body and the business date of an earlier step of the same office.

    Which version is replaced stands in the summary (``supersedes``); the new business date in the
    frame (``on``). A correction of a correction replaces the first correction's event, and still
    names the step that was reported.

    Attributes:
        corrects: The step whose report is corrected; never ``SUPERSEDE``.
        body: The full new body of that step, encoded.
        body_version: Version of that body's schema.
    """

    corrects: Step
    body: bytes
    body_version: Annotated[int, msgspec.Meta(ge=1, le=127)]

    def __post_init__(self) -> None:
        if self.corrects is Step.SUPERSEDE:
            raise ValueError("a correction names the step that was reported, not the correction")
