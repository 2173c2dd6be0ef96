"""Moves of the hostile office and of the operator of the broker, as hypothesis draws them.

A move is made of small numbers, which are counted round in whatever there is when it is made: so a
move always fits, shrinks well, and prints as what can be played again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

import msgspec
from hypothesis import strategies as st

from blo_log.port import ProducerRecord
from blo_schemas.grants import GRANT_VERSION, Grant, KeyPurpose
from blo_schemas.heads import HEAD_VERSION, Head, NoteKind, NoteRecordKey, head_record_key
from blo_schemas.heartbeats import HEARTBEAT_VERSION, Heartbeat
from blo_schemas.ids import Digest, LinkId
from blo_schemas.outputs import OUTPUT_VERSION, Output, OutputKind
from blo_sealing.tlog import Checkpoint, cosign, origin_of, sign_checkpoint
from tests.agents.world import CORRIDOR, A
from tests.hostile.events import JUNK, SOMEBODY, Keys, Layer, Write, nth, times
from tests.hostile.hand import RECIPIENTS, TOPICS, UNDIVIDED, Hand
from tests.hostile.values import as_plain, spoiled
from tests.hostile.world import HOSTILE, PLACES, PROCESSOR, QUIET, X


class Move(Protocol):
    """One thing that is done."""

    async def make(self, hand: Hand) -> None:
        """Do it."""
        ...


@dataclass(frozen=True)
class Put:
    """Any bytes under any key on any topic."""

    topic: int
    partition: int
    key: int
    junk: int
    log_time: int
    times: int = 1

    async def make(self, hand: Hand) -> None:
        topic = nth(TOPICS, self.topic)
        partition = 0 if topic in UNDIVIDED else self.partition % 2
        value = nth(JUNK, self.junk)
        key = nth((*_record_keys(hand), *(junk for junk in JUNK if len(junk) < 300)), self.key)
        message = ProducerRecord(topic, partition, key, value, nth(times(hand.now), self.log_time))
        # Bytes of their own, so that whoever keeps them is seen to.
        values = [bytes(bytearray(value)) for _ in range(self.times)]
        await hand.board.append([msgspec.structs.replace(message, value=one) for one in values])


@dataclass(frozen=True)
class Copy:
    """A record of any topic, as it is or with a changed byte, under any key on any topic."""

    topic: int
    partition: int
    record: int
    to_topic: int
    to_partition: int
    key: int
    flip: int
    tombstone: bool = False

    async def make(self, hand: Hand) -> None:
        topic, to = nth(TOPICS, self.topic), nth(TOPICS, self.to_topic)
        places = [
            0 if one in UNDIVIDED else n % 2
            for one, n in (
                (topic, self.partition),
                (to, self.to_partition),
            )
        ]
        found = await hand.board.read(topic, places[0])
        if not found:
            return
        record = nth(found, self.record)
        keys = (record.key, record.key, record.key, *_record_keys(hand))
        value = record.value
        if value and self.flip % 3 == 0:
            at = self.flip % len(value)
            value = value[:at] + bytes([value[at] ^ 1]) + value[at + 1 :]
        if self.tombstone and to != TOPICS[0]:
            value = None
        key = nth(keys, self.key) or b"key"
        await hand.board.append([ProducerRecord(to, places[1], key, value, hand.now)])


@dataclass(frozen=True)
class SayHeartbeat:
    """A heartbeat that the hostile office signs, or that it passes off as another's."""

    office: int
    field: int
    value: int
    wrong_key: bool

    async def make(self, hand: Hand) -> None:
        office = nth((X, X, X, *SOMEBODY), self.office)
        known = hand.directory.certificates(office)
        heartbeat = Heartbeat(
            HEARTBEAT_VERSION,
            CORRIDOR,
            office,
            known[-1].tag if known else bytes(8),
            self.value,
            1,
            bytes(32),
            hand.now,
        )
        said = spoiled(Heartbeat, self.field, self.value, as_plain(heartbeat))
        signature = hand.keys.signing.sign(b"blo/heartbeat/v1\0" + said)
        key = nth(_record_keys(hand), self.value) if self.wrong_key else office.encode()
        value = msgspec.msgpack.encode([said, signature])
        await hand.board.append([ProducerRecord(TOPICS[7], 0, key, value, hand.now)])


