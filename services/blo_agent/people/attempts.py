"""How often somebody may try to log in: per account and per node, whatever the client claims to be.

An account is never locked, because then anybody could lock out a chief. After some failures in a row
each further attempt on the account has to wait, up to a minute; a log-in by passkey guesses nothing
and does not wait.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final, NamedTuple

from blo_agent.people.errors import PeopleRefusal, refused
from blo_runtime.clock import Clock

FREE_FAILURES: Final = 5
"""Failures in a row before an account's attempts have to wait."""

LONGEST_WAIT_S: Final = 60.0
NODE_BURST: Final = 30
NODE_RATE_S: Final = 1.0
"""Failed attempts on the whole node: so many at once, then one in so many seconds."""

_MOST_ACCOUNTS: Final = 10_000


class _Failures(NamedTuple):
    number: int
    next_at: float


class LoginAttempts:
    """Counts failed attempts.

    Args:
        clock: Its monotonic time counts.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._accounts: OrderedDict[str, _Failures] = OrderedDict()
        self._tokens = float(NODE_BURST)
        self._filled_at = clock.monotonic()

    def check(self, person: str) -> None:
        """Refuse an attempt that comes too soon.

        Raises:
            PeopleRefused: Too many attempts on this account, or on this node, have failed.
        """
        now = self._clock.monotonic()
        elapsed = now - self._filled_at
        self._tokens = min(float(NODE_BURST), self._tokens + elapsed / NODE_RATE_S)
        self._filled_at = now
        wait = 0.0 if self._tokens >= 1 else (1 - self._tokens) * NODE_RATE_S
        failures = self._accounts.get(person)
        if failures is not None:
            wait = max(wait, failures.next_at - now)
        if wait > 0:
            raise refused(
                PeopleRefusal.TOO_MANY_ATTEMPTS,
                f"too many attempts have failed; try again in {max(1, round(wait))} s",
            )

    def failed(self, person: str) -> None:
        """Note a failed attempt on an account, whether it exists or not."""
        now = self._clock.monotonic()
        self._tokens = max(0.0, self._tokens - 1)
        known = self._accounts.pop(person, _Failures(0, 0.0))
        count = known.number + 1
        wait = min(LONGEST_WAIT_S, 2.0 ** (count - FREE_FAILURES)) if count >= FREE_FAILURES else 0
        self._accounts[person] = _Failures(count, now + wait)
        if len(self._accounts) > _MOST_ACCOUNTS:
            self._accounts.popitem(last=False)

    def succeeded(self, person: str) -> None:
        """Forget the failures of an account."""
        self._accounts.pop(person, None)
