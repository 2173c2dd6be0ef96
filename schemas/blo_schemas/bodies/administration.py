"""Bodies of what keeps the exchange itself going (docs/domain.md §2).

Contact changes, agreements, support, and reports.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from blo_schemas.bodies.common import Body, Instant, Persons, Signatory
from blo_schemas.fields import Bytes32, Count, Line, Text
from blo_schemas.ids import LinkId, OfficeId
from blo_schemas.policy import DeadlinePolicy


class ContactType(StrEnum):
    """What changes."""

    HOTLINE = "hotline"  # đường dây nóng
    EMAIL = "email"
    FAX = "fax"
    POSTAL = "postal"
    PERSON = "person"
    CHANNEL = "channel"
    OTHER = "other"


class ContactChange(Body, frozen=True, kw_only=True):
    """A contact or channel changes; doubtful until it was verified (seed 001).

    Attributes:
        type: What changes.
        old: What it was, unless it is new.
        new: What it will be.
        effective: From which day.
        verification: How the receiver can make sure, by a way that is not the changed one.
    """

    type: ContactType = ContactType.OTHER
    old: Line | None = None
    new: Line
    effective: date
    verification: Line | None = None


class ContactVerified(Body, frozen=True, kw_only=True):
    """How the receiver made sure.

    Attributes:
        verification: By which way, e.g. a call to the number known before.
        verified_by: Who did.
    """

    verification: Line
    verified_by: Line | None = None


class AgreementText(Body, frozen=True, kw_only=True):
    """A regulation (quy chế) or memorandum between the offices; seeds 001, 002, 003.

    It is the text that people sign. What the software obeys is the trust document of the same
    name (``blo_schemas.trust.Agreement``).

    Attributes:
        title: What it is called.
        number: Its number.
        parties: Who is bound.
        effective_from: First day.
        effective_until: Last day.
        deadlines: The deadlines that it agrees on.
        text: What it says.
    """

    title: Line
    number: Line | None = None
    parties: tuple[Line, ...]
    effective_from: date | None = None
    effective_until: date | None = None
    deadlines: DeadlinePolicy | None = None
    text: Text | None = None


class AgreementSigned(Body, frozen=True, kw_only=True):
    """One party's signature; each office writes its own."""

    signatory: Signatory
    place: Line | None = None


class AgreementInForce(Body, frozen=True, kw_only=True):
    """It is in force; ``on`` is its first day.

    Attributes:
        document: Id of the trust document that says the same to the software.
    """

    document: Bytes32 | None = None


class AgreementReplaced(Body, frozen=True, kw_only=True):
    """A newer agreement takes its place.

    Attributes:
        successor: The newer one's case.
        title: What it is called.
    """

    successor: Bytes32 | None = None
    title: Line | None = None


class Support(Body, frozen=True, kw_only=True):
    """Support for the other side, e.g. village police posts; seeds 001, 002.

    Attributes:
        place: Where.
        purpose: What it is to be.
        buildings: How many.
        donor: Who pays.
    """

    place: Line
    purpose: Line | None = None
    buildings: Persons | None = None
    donor: Line | None = None


class Surveyed(Body, frozen=True, kw_only=True):
    """The place was surveyed."""

    findings: Text | None = None


class Built(Body, frozen=True, kw_only=True):
    """It was built."""

    remarks: Text | None = None


class SupportHandedOver(Body, frozen=True, kw_only=True):
    """One side's signature under the handing over; each office writes its own.

    Attributes:
        buildings: How many were handed over.
        signatory: Who signed for the office.
    """

    buildings: Persons
    signatory: Signatory | None = None


class ReportSource(Body, frozen=True, kw_only=True):
    """Up to where a link's log was counted, so that the report can be reproduced.

    Attributes:
        link: The link.
        size: How many of its records.
        log_hash: The running hash at that size.
    """

    link: LinkId
    size: Count
    log_hash: Bytes32


class Figure(Body, frozen=True, kw_only=True):
    """One number of a report.

    Attributes:
        indicator: Its name.
        value: How much.
        unit: In what.
    """

    indicator: Line
    value: Line
    unit: Line


class ReportNotice(Body, frozen=True, kw_only=True):
    """A report of a period's figures; seeds 001, 003.

    Attributes:
        period_from: First day.
        period_to: Last day.
        as_of: When it was computed.
        sources: From what.
        figures: The numbers.
        office: Whose report it is.
    """

    period_from: date
    period_to: date
    as_of: Instant
    sources: tuple[ReportSource, ...] = ()
    figures: tuple[Figure, ...] = ()
    office: OfficeId | None = None

    def __post_init__(self) -> None:
        if self.period_to < self.period_from:
            raise ValueError("the period ends before it begins")


class Reviewed(Body, frozen=True, kw_only=True):
    """Someone else looked at the figures."""

    reviewer: Line | None = None
    remarks: Text | None = None


class ReportSigned(Body, frozen=True, kw_only=True):
    """One side's signature under the report; each office writes its own."""

    signatory: Signatory


class Frozen(Body, frozen=True, kw_only=True):
    """From now on the report is not computed anew.

    Attributes:
        digest: SHA-256 of the report as it was signed.
    """

    digest: Bytes32 | None = None
