"""Contains an unexpected error in a part of a job, so that the rest of the job goes on.

``docs/architecture.md``, "Failure", says what happens at each place.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from blo_agent.office.batch import BatchResult
from blo_agent.store.connection import Transaction, is_store_failure
from blo_runtime.incidents import report_incident

T = TypeVar("T")


def attempt(
    what: str,
    tx: Transaction,
    result: BatchResult,
    work: Callable[[BatchResult], object],
    *,
    mend: Callable[[], object],
    link: str = "",
    position: int | None = None,
    is_quiet: bool = False,
) -> str | None:
    """Do a part of a job; if it fails, take back what it has written and go on.

    Args:
        what: What the part is, in fixed words.
        tx: The transaction of the job.
        result: Gets what the part has changed, when it has succeeded.
        work: The part; is given a ``BatchResult`` of its own.
        mend: Puts back from the disk what the part may have changed in memory.
        link: The link that it is about, if one.
        position: The record that it is about, if one.
        is_quiet: Whether the failure is not told, because smaller parts are tried next.

    Returns:
        The incident's id if it has failed; ``None`` if it has not.
    """
    own = BatchResult()
    try:
        with tx.part():
            work(own)
    except Exception as error:
        if is_store_failure(error):
            raise
        incident = report_incident(what, error, link=link, position=position)
        mend()
        if not is_quiet:
            result.contained.append((what, link))
            place = f" on {link}" if link else ""
            result.alarms.append(f"a fault in {what}{place} was contained, incident {incident}")
        return incident
    result.add(own)
    return None


def attempt_each(
    what: str,
    tx: Transaction,
    result: BatchResult,
    items: Sequence[T],
    work: Callable[[list[T], BatchResult], object],
    *,
    mend: Callable[[], object],
) -> None:
    """Do something with all items together; if that fails, with each, passing over what fails."""
    if not items:
        return
    whole = attempt(
        what, tx, result, lambda own: work(list(items), own), mend=mend, is_quiet=len(items) > 1
    )
    if whole is None:
        return
    if len(items) == 1:
        result.ignored += 1
        return
    for item in items:
        if attempt(what, tx, result, lambda own, item=item: work([item], own), mend=mend):  # type: ignore[misc]
            result.ignored += 1
