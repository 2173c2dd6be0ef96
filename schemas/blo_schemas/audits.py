"""The signatures of an auditor under what it states itself (docs/wire-format.md §14)."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

from blo_schemas.codec import Codec
from blo_schemas.fields import Bytes32, Bytes64
from blo_schemas.ids import OfficeId, is_subject_id


class AuditDocument(StrEnum):
    """The kinds of statements that an auditor signs; each has a label of its own."""

    STATE = "audit-state"
    REPORT = "audit-report"


class AuditSignature(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """An auditor's signature under the bytes of one of its statements.

    Attributes:
        auditor: The auditor's id.
        key: Its Ed25519 public key. Whether the key is the auditor's is for the reader to know:
            from the auditor's own key file, or from a certificate.
        signature: Ed25519, 64 bytes.
    """

    auditor: OfficeId
    key: Bytes32
    signature: Bytes64

    def __post_init__(self) -> None:
        if not is_subject_id(self.auditor):
            raise ValueError("the auditor is no id")


AUDIT_SIGNATURE: Final = Codec(AuditSignature, limit=1024)


def audit_input(document: AuditDocument, auditor: OfficeId, statement: bytes) -> bytes:
    """The bytes that an auditor's signature is over.

    Args:
        document: The kind of the statement.
        auditor: Who signs.
        statement: The bytes of the statement.
    """
    return b"blo/" + document.encode() + b"/v1\0" + auditor.encode() + b"\0" + statement
