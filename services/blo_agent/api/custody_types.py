"""Backups, certificates and keys in the office's API, as JSON; instants are RFC 3339."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

import msgspec

from blo_agent.api.request_types import StrictRequest, Word
from blo_agent.custody.backups import BackupRecord
from blo_agent.custody.certificates import OwnCertificate
from blo_agent.custody.regrant import Regrant
from blo_schemas.fields import Line
from blo_schemas.instants import local

MAX_CERTIFICATE: Final = 128 * 1024
SubjectName = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class BackupRequest(StrictRequest, frozen=True):
    """Asks for a backup now.

    Attributes:
        actor: As for a command.
    """

    actor: Word | None = None


class BackupAnswer(msgspec.Struct, frozen=True):
    """A backup that was written and verified.

    Attributes:
        file: Its name in the folder of the backups.
        at: When it was begun.
        digest: The digest of its rows.
        size: Its length in bytes.
    """

    file: str
    at: datetime
    digest: str
    size: int


class RenewalRequest(StrictRequest, frozen=True):
    """Asks for the request for the office's next certificate.

    Attributes:
        same_keys: Whether to certify the keys in use again, and make no new ones.
        actor: As for a command.
    """

    same_keys: bool = False
    actor: Word | None = None


class RenewalAnswer(msgspec.Struct, frozen=True):
    """What the country's root needs for the next certificate.

    Attributes:
        subject: The office.
        signing_key: An Ed25519 public key, in hexadecimal digits.
        kem_key: A KEM public key, in hexadecimal digits.
        begin_before: The next certificate must begin before this instant; null: at once, because
            the office has no valid one.
    """

    subject: str
    signing_key: str
    kem_key: str
    begin_before: datetime | None


class CertificateForm(StrictRequest, frozen=True):
    """A certificate that is to be checked before it is published.

    Attributes:
        document: The encoded signed document, in base64.
    """

    document: Annotated[bytes, msgspec.Meta(max_length=MAX_CERTIFICATE)]


class CertificateAnswer(msgspec.Struct, frozen=True):
    """A certificate of the office.

    Attributes:
        tag: Its tag.
        begins: Its first instant.
        ends: The first instant after it, or from which it is revoked.
        has_keys: Whether its private keys are in this node's store.
        is_used: Whether the office signs with it now.
    """

    tag: str
    begins: datetime
    ends: datetime
    has_keys: bool
    is_used: bool


class CertificatesAnswer(msgspec.Struct, frozen=True):
    """The office's certificates.

    Attributes:
        certificates: All of them, in the order they begin.
        covered_until: Until when the office may write without a gap; null: it may not now.
    """

    certificates: list[CertificateAnswer]
    covered_until: datetime | None


class RegrantRequest(StrictRequest, frozen=True):
    """Grants a link's keys again to one reader.

    Attributes:
        reader: Who gets them: an office, superior, observer or processor that the agreement names.
        reason: Why, for the journal.
        actor: As for a command.
    """

    reader: SubjectName
    reason: Line
    actor: Word | None = None


class RegrantAnswer(msgspec.Struct, frozen=True):
    """How far granting a link's keys again has come.

    Attributes:
        link: The link.
        reader: Who gets them.
        asked_at: When it was asked for.
        done: Whether all was granted, and waits at most for the line.
        contents: How many keys of cases were granted.
        summaries: How many summary keys were granted.
        missing: How many cases this office itself holds no key of.
    """

    link: str
    reader: str
    asked_at: datetime
    done: bool
    contents: int
    summaries: int
    missing: int


def backup_answer(record: BackupRecord) -> BackupAnswer:
    """A backup as the API shows it."""
    return BackupAnswer(record.file, local(record.at), record.digest.hex(), record.size)


def certificate_answer(own: OwnCertificate) -> CertificateAnswer:
    """A certificate as the API shows it."""
    return CertificateAnswer(
        own.tag.hex(), local(own.not_before), local(own.ends), own.has_keys, own.is_used
    )


def regrant_answer(row: Regrant) -> RegrantAnswer:
    """The granting of keys as the API shows it."""
    return RegrantAnswer(
        row.link,
        row.reader,
        local(row.asked_at),
        row.done,
        row.contents,
        row.summaries,
        row.missing,
    )
