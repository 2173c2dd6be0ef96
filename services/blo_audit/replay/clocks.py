"""The comparison of a record's two clocks: the log's, and its writer's.

Log time is the broker's word, ``at`` is the office's. Neither is believed. What binds them: an event
cannot have arrived before it was signed, nor been signed before what its writer had already read
had arrived. Both within a tolerance, because clocks differ.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Final

from blo_audit.findings.codes import Code
from blo_audit.findings.findings import Findings
from blo_projection.link_chain import AdmittedRecord
from blo_projection.office_chain import AppendOnlyBytes
from blo_schemas.event import LogRecord
from blo_schemas.instants import local

TIME_SIZE: Final = 8
"""Bytes of one log time in a column."""


def instant(ms: int) -> str:
    """Unix milliseconds for people: ``2025-03-01 07:30:12 UTC``."""
    return f"{local(ms):%Y-%m-%d %H:%M:%S} UTC"


def time_at(times: AppendOnlyBytes, position: int) -> int:
    """The log time of a record in a column of them."""
    where = position * TIME_SIZE
    return array("q", bytes(times[where : where + TIME_SIZE]))[0]


class ClockCheck:
    """The log times of a link.

    Args:
        findings: Takes the findings.
        memory: Keeps the times; those of earlier records may be there already.
        tolerance_ms: How far two clocks may differ.
        late_ms: After how long between signing and arrival an event counts as late.

    Attributes:
        tolerance_ms: As above.
        first: Log time of the first record, Unix milliseconds.
    """

    def __init__(
        self, findings: Findings, memory: AppendOnlyBytes, *, tolerance_ms: int, late_ms: int
    ) -> None:
        self._findings = findings
        self._times = memory
        self._last = 0
        self._late = late_ms
        self.tolerance_ms = tolerance_ms
        self.first: int | None = None

    @property
    def last(self) -> int | None:
        """Log time of the last record, Unix milliseconds."""
        return None if self.first is None else self._last

    def take(self, records: Sequence[LogRecord]) -> None:
        """Keep the log times of the next records."""
        if not records:
            return
        times = [record.log_time for record in records]
        if self.first is None:
            self.first = self._last = times[0]
        if self._last > times[0] or times != sorted(times):
            self._find_backward(records)
        self._last = times[-1]
        self._times += array("q", times).tobytes()

    def resume(self, first: int | None, last: int) -> None:
        """Go on behind records whose log times the memory has.

        Args:
            first: Log time of the first record.
            last: Log time of the last record.
        """
        self.first, self._last = first, last

    def at(self, position: int) -> int:
        """The log time of a record that was noted."""
        return time_at(self._times, position)

    def event(self, admitted: AdmittedRecord) -> None:
        """Add a finding for an event whose two clocks differ by more than the tolerance."""
        header, office = admitted.header, admitted.office
        if header is None:
            return
        position, log_time = admitted.position, admitted.log_time
        signed = header.at
        if signed > log_time + self.tolerance_ms:
            words = f"signed {instant(signed)}, arrived {instant(log_time)} by the log's clock"
            self._findings.add(Code.SIGNED_AFTER_LOG_TIME, words, position=position, office=office)
            return
        seen = header.seen_size
        read = self.at(seen - 1) if 0 < seen <= position else signed
        if signed < read - self.tolerance_ms:
            words = (
                f"signed {instant(signed)}, and had read record {seen - 1}, which the log received "
                f"at {instant(read)}"
            )
            self._findings.add(Code.BACK_DATED, words, position=position, office=office)
        elif log_time - signed > self._late:
            words = f"signed {instant(signed)}, arrived {instant(log_time)}"
            self._findings.add(Code.LATE, words, position=position, office=office)

    def _find_backward(self, records: Sequence[LogRecord]) -> None:
        last = self._last
        for record in records:
            if record.log_time < last - self.tolerance_ms:
                words = f"{instant(record.log_time)} after {instant(last)}"
                self._findings.add(Code.LOG_TIME_GOES_BACK, words, position=record.position)
            last = record.log_time
