"""All trust rules, pure: documents, pins and a time come in, decisions and errors go out.

``directory`` applies the rules; ``roots``, ``certificates``, ``agreements`` and ``terms`` hold
them, one file a layer; ``writers`` answers the question that is asked for every record.
"""

from blo_domain.trust.directory import TrustedDirectory, load_directory
from blo_domain.trust.errors import TrustError
from blo_domain.trust.model import (
    Certified,
    CheckKey,
    Expiring,
    Membership,
    Part,
    Pins,
    Reader,
    Readers,
    Refusal,
    Verify,
    Writer,
    read_signed,
    title,
)
from blo_domain.trust.writers import LinkTrust

__all__ = [
    "Certified",
    "CheckKey",
    "Expiring",
    "LinkTrust",
    "Membership",
    "Part",
    "Pins",
    "Reader",
    "Readers",
    "Refusal",
    "TrustError",
    "TrustedDirectory",
    "Verify",
    "Writer",
    "load_directory",
    "read_signed",
    "title",
]
