"""What ``blo trust`` prints as JSON; docs/cli.md is made from these classes.

A field is added, never renamed or given another meaning. Instants are Unix milliseconds.
"""

from __future__ import annotations

import msgspec


class DocumentForm(msgspec.Struct, frozen=True):
    """Whether a trust document counts.

    Attributes:
        file: The name of its file.
        title: What it is.
        admitted: Whether it counts.
        problem: Why it does not.
        todo: What to do about that.
    """

    file: str
    title: str
    admitted: bool
    problem: str | None
    todo: str


class SignatureForm(msgspec.Struct, frozen=True):
    """A signature under a document.

    Attributes:
        by: Whose key it is, in words, by the documents at hand.
        key: The key's fingerprint.
        good: Whether it is good.
    """

    by: str
    key: str
    good: bool


class ShownDocument(msgspec.Struct, frozen=True):
    """What a trust document says.

    Attributes:
        title: What it is.
        id: Its id.
        says: What it says, line by line.
        signatures: Who has signed it.
        missing: What it lacks, by the documents at hand; null: nothing.
    """

    title: str
    id: str
    says: list[str]
    signatures: list[SignatureForm]
    missing: str | None


class PublishedForm(msgspec.Struct, frozen=True):
    """What was put on the log.

    Attributes:
        published: The documents that were not there before.
        refused: The documents that do not count; then nothing was published.
    """

    published: list[str]
    refused: list[DocumentForm]
