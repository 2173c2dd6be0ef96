"""Which programs a lab has, besides its Kafka: the one place to name a further kind.

Provisioning, starting, readiness, stopping and the list that ``blo lab up`` prints all go by this
table. A further kind is a ``ProgramKind``, the text of its configuration, and its rows in
``the_programs``; its subjects stand in the network file and are certified with the others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from blo_lab.network.layout import Layout
from blo_lab.network.world import Subject, World
from blo_schemas.ids import CorridorId, CountryId, DocumentId, OfficeId
from blo_schemas.trust import Role


class Surroundings(NamedTuple):
    """What a configuration says besides its program's name.

    Attributes:
        pins: The fingerprint of each country's root.
        bootstrap: Where Kafka listens.
        simulated_time: Whether times are a scenario's.
        api_ports: The port of each agent's API; without one, each start takes a free one.
    """

    pins: Mapping[CountryId, DocumentId]
    bootstrap: str
    simulated_time: bool
    api_ports: Mapping[str, int]


class ProgramKind(msgspec.Struct, frozen=True):
    """A kind of program.

    Attributes:
        word: What one is called.
        plural: What several are called.
        command: How `blo` runs one; ``--config FILE`` follows.
        toml: The text of its configuration.
    """

    word: str
    plural: str
    command: tuple[str, ...]
    toml: Callable[[LabProgram, Surroundings], str]


class LabProgram(msgspec.Struct, frozen=True, kw_only=True):
    """One program of a lab.

    Attributes:
        kind: What it is.
        subject: Whom its certificate names; no two programs have one.
        title: What it is called in messages.
        config: Its configuration; it runs in the folder in which that lies.
        log: The file that its output is appended to.
        run_file: There while it runs, with at least ``admin_port``.
        countries: The countries whose roots it trusts.
        keys: The file of its private keys; ``None``: it keeps them in a store.
        corridor: The corridor that it works on; ``None``: it is not of one alone.
        corridors: All corridors that a witness works on.
    """

    kind: ProgramKind
    subject: OfficeId
    title: str
    config: Path
    log: Path
    run_file: Path
    countries: tuple[CountryId, ...]
    keys: Path | None = None
    corridor: CorridorId | None = None
    corridors: tuple[CorridorId, ...] = ()

    @property
    def folder(self) -> Path:
        """Where it runs."""
        return self.config.parent

    @property
    def arguments(self) -> tuple[str, ...]:
        """The arguments of `blo` that run it."""
        return (*self.kind.command, "--config", str(self.config))


def the_programs(layout: Layout, world: World) -> tuple[LabProgram, ...]:
    """Every program of a lab, in the order in which they are started."""
    agents = (_agent(layout, world, office) for office in world.offices)
    processors = (
        _processor(layout, one.id, corridor)
        for one in world.of_role(Role.PROCESSOR)
        for corridor in one.corridors
    )
    witnesses = (_witness(layout, one) for one in world.of_role(Role.WITNESS))
    return (*agents, *processors, *witnesses)


def counted(programs: Iterable[LabProgram]) -> str:
    """How many of each kind, in words: ``14 agents and 2 processors``."""
    counts = Counter((one.kind.word, one.kind.plural) for one in programs)
    words = [f"{count} {one if count == 1 else many}" for (one, many), count in counts.items()]
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]])) if words else "nothing"


def _agent(layout: Layout, world: World, office: OfficeId) -> LabProgram:
    return LabProgram(
        kind=AGENT,
        subject=office,
        title=f"the agent of {office}",
        config=layout.config(office),
        log=layout.log(office),
        run_file=layout.run_file(office),
        countries=world.countries_of(office),
    )


def _processor(layout: Layout, subject: OfficeId, corridor: CorridorId) -> LabProgram:
    folder = layout.processors / corridor
    return LabProgram(
        kind=PROCESSOR,
        subject=subject,
        title=f"the processor of {corridor}",
        config=folder / "processors.toml",
        log=folder / "processors.log",
        run_file=folder / f"run-{_INSTANCE}.json",
        countries=tuple(CountryId(code) for code in corridor.split("-")),
        keys=folder / "processor.key",
        corridor=corridor,
    )


def _witness(layout: Layout, subject: Subject) -> LabProgram:
    folder = layout.witnesses / subject.id
    named = {CountryId(code) for corridor in subject.corridors for code in corridor.split("-")}
    return LabProgram(
        kind=WITNESS,
        subject=subject.id,
        title=f"the witness {subject.id}",
        config=folder / "witness.toml",
        log=folder / "witness.log",
        run_file=folder / "run-witness.json",
        countries=tuple(sorted(named)),
        keys=folder / "witness.key",
        corridors=subject.corridors,
    )


def auditor_toml(layout: Layout, world: World, around: Surroundings) -> str:
    """The configuration of an auditor of all corridors, with the observer's summary keys."""
    keys = layout.identity(world.auditor).relative_to(layout.auditor.parent)
    return f"""\
{_HEAD}
# For `blo audit replay` and `blo audit bundle`. The offices grant the observer their summary keys.
auditor = "{world.auditor}"
keys = "{keys}"
simulated_time = {_boolean(around.simulated_time)}

{_pins(world.countries, around)}
[kafka]
bootstrap = "{around.bootstrap}"
"""


