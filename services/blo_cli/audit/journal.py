"""``blo audit journal`` and ``blo audit heads``: an office's journal against its own heads."""

from __future__ import annotations

from pathlib import Path

import click

from blo_audit.findings.codes import Severity
from blo_audit.findings.findings import count_of
from blo_audit.journal import JournalAudit, anchors_of, audit_journal
from blo_audit.replay.from_log import accepted_heads, read_heads
from blo_audit.reports.text import instant
from blo_cli import terminal
from blo_cli.audit.trust_basis import Pinned, TrustBasis, read_heads_file, trust_options
from blo_cli.commands import CliCommand
from blo_cli.errors import Exit
from blo_cli.file_access import read_input, write_output
from blo_cli.kafka_options import Kafka
from blo_domain.trust import TrustedDirectory
from blo_log import Log
from blo_schemas.errors import WireError
from blo_schemas.heads import SIGNED_HEAD, Head, SignedHead
from blo_schemas.journal import JournalEntry, named_person
from blo_schemas.journal_file import read_head

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command(cls=CliCommand)
@click.argument("file", type=_FILE)
@click.option("--heads", "heads_file", type=_FILE, help="Heads, as `blo audit heads` writes them.")
@click.option("--entries", is_flag=True, help="Print the entries too.")
@trust_options
def journal(
    file: Path,
    heads_file: Path | None,
    entries: bool,
    pinned: Pinned,
    trust: Path | None,
    bootstrap: str | None,
    config: Path | None,
) -> int:
    """Replays an office's journal, and checks it against the anchors in the office's heads."""
    data = read_input(file, "Name a file that `blo agent journal export` wrote.")
    office = read_head(data).journal
    brought = TrustBasis(pinned, trust, Kafka(bootstrap, config))
    anchors = anchors_of(_heads(brought, heads_file), office)
    audited = audit_journal(data, anchors)
    if entries:
        for one in audited.entries:
            terminal.line(_told(one))
    _tell(audited)
    return Exit.CHECK_FAILED if count_of(audited.findings, Severity.BREACH) else Exit.OK


@click.command(cls=CliCommand)
@click.argument("output", type=click.Path(path_type=Path))
@trust_options
def heads(
    output: Path,
    pinned: Pinned,
    trust: Path | None,
    bootstrap: str | None,
    config: Path | None,
) -> int:
    """Writes all heads that are on the log to a new file OUTPUT, to check others against them."""
    found = TrustBasis(pinned, trust, Kafka(bootstrap, config)).ask_log(read_heads)
    lines = "".join(f"{SIGNED_HEAD.encode(one).hex()}\n" for one in found)
    write_output(output, lines.encode())
    terminal.line(f"{len(found)} heads")
    return Exit.OK


def _told(entry: JournalEntry) -> str:
    """An entry in a line; a name that was typed is quoted as it was."""
    place = " ".join(filter(None, (entry.link, (entry.case or b"").hex()[:16])))
    what = entry.action
    try:
        named = named_person(entry)
    except WireError:
        what = f"{what} (unreadable)"
    else:
        if named is not None:
            what = f"{what} of {named.step.word} “{named.name}”"
    return f"{entry.seq:6} {instant(entry.at)} {entry.actor}: {what} {place}".rstrip()


def _heads(brought: TrustBasis, heads_file: Path | None) -> list[Head]:
    signed: list[SignedHead] = [] if heads_file is None else read_heads_file(heads_file)
    if brought.has_log:

        async def look(log: Log, directory: TrustedDirectory) -> list[Head]:
            return accepted_heads([*signed, *await read_heads(log, directory)], directory)

        return brought.ask_log(look)
    directory = brought.directory()
    if directory is None:
        if signed:
            raise click.UsageError(
                "whose heads are these? Say --trust FOLDER with the trust documents, and --pin"
            )
        return []
    return accepted_heads(signed, directory)


def _tell(audited: JournalAudit) -> None:
    head = audited.head
    terminal.line(f"journal of {head.journal}: {len(audited.entries)} entries")
    for finding in audited.findings:
        terminal.line(str(finding))
    terminal.line(f"{audited.anchors} heads compared; {audited.anchored} entries are anchored")
    rest = len(audited.entries) - audited.anchored
    if rest > 0:
        terminal.line(f"not checked: the last {rest} entries, which no head covers yet")
