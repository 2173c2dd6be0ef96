"""``blo link``: the agreement of two offices, proposed by one and accepted by the other."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click

from blo_agent.config import AgentSettings
from blo_agent.setup import sign_document
from blo_cli import terminal
from blo_cli.commands import CliCommand, CommandGroup
from blo_cli.errors import CliError, Exit
from blo_cli.file_access import check_output, write_output
from blo_cli.instant_text import InstantText
from blo_cli.parameters import INSTANT, LINE, LINK, replace_option, zone_option
from blo_cli.trust import files, words
from blo_cli.trust.specs import STOCK, AgreementSpec
from blo_domain.deadlines import policies
from blo_runtime.config import load
from blo_schemas.ids import OfficeId
from blo_schemas.trust import DOCUMENT, SIGNED_DOCUMENT, Agreement, SignedDocument, Superior
from blo_sealing.statements import sign_document as unsigned

_FILE: Final = click.Path(dir_okay=False, path_type=Path)
_CONFIG = click.option(
    "--config", required=True, type=click.Path(path_type=Path), help="The own agent's TOML file."
)


@click.group(cls=CommandGroup)
def link() -> None:
    """The agreement of two offices, proposed by one and accepted by the other."""


@link.command(cls=CliCommand)
@click.argument("output", type=_FILE)
@_CONFIG
@click.option("--with", "others", type=LINE, multiple=True, required=True, help="The counterpart.")
@click.option("--link", "name", type=LINK, help="The link's id; else the offices' ids.")
@click.option(
    "--partition",
    type=click.IntRange(0, 9999),
    default=0,
    show_default=True,
    help="The link's own partition of the corridor's topics.",
)
@click.option(
    "--version",
    type=click.IntRange(1, 10_000),
    default=1,
    show_default=True,
    help="Counts up with each new agreement of the link.",
)
@click.option(
    "--policy",
    type=click.Choice(sorted(STOCK)),
    default="four-urgencies",
    show_default=True,
    help="The deadlines.",
)
@click.option(
    "--superior",
    "superiors",
    type=LINE,
    multiple=True,
    metavar="OFFICE=SUPERIOR",
    help="Who reads the link as an office's superior; repeatable.",
)
@click.option(
    "--processor", "processors", type=LINE, multiple=True, help="Who processes it; repeatable."
)
@click.option("--observer", "observers", type=LINE, multiple=True, help="Who counts; repeatable.")
@click.option("--from", "start", type=INSTANT, help="From when it is in force; now if left out.")
@zone_option
@replace_option
def propose(
    output: Path,
    config: Path,
    others: tuple[str, ...],
    name: str | None,
    partition: int,
    version: int,
    policy: str,
    superiors: tuple[str, ...],
    processors: tuple[str, ...],
    observers: tuple[str, ...],
    start: datetime | None,
    times: InstantText,
    replace: bool,
) -> int:
    """Writes an agreement to the new file OUTPUT, signed by the own office, and shows it.

    The node may be running.
    """
    check_output(output, replace=replace)
    settings = load(config, AgentSettings)
    offices = tuple(sorted({settings.office, *others}))
    spec = AgreementSpec(
        link=name or "~".join(offices),
        partition=partition,
        version=version,
        offices=offices,
        superiors=tuple(map(_superior, superiors)),
        processors=processors,
        observers=observers,
        policy=policy,
        effective_from=(start or datetime.now(UTC)).replace(microsecond=0),
    )
    agreement = spec.document()
    policies.check(agreement.policy, agreement.offices)
    signed = sign_document(settings, unsigned(agreement, []))
    _show(agreement, signed, times)
    write_output(output, SIGNED_DOCUMENT.encode(signed), replace=replace)
    terminal.line(f"made {output}, signed by {settings.office}")
    terminal.line(f"it needs the signatures of {', '.join(others)}: blo link accept")
    return Exit.OK


@link.command(cls=CliCommand)
@click.argument("document", type=_FILE)
@_CONFIG
@click.option("--yes", is_flag=True, help="It was read; do not ask.")
@zone_option
def accept(
    document: Path,
    config: Path,
    yes: bool,
    times: InstantText,
) -> int:
    """Shows the agreement DOCUMENT whole, asks, and adds the own office's signature to it.

    The node may be running.
    """
    settings = load(config, AgentSettings)
    signed = files.read_document(document)
    agreement = DOCUMENT.decode(signed.payload)
    if not isinstance(agreement, Agreement):
        raise CliError(f"{document}", "is no agreement", todo="Name the file that was proposed")
    if settings.office not in agreement.offices:
        raise CliError(
            f"{document}",
            f"is an agreement of {' and '.join(agreement.offices)}, not of {settings.office}",
            todo="Name the own agent's configuration, or the right agreement",
        )
    _show(agreement, signed, times)
    if not yes and not terminal.confirmed(f"Does {settings.office} agree to all this?"):
        terminal.problem("nothing was signed")
        return Exit.CHECK_FAILED
    files.replace(document, sign_document(settings, signed))
    terminal.line(f"{document} is signed by {settings.office}")
    return Exit.OK


def _show(agreement: Agreement, signed: SignedDocument, times: InstantText) -> None:
    terminal.lines(words.describe(agreement, signed.payload, times))


def _superior(text: str) -> Superior:
    office, _, superior = text.partition("=")
    if not office or not superior:
        raise click.BadParameter(f"{text!r} is no superior; expected OFFICE=SUPERIOR")
    return Superior(office=OfficeId(office), superior=OfficeId(superior))
