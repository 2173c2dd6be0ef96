"""``blo trust fetch`` and ``blo trust fingerprint``: documents as they come from others."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

import click

from blo_cli import terminal
from blo_cli.commands import CliCommand
from blo_cli.errors import CliError, Exit, FileUnusable
from blo_cli.file_access import write_output
from blo_cli.kafka_options import Kafka, kafka_option, open_log, pins, pins_option
from blo_cli.parameters import json_option
from blo_cli.trust import files, verdicts
from blo_cli.trust.fingerprints import spoken_lines
from blo_cli.trust.json_forms import DocumentForm
from blo_domain.trust import title
from blo_schemas.errors import WireError
from blo_schemas.hashes import document_id
from blo_schemas.ids import CountryId, DocumentId
from blo_schemas.trust import DOCUMENT, SIGNED_DOCUMENT, Document, SignedDocument

MOST_FETCHED: Final = 10_000
"""Documents that `blo trust fetch` writes into a folder at most."""

_FILE: Final = click.Path(dir_okay=False, path_type=Path)
Pinned = tuple[tuple[CountryId, DocumentId], ...]


@click.command(cls=CliCommand)
@click.argument("file", type=_FILE)
def fingerprint(file: Path) -> int:
    """Prints the fingerprint of a document or of a request, as people compare it aloud.

    Twelve groups of five digits. Both sides read them out over another channel than the one that
    brought the file.
    """
    if file.suffix == files.SUFFIX:
        signed = files.read_document(file)
        digest, name = document_id(signed.payload), title(DOCUMENT.decode(signed.payload))
    else:
        request = files.read_request(file)
        digest, name = DocumentId(files.request_digest(request)), f"request of {request.subject}"
    terminal.line(name)
    terminal.lines(f"  {row}" for row in spoken_lines(digest))
    return Exit.OK


@click.command(cls=CliCommand)
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@pins_option
@kafka_option
@json_option(list[DocumentForm])
def fetch(
    folder: Path, pinned: Pinned, config: Path | None, bootstrap: str | None, wants_json: bool
) -> int:
    """Writes the documents on blo.directory that FOLDER lacks into it, and judges all of them.

    Exits with 1 if any does not count.
    """
    roots = pins(pinned, config)
    documents = asyncio.run(_fetch(Kafka(bootstrap, config)))
    if len(documents) > MOST_FETCHED:
        raise CliError(
            "blo.directory",
            f"has {len(documents):,} documents; {MOST_FETCHED:,} are fetched at most",
            todo="Find out who writes there, and take the right from them: docs/kafka.md",
        )
    folder.mkdir(parents=True, exist_ok=True)
    there = {document_id(signed.payload) for signed in readable_documents(folder)}
    for signed in documents:
        identifier, document = document_id(signed.payload), decoded(signed)
        if identifier not in there:
            stem = "unreadable" if document is None else files.file_stem(document)
            name = f"{stem}-{identifier.hex()[:16]}"
            write_output(folder / f"{name}{files.SUFFIX}", SIGNED_DOCUMENT.encode(signed))
    judgement = verdicts.judge(folder, roots)
    if wants_json:
        terminal.json([verdict.form for verdict in judgement.verdicts])
        return Exit.CHECK_FAILED if judgement.refused else Exit.OK
    return tell_verdicts(judgement)


async def _fetch(kafka: Kafka) -> list[SignedDocument]:
    log = open_log(kafka)
    try:
        documents = await verdicts.published(log)
    finally:
        await log.close()
    return sorted(documents, key=lambda signed: document_id(signed.payload))


def tell_verdicts(judgement: verdicts.Judgement) -> int:
    """Prints a folder's verdicts; the exit code."""
    for verdict in judgement.verdicts:
        terminal.line(verdict.line)
    refused = len(judgement.refused)
    terminal.line(f"{len(judgement.verdicts) - refused} admitted, {refused} refused")
    return Exit.CHECK_FAILED if refused else Exit.OK


def readable_documents(folder: Path) -> list[SignedDocument]:
    """The documents in a folder; each file that is none is told and left out."""
    documents = []
    for path in sorted(folder.glob(f"*{files.SUFFIX}")):
        try:
            documents.append(files.read_document(path))
        except FileUnusable as error:
            terminal.problem(f"left out: {error}")
    return documents


def decoded(signed: SignedDocument) -> Document | None:
    """What a document says; ``None``: it can't be read."""
    try:
        return DOCUMENT.decode(signed.payload)
    except WireError:
        return None