@dataclass(frozen=True)
class SayHead:
    """A head that the hostile office signs, or that it passes off as another's."""

    office: int
    field: int
    value: int
    partition: int
    wrong_key: bool

    async def make(self, hand: Hand) -> None:
        await hand.look()
        chain = hand.fold.chain
        office = nth((X, X, X, *SOMEBODY), self.office)
        known = hand.directory.certificates(office)
        head = Head(
            HEAD_VERSION,
            HOSTILE,
            office,
            known[-1].tag if known else bytes(8),
            chain.size,
            chain.log_hash,
            chain.tree_root(),
            hand.views.digest(),
            0,
            (),
            1,
            bytes(32),
            hand.now,
        )
        said = spoiled(Head, self.field, self.value, as_plain(head))
        signature = hand.keys.signing.sign(b"blo/head/v1\0" + said)
        key = head_record_key(nth((HOSTILE, QUIET), self.partition), office)
        if self.wrong_key:
            key = nth(_record_keys(hand), self.value)
        value = msgspec.msgpack.encode([said, signature])
        await hand.board.append(
            [ProducerRecord(TOPICS[2], self.partition % 2, key, value, hand.now)]
        )


@dataclass(frozen=True)
class SayGrant:
    """A grant of a key that exists, spoiled in one field."""

    recipient: int
    sender: int
    field: int
    value: int
    partition: int

    async def make(self, hand: Hand) -> None:
        key = hand.month if self.value % 2 else hand.new_summary_key()
        recipient = nth((*RECIPIENTS, *SOMEBODY), self.recipient)
        known = hand.directory.certificates(recipient)
        grant = Grant(
            GRANT_VERSION,
            KeyPurpose.SUMMARY,
            nth((HOSTILE, QUIET), self.partition),
            key.id,
            recipient,
            known[-1].tag if known else bytes(8),
            nth((X, *SOMEBODY), self.sender),
            hand.dice.randbytes(1168),
        )
        value = spoiled(Grant, self.field, self.value, as_plain(grant))
        record_key = key.id + recipient.encode()
        await hand.board.append(
            [ProducerRecord(TOPICS[1], self.partition % 2, record_key, value, hand.now)]
        )


