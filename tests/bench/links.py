"""Links with a processor: 1 KiB contents, two offices, and clocks of which some run out."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date
from itertools import count

from blo_log import topics
from blo_log.port import Log, ProducerRecord
from blo_processors.outputs.encode import LinkPartition
from blo_projection.link_chain import LinkChain
from blo_projection.verification import TrustHeads
from blo_schemas.codec import encode
from blo_schemas.content import Content
from blo_schemas.event import LogRecord
from blo_schemas.grants import grant_record_key
from blo_schemas.ids import OfficeId
from blo_schemas.summary import SUMMARY_VERSION, Kind, Step, Summary, Urgency
from blo_sealing.grants import Recipient, make_grant
from blo_sealing.keys import ContentKey, SummaryKey
from blo_sealing.seal_event import Author, seal_event
from tests.bench.samples import KIB
from tests.processors.world import LA, MINUTE_MS, START, VN, World

CHUNK = 2_000
_ABREAST = 100
_STEPS = (
    (Step.OPEN, VN),
    (Step.ACKNOWLEDGE, LA),
    (Step.ACCEPT, LA),
    (Step.ASSIGN, LA),
    (Step.INTERIM_REPLY, LA),
    (Step.ANSWER, LA),
    (Step.CLOSE, VN),
)


def _content() -> Content:
    frame = len(encode(Content(date(2025, 2, 20), None, "x" * 300, b"\x80", 1))) - 300
    return Content(date(2025, 2, 20), None, "x" * (KIB - frame), b"\x80", 1)


class LinkLog:
    """The log of one link, made as it is asked for.

    A hundred cases run abreast, a record comes each minute, and one case in ten is immediate: its
    office is late with each step, so its alerts rise and are cleared.

    Args:
        world: Documents and keys.
        place: The link.
    """

    def __init__(self, world: World, place: LinkPartition) -> None:
        self.place = place
        self._world = world
        self._keys = {office: SummaryKey.generate(os.urandom) for office in (VN, LA)}
        self._chain = LinkChain(place.link, world.directory.link_trust(place.link), TrustHeads())
        self._authors = {
            office: Author(
                place.link,
                world.directory.certificates(office)[-1].tag,
                world.keys[office].signing,
            )
            for office in (VN, LA)
        }
        self._values = self._endless()

    @property
    def size(self) -> int:
        """How many records were made."""
        return self._chain.size

    @property
    def now(self) -> int:
        """Log time of the last record."""
        return START + self._chain.size * MINUTE_MS

    def grants(self) -> list[ProducerRecord]:
        """What lets every reader open the summaries."""
        place = self.place
        readers = self._world.directory.readers(place.link, START).summary
        return [
            ProducerRecord(
                topics.keys_topic(place.corridor),
                place.partition,
                grant_record_key(key.id, reader.subject),
                encode(
                    make_grant(
                        key,
                        place.link,
                        office,
                        Recipient(reader.subject, reader.tag, reader.kem_key),
                    )
                ),
            )
            for office, key in self._keys.items()
            for reader in readers
            if reader.subject != office
        ]

    def messages(self, number: int) -> list[ProducerRecord]:
        """The next records."""
        topic = topics.exchange_topic(self.place.corridor)
        made = []
        for _ in range(number):
            at = self.now + MINUTE_MS
            value = next(self._values)
            assert self._chain.admit(LogRecord(self._chain.size, at, value)).verdict is None
            key = self.place.link.encode()
            made.append(ProducerRecord(topic, self.place.partition, key, value, at))
        return made

    async def append(self, log: Log, number: int) -> None:
        """Put the next records on the log."""
        appender = await log.appender()
        try:
            while number > 0:
                await appender.append(self.messages(min(number, CHUNK)))
                number -= CHUNK
        finally:
            await appender.close()

    async def begin(self, log: Log) -> None:
        """Put the grants on the log."""
        appender = await log.appender()
        await appender.append(self.grants())
        await appender.close()

    def _endless(self) -> Iterator[bytes]:
        content = _content()
        for begun in count(0, _ABREAST):
            cases = [ContentKey.generate(os.urandom) for _ in range(_ABREAST)]
            for version, (step, office) in enumerate(_STEPS):
                for number, case in enumerate(cases, begun):
                    urgency = Urgency.ROUTINE if number % 10 else Urgency.IMMEDIATE
                    yield self._sealed(office, step, urgency, version, case, content)

    def _sealed(
        self,
        office: OfficeId,
        step: Step,
        urgency: Urgency,
        version: int,
        case: ContentKey,
        content: Content,
    ) -> bytes:
        kind = Kind.VERIFICATION_REQUEST
        return seal_event(
            self._authors[office],
            self._chain.next_place(office),
            at=self.now,
            content_key=case,
            summary_key=self._keys[office],
            summary=Summary(SUMMARY_VERSION, kind, step, urgency, version),
            content=content,
            random=os.urandom,
        ).value


__all__ = ["CHUNK", "LinkLog"]
