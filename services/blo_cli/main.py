"""The ``blo`` command: subcommands that are imported only when they are used."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import version
from typing import Final

import click

from blo_cli.errors import Exit, expected_errors
from blo_cli.interrupts import Interrupted
from blo_cli.subcommands import subcommands

DISTRIBUTION: Final = "blo-exchange"


class LazyGroup(click.Group):
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


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version(DISTRIBUTION), prog_name="blo")
def blo() -> None:
    """Sealed, signed and audited exchange between border liaison offices, over Apache Kafka."""


def run(arguments: Sequence[str]) -> int:
    """Runs ``blo`` with these arguments.

    Returns:
        The exit code, as ``blo_cli.errors`` says; an error message is on standard error by then.
    """
    try:
        result = blo.main(list(arguments), prog_name="blo", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return _tell("interrupted", 130)
    except Interrupted as interrupted:
        return _tell("interrupted", interrupted.exit_code)
    except Exception as error:
        if isinstance(error, OSError) and error.filename is not None:
            return _tell(f"{error.filename}: {error.strerror or error}", Exit.ERROR)
        if isinstance(error, expected_errors()):
            return _tell(str(error), Exit.ERROR)
        raise
    return result if isinstance(result, int) else Exit.OK


def _tell(message: str, code: int) -> int:
    click.echo(f"blo: {message}", err=True)
    return code


def main() -> None:
    """The console script."""
    sys.exit(run(sys.argv[1:]))
