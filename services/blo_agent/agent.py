"""The agent: one office's node without its API and admin listener.

The parts and who calls whom::

    API ──▶ Agent.submit ──▶ commands.accept (store thread) ──▶ outbox ──▶ Sender ──▶ log
    log ──▶ InboundReader ──▶ apply_batch (store thread) ──▶ views, heads ──▶ Sender
    log ──▶ OutputsReader ──▶ apply_outputs, compare (store thread) ──▶ alerts, differences
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Awaitable, Callable, Mapping
from functools import partial

import msgspec

from blo_agent.changes.answers import change_answer
from blo_agent.changes.delivery import WebhookSender
from blo_agent.changes.feed import ChangeFeed
from blo_agent.commands.accept import Accepted, CommandRefused, OfficeCommand, accept
from blo_agent.containment import attempt
from blo_agent.custody.backups import BackupPlan, Backups
from blo_agent.custody.regrant import Regrants
from blo_agent.files.options import FileOptions
from blo_agent.files.transfers import FileTransfers
from blo_agent.inbound.heads import compare_heads
from blo_agent.inbound.heartbeats import load_heartbeats
from blo_agent.inbound.log_reader import InboundReader
from blo_agent.metrics import AgentMetrics
from blo_agent.office.batch import BatchResult
from blo_agent.office.halts import resume
from blo_agent.office.key_grants import review_summary_keys
from blo_agent.office.link_state import LinkState
from blo_agent.office.open_cases import OpenCaseReview
from blo_agent.office.state import Office
from blo_agent.outbound.clock_check import NodeClockCheck
from blo_agent.outbound.line_switch import LineSwitch
from blo_agent.outbound.publisher import PublishingTimes, StatementPublisher
from blo_agent.outbound.sender import Sender
from blo_agent.oversight.outputs_reader import OutputsReader
from blo_agent.program_parts import ProgramParts
from blo_agent.readiness import Readiness
from blo_agent.search.indexer import SearchIndexer
from blo_agent.shredding.delete import withhold_restored
from blo_agent.shredding.wal_scrubber import WalScrubber
from blo_agent.store.connection import Snapshot, Transaction
from blo_agent.store.errors import JobFailed
from blo_agent.store.facade import Store
from blo_agent.store.tables import journal, outbox
from blo_log.port import Log
from blo_log.watched import WatchedLog
from blo_runtime.admin import Check
from blo_runtime.clock import Clock
from blo_runtime.kafka_line import KafkaLine
from blo_runtime.logs import get_logger
from blo_runtime.metrics import Metrics
from blo_runtime.supervision import StopSignal, Supervisor
from blo_schemas.content import WITHOUT_CONTENT
from blo_schemas.ids import CountryId, DocumentId, LinkId, OfficeId
from blo_sealing.signatures import RandomBytes

_GAUGES_EVERY_S = 1.0
_KEYS_EVERY_S = 60.0


class AgentOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How an agent behaves.

    Attributes:
        simulated_time: Whether log times are a scenario's.
        head_interval_s: A head covers what is read within so many seconds.
        settle_s: After so many seconds at the latest own records and the journal are covered.
        heartbeat_s: After so many seconds at the latest a heartbeat follows another.
        difference_after_s: How long a processor must differ from this office's log before that is
            told, in seconds.
        files: How it deals with files.
    """

    simulated_time: bool = False
    head_interval_s: float = 1.0
    settle_s: float = 300.0
    heartbeat_s: float = 900.0
    difference_after_s: float = 10.0
    files: FileOptions = FileOptions()


