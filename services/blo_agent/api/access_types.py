"""Answers of the API about the access log."""

from __future__ import annotations

from datetime import datetime

import msgspec


class AccessEntryAnswer(msgspec.Struct, frozen=True):
    """An entry of the office's journal: somebody has seen, done, or been refused something.

    Attributes:
        seq: Its place in the journal.
        at: When, by the office's clock.
        actor: Who acted: a person, a program of the office, or the node itself.
        action: What was done, e.g. ``view case``; ``refused: `` comes before what was refused.
        link: The link that it concerns.
        case: The case that it concerns.
        words: What was searched for.
    """

    seq: int
    at: datetime
    actor: str
    action: str
    link: str | None
    case: str | None
    words: str | None


class AccessLogAnswer(msgspec.Struct, frozen=True):
    """A page of the access log, the newest first.

    Attributes:
        entries: The entries; there may be fewer than were asked for, or none, although ``next`` is
            there.
        next: What ``after`` is for the next page; ``None``: this was the last one.
    """

    entries: list[AccessEntryAnswer]
    next: str | None
