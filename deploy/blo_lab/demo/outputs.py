"""What the stream processors wrote, read back from Kafka as one of its readers: an observer.

The observer has only its own private keys and what was granted to it, so reading this shows too
that the keys reach their readers.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from blo_cli.errors import CliError
from blo_domain.deadlines.terms import terms_of
from blo_domain.trust import TrustedDirectory
from blo_lab.demo.key_trial import Opening, try_to_open
from blo_lab.demo.plain import PlainLink
from blo_lab.network.table import LabProgram
from blo_lab.network.world import World
from blo_log import topics
from blo_log.directory import DirectoryFeed
from blo_log.kafka import KafkaConnection, KafkaLog
from blo_log.port import ConsumedRecord, Log, TopicPartition, read_to_end
from blo_processors.config import ProcessorSettings
from blo_processors.outputs.encode import LinkPartition
from blo_projection.errors import OutputRefused
from blo_projection.granted_keys import GrantedKeys
from blo_projection.outputs import AlertsRead, CasesRead, OutputReader, TrailRead
from blo_runtime.clock import SystemClock
from blo_runtime.config import load
from blo_runtime.keyfiles import load_identity
from blo_schemas.errors import WireError
from blo_schemas.event import LogRecord
from blo_schemas.ids import CorridorId, OfficeId
from blo_sealing.errors import SealingError
from blo_sealing.identity import ProgramIdentity

_TIMEOUT_S: Final = 90.0

Topics = Mapping[str, Sequence[ConsumedRecord]]
"""The records of one partition, by topic."""


@dataclass
class LinkOutputs:
    """What a reader sees of one link.

    Attributes:
        plain: The plain fold of the same records.
        cases: The newest record of each case.
        alerts: The alerts and clearings.
        trail: The entries and checkpoints.
        unreadable: What could not be verified or opened: topic, and why.
        dead: How many records lie among the dead letters.
    """

    plain: PlainLink
    cases: CasesRead = field(default_factory=CasesRead)
    alerts: AlertsRead = field(default_factory=AlertsRead)
    trail: TrailRead = field(default_factory=TrailRead)
    unreadable: list[str] = field(default_factory=list)
    dead: int = 0

    def take(self, reader: OutputReader, read: Topics, corridor: CorridorId) -> None:
        """Verify, open and keep what lies on the output topics."""

        def case(value: bytes) -> None:
            self.cases.take(reader.case(value))

        def alert(value: bytes) -> None:
            self.alerts.take(reader.alert(value))

        def trail(value: bytes) -> None:
            self.trail.take(reader.trail(value))

        kinds: dict[str, Callable[[bytes], None]] = {
            topics.cases_topic(corridor): case,
            topics.alerts_topic(corridor): alert,
            topics.trail_topic(corridor): trail,
        }
        for topic, keep in kinds.items():
            for stored in read[topic]:
                try:
                    keep(stored.value or b"")
                except (WireError, SealingError, OutputRefused) as error:
                    self.unreadable.append(f"{topic}, offset {stored.offset}: {error}")
        self.dead = len(read[topics.dead_topic(corridor)])


@dataclass
class CorridorOutputs:
    """What a reader sees of one corridor.

    Attributes:
        program: The processor that wrote it.
        links: By link.
        opening: What the processor's own keys can open.
    """

    program: LabProgram
    links: dict[str, LinkOutputs]
    opening: Opening


def read_back(
    bootstrap: str, world: World, processors: Iterable[LabProgram], observer: ProgramIdentity
) -> list[CorridorOutputs]:
    """Reads all outputs of all corridors, and folds the links anew beside them.

    Args:
        bootstrap: Where Kafka listens.
        world: The links.
        processors: The processors.
        observer: Who reads.

    Raises:
        CliError: Kafka does not give them in time.
        LogError: They can't be read.
    """

    async def read() -> list[CorridorOutputs]:
        log = KafkaLog(KafkaConnection(bootstrap=bootstrap, client_id=observer.subject))
        try:
            async with asyncio.timeout(_TIMEOUT_S):
                return [await _corridor(log, world, one, observer) for one in processors]
        except TimeoutError:
            raise CliError(
                f"Kafka at {bootstrap}",
                f"did not give the processors' outputs within {_TIMEOUT_S:g} s",
                todo="See whether every partition has a leader, then try again",
            ) from None
        finally:
            await log.close()

    return asyncio.run(read())


async def _corridor(
    log: Log, world: World, program: LabProgram, observer: ProgramIdentity
) -> CorridorOutputs:
    settings = load(program.config, ProcessorSettings)
    feed = DirectoryFeed(log, settings.trust.roots)
    await feed.refresh()
    processor = load_identity(settings.keys, OfficeId(settings.processor))
    places = [
        LinkPartition(link.id, link.corridor, link.partition)
        for link in world.links.values()
        if link.corridor == program.corridor
    ]
    return await read_corridor(log, feed.directory, program, places, processor, observer)


async def read_corridor(
    log: Log,
    directory: TrustedDirectory,
    program: LabProgram,
    places: Sequence[LinkPartition],
    processor: ProgramIdentity,
    observer: ProgramIdentity,
) -> CorridorOutputs:
    """Reads the outputs of one corridor, and folds its links anew beside them.

    Args:
        log: The log.
        directory: What the trust documents prove.
        program: The corridor's processor.
        places: The corridor's links.
        processor: The processor's keys, to try what they open.
        observer: Who reads.

    Raises:
        LogError: The outputs can't be read.
    """
    read = await _read(log, places)
    links: dict[str, LinkOutputs] = {}
    opening = Opening()
    for place in places:
        made = _link(place, read[place.partition], directory, observer)
        grants = read[place.partition][topics.keys_topic(place.corridor)]
        opening += try_to_open(made.plain, grants, processor, directory)
        links[place.link] = made
    return CorridorOutputs(program, links, opening)


async def _read(log: Log, places: Iterable[LinkPartition]) -> Mapping[int, Topics]:
    found: dict[int, dict[str, list[ConsumedRecord]]] = defaultdict(lambda: defaultdict(list))
    start = {
        TopicPartition(name(place.corridor), place.partition): 0
        for place in places
        for name in (
            topics.exchange_topic,
            topics.keys_topic,
            topics.cases_topic,
            topics.alerts_topic,
            topics.trail_topic,
            topics.dead_topic,
        )
    }
    reader = await log.reader(start)
    try:
        async for batch in read_to_end(reader):
            for part, records in batch.items():
                found[part.partition][part.topic] += records
    finally:
        await reader.close()
    return found


def _link(
    place: LinkPartition, read: Topics, directory: TrustedDirectory, observer: ProgramIdentity
) -> LinkOutputs:
    granted = GrantedKeys(place.link, observer)
    for stored in read[topics.keys_topic(place.corridor)]:
        granted.take(stored, directory)
    terms = terms_of((one.agreement, one.start, one.end) for one in directory.terms(place.link))
    records = (
        LogRecord(one.offset, one.timestamp, one.value or b"")
        for one in read[topics.exchange_topic(place.corridor)]
    )
    plain = PlainLink(place.link, directory.link_trust(place.link), granted, terms, records)
    outputs = LinkOutputs(plain)
    reader = OutputReader(place.link, directory, granted, SystemClock().now_ms)
    outputs.take(reader, read, place.corridor)
    return outputs
