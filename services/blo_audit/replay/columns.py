"""The buffers of a link that grow with the log, by name."""

from __future__ import annotations

from collections.abc import Mapping

from blo_audit.spill_files import SpillFolder
from blo_projection.office_chain import AppendOnlyBytes


class LinkColumns:
    """Buffers by name: those of an earlier replay, and new ones.

    Args:
        spill: Makes new ones.
        earlier: Those that are there.

    Attributes:
        by_name: All of them.
    """

    def __init__(self, spill: SpillFolder, earlier: Mapping[str, AppendOnlyBytes]) -> None:
        self._spill = spill
        self.by_name = dict(earlier)

    def buffer(self, name: str) -> AppendOnlyBytes:
        """The buffer of a name; a new one, if it is not there yet."""
        if name not in self.by_name:
            self.by_name[name] = self._spill.buffer()
        return self.by_name[name]
