"""The witness: signs checkpoints of the log, and merges cosignatures into quorums."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from blo_audit.errors import NoQuorum
from blo_audit.replay.checkpoints import verify_quorum
from blo_audit.witness.cosignatures import CosignatureRound
from blo_audit.witness.link import WitnessedLink
from blo_audit.witness.options import WitnessOptions
from blo_audit.witness.state import LastSigned, WitnessState
from blo_log.directory import DirectoryFeed
from blo_log.errors import LogError, LogTruncated
from blo_log.port import (
    Appender,
    ConsumedRecord,
    Log,
    LogReader,
    ProducerRecord,
    TopicPartition,
    read_to_end,
)
from blo_log.topics import exchange_topic, heads_topic
from blo_runtime.admin import Health
from blo_runtime.clock import Clock
from blo_runtime.kafka_line import KafkaLine
from blo_runtime.logs import get_logger
from blo_runtime.metrics import Metrics
from blo_schemas.heads import NoteKind, NoteRecordKey, read_note_key
from blo_schemas.ids import CorridorId, LinkId
from blo_schemas.trust import Role
from blo_sealing.errors import SealingError
from blo_sealing.identity import ProgramIdentity
from blo_sealing.tlog import (
    Checkpoint,
    SignedCheckpoint,
    link_of,
    parse_checkpoint,
    sign_checkpoint,
    signatories,
)

_TASK: Final = "following the links"
_POLL_S: Final = 1.0
_ASK_EVERY_S: Final = 1.0
_BATCH: Final = 2000


class Witness:
    """Follows all links of some corridors.

    Args:
        corridors: Which.
        identity: The witness's keys.
        log: The way to the log.
        feed: The trust documents.
        state: What was signed before.
        clock: The machine's clock.
        metrics: Where it counts.
        kafka: Whether Kafka answers.
        options: When it signs.
        probe: For tests: called with the name of each step between two that can be interrupted.

    Attributes:
        links: What it has read, by link.
        quorums: The newest checkpoint of each link that everybody has signed.
    """

    def __init__(
        self,
        corridors: Sequence[CorridorId],
        identity: ProgramIdentity,
        *,
        log: Log,
        feed: DirectoryFeed,
        state: WitnessState,
        clock: Clock,
        metrics: Metrics,
        kafka: KafkaLine | None = None,
        options: WitnessOptions | None = None,
        probe: Callable[[str], None] | None = None,
    ) -> None:
        self._corridors = frozenset(corridors)
        self._identity = identity
        self._kafka = kafka or KafkaLine()
        self._log = log
        self._feed = feed
        self._state = state
        self._clock = clock
        self._metrics = metrics
        self._options = options or WitnessOptions()
        self._probe = probe or (lambda _: None)
        self._due: dict[LinkId, float] = {}
        self._collecting: dict[LinkId, CosignatureRound] = {}
        self._told: set[str] = set()
        self._places: dict[TopicPartition, WitnessedLink] = {}
        self._is_connected = False
        self.links: dict[LinkId, WitnessedLink] = {}
        self.quorums: dict[LinkId, SignedCheckpoint] = {}

    async def run(self) -> None:
        """Work until cancelled; failures of the connection are waited out."""
        while True:
            pause_s = 0.0
            try:
                await self._follow()
            except LogTruncated as error:
                self._cut(error)
                pause_s = self._kafka.pause_after(_TASK, error)
            except LogError as error:
                pause_s = self._kafka.pause_after(_TASK, error)
            finally:
                self._is_connected = False
            await asyncio.sleep(pause_s)

    def check(self) -> Health:
        """The answer for ``/readyz``."""
        stopped = sorted(link.link for link in self.links.values() if link.stopped is not None)
        if stopped:
            names = ", ".join(stopped)
            return Health(ok=False, detail=f"not signed any more: {names}; see the log")
        health = self._kafka.check()
        if not health.ok or not self._is_connected:
            return Health(ok=False, detail=health.detail or "nothing is read yet")
        now = self._clock.now_ms()
        if (
            not self._options.simulated_time
            and self._identity.signer(self._feed.directory, now) is None
        ):
            return Health(ok=False, detail="no valid certificate of role witness names its key")
        return Health(ok=True)

    # Reading.

    async def _follow(self) -> None:
        """Read and sign over one connection, until there are other links to follow."""
        await self._feed.refresh()
        appender = await self._log.appender()
        try:
            self._open_links()
            heads = await self._learn_heads()
            start = {place: link.position for place, link in self._places.items()}
            reader = await self._log.reader({**start, **heads})
            try:
                ends = await reader.high_watermarks()
                for place, link in self._places.items():
                    link.ended_at(ends[place])
                self._is_connected = True
                self._kafka.works(_TASK)
                await self._republish(appender)
                await self._read_on(reader, appender)
            finally:
                await reader.close()
        finally:
            await appender.close()

    def _open_links(self) -> None:
        """A fresh view of every link, from what was signed of it; a stopped one stays stopped."""
        directory = self._feed.directory
        opened: dict[LinkId, WitnessedLink] = {}
        for corridor in sorted(self._corridors):
            for agreement in directory.newest_agreements(corridor):
                link = agreement.link
                before = self.links.get(link)
                if before is None or before.stopped is None:
                    signed = self._state.get(link)
                    before = WitnessedLink(link, corridor, agreement.partition, signed)
                opened[link] = before
        self.links = opened
        self._metrics.begin_links(opened)
        self._due.clear()
        self._places = {
            TopicPartition(exchange_topic(watched.corridor), watched.partition): watched
            for watched in opened.values()
            if watched.stopped is None
        }

    async def _learn_heads(self) -> dict[TopicPartition, int]:
        """Before any record is read: what this witness has said is what it must continue.

        Returns:
            Where the heads are to be read on.
        """
        start = {_heads_of(link): 0 for link in self.links.values() if link.stopped is None}
        if not start:
            return start
        reader = await self._log.reader(start)
        try:
            async for records in read_to_end(reader):
                await self._take(records)
            return {place: reader.position(place) for place in start}
        finally:
            await reader.close()

    async def _read_on(self, reader: LogReader, appender: Appender) -> None:
        loop = asyncio.get_running_loop()
        look_at = loop.time() + self._options.directory_s
        ask_at = 0.0
        while True:
            records = await reader.poll(max_records=_BATCH, timeout_s=self._wait_s(look_at))
            await self._take(records)
            await self._say_quorums(appender)
            await self._sign_due(appender)
            self._tell_stopped()
            if loop.time() >= ask_at:
                # Shows whether Kafka answers, which polling alone does not.
                await reader.high_watermarks()
                ask_at = loop.time() + _ASK_EVERY_S
            if loop.time() >= look_at:
                look_at = loop.time() + self._options.directory_s
                if await self._feed.refresh():
                    if self._has_other_links():
                        return
                    for collecting in self._collecting.values():
                        collecting.complete(self._feed.directory)
                await self._say_quorums(appender)
                await self._republish(appender)

    def _wait_s(self, look_at: float) -> float:
        now = asyncio.get_running_loop().time()
        waits = [look_at - now, _POLL_S]
        waits += [self._signs_at(link) - now for link in self._due]
        return max(min(waits), 0.001)

    def _has_other_links(self) -> bool:
        agreed = {
            agreement.link
            for corridor in self._corridors
            for agreement in self._feed.directory.newest_agreements(corridor)
        }
        return agreed != self.links.keys()

    async def _take(self, batch: dict[TopicPartition, list[ConsumedRecord]]) -> None:
        now = asyncio.get_running_loop().time()
        for place, records in batch.items():
            link = self._places.get(place)
            if link is None:
                for stored in records:
                    self._take_note(stored)
                continue
            for stored in records:
                link.feed(stored.offset, stored.value or b"", stored.timestamp)
            self._metrics.link_size.labels(link=link.link).set(link.size)
            if link.due() is not None:
                self._due.setdefault(link.link, now + self._options.delay_s)
            # A long log is read in many portions; others get their turn.
            await asyncio.sleep(0)

    def _take_note(self, stored: ConsumedRecord) -> None:
        key = read_note_key(stored.key)
        if key is None or stored.value is None or key.link not in self.links:
            return
        try:
            signed = parse_checkpoint(stored.value)
            if link_of(signed.checkpoint.origin)[1] != key.link:
                return
            if key.kind is NoteKind.COSIGNATURE:
                self._take_cosignature(key.link, signed)
            else:
                self._take_checkpoint(key, signed)
        except (SealingError, NoQuorum) as error:
            get_logger().warning(
                "a note that is not good was ignored", link=key.link, office=key.signer, error=error
            )

    def _take_checkpoint(self, key: NoteRecordKey, signed: SignedCheckpoint) -> None:
        """Obey a checkpoint that carries this witness's own signature."""
        directory = self._feed.directory
        for signer in signatories(signed, directory):
            if signer.subject == self._identity.subject and signer.role is Role.WITNESS:
                self._bind(self.links[key.link], signed.checkpoint)
        if key.kind is NoteKind.QUORUM and key.signer == self._identity.subject:
            last = self.quorums.get(key.link)
            if last is None or last.checkpoint.size < signed.checkpoint.size:
                self.quorums[key.link] = verify_quorum(signed, directory).signed

    def _bind(self, link: WitnessedLink, published: Checkpoint) -> None:
        link.bind(published)
        if self._is_connected and published.size > link.signed_size:
            link.stop(
                f"a checkpoint of {published.size} records of {link.link} that this process has not "
                "made carries its signature: its key is used elsewhere too"
            )

    def _take_cosignature(self, link: LinkId, signed: SignedCheckpoint) -> None:
        collecting = self._collecting.get(link)
        if collecting is None:
            return
        issued = collecting.issued.checkpoint
        if signed.checkpoint.size == issued.size and signed.checkpoint.root != issued.root:
            signers = sorted(signer.subject for signer in signatories(signed, self._feed.directory))
            self._metrics.checkpoints_refused.labels(link=link).inc()
            get_logger().error(
                "an office has cosigned another tree than the one that was read here",
                link=link,
                office=", ".join(signers),
                size=issued.size,
            )
        collecting.take(signed, self._feed.directory)

    # Signing.

    def _signs_at(self, link: LinkId) -> float:
        """When the next checkpoint may be signed.

        One that is on its way is given some time. One that has arrived is followed by few: each
        costs its link as much as three heads (docs/performance.md).
        """
        due = self._due[link]
        collecting = self._collecting.get(link)
        if collecting is None:
            return due
        options = self._options
        wait_s = options.patience_s if collecting.quorum is None else options.spacing_s
        return max(due, collecting.since + wait_s)

    async def _sign_due(self, appender: Appender) -> None:
        now = asyncio.get_running_loop().time()
        for link in [link for link in self._due if self._signs_at(link) <= now]:
            del self._due[link]
            await self._sign(self.links[link], appender)

    async def _sign(self, link: WitnessedLink, appender: Appender) -> None:
        checkpoint = link.due()
        if checkpoint is None:
            return
        at = link.log_time if self._options.simulated_time else self._clock.now_ms()
        signer = self._identity.signer(self._feed.directory, at)
        if signer is None:
            self._due[link.link] = asyncio.get_running_loop().time() + self._options.directory_s
            self._tell("no valid certificate of role witness names this witness's key", link.link)
            return
        issued = sign_checkpoint(checkpoint, signer.subject, signer.keys.signing)
        signed = link.signing(checkpoint, issued.encode())
        self._probe("before keeping")
        # Before it is published: whatever happens then, this tree binds the witness.
        await asyncio.to_thread(self._state.put, link.link, signed)
        self._probe("before publishing")
        await self._publish(link, issued, appender)
        self._probe("after publishing")

    async def _publish(
        self, link: WitnessedLink, issued: SignedCheckpoint, appender: Appender
    ) -> None:
        now = asyncio.get_running_loop().time()
        before = self._collecting.get(link.link)
        if before is None or before.issued.checkpoint != issued.checkpoint:
            self._collecting[link.link] = CosignatureRound(issued, now, now)
        else:
            before.said = now
        await self._append(appender, link, NoteKind.CHECKPOINT, issued)
        self._metrics.checkpoint_size.labels(link=link.link).set(issued.checkpoint.size)

    async def _republish(self, appender: Appender) -> None:
        """Say again what has no quorum: it was said while nobody listened, or not at all."""
        now = asyncio.get_running_loop().time()
        for link in self.links.values():
            signed = self._state.get(link.link)
            if signed is None or link.stopped is not None or self._has_quorum(link, signed):
                continue
            collecting = self._collecting.get(link.link)
            if collecting is None or now - collecting.said >= self._options.again_s:
                await self._publish(link, parse_checkpoint(signed.note), appender)

    def _has_quorum(self, link: WitnessedLink, signed: LastSigned) -> bool:
        quorum = self.quorums.get(link.link)
        return quorum is not None and quorum.checkpoint.size >= signed.size

    async def _say_quorums(self, appender: Appender) -> None:
        for name, collecting in self._collecting.items():
            quorum = collecting.quorum
            if quorum is None or name not in self.links or self.quorums.get(name) == quorum.signed:
                continue
            await self._append(appender, self.links[name], NoteKind.QUORUM, quorum.signed)
            self.quorums[name] = quorum.signed
            self._metrics.quorum_size.labels(link=name).set(quorum.checkpoint.size)
            took_s = asyncio.get_running_loop().time() - collecting.since
            self._metrics.quorum_seconds.observe(took_s)

    async def _append(
        self, appender: Appender, link: WitnessedLink, kind: NoteKind, note: SignedCheckpoint
    ) -> None:
        key = NoteRecordKey(link.link, self._identity.subject, kind).encode()
        message = ProducerRecord(heads_topic(link.corridor), link.partition, key, note.encode())
        await appender.append([message])

    def _cut(self, error: LogTruncated) -> None:
        place = TopicPartition(error.topic, error.partition)
        # What was signed may have lain among the heads, so nothing more is signed of their link.
        heads = {_heads_of(watched): watched for watched in self.links.values()}
        link = self._places.get(place) or heads.get(place)
        if link is None:
            get_logger().error("a topic has lost records", topic=error.topic, error=str(error))
            return
        link.stop(str(error))
        self._tell_stopped()

    def _tell_stopped(self) -> None:
        for link in self.links.values():
            self._metrics.witness_stopped.labels(link=link.link).set(link.stopped is not None)
            if link.stopped is not None:
                self._tell(link.stopped, link.link)

    def _tell(self, words: str, link: LinkId) -> None:
        if words not in self._told:
            self._told.add(words)
            get_logger().error("not signed", link=link, reason=words)


def _heads_of(link: WitnessedLink) -> TopicPartition:
    return TopicPartition(heads_topic(link.corridor), link.partition)
