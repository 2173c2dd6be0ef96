"""The annual report as a document: figures, the events that make them, and proofs (docs/reports.md).

A report is a file of JSON, so that people can read it; what is signed is the canonical encoding of
the same struct. Bytes are written in hexadecimal, amounts as decimal text in their shortest form.
A file has exactly one form (``to_json``), and a reader refuses any other.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from hashlib import sha256
from typing import Annotated, Final, TypeVar

import msgspec

from blo_schemas.clocks import ClockKind
from blo_schemas.codec import Codec, encode
from blo_schemas.errors import NotCanonical, TooLarge, UnknownVersion
from blo_schemas.fields import (
    Count,
    Hex8,
    Hex32,
    Hex64,
    HexBytes,
    Line,
    MapStruct,
    Name,
    UnixMs,
    Word,
)
from blo_schemas.ids import LinkId, OfficeId
from blo_schemas.instants import check_business_day
from blo_schemas.texts import from_json

REPORT_VERSION: Final = 1
MAX_REPORT_SIZE: Final = 64 * 1024 * 1024
"""Largest file of a report in bytes."""

MAX_REPORT_STEPS: Final = 200
"""Most steps of a report, from computing to freezing."""

_INDENTED: Final = 4
"""Lists of the report stand so deep in the file, one space each level."""
_STEPS_ROOM: Final = 1024 * 1024
"""In a file, for ``MAX_REPORT_STEPS`` steps by people with 200 characters of any script."""

MAX_AMOUNT_TEXT: Final = 40
"""Most characters of an amount: more than the sum of all that the world has ever reported has."""

_FIGURES: Final = b"blo/report-figures/v1\0"
_REPORT: Final = b"blo/report/v1\0"

AmountText = Annotated[
    str,
    msgspec.Meta(pattern=r"^(0|[1-9][0-9]*)(\.[0-9]*[1-9])?$(?!\n)", max_length=MAX_AMOUNT_TEXT),
]
Label = Annotated[str, msgspec.Meta(max_length=64)]
Words = Annotated[str, msgspec.Meta(min_length=1, max_length=2000)]

T = TypeVar("T")


class CountedLink(MapStruct, frozen=True, kw_only=True):
    """How much of a link's log was counted.

    Attributes:
        link: The link.
        size: How many of its records.
        log_hash: The running hash at that size.
        tree_root: The RFC 6962 tree's root at that size; the events' proofs lead to it.
        trust: Digest of the trust documents under which the records were judged.
        holidays: Versions of the table of public holidays by which its agreements count working
            days, sorted.
        parked: Positions of records whose summary key had not arrived: not judged, not counted.
        closed: Positions of accepted events whose content could not be opened.
    """

    link: LinkId
    size: Count
    log_hash: Hex32
    tree_root: Hex32
    trust: Hex32
    holidays: tuple[Count, ...]
    parked: tuple[Count, ...]
    closed: tuple[Count, ...]


class CountedHead(MapStruct, frozen=True, kw_only=True):
    """A head that another office has signed on the log that was counted.

    Attributes:
        link: The link.
        office: Who signed.
        size: Up to which size; at most the cut's.
        head: Its encoded ``SignedHead``.
        proof: Consistency proof from the head's tree to the cut's.
    """

    link: LinkId
    office: OfficeId
    size: Count
    head: HexBytes
    proof: tuple[Hex32, ...]


class Measured(MapStruct, frozen=True, kw_only=True):
    """How much of what; a plain number is of nothing.

    Attributes:
        of: Nothing, a nationality (``""``: not stated), or a substance with its unit.
        amount: How much.
    """

    of: tuple[Label, ...]
    amount: AmountText


class Contribution(MapStruct, frozen=True, kw_only=True):
    """One event that makes a figure.

    Attributes:
        event: Its id.
        on: The business date in force.
        amounts: How much it adds.
        also_reported: Ids of further reports of the same thing, which count nothing.
        corrections: Ids of the corrections that are in force, oldest first.
    """

    event: Hex32
    on: date
    amounts: tuple[Measured, ...]
    also_reported: tuple[Hex32, ...]
    corrections: tuple[Hex32, ...]


class ReportFigure(MapStruct, frozen=True, kw_only=True):
    """One number of the report, or one for each thing that is counted apart.

    Attributes:
        indicator: Its name.
        unit: What it is counted in.
        totals: The numbers, sorted by what they are of.
        events: What makes them, in the order of links and positions.
    """

    indicator: Name
    unit: Name
    totals: tuple[Measured, ...]
    events: tuple[Contribution, ...]


class NoteAbout(StrEnum):
    """The reason for a note."""

    NOT_COUNTED = "not_counted"
    NOT_JUDGED = "not_judged"
    NOT_OPENED = "not_opened"
    LATE_ENTRY = "late_entry"
    LATE_CORRECTION = "late_correction"


class ReportNote(MapStruct, frozen=True, kw_only=True):
    """A note for the reader of the figures.

    Attributes:
        about: What sort of thing.
        link: The link.
        position: The record's position.
        event: The event's id; ``None`` of a record that was not judged.
        words: What is to be said.
    """

    about: NoteAbout
    link: LinkId
    position: Count
    event: Hex32 | None
    words: Words


class ResponseTime(MapStruct, frozen=True, kw_only=True):
    """How one office responded to one sort of clock on one link (``blo_domain.deadlines``).

    Attributes:
        link: The link.
        office: The office that owed.
        clock: What it owed.
        met: How many came in time.
        missed: How many came late or not at all.
        open: How many of the missed had not come.
        median_ms: Middle of the response times, in milliseconds; of two middle ones their mean,
            rounded down. ``None``: nothing came.
        p90_ms: The 90th percentile by nearest rank: the smallest that nine of ten do not exceed.
    """

    link: LinkId
    office: OfficeId
    clock: ClockKind
    met: Count
    missed: Count
    open: Count
    median_ms: Count | None
    p90_ms: Count | None


class ProvenEvent(MapStruct, frozen=True, kw_only=True):
    """An event that the report names, at its place in the log.

    Attributes:
        event: Its id.
        link: The link.
        position: Its position.
        log_time: Log time, Unix milliseconds.
        office: Who wrote it.
        kind: The case's kind, in words.
        step: What it did, in words.
        number: Its writer's own number of the document; ``None``: it has none, or its content
            could not be opened.
        leaf: Leaf hash of its record.
        proof: Inclusion proof of the leaf in the tree of ``CountedLink.size`` records.
    """

    event: Hex32
    link: LinkId
    position: Count
    log_time: UnixMs
    office: OfficeId
    kind: Name
    step: Name
    number: Line | None
    leaf: Hex32
    proof: tuple[Hex32, ...]


class PeriodReport(MapStruct, frozen=True, kw_only=True):
    """The computed report: a pure function of the log up to a cut and of the counting rules.

    Attributes:
        v: Version of this layout, 1.
        rules: Version of the counting rules.
        office: Whose report it is.
        branches: The branches that it counts too, sorted.
        first: First business date.
        last: Last business date, included.
        after: Clocks count that were due after this instant, Unix milliseconds: the start of
            ``first`` where the offices are.
        until: Up to and with this one: the end of ``last`` there.
        as_of: The instant at which it was computed, Unix milliseconds.
        links: Up to where which logs were counted, sorted by link.
        heads: What other offices have signed of these logs, by link and office.
        figures: The numbers, in the order of the rules.
        response_times: Of each link and side, from summaries alone.
        notes: What a reader must know.
        events: All events that are named above, by link and position.
    """

    v: int
    rules: Count
    office: OfficeId
    branches: tuple[OfficeId, ...]
    first: date
    last: date
    after: UnixMs
    until: UnixMs
    as_of: UnixMs
    links: tuple[CountedLink, ...]
    heads: tuple[CountedHead, ...]
    figures: tuple[ReportFigure, ...]
    response_times: tuple[ResponseTime, ...]
    notes: tuple[ReportNote, ...]
    events: tuple[ProvenEvent, ...]

    def __post_init__(self) -> None:
        check_business_day("first", self.first)
        check_business_day("last", self.last)
        if self.last < self.first:
            raise ValueError(f"last: {self.last} lies before first: {self.first}")


class ReportAct(StrEnum):
    """The acts of persons on a report, in this order."""

    COMPUTE = "compute"
    REVIEW = "review"
    SIGN = "sign"
    FREEZE = "freeze"


class ReportStep(MapStruct, frozen=True, kw_only=True):
    """Who did what, and when by the office's clock (Unix milliseconds)."""

    act: ReportAct
    by: Word
    at: UnixMs


