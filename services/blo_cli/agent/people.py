"""``blo agent people`` and ``blo agent system``: accounts and tokens, at the node."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from blo_agent.api import people_types as types
from blo_agent.api.webhooks import WebhookAnswer
from blo_cli import terminal
from blo_cli.client import configured_client
from blo_cli.commands import CommandGroup
from blo_cli.errors import Exit
from blo_cli.parameters import LINE, LINK, json_option
from blo_schemas.bodies import KIND_WORDS
from blo_schemas.people import Agency, OfficeRole

_CONFIG = click.option(
    "--config", required=True, type=click.Path(path_type=Path), help="The agent's TOML file."
)
_DAYS = click.IntRange(1, 730)


@click.group(cls=CommandGroup)
def people() -> None:
    """The accounts of the office's people."""


@people.command("add")
@_CONFIG
@click.argument("person", type=LINE)
@click.option("--name", type=LINE, required=True, help="The name that others read.")
@click.option(
    "--role",
    "roles",
    type=click.Choice([role.value for role in OfficeRole]),
    multiple=True,
    required=True,
    help="A role from now on; repeatable.",
)
@click.option(
    "--agency", type=click.Choice([agency.value for agency in Agency]), help="The own agency."
)
@click.option("--language", type=LINE, default="en", show_default=True, help="Of pages and papers.")
def add(
    config: Path, person: str, name: str, roles: tuple[str, ...], agency: str | None, language: str
) -> int:
    """Adds PERSON, and prints the one-time link's token, with which that person chooses a password.

    With a chief in office, the account counts when the chief has confirmed it.
    """
    now = datetime.now(UTC)
    rows = tuple(
        types.AppointmentForm(
            role=OfficeRole(role), start=now, agency=None if agency is None else Agency(agency)
        )
        for role in roles
    )
    request = types.NewPersonRequest(person=person, name=name, appointments=rows, language=language)
    made = configured_client(config).add_person(request)
    return _show_invitation(made)


@people.command("invite")
@_CONFIG
@click.argument("person", type=LINE)
def invite(config: Path, person: str) -> int:
    """Ends the credentials of PERSON, and prints the token of a new one-time link."""
    return _show_invitation(configured_client(config).invite_person(person))


@people.command("confirm")
@_CONFIG
@click.argument("person", type=LINE)
def confirm(config: Path, person: str) -> int:
    """Agrees to the account of PERSON, which the node's user can do while there is no chief."""
    configured_client(config).confirm_person(person)
    terminal.line(f"{person} can log in")
    return Exit.OK


@people.command("list")
@_CONFIG
@json_option(list[types.PersonAnswer])
def list_people(config: Path, wants_json: bool) -> int:
    """Lists the accounts with their roles."""
    rows = configured_client(config).people()
    if wants_json:
        terminal.json(rows)
    for row in () if wants_json else rows:
        roles = ", ".join(form.role.value for form in row.appointments) or "no role"
        terminal.line(f"{row.person}: {row.name}, {roles}{_state(row)}")
    return Exit.OK


@click.group(cls=CommandGroup)
def system() -> None:
    """The tokens of the office's other programs."""


@system.command("add")
@_CONFIG
@click.argument("program", type=LINE)
@click.option("--days", type=_DAYS, required=True, help="The token ends after so many days.")
@click.option("--link", "links", type=LINK, multiple=True, help="On this link; default: all.")
@click.option(
    "--kind",
    "kinds",
    type=click.Choice(sorted(KIND_WORDS)),
    multiple=True,
    help="For this kind of cases; default: all.",
)
@click.option("--reads-contents", is_flag=True, help="It reads contents, not lists alone.")
@click.option("--submits", is_flag=True, help="It submits steps.")
@click.option("--trusted", "is_trusted", is_flag=True, help="Its steps need no approval.")
def add_system(
    config: Path,
    program: str,
    days: int,
    links: tuple[str, ...],
    kinds: tuple[str, ...],
    reads_contents: bool,
    submits: bool,
    is_trusted: bool,
) -> int:
    """Gives PROGRAM, whose id begins with sys-, a token, and prints it once.

    With a chief in office, the token counts when the chief has confirmed it.
    """
    request = types.SystemRequest(
        system=program,
        end=datetime.now(UTC) + timedelta(days=days),
        links=links,
        kinds=kinds,
        reads_contents=reads_contents,
        submits=submits,
        is_trusted=is_trusted,
    )
    terminal.line(configured_client(config).add_system(request).token)
    return Exit.OK


@system.command("revoke")
@_CONFIG
@click.argument("program", type=LINE)
def revoke(config: Path, program: str) -> int:
    """Ends the token of PROGRAM at once."""
    configured_client(config).revoke_system(program)
    terminal.line(f"the token of {program} does not count any more")
    return Exit.OK


@system.command("list")
@_CONFIG
@json_option(list[types.SystemAnswer])
def list_systems(config: Path, wants_json: bool) -> int:
    """Lists the office's other programs, and whether what is sent to them is taken."""
    client = configured_client(config)
    rows = client.systems()
    if wants_json:
        terminal.json(rows)
        return Exit.OK
    hooks = {hook.system: hook for hook in client.webhooks()}
    for row in rows:
        terminal.line(f"{row.system}, until {row.ends_at:%Y-%m-%d}{_state_of_system(row)}")
        if row.system in hooks:
            terminal.line(f"  webhook {_state_of_webhook(hooks[row.system])}")
    return Exit.OK


@system.command("webhook")
@_CONFIG
@click.argument("program", type=LINE)
@click.option("--url", type=LINE, help="Send its changes there: https, or http on loopback.")
@click.option("--resume", "is_resumed", is_flag=True, help="Send again what was given up.")
@click.option("--remove", "is_removed", is_flag=True, help="Send nothing any more.")
def webhook(config: Path, program: str, url: str | None, is_resumed: bool, is_removed: bool) -> int:
    """Says where the changes for PROGRAM are sent, and prints the key that verifies them.

    With a chief in office, a new address counts when the chief has confirmed it.
    """
    if [url is not None, is_resumed, is_removed].count(True) != 1:
        raise click.UsageError("give either --url, or --resume, or --remove")
    client = configured_client(config)
    if is_removed:
        client.remove_webhook(program)
        terminal.line(f"nothing is sent to {program} any more")
        return Exit.OK
    hook = client.set_webhook(program, url) if url is not None else client.resume_webhook(program)
    terminal.line(f"key {hook.key_id}: {hook.public_key}")
    terminal.line(f"webhook {_state_of_webhook(hook)}")
    return Exit.OK


def _state_of_system(row: types.SystemAnswer) -> str:
    if row.revoked_at is not None:
        return ", revoked"
    return "" if row.confirmed else ", waits for the chief's confirmation"


def _state_of_webhook(hook: WebhookAnswer) -> str:
    if not hook.confirmed:
        return f"{hook.url}: waits for the chief's confirmation"
    if hook.paused_at is not None:
        return f"{hook.url}: given up, {hook.trouble}"
    if hook.failing_since is not None:
        return f"{hook.url}: fails since {hook.failing_since.isoformat()}, {hook.trouble}"
    return f"{hook.url}: taken up to {hook.after}"


def _show_invitation(made: types.InvitationAnswer) -> int:
    terminal.line(made.token)
    terminal.problem(
        f"give this token to {made.person}; it counts once, until {made.ends_at.isoformat()}"
    )
    return Exit.OK


def _state(row: types.PersonAnswer) -> str:
    if row.ended_at is not None:
        return ", ended"
    return "" if row.confirmed else ", waits for the chief's confirmation"
