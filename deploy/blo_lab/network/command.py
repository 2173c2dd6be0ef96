"""``blo lab``: start and stop a network of offices."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from shlex import quote

import click

from blo_agent.config import API_SOCKET
from blo_cli import terminal
from blo_cli.commands import CommandGroup
from blo_cli.errors import Exit
from blo_cli.interrupts import STOPPING, Interrupts
from blo_cli.parameters import INSTANT, LINE
from blo_lab.network.lab import Lab, stop_lab
from blo_lab.network.layout import Layout
from blo_lab.network.network_file import ARTICLES, load_network, named_network, shipped
from blo_lab.network.staff import PASSWORD, STAFF, add_staff
from blo_lab.network.table import AGENT, PROCESSOR
from blo_lab.network.world import World
from blo_runtime.clock import SystemClock
from blo_schemas.instants import local, unix_ms

_FOLDER = click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))


@click.group(cls=CommandGroup)
def lab() -> None:
    """A network of offices: Kafka, agents, a processor for each corridor, and a witness."""


@lab.command()
@_FOLDER
@click.option(
    "--simulated-time", is_flag=True, help="Take all times from a scenario, not from the clock."
)
@click.option(
    "--clock",
    type=INSTANT,
    help="What the agents' clocks show at first, as 2025-03-01T08:00:00+07:00.",
)
@click.option(
    "--network",
    type=LINE,
    metavar="FILE",
    help=f"Who takes part: a network file, or one that is shipped ({', '.join(shipped())}); "
    f"default: {ARTICLES}.",
)
@click.option(
    "--brokers",
    type=click.IntRange(1, 5),
    default=1,
    show_default=True,
    help="How many brokers its Kafka has; 3 as in deployment.",
)
def up(
    folder: Path,
    simulated_time: bool,
    clock: datetime | None,
    network: str | None,
    brokers: int,
) -> int:
    """Starts a lab under DIR and leaves it running; an earlier one there is taken up again."""
    moment = _moment(clock, simulated_time)
    layout = Layout(folder)
    world = _world(layout, network)
    interrupts = Interrupts(STOPPING)
    started = False
    with interrupts.installed():
        one = Lab(
            layout,
            world,
            os.environ,
            interrupts,
            simulated_time=simulated_time,
            brokers=brokers,
            detached=True,
            again=True,
            tell=lambda what: terminal.note(f"{what} …"),
        )

        def clean_up() -> None:
            if not started:
                one.undo()

        with interrupts.cleaning_up(clean_up):
            one.start()
            clients = one.clients()
            if moment is not None:
                for client in clients.values():
                    client.clock(moment)
            for client in clients.values():
                add_staff(client)
            started = True
    _show(one)
    return Exit.OK


@lab.command()
@_FOLDER
def down(folder: Path) -> int:
    """Stops the lab under DIR, and nothing else; its files stay."""
    layout = Layout(folder)
    interrupts = Interrupts()
    with interrupts.installed(), interrupts.shielded():
        stopped = stop_lab(layout)
    terminal.line(
        f"stopped the lab of {layout.root}" if stopped else f"no lab runs in {layout.root}"
    )
    return Exit.OK


def _world(layout: Layout, network: str | None) -> World:
    """The network that was asked for, or that of the lab that was made there before."""
    if network is None and layout.network.exists():
        return load_network(layout.network)
    return named_network(network)


def _moment(clock: datetime | None, simulated_time: bool) -> int | None:
    if clock is None:
        return None
    if not simulated_time:
        raise click.UsageError("--clock needs --simulated-time: real time can't be set")
    return unix_ms(clock)


def _show(one: Lab) -> None:
    assert one.broker is not None
    folder = one.layout.root
    terminal.line(
        f"The lab runs in {folder}, Kafka {one.broker.version} at {one.broker.bootstrap}."
    )
    terminal.line("Each program by its configuration; its log and its keys lie beside that.")
    wide = max(len(str(program.config.relative_to(folder))) for program in one.programs)
    for program in one.programs:
        config = str(program.config.relative_to(folder)).ljust(wide)
        port = one.place(program).api_port
        doors = "" if port is None else f"   API http://127.0.0.1:{port}"
        terminal.line(f"  {config}   admin {one.admin(program).url}{doors}")
    terminal.line()
    terminal.line("Links:")
    for link in one.world.links.values():
        terminal.line(f"  {link.id}   {', '.join(link.offices)}")
    terminal.line()
    terminal.line("Each office's desk, in a browser; sit at both sides of a border:")
    for program in one.programs:
        if program.kind is AGENT:
            port = one.place(program).api_port
            terminal.line(f"  http://localhost:{port}/   {program.subject}")
    people = " or ".join(person for person, _ in STAFF)
    terminal.line(f"Log in as {people} (fictional), with the password: {PASSWORD}")
    terminal.line()
    asked = next(program for program in one.programs if program.kind is AGENT)
    terminal.line("An agent's API, over its socket, which knows you by your user:")
    # The kernel takes a socket's path of 107 bytes only.
    folder_of_socket = quote(str(one.layout.store(asked.subject)))
    terminal.line(
        f"  (cd {folder_of_socket} && curl -s --unix-socket {API_SOCKET} http://agent/v1/links)"
    )
    terminal.line("Commands ask over the socket, too:")
    terminal.line(f"  blo agent verify --config {quote(str(asked.config))}")
    asked = next(program for program in one.programs if program.kind is PROCESSOR)
    now = local(SystemClock().now_ms()).isoformat(timespec="seconds")
    terminal.line("Ask a corridor's log what stands at an instant:")
    terminal.line(f"  blo processors as-of --config {quote(str(asked.config))} {now}")
    terminal.line("Audit all of it:")
    terminal.line(f"  blo audit replay --config {quote(str(one.layout.auditor))}")
    terminal.line("Stop it; the next `blo lab up` of the folder takes it up again:")
    terminal.line(f"  blo lab down {quote(str(folder))}")
