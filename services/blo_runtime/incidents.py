"""Incidents: what went wrong unexpectedly, under an id that joins an answer with the log file.

Only the own disk's or memory's failure, and the request to stop, end a program; every other fault
is contained where it arose (``docs/architecture.md``, "Failure"). Whoever contains one logs it here.
"""

import errno
import secrets
from typing import Final

from blo_runtime.logs import get_logger

_INCIDENT_BYTES: Final = 5
_OWN_ERRNO: Final = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.ENOMEM, errno.EMFILE, errno.ENFILE}
)
"""What the operating system says when this machine's disk, memory or descriptors have run out."""


def new_incident() -> str:
    """A new id: ten hexadecimal digits, which tell nothing."""
    return secrets.token_hex(_INCIDENT_BYTES)


def report_incident(
    what: str, error: BaseException, *, link: str = "", position: int | None = None, task: str = ""
) -> str:
    """Log an unexpected error with its trace.

    Args:
        what: What was contained, in fixed words.
        error: The error.
        link: The link that it concerns, if one.
        position: The record that it concerns, if one.
        task: The part of the program that it concerns, if one.

    Returns:
        The incident's id.
    """
    incident = new_incident()
    get_logger().error(
        "incident",
        incident=incident,
        phase=what,
        link=link,
        position=position,
        task=task,
        exc_info=error,
    )
    return incident


def is_own_failure(error: BaseException) -> bool:
    """Whether an error says that this machine's memory or disk has failed."""
    if isinstance(error, MemoryError):
        return True
    return isinstance(error, OSError) and error.errno in _OWN_ERRNO
