"""What is wrong with a link and who has to act: silent, behind, unopenable, skewed, forked.

``blo_domain.deadlines.health`` has the rules; here are the facts: the records, those that wait here
for their key, and the heads that offices sign. Unlike everything else a processor derives, it rests on more than the link's log, so
what was told is learnt from the topic.
"""

from __future__ import annotations

from collections.abc import Iterable

from blo_domain.deadlines.health import LogFacts, Peer, expected_since, health, repaired, with_head
from blo_domain.deadlines.terms import Terms, in_force
from blo_domain.heads import HeadOrder, order_heads
from blo_domain.trust import TrustedDirectory
from blo_log.port import ConsumedRecord
from blo_processors.link.fold_state import LinkFoldState
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
    """

    def __init__(self, link: LinkId) -> None:
        self.link = link
        self._heads: dict[OfficeId, tuple[Head, int]] = {}
        self._told: dict[bytes, Alert] = {}

    def know(self, alerts: Iterable[Alert]) -> None:
        """Learn what readers were told before."""
        self._told.update((alert.id, alert) for alert in alerts if alert.signal is not None)

    def take_head(self, stored: ConsumedRecord, directory: TrustedDirectory) -> None:
        """Take a record of ``blo.heads``; one that does not count is passed over."""
        try:
            signed, _ = read_head(stored.value or b"")
            accepted = accept_head(signed, directory, link=self.link)
        except (WireError, SealingError):
            return
        before = self._heads.get(accepted.signer)
        order = order_heads(None if before is None else before[0], accepted.head)
        if order is HeadOrder.REPLACES:
            self._heads[accepted.signer] = accepted.head, stored.timestamp

    def look(self, state: LinkFoldState, terms: Terms, now: int) -> list[Alert]:
        """What has become wrong or right since this was asked last.

        Args:
            state: The link, read to its end as of ``now``.
            terms: What was agreed when.
            now: Unix milliseconds.
        """
        facts = LogFacts(self.link, state.size, state.log_times.__getitem__)
        withheld = state.withheld()
        peers = [
            self._with_head(peer)._replace(withheld=withheld.get(peer.office))
            for peer in (*state.peers.values(), *_newcomers(state, terms, now))
        ]
        found = health(facts, peers, terms, now)
        new = [alert for alert in found if alert.id not in self._told]
        cleared = {alert.clears for alert in self._told.values()}
        ringing = [alert for alert in self._told.values() if alert.id not in cleared]
        told = [*new, *repaired(ringing, found, now)]
        self.know(told)
        return told

    def _with_head(self, peer: Peer) -> Peer:
        held = self._heads.get(peer.office)
        return peer if held is None else with_head(peer, *held)


def _newcomers(state: LinkFoldState, terms: Terms, now: int) -> list[Peer]:
    """Who has joined a link on which nothing was written since."""
    if not state.size or not terms:
        return []
    first = state.log_times[0]
    offices = in_force(terms, now).offices.keys() - state.peers.keys()
    return [Peer(office, expected_since(office, terms, first)) for office in sorted(offices)]
