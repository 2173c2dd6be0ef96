"""What the offices show once a scenario was played: waited for, then asked of every agent."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

import msgspec

from blo_cli.lab import answers
from blo_cli.lab.client import AgentClient
from blo_cli.lab.world import World

__all__ = ["Observed", "observe", "scrape", "settle"]

SETTLE_TIMEOUT_S: Final = 30.0
_POLL_S = 0.1
_AT_ONCE = 4

T = TypeVar("T")
Statuses = Mapping[str, Mapping[str, answers.LinkStatus]]


class Observed(msgspec.Struct, frozen=True, kw_only=True):
    """What every office shows.

    Attributes:
        links: Office → link → how it stands there.
        verified: Office → link → the result of folding it anew.
        metrics: Office → what its admin listener exposes.
    """

    links: Statuses
    verified: Mapping[str, Mapping[str, answers.Verification]]
    metrics: Mapping[str, str]

    def at_link(self, link: str) -> dict[str, answers.LinkStatus]:
        """Every office that reads a link, with how it stands there."""
        return {office: links[link] for office, links in self.links.items() if link in links}


def settle(
    world: World,
    clients: Mapping[str, AgentClient],
    sizes: Mapping[str, int],
    timeout_s: float = SETTLE_TIMEOUT_S,
) -> Statuses:
    """Waits until every office has read and opened everything, and knows it of the others.

    Returns:
        How the links stand; after the time is over, as they stand then: the checks say what is
        missing.
    """
    deadline = time.monotonic() + timeout_s
    while True:
        statuses = _of_all(clients, _links)
        if all(
            _is_settled(world, office, status, sizes.get(link, 0))
            for office, links in statuses.items()
            for link, status in links.items()
        ):
            return statuses
        if time.monotonic() > deadline:
            return statuses
        time.sleep(_POLL_S)


def observe(clients: Mapping[str, AgentClient], links: Statuses) -> Observed:
    """Asks every office to fold its links anew, and for its metrics."""

    def verify(client: AgentClient) -> dict[str, answers.Verification]:
        return {link: client.verify(link) for link in links[client.office]}

    verified = _of_all(clients, verify)
    return Observed(links=links, verified=verified, metrics=scrape(clients))


def scrape(clients: Mapping[str, AgentClient]) -> dict[str, str]:
    """What every agent's admin listener exposes now."""
    return _of_all(clients, AgentClient.metrics)


def _links(client: AgentClient) -> dict[str, answers.LinkStatus]:
    return {status.link: status for status in client.links()}


def _of_all(clients: Mapping[str, AgentClient], ask: Callable[[AgentClient], T]) -> dict[str, T]:
    with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        return dict(zip(clients, pool.map(ask, clients.values()), strict=True))


def _is_settled(world: World, office: str, status: answers.LinkStatus, size: int) -> bool:
    others: Sequence[str] = [
        reader for reader in world.links_by_name[status.link].readers if reader != office
    ]
    covered = {head.office for head in status.heads if head.size == size and head.unopened == 0}
    waiting = status.pending or status.parked or status.unopened
    return status.size == size and not waiting and covered.issuperset(others)
