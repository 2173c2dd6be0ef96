"""Where a program's secrets come from besides its own files: systemd, a descriptor, a terminal."""

from __future__ import annotations

import getpass
import os
from pathlib import Path
from typing import Final

from blo_runtime.errors import RuntimeFault

LONGEST_SECRET: Final = 4096
"""The most bytes that are read of a passphrase."""
_FOLDER: Final = "CREDENTIALS_DIRECTORY"


class SecretMissing(RuntimeFault):
    """A secret is not where the configuration says that it is."""


def credential_path(name: str) -> Path:
    """Where systemd has put a credential of this program (systemd.exec(5), "Credentials").

    Raises:
        SecretMissing: The program was not started by systemd, or without this credential.
    """
    folder = os.environ.get(_FOLDER)
    if not folder:
        raise SecretMissing(
            f"the credential {name} is not there, because ${_FOLDER} is not set. Start the program "
            f"by systemd, with LoadCredentialEncrypted={name} in its unit"
        )
    path = Path(folder) / name
    if not path.is_file():
        raise SecretMissing(
            f"the credential {name} is not in {folder}. "
            f"Add LoadCredentialEncrypted={name} to the program's unit"
        )
    return path


def read_descriptor(descriptor: int) -> str:
    """The first line of what an open descriptor gives, which is closed then.

    Raises:
        SecretMissing: It is not open, gives nothing, or more than ``LONGEST_SECRET`` bytes.
    """
    try:
        with os.fdopen(descriptor, "rb") as stream:
            data = stream.read(LONGEST_SECRET + 1)
    except OSError as error:
        raise SecretMissing(
            f"descriptor {descriptor} can't be read ({error.strerror}). Start the program with the "
            f"passphrase on it, as in: {descriptor}<FILE"
        ) from error
    return first_line(data, f"descriptor {descriptor}")


def ask_at_terminal(prompt: str) -> str:
    """What a person types at the terminal, unseen.

    Raises:
        SecretMissing: The program has no terminal.
    """
    try:
        with Path("/dev/tty").open("rb"):
            pass
    except OSError:
        raise SecretMissing(
            "a passphrase is needed and there is no terminal to ask at. Name a credential or a "
            "descriptor in [passphrase]"
        ) from None
    return getpass.getpass(prompt)


def first_line(data: bytes, where: str) -> str:
    """The first line of a secret's bytes, without its end.

    Raises:
        SecretMissing: There is none, it is longer than ``LONGEST_SECRET`` bytes, or is not UTF-8.
    """
    if len(data) > LONGEST_SECRET:
        raise SecretMissing(f"{where} gives more than {LONGEST_SECRET:,} bytes. Give one line")
    try:
        text = data.split(b"\n", 1)[0].removesuffix(b"\r").decode()
    except UnicodeDecodeError:
        raise SecretMissing(f"{where} gives bytes that are not UTF-8. Give one line") from None
    if not text:
        raise SecretMissing(f"{where} gives an empty line. Give the passphrase as its first line")
    return text
