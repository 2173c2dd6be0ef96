"""``blo audit response-times``: the offices' response times, from summaries alone."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import click

from blo_audit.auditor import auditor_of
from blo_audit.config import AuditorSettings
from blo_audit.printout.times_report import TimesSetting, times_paper, times_sheet
from blo_audit.reports.response_times import LinkTimes
from blo_audit.reports.response_times import response_times as read_times
from blo_cli import terminal
from blo_cli.audit.json_forms import ResponseTimeForm, ResponseTimesForm
from blo_cli.audit.printout import PaperOptions, printed_options
from blo_cli.commands import CliCommand
from blo_cli.errors import CliError, Exit
from blo_cli.file_access import check_output, write_output
from blo_cli.parameters import DAY, FILE, json_option, replace_option
from blo_domain.deadlines.responses import Window
from blo_domain.reports.annual_report import Period
from blo_domain.reports.document import window_of
from blo_log.directory import DirectoryFeed
from blo_printout.workbook import workbook_of
from blo_runtime.clock import SystemClock
from blo_runtime.config import load
from blo_runtime.keyfiles import load_identity
from blo_schemas.ids import CorridorId, OfficeId


@click.command("response-times", cls=CliCommand)
@click.option("--config", required=True, type=FILE, help="The auditor's TOML file.")
@click.option("--from", "first", required=True, type=DAY, help="First day.")
@click.option("--to", "last", required=True, type=DAY, help="Last day, included.")
@click.option("--xlsx", type=FILE, help="Write a workbook to this new file instead.")
@replace_option
@json_option(ResponseTimesForm)
@printed_options
def response_times(
    config: Path,
    first: date,
    last: date,
    xlsx: Path | None,
    replace: bool,
    wants_json: bool,
    paper: PaperOptions,
) -> int:
    """Prints met, missed, median and 90th percentile per link and office, from summaries alone.

    The days are those of --zone. The median of two middle ones is their mean; the 90th percentile
    is the smallest time that nine of ten do not exceed; times are without pauses.
    """
    if last < first:
        raise click.BadParameter(f"{last} lies before {first}", param_hint="--to")
    if xlsx is not None:
        check_output(xlsx, replace=replace)
    settings = load(config, AuditorSettings)
    period = window_of(Period(first, last), paper.times.name)
    now = SystemClock().now_ms()
    links = asyncio.run(_read(config, settings, period, now))
    setting = TimesSetting(
        language=paper.language,
        times=paper.times.of,
        first=first,
        last=last,
        zone=paper.times.name,
        read_at=now // 1000 * 1000,
        observer=OfficeId(settings.auditor),
    )
    if wants_json:
        terminal.json(_form(links, setting))
    if xlsx is not None:
        book = workbook_of([times_sheet(links, setting)], paper.language, settings.auditor)
        write_output(xlsx, book, replace=replace)
    if paper.files or not (wants_json or xlsx is not None):
        auditor = auditor_of(settings)
        paper.give(times_paper(links, setting), auditor)
    return Exit.OK


def _form(links: Sequence[LinkTimes], setting: TimesSetting) -> ResponseTimesForm:
    return ResponseTimesForm(
        first=setting.first.isoformat(),
        last=setting.last.isoformat(),
        zone=setting.zone,
        read_at=setting.read_at,
        waiting={link.link: link.waiting for link in links if link.waiting},
        rows=[
            ResponseTimeForm(
                link=row.link,
                office=row.office,
                clock=row.clock,
                met=row.met,
                missed=row.missed,
                open=row.open,
                median_ms=row.median,
                p90_ms=row.p90,
            )
            for link in links
            for row in link.rows
        ],
    )


async def _read(path: Path, settings: AuditorSettings, period: Window, now: int) -> list[LinkTimes]:
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
        until = min(period.end, now)
        return await read_times(log, feed, identity, corridors, period, until)
    finally:
        await log.close()
