"""What the vectors are made of: fixed keys, a table of writers, and a log that can be spoiled."""

from __future__ import annotations

from datetime import date
from hashlib import sha256
from typing import Any, NamedTuple

import msgspec

from blo_projection.link_chain import LinkChain
from blo_schemas.codec import encode
from blo_schemas.content import Content, Dispatch
from blo_schemas.event import ENVELOPE, HEADER, Envelope, Header, LogRecord
from blo_schemas.hashes import event_input
from blo_schemas.ids import CertificateTag, EventId, LinkId, OfficeId
from blo_schemas.summary import Kind, Step, Summary, Urgency
from blo_schemas.verdicts import Reason
from blo_sealing.kem import KemKey
from blo_sealing.keys import ContentKey, SummaryKey
from blo_sealing.seal_event import Author, ChainPlace, SealedEvent, seal_event
from blo_sealing.signatures import RandomBytes, SigningKey

Json = dict[str, Any]

KYSON = OfficeId("vn-kyson")
NONGHET = OfficeId("la-nonghet")
STRANGER = OfficeId("la-khamkeut")
LINK = LinkId("la-nonghet~vn-kyson")
OTHER_LINK = LinkId("la-mok~vn-kyson")
NOON = 1_735_704_000_000
"""2025-01-01T04:00:00Z, the log time of every vector's first record."""
NEXT_YEAR = NOON + 365 * 86_400_000
FOREVER = 4_102_444_800_000


def fixed(label: str, size: int = 32) -> bytes:
    """Bytes that are always the same for a label."""
    return b"".join(sha256(f"blo vectors {label} {i}".encode()).digest() for i in range(4))[:size]


def fixed_random(label: str) -> RandomBytes:
    """A source that gives the same bytes in every run."""
    drawn = 0

    def draw(size: int) -> bytes:
        nonlocal drawn
        drawn += 1
        return fixed(f"{label} {drawn}", size)

    return draw


SIGNING = {office: SigningKey(fixed(f"sign {office}")) for office in (KYSON, NONGHET, STRANGER)}
KEM = {office: KemKey(fixed(f"kem {office}", 96)) for office in (KYSON, NONGHET, STRANGER)}
KID = {office: CertificateTag(fixed(f"kid {office}", 8)) for office in (KYSON, NONGHET, STRANGER)}
CASE = ContentKey(fixed("case"))
OTHER_CASE = ContentKey(fixed("other case"))
MONTH = SummaryKey(fixed("month"))
OTHER_MONTH = SummaryKey(fixed("other month"))
SUMMARY = Summary(1, Kind.PATROL, Step.OPEN, Urgency.ROUTINE, 0)
CONTENT = Content(
    date(2025, 1, 1), Dispatch(subject="Fictional patrol", local_number="1/TB"), None, b"\x90", 1
)


def author(office: OfficeId, link: LinkId = LINK) -> Author:
    """An office as a writer."""
    return Author(link, KID[office], SIGNING[office])


class Named(NamedTuple):
    """Whom a table names for a tag."""

    office: OfficeId
    signing_key: bytes


class TableTrust:
    """The trust table of ``tests/vectors/README.md``, answering as the trust documents would."""

    def __init__(self, table: Json) -> None:
        self._table = table
        self._rows: dict[bytes, Json] = {bytes.fromhex(row["kid"]): row for row in table["writers"]}

    def writer(self, kid: CertificateTag, position: int, log_time: int) -> Named | Reason:
        agreement = self._table["agreement"]
        row = self._rows.get(kid)
        until = agreement["until"]
        if log_time < agreement["from"] or (until is not None and log_time >= until):
            return Reason.NO_AGREEMENT
        if row is None:
            return Reason.UNKNOWN_KEY
        if not row["party"]:
            return Reason.NOT_A_PARTY
        if log_time < row["not_before"]:
            return Reason.KEY_NOT_YET_VALID
        if log_time >= row["not_after"]:
            return Reason.KEY_EXPIRED
        if row["revoked_from"] is not None and position >= row["revoked_from"]:
            return Reason.KEY_REVOKED
        return Named(OfficeId(row["office"]), bytes.fromhex(row["signing_key"]))

    def other_links(self, office: OfficeId) -> tuple[LinkId, ...]:
        return tuple(LinkId(link) for link in self._table["other_links"].get(office, ()))


def row(office: OfficeId, **changes: Any) -> Json:
    """A row of the trust table, valid unless changed."""
    return {
        "kid": KID[office].hex(),
        "office": office,
        "signing_key": SIGNING[office].public.hex(),
        "party": True,
        "not_before": 0,
        "not_after": FOREVER,
        "revoked_from": None,
    } | changes


