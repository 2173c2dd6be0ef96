"""One honest exhibit that all mutations begin with, and the hands that spoil it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import cache
from typing import Any

import msgspec

from blo_domain.trust import Certified
from blo_projection.granted_keys import month_of
from blo_projection.link_chain import LinkChain
from blo_projection.verification import TrustHeads
from blo_schemas.content import Content
from blo_schemas.event import LogRecord
from blo_schemas.hashes import document_id
from blo_schemas.ids import CertificateTag, OfficeId
from blo_schemas.summary import Summary
from blo_sealing.keys import ContentKey, NodeKeys
from blo_sealing.seal_event import Author, seal_event
from tests.audit.exhibits import (
    LINK,
    Exhibit,
    World,
    Writer,
    exhibit_of,
    header_of,
    opening,
    renumbered,
)
from tests.processors.world import LA, VN

SIZE = 60
HEADS_AT = (9, 18, 27, 36, 45, 54)
"""Both offices sign here; then VN once more, at 58."""
VN_LAST = 58
T_LAST = SIZE - 1


class Scene:
    """Two links; on the first both offices wrote 60 records, and signed heads now and then."""

    def __init__(self) -> None:
        self.world = World(seed=7, links=2)
        self.writer = Writer(self.world, self.world.places[0], 3)
        self.other = Writer(self.world, self.world.places[1], 4)
        for writer in (self.writer, self.other):
            writer.open(VN)
            writer.open(LA)
            _write(writer)
        self.exhibit = exhibit_of(self.world, self.writer, self.other)

    def of(self, office: OfficeId, at_least: int) -> int:
        """The first record of an office at a position or after it."""
        tags = {one.tag for one in self.world.directory.certificates(office)}
        return next(
            at for at in range(at_least, SIZE) if self._tag(self.writer.records[at]) in tags
        )

    def of_office(self, position: int) -> OfficeId:
        """Who wrote a record."""
        return VN if self._tag(self.writer.records[position]) == self.certified(VN).tag else LA

    def pair(self, office: OfficeId) -> int:
        """The first of two neighbours that an office wrote, in the middle."""
        return next(
            at for at in range(20, SIZE) if self.of_office(at) == self.of_office(at + 1) == office
        )

    def before_other(self, office: OfficeId) -> int:
        """A record of an office, in the middle, after which the other one wrote."""
        return next(
            at for at in range(20, SIZE) if self.of_office(at) == office != self.of_office(at + 1)
        )

    def other_of(self, office: OfficeId) -> bytes:
        """A record that an office wrote on the other link."""
        tag = self.certified(office).tag
        return next(one.value for one in self.other.records[20:] if self._tag(one) == tag)

    def head(self, office: OfficeId) -> bytes:
        """An office's head at the last size that both signed."""
        return self.exhibit.heads_[LINK][-3 if office == VN else -2]

    def open_again(self, office: OfficeId) -> bytes:
        """An opening of a case that is there already."""
        case = next(iter(self.writer.contents))
        return self.seal(office, content_key=self.writer.contents[case])

    def chain_of(self, exhibit: Exhibit) -> LinkChain:
        """The record layer over a spoiled log, as somebody folds it who verifies nothing."""
        chain = LinkChain(LINK, self.world.directory.link_trust(LINK), TrustHeads())
        for record in exhibit.records_[LINK]:
            chain.admit(record)
        return chain

    def seal(
        self,
        office: OfficeId,
        *,
        keys: NodeKeys | None = None,
        kid: bytes | None = None,
        summary: Summary | None = None,
        at: int | None = None,
        content_key: ContentKey | None = None,
        **place: Any,
    ) -> bytes:
        """What an office could write at the end of the log, honest or not."""
        writer = self.writer
        known = writer.author(office)
        signing = known.signing if keys is None else keys.signing
        author = Author(LINK, known.kid if kid is None else CertificateTag(kid), signing)
        month = writer._months[office, month_of(writer.now)]
        return seal_event(
            author,
            msgspec.structs.replace(writer.fold.chain.next_place(office), **place),
            at=writer.now if at is None else at,
            content_key=content_key or ContentKey.generate(self.world.bytes),
            summary_key=month,
            summary=summary or opening(),
            content=Content(date(2025, 2, 20), None, None, b"\x80", 1),
            random=self.world.bytes,
        ).value

    def certified(self, office: OfficeId) -> Certified:
        """An office's certificate."""
        return self.world.directory.certificates(office)[-1]

    def stranger(self, subject: str, **more: Any) -> tuple[NodeKeys, bytes, Any]:
        """Keys, tag and certificate of somebody who is no party."""
        keys = NodeKeys.generate(self.world.bytes)
        document = self.world.certificate_of(OfficeId(subject), keys, **more)
        return keys, document_id(document.payload)[:8], document

    @staticmethod
    def _tag(record: LogRecord) -> bytes:
        return header_of(record).kid


def _write(writer: Writer) -> None:
    while len(writer.records) < SIZE:
        if len(writer.records) >= VN_LAST:
            # Whoever has the last word, it is the same with every set of steps.
            writer.open(LA)
        elif writer.dice.random() < 0.3:
            writer.open(writer.dice.choice((VN, LA)))
        else:
            writer._move(writer.dice.choice(list(writer.contents)[-8:]))
        size = len(writer.records)
        if size in HEADS_AT and len(writer.heads) < 2 * (HEADS_AT.index(size) + 1):
            writer.say(VN, LA)
        if size == VN_LAST and len(writer.heads) == 2 * len(HEADS_AT):
            writer.say(VN)


@cache
def scene() -> Scene:
    """The scene; made once, never changed."""
    return Scene()


# Hands.


def records(exhibit: Exhibit) -> list[LogRecord]:
    """The first link's records."""
    return exhibit.records_[LINK]


def replace(exhibit: Exhibit, position: int, change: Callable[[bytes], bytes]) -> None:
    """Other bytes in a place."""
    held = records(exhibit)
    record = held[position]
    held[position] = LogRecord(position, record.log_time, change(record.value))


def insert(exhibit: Exhibit, position: int, value: bytes) -> None:
    """One record more; what follows moves on."""
    held = records(exhibit)
    beside = held[min(position, len(held) - 1)]
    held.insert(position, LogRecord(position, beside.log_time, value))
    exhibit.records_[LINK] = renumbered(held)


def append(exhibit: Exhibit, *values: bytes) -> None:
    """Records at the end."""
    for value in values:
        insert(exhibit, len(records(exhibit)), value)


def drop(exhibit: Exhibit, *positions: int) -> None:
    """Some records less; what follows closes up."""
    kept = [one for one in records(exhibit) if one.position not in positions]
    exhibit.records_[LINK] = renumbered(kept)


def swap(exhibit: Exhibit, one: int, other: int) -> None:
    """Two records' values in each other's place."""
    held = records(exhibit)
    values = held[one].value, held[other].value
    replace(exhibit, one, lambda _: values[1])
    replace(exhibit, other, lambda _: values[0])


def retime(exhibit: Exhibit, position: int, shift_ms: int) -> None:
    """Another log time for one record."""
    held = records(exhibit)
    record = held[position]
    held[position] = LogRecord(position, record.log_time + shift_ms, record.value)


__all__ = [
    "HEADS_AT",
    "SIZE",
    "T_LAST",
    "VN_LAST",
    "Scene",
    "append",
    "drop",
    "insert",
    "records",
    "replace",
    "retime",
    "scene",
    "swap",
]
