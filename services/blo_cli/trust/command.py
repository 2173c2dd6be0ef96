"""The subcommands of ``blo trust``."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from blo_cli import terminal
from blo_cli.commands import CommandGroup
from blo_cli.errors import Exit, FileUnusable
from blo_cli.file_access import write_output
from blo_cli.instant_text import InstantText
from blo_cli.kafka_options import Kafka, kafka_option, open_log, pins, pins_option
from blo_cli.parameters import INSTANT, LINE, json_option, zone_option
from blo_cli.trust import files, specs, verdicts, words
from blo_cli.trust.directory import (
    decoded,
    fetch,
    fingerprint,
    readable_documents,
    tell_verdicts,
)
from blo_cli.trust.json_forms import DocumentForm, PublishedForm, ShownDocument
from blo_domain.deadlines import policies
from blo_domain.trust import title
from blo_runtime.config import load
from blo_schemas.hashes import document_id
from blo_schemas.ids import CountryId, DocumentId, LinkId, is_link_id, is_subject_id
from blo_schemas.trust import (
    DOCUMENT,
    SIGNED_DOCUMENT,
    Certificate,
    Document,
    Revocation,
    RevokedFrom,
    Root,
    SignedDocument,
)
from blo_sealing.keys import NodeKeys
from blo_sealing.signatures import SigningKey
from blo_sealing.statements import add_signature, sign_document

F = TypeVar("F", bound=Callable[..., Any])

FILE: Final = click.Path(dir_okay=False, path_type=Path)
FOLDER: Final = click.Path(exists=True, file_okay=False, path_type=Path)
Pinned = tuple[tuple[CountryId, DocumentId], ...]


@click.group(cls=CommandGroup)
def trust() -> None:
    """Make, sign, show, check and publish trust documents.

    A document is a .blo file. It is made from a TOML file, goes from hand to hand for the
    signatures that it needs, and counts when `blo trust check` says so.
    """


@trust.group()
def key() -> None:
    """Private keys, as files that only their owner can read."""


@key.command("new")
@click.argument("out", type=FILE)
@click.option(
    "--subject",
    type=LINE,
    metavar="ID",
    help="Make an identity of this subject, to be certified, instead of a root's key.",
)
def key_new(out: Path, subject: str | None) -> None:
    """Make a new private key in the file OUT.

    Without --subject it is one key of a country's root; keep it offline. With --subject it is
    the identity of an observer, processor or witness, and OUT.json is its request for a
    certificate. An office's agent makes its own: `blo agent init`.
    """
    if subject is None:
        made = SigningKey.generate(os.urandom)
        write_output(out, made.seed.hex().encode() + b"\n", private=True)
        terminal.line(f"made {out}: a root key, public {made.public.hex()}")
        return
    if not is_subject_id(subject):
        raise click.BadParameter(f"{subject!r} is no id; expected one as vn-kyson")
    node = NodeKeys.generate(os.urandom)
    request = files.RequestFile(subject, node.signing.public.hex(), node.kem.public.hex())
    beside = out.with_name(f"{out.name}.json")
    write_output(out, node.to_bytes().hex().encode() + b"\n", private=True)
    write_output(beside, request.to_json())
    terminal.line(
        f"made {out}: the identity of {subject}; its request for a certificate is {beside}"
    )


def _makes(function: F) -> F:
    """Adds the arguments of a command that makes a document from a TOML file."""
    function = click.argument("out", type=FILE)(function)
    function = click.argument("spec", type=FILE)(function)
    return _signs(function)


def _signs(function: F) -> F:
    return click.option(
        "--key", "keys", type=FILE, multiple=True, help="Sign at once with this key file."
    )(function)


@trust.command()
@_makes
def root(spec: Path, out: Path, keys: tuple[Path, ...]) -> None:
    """Make a version of a country's root from SPEC."""
    _make(load(spec, specs.RootSpec).document(), out, keys)


@trust.command()
@_makes
def certificate(spec: Path, out: Path, keys: tuple[Path, ...]) -> None:
    """Make a certificate from SPEC, which names the subject's request."""
    _make(load(spec, specs.CertificateSpec).document(), out, keys)


@trust.command()
@_makes
def office(spec: Path, out: Path, keys: tuple[Path, ...]) -> None:
    """Make a directory entry from SPEC."""
    _make(load(spec, specs.OfficeSpec).document(), out, keys)


@trust.command()
@_makes
def agreement(spec: Path, out: Path, keys: tuple[Path, ...]) -> None:
    """Make a link's agreement from SPEC; each of its offices then signs it."""
    document = load(spec, specs.AgreementSpec).document()
    policies.check(document.policy, document.offices)
    _make(document, out, keys)


@trust.command()
@click.argument("certificate", type=FILE)
@click.argument("out", type=FILE)
@click.option("--reason", type=LINE, required=True, help="Why, in words.")
@click.option("--at", type=INSTANT, help="From when, with its offset; now if left out.")
@click.option(
    "--link",
    "links",
    type=LINE,
    metavar="LINK=SIZE",
    multiple=True,
    help="On this link the key counts below this log size, whatever the time.",
)
@_signs
def revocation(
    certificate: Path,
    out: Path,
    reason: str,
    at: datetime | None,
    links: tuple[str, ...],
    keys: tuple[Path, ...],
) -> None:
    """Make a revocation of the certificate in the file CERTIFICATE."""
    revoked = files.read_document(certificate)
    document = DOCUMENT.decode(revoked.payload)
    if not isinstance(document, Certificate):
        raise FileUnusable(
            str(certificate), f"is a {title(document)}", todo="Name a certificate's file"
        )
    body = Revocation(
        country=document.country,
        certificate=document_id(revoked.payload),
        at=specs.milliseconds(datetime.now(UTC) if at is None else at),
        links=tuple(sorted(map(_cut, links), key=lambda part: part.link)),
        reason=reason,
    )
    _make(body, out, keys)