def table(*rows: Json, since: int = 0, until: int | None = None) -> Json:
    """A trust table with both offices of the link, or the given rows."""
    return {
        "agreement": {"from": since, "until": until},
        "writers": list(rows) or [row(KYSON), row(NONGHET)],
        "other_links": {KYSON: [OTHER_LINK]},
    }


class Log:
    """A link's log under construction, one minute between two records."""

    def __init__(self, trust: Json | None = None, link: LinkId = LINK) -> None:
        self.trust = trust or table()
        self.chain = LinkChain(link, TableTrust(self.trust))
        self.records: list[LogRecord] = []
        self.chained: list[EventId] = []

    def place(self, office: OfficeId, **changes: Any) -> ChainPlace:
        """Where the office's next event stands, or somewhere else."""
        return msgspec.structs.replace(self.chain.next_place(office), **changes)

    def seal(
        self, office: OfficeId, place: ChainPlace | None = None, **changes: Any
    ) -> SealedEvent:
        """The office's next event, not yet in the log."""
        arguments: Json = {
            "at": NOON + 60_000 * self.chain.size,
            "content_key": CASE,
            "summary_key": MONTH,
            "summary": SUMMARY,
            "content": CONTENT,
            "random": fixed_random(f"salt {office} {self.chain.size}"),
        }
        return seal_event(
            author(office, self.chain.link), place or self.place(office), **(arguments | changes)
        )

    def append(self, value: bytes, log_time: int | None = None) -> str:
        """Appends a record's value; gives its verdict's name."""
        position = self.chain.size
        record = LogRecord(
            position, NOON + 60_000 * position if log_time is None else log_time, value
        )
        self.records.append(record)
        admitted = self.chain.admit(record)
        if admitted.chained and admitted.event is not None:
            self.chained.append(admitted.event)
        verdict = admitted.verdict
        if verdict is None:
            return "accepted"
        return verdict.reason.value if verdict.reason else verdict.outcome.value

    def write(self, office: OfficeId, **changes: Any) -> SealedEvent:
        """Appends the office's next event, which must be faultless."""
        event = self.seal(office, **changes)
        assert self.append(event.value) == "accepted"
        return event


def opened(value: bytes) -> tuple[Envelope, Header]:
    """A value's envelope and header."""
    envelope = ENVELOPE.decode(value)
    return envelope, HEADER.decode(envelope.header)


def with_envelope(value: bytes, **changes: Any) -> bytes:
    """The same envelope with other parts; the signature stays as it is."""
    return encode(msgspec.structs.replace(ENVELOPE.decode(value), **changes))


def with_header(
    value: bytes, office: OfficeId = KYSON, link: LinkId = LINK, **changes: Any
) -> bytes:
    """The same envelope with other header fields, signed again."""
    changed = msgspec.structs.replace(opened(value)[1], **changes)
    return with_header_bytes(value, encode(changed), office, link)


def with_header_bytes(
    value: bytes, header: bytes, office: OfficeId = KYSON, link: LinkId = LINK
) -> bytes:
    """The same envelope with other header bytes, signed."""
    signature = SIGNING[office].sign(event_input(link, header))
    return with_envelope(value, header=header, signature=signature)


def flipped(data: bytes, position: int = -1) -> bytes:
    """The same bytes with one bit changed."""
    changed = bytearray(data)
    changed[position] ^= 1
    return bytes(changed)


def vector(name: str, what: str, kind: str, given: Json, expect: Json) -> Json:
    """One vector, with its fields in the order of the README."""
    return {"name": name, "what": what, "kind": kind, "given": given, "expect": expect}


def record_vector(name: str, what: str, log: Log, verdict: str, **more: Json) -> Json:
    """A vector about the last record of a log."""
    given = {
        "link": log.chain.link,
        "trust": log.trust,
        "records": [{"log_time": r.log_time, "value": _hex(r.value)} for r in log.records],
    }
    return vector(
        name,
        what,
        "record",
        given | more.get("given", {}),
        {"verdict": verdict} | more.get("expect", {}),
    )


def reject(name: str, what: str, value: bytes, verdict: str) -> Json:
    """A vector about the first record of a log."""
    return rejected_record(name, what, Log(), value, verdict)


def rejected_record(name: str, what: str, log: Log, value: bytes, verdict: str) -> Json:
    """A vector about a value that comes next in a log; its verdict is made sure of here."""
    found = log.append(value)
    assert found == verdict, f"{name}: {found}, not {verdict}"
    return record_vector(name, what, log, verdict)


def _hex(value: bytes) -> str | Json:
    if len(value) > 4096 and len(set(value)) == 1:
        return {"repeat": value[:1].hex(), "times": len(value)}
    return value.hex()
