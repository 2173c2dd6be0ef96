"""Trust documents and keys as files.

A document is a ``.blo`` file with the canonical bytes of its ``SignedDocument``. A key file holds
hexadecimal digits: a root key its 32-byte seed, an identity its 129 bytes of node keys. The public
part of an identity is a request for a certificate, in JSON.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Final

import msgspec

from blo_cli.errors import CannotWrite, CliError
from blo_domain.trust import TrustError, read_signed
from blo_schemas.errors import WireError
from blo_schemas.texts import from_hex, from_json
from blo_schemas.trust import KEM_KEY_SIZE, SIGNED_DOCUMENT, SignedDocument
from blo_sealing.errors import UnusableKey
from blo_sealing.kem import check_kem_key
from blo_sealing.keys import NodeKeys
from blo_sealing.signatures import SEED_SIZE, SigningKey, check_signing_key

SUFFIX: Final = ".blo"
_PRIVATE: Final = 0o600
_PUBLIC: Final = 0o644
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


class FileUnusable(CliError):
    """A file that is not what it should be."""


class RequestFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a country's root needs to certify somebody, as `blo agent init` prints it.

    Attributes:
        subject: Who asks.
        signing_key: Its Ed25519 public key, in hexadecimal digits.
        kem_key: Its KEM public key; missing if it receives no grants.
    """

    subject: str
    signing_key: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
    kem_key: Annotated[str, msgspec.Meta(pattern=f"^[0-9a-f]{{{2 * KEM_KEY_SIZE}}}$")] | None = None

    def to_json(self) -> bytes:
        """The request as its file has it."""
        return msgspec.json.format(msgspec.json.encode(self)) + b"\n"


def read_request(path: Path) -> RequestFile:
    """Reads a request for a certificate.

    Raises:
        FileUnusable: It can't be read, is none, or names keys that must not be certified.
    """
    try:
        request = from_json(path.read_bytes(), RequestFile)
        check_signing_key(from_hex(request.signing_key))
        if request.kem_key is not None:
            check_kem_key(from_hex(request.kem_key))
    except OSError as error:
        raise FileUnusable(
            str(path), f"cannot be read ({error.strerror})", todo="Name a request's file"
        ) from error
    except (WireError, UnusableKey) as error:
        raise FileUnusable(
            str(path),
            f"is no request for a certificate ({error})",
            todo="Ask the subject for what `blo agent init` printed",
        ) from None
    return request


def read_document(path: Path) -> SignedDocument:
    """Reads a signed document.

    Raises:
        FileUnusable: It can't be read, or is none.
    """
    try:
        return read_signed(path.read_bytes())
    except OSError as error:
        raise FileUnusable(
            str(path), f"cannot be read ({error.strerror})", todo="Name a document's file"
        ) from error
    except TrustError as error:
        todo = f"{error.todo[:1].upper()}{error.todo[1:]}"
        raise FileUnusable(str(path), error.problem, todo=todo) from error


def document_files(folder: Path) -> list[Path]:
    """The documents' files in a folder, sorted.

    Raises:
        FileUnusable: There are none.
    """
    found = sorted(path for path in folder.glob(f"*{SUFFIX}") if path.is_file())
    if not found:
        raise FileUnusable(
            str(folder), f"there are no {SUFFIX} files in it", todo="Name the documents' folder"
        )
    return found


def write_new(path: Path, data: bytes, *, private: bool = False) -> None:
    """Writes a file that must not be there yet; a private one for its owner alone.

    Raises:
        FileUnusable: It is there.
        CannotWrite: It can't be made.
    """
    mode = _PRIVATE if private else _PUBLIC
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError:
        raise FileUnusable(
            str(path),
            "is there already and was not touched",
            todo="Name another file, or move that one away",
        ) from None
    except OSError as error:
        raise CannotWrite(path, error) from error


def replace(path: Path, signed: SignedDocument) -> None:
    """Writes a document in place of the one that is there, whole or not at all.

    Raises:
        CannotWrite: It can't be written.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    write_new(beside, SIGNED_DOCUMENT.encode(signed))
    try:
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise CannotWrite(path, error) from error


def read_keys(paths: Iterable[Path]) -> list[SigningKey]:
    """Reads the signing keys of key files.

    Raises:
        FileUnusable: One can't be read, can be read by others, or holds no key.
    """
    return [_read_key(path) for path in paths]


def _read_key(path: Path) -> SigningKey:
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            text = file.read(1024)
    except OSError as error:
        raise FileUnusable(
            str(path), f"cannot be read ({error.strerror})", todo="Name a key file"
        ) from error
    if mode & _OTHERS:
        raise FileUnusable(
            str(path),
            f"holds a private key and can be read by others (mode {mode:04o})",
            todo=f"Run: chmod 600 {path}",
        )
    try:
        data = from_hex(text.decode("ascii").strip())
        return SigningKey(data) if len(data) == SEED_SIZE else NodeKeys.from_bytes(data).signing
    except (UnicodeDecodeError, WireError, UnusableKey):
        raise FileUnusable(
            str(path),
            "holds no key",
            todo="Name a file that `blo trust key new` made",
        ) from None
