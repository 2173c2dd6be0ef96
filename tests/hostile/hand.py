"""The hand of the hostile office: it seals, signs and appends whatever it likes.

It has the true keys of one office, and may append to every topic of the broker. Each layer of what
it writes can be spoiled, and all layers around that are sealed and signed as an honest agent would.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Sequence
from typing import Any, Protocol

import msgspec

from blo_domain.cases import legal_steps
from blo_log import topics
from blo_log.port import ConsumedRecord, ProducerRecord
from blo_processors.outputs.encode import LinkPartition
from blo_projection.case_views import CaseViews
from blo_projection.fold import LinkFold
from blo_projection.granted_keys import month_of
from blo_projection.link_chain import LinkChain
from blo_schemas.event import HEADER_VERSION, Header, LogRecord
from blo_schemas.grants import grant_record_key
from blo_schemas.hashes import event_context, payload_hash
from blo_schemas.ids import ZERO_HASH, CaseId, CertificateTag, KeyId, LinkId, OfficeId
from blo_schemas.summary import Step
from blo_schemas.views import CaseView
from blo_sealing.event_parts import PAYLOAD_FIELD_SIZE, EventPart, derive_part_key, seal_part
from blo_sealing.grants import Recipient, make_grant
from blo_sealing.keys import ContentKey, NodeKeys, SummaryKey
from blo_sealing.padding import pad_content, pad_summary
from tests.agents.world import CORRIDOR, PROVINCE, A, B
from tests.hostile.world import (
    HOSTILE,
    OBSERVER,
    PLACES,
    PROCESSOR,
    QUIET,
    HostileWorld,
    Prelude,
    X,
)

TOPICS = (
    topics.exchange_topic(CORRIDOR),
    topics.keys_topic(CORRIDOR),
    topics.heads_topic(CORRIDOR),
    topics.cases_topic(CORRIDOR),
    topics.alerts_topic(CORRIDOR),
    topics.trail_topic(CORRIDOR),
    topics.DIRECTORY_TOPIC,
    topics.liveness_topic(CORRIDOR),
)
UNDIVIDED = frozenset(TOPICS[6:])
"""The topics of one partition."""
RECIPIENTS = (A, PROVINCE, PROCESSOR, OBSERVER)
"""Whom an honest office would grant its summary keys to on the hostile link."""

Spoil = Callable[[Any], bytes]
"""From a struct as an encoder writes it to the bytes that stand for it."""


class Board(Protocol):
    """The broker, as its operator has it."""

    async def read(self, topic: str, partition: int) -> Sequence[ConsumedRecord]:
        """Everything that a partition holds."""
        ...

    async def append(self, messages: Sequence[ProducerRecord]) -> None:
        """Append, whatever it is."""
        ...


class Hand:
    """What the hostile office knows and can do.

    Args:
        world: The offices and their papers.
        board: The broker.
        prelude: What went before.
        seed: What its keys come from.
    """

    def __init__(self, world: HostileWorld, board: Board, prelude: Prelude, seed: int) -> None:
        self.world = world
        self.board = board
        self.dice = random.Random(seed)
        self.keys: NodeKeys = world.keys[X]
        self.directory = world.trusted()
        self.tag = self.directory.certificates(X)[-1].tag
        self.records: dict[int, list[ConsumedRecord]] = {0: [], 1: []}
        self.views = CaseViews()
        self._prelude = prelude
        self._contents: dict[CaseId, ContentKey] = {}
        self._summaries: dict[KeyId, SummaryKey] = {}
        trust = self.directory.link_trust(HOSTILE)
        self.fold = LinkFold(
            HOSTILE, LinkChain(HOSTILE, trust), trust, self.views, self, read_content=False
        )
        month = prelude.keyring.own_summary_key(month_of(self.now))
        assert month is not None
        self.month = month

    # The keys of the fold.

    def summary_key(self, key: KeyId) -> SummaryKey | None:
        return self._summaries.get(key) or self._prelude.keyring.summary_key(key)

    def summary_key_ids(self) -> Collection[KeyId]:
        return {*self._summaries, *self._prelude.keyring.summary_key_ids()}

    def content_key(self, case: CaseId) -> ContentKey | None:
        return self._contents.get(case) or self._prelude.keyring.content_key(case)

    # Looking.

    async def look(self) -> None:
        """Read both links up to their ends."""
        for place in PLACES:
            stored = await self.board.read(topics.exchange_topic(CORRIDOR), place.partition)
            self.records[place.partition] = list(stored)
        for one in self.records[0][self.fold.size :]:
            self.fold.feed(LogRecord(one.offset, one.timestamp, one.value or b""))

    def cases(self) -> list[CaseId]:
        """The cases of the hostile link, then those of the other one, whose ids lie in the clear."""
        return [*(CaseId(view.case) for view in self.views), *self.quiet_cases()]

    def quiet_cases(self) -> list[CaseId]:
        """The cases of the other link, as their headers name them."""
        return list(self._prelude.quiet_cases())

    def legal(self, view: CaseView) -> tuple[Step, ...]:
        """What the hostile office may do in a case now."""
        return legal_steps(view, X, frozenset((A, X)))

    # Making.

    def new_content_key(self) -> ContentKey:
        key = ContentKey(self.dice.randbytes(32))
        self._contents[key.id] = key
        return key

    def new_summary_key(self) -> SummaryKey:
        key = SummaryKey(self.dice.randbytes(32))
        self._summaries[key.id] = key
        return key

    def seal(
        self,
        case: CaseId,
        summary: bytes,
        content: bytes | None,
        *,
        secret: bytes,
        summary_key: SummaryKey,
        at: int,
        spoil_header: Spoil = msgspec.msgpack.encode,
        spoil_envelope: Spoil = msgspec.msgpack.encode,
        padded: bool = True,
    ) -> bytes:
        """An event at the next place of the own chain.

        Args:
            case: Which case the header names.
            summary: Plain summary.
            content: Plain content; ``None``: the second part is empty.
            secret: What seals the content; 32 bytes.
            summary_key: What seals the summary.
            at: The signed time.
            spoil_header: Encodes the header's fields.
            spoil_envelope: Encodes the envelope's.
            padded: Whether the parts are padded as they have to be.
        """
        place = self.fold.chain.next_place(X)
        draft = Header(
            HEADER_VERSION,
            self.tag,
            place.oseq,
            place.oprev,
            place.seen_size,
            place.seen_hash,
            case,
            at,
            summary_key.id,
            self.dice.randbytes(16),
            ZERO_HASH,
        )
        unbound = spoil_header(list(msgspec.structs.astuple(draft)))
        context = event_context(HOSTILE)
        bound = context + unbound[:-PAYLOAD_FIELD_SIZE]
        if padded:
            summary = pad_summary(summary)
            content = None if content is None else pad_content(content)
        sealed = seal_part(
            derive_part_key(EventPart.SUMMARY, HOSTILE, draft, summary_key.secret), summary, bound
        )
        body = b""
        if content is not None:
            body = seal_part(
                derive_part_key(EventPart.CONTENT, HOSTILE, draft, secret), content, bound
            )
        payload = payload_hash(sealed, body)
        header = unbound[:-32] + payload if unbound.endswith(ZERO_HASH) else unbound
        signature = self.keys.signing.sign(context + header)
        return spoil_envelope([header, signature, sealed, body])

    def grants(
        self, key: ContentKey | SummaryKey, recipients: Sequence[OfficeId]
    ) -> list[ProducerRecord]:
        """A key, granted as it should be."""
        messages = []
        for recipient in recipients:
            certified = self.directory.certificates(recipient)[-1]
            kem_key = certified.certificate.kem_key
            assert kem_key is not None
            grant = make_grant(key, HOSTILE, X, Recipient(recipient, certified.tag, kem_key))
            value = msgspec.msgpack.encode(grant)
            messages.append(
                ProducerRecord(
                    TOPICS[1], 0, grant_record_key(KeyId(key.id), recipient), value, self.now
                )
            )
        return messages

    async def write(self, value: bytes, log_time: int | None = None, partition: int = 0) -> None:
        """Append a record to a link."""
        key = PLACES[partition].link.encode()
        at = self.now if log_time is None else log_time
        await self.board.append([ProducerRecord(TOPICS[0], partition, key, value, at)])

    @property
    def now(self) -> int:
        """The log's time."""
        return self.world.clock.now_ms()

    def tag_of(self, office: OfficeId) -> CertificateTag:
        """The tag of somebody's certificate."""
        return self.directory.certificates(office)[-1].tag


def place_of(link: LinkId) -> LinkPartition:
    """Where a link lies."""
    return next(place for place in PLACES if place.link == link)


__all__ = ["QUIET", "RECIPIENTS", "TOPICS", "UNDIVIDED", "B", "Board", "Hand", "Spoil", "place_of"]
