"""What an agent's API answers, as far as this command reads it; other keys are let pass."""

from __future__ import annotations

from typing import Any

import msgspec

__all__ = [
    "AcceptedEvent",
    "CaseAnswer",
    "CaseState",
    "HeadStatus",
    "LinkCounts",
    "LinkStatus",
    "ListedCase",
    "Refused",
    "RejectedEvent",
    "Submitted",
    "Verification",
]


class Submitted(msgspec.Struct, frozen=True):
    """A command that was taken: the ids of its event and case, in hex."""

    event: str
    case: str


class Refused(msgspec.Struct, frozen=True):
    """A command that the lifecycle refused, with the reason's code and in words."""

    refused: str
    words: str = ""


class HeadStatus(msgspec.Struct, frozen=True):
    """The newest head of one office, as another one knows it."""

    office: str
    size: int
    unopened: int
    log_hash: str
    view_digest: str


class LinkCounts(msgspec.Struct, frozen=True):
    """What an agent counted on a link since it was made."""

    appended: int
    accepted: int
    crossed: int
    rejected: dict[str, int]
    duplicates: int


class LinkStatus(msgspec.Struct, frozen=True):
    """How a link stands at one office."""

    link: str
    corridor: str
    partition: int
    role: str
    size: int
    high_watermark: int
    log_hash: str
    view_digest: str
    pending: int
    unopened: int
    parked: int
    heads: list[HeadStatus]
    counts: LinkCounts
    halted: Any = None


class ListedCase(msgspec.Struct, frozen=True):
    """A case in the list of a link's cases: its id in hex."""

    case: str


class CaseState(msgspec.Struct, frozen=True):
    """The view of a case."""

    kind: str
    state: str
    version: int
    crossed: int


class AcceptedEvent(msgspec.Struct, frozen=True):
    """A record of a case that every reader accepted, and where it lies."""

    event: str
    position: int
    crossed: bool


class RejectedEvent(msgspec.Struct, frozen=True):
    """A record of a case that every reader rejected."""

    event: str
    office: str | None
    step: str | None
    reason: str
    words: str = ""
    position: int = 0


class CaseAnswer(msgspec.Struct, frozen=True):
    """A case with its events; without a view, none of them was accepted."""

    view: CaseState | None
    rejected: list[RejectedEvent] = []
    events: list[AcceptedEvent] = []


class Verification(msgspec.Struct, frozen=True):
    """A link folded anew from its first record, against what the agent shows.

    Attributes:
        size: Records that were folded.
        equal: Whether the views rebuilt are the live ones.
        live_digest: Digest of the live views.
        rebuilt_digest: Digest of the rebuilt ones.
        records: Records read.
        verified: Those whose signature and chains hold.
        rejected: Those that were rejected, by reason or in all.
    """

    size: int
    equal: bool
    live_digest: str
    rebuilt_digest: str
    records: int
    verified: int
    rejected: Any = None


class Disclosed(msgspec.Struct, frozen=True):
    """A signed disclosure of events.

    Attributes:
        disclosure: Its bytes.
        events: How many events it opens.
        closed: How many were meant too but are closed at that office.
    """

    disclosure: bytes
    events: int
    closed: int