@trust.command()
@click.argument("document", type=FILE)
@_signs
def sign(document: Path, keys: tuple[Path, ...]) -> None:
    """Add the signatures of key files to DOCUMENT. An office signs with `blo agent sign`."""
    if not keys:
        raise click.UsageError("whose signature? Say --key FILE; an office says `blo agent sign`")
    signed = files.read_document(document)
    for signing_key in files.read_keys(keys):
        signed = add_signature(signed, signing_key)
    files.replace(document, signed)
    terminal.line(f"{document} now has {_count(len(signed.signatures), 'signature')}")


@trust.command()
@click.argument("document", type=FILE)
@click.option("--with", "folder", type=FOLDER, help="Other documents; those beside it if left out.")
@zone_option
@json_option(ShownDocument)
def show(document: Path, folder: Path | None, times: InstantText, wants_json: bool) -> None:
    """Say what DOCUMENT says, who has signed it, and whose signatures are missing.

    Roots are taken here as they are found. Whether a document counts, `blo trust check` says.
    """
    signed = files.read_document(document)
    shown = _shown(signed, [signed, *readable_documents(folder or document.parent)], times)
    if wants_json:
        terminal.json(shown)
        return
    terminal.lines([shown.title, *shown.says])
    for signature in shown.signatures:
        good = "good" if signature.good else "NOT GOOD"
        terminal.line(f"signed       by {signature.by} ({signature.key}): {good}")
    if not shown.signatures:
        terminal.line("signed       by nobody yet")
    terminal.line(f"missing      {shown.missing or 'nothing, by the documents beside it'}")


def _shown(
    signed: SignedDocument, known: list[SignedDocument], times: InstantText
) -> ShownDocument:
    read = [(other, decoded(other)) for other in known]
    roots = {
        root.country: document_id(other.payload)
        for other, root in read
        if isinstance(root, Root) and root.version == 1
    }
    body = DOCUMENT.decode(signed.payload)
    owners = words.owners(document for _, document in read if document is not None)
    _, refusals = verdicts.directory_of(roots, known)
    problem = next((refusal.error for refusal in refusals if refusal.signed == signed), None)
    return ShownDocument(
        title=title(body),
        id=document_id(signed.payload).hex(),
        says=list(words.describe(body, signed.payload, times)),
        signatures=list(words.signatures(signed, owners)),
        missing=None if problem is None else f"{problem.problem}; {problem.todo}",
    )


@trust.command()
@click.argument("folder", type=FOLDER)
@pins_option
@click.option("--config", type=FILE, help="A program's configuration, for its pinned roots.")
@json_option(list[DocumentForm])
def check(folder: Path, pinned: Pinned, config: Path | None, wants_json: bool) -> int:
    """Say for every document in FOLDER whether it counts, and why not.

    Exits with 1 if any is refused.
    """
    judgement = verdicts.judge(folder, pins(pinned, config))
    if wants_json:
        terminal.json([verdict.form for verdict in judgement.verdicts])
        return Exit.CHECK_FAILED if judgement.refused else Exit.OK
    return tell_verdicts(judgement)


@trust.command()
@click.argument("folder", type=FOLDER)
@pins_option
@kafka_option
@json_option(PublishedForm)
def publish(
    folder: Path, pinned: Pinned, config: Path | None, bootstrap: str | None, wants_json: bool
) -> int:
    """Put the documents in FOLDER on blo.directory.

    All of them must count, or none is published. What is there already is left out.
    """
    judgement = verdicts.judge(folder, pins(pinned, config))
    if judgement.refused:
        if wants_json:
            refused = [verdict.form for verdict in judgement.refused]
            terminal.json(PublishedForm([], refused))
        else:
            tell_verdicts(judgement)
        terminal.problem("nothing was published")
        return Exit.CHECK_FAILED
    documents = [verdict.signed for verdict in judgement.verdicts if verdict.signed is not None]
    put = [
        title(document) for document in asyncio.run(_publish(Kafka(bootstrap, config), documents))
    ]
    if wants_json:
        terminal.json(PublishedForm(put, []))
    for name in () if wants_json else put:
        terminal.line(f"published {name}")
    return Exit.OK


async def _publish(kafka: Kafka, documents: list[SignedDocument]) -> list[Document]:
    log = open_log(kafka)
    try:
        return await verdicts.publish(log, documents)
    finally:
        await log.close()


def _make(document: Document, out: Path, keys: tuple[Path, ...]) -> None:
    signed = sign_document(document, files.read_keys(keys))
    write_output(out, SIGNED_DOCUMENT.encode(signed))
    count = _count(len(signed.signatures), "signature")
    terminal.line(f"made {out}: {title(document)}, {count}")
    if isinstance(document, Root):
        terminal.line(f"fingerprint {document_id(signed.payload).hex()}")


def _cut(text: str) -> RevokedFrom:
    link, _, size = text.rpartition("=")
    if not is_link_id(link) or not size.isascii() or not size.isdecimal():
        raise click.BadParameter(f"{text!r} is no link with a log size; expected LINK=SIZE")
    return RevokedFrom(link=LinkId(link), size=int(size))


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


trust.add_command(fetch)
trust.add_command(fingerprint)
