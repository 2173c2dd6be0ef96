"""Every command of ``blo``, found by walking the tree: a new one takes part in all trials."""

from __future__ import annotations

from collections.abc import Iterator

import click

from blo_cli.main import blo


def walk(
    command: click.Command = blo, words: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Each command and group with the words that call it; the lab and the demo included."""
    yield words, command
    if isinstance(command, click.Group):
        context = click.Context(command, info_name=words[-1] if words else "blo")
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None, (words, name)
            yield from walk(inner, (*words, name))


ALL = dict(walk())
"""Every command and group by its words; the empty ones are ``blo`` itself."""

LEAVES = {words: command for words, command in ALL.items() if not isinstance(command, click.Group)}
"""Every command that does something."""


def name_of(words: tuple[str, ...]) -> str:
    """A command's name as a test's id."""
    return "-".join(words) or "blo"