class FrozenReport(MapStruct, frozen=True, kw_only=True):
    """The final report, which the office signs.

    Attributes:
        v: Version of this layout, 1.
        kid: Tag of the certificate whose key signs.
        steps: From computing to freezing.
        report: What was computed.
    """

    v: int
    kid: Hex8
    steps: tuple[ReportStep, ...]
    report: PeriodReport


class SignedReport(MapStruct, frozen=True, kw_only=True):
    """A frozen report with the office's signature over ``report_input``; a file."""

    frozen: FrozenReport
    signature: Hex64


PERIOD_REPORT: Final = Codec(PeriodReport, versions=(REPORT_VERSION,), limit=MAX_REPORT_SIZE)
SIGNED_REPORT: Final = Codec(SignedReport, limit=MAX_REPORT_SIZE)
STEPS: Final = Codec(tuple[ReportStep, ...])


def check_size(report: PeriodReport) -> None:
    """Refuses a report that would be too large for a file once it is signed.

    Raises:
        TooLarge: Frozen, with as many steps as there can be, it could not be read.
    """
    bare = msgspec.structs.replace(report, figures=(), events=())
    frozen = FrozenReport(v=REPORT_VERSION, kid="00" * 8, steps=(), report=bare)
    size = len(to_json(SignedReport(frozen=frozen, signature="00" * 64))) + _STEPS_ROOM
    # One by one, because no other thread goes on while a large text is made.
    for items in (report.figures, report.events):
        size += _INDENTED - 1 + sum(map(_size_within, items))
    if size > MAX_REPORT_SIZE:
        raise TooLarge("PeriodReport", f"{size} bytes, at most {MAX_REPORT_SIZE} are allowed")


