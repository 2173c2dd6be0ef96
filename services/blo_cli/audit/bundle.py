"""``blo audit bundle``: put records of a link, with all that proves them, into one file."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

import click
import msgspec

from blo_audit.bundle.collect import Collector, WrittenBundle, read_disclosure
from blo_audit.bundle.contents import BundleRequest
from blo_audit.bundle.files import PackedFile, packed_file
from blo_audit.bundle.statement import scope_words
from blo_audit.replay.earlier import OVERLAP
from blo_audit.replay.statement import counted
from blo_cli import terminal
from blo_cli.audit.json_forms import BundleForm
from blo_cli.audit.options import Pinned, Reach, reach_options
from blo_cli.audit.statement import opened_since, since_option
from blo_cli.commands import CliCommand
from blo_cli.errors import Exit
from blo_cli.file_access import writes
from blo_cli.parameters import HEX32, LINK, PERIOD, json_option, replace_option
from blo_runtime.files import NewFile, check_new_file
from blo_schemas.bundle import Scope, SignedDisclosure
from blo_schemas.ids import CaseId, LinkId
from blo_schemas.texts import from_hex

_FILE: Final = click.Path(path_type=Path)
_OLD: Final = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command(cls=CliCommand)
@click.option("--link", type=LINK, required=True, help="The link; alone: all of it.")
@click.option("--case", type=HEX32, help="All records of the link that name this case.")
@click.option("--period", type=PERIOD, help="Records of these days (UTC), both included.")
@click.option(
    "--by",
    type=click.Choice(["log-time", "business-date"]),
    default="log-time",
    show_default=True,
    help="What the days are; the business date is sealed, so only disclosed events have one.",
)
@click.option(
    "--disclose", "disclosed", type=_OLD, multiple=True, help="A file from `blo agent disclose`."
)
@click.option(
    "--file",
    "enclosed",
    type=_OLD,
    multiple=True,
    help="A file that a disclosed event encloses, from `GET /v1/files`.",
)
@click.option(
    "--first", type=click.IntRange(min=1), help="Only the link's records from this position on."
)
@since_option
@click.option("-o", "--output", required=True, type=_FILE, help="The file to be made.")
@replace_option
@reach_options
@json_option(BundleForm)
def bundle(
    link: LinkId,
    case: str | None,
    period: tuple[date, date] | None,
    by: str,
    disclosed: tuple[Path, ...],
    enclosed: tuple[Path, ...],
    first: int | None,
    since: Path | None,
    output: Path,
    replace: bool,
    config: Path | None,
    bootstrap: str | None,
    pinned: Pinned,
    wants_json: bool,
) -> int:
    """Writes one file that an inspector can check without network or keys, with `blo audit verify`.

    A whole link shows that nothing was left out; a case or a period shows that these records are
    in the log. With --since it holds what is new behind a statement of this auditor, and can be
    checked together with that. Holds no key of any case.
    """
    wanted = _wanted(link, None if case is None else CaseId(from_hex(case)), period, by)
    if first is not None or since is not None:
        wanted = _from(wanted, first, since, config)
    if wanted.days is not None and not disclosed:
        raise click.UsageError(
            "business dates are sealed: have an office disclose the events of these days, and "
            "name the file with --disclose"
        )
    if enclosed and not disclosed:
        raise click.UsageError(
            "nobody could tell what the files are: name the disclosure of the events that enclose "
            "them with --disclose"
        )
    disclosures = [read_disclosure(path) for path in disclosed]
    files = [packed_file(path) for path in enclosed]
    reach = Reach(config, bootstrap, pinned)
    with writes(output):
        check_new_file(output, replace=replace)
        target = NewFile(output, private=True, replace=replace)
        written = asyncio.run(_write(reach, wanted, disclosures, files, target))
    if wants_json:
        terminal.json(_form(written, output))
    else:
        terminal.lines(_words(written, output))
    return Exit.OK


async def _write(
    reach: Reach,
    wanted: BundleRequest,
    disclosures: list[SignedDisclosure],
    files: list[PackedFile],
    target: NewFile,
) -> WrittenBundle:
    pins = reach.pins
    source = reach.source()
    try:
        return await Collector(source, pins).write(wanted, disclosures, target, files)
    finally:
        await source.close()


def _wanted(
    link: LinkId, case: CaseId | None, period: tuple[date, date] | None, by: str
) -> BundleRequest:
    if case is not None and period is not None:
        raise click.UsageError("say either --case or --period")
    if period is None:
        return BundleRequest(link=link, case=case)
    if by == "business-date":
        return BundleRequest(link=link, days=period)
    return BundleRequest(link=link, period=(_midnight(period[0]), _midnight(period[1], days=1)))


def _from(
    wanted: BundleRequest, first: int | None, since: Path | None, config: Path | None
) -> BundleRequest:
    """The end of a link: from a position on, or behind a statement and some records before."""
    if wanted.scope is not Scope.LINK or (first is not None and since is not None):
        raise click.UsageError("say one of --case, --period, --first and --since")
    if first is None:
        with opened_since(since, config) as statement:
            assert statement is not None
            state = statement.link(wanted.link)
            if state is None:
                raise statement.refused(f"it says nothing of {wanted.link}")
            first = max(0, state.size - OVERLAP)
    return msgspec.structs.replace(wanted, first=first)


def _midnight(day: date, *, days: int = 0) -> int:
    start = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=days)
    return max(0, round(start.timestamp() * 1000))


def _form(written: WrittenBundle, output: Path) -> BundleForm:
    manifest = written.manifest
    return BundleForm(
        file=str(output),
        link=manifest.link,
        scope=manifest.scope.name.lower(),
        records=manifest.counts.records,
        digest=written.digest.hex(),
        rests_on=written.rests_on,
        uncovered=written.uncovered,
        disclosures=manifest.counts.disclosures,
        files=manifest.counts.files,
    )


def _words(written: WrittenBundle, output: Path) -> list[str]:
    manifest = written.manifest
    counts = manifest.counts
    said = [
        (
            f"{output}: {scope_words(manifest)}, {counted(counts.records, 'record')}; "
            f"digest {written.digest.hex()}"
        ),
        f"its proofs rest on {written.rests_on}",
    ]
    if written.uncovered and manifest.scope is Scope.LINK:
        said.append(f"the last {written.uncovered:,} records are behind that")
    elif written.uncovered:
        said.append(
            f"LEFT OUT: {written.uncovered:,} newer records that were meant too; nobody has signed "
            "a tree with them yet. Make the bundle again after the next checkpoint"
        )
    if counts.disclosures:
        said.append("it opens contents of disclosed events: hand it only to whom they are for")
    return said
