"""The private keys of a program that keeps no store: a file of its own.

The file has mode 0600 and one line of hexadecimal digits for each pair of keys
(``NodeKeys.to_bytes``), the newest last. Older ones stay, because grants are sealed to them.
"""

from __future__ import annotations

import os
from pathlib import Path

from blo_runtime.errors import ConfigurationError
from blo_schemas.errors import WireError
from blo_schemas.ids import OfficeId
from blo_schemas.texts import from_hex
from blo_schemas.trust import Role
from blo_sealing.errors import UnusableKey
from blo_sealing.identity import CertificateRequest, ProgramIdentity
from blo_sealing.keys import NodeKeys
from blo_sealing.signatures import RandomBytes


class KeyFileError(ConfigurationError):
    """The key file is missing, damaged, there already, or readable by others."""


def create_identity(path: Path, subject: OfficeId, random: RandomBytes) -> CertificateRequest:
    """Makes a program's keys.

    Raises:
        KeyFileError: The file is there already; it is never overwritten.
    """
    keys = NodeKeys.generate(random)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise KeyFileError(
            path,
            "",
            "is there already, so this program was set up before; nothing was changed",
            expected="no such file",
            todo="To set it up anew, move the old file to a safe place first.",
        ) from None
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(keys.to_bytes().hex() + "\n")
    return CertificateRequest(subject, keys.signing.public, keys.kem.public)


def load_identity(path: Path, subject: OfficeId, role: Role = Role.PROCESSOR) -> ProgramIdentity:
    """Reads a program's keys.

    Raises:
        KeyFileError: The file is missing, damaged or readable by others.
    """
    try:
        mode = path.stat().st_mode
        lines = path.read_text(encoding="ascii").split()
    except (OSError, UnicodeDecodeError) as error:
        raise _unusable(path, f"cannot be read ({type(error).__name__})") from error
    if mode & 0o077:
        raise KeyFileError(
            path, "", "can be read by others", expected="mode 0600", todo=f"Run: chmod 600 {path}"
        )
    try:
        keys = tuple(NodeKeys.from_bytes(from_hex(line)) for line in lines)
    except (WireError, UnusableKey) as error:
        raise _unusable(path, "does not hold a program's keys") from error
    if not keys:
        raise _unusable(path, "is empty")
    return ProgramIdentity(subject, keys, role)


def _unusable(path: Path, problem: str) -> KeyFileError:
    return KeyFileError(
        path,
        "",
        problem,
        expected="the private keys that the `init` command made",
        todo="Run `init`, or bring back the file from its safe copy.",
    )
