"""``blo country``: a country's root, and whom it certifies. For a machine without a network."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import click

from blo_agent.store.keyfile import load_store_key, write_key
from blo_cli import terminal
from blo_cli.commands import CliCommand, CommandGroup
from blo_cli.errors import CliError, Exit
from blo_cli.file_access import check_output, write_output
from blo_cli.parameters import HEX32, LINE
from blo_cli.setup.passphrases import PassphraseSource, passphrase_option
from blo_cli.trust import files
from blo_cli.trust.fingerprints import spoken_lines
from blo_domain.trust import title
from blo_runtime.files import make_private_folder
from blo_schemas.hashes import document_id
from blo_schemas.ids import CountryId, OfficeId, country_of
from blo_schemas.instants import unix_ms
from blo_schemas.texts import from_hex
from blo_schemas.trust import (
    DOCUMENT,
    SIGNED_DOCUMENT,
    Certificate,
    DatedText,
    Document,
    OfficeEntry,
    Role,
    Root,
)
from blo_sealing.signatures import SigningKey, fingerprint
from blo_sealing.statements import sign_document

_FOLDER: Final = click.Path(file_okay=False, path_type=Path)
_FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)
_COUNTRY: Final = re.compile(r"[a-z]{2}", re.ASCII)
_NAME: Final = re.compile(r"([a-z]{2})=(.+)", re.ASCII | re.DOTALL)
_ROOT: Final = "root.blo"


@click.group(cls=CommandGroup)
def country() -> None:
    """A country's root: its keys, and whom it certifies. For a machine without a network."""


@country.command(cls=CliCommand)
@click.argument("folder", type=_FOLDER)
@click.option("--country", "code", type=LINE, required=True, help="The country, as vn.")
@click.option(
    "--keys",
    "own",
    type=click.IntRange(0, 16),
    default=1,
    show_default=True,
    help="How many root keys are made here.",
)
@click.option(
    "--public",
    "others",
    type=HEX32,
    multiple=True,
    help="The public half of a root key that another machine keeps, in hex; repeatable.",
)
@click.option(
    "--threshold",
    type=click.IntRange(1, 16),
    default=1,
    show_default=True,
    help="How many keys must sign what the country says.",
)
@click.option(
    "--years",
    type=click.IntRange(1, 30),
    default=10,
    show_default=True,
    help="How long the root is valid.",
)
@click.option("--unprotected", is_flag=True, help="Without a passphrase: for trials only.")
@passphrase_option
def init(
    folder: Path,
    code: str,
    own: int,
    others: tuple[str, ...],
    threshold: int,
    years: int,
    unprotected: bool,
    descriptor: int | None,
) -> int:
    """Makes a country's root in FOLDER: keys/ with its private keys, documents/ with the root.

    The private keys are wrapped under a passphrase. For k of n keys on n machines make a key on
    each (`blo trust key new`), name their public halves with --public, and carry the root around
    for the signatures (`blo trust sign`).
    """
    if _COUNTRY.fullmatch(code) is None:
        raise click.BadParameter(f"{code!r} is no country; expected two letters, as vn")
    if not threshold <= own + len(others):
        raise click.UsageError(
            f"--threshold {threshold} needs as many keys; {own + len(others)} are named"
        )
    paths = [folder / "keys" / f"{code}-root-{number}.key" for number in range(1, own + 1)]
    target = folder / "documents" / f"{code}-{_ROOT}"
    for path in (*paths, target):
        check_output(path)
    source = PassphraseSource(descriptor)
    keys = [SigningKey.generate(os.urandom) for _ in paths]
    passphrase = source.new(folder) if paths and not unprotected else None
    make_private_folder(folder / "keys")
    (folder / "documents").mkdir(parents=True, exist_ok=True)
    for path, key in zip(paths, keys, strict=True):
        write_key(path, key.seed, passphrase)
    start = datetime.now(UTC).replace(microsecond=0)
    root = Root(
        country=CountryId(code),
        version=1,
        keys=(*(key.public for key in keys), *map(from_hex, others)),
        threshold=threshold,
        not_before=unix_ms(start),
        not_after=unix_ms(start + timedelta(days=365 * years)),
    )
    _write(target, root, keys[:threshold])
    terminal.line(f"made {target}: {title(root)}; {threshold} of {own + len(others)} keys sign")
    for path in paths:
        terminal.line(f"made {path}{' WITHOUT a passphrase' if unprotected else ''}")
    terminal.line("fingerprint, to be compared aloud with whoever gets the root:")
    terminal.lines(f"  {row}" for row in spoken_lines(document_id(DOCUMENT.encode(root))))
    if len(keys) < threshold:
        terminal.line(f"{threshold - len(keys)} signatures more are needed: blo trust sign")
    return Exit.OK


