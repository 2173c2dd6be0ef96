"""Who a processor is: its private keys, and the certificate that names them.

A processor keeps no state, so it has no store; its keys lie in a file of mode 0600, one line of
hexadecimal digits for each pair of keys (``NodeKeys.to_bytes``), the newest last. Older ones stay,
because grants are sealed to them.
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from blo_domain.trust import TrustedDirectory
from blo_runtime.errors import ConfigurationError
from blo_schemas.ids import CertificateTag, OfficeId
from blo_schemas.trust import Role
from blo_sealing.errors import UnusableKey
from blo_sealing.keys import NodeKeys
from blo_sealing.signatures import RandomBytes


class KeyFileError(ConfigurationError):
    """The key file is missing, damaged, there already, or readable by others."""


class NotCertified(ConfigurationError):
    """No valid certificate of role processor names a key of this processor."""


class CertificateRequest(msgspec.Struct, frozen=True):
    """What a country's root needs to certify a processor.

    Attributes:
        subject: The processor's id.
        signing_key: Its Ed25519 public key, 32 bytes.
        kem_key: Its hybrid public key, 1216 bytes.
    """

    subject: OfficeId
    signing_key: bytes
    kem_key: bytes


class Signer(msgspec.Struct, frozen=True):
    """The keys that a processor works with now.

    Attributes:
        subject: The processor's id.
        tag: Tag of the certificate that names the keys.
        keys: The private keys.
    """

    subject: OfficeId
    tag: CertificateTag
    keys: NodeKeys


class Identity:
    """A processor's private keys.

    Args:
        subject: Its id.
        keys: Its pairs of keys, the newest last.
    """

    def __init__(self, subject: OfficeId, keys: tuple[NodeKeys, ...]) -> None:
        self.subject = subject
        self._by_public = {one.signing.public: one for one in keys}

    def signer(self, directory: TrustedDirectory, now: int) -> Signer | None:
        """The newest certificate that is valid now and names a key that is held."""
        for certified in reversed(directory.certificates(self.subject)):
            keys = self._by_public.get(certified.certificate.signing_key)
            processor = certified.certificate.role is Role.PROCESSOR
            if keys is not None and processor and certified.valid_at(now):
                return Signer(self.subject, certified.tag, keys)
        return None

    def keys_of(self, directory: TrustedDirectory, tag: CertificateTag) -> NodeKeys | None:
        """The private keys of one of the processor's certificates, ended ones too."""
        for certified in directory.certificates(self.subject):
            if certified.tag == tag:
                return self._by_public.get(certified.certificate.signing_key)
        return None


def create_identity(path: Path, subject: OfficeId, random: RandomBytes) -> CertificateRequest:
    """Makes a processor's keys.

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
            "is there already, so this processor was set up before; nothing was changed",
            expected="no such file",
            todo="To set it up anew, move the old file to a safe place first.",
        ) from None
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(keys.to_bytes().hex() + "\n")
    return CertificateRequest(subject, keys.signing.public, keys.kem.public)


def load_identity(path: Path, subject: OfficeId) -> Identity:
    """Reads a processor's keys.

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
        keys = tuple(NodeKeys.from_bytes(bytes.fromhex(line)) for line in lines)
    except (ValueError, UnusableKey) as error:
        raise _unusable(path, "does not hold a processor's keys") from error
    if not keys:
        raise _unusable(path, "is empty")
    return Identity(subject, keys)


def _unusable(path: Path, problem: str) -> KeyFileError:
    return KeyFileError(
        path,
        "",
        problem,
        expected="the private keys that `blo processors init` made",
        todo="Run `blo processors init`, or bring back the file from its safe copy.",
    )


__all__ = [
    "CertificateRequest",
    "Identity",
    "KeyFileError",
    "NotCertified",
    "Signer",
    "create_identity",
    "load_identity",
]
