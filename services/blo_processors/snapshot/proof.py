"""What the log says of a stored state: it counts only as far as the log proves it.

The processor's own signed checkpoint of exactly this size must lie on the trail where the state
says, the records must still be those of its running hash, and each topic must still be the one
that was read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from blo_log import topics
from blo_log.errors import LogTruncated, LogUnavailable
from blo_log.port import ConsumedRecord, Log, TopicPartition
from blo_processors.errors import StateRefusal, StateRefused
from blo_processors.link.fold_state import LinkFoldState
from blo_processors.link.topic_places import TopicPlaces, record_mark
from blo_processors.outputs.encode import LinkPartition
from blo_projection.errors import OutputRefused
from blo_projection.outputs import OpenedOutput
from blo_schemas.errors import WireError
from blo_schemas.hashes import leaf_hash, log_hash
from blo_schemas.outputs import TRAIL_CHECKPOINT, OutputKind, TrailCheckpoint
from blo_schemas.processor_state import StateHead
from blo_sealing.errors import SealingError

_MOST_POLLS = 20


class StateProof:
    """Asks the log about a loaded state.

    Args:
        log: The log.
        place: The link.
        head: The state's first record.
        path: The state's file, for the error.
        open_output: Verifies and opens an output; raises ``WireError``, ``SealingError`` or
            ``OutputRefused``.
    """

    def __init__(
        self,
        log: Log,
        place: LinkPartition,
        head: StateHead,
        path: Path | None,
        open_output: Callable[[bytes], OpenedOutput],
    ) -> None:
        self._log = log
        self._head = head
        self._path = path
        self._open_output = open_output
        self._exchange = TopicPartition(topics.exchange_topic(place.corridor), place.partition)
        self._trail = TopicPartition(topics.trail_topic(place.corridor), place.partition)
        self._alerts = TopicPartition(topics.alerts_topic(place.corridor), place.partition)
        self._dead = TopicPartition(topics.dead_topic(place.corridor), place.partition)

    async def check(self, state: LinkFoldState) -> None:
        """Check a state whose rows were loaded.

        Raises:
            StateRefused: The log does not confirm it.
            LogError: The log can't be read.
        """
        head = self._head
        if (state.size, state.log_hash) != (head.size, head.log_hash):
            raise self._refused(StateRefusal.DAMAGED, "its parts are of different sizes")
        # Dead letters are kept for a limited time, so their topic may begin anywhere.
        marked = TopicPlaces(head.places, self._trail.partition).marked()
        marked.pop(self._dead, None)
        lasts = {partition: place.last or 0 for partition, place in marked.items()}
        last = await self._records({**lasts, self._exchange: head.size - 1})
        for partition, place in marked.items():
            stored = last[partition]
            if stored.offset == place.last and record_mark(stored) != place.mark:
                raise self._refused(StateRefusal.OUTPUTS, f"{partition.topic} has other records")
        self._check_record(state, last[self._exchange])
        firsts = {self._exchange: 0, **({self._alerts: 0} if self._alerts in marked else {})}
        found = await self._records({**firsts, self._trail: head.checkpoint})
        self._check_record(state, found[self._exchange])
        self._check_checkpoint(state, found[self._trail])
        # A trail that has lost its first records would not say so otherwise.
        await self._records({self._trail: 0})

    def _check_record(self, state: LinkFoldState, stored: ConsumedRecord) -> None:
        position = stored.offset
        before, after = (state.fold.chain.hash_at(size) for size in (position, position + 1))
        same = log_hash(before, leaf_hash(stored.value or b"")) == after
        if not same or state.log_times[position] != stored.timestamp:
            raise self._refused(StateRefusal.LOG, f"record {position} is another one")

    def _check_checkpoint(self, state: LinkFoldState, stored: ConsumedRecord) -> None:
        head = self._head
        try:
            opened = self._open_output(stored.value or b"")
            checkpoint = TRAIL_CHECKPOINT.decode(opened.body)
        except (WireError, SealingError, OutputRefused) as error:
            raise self._refused(StateRefusal.CHECKPOINT, f"its checkpoint: {error}") from error
        output = opened.output
        root = state.fold.chain.tree_root()
        expected = TrailCheckpoint(head.size, head.log_hash, root, state.admissions)
        if (
            stored.offset != head.checkpoint
            or output.kind is not OutputKind.CHECKPOINT
            or output.processor != head.processor
            or output.position != head.size
            or checkpoint != expected
        ):
            detail = "the trail does not have the processor's checkpoint of it"
            raise self._refused(StateRefusal.CHECKPOINT, detail)

    async def _records(
        self, offsets: Mapping[TopicPartition, int]
    ) -> dict[TopicPartition, ConsumedRecord]:
        """The record at each offset; of a compacted topic the next one that is there."""
        found: dict[TopicPartition, ConsumedRecord] = {}
        for _ in range(_MOST_POLLS):
            left = {part: offset for part, offset in offsets.items() if part not in found}
            if not left:
                return found
            reader = await self._log.reader(left)
            try:
                for partition, end in (await reader.high_watermarks()).items():
                    if end <= left[partition]:
                        raise self._refused(
                            StateRefusal.LOG,
                            f"{partition.topic} ends before {end}, and was read to"
                            f" {left[partition] + 1}",
                        )
                for partition, records in (await reader.poll()).items():
                    found[partition] = records[0]
            except LogTruncated as error:
                raise self._refused(StateRefusal.LOG, str(error)) from error
            finally:
                await reader.close()
        raise LogUnavailable(f"records of {', '.join(part.topic for part in left)} do not come")

    def _refused(self, reason: StateRefusal, detail: str) -> StateRefused:
        return StateRefused(self._path, reason, detail)
