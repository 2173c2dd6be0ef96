"""Why changes are not told."""

from __future__ import annotations

from enum import StrEnum

from blo_agent.store.errors import ActionRefused
from blo_agent.store.tables.changes import ChangeBounds


class ChangeRefusal(StrEnum):
    """Why changes are not told. The list is closed."""

    CHANGES_GONE = "changes_gone"
    TOO_MANY_STREAMS = "too_many_streams"


class ChangesGone(ActionRefused):
    """The changes behind a number are not kept any more, or never were."""

    reasons = (ChangeRefusal,)

    def __init__(self, number: int, bounds: ChangeBounds) -> None:
        super().__init__(
            ChangeRefusal.CHANGES_GONE,
            f"the changes behind {number} are not kept: there are those from {bounds.first} to "
            f"{bounds.newest}",
        )


class TooManyStreams(ActionRefused):
    """So many streams of changes are open that no further one is begun."""

    reasons = (ChangeRefusal,)

    def __init__(self, most: int, whose: str) -> None:
        super().__init__(
            ChangeRefusal.TOO_MANY_STREAMS, f"{most} streams of changes are open for {whose}"
        )