class Agent:
    """One office at work.

    Args:
        office: Its id.
        pins: Per country, the fingerprint of version 1 of its root.
        store: The office's store.
        log: The way to the log.
        clock: The office's clock.
        metrics: Where it counts.
        options: How it behaves.
        backup: Where backups go, and how often; ``None``: none are made.
        files_log: The way to the log for files, with connections of its own; left out, ``log``.
        random: Source of keys and salts.
        probe: For tests: called with the name of each step between two that can be interrupted.

    Attributes:
        office: What the office knows; changed only in the store's thread.
        store: The office's store.
        log: The way to the log.
        line: Whether the line may be used.
        kafka: Whether Kafka answers.
        clock_check: How far the clock is from Kafka's.
        clock: The office's clock.
        receiver: Reads the log.
        outputs: Reads what processors write about it.
        indexer: Keeps the search index up to date.
        backups: Makes backups of the store.
        changes: Tells listeners that something has changed.
        webhooks: Sends what has changed to programs.
        files: Sends and fetches files.
        regrants: Grants keys again.
    """

    def __init__(
        self,
        office: OfficeId,
        pins: Mapping[CountryId, DocumentId],
        *,
        store: Store,
        log: Log,
        clock: Clock,
        metrics: Metrics,
        options: AgentOptions | None = None,
        backup: BackupPlan | None = None,
        files_log: Log | None = None,
        random: RandomBytes = os.urandom,
        probe: Callable[[str], None] | None = None,
    ) -> None:
        self.options = options or AgentOptions()
        self.office = Office(office, pins, random)
        self.store = store
        self.kafka = KafkaLine(tell=metrics.line_up.set)
        self.log: Log = WatchedLog(log, self.kafka.question)
        self.line = LineSwitch()
        self.clock_check = NodeClockCheck(clock)
        self.clock = clock
        self.metrics = metrics
        self._telemetry = AgentMetrics(self.office, metrics, clock)
        lines = (self.line, self.kafka, self.clock_check)
        where = (self.office, store, self.log, *lines, clock)
        is_simulated = self.options.simulated_time
        self.sender = Sender(*where, metrics, simulated_time=is_simulated, probe=probe)
        self.receiver = InboundReader(
            *where, self._on_batch, self.sender, simulated_time=is_simulated
        )
        self.files = FileTransfers(
            self.office,
            store,
            files_log or log,
            self.line,
            self.kafka,
            self.sender,
            clock,
            metrics,
            self.options.files,
            simulated_time=is_simulated,
        )
        self._scrubber = WalScrubber(store, clock, probe)
        self.indexer = SearchIndexer(store)
        self.backups = Backups(office, store, clock, metrics, backup)
        self.regrants = Regrants(self.office, store, log, clock, self.sender.wake)
        self.outputs = OutputsReader(
            *where[:3],
            self.line,
            self.kafka,
            clock,
            metrics,
            self.is_read_to_end,
            after_s=self.options.difference_after_s,
            probe=probe,
        )
        self.changes = ChangeFeed(store)
        self.webhooks = WebhookSender(
            office, store, self.changes, clock, metrics, present=change_answer
        )
        self._parts = ProgramParts(metrics)
        self._moved = asyncio.Event()
        self._on_disk: dict[LinkId, int] = {}
        self._ending = False
        times = PublishingTimes(
            interval_s=self.options.head_interval_s,
            settle_s=self.options.settle_s,
            heartbeat_s=self.options.heartbeat_s,
        )
        self._publisher = StatementPublisher(
            self.office,
            store,
            self.sender,
            self.receiver,
            clock,
            times,
            self._telemetry.count_batch,
        )

    async def load(self) -> None:
        """Take everything from the store; to be called once, before anything else."""
        now = self.clock.now_ms()

        def job(tx: Transaction) -> BatchResult:
            result = self._load(tx)
            for state in self.office.links.values():
                attempt(
                    "heads",
                    tx,
                    result,
                    lambda own, state=state: compare_heads(self.office, state, now, tx, own),  # type: ignore[misc]
                    mend=lambda: self.office.load_heads(tx),
                    link=state.link,
                )
            return result

        self.store.mend_with(self._mend)
        self._telemetry.count_batch(await self.store.write(job))
        self._note_sizes()

    def _load(self, tx: Transaction) -> BatchResult:
        """Have in memory what the store has; runs in the store's thread."""
        now = self.clock.now_ms()
        result = BatchResult()
        self.office.load(tx, now, result)
        withhold_restored(self.office, now, tx)
        works: dict[str, Callable[[BatchResult], object]] = {
            "summary keys": lambda _: review_summary_keys(self.office, now, tx),
            "heartbeats": lambda _: load_heartbeats(self.office, tx),
            "what processors write": lambda _: self.outputs.load(tx),
        }
        for what, work in works.items():
            attempt(what, tx, result, work, mend=lambda: None)
        return result

    def _mend(self, tx: Transaction, failed: JobFailed) -> None:
        """Put memory back after a job was rolled back; runs in the store's thread."""
        result = self._load(tx)
        result.contained.append(("a job of the store", ""))
        self._telemetry.count_batch(result)

    async def run(self, stop: StopSignal) -> None:
        """Send and receive until the stop.

        Raises:
            TaskFailed: The store or the memory failed; the program must end.
        """
        try:
            async with Supervisor(stop) as tasks:
                tasks.start("store", self._watch_store)
                for name, work in self._works().items():
                    tasks.start(name, partial(self._parts.keep, name, work))
                self.sender.wake()
                await tasks.until_stopped()
        finally:
            # Nothing moves any more, so nobody is to wait for that.
            self._ending = True
            self._announce()
            self.changes.close()

    def _works(self) -> dict[str, Callable[[], Awaitable[None]]]:
        """The parts that run beside each other; a fault in one restarts that one alone."""
        return {
            "sender": self.sender.run,
            "receiver": self.receiver.run,
            "outputs": self.outputs.run,
            "heads": self._publisher.run,
            "gauges": self._tell_positions,
            "keys": self._review_keys,
            "scrubber": self._scrubber.run,
            "changes": self.changes.run,
            "webhooks": self.webhooks.run,
            **self.files.works(),
            "open cases": OpenCaseReview(self.office, self.store).run,
            "search": self.indexer.run,
            "backups": self.backups.run,
            "regrants": self.regrants.run,
        }

    async def resume(self, link: LinkId, reason: str, actor: str) -> int:
        """Lift the halts of a link; the journal says who did it and why.

        Returns:
            How many halts were lifted.

        Raises:
            KeyError: The office has no such link.
            NotHalted: The link is not halted.
        """
        state = self.office.links[link]
        now = self.clock.now_ms()
        lifted = await self.store.write(lambda tx: resume(state, reason, actor, now, tx))
        get_logger().warning("link resumed", link=link, count=lifted)
        self.receiver.begin_anew()
        return lifted

    async def submit(
        self, wanted: OfficeCommand, job: Callable[[Transaction], Accepted] | None = None
    ) -> Accepted:
        """Accept a command, by a job that may do more; then its event is on disk and will be sent.

        Raises:
            CommandRefused: It can't be done. The refusal is in the journal; nothing is sent.
            StoreError: The store has failed; nothing is promised.
        """
        if wanted.command.step in WITHOUT_CONTENT:
            # It says that all is gone; so that need not be waited for longer than it takes.
            await self._scrubber.scrub()
        now = self.clock.now_ms()
        try:
            accepted = await self.store.write(job or partial(accept, self.office, wanted, now))
        except CommandRefused as refusal:
            await self._note_refusal(wanted, refusal, now)
            raise
        self.metrics.commands_accepted.labels(link=wanted.link).inc()
        self.sender.wake()
        return accepted

    async def wait_for(self, link: LinkId, size: int, timeout_s: float) -> LinkState:
        """Wait until a link was read, onto the disk, up to a size, or the time is over.

        Raises:
            KeyError: The office has no such link.
        """
        state = self.office.links[link]
        deadline = asyncio.get_running_loop().time() + timeout_s
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout_at(deadline):
                while self._on_disk.get(link, 0) < size and not self._ending:
                    await self._moved.wait()
        return state

    def is_read_to_end(self, link: LinkId) -> bool:
        """Whether a link was read to where its log ended a moment ago."""
        receiver = self.receiver
        end = receiver.high_watermarks.get(link)
        return receiver.is_connected and end is not None and self.office.links[link].size >= end

    def unsent_because(self) -> str:
        """Why nothing can be sent now, in words; empty while all goes out."""
        if not self.line.is_up:
            return "the line was taken down"
        if self.clock_check.holds:
            return self.clock_check.words()
        return self.kafka.check().detail

    def checks(self) -> dict[str, Check]:
        """What ``/readyz`` asks."""
        checks = Readiness(
            self.office,
            self.store,
            self.clock,
            self.line,
            self.kafka,
            self.clock_check,
            self.receiver,
            self.outputs,
            self._parts,
        ).checks()
        return {**checks, "webhooks": self.webhooks.check}

    async def _note_refusal(self, wanted: OfficeCommand, refusal: CommandRefused, now: int) -> None:
        known = wanted.link if wanted.link in self.office.links else None
        label = known or LinkId("unknown")
        self.metrics.commands_refused.labels(link=label, reason=refusal.reason).inc()
        action = f"refused {wanted.command.step.word}"

        def note(tx: Transaction) -> None:
            journal.append(
                tx,
                at=now,
                actor=wanted.actor,
                action=action,
                link=known,
                case=wanted.case,
                detail=refusal.reason.encode(),
            )

        await self.store.write(note)

    def _on_batch(self, result: BatchResult) -> None:
        self._note_sizes()
        self._telemetry.count_batch(result)
        self._publisher.note(result)
        if result.shredded:
            self._scrubber.wake()
        self.indexer.wake()
        self._telemetry.positions(self.receiver.high_watermarks)
        self.sender.publish(result.cosignatures)
        if result.seen or result.grants or result.shredded:
            self.files.wake()
        self._announce()

    def _note_sizes(self) -> None:
        """Called when a batch is on disk; until then, memory may be ahead of what readers find."""
        self._on_disk = {link: state.size for link, state in self.office.links.items()}

    def _announce(self) -> None:
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()

    async def _watch_store(self) -> None:
        """End the agent when its store has failed: memory and disk may differ then (ADR 2)."""
        raise await self.store.failed()

    async def _review_keys(self) -> None:
        """Readers change with documents, and with time: certificates begin and end."""
        while True:
            await asyncio.sleep(_KEYS_EVERY_S)
            now = self.clock.now_ms()
            await self.store.write(partial(review_summary_keys, self.office, now))

    async def _tell_positions(self) -> None:
        def count(snapshot: Snapshot) -> dict[LinkId, outbox.OutboxCount]:
            return outbox.counts(snapshot)

        while True:
            self._telemetry.outbox(await self.store.read(count))
            self._telemetry.positions(self.receiver.high_watermarks)
            self._telemetry.certificate(self.clock.now_ms())
            self._look_at_clock()
            await asyncio.sleep(_GAUGES_EVERY_S)

    def _look_at_clock(self) -> None:
        self.metrics.clock_ahead_seconds.set(self.clock_check.ahead_ms / 1000)
        self.clock_check.say()
        if self.clock_check.must_measure():
            self._publisher.beat_now()
