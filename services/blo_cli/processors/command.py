"""``blo processors``: set a corridor's processor up, run it, and ask its log."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypeVar

import click
import msgspec

from blo_cli import terminal
from blo_cli.commands import CommandGroup
from blo_cli.errors import CliError, Exit
from blo_cli.instant_text import InstantText
from blo_cli.parameters import INSTANT, LINE, json_option, replace_option, zone_option
from blo_cli.processors.json_forms import DeadLetterForm, LinkAt, PolicyComparison, RetriedForm
from blo_cli.processors.lines import as_of_lines, comparison_of, link_at, what_if_lines
from blo_cli.trust import files
from blo_cli.trust.specs import AgreementSpec, milliseconds
from blo_domain.deadlines import policies
from blo_domain.deadlines.responses import Window
from blo_processors.config import ProcessorSettings
from blo_processors.context import WorkerContext
from blo_processors.dead_letters import Retried, read_letters, retry_letters
from blo_processors.query.as_of import LinkAsOf, replay, what_if
from blo_runtime.config import load
from blo_runtime.keyfiles import create_identity, request_of
from blo_runtime.metrics import Metrics
from blo_schemas.ids import CorridorId, OfficeId
from blo_schemas.outputs import DeadLetter
from blo_schemas.trust import Agreement

T = TypeVar("T")

_KAFKA_PATIENCE_S: Final = 60.0


_FILE = click.Path(path_type=Path)
_CONFIG = click.option("--config", required=True, type=_FILE, help="The processor's TOML file.")


@click.group(cls=CommandGroup)
def processors() -> None:
    """A corridor's stream processors: case state, alerts, audit trail."""


@processors.command()
@_CONFIG
@click.option("--request", "output", type=_FILE, help="Where the public keys go; default: here.")
def init(config: Path, output: Path | None) -> int:
    """Makes the processor's keys, and prints the request for its certificate."""
    settings = load(config, ProcessorSettings)
    made = create_identity(settings.keys, OfficeId(settings.processor), os.urandom)
    files.give_request(made, output)
    return Exit.OK


@processors.command()
@_CONFIG
@click.option("--output", type=_FILE, help="Where the public keys go; default: here.")
@replace_option
def request(config: Path, output: Path | None, replace: bool) -> int:
    """Prints the request for the processor's certificate again."""
    settings = load(config, ProcessorSettings)
    made = request_of(settings.keys, OfficeId(settings.processor))
    files.give_request(made, output, replace=replace)
    return Exit.OK


@processors.command()
@_CONFIG
@click.option(
    "--instance", type=LINE, help="This worker's lasting name in its group; each needs its own."
)
def run(config: Path, instance: str | None) -> int:
    """Runs a worker of the corridor until it is asked to stop."""
    # Only this one needs Faust.
    from blo_processors.main import run as run_processors

    settings = load(config, ProcessorSettings)
    if instance is not None:
        group = msgspec.structs.replace(settings.group, instance=instance)
        settings = msgspec.structs.replace(settings, group=group)
    return run_processors(settings)


@processors.command("as-of")
@_CONFIG
@click.argument("moment", type=INSTANT)
@zone_option
@json_option(list[LinkAt])
def as_of(config: Path, moment: datetime, times: InstantText, wants_json: bool) -> int:
    """Prints the cases and the overdue ones as they were at a MOMENT, from the log itself."""
    at = milliseconds(moment)

    async def look(context: WorkerContext, corridor: CorridorId) -> list[LinkAsOf]:
        now = context.clock.now_ms()
        return await replay(context.log, context.feed, context.identity, corridor, at, now)

    links = [link_at(link, at) for link in _with_log(config, look)]
    if wants_json:
        terminal.json(links)
    else:
        terminal.lines(as_of_lines(links, times))
    return Exit.OK


@processors.command("what-if")
@_CONFIG
@click.option("--policy", required=True, type=_FILE, help="An agreement's TOML file.")
@click.option("--from", "start", required=True, type=INSTANT, help="The period's beginning.")
@click.option("--to", "end", required=True, type=INSTANT, help="The period's end.")
@json_option(PolicyComparison)
def what_if_command(
    config: Path, policy: Path, start: datetime, end: datetime, wants_json: bool
) -> int:
    """Prints what would have been met and missed under another agreement's policy."""
    period = Window(milliseconds(start), milliseconds(end))
    if period.end <= period.start:
        raise click.BadParameter(f"{end} does not lie after {start}", param_hint="--to")
    wanted = _wanted(policy)

    async def look(context: WorkerContext, corridor: CorridorId) -> list[LinkAsOf]:
        now = context.clock.now_ms()
        return await replay(context.log, context.feed, context.identity, corridor, period.end, now)

    links = {link.place.link: link for link in _with_log(config, look)}
    if wanted.link not in links:
        known = ", ".join(sorted(links)) or "none"
        raise CliError(
            str(policy), f"is about {wanted.link}, which is not here", todo=f"Links here: {known}"
        )
    agreed = sorted(links[wanted.link].terms[-1].offices)
    if agreed != sorted(wanted.offices):
        todo = f"Name those of the link: {', '.join(agreed)}"
        raise CliError(str(policy), "offices: it is for other offices than the link's", todo=todo)
    comparison = comparison_of(what_if(links[wanted.link], wanted.policy, period, period.end))
    if wants_json:
        terminal.json(comparison)
    else:
        terminal.lines(what_if_lines(comparison))
    return Exit.OK


