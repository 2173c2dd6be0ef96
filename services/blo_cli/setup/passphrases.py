"""The passphrases of root keys: from a descriptor for programs, asked for at the terminal else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from blo_cli.errors import CliError
from blo_runtime.secret_inputs import ask_at_terminal, read_descriptor

F = TypeVar("F", bound=Callable[..., Any])


def passphrase_option(function: F) -> F:
    """Adds ``--passphrase-descriptor``."""
    return click.option(
        "--passphrase-descriptor",
        "descriptor",
        type=click.IntRange(0, 1023),
        help="An open descriptor whose first line is the passphrase; else the terminal is asked.",
    )(function)


class PassphraseSource:
    """Gives the passphrase of key files; asks for each file once.

    Args:
        descriptor: Where its one line comes from; ``None``: a person at the terminal.
    """

    def __init__(self, descriptor: int | None) -> None:
        self._given = None if descriptor is None else read_descriptor(descriptor)

    def known(self, path: Path) -> str:
        """The passphrase of a file that is there.

        Raises:
            SecretMissing: There is no terminal.
        """
        return self._given or ask_at_terminal(f"Passphrase of {path}: ")

    def new(self, path: Path) -> str:
        """The passphrase of a file to be made; typed twice.

        Raises:
            CliError: The two differ.
            SecretMissing: There is no terminal.
        """
        if self._given is not None:
            return self._given
        first = ask_at_terminal(f"New passphrase of {path}, 12 characters or more: ")
        if ask_at_terminal("The same again: ") != first:
            raise CliError(
                str(path), "was not made: the two passphrases differ", todo="Begin again"
            )
        return first
