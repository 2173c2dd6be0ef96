"""Incidents: unexpected errors, each under an id that joins an answer with the log file.

Only a failure of this machine's disk or memory, or a request to stop, ends a program. Every other
fault is contained where it arose and logged here (``docs/architecture.md``, "Failure").
"""

import errno
import secrets
from typing import Final

from blo_runtime.logs import get_logger

_INCIDENT_BYTES: Final = 5
_OWN_ERRNO: Final = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.ENOMEM, errno.EMFILE, errno.ENFILE}
)
"""The error numbers of a failed disk, and of exhausted space, memory or descriptors."""


def new_incident() -> str:
    """A new random id of ten hexadecimal digits."""
    return secrets.token_hex(_INCIDENT_BYTES)


def report_incident(
    what: str, error: BaseException, *, link: str = "", position: int | None = None, task: str = ""
) -> str:
    """Log an unexpected error with its trace.

    Args:
        what: The work that failed, in fixed words.
        error: The error.
        link: The link concerned, if there is one.
        position: The record concerned, if there is one.
        task: The part of the program concerned, if there is one.

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
