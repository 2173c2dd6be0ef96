"""``blo audit journal`` and ``blo audit heads``: an office's journal against its own heads."""

from __future__ import annotations

from pathlib import Path

import click

from blo_audit.findings.codes import Severity
from blo_audit.findings.findings import count_of
from blo_audit.journal import JournalAudit, anchors_of, audit_journal
from blo_audit.replay.from_log import (
    accepted_heads,
    accepted_heartbeats,
    read_heads,
    read_heartbeats,
)
from blo_cli import terminal
from blo_cli.audit.findings import form_of
from blo_cli.audit.json_forms import EntryForm, JournalForm
from blo_cli.audit.trust_basis import (
    Pinned,
    SignedStatements,
    TrustBasis,
    read_heads_file,
    trust_options,
)
from blo_cli.commands import CliCommand
from blo_cli.errors import Exit
from blo_cli.file_access import check_output, read_input, write_output
from blo_cli.instant_text import InstantText
from blo_cli.kafka_options import Kafka
from blo_cli.parameters import json_option, replace_option, zone_option
from blo_domain.trust import TrustedDirectory
from blo_log import Log
from blo_schemas.errors import WireError
from blo_schemas.heads import SIGNED_HEAD, Head
from blo_schemas.heartbeats import SIGNED_HEARTBEAT, Heartbeat
from blo_schemas.journal import JournalEntry, named_person
from blo_schemas.journal_file import read_head

_SHOWN_DIGITS = 16
"""So many digits of a case's id are shown to people."""
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command(cls=CliCommand)
@click.argument("file", type=_FILE)
@click.option("--heads", "heads_file", type=_FILE, help="Heads, as `blo audit heads` writes them.")
@click.option("--entries", is_flag=True, help="Print the entries too.")
@trust_options
@zone_option
@json_option(JournalForm)
def journal(
    file: Path,
    heads_file: Path | None,
    entries: bool,
    pinned: Pinned,
    trust: Path | None,
    bootstrap: str | None,
    config: Path | None,
    times: InstantText,
    wants_json: bool,
) -> int:
    """Replays an office's journal, and checks it against what its office has signed."""
    data = read_input(file, "Name a file that `blo agent journal export` wrote.")
    office = read_head(data).journal
    brought = TrustBasis(pinned, trust, Kafka(bootstrap, config))
    anchors = anchors_of(_statements(brought, heads_file), office)
    audited = audit_journal(data, anchors)
    listed = [_entry(entry) for entry in audited.entries] if entries else None
    if wants_json:
        terminal.json(_form(audited, listed))
    else:
        terminal.lines(_line(entry, times) for entry in listed or ())
        _show(audited)
    return Exit.CHECK_FAILED if count_of(audited.findings, Severity.BREACH) else Exit.OK


@click.command(cls=CliCommand)
@click.argument("output", type=click.Path(path_type=Path))
@replace_option
@trust_options
def heads(
    output: Path,
    replace: bool,
    pinned: Pinned,
    trust: Path | None,
    bootstrap: str | None,
    config: Path | None,
) -> int:
    """Writes all heads and heartbeats on the log to a new file OUTPUT, to check others by them."""
    check_output(output, replace=replace)
    read = TrustBasis(pinned, trust, Kafka(bootstrap, config)).ask_log(_read)
    values = [
        *map(SIGNED_HEAD.encode, read.heads),
        *map(SIGNED_HEARTBEAT.encode, read.heartbeats),
    ]
    write_output(output, "".join(f"{value.hex()}\n" for value in values).encode(), replace=replace)
    terminal.line(f"{len(read.heads)} heads, {len(read.heartbeats)} heartbeats")
    return Exit.OK


def _form(audited: JournalAudit, listed: list[EntryForm] | None) -> JournalForm:
    return JournalForm(
        office=audited.head.journal,
        entries=len(audited.entries),
        anchors=audited.anchors,
        anchored=audited.anchored,
        sent_drafts=audited.approvals.sent,
        proved_approvals=audited.approvals.proved,
        approvals_by_code=audited.approvals.by_code,
        findings=[form_of(finding) for finding in audited.findings],
        listed=listed,
    )


def _entry(entry: JournalEntry) -> EntryForm:
    action, name = entry.action, None
    try:
        person = named_person(entry)
    except WireError:
        action = f"{action} (unreadable)"
    else:
        if person is not None:
            action, name = f"{action} of {person.step.word}", person.name
    case = None if entry.case is None else entry.case.hex()
    return EntryForm(entry.seq, entry.at, entry.actor, action, entry.link, case, name)


def _line(entry: EntryForm, times: InstantText) -> str:
    """An entry in a line; a name that was typed is quoted as it was."""
    place = " ".join(filter(None, (entry.link, (entry.case or "")[:_SHOWN_DIGITS])))
    name = "" if entry.named is None else f" “{entry.named}”"
    what = f"{entry.actor}: {entry.action}{name}"
    return f"{entry.seq:6} {times.of(entry.at)} {what} {place}".rstrip()


def _statements(brought: TrustBasis, heads_file: Path | None) -> list[Head | Heartbeat]:
    known = SignedStatements([], []) if heads_file is None else read_heads_file(heads_file)
    if brought.has_log:

        async def look(log: Log, directory: TrustedDirectory) -> list[Head | Heartbeat]:
            read = await _read(log, directory)
            heads, heartbeats = known.heads + read.heads, known.heartbeats + read.heartbeats
            return _accepted(SignedStatements(heads, heartbeats), directory)

        return brought.ask_log(look)
    directory = brought.directory()
    if directory is None:
        if any(known):
            raise click.UsageError(
                "whose heads are these? Say --trust FOLDER with the trust documents, and --pin"
            )
        return []
    return _accepted(known, directory)


async def _read(log: Log, directory: TrustedDirectory) -> SignedStatements:
    return SignedStatements(await read_heads(log, directory), await read_heartbeats(log, directory))


def _accepted(signed: SignedStatements, directory: TrustedDirectory) -> list[Head | Heartbeat]:
    return [
        *accepted_heads(signed.heads, directory),
        *accepted_heartbeats(signed.heartbeats, directory),
    ]


def _show(audited: JournalAudit) -> None:
    head = audited.head
    terminal.line(f"journal of {head.journal}: {len(audited.entries)} entries")
    for finding in audited.findings:
        terminal.line(str(finding))
    terminal.line(
        f"{audited.anchors} heads and heartbeats compared; {audited.anchored} entries are anchored"
    )
    counted = audited.approvals
    terminal.line(
        f"{counted.sent} drafts sent; {counted.proved} approvals proved by a passkey, "
        f"{counted.by_code} given by a one-time code"
    )
    rest = len(audited.entries) - audited.anchored
    if rest > 0:
        terminal.line(
            f"not checked: the last {rest} entries, which no head or heartbeat covers yet"
        )
