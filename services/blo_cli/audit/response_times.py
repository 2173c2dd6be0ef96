"""``blo audit response-times``: the offices' response times, from summaries alone."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from blo_audit.config import AuditorSettings
from blo_audit.reports.response_times import LinkTimes
from blo_audit.reports.response_times import response_times as read_times
from blo_audit.reports.text import hours
from blo_cli import terminal
from blo_cli.commands import CliCommand
from blo_cli.errors import CliError, Exit
from blo_cli.parameters import DAY, ZONE
from blo_domain.deadlines.responses import Window
from blo_domain.reports.annual_report import Period
from blo_domain.reports.document import window_of
from blo_log.directory import DirectoryFeed
from blo_runtime.clock import SystemClock
from blo_runtime.config import load
from blo_runtime.keyfiles import load_identity
from blo_schemas.ids import CorridorId, OfficeId


@click.command("response-times", cls=CliCommand)
@click.option(
    "--config", required=True, type=click.Path(path_type=Path), help="The auditor's TOML file."
)
@click.option("--from", "first", required=True, type=DAY, help="First day.")
@click.option("--to", "last", required=True, type=DAY, help="Last day, included.")
@click.option(
    "--zone",
    type=ZONE,
    default="UTC",
    show_default=True,
    help="Time zone of the days, as Asia/Ho_Chi_Minh.",
)
def response_times(config: Path, first: date, last: date, zone: ZoneInfo) -> int:
    """Prints met, missed, median and 90th percentile per link and office, from summaries alone."""
    settings = load(config, AuditorSettings)
    period = window_of(Period(first, last), zone.key)
    for line in times_lines(asyncio.run(_read(config, settings, period))):
        terminal.line(line)
    return Exit.OK


def times_lines(links: Iterable[LinkTimes]) -> Iterator[str]:
    """The links' times, an office and clock a line."""
    for link in links:
        yield f"{link.link}: {link.size} records"
        if link.waiting:
            yield f"  {link.waiting} records wait for a summary key and are not counted"
        for row in link.rows:
            times = "no response yet"
            if row.median is not None:
                times = f"median {hours(row.median)} h, 90th percentile {hours(row.p90)} h"
            yield (
                f"  {row.office} {row.clock}: {row.met} met, {row.missed} missed "
                f"({row.open} open); {times}"
            )


async def _read(path: Path, settings: AuditorSettings, period: Window) -> list[LinkTimes]:
    if settings.kafka is None or settings.keys is None:
        raise CliError(
            str(path),
            "names no keys, or no Kafka to read from",
            todo='Add auditor = "…", keys = "auditor.key", and [kafka] with bootstrap = "host:port"; '
            "`blo audit init` makes the keys",
        )
    # Only what goes to Kafka pays for its library.
    from blo_log.kafka import KafkaConnection, KafkaLog
    from blo_runtime.tls import kafka_options

    identity = load_identity(settings.keys, OfficeId(settings.auditor))
    log = KafkaLog(KafkaConnection(**kafka_options(settings.kafka, settings.auditor)))
    try:
        feed = DirectoryFeed(log, settings.trust.roots)
        await feed.refresh()
        corridors = feed.directory.corridors()
        if settings.corridor:
            corridors = (CorridorId(settings.corridor),)
        # A response that is due later is not missed yet.
        now = min(period.end, SystemClock().now_ms())
        return await read_times(log, feed, identity, corridors, period, now)
    finally:
        await log.close()
