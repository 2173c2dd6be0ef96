"""What an auditor stated earlier of one link, loaded again, and compared with the log at its seam."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from blo_audit.replay.clocks import TIME_SIZE, instant, time_at
from blo_audit.replay.earlier_words import EarlierReading
from blo_audit.replay.leaves import LeafColumn
from blo_audit.replay.seam import (
    BLOCKS,
    LEAVES,
    TIMES,
    LinkSeam,
    ReadStretch,
    StatedLink,
)
from blo_audit.replay.sources import RecordSource, SourcePartition, read_span
from blo_audit.replay.state_file import EarlierStatement
from blo_audit.spill_files import SpillFolder
from blo_domain.trust import LinkTrustRules
from blo_log.errors import LogTruncated
from blo_projection.chain_snapshot import CHAIN_SNAPSHOT
from blo_schemas.event import LogRecord
from blo_schemas.hashes import leaf_hash
from blo_schemas.ids import CertificateTag, DocumentId

OVERLAP: Final = 256
"""So many records before a seam are read again, and the first record of the log."""


class EarlierLink:
    """The state of a link at the end of an earlier replay.

    Args:
        statement: The statement; its signature was checked.
        state: The link in it.
        spill: Makes the buffers in which the columns go on.

    Attributes:
        state: As above.
        seam: The state that does not grow with the log.
        columns: What grows with the log, by name; the audit goes on in these buffers.
        leaves: The columns of leaf hashes.
        reread: How many of these records were read again and are the same.
        made_at: When the auditor stated it, by its clock, Unix milliseconds.

    Raises:
        StatementRefused: A part is damaged or missing.
    """

    def __init__(self, statement: EarlierStatement, state: StatedLink, spill: SpillFolder) -> None:
        self.state = state
        self._statement = statement
        self.made_at = statement.state.made_at
        self._digest = statement.digest
        self.seam: LinkSeam = statement.seam(state)

        self.columns = statement.columns(state, spill)
        self.leaves = LeafColumn(self.columns[LEAVES], self.columns[BLOCKS])
        self.reread = 0
        if len(self.leaves) != state.size or len(self.columns[TIMES]) != state.size * TIME_SIZE:
            raise statement.refused(f"its columns of {state.link} do not fit its size")

    @property
    def size(self) -> int:
        """How many records were read then."""
        return self.state.size

    @property
    def stretches(self) -> tuple[ReadStretch, ...]:
        """How they were read."""
        return self.seam.stretches

    @property
    def reading(self) -> EarlierReading:
        """What rests on the earlier statement, for the new one."""
        return EarlierReading(
            size=self.size,
            reread=self.reread,
            made_at=self.made_at,
            statement=self._digest.hex(),
            stretches=self.stretches,
        )

    @classmethod
    def of(
        cls, statement: EarlierStatement, place: SourcePartition, spill: SpillFolder
    ) -> EarlierLink | None:
        """What a statement says of a link; ``None``: nothing, or of another place.

        Raises:
            StatementRefused: A part is damaged or missing.
        """
        state = statement.link(place.link)
        if state is None or (state.corridor, state.partition) != (place.corridor, place.partition):
            return None
        return cls(statement, state, spill)

    def problem(self, begins: int, then: LinkTrustRules, now: LinkTrustRules) -> str | None:
        """In words why no replay can go on from here, as far as no record shows it.

        Args:
            begins: Position of the first record that there is to read.
            then: See ``is_spared``.
            now: See ``is_spared``.
        """
        if begins > self.size:
            return f"it ends before record {self.size:,}, and what follows begins at {begins:,}"
        if not self.is_spared(then, now):
            return "trust documents of today say something else of the records before its end"
        return None

    def behind(self, records: Sequence[LogRecord]) -> Sequence[LogRecord]:
        """The records behind the seam; those before it are compared.

        Raises:
            StatementRefused: A record before it is not the one of then.
        """
        before = [record for record in records if record.position < self.size]
        if before:
            first = before[0].position
            problem = self._compare(before, first, first + len(before))
            if problem is not None:
                raise self._statement.refused(problem)
        return records[len(before) :]

    def is_spared(self, then: LinkTrustRules, now: LinkTrustRules) -> bool:
        """Whether the trust documents of today judge all of these records as those of then did.

        Args:
            then: What the documents say that counted at the earlier replay, as far as they are
                there.
            now: What they say today.
        """
        if then.digest != self.seam.trust:
            return False
        traces = CHAIN_SNAPSHOT.decode(self.seam.chain).traces.traces()
        # An audit names the subject of a certificate that was never one of a party.
        named = any(_id(then, tag) != _id(now, tag) for tag in traces.unknown)
        return not named and traces.spared(then.reach(now), self.size, traces.latest)

    async def differs(self, source: RecordSource, place: SourcePartition) -> str | None:
        """Read the first record and those before the seam again.

        Returns:
            In words what is no longer as it was; ``None``: they are the same, or the source
            begins behind them.

        Raises:
            LogError: They could not be read.
        """
        begins = source.begins(place)
        spans = ((0, min(1, self.size)), (max(1, self.size - OVERLAP), self.size))
        for first, end in spans:
            if first < begins or first >= end:
                continue
            try:
                records = await read_span(source, place, first, end - first)
            except LogTruncated as error:
                return str(error)
            problem = self._compare(records, first, end)
            if problem is not None:
                return problem
        return None

    def _compare(self, records: Sequence[LogRecord], position: int, end: int) -> str | None:
        for record in records:
            if record.position != position:
                return f"after record {position - 1} comes record {record.position}"
            if leaf_hash(record.value) != self.leaves.leaf(position):
                return f"record {position} has other bytes than then"
            then = time_at(self.columns[TIMES], position)
            if record.log_time != then:
                return (
                    f"record {position} came at {instant(then)} then, and at "
                    f"{instant(record.log_time)} now"
                )
            position += 1
            self.reread += 1
        if position < end:
            return f"{self.size} records were there, and now there are {position}"
        return None


def union(before: Sequence[bytes], now: Sequence[bytes]) -> tuple[bytes, ...]:
    """The values of the earlier replay, and then those that are new.

    A value that was published once more is new, as often as the source has it more often.
    """
    known = Counter(before)
    fresh = []
    for value in now:
        if known[value]:
            known[value] -= 1
        else:
            fresh.append(value)
    return (*before, *fresh)


def _id(trust: LinkTrustRules, tag: CertificateTag) -> DocumentId | None:
    certified = trust.certified(tag)
    return None if certified is None else certified.id
