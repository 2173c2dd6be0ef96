"""Trust documents and keys as files.

A document is a ``.blo`` file with the canonical bytes of its ``SignedDocument``. A key file holds
hexadecimal digits: a root key its 32-byte seed, an identity its 129 bytes of node keys. The public
part of an identity is a request for a certificate, in JSON.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Final, Protocol

import msgspec

from blo_agent.store.keyfile import load_store_key
from blo_cli import terminal
from blo_cli.errors import FileUnusable
from blo_cli.file_access import read_input, reads, write_output
from blo_domain.trust import TrustError, read_signed
from blo_runtime.files import SMALL, read_with_mode
from blo_runtime.secret_inputs import ask_at_terminal
from blo_schemas.errors import WireError
from blo_schemas.ids import OfficeId
from blo_schemas.texts import from_hex, from_json
from blo_schemas.trust import (
    KEM_KEY_SIZE,
    SIGNED_DOCUMENT,
    Agreement,
    Certificate,
    Document,
    OfficeEntry,
    Revocation,
    Root,
    SignedDocument,
)
from blo_sealing.errors import UnusableKey
from blo_sealing.kem import check_kem_key
from blo_sealing.keys import NodeKeys
from blo_sealing.signatures import SEED_SIZE, SigningKey, check_signing_key

SUFFIX: Final = ".blo"
_NO_NAME: Final = re.compile(r"[^a-z0-9~-]", re.ASCII)
_LONGEST_NAME: Final = 64
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


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


class MadeKeys(Protocol):
    """The public keys that a program or an office asks to have certified."""

    @property
    def subject(self) -> OfficeId:
        """Who asks."""

    @property
    def signing_key(self) -> bytes:
        """An Ed25519 public key."""

    @property
    def kem_key(self) -> bytes:
        """A KEM public key."""


def give_request(made: MadeKeys, output: Path | None, *, replace: bool = False) -> None:
    """Writes a request for a certificate to a file, or prints it.

    Args:
        made: Whose keys.
        output: The file; ``None``: standard output.
        replace: Whether it takes the place of a file that is there.

    Raises:
        FileUnusable: A file is there already.
        CannotWrite: It can't be made.
    """
    request = RequestFile(made.subject, made.signing_key.hex(), made.kem_key.hex())
    if output is None:
        terminal.json(request)
    else:
        write_output(output, request.to_json(), replace=replace)


def read_request(path: Path) -> RequestFile:
    """Reads a request for a certificate.

    Raises:
        FileUnusable: It can't be read, is none, or names keys that must not be certified.
    """
    data = read_input(path, "Name a request's file", SMALL)
    try:
        request = from_json(data, RequestFile)
        check_signing_key(from_hex(request.signing_key))
        if request.kem_key is not None:
            check_kem_key(from_hex(request.kem_key))
    except (WireError, UnusableKey) as error:
        raise FileUnusable(
            str(path),
            f"is no request for a certificate ({error})",
            todo="Ask the subject for what `blo agent init` printed",
        ) from None
    return request


def request_digest(request: RequestFile) -> bytes:
    """What stands for a request when its fingerprint is compared: 32 bytes over its fields."""
    return sha256(msgspec.json.encode(request, order="sorted")).digest()


def read_document(path: Path) -> SignedDocument:
    """Reads a signed document.

    Raises:
        FileUnusable: It can't be read, or is none.
    """
    data = read_input(path, "Name a document's file", SMALL)
    try:
        return read_signed(data)
    except TrustError as error:
        todo = f"{error.todo[:1].upper()}{error.todo[1:]}"
        raise FileUnusable(str(path), error.problem, todo=todo) from error


def file_stem(document: Document) -> str:
    """What a document's file is called: of whom it is, and what it is.

    The names in a document are anybody's words until it counts; so only letters, digits, dashes
    and tildes of them are taken, 64 at most.
    """
    name: str
    match document:
        case Root():
            name, kind = document.country, "root"
        case Certificate():
            name, kind = document.subject, "certificate"
        case OfficeEntry():
            name, kind = document.office, "office"
        case Agreement():
            name, kind = document.link, "agreement"
        case Revocation():
            name, kind = document.country, "revocation"
    return f"{_NO_NAME.sub('_', name)[:_LONGEST_NAME]}-{kind}"


def document_files(folder: Path) -> list[Path]:
    """The documents' files in a folder, sorted.

    Raises:
        FileUnusable: There are none.
    """
    paths = sorted(path for path in folder.glob(f"*{SUFFIX}") if path.is_file())
    if not paths:
        raise FileUnusable(
            str(folder), f"there are no {SUFFIX} files in it", todo="Name the documents' folder"
        )
    return paths


def replace(path: Path, signed: SignedDocument) -> None:
    """Writes a document in place of the one that is there, whole or not at all.

    Raises:
        CannotWrite: It can't be written.
    """
    write_output(path, SIGNED_DOCUMENT.encode(signed), replace=True)


def read_keys(paths: Iterable[Path]) -> list[SigningKey]:
    """Reads the signing keys of key files.

    Raises:
        FileUnusable: One can't be read, can be read by others, or holds no key.
    """
    return [_read_key(path) for path in paths]


def _read_key(path: Path) -> SigningKey:
    with reads(path, "Name a key file"):
        text, mode = read_with_mode(path, SMALL)
    if mode & _OTHERS:
        raise FileUnusable(
            str(path),
            f"holds a private key and can be read by others (mode {mode:04o})",
            todo=f"Run: chmod 600 {path}",
        )
    if text.lstrip().startswith(b"{"):
        # A root's key, wrapped under a passphrase by `blo country init`.
        return SigningKey(load_store_key(path, _ask))
    try:
        data = from_hex(text.decode("ascii").strip())
        return SigningKey(data) if len(data) == SEED_SIZE else NodeKeys.from_bytes(data).signing
    except (UnicodeDecodeError, WireError, UnusableKey):
        raise FileUnusable(
            str(path),
            "holds no key",
            todo="Name a file that `blo trust key new` made",
        ) from None


def _ask(path: Path) -> str:
    return ask_at_terminal(f"Passphrase of {path}: ")
