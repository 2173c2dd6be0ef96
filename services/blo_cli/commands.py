"""The classes of which every command and group of ``blo`` is one.

Each has ``--help`` and ``--debug``, prints through ``blo_cli.terminal``, and names the command or
option that was probably meant.
"""

from __future__ import annotations

import difflib
from importlib import import_module
from typing import Any, Final

import click

from blo_cli import terminal
from blo_cli.subcommands import subcommands

DEBUG: Final = "blo_cli.debug"
"""The key in a context's ``meta`` that says whether tracebacks are wanted."""


def _show_help(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted and not context.resilient_parsing:
        terminal.document(context.get_help())
        context.exit()


def _set_debug(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        context.meta[DEBUG] = True


class _Common(click.Command):
    """What commands and groups share."""

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """``-h`` and ``--help``."""
        del ctx
        return click.Option(
            ["-h", "--help"],
            is_flag=True,
            is_eager=True,
            expose_value=False,
            callback=_show_help,
            help="Show this text and exit.",
        )

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """The command's parameters, and those that every command has."""
        debug = click.Option(
            ["--debug"],
            is_flag=True,
            is_eager=True,
            expose_value=False,
            callback=_set_debug,
            help="Show the traceback of an unexpected error.",
        )
        own = super().get_params(ctx)
        return [*own[:-1], debug, *own[-1:]]


class CliCommand(_Common):
    """A command of ``blo``."""


class CommandGroup(_Common, click.Group):
    """A group of commands of ``blo``."""

    command_class = CliCommand
    group_class = type

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command of that name.

        Raises:
            UsageError: There is none; the message names those that are near.
        """
        name = args[0]
        if self.get_command(ctx, name) is None and not name.startswith("-"):
            known = self.list_commands(ctx)
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"Did you mean {near[0]}?" if near else f"There are: {', '.join(known)}."
            ctx.fail(f"No such command {name!r}. {hint}")
        return super().resolve_command(ctx, args)


class LazyGroup(CommandGroup):
    """Imports a subcommand's module when it is called, so that no command loads another's libraries."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The subcommands' names, sorted."""
        del ctx
        return sorted(subcommands())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The subcommand, imported; ``None`` if there is none of that name."""
        del ctx
        known = subcommands()
        if cmd_name not in known:
            return None
        command = getattr(import_module(known[cmd_name].module), cmd_name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes the list of subcommands without importing any."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(
                [(name, command.help) for name, command in sorted(subcommands().items())]
            )


def show_usage_error(error: click.ClickException) -> None:
    """Prints what was wrong with a command line to standard error."""
    context: Any = getattr(error, "ctx", None)
    if context is not None:
        for text in context.get_usage().split("\n"):
            terminal.note(text)
        terminal.note(f"Try '{context.command_path} --help' for help.")
        terminal.note("")
    terminal.note(f"Error: {error.format_message()}")
