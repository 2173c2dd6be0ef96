"""Pauses between attempts on a link that made no progress."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from blo_schemas.ids import LinkId

_FIRST_S: Final = 1.0
_LONGEST_S: Final = 60.0


class _Attempt(msgspec.Struct, frozen=True):
    progress: int
    pause_s: float
    until: float


class Backoff:
    """Lets a link try again after pauses that grow while nothing comes of it.

    Args:
        monotonic: Seconds from an arbitrary start.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._held: dict[LinkId, _Attempt] = {}

    def allows(self, link: LinkId) -> bool:
        """Whether it may be tried now."""
        last = self._held.get(link)
        return last is None or last.until <= self._monotonic()

    def hold(self, link: LinkId, progress: int) -> None:
        """Note a try; the pause is short again if there was progress since the last one."""
        last = self._held.get(link)
        in_vain = last is not None and last.progress == progress
        pause_s = min(last.pause_s * 2, _LONGEST_S) if last and in_vain else _FIRST_S
        self._held[link] = _Attempt(progress, pause_s, self._monotonic() + pause_s)

    def forget(self) -> None:
        """Something has changed: everything may be tried at once."""
        self._held.clear()
