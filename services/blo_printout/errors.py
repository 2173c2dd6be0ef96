"""Errors of papers.

::

    PaperError
    ├── PaperFailed        a paper can't be set as PDF
    ├── CodeTooLarge       a QR code would be too fine to read
    └── NotPrintable       there is nothing to print this paper from
"""

from __future__ import annotations


class PaperError(Exception):
    """Base of the errors of papers."""


class PaperFailed(PaperError):
    """A paper can't be set as PDF; the message is the typesetter's."""

    def __init__(self, problem: str) -> None:
        super().__init__(f"the paper cannot be set as PDF ({problem}); its text says the same")


class CodeTooLarge(PaperError):
    """A QR code would be too fine to be read from paper."""

    def __init__(self, letters: int) -> None:
        super().__init__(f"{letters} letters do not fit a QR code that can be read from paper")


class NotPrintable(PaperError):
    """There is nothing to print this paper from; the message says what is missing."""
