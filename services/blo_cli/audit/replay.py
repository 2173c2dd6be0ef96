"""``blo audit replay``: read everything again and say what is wrong; ``init``: an auditor's keys."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Final

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from blo_audit.auditor import identity_of
from blo_audit.bundle.source import BundleSource
from blo_audit.config import AuditorSettings
from blo_audit.findings.codes import Severity
from blo_audit.findings.findings import Finding
from blo_audit.replay.link import AuditOptions
from blo_audit.replay.run import Replay
from blo_audit.replay.signatures import SEED_SIZE, Mode
from blo_audit.replay.sources import LogSource, RecordSource, SourcePartition
from blo_audit.replay.statement import LinkStatement, ReplayStatement, not_proved, proved
from blo_cli.errors import CliError, Exit
from blo_runtime.config import load
from blo_runtime.keyfiles import create_identity
from blo_schemas.errors import WireError
from blo_schemas.ids import CorridorId, LinkId, OfficeId
from blo_schemas.texts import from_hex

_FILE: Final = click.Path(path_type=Path)
_CONFIG: Final = click.option(
    "--config", required=True, type=_FILE, help="The auditor's TOML file."
)
_STYLES: Final = {Severity.BREACH: "bold red", Severity.DOUBT: "yellow", Severity.NOTE: "dim"}


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


@click.command()
@_CONFIG
def init(config: Path) -> int:
    """Makes an auditor's keys, and prints the request for its certificate.

    They sign what the auditor states, so that a later replay can go on from it. The offices grant
    summary keys to them, if an agreement names the auditor as an observer.
    """
    settings = load(config, AuditorSettings)
    if settings.keys is None:
        raise CliError(
            str(config), "names no key file", todo='Add auditor = "…" and keys = "auditor.key"'
        )
    request = create_identity(settings.keys, OfficeId(settings.auditor), os.urandom)
    told = {
        "subject": request.subject,
        "signing_key": request.signing_key.hex(),
        "kem_key": request.kem_key.hex(),
    }
    click.echo(msgspec.json.format(msgspec.json.encode(told)).decode())
    return Exit.OK


@click.command()
@_CONFIG
@click.option("--link", "links", multiple=True, help="Only this link; may be given repeatedly.")
@click.option("--mode", type=click.Choice([str(one) for one in Mode]), default=str(Mode.FULL))
@click.option("--sample", type=click.FloatRange(0, 1), help="Amortised: the share of signatures.")
@click.option("--seed", type=Seed(), help="Amortised: draw an earlier audit's sample again.")
@click.option("--outputs", is_flag=True, help="Compare the processors' trail and views, too.")
@click.option("--json", "as_json", is_flag=True, help="The report as JSON, for machines.")
@click.option("--from-bundle", "file", type=_FILE, help="Read this bundle of a link, not Kafka.")
def replay(
    config: Path,
    links: tuple[str, ...],
    mode: str,
    sample: float | None,
    seed: bytes | None,
    outputs: bool,
    as_json: bool,
    file: Path | None,
) -> int:
    """Reads every record from the first, checks it, and says what was proved and what not.

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
    )
    source = open_source(config, settings) if file is None else BundleSource(file)
    report = asyncio.run(_run(source, settings, options, links, quiet=as_json))
    if as_json:
        click.echo(as_json_text(report))
    else:
        show(report, Console())
    return Exit.OK if report.clean else Exit.CHECK_FAILED


async def _run(
    source: RecordSource,
    settings: AuditorSettings,
    options: AuditOptions,
    links: tuple[str, ...],
    *,
    quiet: bool,
) -> ReplayStatement:
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        disable=quiet,
        transient=True,
    )
    tasks = {}

    def progress(place: SourcePartition, done: int, end: int | None) -> None:
        if place not in tasks:
            tasks[place] = bar.add_task(place.link, total=end)
        bar.update(tasks[place], completed=done)

    try:
        with bar:
            audit = Replay(
                source,
                settings.trust.roots,
                options,
                identity=identity_of(settings),
                progress=progress,
            )
            corridor = CorridorId(settings.corridor) if settings.corridor else None
            return await audit.run(corridor=corridor, links=[LinkId(link) for link in links])
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


def as_json_text(report: ReplayStatement) -> str:
    """The report with its statements in words, as JSON."""
    told = msgspec.to_builtins(report)
    for one, link in zip(told["links"], report.links, strict=True):
        one["proved"] = proved(link)
        one["not_proved"] = not_proved(link)
    for one, finding in zip(told["findings"], report.findings, strict=True):
        one["means"] = finding.meaning.means
        one["todo"] = finding.meaning.todo
    told["clean"] = report.clean
    return msgspec.json.format(msgspec.json.encode(told)).decode()


def show(report: ReplayStatement, console: Console) -> None:
    """Prints the report for people."""
    console.print(f"Audit of {report.source}, mode {report.mode}", style="bold", highlight=False)
    for severity in Severity:
        same = [one for one in report.findings if one.severity is severity]
        if same:
            console.print()
            total = f"{report.count(severity):,} of severity {severity}"
            console.print(total, style=_STYLES[severity], highlight=False)
        for finding in same:
            _show_finding(finding, console)
    for link in report.links:
        _show_link(link, console)
    console.print()
    wrong = report.count(Severity.BREACH), report.count(Severity.DOUBT)
    verdict = (
        "Nothing is wrong."
        if report.clean
        else f"{wrong[0]:,} breaches and {wrong[1]:,} doubts were found."
    )
    console.print(verdict, style="bold green" if report.clean else "bold red", highlight=False)


def _show_finding(finding: Finding, console: Console) -> None:
    console.print(f"  {finding}", style=_STYLES[finding.severity], markup=False, highlight=False)
    console.print(f"      {finding.meaning.means}", markup=False, highlight=False)
    if finding.severity is not Severity.NOTE:
        console.print(f"      To do: {finding.meaning.todo}", markup=False, highlight=False)


def _show_link(link: LinkStatement, console: Console) -> None:
    for title, sentences in (("Proved", proved(link)), ("Not proved", not_proved(link))):
        console.print()
        console.print(f"{title}, {link.link}", style="bold", markup=False, highlight=False)
        for sentence in sentences:
            console.print(f"  - {sentence}", markup=False, highlight=False)
