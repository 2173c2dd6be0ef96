"""What the offices show once a scenario was played: waited for, then asked of every agent."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

import msgspec
from prometheus_client.parser import text_string_to_metric_families

from blo_agent.api import response_types as api
from blo_lab.network.admin import AdminClient
from blo_lab.network.client import LabAgentClient
from blo_lab.network.table import LabProgram
from blo_lab.network.world import World
from blo_schemas.verdicts import Outcome, Reason, Verdict

SETTLE_TIMEOUT_S: Final = 90.0
_POLL_S = 0.1
_AT_ONCE = 4

T = TypeVar("T")
Statuses = Mapping[str, Mapping[str, api.LinkAnswer]]


class Observed(msgspec.Struct, frozen=True, kw_only=True):
    """What every office shows.

    Attributes:
        links: Office → link → how it stands there.
        verified: Office → link → the result of folding it anew.
        verdicts: Office → link → position → the verdict, of all records that belong to a case.
        metrics: Office → what its admin listener exposes.
    """

    links: Statuses
    verified: Mapping[str, Mapping[str, api.ReplayAnswer]]
    verdicts: Mapping[str, Mapping[str, Mapping[int, Verdict]]]
    metrics: Mapping[str, str]

    def at_link(self, link: str) -> dict[str, api.LinkAnswer]:
        """Every office that reads a link, with how it stands there."""
        return {office: links[link] for office, links in self.links.items() if link in links}


def settle(
    world: World,
    clients: Mapping[str, LabAgentClient],
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


def await_outputs(
    world: World,
    processors: Mapping[LabProgram, AdminClient],
    sizes: Mapping[str, int],
    timeout_s: float = SETTLE_TIMEOUT_S,
) -> bool:
    """Waits until every processor's outputs of the whole log are acknowledged.

    Returns:
        Whether they are; after the time is over the checks say what is missing.

    Raises:
        AgentAnswerError: A processor does not answer.
    """
    deadline = time.monotonic() + timeout_s
    while True:
        if all(
            _covers(metrics, link, sizes.get(link, 0))
            for program, admin in processors.items()
            for metrics in (samples(admin.metrics()),)
            for link, one in world.links_by_name.items()
            if one.corridor == program.corridor
        ):
            return True
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_S)


def await_quorums(
    witnesses: Mapping[LabProgram, AdminClient],
    sizes: Mapping[str, int],
    timeout_s: float = SETTLE_TIMEOUT_S,
) -> bool:
    """Waits until every link's whole log has a checkpoint that everybody has signed.

    Returns:
        Whether it has; after the time is over the checks say what is missing.

    Raises:
        AgentAnswerError: A witness does not answer.
    """
    deadline = time.monotonic() + timeout_s
    while True:
        found: dict[tuple[str, ...], float] = {}
        for admin in witnesses.values():
            found |= samples(admin.metrics())
        if all(found.get(("blo_quorum_size", link), 0) == size for link, size in sizes.items()):
            return True
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_S)


def observe(clients: Mapping[str, LabAgentClient], links: Statuses) -> Observed:
    """Asks every office to fold its links anew, for its verdicts, and for its metrics."""

    def verify(client: LabAgentClient) -> dict[str, api.ReplayAnswer]:
        return {link: client.verify(link) for link in links[client.office]}

    def judge(client: LabAgentClient) -> dict[str, dict[int, Verdict]]:
        return {link: _verdicts(client, link) for link in links[client.office]}

    return Observed(
        links=links,
        verified=_of_all(clients, verify),
        verdicts=_of_all(clients, judge),
        metrics=scrape(clients),
    )


def scrape(clients: Mapping[str, LabAgentClient]) -> dict[str, str]:
    """What every agent's admin listener exposes now."""
    return _of_all(clients, LabAgentClient.metrics)


def samples(text: str) -> dict[tuple[str, ...], float]:
    """Samples by name, link, and then verdict or reason."""
    found: dict[tuple[str, ...], float] = defaultdict(float)
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = dict(sample.labels)
            link = labels.pop("link", "")
            found[(sample.name, link, *labels.values())] = sample.value
    return found


def _links(client: LabAgentClient) -> dict[str, api.LinkAnswer]:
    return {status.link: status for status in client.links()}


def _verdicts(client: LabAgentClient, link: str) -> dict[int, Verdict]:
    found: dict[int, Verdict] = {}
    for listed in client.cases(link):
        answer = client.case(link, listed.case)
        for event in answer.events:
            found[event.position] = Verdict(Outcome.ACCEPTED, crossed=event.crossed)
        for one in answer.rejected:
            found[one.position] = Verdict(Outcome.REJECTED, Reason(one.reason))
    return found


def _covers(metrics: Mapping[tuple[str, ...], float], link: str, size: int) -> bool:
    read = metrics.get(("blo_link_size", link), -1)
    return read == size and not metrics.get(("blo_records_parked", link), 0)


def _of_all(
    clients: Mapping[str, LabAgentClient], ask: Callable[[LabAgentClient], T]
) -> dict[str, T]:
    with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        return dict(zip(clients, pool.map(ask, clients.values()), strict=True))


def _is_settled(world: World, office: str, status: api.LinkAnswer, size: int) -> bool:
    others: Sequence[str] = [
        reader for reader in world.links_by_name[status.link].readers if reader != office
    ]
    covered = {head.office for head in status.heads if head.size == size and head.unopened == 0}
    waiting = status.pending or status.parked or status.unopened
    # A head of an empty log proves nothing, and may come minutes later.
    return status.size == size and not waiting and (not size or covered.issuperset(others))
