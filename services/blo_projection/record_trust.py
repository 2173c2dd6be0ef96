"""What a chain asks of the trust documents; ``blo_domain.trust`` answers."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from blo_schemas.ids import CertificateTag, LinkId, OfficeId
from blo_schemas.verdicts import Reason


class RecordWriter(Protocol):
    """Whom a certificate tag names on one link at one position."""

    @property
    def office(self) -> OfficeId:
        """The certificate's subject."""

    @property
    def signing_key(self) -> bytes:
        """Its Ed25519 public key."""


class RecordTrust(Protocol):
    """What the trust documents say about one link; ``blo_domain.trust`` answers."""

    def writer(self, kid: CertificateTag, position: int, log_time: int) -> RecordWriter | Reason:
        """Who may have written a record, or why nobody may have.

        Args:
            kid: The certificate tag in the header.
            position: The record's position.
            log_time: The record's log time, Unix milliseconds.
        """

    def other_links(self, office: OfficeId) -> Collection[LinkId]:
        """The links besides this one on which the office writes."""
