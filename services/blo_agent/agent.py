"""The agent: one office's node, without the doors that people and programs come in by.

The parts and who calls whom::

    API ──▶ Agent.submit ──▶ store thread: accepting ──▶ outbox ──▶ Sender ──▶ log
    log ──▶ Receiver ──▶ store thread: ingesting ──▶ views, receipts ──▶ heads ──▶ Sender
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable, Mapping

import msgspec

from blo_agent.accepting import Accepted, CommandRefused, OfficeCommand, accept
from blo_agent.batches import Taken
from blo_agent.desk import LinkDesk
from blo_agent.granting import review_summary_keys
from blo_agent.line import Line
from blo_agent.office import NoIdentity, Office
from blo_agent.publishing_heads import head_message
from blo_agent.receiver import Receiver
from blo_agent.sender import Sender
from blo_agent.store.connection import Snapshot, Transaction
from blo_agent.store.facade import Store
from blo_agent.store.tables import journal, outbox
from blo_agent.taking_heads import compare_heads
from blo_agent.telemetry import Telemetry
from blo_log.port import Log, Message
from blo_runtime.admin import Check, Health
from blo_runtime.clock import Clock
from blo_runtime.logs import get_logger
from blo_runtime.metrics import Metrics
from blo_runtime.supervision import StopSignal, Supervisor
from blo_schemas.ids import CountryId, DocumentId, LinkId, OfficeId
from blo_sealing.signatures import RandomBytes

_GAUGES_EVERY_S = 1.0
_KEYS_EVERY_S = 60.0


class AgentOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How an agent behaves.

    Attributes:
        simulated_time: Whether log times are a scenario's.
        head_interval_s: At most so often a new head is published per link, in seconds.
        head_every_s: At least so often one is published.
    """

    simulated_time: bool = False
    head_interval_s: float = 0.25
    head_every_s: float = 60.0


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
        random: Source of keys and salts.
        probe: For tests: called with the name of each step between two that can be interrupted.

    Attributes:
        office: What the office knows; changed only in the store's thread.
        store: The office's store.
        log: The way to the log.
        line: Whether the line may be used.
        clock: The office's clock.
        receiver: Reads the log.
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
        random: RandomBytes = os.urandom,
        probe: Callable[[str], None] | None = None,
    ) -> None:
        self.options = options or AgentOptions()
        self.office = Office(office, pins, random)
        self.store = store
        self.log = log
        self.line = Line()
        self.clock = clock
        self.metrics = metrics
        self._telemetry = Telemetry(self.office, metrics, clock)
        self.sender = Sender(
            self.office,
            store,
            log,
            self.line,
            clock,
            metrics,
            simulated_time=self.options.simulated_time,
            probe=probe,
        )
        self.receiver = Receiver(
            self.office,
            store,
            log,
            self.line,
            clock,
            self._on_taken,
            self.sender,
            simulated_time=self.options.simulated_time,
        )
        self._moved = asyncio.Event()
        self._on_disk: dict[LinkId, int] = {}
        self._ending = False
        self._dirty: set[LinkId] = set()
        self._heads_due = asyncio.Event()

    async def load(self) -> None:
        """Take everything from the store; to be called once, before anything else."""
        now = self.clock.now_ms()

        def job(tx: Transaction) -> Taken:
            self.office.load(tx, now)
            review_summary_keys(self.office, now, tx)
            taken = Taken()
            for desk in self.office.desks.values():
                compare_heads(self.office, desk, now, tx, taken)
            return taken

        self._telemetry.taken(await self.store.write(job))
        self._note_sizes()

    async def run(self, stop: StopSignal) -> None:
        """Send and receive until the stop.

        Raises:
            TaskFailed: One of the parts failed; the program must end.
        """
        try:
            async with Supervisor(stop) as tasks:
                tasks.start("store", self._watch_store)
                tasks.start("sender", self.sender.run)
                tasks.start("receiver", self.receiver.run)
                tasks.start("heads", self._publish_heads)
                tasks.start("gauges", self._tell_positions)
                tasks.start("keys", self._review_keys)
                self.sender.wake()
                await tasks.until_stopped()
        finally:
            # Nothing moves any more, so nobody is to wait for that.
            self._ending = True
            self._announce()

    async def submit(self, wanted: OfficeCommand) -> Accepted:
        """Accept a command; when this returns, its event is on disk and will be sent.

        Raises:
            CommandRefused: It can't be done. The refusal is in the journal; nothing is sent.
            StoreError: The store has failed; nothing is promised.
        """
        now = self.clock.now_ms()
        try:
            accepted = await self.store.write(lambda tx: accept(self.office, wanted, now, tx))
        except CommandRefused as refusal:
            await self._note_refusal(wanted, refusal, now)
            raise
        self.metrics.commands_accepted.labels(link=wanted.link).inc()
        self.sender.wake()
        return accepted

    async def wait_for(self, link: LinkId, size: int, timeout_s: float) -> LinkDesk:
        """Wait until a link was read, onto the disk, up to a size, or the time is over.

        Raises:
            KeyError: The office has no such link.
        """
        desk = self.office.desks[link]
        deadline = asyncio.get_running_loop().time() + timeout_s
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout_at(deadline):
                while self._on_disk.get(link, 0) < size and not self._ending:
                    await self._moved.wait()
        return desk

    def checks(self) -> dict[str, Check]:
        """What ``/readyz`` asks."""
        return {
            "identity": self._check_identity,
            "line": self._check_line,
            "store": self._check_store,
            "links": self._check_links,
        }

    async def _note_refusal(self, wanted: OfficeCommand, refusal: CommandRefused, now: int) -> None:
        known = wanted.link if wanted.link in self.office.desks else None
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

    def _on_taken(self, taken: Taken) -> None:
        self._note_sizes()
        self._telemetry.taken(taken)
        self._dirty.update(seen.link for seen in taken.seen)
        self._dirty.update(link for link, _ in taken.grants)
        self._dirty.update(taken.new_links)
        if self._dirty:
            self._heads_due.set()
        self._telemetry.positions(self.receiver.high_watermarks)
        self.sender.publish(taken.cosignatures)
        self._announce()

    def _note_sizes(self) -> None:
        """Called when a batch is on disk; in between, a desk may be ahead of what readers find."""
        self._on_disk = {link: desk.size for link, desk in self.office.desks.items()}

    def _announce(self) -> None:
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()

    async def _watch_store(self) -> None:
        """End the agent when its store has failed: memory and disk may differ then (ADR 2)."""
        raise await self.store.failed()

    async def _publish_heads(self) -> None:
        """Publish what was read, soon after it was and from time to time without a reason."""
        self._dirty.update(self.office.desks)
        while True:
            links, self._dirty = self._dirty, set()
            await self._publish(links)
            await asyncio.sleep(self.options.head_interval_s)
            try:
                # Not wait_for: before Python 3.12 it can swallow a cancellation.
                async with asyncio.timeout(self.options.head_every_s):
                    await self._heads_due.wait()
            except TimeoutError:
                self._dirty.update(self.office.desks)
            self._heads_due.clear()

    async def _review_keys(self) -> None:
        """Readers change with documents, and with time: certificates begin and end."""

        def job(tx: Transaction) -> None:
            review_summary_keys(self.office, self.clock.now_ms(), tx)

        while True:
            await asyncio.sleep(_KEYS_EVERY_S)
            await self.store.write(job)

    async def _publish(self, links: set[LinkId]) -> None:
        now = self.clock.now_ms()
        known = self.office.desks
        desks = [known[link] for link in sorted(links) if link in known]

        def job(tx: Transaction) -> list[Message]:
            current = [desk for desk in desks if not desk.is_rereading]
            return [head_message(self.office, desk, now, tx) for desk in current]

        try:
            messages = await self.store.write(job)
        except NoIdentity as missing:
            get_logger().warning("no head is published", error=str(missing))
            return
        if messages:
            self.sender.publish(messages)

    async def _tell_positions(self) -> None:
        def count(snapshot: Snapshot) -> dict[LinkId, outbox.OutboxCount]:
            return outbox.counts(snapshot)

        while True:
            self._telemetry.outbox(await self.store.read(count))
            self._telemetry.positions(self.receiver.high_watermarks)
            self._telemetry.certificate(self.clock.now_ms())
            self.metrics.line_up.set(self.receiver.is_connected)
            await asyncio.sleep(_GAUGES_EVERY_S)

    # Readiness.

    def _check_identity(self) -> Health:
        now = self.clock.now_ms()
        certified = self.office.directory.certificate(self.office.id, now)
        if certified is None or self.office.node_keys_of(certified.tag) is None:
            return Health(ok=False, detail="no valid certificate names a key of this store")
        return Health(ok=True)

    def _check_line(self) -> Health:
        if not self.line.is_up:
            return Health(ok=False, detail="the line was taken down")
        if not self.receiver.is_connected:
            return Health(ok=False, detail="the broker is not reached yet; see the log")
        if self.receiver.unserved:
            words = "; ".join(f"{link}: {why}" for link, why in self.receiver.unserved.items())
            return Health(ok=False, detail=words)
        return Health(ok=True)

    def _check_store(self) -> Health:
        failure = self.store.failure
        return Health(ok=failure is None, detail="" if failure is None else str(failure))

    def _check_links(self) -> Health:
        halted = sorted(desk.link for desk in self.office.desks.values() if desk.halted)
        if halted:
            return Health(ok=False, detail=f"halted: {', '.join(halted)}; see the log")
        rereading = sorted(desk.link for desk in self.office.desks.values() if desk.is_rereading)
        if rereading:
            return Health(ok=False, detail=f"being read again: {', '.join(rereading)}")
        doubtful = sorted(
            desk.link
            for desk in self.office.desks.values()
            if desk.is_party and not desk.own_chain_checked
        )
        if doubtful:
            return Health(ok=False, detail=f"own chain not checked yet: {', '.join(doubtful)}")
        return Health(ok=True)


__all__ = ["Agent", "AgentOptions"]
