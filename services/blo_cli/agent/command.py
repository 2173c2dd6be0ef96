"""``blo agent``: set an office up, sign for it, run its node, and check its log."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from blo_agent.api.problem_types import ProblemDetails
from blo_agent.api.request_types import DisclosureRequest
from blo_agent.config import AgentSettings
from blo_agent.setup import initialise, request_of, sign_document
from blo_cli import terminal
from blo_cli.agent.certificate import certificate
from blo_cli.agent.custody import backup_command, restore_command
from blo_cli.agent.journal import journal
from blo_cli.agent.json_forms import LinkVerification
from blo_cli.agent.key import key, rekey_command
from blo_cli.agent.people import people, system
from blo_cli.agent.regrant import regrant_command
from blo_cli.agent.replace import replace_command
from blo_cli.agent.report import report
from blo_cli.agent.search import search
from blo_cli.client import AgentClient, configured_client
from blo_cli.commands import CommandGroup
from blo_cli.errors import CliError, Exit
from blo_cli.file_access import check_output, write_output
from blo_cli.parameters import DAY, HEX32, LINE, LINK, json_option, replace_option
from blo_cli.trust import files
from blo_runtime.config import load
from blo_schemas.trust import SIGNED_DOCUMENT

_CONFIG = click.option(
    "--config", required=True, type=click.Path(path_type=Path), help="The agent's TOML file."
)
_FILE = click.Path(path_type=Path)


@click.group(cls=CommandGroup)
def agent() -> None:
    """An office's node."""


@agent.command()
@_CONFIG
@click.option("--request", "output", type=_FILE, help="Where the public keys go; default: here.")
def init(config: Path, output: Path | None) -> int:
    """Makes the office's store with its keys, and prints the request for its certificate."""
    made = initialise(load(config, AgentSettings))
    files.give_request(made, output)
    return Exit.OK


@agent.command()
@_CONFIG
@click.option("--output", type=_FILE, help="Where the public keys go; default: here.")
@replace_option
def request(config: Path, output: Path | None, replace: bool) -> int:
    """Prints the request for the office's certificate again, also while the node runs."""
    files.give_request(request_of(load(config, AgentSettings)), output, replace=replace)
    return Exit.OK


@agent.command()
@_CONFIG
@click.argument("document", type=_FILE)
@click.option("--output", type=_FILE, help="Where the signed document goes; default: in place.")
def sign(config: Path, document: Path, output: Path | None) -> int:
    """Adds the office's signature to a trust document."""
    signed = sign_document(load(config, AgentSettings), files.read_document(document))
    if output is None:
        files.replace(document, signed)
    else:
        write_output(output, SIGNED_DOCUMENT.encode(signed))
    return Exit.OK


@agent.command()
@_CONFIG
def run(config: Path) -> int:
    """Runs the node until it is asked to stop."""
    # Only this one needs Kafka's and the web's libraries.
    from blo_agent.main import run as run_agent
    from blo_desk.node import api_and_pages

    return run_agent(load(config, AgentSettings), api_and_pages)


@agent.command()
@_CONFIG
@json_option(list[LinkVerification])
def verify(config: Path, wants_json: bool) -> int:
    """Has the running node fold its links from their first record, and compares."""
    client = configured_client(config)
    links = client.links()
    if not links:
        raise CliError(
            f"the office {client.office}",
            "has no link yet, so nothing was compared",
            todo="Publish an agreement that names it, and ask again",
        )
    results = [_verified(client, link.link) for link in links]
    if wants_json:
        terminal.json(results)
    for result in () if wants_json else results:
        word = "equal" if result.equal else "NOT EQUAL"
        terminal.line(
            f"{result.link}: {result.records} records, {result.verified} verified; "
            f"rebuilt views are {word} to the live ones"
        )
    equal = all(result.equal for result in results)
    return Exit.OK if equal else Exit.CHECK_FAILED


def _verified(client: AgentClient, link: str) -> LinkVerification:
    answer = client.verify(link)
    return LinkVerification(
        link=link,
        records=answer.records,
        verified=answer.verified,
        equal=answer.equal,
        live_digest=answer.live_digest,
        rebuilt_digest=answer.rebuilt_digest,
        rejected=answer.rejected,
    )


@agent.command()
@_CONFIG
@click.option("--link", type=LINK, required=True, help="On which link.")
@click.option("--case", type=HEX32, help="All opened events of this case: its id in hex.")
@click.option(
    "--event", "events", type=HEX32, multiple=True, help="This event: its id in hex; repeatable."
)
@click.option("--from", "first", type=DAY, help="All opened events from this business date on.")
@click.option("--to", "last", type=DAY, help="The last business date.")
@click.option("--reason", type=LINE, required=True, help="Why; goes into the journal.")
@click.option(
    "--for", "recipient", type=LINE, required=True, help="For whom; goes into the journal."
)
@click.option("--actor", type=LINE, required=True, help="Who discloses; goes into the journal.")
@click.option("--output", required=True, type=_FILE, help="The file to be made.")
def disclose(
    config: Path,
    link: str,
    output: Path,
    **selection: Any,
) -> int:
    """Writes what opens chosen events to somebody outside, and nothing else.

    The file holds, for each event, the two keys derived for it alone; the case's key stays in the
    store. It is signed by the office. Pack it with: blo audit bundle --disclose FILE
    """
    # Before the node notes it in its journal.
    check_output(output)
    made = configured_client(config).disclose(link, DisclosureRequest(**selection))
    if isinstance(made, ProblemDetails):
        terminal.problem(f"nothing was disclosed: {made.detail}")
        return Exit.CHECK_FAILED
    write_output(output, made.disclosure, private=True)
    closed = f"; {made.closed} more are closed at this office" if made.closed else ""
    terminal.line(f"{output}: opens {made.events} events of {link}{closed}")
    return Exit.OK


@agent.command()
@_CONFIG
@click.argument("link", type=LINK)
@click.option(
    "--reason", type=LINE, required=True, help="What was cleared, and how; goes into the journal."
)
@click.option(
    "--actor", type=LINE, required=True, help="Who resumes the link; goes into the journal."
)
def resume(config: Path, link: str, reason: str, actor: str) -> int:
    """Lets the running node write on LINK again, which it has halted.

    Why it was halted, with the evidence, is in GET /v1/links/LINK and in the journal, and stays
    there. A halt whose cause is still there comes back.
    """
    answer = configured_client(config).resume(link, reason, actor)
    if isinstance(answer, ProblemDetails):
        terminal.problem(f"nothing was resumed: {answer.detail}")
        return Exit.CHECK_FAILED
    terminal.line(
        f"{link}: {answer.lifted} halts lifted; the own chain is checked before it writes"
    )
    return Exit.OK


agent.add_command(backup_command)
agent.add_command(certificate)
agent.add_command(key)
agent.add_command(regrant_command)
agent.add_command(rekey_command)
agent.add_command(replace_command)
agent.add_command(restore_command)
agent.add_command(journal)
agent.add_command(people)
agent.add_command(report)
agent.add_command(search)
agent.add_command(system)
