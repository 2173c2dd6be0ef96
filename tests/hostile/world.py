"""The offices, their links and their papers; and what lies on the log before anybody is hostile."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, Final

import msgspec

from blo_agent.commands.accept import OfficeCommand
from blo_agent.office.keyring import LinkKeys
from blo_agent.store.connection import Snapshot
from blo_agent.store.tables import keys
from blo_domain.cases import legal_steps
from blo_domain.commands import Command
from blo_domain.deadlines.policies import four_urgencies
from blo_domain.trust import TrustedDirectory, load_directory
from blo_log.memory import MemoryCluster, MemoryLog
from blo_log.memory.cluster import HeldTopic
from blo_log.port import Log, ProducerRecord, TopicSpec
from blo_log.topics import exchange_topic
from blo_processors.outputs.encode import LinkPartition
from blo_runtime.clock import ManualClock
from blo_schemas.bodies import body_type
from blo_schemas.content import Attachment, Dispatch
from blo_schemas.event import decode_event
from blo_schemas.fields import MapStruct
from blo_schemas.grants import KeyPurpose
from blo_schemas.ids import CaseId, LinkId, OfficeId
from blo_schemas.summary import Kind, Step
from blo_schemas.trust import Agreement, Role, SignedDocument, Superior
from blo_sealing.kem import is_usable_kem_key
from blo_sealing.keys import ContentKey, SummaryKey
from blo_sealing.signatures import is_usable_signing_key, verify_signature
from tests.agents.processing import HOUR_MS, MONDAY
from tests.agents.world import CORRIDOR, PROVINCE, A, B, RunningAgent, World
from tests.unit.schemas.structs import sample_of

X = OfficeId("la-x")
"""The hostile office: its keys are certified, its agent is not ours."""
PROCESSOR = OfficeId("vn-processor")
WITNESS = OfficeId("vn-witness")
OBSERVER = OfficeId("vn-ministry")
HOSTILE = LinkId("vn-a~la-x")
QUIET = LinkId("vn-a~la-b")
"""The other link of the victim, of which the hostile office holds no key."""
PLACES = (LinkPartition(HOSTILE, CORRIDOR, 0), LinkPartition(QUIET, CORRIDOR, 1))
Offices = tuple[OfficeId, ...]
READERS: Final[Mapping[LinkId, Offices]] = {HOSTILE: (A, PROVINCE), QUIET: (A, B, PROVINCE)}
"""The honest agents that read a link."""
ON: Final = date(2025, 2, 20)
"""The business date of all honest steps."""
NOT_WALKED: Final = frozenset(
    {
        Step.DECLINE,
        Step.KEEP,
        Step.PAUSE,
        Step.RESUME,
        Step.RETURN_FOR_INFORMATION,
        Step.SHRED,
        Step.SUPERSEDE,
        Step.URGE,
        Step.WITHDRAW,
    }
)
"""Steps that lead a case nowhere, or that take more than a sample."""


class HostileWorld(World):
    """Two links of one victim in simulated time: one with a hostile office, one with a friend."""

    def __init__(self, folder: Path, connect: Callable[[], Log]) -> None:
        super().__init__(folder, connect)
        self.simulated_time = True
        self.time = ManualClock(MONDAY)
        self.clock = self.time
        for office in (A, B, X, PROVINCE):
            self.certify(office, not_before=0)
        self.certify(PROCESSOR, not_before=0, role=Role.PROCESSOR)
        self.certify(WITNESS, not_before=0, role=Role.WITNESS)
        self.certify(OBSERVER, not_before=0, role=Role.OBSERVER)
        for place, other in zip(PLACES, (X, B), strict=True):
            self.documents.append(self.agreement(place, other))

    def agreement(self, place: LinkPartition, other: OfficeId, **changes: Any) -> SignedDocument:
        """What A and another office have signed about their link."""
        offices = tuple(sorted((A, other)))
        fields: dict[str, Any] = {
            "link": place.link,
            "corridor": place.corridor,
            "partition": place.partition,
            "version": 1,
            "offices": offices,
            "superiors": (Superior(superior=PROVINCE, office=A),),
            "observers": (OBSERVER,),
            "processors": (PROCESSOR,),
            "policy": four_urgencies(offices),
            "effective_from": 0,
        }
        document = Agreement(**(fields | changes))
        signed = self.sign(document, [self.keys[one].signing for one in offices])
        self.documents.remove(signed)
        return signed

    def certificate_payload(self, subject: OfficeId) -> bytes:
        """The certificate that somebody was given first."""
        key = self.keys[subject].signing.public
        return next(one.payload for one in self.documents if key in one.payload)

    def trusted(self) -> TrustedDirectory:
        """What the honest papers prove."""
        return load_directory(
            self.pins,
            self.documents,
            verify=verify_signature,
            check_key=is_usable_signing_key,
            check_kem_key=is_usable_kem_key,
        )[0]


class Prelude:
    """An honest time: all stores and the whole log, as they were when everybody was stopped.

    Attributes:
        folder: The stores.
        cluster: The log.
        world: Keys and documents.
        keyring: All keys that the hostile office holds.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.cluster = MemoryCluster()
        self.world = HostileWorld(folder, lambda: MemoryLog(self.cluster))
        self.keyring = LinkKeys(HOSTILE)

    async def play(self) -> None:
        """Let everybody work, and stop."""
        world = self.world
        world.head_interval_s = 0.5
        async with world:
            await world.publish(links=len(PLACES))
            agents = {one: await world.agent(one) for one in (A, B, X, PROVINCE)}
            for office, running in agents.items():
                for link, readers in READERS.items():
                    if office in (*readers, X) and (office != X or link == HOSTILE):
                        await running.has_desk(link)
            for kind in Kind:
                await take_step(agents[A], kind, Step.OPEN, None, HOSTILE)
                await take_step(agents[X], kind, Step.OPEN, None, HOSTILE)
                await take_step(agents[A], kind, Step.OPEN, None, QUIET)
                await take_step(agents[B], kind, Step.OPEN, None, QUIET)
            opened = 2 * len(Kind)
            for link, offices in ((HOSTILE, (A, X)), (QUIET, (A, B))):
                for one in offices:
                    await agents[one].read(opened, link)
                    await agents[one].until(partial(can_read_all, agents[one]))
                for _ in range(3):
                    world.time.advance(HOUR_MS)
                    await walk(agents, link, offices)
            for running in agents.values():
                await running.until(partial(can_read_all, running))
            self.keyring = await agents[X].ask(lambda tx: keys_of(agents[X], tx))
        world.head_interval_s = 0.01

    def world_in(self, folder: Path, connect: Callable[[], Log]) -> HostileWorld:
        """The same world over another log, with copies of all stores."""
        for found in self.folder.iterdir():
            if found.is_file():
                shutil.copy2(found, folder / found.name)
        world = HostileWorld.__new__(HostileWorld)
        World.__init__(world, folder, connect)
        world.simulated_time = True
        world.head_interval_s = 0.02
        world.time = ManualClock(self.world.time.now_ms())
        world.clock = world.time
        world.keys = dict(self.world.keys)
        world.root_keys = dict(self.world.root_keys)
        world.pins = dict(self.world.pins)
        world.documents = list(self.world.documents)
        return world

    def copy_of_log(self) -> MemoryCluster:
        """The log as it was."""
        copy = MemoryCluster()
        for name, held in self.cluster.topics.items():
            spec = TopicSpec(name, len(held.partitions), held.replication, dict(held.config))
            topic = HeldTopic(spec)
            for partition, other in zip(topic.partitions, held.partitions, strict=True):
                partition.records = list(other.records)
            copy.topics[name] = topic
        return copy

    def quiet_cases(self) -> list[CaseId]:
        """The cases of the link that is not the hostile office's, as headers name them."""
        records = self.cluster.records(exchange_topic(CORRIDOR), 1)
        headers = (decode_event(one.value or b"")[1] for one in records)
        return list(dict.fromkeys(header.case_id for header in headers))

    def messages(self) -> list[ProducerRecord]:
        """Everything that lies on the log, for another one."""
        return [
            ProducerRecord(name, number, one.key, one.value, one.timestamp)
            for name, held in self.cluster.topics.items()
            for number, partition in enumerate(held.partitions)
            for one in partition.records
        ]


