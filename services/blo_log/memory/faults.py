"""What goes wrong for one client of the log in memory, on a test's request."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Final

from blo_log.errors import BrokerUnreachable, NotAuthorised
from blo_log.memory.cluster import MemoryCluster

ADDRESS: Final = "memory"


class Faults:
    """What goes wrong for one client, on request.

    Attributes:
        delay_s: How many seconds each append takes.
        forbidden: Topics that this client may neither read nor write.
    """

    def __init__(self, cluster: MemoryCluster) -> None:
        self.delay_s = 0.0
        self.forbidden: set[str] = set()
        self._cluster = cluster
        self._down = False
        self._appends: deque[tuple[int, int]] = deque()

    @property
    def line_is_down(self) -> bool:
        """Whether this client reaches the log."""
        return self._down

    def line_down(self) -> None:
        """Cut the line."""
        self._down = True

    def line_up(self) -> None:
        """Mend it."""
        self._down = False
        self._cluster.wake()

    def fail_next_append(self, *, appended: int = 0, acknowledged: int = 0) -> None:
        """Let one coming append fail; several calls queue up.

        Args:
            appended: So many records of it reach the log all the same.
            acknowledged: For so many of these the client learns it.
        """
        self._appends.append((appended, min(acknowledged, appended)))

    def lose_next_ack(self) -> None:
        """Let one coming append reach the log whole, without the client learning it."""
        self._appends.append((2**62, 0))

    def check(self, topics: Iterable[str] = ()) -> None:
        """Raise what stands between this client and these topics.

        Raises:
            BrokerUnreachable: The line is down.
            NotAuthorised: One is forbidden.
        """
        if self._down:
            raise BrokerUnreachable(ADDRESS, "the line is down")
        for topic in topics:
            if topic in self.forbidden:
                raise NotAuthorised(topic)

    def next_append(self) -> tuple[int, int] | None:
        """Take the next planned failure: how many are appended, and how many acknowledged."""
        return self._appends.popleft() if self._appends else None
