"""How much room and how much of the line files may take."""

from __future__ import annotations

from typing import Final

import msgspec

_GIB: Final = 1024 * 1024 * 1024


class FileOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How a node deals with files.

    Attributes:
        budget_bytes: All files together take at most so many bytes of the store.
        fetch_at_once: Files of counterparts of at most so many bytes are fetched as soon as they
            are announced; larger ones when somebody wants them.
        line_share: At most this share of the line's time is used for sending files, and for
            fetching them; above 0, at most 1.
    """

    budget_bytes: int = 4 * _GIB
    fetch_at_once: int = 1024 * 1024
    line_share: float = 0.5

    def rest_s(self, busy_s: float) -> float:
        """How long to leave the line alone after it was used for so many seconds."""
        return busy_s * (1 / self.line_share - 1)


DEFAULTS: Final = FileOptions()