@country.command(cls=CliCommand)
@click.argument("folder", type=_FOLDER)
@click.argument("request", type=_FILE)
@click.option(
    "--role",
    type=click.Choice([role.value for role in Role]),
    default=Role.OFFICE.value,
    show_default=True,
    help="As what it is certified.",
)
@click.option(
    "--name",
    "names",
    type=LINE,
    multiple=True,
    metavar="LANGUAGE=NAME",
    help="Its name, as vi=Văn phòng …; repeatable.",
)
@click.option("--region", type=LINE, help="Of an office: its region by ISO 3166-2, as VN-22.")
@click.option("--level", type=LINE, default="province", show_default=True, help="Of an office.")
@click.option(
    "--days",
    type=click.IntRange(1, 3650),
    default=730,
    show_default=True,
    help="How long the certificate is valid.",
)
@click.option("--yes", is_flag=True, help="The fingerprint was compared; do not ask.")
@passphrase_option
def admit(
    folder: Path,
    request: Path,
    role: str,
    names: tuple[str, ...],
    region: str | None,
    level: str,
    days: int,
    yes: bool,
    descriptor: int | None,
) -> int:
    """Certifies the subject of REQUEST with the root keys in FOLDER.

    Shows the request's fingerprint first, to be compared aloud with the subject. An office also
    gets its entry in the directory. What was made lies in FOLDER/documents.
    """
    asked = files.read_request(request)
    subject = OfficeId(asked.subject)
    root_path = folder / "documents" / f"{country_of(subject)}-{_ROOT}"
    root = DOCUMENT.decode(files.read_document(root_path).payload)
    if not isinstance(root, Root):
        raise CliError(str(root_path), "is no root", todo="Make it with blo country init")
    dated = tuple(map(_dated, names))
    targets = [folder / "documents" / f"{subject}-certificate.blo"]
    if role != Role.OFFICE:
        region = None
    else:
        if not dated or region is None:
            raise click.UsageError("an office needs --name LANGUAGE=NAME and --region")
        targets.append(folder / "documents" / f"{subject}-office.blo")
    for path in targets:
        check_output(path)
    terminal.line(f"{subject} asks for a certificate of role {role}; its fingerprint:")
    terminal.lines(f"  {row}" for row in spoken_lines(files.request_digest(asked)))
    if not yes and not terminal.confirmed("Has the subject read out the same digits?"):
        terminal.problem("nothing was certified")
        return Exit.CHECK_FAILED
    keys = _root_keys(folder, root, PassphraseSource(descriptor))
    start = datetime.now(UTC).replace(microsecond=0)
    certificate = Certificate(
        country=root.country,
        subject=subject,
        role=Role(role),
        names=dated,
        signing_key=from_hex(asked.signing_key),
        kem_key=None if asked.kem_key is None else from_hex(asked.kem_key),
        not_before=unix_ms(start),
        not_after=unix_ms(start + timedelta(days=days)),
    )
    made: list[Document] = [certificate]
    if region is not None:
        made.append(
            OfficeEntry(
                country=root.country,
                office=subject,
                version=1,
                region=region,
                level=level,
                names=dated,
            )
        )
    for path, document in zip(targets, made, strict=True):
        _write(path, document, keys)
        terminal.line(f"made {path}: {title(document)}, {len(keys)} of {root.threshold} signatures")
    return Exit.OK


def _root_keys(folder: Path, root: Root, source: PassphraseSource) -> list[SigningKey]:
    """As many of the root's keys as it asks for, or as there are here."""
    keys: list[SigningKey] = []
    for path in sorted((folder / "keys").glob("*.key")):
        key = SigningKey(load_store_key(path, source.known))
        if key.public in root.keys and len(keys) < root.threshold:
            keys.append(key)
    if not keys:
        raise CliError(
            str(folder / "keys"),
            f"has no key of the root of {root.country}",
            todo=f"Its keys are {', '.join(map(fingerprint, root.keys))}",
        )
    return keys


def _write(path: Path, document: Document, keys: list[SigningKey]) -> None:
    write_output(path, SIGNED_DOCUMENT.encode(sign_document(document, keys)))


def _dated(text: str) -> DatedText:
    match = _NAME.fullmatch(text)
    if match is None:
        raise click.BadParameter(f"{text!r} is no name; expected LANGUAGE=NAME, as vi=Văn phòng …")
    return DatedText(text=match[2], language=match[1])
