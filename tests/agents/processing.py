"""A processor beside agents in memory: a real worker of the link, or a liar with its keys."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from blo_agent.api.alert_types import OpenAlertAnswer
from blo_agent.api.present_alerts import open_alerts
from blo_agent.office.case_clocks import (
    clocks_of,
    facts_of,
    last_log_time,
    record_at,
    terms_of_link,
)
from blo_agent.office.viewer import viewer
from blo_agent.store.connection import Snapshot
from blo_agent.store.tables import alerts, differences, outputs
from blo_agent.store.tables.alerts import StoredAlert
from blo_agent.store.tables.differences import OutputDifference
from blo_domain.deadlines.evaluate import alerts as alerts_of
from blo_log import topics
from blo_log.directory import DirectoryFeed
from blo_log.memory import MemoryCluster, MemoryLog
from blo_log.port import Log, ProducerRecord
from blo_processors.context import WorkerContext, WorkerOptions
from blo_processors.link.worker import LinkWorker
from blo_processors.liveness import LivenessFeed
from blo_processors.outputs.encode import LinkPartition, OutputEncoder
from blo_projection.granted_keys import GrantedKeys
from blo_runtime.clock import ManualClock
from blo_runtime.metrics import Metrics
from blo_schemas.clocks import Alert
from blo_schemas.codec import encode
from blo_schemas.hashes import document_id
from blo_schemas.ids import CaseId, OfficeId
from blo_schemas.outputs import CaseRecord
from blo_schemas.trust import Role, Superior
from blo_sealing.identity import ProgramIdentity, Signer
from tests.agents.started import begin
from tests.agents.world import CORRIDOR, LINK, PROVINCE, A, B, RunningAgent, World, all_read

PROCESSOR = OfficeId("vn-processor")
PLACE = LinkPartition(LINK, CORRIDOR, 0)
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
MONDAY = int(datetime(2025, 3, 3, 2, 0, tzinfo=UTC).timestamp()) * 1000
"""A working day in both countries, nine o'clock there."""


class Watched(World):
    """A world in simulated time whose link has a processor."""

    def __init__(self, folder: Path, cluster: MemoryCluster) -> None:
        super().__init__(folder, lambda: MemoryLog(cluster))
        self.cluster = cluster
        self.simulated_time = True
        self.time = ManualClock(MONDAY)
        self.clock = self.time
        for office in (A, B, PROVINCE):
            self.certify(office, not_before=0)
        self.certify(PROCESSOR, not_before=0, role=Role.PROCESSOR)
        self.watch()

    def watch(
        self,
        version: int = 1,
        effective_from: int = 0,
        processors: tuple[OfficeId, ...] = (PROCESSOR,),
    ) -> None:
        """Agree on the link, with its processors."""
        self.agree(
            LINK,
            (A, B),
            superiors=(Superior(superior=PROVINCE, office=A),),
            version=version,
            effective_from=effective_from,
            processors=processors,
        )

    async def publish_more(self, known: int) -> None:
        """Publish all documents but the first ``known``."""
        await self.append(
            [
                ProducerRecord(topics.DIRECTORY_TOPIC, 0, document_id(one.payload), encode(one))
                for one in self.documents[known:]
            ]
        )

    def later(self, ms: int) -> None:
        """Let time pass."""
        self.time.advance(ms)

    async def worker(self, log: Log | None = None) -> Worker:
        """A worker of the link that has read what there is."""
        log = log or self.connect()
        feed = DirectoryFeed(log, self.pins)
        await feed.refresh()
        around = WorkerContext(
            log=log,
            appender=await log.appender(),
            identity=ProgramIdentity(PROCESSOR, (self.keys[PROCESSOR],)),
            feed=feed,
            liveness=LivenessFeed(log, feed, PLACE.corridor),
            clock=self.clock,
            metrics=Metrics(),
            options=WorkerOptions(by_clock=False),
        )
        worker = Worker(LinkWorker(PLACE, around), feed, self.cluster)
        await worker.link.start()
        return worker

    def liar(self, signs_as: OfficeId = PROCESSOR) -> Liar:
        """Somebody who says what it likes, with the processor's keys or those of another."""
        return Liar(self, signs_as)


class Worker:
    """A real worker of the link, without the stream that feeds it in operation."""

    def __init__(self, link: LinkWorker, feed: DirectoryFeed, cluster: MemoryCluster) -> None:
        self.link = link
        self.feed = feed
        self._cluster = cluster

    async def work(self) -> None:
        """Take in what is new."""
        await self.feed.refresh()
        await self.link.tick()
        topic = topics.exchange_topic(CORRIDOR)
        records = self._cluster.records(topic, PLACE.partition)
        await self.link.take(records[self.link.position :])


