"""As whom a long answer goes on: the actor is looked up again for each part of it.

A stream of changes outlives a log-out, a change of rights and the end of a token. So it keeps what
was shown at its beginning, and asks the store each time as whom that acts now.
"""

from __future__ import annotations

from typing import NamedTuple

from blo_agent.people.access import Actor, actor_of
from blo_agent.people.sessions import IDLE_MS, LONGEST_MS, NOTE_EVERY_MS
from blo_agent.people.systems import system_actor
from blo_agent.store.connection import Snapshot
from blo_agent.store.tables import sessions


class ActorRecheck(NamedTuple):
    """What was shown at the beginning of a request.

    Attributes:
        actor: As whom the request began.
        session: The hash of the session's token, for a person who is logged in.
        token: The token of a program.
    """

    actor: Actor
    session: bytes | None = None
    token: str | None = None

    def now(self, snapshot: Snapshot, now: int) -> Actor | None:
        """As whom the request goes on; ``None``: the session or the token has ended.

        A stream does not count as a use of its session.

        Args:
            snapshot: The store.
            now: The office's clock, Unix milliseconds.
        """
        if self.token is not None:
            return system_actor(snapshot, self.token, now)
        if self.session is None:
            return self.actor
        row = sessions.get(snapshot, self.session)
        if row is None or now - row.started_at >= LONGEST_MS:
            return None
        # The store may lag so far behind the last use.
        if now - row.seen_at >= IDLE_MS + NOTE_EVERY_MS:
            return None
        return actor_of(snapshot, row.person, now)
