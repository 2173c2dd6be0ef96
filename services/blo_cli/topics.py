"""``blo topics``: which topics the trust documents ask for, and making them (docs/wire-format.md §8)."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, Final

import click

from blo_cli import terminal
from blo_cli.commands import CommandGroup
from blo_cli.errors import Exit
from blo_cli.kafka_options import Kafka, kafka_option, open_log, pins, pins_option
from blo_cli.parameters import json_option
from blo_cli.topics_forms import AppliedTopics, TopicForm
from blo_cli.trust.verdicts import judge
from blo_log import TopicsDiffer, TopicSpec
from blo_log import topics as topic_plan
from blo_schemas.ids import CountryId, DocumentId

Pinned = tuple[tuple[CountryId, DocumentId], ...]
_FOLDER: Final = click.Path(exists=True, file_okay=False, path_type=Path)
_LOUD: Final = (
    "SIMULATED TIME: writers put the log times of these exchange topics. That is for replaying a "
    "past year only; an agent in normal operation refuses such topics."
)


def _planning(function: Any) -> Any:
    """Adds what both commands need to know."""
    for option in (
        click.option(
            "--simulated-time", is_flag=True, help="Let writers put the log times; never in use."
        ),
        click.option(
            "--min-isr",
            type=click.IntRange(1, 10),
            help="Copies that must have a record before it is acknowledged; one less than "
            "--replication if left out.",
        ),
        click.option(
            "--replication",
            type=click.IntRange(1, 10),
            default=3,
            show_default=True,
            help="Copies of each partition.",
        ),
        pins_option,
        click.argument("folder", type=_FOLDER),
    ):
        function = option(function)
    return function


@click.group(cls=CommandGroup)
def topics() -> None:
    """Plan and make the topics that the agreements in a folder of trust documents ask for."""


@topics.command()
@_planning
@click.option(
    "--config",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A program's configuration, for its pinned roots.",
)
@json_option(list[TopicForm])
def plan(
    folder: Path,
    pinned: Pinned,
    replication: int,
    min_isr: int | None,
    simulated_time: bool,
    config: Path | None,
    wants_json: bool,
) -> int:
    """Print the topics that FOLDER's documents ask for, without touching Kafka."""
    planned = _plan(folder, pinned, config, replication, min_isr, simulated_time=simulated_time)
    if wants_json:
        terminal.json(
            [
                TopicForm(spec.name, spec.partitions, spec.replication, spec.config)
                for spec in planned
            ]
        )
    for spec in () if wants_json else planned:
        settings = ", ".join(f"{name}={value}" for name, value in spec.config.items())
        terminal.line(
            f"{spec.name}: {spec.partitions} partitions, {spec.replication} copies, {settings}"
        )
    return Exit.OK


@topics.command()
@_planning
@kafka_option
@json_option(AppliedTopics)
def apply(
    folder: Path,
    pinned: Pinned,
    replication: int,
    min_isr: int | None,
    simulated_time: bool,
    config: Path | None,
    bootstrap: str | None,
    wants_json: bool,
) -> int:
    """Make the topics that are missing, and add partitions for new links.

    A topic that is there with other settings is named and not touched; then nothing is done,
    and the command exits with 1.
    """
    planned = _plan(folder, pinned, config, replication, min_isr, simulated_time=simulated_time)
    try:
        done = asyncio.run(_apply(Kafka(bootstrap, config), planned))
    except TopicsDiffer as error:
        differences = [str(difference) for difference in error.differences]
        if wants_json:
            terminal.json(AppliedTopics([], differences))
        for difference in differences:
            terminal.note(f"differs: {difference}")
        terminal.problem(
            "nothing was changed. Topics hold the only truth, so correct the plan, or have the "
            "operator correct the topics"
        )
        return Exit.CHECK_FAILED
    if wants_json:
        terminal.json(AppliedTopics(done, []))
    else:
        terminal.lines(done or ["all topics are there as planned"])
    return Exit.OK


async def _apply(kafka: Kafka, planned: list[TopicSpec]) -> list[str]:
    log = open_log(kafka)
    try:
        return await topic_plan.apply(await log.admin(), planned)
    finally:
        await log.close()


def _plan(
    folder: Path,
    pinned: Pinned,
    config: Path | None,
    replication: int,
    min_isr: int | None,
    *,
    simulated_time: bool,
) -> list[TopicSpec]:
    if min_isr is not None and min_isr > replication:
        raise click.UsageError("--min-isr is more than --replication: nothing could be written")
    judgement = judge(folder, pins(pinned, config))
    for verdict in judgement.refused:
        terminal.note(f"left out: {verdict.line}")
    if simulated_time:
        terminal.note(_LOUD, "bold yellow")
    directory = judgement.directory
    return topic_plan.plan(
        {corridor: directory.partition_count(corridor) for corridor in directory.corridors()},
        replication=replication,
        min_isr=max(1, replication - 1) if min_isr is None else min_isr,
        simulated_time=simulated_time,
    )
