"""The identity of a program without a store: its private keys and their certificate.

Stream processors, witnesses and auditors are such programs; an office keeps its keys in its store.
"""

from __future__ import annotations

import msgspec

from blo_domain.trust import TrustedDirectory
from blo_schemas.ids import CertificateTag, OfficeId
from blo_schemas.trust import Role
from blo_sealing.keys import NodeKeys
from blo_sealing.signatures import SigningKey


class CertificateRequest(msgspec.Struct, frozen=True):
    """What a country's root needs to certify a program.

    Attributes:
        subject: The program's id.
        signing_key: Its Ed25519 public key, 32 bytes.
        kem_key: Its hybrid public key, 1216 bytes.
    """

    subject: OfficeId
    signing_key: bytes
    kem_key: bytes


class Signer(msgspec.Struct, frozen=True):
    """The keys that a program works with now.

    Attributes:
        subject: The program's id.
        tag: Tag of the certificate that names the keys.
        keys: The private keys.
    """

    subject: OfficeId
    tag: CertificateTag
    keys: NodeKeys


class ProgramIdentity:
    """A program's private keys.

    Args:
        subject: Its id.
        keys: Its pairs of keys, the newest last.
        role: What its certificate must say that it is.
    """

    def __init__(
        self, subject: OfficeId, keys: tuple[NodeKeys, ...], role: Role = Role.PROCESSOR
    ) -> None:
        self.subject = subject
        self.role = role
        self._by_public = {pair.signing.public: pair for pair in keys}

    @property
    def signing_keys(self) -> tuple[SigningKey, ...]:
        """The private signing keys, the newest last."""
        return tuple(pair.signing for pair in self._by_public.values())

    @property
    def request(self) -> CertificateRequest:
        """The request for a certificate of the newest keys."""
        newest = list(self._by_public.values())[-1]
        return CertificateRequest(self.subject, newest.signing.public, newest.kem.public)

    @property
    def pairs(self) -> tuple[NodeKeys, ...]:
        """All pairs of keys, the newest first."""
        return tuple(reversed(self._by_public.values()))

    def signer(self, directory: TrustedDirectory, now: int) -> Signer | None:
        """The newest certificate that is valid now and names one of the program's keys."""
        for certified in reversed(directory.certificates(self.subject)):
            keys = self._by_public.get(certified.certificate.signing_key)
            fits = certified.certificate.role is self.role
            if keys is not None and fits and certified.valid_at(now):
                return Signer(self.subject, certified.tag, keys)
        return None

    def keys_of(self, directory: TrustedDirectory, tag: CertificateTag) -> NodeKeys | None:
        """The private keys of one of the program's certificates, ended ones too."""
        for certified in directory.certificates(self.subject):
            if certified.tag == tag:
                return self._by_public.get(certified.certificate.signing_key)
        return None
