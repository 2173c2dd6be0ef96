"""What the office's API answers when it refuses: problem details (RFC 9457), as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec

from blo_agent.api.draft_types import DraftAnswer

PROBLEM_JSON: Final = "application/problem+json"
PROBLEM_PATH: Final = "/problems/"
"""Where the node serves the page of each problem, with its name behind."""


class CrossedStep(msgspec.Struct, frozen=True):
    """A step of a case that the request had not seen.

    Attributes:
        event: Its id in hex.
        step: Its name.
        office: Whose it is.
        version: The case's version after it.
        at: When its writer signed it.
    """

    event: str
    step: str
    office: str
    version: int
    at: datetime


class ProblemDetails(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Why a request was not carried out.

    Attributes:
        type: The address of the problem's page, relative to the node's.
        title: The problem in a few words, always the same.
        status: The HTTP status of the answer.
        detail: What is wrong with this request, and what to do.
        pointer: The field of the body that is at fault, as a JSON pointer (RFC 6901).
        parameter: The part of the path, the query or the head that is at fault.
        expected: What was expected there, in words.
        example: A value that would do there.
        crossed: The steps that the request had not seen, the oldest first.
        current: The draft as it is now, where somebody else has changed it.
        by: Who has changed it.
        incident: The id under which the log file has an unexpected error and its trace.
    """

    type: str
    title: str
    status: int
    detail: str
    pointer: str | None = None
    parameter: str | None = None
    expected: str | None = None
    example: object = None
    crossed: tuple[CrossedStep, ...] = ()
    current: DraftAnswer | None = None
    by: str | None = None
    incident: str | None = None

    @property
    def name(self) -> str:
        """The problem's name, a word of the closed list of ``docs/problems.md``."""
        return self.type.removeprefix(PROBLEM_PATH)
