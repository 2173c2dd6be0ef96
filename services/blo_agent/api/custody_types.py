"""Backups, certificates and keys in the office's API, as JSON; instants are RFC 3339."""

from __future__ import annotations

from datetime import datetime

import msgspec

from blo_agent.api.request_types import StrictRequest, Word
from blo_agent.custody.backups import BackupRecord
from blo_schemas.instants import local


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


def backup_answer(record: BackupRecord) -> BackupAnswer:
    """A backup as the API shows it."""
    return BackupAnswer(record.file, local(record.at), record.digest.hex(), record.size)
