"""The health alerts of a link: an office is silent, behind, skewed, forked, or withholds keys.

``blo_domain.deadlines.health`` has the rules. Here are the facts: the records, the records that
wait for a key, and the heads and heartbeats that offices sign. Those are not in the link's log, so
the alerts that were raised before are read from their topic.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from blo_domain.deadlines.health import (
    LogFacts,
    Peer,
    expected_since,
    health,
    next_health_change,
    repaired,
    with_head,
    with_heartbeat,
)
from blo_domain.deadlines.terms import Terms, in_force
from blo_domain.heads import HeadOrder, order_heads
from blo_domain.trust import TrustedDirectory
from blo_log.port import ConsumedRecord
from blo_processors.link.fold_state import LinkFoldState
from blo_processors.liveness import HeardHeartbeat
from blo_schemas.clocks import Alert
from blo_schemas.errors import WireError
from blo_schemas.heads import Head
from blo_schemas.ids import LinkId, OfficeId
from blo_sealing.errors import SealingError
from blo_sealing.heads import accept_head, read_head


class LinkHealth:
    """Watches the offices of one link.

    Args:
        link: The link.
        newest: The newest heartbeat of an office in the link's corridor.

    Attributes:
        next_change: The instant until which ``look`` finds nothing new unless heads, keys or
            records come, Unix milliseconds; ``None``: at no time.
    """

    def __init__(
        self, link: LinkId, newest: Callable[[OfficeId], HeardHeartbeat | None] = lambda _: None
    ) -> None:
        self.link = link
        self._newest = newest
        self._heard: dict[OfficeId, HeardHeartbeat | None] = {}
        self.next_change: int | None = None
        self._heads: dict[OfficeId, tuple[Head, int]] = {}
        self._uncleared: dict[bytes, Alert] = {}

    def know(self, alerts: Iterable[Alert]) -> None:
        """Take over alerts and clearings that are on the topic, in any order."""
        signals = [alert for alert in alerts if alert.signal is not None]
        cleared = {alert.clears for alert in signals}
        self._uncleared.update(
            (alert.id, alert)
            for alert in signals
            if alert.clears is None and alert.id not in cleared
        )
        for clears in cleared:
            self._uncleared.pop(clears or b"", None)

    def heads(self) -> dict[OfficeId, tuple[Head, int]]:
        """The head of each office that counts, and its record's timestamp, Unix milliseconds."""
        return dict(self._heads)

    def load_heads(self, heads: Mapping[OfficeId, tuple[Head, int]]) -> None:
        """Go on with heads that were accepted before, as ``heads`` gave them."""
        self._heads.update(heads)

    def uncleared(self) -> tuple[Alert, ...]:
        """The alerts that nothing has cleared."""
        return tuple(self._uncleared.values())

    def take_head(self, stored: ConsumedRecord, directory: TrustedDirectory) -> None:
        """Take a record of ``blo.heads``; a head that is not valid is ignored."""
        try:
            signed, _ = read_head(stored.value or b"")
            accepted = accept_head(signed, directory, link=self.link)
        except (WireError, SealingError):
            return
        before = self._heads.get(accepted.signer)
        order = order_heads(None if before is None else before[0], accepted.head)
        if order is HeadOrder.REPLACES:
            self._heads[accepted.signer] = accepted.head, stored.timestamp

    def has_heard(self) -> bool:
        """Whether a heartbeat of an office of the link has come since ``look``."""
        return any(self._newest(office) is not heard for office, heard in self._heard.items())

    def look(
        self, state: LinkFoldState, terms: Terms, now: int, is_known: Callable[[bytes], bool]
    ) -> list[Alert]:
        """The alerts and clearings since the last call.

        Args:
            state: The link, read to its end as of ``now``.
            terms: The policies and their periods.
            now: Unix milliseconds.
            is_known: Whether the alert of an id is on its topic already, cleared or not.
        """
        facts = LogFacts(self.link, state.size, state.log_times.__getitem__)
        withheld = state.withheld()
        peers = [
            self._with_statements(peer)._replace(withheld=withheld.get(peer.office))
            for peer in (*state.peers.values(), *_newcomers(state, terms, now))
        ]
        present = health(facts, peers, terms, now)
        self.next_change = next_health_change(facts, peers, terms, now)
        new = [alert for alert in present if not is_known(alert.id)]
        changes = [*new, *repaired(self._uncleared.values(), present, now)]
        self.know(changes)
        return changes

    def _with_statements(self, peer: Peer) -> Peer:
        head = self._heads.get(peer.office)
        heard = self._heard[peer.office] = self._newest(peer.office)
        peer = peer if head is None else with_head(peer, *head)
        return peer if heard is None else with_heartbeat(peer, *heard)


def _newcomers(state: LinkFoldState, terms: Terms, now: int) -> list[Peer]:
    """The offices that have joined the link since its last record."""
    if not state.size or not terms:
        return []
    first = state.log_times[0]
    offices = in_force(terms, now).offices.keys() - state.peers.keys()
    return [Peer(office, expected_since(office, terms, first)) for office in sorted(offices)]