def by_courier(body: MapStruct) -> MapStruct:
    """The body with what it encloses coming another way: nobody has uploaded these files."""
    enclosed = {
        name: msgspec.structs.replace(value, file=None)
        for name in body.__struct_fields__
        if isinstance(value := getattr(body, name), Attachment)
    }
    return msgspec.structs.replace(body, **enclosed)


async def take_step(
    running: RunningAgent, kind: Kind, step: Step, case: CaseId | None, link: LinkId
) -> CaseId:
    """Have an agent take a step with a full sample of its body."""
    command = Command(
        kind=kind,
        step=step,
        on=ON,
        body=by_courier(sample_of(body_type(kind, step))),
        reason="fictional",
        dispatch=Dispatch(subject="(fictional)"),
    )
    return (await running.agent.submit(OfficeCommand(link, case, command, "officer"))).case


def keys_of(running: RunningAgent, snapshot: Snapshot) -> LinkKeys:
    """All keys that an office holds for the hostile link, apart from its store."""
    known_keys = running.agent.office.keyring.of(HOSTILE)
    copied = LinkKeys(HOSTILE)
    for stored in keys.all_of(snapshot, HOSTILE):
        if stored.purpose is KeyPurpose.CONTENT:
            copied.add_content(ContentKey(stored.key))
        else:
            copied.add_summary(SummaryKey(stored.key))
    for month in {stored.month for stored in keys.all_of(snapshot, HOSTILE) if stored.month}:
        own = known_keys.own_summary_key(month)
        if own is not None:
            copied.use(month, own)
    return copied


async def walk(
    agents: Mapping[OfficeId, RunningAgent], link: LinkId, offices: Offices, most: int = 1000
) -> None:
    """One honest step in each case of a link, by whoever can take one; in the first ones only."""
    readers = [agents[one] for one in READERS[link] + offices if one in agents]
    for view in agents[A].views(link)[:most]:
        case = CaseId(view.case)
        for office in offices:
            steps = [
                step
                for step in legal_steps(view, office, frozenset(offices))
                if step not in NOT_WALKED
            ]
            if steps:
                size = agents[office].desk(link).size
                await take_step(agents[office], view.kind, steps[0], case, link)
                for one in readers:
                    await one.read(size + 1, link)
                break


def can_read_all(running: RunningAgent) -> bool:
    """Whether an agent has the keys of all that it has read."""
    return not any(desk.unopened for desk in running.agent.office.links.values())


__all__ = [
    "HOSTILE",
    "OBSERVER",
    "PLACES",
    "PROCESSOR",
    "QUIET",
    "READERS",
    "WITNESS",
    "HostileWorld",
    "Offices",
    "Prelude",
    "X",
    "can_read_all",
    "take_step",
    "walk",
]