def _agent_toml(program: LabProgram, around: Surroundings) -> str:
    port = around.api_ports.get(program.subject, 0)
    return f"""\
{_HEAD}
office = "{program.subject}"
simulated_time = {_boolean(around.simulated_time)}
# Sooner than in operation: a lab is small, and a year is played in minutes.
settle_s = 2

[store]
path = "store/office.db"
key = "store/office.key"

{_pins(program.countries, around)}
[kafka]
bootstrap = "{around.bootstrap}"

[api]
socket_acts_as = "office"
port = {port}
# Passkeys are for a name, so the pages are opened by this one and not by 127.0.0.1.
origin = "http://localhost{f":{port}" if port else ""}"

{_TAIL}"""


def _processor_toml(program: LabProgram, around: Surroundings) -> str:
    assert program.keys is not None
    return f"""\
{_HEAD}
processor = "{program.subject}"
corridor = "{program.corridor}"
keys = "{program.keys.name}"
state = "state"
simulated_time = {_boolean(around.simulated_time)}

{_pins(program.countries, around)}
[kafka]
bootstrap = "{around.bootstrap}"

# A name that lasts, so that a worker that is started again has its links back at once.
[group]
instance = "{_INSTANCE}"

# More often than in operation: a lab is small, and is looked at soon.
[work]
checkpoint_every = 50
checkpoint_s = 5
audit_s = 5

{_TAIL}"""


def _witness_toml(program: LabProgram, around: Surroundings) -> str:
    assert program.keys is not None
    return f"""\
{_HEAD}
witness = "{program.subject}"
corridors = [{", ".join(f'"{one}"' for one in program.corridors)}]
keys = "{program.keys.name}"
state = "witness.json"
simulated_time = {_boolean(around.simulated_time)}

{_pins(program.countries, around)}
[kafka]
bootstrap = "{around.bootstrap}"

# Not at once: in a burst, every office would sign every few records. Sooner than in operation.
[signing]
delay_s = 1
spacing_s = 1

{_TAIL}"""


def _pins(countries: Iterable[CountryId], around: Surroundings) -> str:
    lines = (f'{country} = "{around.pins[country].hex()}"\n' for country in countries)
    return "[trust.pins]\n" + "".join(lines)


def _boolean(value: bool) -> str:
    return "true" if value else "false"


_HEAD: Final = "# Made by `blo lab up`. Paths are relative to this file."
_TAIL: Final = """\
[admin]
port = 0

[logging]
level = "info"
format = "json"
"""
_INSTANCE: Final = "lab"

AGENT: Final = ProgramKind("agent", "agents", ("agent", "run"), _agent_toml)
PROCESSOR: Final = ProgramKind("processor", "processors", ("processors", "run"), _processor_toml)
WITNESS: Final = ProgramKind("witness", "witnesses", ("audit", "witness", "run"), _witness_toml)
