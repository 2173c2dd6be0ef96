"""Answers of the office's API to requests that were not carried out, as JSON."""

from __future__ import annotations

import msgspec


class RefusedAnswer(msgspec.Struct, frozen=True):
    """A command that was not accepted: the reason from the closed list, and words."""

    refused: str
    words: str


class ErrorAnswer(msgspec.Struct, frozen=True):
    """A request that makes no sense."""

    error: str


class IncidentAnswer(msgspec.Struct, frozen=True):
    """A request that failed here, unexpectedly; nothing was changed.

    Attributes:
        error: What to do.
        incident: The id under which the log file has the error and its trace.
    """

    error: str
    incident: str
