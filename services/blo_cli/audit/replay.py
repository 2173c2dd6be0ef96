"""``blo audit replay``: read everything again and say what is wrong; ``init``: an auditor's keys."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Final

import click

from blo_audit.auditor import auditor_of, identity_of
from blo_audit.bundle.source import BundleSource
from blo_audit.config import AuditorSettings
from blo_audit.printout.audit_result import replay_paper
from blo_audit.replay.options import AuditOptions
from blo_audit.replay.run import Replay
from blo_audit.replay.signatures import SEED_SIZE, Mode
from blo_audit.replay.sources import LogSource, RecordSource, SourcePartition
from blo_audit.replay.statement import ReplayStatement
from blo_cli import terminal
from blo_cli.audit.forms import ReplayForm, replay_form
from blo_cli.audit.printout import PaperOptions, paper_options
from blo_cli.audit.statement import opened_since, since_option, statement_option, written_statement
from blo_cli.commands import CliCommand
from blo_cli.errors import CliError, Exit
from blo_cli.parameters import LINK, json_option, replace_option
from blo_cli.trust import files
from blo_runtime.config import load
from blo_runtime.keyfiles import create_identity, request_of
from blo_schemas.errors import WireError
from blo_schemas.ids import CorridorId, LinkId, OfficeId
from blo_schemas.texts import from_hex

_FILE: Final = click.Path(path_type=Path)
_CONFIG: Final = click.option(
    "--config", required=True, type=_FILE, help="The auditor's TOML file."
)


class Seed(click.ParamType):
    """Hexadecimal digits."""

    name = "hex"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> bytes:
        """Reads a seed; a wrong one is told with what was expected."""
        if isinstance(value, bytes):
            return value
        try:
            return from_hex(str(value), SEED_SIZE)
        except WireError:
            self.fail(f"{value!r} is no seed; expected {2 * SEED_SIZE} hex digits", param, ctx)


@click.command(cls=CliCommand)
@_CONFIG
@click.option("--request", "output", type=_FILE, help="Where the public keys go; default: here.")
def init(config: Path, output: Path | None) -> int:
    """Makes an auditor's keys, and prints the request for its certificate.

    They sign what the auditor states, so that a later replay can go on from it. The offices grant
    summary keys to them, if an agreement names the auditor as an observer.
    """
    settings = load(config, AuditorSettings)
    made = create_identity(_keys(config, settings), OfficeId(settings.auditor), os.urandom)
    files.give_request(made, output)
    return Exit.OK


@click.command(cls=CliCommand)
@_CONFIG
@click.option("--output", type=_FILE, help="Where the public keys go; default: here.")
@replace_option
def request(config: Path, output: Path | None, replace: bool) -> int:
    """Prints the request for the auditor's certificate again."""
    settings = load(config, AuditorSettings)
    made = request_of(_keys(config, settings), OfficeId(settings.auditor))
    files.give_request(made, output, replace=replace)
    return Exit.OK


@click.command(cls=CliCommand)
@_CONFIG
@click.option(
    "--link", "links", type=LINK, multiple=True, help="Only this link; may be given repeatedly."
)
@click.option(
    "--mode",
    type=click.Choice([str(mode) for mode in Mode]),
    default=str(Mode.FULL),
    show_default=True,
    help="How many signatures are verified.",
)
@click.option("--sample", type=click.FloatRange(0, 1), help="Amortised: the share of signatures.")
@click.option("--seed", type=Seed(), help="Amortised: draw an earlier audit's sample again.")
@click.option("--outputs", is_flag=True, help="Compare the processors' trail and views, too.")
@json_option(ReplayForm)
@click.option("--from-bundle", "file", type=_FILE, help="Read this bundle of a link, not Kafka.")
@since_option
@statement_option
@paper_options
def replay(
    config: Path,
    links: tuple[str, ...],
    mode: str,
    sample: float | None,
    seed: bytes | None,
    outputs: bool,
    wants_json: bool,
    file: Path | None,
    since: Path | None,
    statement: Path | None,
    paper: PaperOptions,
) -> int:
    """Reads every record, checks it, and says what was proved and what not.

    With --since it reads what came after an earlier statement of this auditor, and says what rests
    on that.

    Exit code 0: nothing is wrong. 1: there is a breach or a doubt. 2: it could not be audited.
    """
    settings = load(config, AuditorSettings)
    options = AuditOptions(
        mode=Mode(mode),
        seed=seed or os.urandom(SEED_SIZE),
        rate=settings.replay.sample if sample is None else sample,
        tolerance_ms=round(settings.replay.clock_tolerance_s * 1000),
        late_ms=round(settings.replay.late_h * 3_600_000),
        outputs=outputs,
        simulated_time=settings.simulated_time,
    )
    with (
        opened_since(since, config) as earlier,
        written_statement(statement, config, settings, options, replace=paper.replace) as writer,
    ):
        source = open_source(config, settings) if file is None else BundleSource(file)
        audit = Replay(
            source,
            settings.trust.roots,
            options,
            identity=identity_of(settings),
            since=earlier,
            writer=writer,
        )
        report = asyncio.run(_run(source, settings, audit, links, quiet=wants_json))
    if wants_json:
        terminal.json(replay_form(report))
    if paper.files or not wants_json:
        auditor = auditor_of(settings)
        paper.give(replay_paper(report, paper.setting(settings.trust.roots, auditor)), auditor)
    return Exit.OK if report.clean else Exit.CHECK_FAILED


def _keys(config: Path, settings: AuditorSettings) -> Path:
    if settings.keys is None:
        raise CliError(
            str(config), "names no key file", todo='Add auditor = "…" and keys = "auditor.key"'
        )
    return settings.keys


async def _run(
    source: RecordSource,
    settings: AuditorSettings,
    audit: Replay,
    links: tuple[str, ...],
    *,
    quiet: bool,
) -> ReplayStatement:
    bar = terminal.progress()
    bar.disable = bar.disable or quiet
    tasks = {}

    def progress(place: SourcePartition, done: int, end: int | None) -> None:
        if place not in tasks:
            tasks[place] = bar.add_task(place.link, total=end)
        bar.update(tasks[place], completed=done)

    try:
        with bar:
            corridor = CorridorId(settings.corridor) if settings.corridor else None
            chosen = [LinkId(link) for link in links]
            return await audit.run(corridor=corridor, links=chosen, progress=progress)
    finally:
        await source.close()


def open_source(path: Path, settings: AuditorSettings) -> RecordSource:
    """What the configuration says to read.

    Args:
        path: The configuration file, for the error.
        settings: What it says.

    Raises:
        CliError: It names nothing that can be read.
    """
    if settings.kafka is None:
        raise CliError(
            str(path), "says nowhere to read from", todo='Add [kafka] with bootstrap = "host:port"'
        )
    # Only what goes to Kafka pays for its library.
    from blo_log.kafka import KafkaConnection, KafkaLog
    from blo_runtime.tls import kafka_options

    options = kafka_options(settings.kafka, settings.auditor or "blo-audit")
    return LogSource(KafkaLog(KafkaConnection(**options)), f"Kafka at {options['bootstrap']}")
