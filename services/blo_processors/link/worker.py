"""One link's worker: keeps the outputs on Kafka equal to the fold of the link's log (docs/architecture.md, "What each hop promises").

Correctness depends on the log alone. On assignment the worker goes on from its stored state if the
log proves it, and folds the link from its first record otherwise; it compares the output topics
with the fold, and writes the missing outputs. After that it applies records as they come. It keeps
its own position: records below it are skipped, and missing records above it are read from the log. The position moves when the outputs are acknowledged.

While Kafka is away the worker waits at any point and goes on with the same bytes. Folding, sealing
and signing run in a thread, so the event loop goes on. One task at a time uses the state.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from blo_log.port import ConsumedRecord, ProducerRecord, TopicPartition
from blo_processors.context import WorkerContext
from blo_processors.errors import (
    StateError,
    StateRefusal,
    StateRefused,
    Unprocessable,
    WorkerBroken,
)
from blo_processors.link.due_times import DueTimes
from blo_processors.link.exchange_records import ExchangeRecords, consecutive_runs
from blo_processors.link.failed_records import (
    FEW,
    FailedRecords,
    apply_records,
    are_few,
    release_records,
)
from blo_processors.link.fold_state import LinkFoldState, terms_of_link
from blo_processors.link.link_assembly import LinkAssembly
from blo_processors.link.link_metrics import LinkMetrics
from blo_processors.link.link_parts import LinkParts
from blo_processors.outputs.encode import LinkPartition
from blo_processors.outputs.published import PublishedOutputs
from blo_processors.outputs.writer import OutputWriter
from blo_processors.snapshot.link_snapshot import LinkSnapshot, StoredState
from blo_runtime.logs import get_logger
from blo_schemas.ids import Digest

_RELEASED_AT_ONCE: Final = 16
"""The number of parked records that are read again at a time, of 256 KiB at most each."""


class LinkWorker:
    """Derives the outputs of one link.

    Args:
        place: The link.
        context: Its services.

    Attributes:
        place: The link.
        position: Records up to here have all their outputs on Kafka.
        progress_at: The time of the last progress, by the monotonic clock.
    """

    _parts: LinkParts
    _writer: OutputWriter
    _trust_digest: Digest

    def __init__(self, place: LinkPartition, context: WorkerContext) -> None:
        self.place = place
        self.position = 0
        self._context = context
        self._turn = asyncio.Lock()
        self._exchange = ExchangeRecords(place, context)
        self._failed = FailedRecords(place.link, context.identity.subject, context.options.attempts)
        self._metrics = LinkMetrics(context.metrics, place.link)
        self._broken = False
        self.progress_at = context.clock.monotonic()
        self._due = DueTimes(context, self._exchange.partition)
        self._size_at_tick = 0
        self._snapshot = LinkSnapshot(place, context)
        self._assembly = LinkAssembly(place, context, self._snapshot)
        self._opened: LinkParts | None = None

    @property
    def state(self) -> LinkFoldState:
        """The fold."""
        return self._parts.state

    async def start(self) -> None:
        """Fold what is new of the link and write the missing outputs; called once, on assignment.

        Raises:
            NoProcessorIdentity: No valid certificate names a key of this processor.
            LogError: The log could not be read, or an output could not be written.
        """
        async with self._turn:
            await self._rebuild()

    async def take(self, records: Sequence[ConsumedRecord]) -> None:
        """Apply records of the stream; returns when their outputs are acknowledged.

        Raises:
            LogError: An output could not be written, or records are missing; the worker must end.
            WorkerBroken: An earlier call has failed so.
        """
        async with self._turn:
            if self._broken:
                raise WorkerBroken(self.place.link)
            options = self._context.options
            try:
                for start in range(0, len(records), options.batch):
                    await self._take(records[start : start + options.batch])
            except StateError as error:
                await self._rebuild(error)

    async def tick(self) -> None:
        """Do what is due by the clock: grants, trust documents, checkpoints, comparing outputs.

        Raises:
            LogError: As for ``take``.
        """
        async with self._turn:
            directory = self._context.feed.directory
            if self._trust_digest != directory.digest_for_link(self.place.link):
                if self._broken or not self.state.take_trust(directory):
                    get_logger().warning("trust documents have changed", link=self.place.link)
                    await self._rebuild()
                    return
                self._trust_digest = self.state.fold.trust.digest
                await self._writer.grant()
            self._due.see_directory()
            if self._broken:
                raise WorkerBroken(self.place.link)
            try:
                await self._do_what_is_due()
            except StateError as error:
                await self._rebuild(error)

    async def _do_what_is_due(self) -> None:
        now = self._context.clock.now_ms()
        await self._parts.side.refresh()
        await self._catch_up()
        await self._settle_parked()
        if self.state.size >= self._parts.side.log_end:
            await asyncio.to_thread(self._advance, now)
        if self._due.takes_checkpoint():
            self.state.checkpoint_if_moved()
        await self._flush()
        if self._parts.reconciler.held_back:
            await self._write(self._parts.reconciler.overdue())
        if self._due.audit_is_due(self._parts):
            await self._secure()

    def watched(self) -> list[TopicPartition]:
        """The partitions whose ends ``is_due`` asks about."""
        outputs = self._parts.published.partitions if self._due.audit_is_due(self._parts) else ()
        return [*self._parts.side.partitions, *outputs]

    def is_due(self, ends: Mapping[TopicPartition, int]) -> bool:
        """Whether ``tick`` has something to do. It is asked often, and most links rest.

        Args:
            ends: Where the watched partitions end. A partition that is left out makes the link
                due: the worker's own request says what is wrong with it.
        """
        return self._due.is_due(self._parts, ends)

    def dead(self) -> dict[int, str]:
        """The positions of records that were left out, with their errors."""
        return dict(self._failed.dead)

    async def close(self) -> None:
        """Close the readers and the stored state."""
        opened, self._opened = self._opened, None
        if opened is not None:
            await opened.side.close()
        await self._snapshot.close()

    # Folding.

    async def _rebuild(self, failed: StateError | None = None) -> None:
        """Fold the link anew: what is behind its stored state, or all of it.

        Args:
            failed: Why the stored state must not be used; ``None``: it may be.
        """
        began = self._context.clock.monotonic()
        self._broken = True
        is_given_up = failed is not None
        if failed is not None:
            await self._snapshot.give_up(failed, is_last=False)
        while True:
            try:
                await self.close()
                stored = None if is_given_up else await self._snapshot.load()
                await self._fold(stored)
                break
            except Unprocessable as failure:
                self._failed.note(failure)
            except StateError as error:
                await self._snapshot.give_up(error, is_last=is_given_up)
                is_given_up = True
        self._broken = False
        took = self._context.clock.monotonic() - began
        self._context.metrics.fold_seconds.observe(took)
        get_logger().info("link is folded", link=self.place.link, size=self.position)

    async def _fold(self, stored: StoredState | None) -> None:
        """Fold the records from a start to the present end, and write the outputs that are missing.

        Raises:
            Unprocessable: The fold fails on a record.
            StateError: The stored state can't be used.
            LogError: As ``start``.
        """
        self._trust_digest = self._context.feed.directory.digest_for_link(self.place.link)
        self._due.begin()
        parts = await self._assembly.assemble(stored, self._failed.dead.keys())
        self._parts = self._opened = parts
        self._metrics.count_refused(parts.begun.refused)
        self._writer = OutputWriter(
            self.place,
            self._context,
            parts.encoder,
            parts.reconciler,
            lambda: self.state.log_time,
            self._progress,
        )
        async for records in self._exchange.read_from(self.state.size):
            await asyncio.to_thread(apply_records, self.state, records)
            await self._flush()
        await self._settle_parked()
        await self._flush()
        known = list(parts.begun.known.values())
        state = parts.state
        unfounded = await asyncio.to_thread(state.unfounded, known)
        parts.health.know(known)
        await self._write(parts.reconciler.settle(state.cases, state.pending(), unfounded))
        await self._writer.grant()
        if parts.is_resumed:
            await self._restore_alerts(parts.begun)
        self._due.end_fold()
        await self._secure()

    async def _take(self, records: Sequence[ConsumedRecord]) -> None:
        ahead = [record for record in records if record.offset >= self.state.size]
        try:
            for run in consecutive_runs(ahead):
                await self._fill_gap(run[0].offset)
                fresh = [record for record in run if record.offset >= self.state.size]
                await self._apply(fresh)
            await self._settle_parked()
        except Unprocessable as failure:
            self._failed.note(failure)
            await self._rebuild()
            return
        await self._flush()

    async def _apply(self, records: Sequence[ConsumedRecord]) -> None:
        if are_few(records, self.state):
            apply_records(self.state, records)
        else:
            await asyncio.to_thread(apply_records, self.state, records)

    async def _fill_gap(self, offset: int) -> None:
        missing = offset - self.state.size
        if missing <= 0:
            return
        self._metrics.count_gap(missing)
        get_logger().warning("the stream left records out", link=self.place.link, count=missing)
        async for records in self._exchange.read_from(self.state.size):
            fresh = [record for record in records if record.offset < offset]
            await asyncio.to_thread(apply_records, self.state, fresh)
            await self._settle_parked()
            await self._flush()
            if self.state.size >= offset:
                break

    async def _catch_up(self) -> None:
        """Read from the log the records that the stream has not brought for a whole tick."""
        size, self._size_at_tick = self._size_at_tick, self.state.size
        if size == self.state.size < self._parts.side.log_end:
            try:
                await self._fill_gap(self._parts.side.log_end)
            except Unprocessable as failure:
                self._failed.note(failure)
                await self._rebuild()

    def _advance(self, now: int) -> None:
        """Raise alerts by the machine's clock; the log is known up to its reading."""
        options = self._context.options
        self._due.look(self.state.size)
        if options.by_clock and self.state.size:
            at = now - options.skew_ms
            self.state.advance(at)
            terms = terms_of_link(self._context.feed.directory, self.place.link)
            changes = self._parts.health.look(self.state, terms, at, self._parts.known.has_alert)
            self.state.tell(changes)

    async def _settle_parked(self) -> None:
        if not self.state.parked_count():
            return
        await self._context.line.keep_trying(self.place.link, self._parts.side.refresh)
        while positions := await asyncio.to_thread(self.state.openable, _RELEASED_AT_ONCE):
            records = await self._exchange.read_again(positions)
            await asyncio.to_thread(release_records, self.state, records)
        await asyncio.to_thread(self.state.resume)

    # Writing.

    async def _flush(self) -> None:
        effects = self.state.take_effects()
        partition = self._exchange.partition
        letters = [self._failed.letter(record, partition) for record in effects.dead.values()]
        reconciler = self._parts.reconciler
        are_few = effects.count + reconciler.held_back <= FEW
        messages = reconciler.write(effects, self.state.cases, letters)
        await self._write(messages, are_few=are_few)
        self.position = self.state.size
        self._progress()
        self._metrics.count(effects, self.position, self.state.parked_count())

    async def _write(self, messages: Iterator[ProducerRecord], *, are_few: bool = False) -> None:
        # Until they are acknowledged, the fold is ahead of its outputs, and a failure ends it.
        was_broken, self._broken = self._broken, True
        await self._writer.write(messages, are_few=are_few)
        self._broken = was_broken

    async def audit(self) -> None:
        """Read the output topics back, and write missing or wrong outputs again."""
        try:
            await self._audit()
        except StateError as error:
            await self._rebuild(error)

    async def _audit(self) -> None:
        parts = self._parts
        self._due.audit()
        published = await parts.published.read()
        self._metrics.count_refused(published.refused)
        await self._write(parts.reconciler.audit(published, self.state.cases))
        if parts.granted.give_overwritten_again():
            get_logger().warning("own grants were written over", link=self.place.link)
        await self._writer.grant()
        await self._restore_alerts(published)

    async def _restore_alerts(self, published: PublishedOutputs) -> None:
        """Write known alerts again that somebody has written over."""
        parts = self._parts
        marks = await asyncio.to_thread(parts.reconciler.overwritten_alerts, published)
        if not marks:
            return
        values = await parts.published.written_before(marks)
        await self._writer.restore_alerts(values)
        if len(values) < len(marks):
            # Compaction has removed them, so a fold of all records makes them again.
            detail = "alerts that it had written are gone"
            raise StateRefused(None, StateRefusal.OUTPUTS, detail)

    async def _secure(self) -> None:
        """Read the outputs back, and write the state that has them all.

        Raises:
            StateError: The state must be given up.
            LogError: As ``take``.
        """
        # Another start may fold a record that was left out, so no state leaves it out.
        keeps_state = not self._failed.dead and self._snapshot.is_due(self._parts)
        if keeps_state:
            # A state counts with the signed checkpoint of exactly its size.
            self.state.checkpoint_if_moved()
            await self._flush()
        await self._audit()
        if keeps_state:
            await self._snapshot.save(self._parts)

    def _progress(self) -> None:
        self.progress_at = self._context.clock.monotonic()
