"""The private keys of a program that keeps no store: a file of its own.

The file has mode 0600 and one line of hexadecimal digits for each pair of keys
(``NodeKeys.to_bytes``), the newest last. Older ones stay, because grants are sealed to them.
"""

from __future__ import annotations

from pathlib import Path

from blo_runtime.errors import ConfigurationError
from blo_runtime.files import SMALL, make_private_folder, read_with_mode, write_file
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
    try:
        make_private_folder(path.parent)
        write_file(path, f"{keys.to_bytes().hex()}\n".encode(), private=True)
    except FileExistsError:
        raise KeyFileError(
            path,
            "",
            "is there already, so this program was set up before; nothing was changed",
            expected="no such file",
            todo="To set it up anew, move the old file to a safe place first.",
        ) from None
    except OSError as error:
        raise KeyFileError(
            path,
            "",
            f"cannot be written ({error.strerror or error}); no keys were made",
            expected="a folder that can be written",
            todo="Name another place, or give yourself the right to write there.",
        ) from error
    return CertificateRequest(subject, keys.signing.public, keys.kem.public)


def request_of(path: Path, subject: OfficeId, role: Role = Role.PROCESSOR) -> CertificateRequest:
    """The request for a certificate of a program's newest keys.

    Raises:
        KeyFileError: The file is missing, damaged or readable by others.
    """
    return load_identity(path, subject, role).request


def load_identity(path: Path, subject: OfficeId, role: Role = Role.PROCESSOR) -> ProgramIdentity:
    """Reads a program's keys.

    Raises:
        KeyFileError: The file is missing, damaged or readable by others.
    """
    try:
        data, mode = read_with_mode(path, SMALL)
        lines = data.decode("ascii").split()
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