@dataclass(frozen=True)
class SayNote:
    """A checkpoint or a cosignature with the hostile office's key, over any tree."""

    kind: int
    signer: int
    size: int
    link: int
    junk: int

    async def make(self, hand: Hand) -> None:
        await hand.look()
        link: LinkId = nth((HOSTILE, HOSTILE, QUIET), self.link)
        chain = hand.fold.chain
        sizes = (chain.size, 0, 1, chain.size - 1, chain.size + 1, 2**53, 2**63 - 1)
        size = max(0, nth(sizes, self.size))
        root = chain.tree_root() if self.size % 2 else Digest(hand.dice.randbytes(32))
        tree = Checkpoint(origin_of(CORRIDOR, link), size, root)
        signer = nth((X, *SOMEBODY[:-1]), self.signer)
        key = hand.keys.signing
        clock = nth((hand.now // 1000, 0, 2**53), self.junk)
        note = (
            cosign(tree, signer, key, clock)
            if self.junk % 2
            else sign_checkpoint(tree, signer, key)
        )
        text = note.encode()
        if self.junk % 5 == 0:
            text = nth((*JUNK, text * 50, text[:-3], text.replace(b"\n", b"\r\n")), self.junk // 5)
        record_key = NoteRecordKey(link, signer, nth(tuple(NoteKind), self.kind)).encode()
        partition = next(place.partition for place in PLACES if place.link == link)
        await hand.board.append([ProducerRecord(TOPICS[2], partition, record_key, text, hand.now)])


@dataclass(frozen=True)
class SayOutput:
    """An output in the processor's name, with the hostile office's signature."""

    topic: int
    kind: int
    processor: int
    field: int
    value: int
    partition: int

    async def make(self, hand: Hand) -> None:
        processor = nth((PROCESSOR, PROCESSOR, X, *SOMEBODY), self.processor)
        known = hand.directory.certificates(processor)
        output = Output(
            OUTPUT_VERSION,
            nth(tuple(OutputKind), self.kind),
            nth((HOSTILE, QUIET), self.partition),
            processor,
            known[-1].tag if known else bytes(8),
            1,
            hand.now,
            hand.month.id,
            bytes(16),
            nth(JUNK, self.value)[:2000],
        )
        said = spoiled(Output, self.field, self.value, as_plain(output))
        signature = hand.keys.signing.sign(b"blo/output/v1\0" + said)
        value = msgspec.msgpack.encode([said, signature])
        key = nth(_record_keys(hand), self.value)
        topic = nth(TOPICS[3:6], self.topic)
        await hand.board.append([ProducerRecord(topic, self.partition % 2, key, value, hand.now)])


def _record_keys(hand: Hand) -> list[bytes]:
    """Keys as records have them: of cases, links, heads, grants."""
    some = [*hand.cases()[:3], *hand.quiet_cases()[:3]]
    return [
        HOSTILE.encode(),
        QUIET.encode(),
        *some,
        *(case + A.encode() for case in some),
        head_record_key(HOSTILE, A),
        head_record_key(QUIET, A),
        bytes(32),
    ]


NUMBER: Final = st.integers(0, 5000)
SMALL: Final = st.integers(0, 30)
WRITES: Final = st.builds(
    Write,
    case=NUMBER,
    step=NUMBER,
    any_step=st.sampled_from((False, False, False, True)),
    layer=st.sampled_from((Layer.NOTHING, Layer.BODY, Layer.BODY, Layer.BODY, *Layer)),
    field=NUMBER,
    value=NUMBER,
    keys=st.sampled_from((Keys.AS_HONEST,) * 6 + tuple(Keys)),
    log_time=st.one_of(st.just(0), st.just(0), SMALL),
    clock=st.one_of(st.just(0), st.just(0), SMALL),
)
FLOODS: Final = st.builds(
    Write,
    case=NUMBER,
    step=NUMBER,
    any_step=st.booleans(),
    layer=st.sampled_from((Layer.NOTHING, *Layer)),
    field=NUMBER,
    value=NUMBER,
    keys=st.sampled_from((Keys.AS_HONEST, *Keys)),
    log_time=st.just(0),
    clock=st.just(0),
    times=st.just(40),
)
PUTS: Final = st.builds(
    Put,
    topic=NUMBER,
    partition=SMALL,
    key=NUMBER,
    junk=NUMBER,
    log_time=SMALL,
    times=st.sampled_from((1, 1, 30)),
)
COPIES: Final = st.builds(
    Copy,
    topic=NUMBER,
    partition=SMALL,
    record=NUMBER,
    to_topic=NUMBER,
    to_partition=SMALL,
    key=SMALL,
    flip=NUMBER,
    tombstone=st.sampled_from((False, False, True)),
)
HEADS: Final = st.builds(SayHead, SMALL, NUMBER, NUMBER, SMALL, st.booleans())
HEARTBEATS: Final = st.builds(SayHeartbeat, SMALL, NUMBER, NUMBER, st.booleans())
GRANTS: Final = st.builds(SayGrant, SMALL, SMALL, NUMBER, NUMBER, SMALL)
NOTES: Final = st.builds(SayNote, SMALL, SMALL, SMALL, SMALL, NUMBER)
OUTPUTS: Final = st.builds(SayOutput, SMALL, SMALL, SMALL, NUMBER, NUMBER, SMALL)

__all__ = [
    "COPIES",
    "FLOODS",
    "GRANTS",
    "HEADS",
    "HEARTBEATS",
    "NOTES",
    "OUTPUTS",
    "PUTS",
    "WRITES",
    "Copy",
    "Move",
    "Put",
    "SayGrant",
    "SayHead",
    "SayHeartbeat",
    "SayNote",
    "SayOutput",
]