class Liar:
    """Signs and seals what it is told, as a processor does.

    Args:
        world: Where.
        signs_as: Whose keys and certificate it has.
        place: About which link.

    Attributes:
        ends: First instant at which the certificate does not count.
    """

    def __init__(
        self, world: World, signs_as: OfficeId = PROCESSOR, place: LinkPartition = PLACE
    ) -> None:
        self._world = world
        self._directory = world.directory()
        certified = self._directory.certificates(signs_as)[-1]
        self.ends = certified.certificate.not_after
        self.signer = Signer(signs_as, certified.tag, world.keys[signs_as])
        granted = GrantedKeys(LINK, ProgramIdentity(signs_as, (self.signer.keys,)))
        self.scribe = OutputEncoder(place, self.signer, granted)

    def case(self, record: CaseRecord) -> ProducerRecord:
        """A case's record, signed."""
        return self.scribe.message(self.scribe.case(record))

    def alert(self, alert: Alert) -> ProducerRecord:
        """An alert, signed."""
        return self.scribe.message(self.scribe.alert(alert))

    def grants(self) -> list[ProducerRecord]:
        """The keys of all that was sealed so far, to everybody who reads."""
        return self.scribe.grants(self._directory, self._world.clock.now_ms())

    async def say(self, *messages: ProducerRecord) -> None:
        """Put records on the log, after the keys that they need."""
        await self._world.append([*self.grants(), *messages])


async def stored_alerts(agent: RunningAgent, case: CaseId) -> list[StoredAlert]:
    """The alerts and clearings of a case, as the agent keeps them."""
    return await agent.ask(lambda tx: alerts.of_case(tx, LINK, case))


async def shown(agent: RunningAgent, case: CaseId) -> CaseRecord | None:
    """What the processor shows of a case, as the agent keeps it."""

    def query(snapshot: Snapshot) -> CaseRecord | None:
        found = outputs.of_case(snapshot, LINK, case)
        return found[-1].decoded if found else None

    return await agent.ask(query)


async def differing(agent: RunningAgent) -> list[OutputDifference]:
    """The differences that stand."""
    return await agent.ask(lambda tx: differences.of_link(tx, LINK))


async def standing(agent: RunningAgent) -> list[Alert]:
    """The alerts that stand, by the agent's store."""
    return await agent.ask(lambda tx: [one.decoded for one in alerts.standing(tx, LINK)])


@asynccontextmanager
async def a_watched(
    folder: Path, difference_after_s: float = 10
) -> AsyncIterator[tuple[Watched, RunningAgent]]:
    """A watched link of which only A's agent is up.

    Args:
        folder: Where its store is.
        difference_after_s: How long a difference lasts before the agent tells it.
    """
    async with Watched(folder, MemoryCluster()) as world:
        world.difference_after_s = difference_after_s
        (a,) = await begin(world, A)
        yield world, a


async def kept(agent: RunningAgent, case: CaseId, position: int | None, alerts: int | None) -> None:
    """Wait until the agent has the processor's record of a case, and so many alerts about it.

    Args:
        agent: The agent.
        case: The case.
        position: Where the record stands; ``None``: no matter.
        alerts: How many alerts and clearings there are; ``None``: no matter.
    """

    async def there() -> bool:
        record = await shown(agent, case)
        count = len(await stored_alerts(agent, case))
        at = None if record is None else record.view.position
        return position in (None, at) and alerts in (None, count)

    await agent.until_true(there)


async def overdue(world: Watched, agents: list[RunningAgent]) -> CaseId:
    """A case of A's that B has left alone for forty days, with all rungs reached."""
    case = (await agents[0].open()).case
    await all_read(agents, 1)
    world.later(40 * DAY_MS)
    await agents[0].open()
    await all_read(agents, 2)
    return case


async def own_record(agent: RunningAgent, case: CaseId) -> CaseRecord:
    """What an honest processor would show of the case as it stands."""
    desk = agent.desk()

    def query(snapshot: Snapshot) -> CaseRecord | None:
        return record_at(desk, facts_of(snapshot, LINK, case), desk.size - 1)

    found = await agent.ask(query)
    assert found is not None
    return found


async def own_alerts(agent: RunningAgent, case: CaseId) -> tuple[Alert, ...]:
    """What the rules give of the case at the last log time."""
    desk = agent.desk()
    terms = terms_of_link(agent.agent.office.directory, LINK)

    def query(snapshot: Snapshot) -> tuple[Alert, ...]:
        clocks = clocks_of(facts_of(snapshot, LINK, case))
        assert clocks is not None
        return alerts_of(clocks, terms, last_log_time(snapshot, LINK, desk.size))

    return await agent.ask(query)


async def told(agent: RunningAgent, *what: str) -> list[OutputDifference]:
    """Wait until exactly these differences stand."""

    async def stands() -> bool:
        return [one.what for one in await differing(agent)] == list(what)

    await agent.until_true(stands)
    return await differing(agent)


async def open_for(agent: RunningAgent) -> list[OpenAlertAnswer]:
    at = viewer(agent.agent.office)
    return await agent.ask(lambda tx: open_alerts(at, tx, at.links))
