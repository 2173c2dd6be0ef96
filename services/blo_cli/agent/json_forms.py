"""What ``blo agent`` prints as JSON; docs/cli.md is made from these classes.

A field is added, never renamed or given another meaning. Instants are Unix milliseconds.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec


class LinkVerification(msgspec.Struct, frozen=True):
    """A link that the running node has folded anew.

    Attributes:
        link: The link.
        records: How many records it has.
        verified: How many of their signatures were verified.
        equal: Whether the rebuilt views are equal to the live ones.
        live_digest: The digest of the live views.
        rebuilt_digest: The digest of the rebuilt views.
        rejected: How many records were rejected, by reason.
    """

    link: str
    records: int
    verified: int
    equal: bool
    live_digest: str
    rebuilt_digest: str
    rejected: Mapping[str, int]


class RestoredForm(msgspec.Struct, frozen=True):
    """A backup that took the place of a store.

    Attributes:
        store: The store's file.
        backup: The backup's file.
        digest: The digest of its rows.
        size: Its length in bytes.
        former: The folder with what lay there before; null: nothing did.
    """

    store: str
    backup: str
    digest: str
    size: int
    former: str | None


class LostCertificate(msgspec.Struct, frozen=True):
    """A certificate of a lost node that is to be revoked.

    Attributes:
        tag: Its tag.
        document: Its document id.
        ends: When it ends by itself.
    """

    tag: str
    document: str
    ends: int


class ReplacementForm(msgspec.Struct, frozen=True):
    """A new node in the place of a lost one.

    Attributes:
        request: The file with the request for its certificate.
        certificates: The certificates of the lost node that still count.
        links: For each link, the log size from which they are not to count.
    """

    request: str
    certificates: list[LostCertificate]
    links: Mapping[str, int]


class KeyForm(msgspec.Struct, frozen=True):
    """A key's file that was written anew.

    Attributes:
        file: The file.
        files: How many files are encrypted with its key: the store, or all backups.
    """

    file: str
    files: int
