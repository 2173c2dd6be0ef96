"""Errors of papers.

::

    PaperError
    └── PaperFailed        a paper can't be set as PDF
"""

from __future__ import annotations


class PaperError(Exception):
    """Base of the errors of papers."""


class PaperFailed(PaperError):
    """A paper can't be set as PDF; the message is the typesetter's."""

    def __init__(self, problem: str) -> None:
        super().__init__(f"the paper cannot be set as PDF ({problem}); its text says the same")
