"""Refusals of what is asked of the node's keys and disks."""

from __future__ import annotations

from enum import StrEnum

from blo_agent.store.errors import ActionRefused


class CustodyRefusal(StrEnum):
    """Why something is not done with keys or backups."""

    BACKUP_REFUSED = "backup_refused"
    NO_CERTIFICATE = "no_certificate"
    CERTIFICATE_UNFIT = "certificate_unfit"
    NOT_A_READER = "not_a_reader"
    ONLY_READS = "only_reads"


class CustodyRefused(ActionRefused):
    """Something asked of the node's keys or disks was refused."""

    reasons = (CustodyRefusal,)
