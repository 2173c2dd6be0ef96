"""Publishes the office's heads and heartbeats: as few as say all that is new (docs/performance.md).

A head is made when something was read that others wrote, or could be opened, and covers what came
within an interval. What the office alone has done, its own records and its journal, is said with
the next head, at the latest after ``settle_s``. An office that has nothing to say sends one
heartbeat a corridor every ``heartbeat_s``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

import msgspec

from blo_agent.containment import attempt
from blo_agent.inbound.heartbeats import load_heartbeats
from blo_agent.inbound.log_reader import InboundReader
from blo_agent.office.batch import BatchResult
from blo_agent.office.link_state import LinkState
from blo_agent.office.state import NoIdentity, Office
from blo_agent.outbound.heads import head_message, make_head, says_the_same
from blo_agent.outbound.heartbeats import agreed_interval_s, heartbeat_message
from blo_agent.outbound.sender import Sender
from blo_agent.store.connection import Snapshot, Transaction
from blo_agent.store.facade import Store
from blo_agent.store.tables import journal
from blo_log.port import ProducerRecord
from blo_runtime.clock import Clock
from blo_runtime.logs import get_logger
from blo_schemas.heads import Head
from blo_schemas.ids import CorridorId, LinkId

_LOOK_EVERY_S: Final = 1.0
"""So often is looked whether the log is read, when a heartbeat waits for that."""


class PublishingTimes(msgspec.Struct, frozen=True, kw_only=True):
    """When statements are published, in seconds.

    The last two are shorter where an agreement allows a shorter silence: a quarter of that.

    Attributes:
        interval_s: A head covers what is read within so long.
        settle_s: After so long at the latest own records and the journal are covered.
        heartbeat_s: After so long at the latest a heartbeat follows another.
    """

    interval_s: float
    settle_s: float
    heartbeat_s: float


class _PublishedHead(msgspec.Struct, frozen=True):
    """A head of a link that was made to be published, and its record."""

    head: Head
    record: ProducerRecord


class _HeadRound(msgspec.Struct):
    """What a job has made of the links whose heads were due.

    Attributes:
        made: The new heads.
        unchanged: The links of which there is nothing new to say.
        missing: Why heads could not be signed.
    """

    made: dict[LinkId, _PublishedHead] = msgspec.field(default_factory=dict)
    unchanged: set[LinkId] = msgspec.field(default_factory=set)
    missing: set[str] = msgspec.field(default_factory=set)


class StatementPublisher:
    """Publishes the heads and heartbeats of an office.

    Args:
        office: Whose.
        store: Its store.
        sender: Appends what is made; only the newest of each key is kept while the line is down.
        receiver: Tells whether the log is read.
        clock: The office's clock.
        times: When it publishes.
        count: Takes what a job has changed, to count it.
    """

    def __init__(
        self,
        office: Office,
        store: Store,
        sender: Sender,
        receiver: InboundReader,
        clock: Clock,
        times: PublishingTimes,
        count: Callable[[BatchResult], None],
    ) -> None:
        self._office = office
        self._store = store
        self._sender = sender
        self._receiver = receiver
        self._clock = clock
        self._times = times
        self._count = count
        self._due: set[LinkId] = set()
        self._later: dict[LinkId, float] = {}
        self._published: dict[LinkId, _PublishedHead] = {}
        self._unconfirmed: set[LinkId] = set()
        self._anchored: dict[CorridorId, int] = {}
        self._unanchored: set[CorridorId] = set()
        self._beaten_at: dict[CorridorId, float] = {}
        self._settled_at = 0.0
        self._woken = asyncio.Event()

    def beat_now(self) -> None:
        """Publish a heartbeat of each corridor soon, which also shows how the clocks stand."""
        self._beaten_at.clear()
        self._woken.set()

    def note(self, result: BatchResult) -> None:
        """Note what a batch has brought that is to be said."""
        own = self._office.id
        for seen in result.seen:
            if seen.office == own:
                self._later.setdefault(seen.link, _loop_time())
            else:
                self._due.add(seen.link)
        self._due.update(link for link, _ in result.grants)
        self._due.update(result.new_links)
        self._due.update(result.revised)
        if result.reread_keys:
            # There is a new certificate: what could not be signed without one can be now.
            self._due.update(self._office.links)
            self._beaten_at.clear()
        for link, value in result.own_heads.items():
            published = self._published.get(link)
            if published is not None and published.record.value == value:
                self._unconfirmed.discard(link)
            elif published is not None:
                self._unconfirmed.add(link)
        if self._due:
            self._woken.set()

    async def run(self) -> None:
        """Publish until cancelled; begins with a head of every link."""
        await self._publish_heads(set(self._office.links))
        self._settled_at = _loop_time()
        while True:
            await self._publish_heartbeats()
            await self._rest()
            if self._due:
                # What comes meanwhile is covered by the same head.
                await asyncio.sleep(self._times.interval_s)
            links, self._due = self._due, set()
            links |= self._waited_long()
            if _loop_time() >= self._settles_at():
                self._settled_at = _loop_time()
                links |= await self._unsettled(links)
            await self._publish_heads(links)

    async def _rest(self) -> None:
        """Wait until something is to be published."""
        beats = [self._beats_at(corridor) for corridor in self._corridors()]
        waits = [since + self._settle_s() for since in self._later.values()]
        wait_s = min([self._settles_at(), *waits, *beats]) - _loop_time()
        try:
            # Not wait_for: before Python 3.12 it can swallow a cancellation.
            async with asyncio.timeout(max(wait_s, min(_LOOK_EVERY_S, self._times.settle_s))):
                await self._woken.wait()
        except TimeoutError:
            return
        self._woken.clear()

    def _waited_long(self) -> set[LinkId]:
        """The links whose own records no head has covered for long enough."""
        before = _loop_time() - self._settle_s()
        return {link for link, since in self._later.items() if since <= before}

    async def _unsettled(self, due: set[LinkId]) -> set[LinkId]:
        """The links whose head does not stand on the topic.

        Also notes the corridors in which the journal has grown and no head will say so now.

        Args:
            due: The links whose heads are made in any case.
        """

        def size(snapshot: Snapshot) -> int:
            return journal.head(snapshot).size

        links = set(self._unconfirmed)
        for link in links:
            self._published.pop(link, None)
        now = await self._store.read(size)
        covered = {
            state.corridor for link, state in self._office.links.items() if link in links | due
        }
        self._unanchored = {
            corridor for corridor in self._corridors() if self._anchored.get(corridor, 0) < now
        } - covered
        return links

    async def _publish_heads(self, links: set[LinkId]) -> None:
        """Publish the heads of those links of which there is something new to say."""
        now = self._clock.now_ms()
        known = self._office.links
        # A link that is begun anew has been read less far than was said already.
        states = [
            known[link] for link in sorted(links) if link in known and not known[link].is_rereading
        ]
        if not links:
            return
        round_ = _HeadRound()

        def job(tx: Transaction) -> BatchResult:
            result = BatchResult()
            for state in states:
                attempt(
                    "an own head",
                    tx,
                    result,
                    lambda _, state=state: self._make_head(state, now, tx, round_),  # type: ignore[misc]
                    mend=lambda: None,
                    link=state.link,
                )
            return result

        self._count(await self._store.write(job))
        for link in round_.made.keys() | round_.unchanged:
            self._later.pop(link, None)
        for link in links - round_.made.keys() - round_.unchanged:
            self._later[link] = _loop_time()
        for words in sorted(round_.missing):
            get_logger().warning("no head is published", error=words)
        for link, head in round_.made.items():
            self._published[link] = head
            self._unconfirmed.add(link)
            self._anchored[known[link].corridor] = head.head.journal_size
        if round_.made:
            self._sender.publish([head.record for head in round_.made.values()])

    def _make_head(self, state: LinkState, now: int, tx: Transaction, round_: _HeadRound) -> None:
        try:
            head = make_head(self._office, state, now, tx)
            before = self._published.get(state.link)
            if before is not None and says_the_same(before.head, head):
                round_.unchanged.add(state.link)
            else:
                record = head_message(self._office, state, head)
                round_.made[state.link] = _PublishedHead(head, record)
        except NoIdentity as error:
            round_.missing.add(str(error))

    async def _publish_heartbeats(self) -> None:
        """Publish a heartbeat in each corridor where one is due."""
        # Before the others were read it is not known which numbers the office has used up.
        due = [
            corridor
            for corridor in self._corridors()
            if self._receiver.is_connected
            and corridor in self._receiver.liveness_read
            and (corridor in self._unanchored or _loop_time() >= self._beats_at(corridor))
        ]
        if not due:
            return
        now = self._clock.now_ms()
        made: list[ProducerRecord] = []
        missing: set[str] = set()

        def make(corridor: CorridorId, tx: Transaction) -> None:
            try:
                link = self._corridors()[corridor][0]
                made.append(heartbeat_message(self._office, corridor, link, now, tx))
            except NoIdentity as error:
                missing.add(str(error))

        def job(tx: Transaction) -> tuple[BatchResult, int]:
            result = BatchResult()
            for corridor in due:
                attempt(
                    "an own heartbeat",
                    tx,
                    result,
                    lambda _, corridor=corridor: make(corridor, tx),  # type: ignore[misc]
                    mend=lambda: load_heartbeats(self._office, tx),
                )
            return result, journal.head(tx).size

        result, size = await self._store.write(job)
        self._count(result)
        for words in sorted(missing):
            get_logger().warning("no heartbeat is published", error=words)
        for corridor in due:
            self._beaten_at[corridor] = _loop_time()
            self._anchored[corridor] = size
            self._unanchored.discard(corridor)
        self._sender.publish(made)

    def _corridors(self) -> dict[CorridorId, list[LinkId]]:
        corridors: dict[CorridorId, list[LinkId]] = {}
        for link, state in self._office.links.items():
            corridors.setdefault(state.corridor, []).append(link)
        return corridors

    def _settles_at(self) -> float:
        return self._settled_at + self._settle_s()

    def _settle_s(self) -> float:
        return self._at_most(self._times.settle_s, list(self._office.links))

    def _beats_at(self, corridor: CorridorId) -> float:
        before = self._beaten_at.get(corridor)
        if before is None:
            return 0.0
        return before + self._at_most(self._times.heartbeat_s, self._corridors()[corridor])

    def _at_most(self, seconds: float, links: list[LinkId]) -> float:
        """That many seconds, or what the links' agreements want if that is less."""
        agreed = agreed_interval_s(self._office.directory, links, self._clock.now_ms())
        return seconds if agreed is None else min(seconds, agreed)


def _loop_time() -> float:
    return asyncio.get_running_loop().time()
