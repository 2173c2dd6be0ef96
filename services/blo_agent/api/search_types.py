"""Answers of the API about searches."""

from __future__ import annotations

from datetime import date, datetime

import msgspec


class ExcerptAnswer(msgspec.Struct, frozen=True):
    """A part of a text that answers a search.

    Attributes:
        field: Which field of the step it is, e.g. ``dispatch.subject``; ``note`` for a note.
        text: The part to show, with dots where something is left out.
        marks: Where ``text`` answers: pairs of a first character and the one after the last.
    """

    field: str
    text: str
    marks: list[tuple[int, int]]


class SearchHitAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A step or an internal note that answers a search.

    Attributes:
        link: The link.
        case: The case.
        kind: The case's kind; ``None`` while its opening has not been read.
        state: The case's state now.
        event: The event of a step; ``None`` for a note.
        step: What the step did.
        office: Which office wrote it.
        version: The version of the case that it produced.
        on: Its business date.
        note: The number of a note; ``None`` for a step.
        person: Who wrote the note.
        at: When it was written.
        handling: The sentences about handling that stand on every view of the document.
        excerpts: Where it answers; none if it was found by the case's id alone.
    """

    link: str
    case: str
    kind: str | None
    state: str | None
    event: str | None
    step: str | None
    office: str | None
    version: int | None
    on: date | None
    note: int | None
    person: str | None
    at: datetime | None
    handling: tuple[str, ...]
    excerpts: list[ExcerptAnswer]


class SearchAnswer(msgspec.Struct, frozen=True):
    """A page of what answers a search.

    Attributes:
        hits: The hits; there may be fewer than were asked for, or none, although ``next`` is there.
        next: What ``after`` is for the next page; ``None``: this was the last one.
        pending: How many steps and notes are not indexed yet, and so not searched.
    """

    hits: list[SearchHitAnswer]
    next: str | None
    pending: int


class RebuildAnswer(msgspec.Struct, frozen=True):
    """The search index was emptied, and is filled again in the background.

    Attributes:
        pending: How many steps and notes are to be indexed.
    """

    pending: int
