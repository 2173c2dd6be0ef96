"""What ``blo doctor`` finds: a closed list of checks, so that scripts can go by their ids."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from blo_cli.doctor.json_forms import DoctorForm


class DoctorCheck(StrEnum):
    """The ids of the checks; one is added, never renamed."""

    CONFIGURATION = "configuration"
    PROGRAM = "program"
    TLS = "tls"
    KAFKA = "kafka"
    CLOCK = "clock"
    TOPICS = "topics"
    RIGHTS = "rights"
    DIRECTORY = "directory"
    CERTIFICATE = "certificate"
    PEERS = "peers"
    DISK = "disk"
    STORE = "store"
    BACKUP = "backup"


class DoctorFinding(msgspec.Struct, frozen=True):
    """What a check found.

    Attributes:
        check: Which check.
        ok: Whether it is as it should be.
        words: What was seen.
        command: What to run next; empty if nothing is wrong.
    """

    check: DoctorCheck
    ok: bool
    words: str
    command: str = ""

    def form(self) -> DoctorForm:
        """It, as ``--json`` prints it."""
        return DoctorForm(self.check.value, self.ok, self.words, self.command)


def good(check: DoctorCheck, words: str) -> DoctorFinding:
    """A check that found nothing wrong."""
    return DoctorFinding(check, ok=True, words=words)


def bad(check: DoctorCheck, words: str, command: str) -> DoctorFinding:
    """A check that found something wrong, and the command that comes next."""
    return DoctorFinding(check, ok=False, words=words, command=command)