@processors.group()
def dead() -> None:
    """Records that could not be processed."""


@dead.command("list")
@_CONFIG
@json_option(list[DeadLetterForm])
def list_dead(config: Path, wants_json: bool) -> int:
    """Lists them, one a line."""
    letters = [_form(letter) for letter in _letters(config)]
    if wants_json:
        terminal.json(letters)
    for letter in () if wants_json else letters:
        terminal.line(f"{letter.place} {letter.link} {letter.attempts} attempts: {letter.error}")
    return Exit.OK


@dead.command()
@_CONFIG
@click.argument("place", type=LINE)
@zone_option
@json_option(DeadLetterForm)
def show(config: Path, place: str, times: InstantText, wants_json: bool) -> int:
    """Shows one, with its sealed bytes; PLACE as `list` prints it."""
    for letter in _letters(config):
        if _place(letter) != place:
            continue
        form = msgspec.structs.replace(_form(letter), value=letter.value.hex())
        if wants_json:
            terminal.json(form)
        else:
            when = times.of(form.log_time)
            terminal.line(f"link {form.link}, log time {when}, {form.error}")
            terminal.line(form.value)
        return Exit.OK
    raise CliError(place, "is no dead letter", todo="Run: blo processors dead list")


@dead.command("retry")
@_CONFIG
@json_option(list[RetriedForm])
def retry_dead(config: Path, wants_json: bool) -> int:
    """Folds their links again with this program, and writes what has become right."""

    async def again(context: WorkerContext, corridor: CorridorId) -> list[Retried]:
        return await retry_letters(context, corridor)

    tried = [
        RetriedForm(_place(result.letter), result.error) for result in _with_log(config, again)
    ]
    if wants_json:
        terminal.json(tried)
    for result in () if wants_json else tried:
        terminal.line(f"{result.place}: {result.error or 'processed'}")
    return Exit.CHECK_FAILED if any(result.error for result in tried) else Exit.OK


def _place(letter: DeadLetter) -> str:
    return f"{letter.topic}/{letter.partition}/{letter.offset}"


def _form(letter: DeadLetter) -> DeadLetterForm:
    return DeadLetterForm(
        place=_place(letter),
        link=letter.link,
        processor=letter.processor,
        attempts=letter.attempts,
        error=letter.error,
        log_time=letter.log_time,
    )


def _wanted(file: Path) -> Agreement:
    """The agreement in a file, whose policy is whole; found out before Kafka is asked."""
    try:
        wanted = load(file, AgreementSpec).document()
        policies.check(wanted.policy, wanted.offices)
    except policies.PolicyError as error:
        todo = "Correct the policy and try again."
        raise CliError(str(file), f"policy.{error.field}: {error.problem}", todo=todo) from error
    return wanted


def _letters(config: Path) -> list[DeadLetter]:
    async def look(context: WorkerContext, corridor: CorridorId) -> list[DeadLetter]:
        return await read_letters(context.log, context.feed.directory, corridor)

    return _with_log(config, look)


def _with_log(
    config: Path, work: Callable[[WorkerContext, CorridorId], Coroutine[Any, Any, T]]
) -> T:
    """Does something with the log and the trust documents of a configuration.

    Raises:
        KafkaAway: Kafka does not answer for a minute, or for its request timeout if that is shorter.
    """
    # Only what goes to Kafka pays for its library.
    from blo_processors.main import connect, make_context
    from blo_runtime.kafka_line import KafkaLine

    settings = load(config, ProcessorSettings)

    async def run() -> T:
        log = connect(settings)
        try:
            line = KafkaLine(min(_KAFKA_PATIENCE_S, settings.kafka.request_timeout_s))
            context = await make_context(settings, Metrics(), log, line)
            return await work(context, CorridorId(settings.corridor))
        finally:
            await log.close()

    return asyncio.run(run())
