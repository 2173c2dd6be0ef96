"""What is refused about files, each with words for the person."""

from __future__ import annotations

from enum import StrEnum

from blo_agent.store.errors import ActionRefused


class FileRefusal(StrEnum):
    """Why something about a file is refused. The list is closed."""

    UNKNOWN_FILE = "unknown_file"
    NO_ROOM = "no_room_for_files"
    TOO_MANY = "too_many_uploads"
    OTHER_OFFSET = "other_offset"
    TOO_LONG = "file_too_long"
    OTHER_HASH = "other_hash"
    NOT_HERE = "file_not_here"
    NOT_POSSIBLE = "file_not_possible_now"


class FileRefused(ActionRefused):
    """Something that is not possible with a file.

    Attributes:
        offset: Where an upload stands, if that is why.
    """

    reasons = (FileRefusal,)

    def __init__(self, reason: FileRefusal, words: str, offset: int | None = None) -> None:
        super().__init__(reason, words)
        self.offset = offset
