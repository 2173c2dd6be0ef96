"""The records of one link on which this program fails; after some attempts they are left out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from blo_log.port import ConsumedRecord, TopicPartition
from blo_processors.errors import StateError, TempTableFailed, Unprocessable
from blo_processors.link.fold_state import LinkFoldState
from blo_projection.errors import ParkingFailed, ProjectionError
from blo_runtime.logs import describe, get_logger
from blo_schemas.codec import MAX_RECORD_SIZE
from blo_schemas.event import LogRecord
from blo_schemas.ids import LinkId, OfficeId
from blo_schemas.outputs import MAX_ERROR_TEXT, OUTPUT_VERSION, DeadLetter

FEW: Final = 4
"""So few records are folded, and so few outputs are sealed, in the event loop itself, in a
millisecond or two: handing them to a thread would cost as much."""
_FEW_BYTES: Final = 65_536


class FailedRecords:
    """Counts the failures of a link's records.

    Args:
        link: The link.
        processor: The processor that dead letters name.
        attempts: After so many failures a record is left out of the next fold.

    Attributes:
        dead: The positions of the records that are left out, with their errors.
    """

    def __init__(self, link: LinkId, processor: OfficeId, attempts: int) -> None:
        self.dead: dict[int, str] = {}
        self._link = link
        self._processor = processor
        self._attempts = attempts
        self._failures: dict[int, int] = {}

    def note(self, failure: Unprocessable) -> None:
        """Count a record's failure."""
        position = failure.position
        self._failures[position] = self._failures.get(position, 0) + 1
        get_logger().error(
            "record not processed", link=self._link, position=position, error=failure.error
        )
        if self._failures[position] >= self._attempts:
            self.dead[position] = failure.error

    def letter(self, record: LogRecord, partition: TopicPartition) -> DeadLetter:
        """The dead letter of a record that is left out."""
        return DeadLetter(
            OUTPUT_VERSION,
            self._link,
            self._processor,
            partition.topic,
            partition.partition,
            record.position,
            record.log_time,
            record.value[:MAX_RECORD_SIZE],
            self.dead[record.position][:MAX_ERROR_TEXT],
            self._failures[record.position],
        )


def are_few(records: Sequence[ConsumedRecord], state: LinkFoldState) -> bool:
    """Whether records are folded in a millisecond or two.

    They are not when they are many or large, nor when the clocks of many cases run out up to them.
    """
    latest = max((record.timestamp for record in records), default=0)
    return (
        len(records) <= FEW
        and sum(len(record.value or b"") for record in records) <= _FEW_BYTES
        and state.escalation.changes_up_to(latest, FEW + 1) <= FEW
    )


def apply_records(state: LinkFoldState, records: Iterable[ConsumedRecord]) -> None:
    """Fold the next records.

    Raises:
        Unprocessable: The fold has failed on a record, whatever the error.
        TempTableFailed: The temporary file of closed cases can't be used.
        StateError: The state file can't be used.
        ParkingFailed: The temporary file of parked records can't be used.
        MemoryError: The memory has run out.
    """
    for record in records:
        try:
            state.apply(LogRecord(record.offset, record.timestamp, record.value or b""))
        except (TempTableFailed, StateError, ParkingFailed, MemoryError):
            raise
        except Exception as error:
            # No record may stop the partition, whatever error it causes.
            raise Unprocessable(record.offset, describe(error)) from error


def release_records(state: LinkFoldState, records: Iterable[ConsumedRecord]) -> None:
    """Fold records that were parked and are read again.

    Raises:
        RecordChanged: Other bytes were read there before.
        Unprocessable: As ``apply_records``; so are the other errors.
    """
    for record in records:
        try:
            state.release(record.offset, record.value or b"")
        except (TempTableFailed, StateError, ProjectionError, MemoryError):
            raise
        except Exception as error:
            raise Unprocessable(record.offset, describe(error)) from error
