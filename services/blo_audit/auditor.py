"""The auditor as a signer: its key file signs what it states (docs/audit.md).

The keys are those of ``blo audit init``. The newest one signs; each of them counts when the auditor
reads what it signed before. Others need a certificate that names the key.
"""

from __future__ import annotations

from blo_audit.config import AuditorSettings
from blo_runtime.keyfiles import load_identity
from blo_schemas.audits import AuditDocument, AuditSignature, audit_input
from blo_schemas.ids import OfficeId
from blo_schemas.trust import Role
from blo_sealing.identity import ProgramIdentity
from blo_sealing.signatures import verify_signature


class Auditor:
    """Signs an auditor's statements, and recognises its own.

    Args:
        identity: The auditor's keys.
    """

    def __init__(self, identity: ProgramIdentity) -> None:
        self._subject = identity.subject
        self._keys = identity.signing_keys

    @property
    def subject(self) -> OfficeId:
        """The auditor's id."""
        return self._subject

    @property
    def public_key(self) -> bytes:
        """The public key of the newest key, which signs; 32 bytes."""
        return self._keys[-1].public

    def sign(self, document: AuditDocument, statement: bytes) -> AuditSignature:
        """Signs a statement with the newest key.

        Args:
            document: The kind of the statement.
            statement: Its bytes.
        """
        key = self._keys[-1]
        signature = key.sign(audit_input(document, self._subject, statement))
        return AuditSignature(self._subject, key.public, signature)

    def has_signed(
        self, document: AuditDocument, statement: bytes, signature: AuditSignature
    ) -> bool:
        """Whether one of the auditor's own keys has signed a statement."""
        own = signature.key in {key.public for key in self._keys}
        return (
            own
            and signature.auditor == self._subject
            and is_signed_by_key(document, statement, signature)
        )


def is_signed_by_key(document: AuditDocument, statement: bytes, signature: AuditSignature) -> bool:
    """Whether a signature is that of the key that it names; says nothing on whose key that is."""
    signed = audit_input(document, signature.auditor, statement)
    return verify_signature(signature.key, signed, signature.signature)


def identity_of(settings: AuditorSettings) -> ProgramIdentity | None:
    """The auditor's keys; ``None`` if the configuration names no key file.

    Raises:
        KeyFileError: The file is missing, damaged or readable by others.
    """
    if settings.keys is None:
        return None
    return load_identity(settings.keys, OfficeId(settings.auditor), Role.OBSERVER)


def auditor_of(settings: AuditorSettings) -> Auditor | None:
    """The auditor as a signer; arguments, result and errors as ``identity_of``."""
    identity = identity_of(settings)
    return None if identity is None else Auditor(identity)