def _size_within(item: ReportFigure | ProvenEvent) -> int:
    """Bytes of an item of a list of the report in its file: each line of it is indented."""
    text = msgspec.json.format(msgspec.json.encode(item), indent=1)
    return len(text) + _INDENTED * (text.count(b"\n") + 1) + len(",\n")


def report_digest(report: PeriodReport) -> str:
    """The digest of what was computed, in hexadecimal; it names the report."""
    return sha256(_FIGURES + encode(report)).hexdigest()


def report_input(frozen: FrozenReport) -> bytes:
    """What a report's signature is over."""
    return _REPORT + encode(frozen)


def to_json(value: PeriodReport | SignedReport) -> bytes:
    """The one form that a report's file has."""
    return msgspec.json.format(msgspec.json.encode(value), indent=1) + b"\n"


def signed_report(data: bytes, *, any_form: bool = False) -> SignedReport:
    """Reads the file of a frozen report.

    Args:
        data: The file.
        any_form: Whether another form than ``to_json`` gives is let pass, to look further.

    Raises:
        WireError: The bytes are not a signed report, or have another form than ``to_json`` gives.
    """
    signed = _read(data, SignedReport, any_form=any_form)
    _check_versions((signed.frozen.v, signed.frozen.report.v))
    return signed


def _read(data: bytes, kind: type[T], *, any_form: bool) -> T:
    name = kind.__name__
    if len(data) > MAX_REPORT_SIZE:
        raise TooLarge(name, f"{len(data)} bytes, at most {MAX_REPORT_SIZE} are allowed")
    value = from_json(data, kind)
    assert isinstance(value, PeriodReport | SignedReport)
    if not any_form and to_json(value) != data:
        raise NotCanonical(name, "the text is not the one form of a report's file")
    return value


def _check_versions(versions: Iterable[int]) -> None:
    for version in versions:
        if version != REPORT_VERSION:
            raise UnknownVersion(
                "report", f"version {version}; this program knows {REPORT_VERSION}"
            )
