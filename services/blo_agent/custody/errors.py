"""Refusals of what is asked of the node's keys and disks."""

from __future__ import annotations

from enum import StrEnum

from blo_agent.store.errors import ActionRefused


class CustodyRefusal(StrEnum):
    """Why something is not done with keys or backups."""

    BACKUP_REFUSED = "backup_refused"


class CustodyRefused(ActionRefused):
    """Something asked of the node's keys or disks was refused."""

    reasons = (CustodyRefusal,)
