"""All trust rules, pure: documents, pins and a time come in, decisions and errors go out.

``directory`` applies the rules; ``roots``, ``certificates``, ``agreements`` and ``terms`` hold
them, one file a layer; ``writers`` answers the question that is asked for every record.
"""

from blo_domain.trust.directory import TrustedDirectory, load_directory
from blo_domain.trust.entitlement import Entitlement, content_readers_ever
from blo_domain.trust.errors import TrustError, TrustRule
from blo_domain.trust.model import (
    Certified,
    CertifiedWriter,
    CheckKey,
    DocumentRefusal,
    Expiring,
    KeyRecipient,
    KeyRecipients,
    LinkMembership,
    LinkRole,
    Pins,
    Verify,
    read_signed,
    title,
)
from blo_domain.trust.reach import EVERYTHING, NOTHING, RecordTraces, TrustReach
from blo_domain.trust.writers import LinkTrustRules

__all__ = [
    "EVERYTHING",
    "NOTHING",
    "Certified",
    "CertifiedWriter",
    "CheckKey",
    "DocumentRefusal",
    "Entitlement",
    "Expiring",
    "KeyRecipient",
    "KeyRecipients",
    "LinkMembership",
    "LinkRole",
    "LinkTrustRules",
    "Pins",
    "RecordTraces",
    "TrustError",
    "TrustReach",
    "TrustRule",
    "TrustedDirectory",
    "Verify",
    "content_readers_ever",
    "load_directory",
    "read_signed",
    "title",
]
