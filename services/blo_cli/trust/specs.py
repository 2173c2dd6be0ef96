"""Trust documents as people write them down: TOML forms, and what becomes of them.

Instants are TOML's date-times with an offset; a span is a number and a unit, as ``"3 hours"``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Final

import msgspec

from blo_cli.trust.files import read_request
from blo_domain.deadlines.policies import CAPITAL_ZONES, eu_2023_977, four_urgencies
from blo_domain.holiday_tables import NEWEST
from blo_runtime.config import Settings
from blo_schemas.fields import Positive
from blo_schemas.ids import CorridorId, CountryId, LinkId, OfficeId, country_of
from blo_schemas.instants import LAST_INSTANT, local, unix_ms
from blo_schemas.policy import (
    Calendar,
    Deadline,
    DeadlinePolicy,
    EscalationLevel,
    LadderStep,
    OfficeZone,
    Percent,
    Span,
    SpanUnit,
)
from blo_schemas.summary import Kind, Urgency
from blo_schemas.texts import from_hex
from blo_schemas.trust import Agreement, Certificate, DatedText, OfficeEntry, Role, Root, Superior

FIRST_MOMENT: Final = local(0)
LAST_MOMENT: Final = local(LAST_INSTANT)

Moment = Annotated[datetime, msgspec.Meta(tz=True)]
Hex32 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
Partition = Annotated[int, msgspec.Meta(ge=0, le=9999)]
SpanText = Annotated[
    str, msgspec.Meta(pattern="^[1-9][0-9]{0,5} (minutes|hours|calendar_days|working_days)$")
]

STOCK: Final = {"four-urgencies": four_urgencies, "eu-2023-977": eu_2023_977}


class DatedSpec(Settings, frozen=True, kw_only=True):
    """A form with instants, each of which a document can hold."""

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            moment = getattr(self, name)
            if isinstance(moment, datetime) and not FIRST_MOMENT <= moment <= LAST_MOMENT:
                raise ValueError(
                    f"{name}: {moment.isoformat()} is not in a document's time; expected an "
                    f"instant from {FIRST_MOMENT:%Y} to {LAST_MOMENT:%Y}. Correct the time."
                )


class RootSpec(DatedSpec, frozen=True, kw_only=True):
    """``blo trust root``: a country's root; ``keys`` are public keys in hexadecimal digits."""

    country: str
    version: Positive = 1
    keys: tuple[Hex32, ...]
    threshold: Positive
    not_before: Moment
    not_after: Moment

    def document(self) -> Root:
        """The document that it describes."""
        return Root(
            country=CountryId(self.country),
            version=self.version,
            keys=tuple(from_hex(key) for key in self.keys),
            threshold=self.threshold,
            not_before=milliseconds(self.not_before),
            not_after=milliseconds(self.not_after),
        )


class CertificateSpec(DatedSpec, frozen=True, kw_only=True):
    """``blo trust certificate``; ``request`` is the file that the subject has sent."""

    request: Path
    role: Role = Role.OFFICE
    names: tuple[DatedText, ...] = ()
    not_before: Moment
    not_after: Moment

    def document(self) -> Certificate:
        """The document that it describes.

        Raises:
            FileUnusable: The request can't be read.
        """
        asked = read_request(self.request)
        return Certificate(
            country=country_of(OfficeId(asked.subject)),
            subject=OfficeId(asked.subject),
            role=self.role,
            names=self.names,
            signing_key=from_hex(asked.signing_key),
            kem_key=None if asked.kem_key is None else from_hex(asked.kem_key),
            not_before=milliseconds(self.not_before),
            not_after=milliseconds(self.not_after),
        )


class OfficeSpec(Settings, frozen=True, kw_only=True):
    """``blo trust office``: a directory entry."""

    office: str
    version: Positive = 1
    region: str
    level: str
    names: tuple[DatedText, ...]
    hosts: tuple[DatedText, ...] = ()
    contacts: tuple[DatedText, ...] = ()
    successor: str | None = None
    has_node: bool = True

    def document(self) -> OfficeEntry:
        """The document that it describes."""
        office = OfficeId(self.office)
        return OfficeEntry(
            country=country_of(office),
            office=office,
            version=self.version,
            region=self.region,
            level=self.level,
            names=self.names,
            hosts=self.hosts,
            contacts=self.contacts,
            successor=None if self.successor is None else OfficeId(self.successor),
            has_node=self.has_node,
        )


class DeadlineSpec(Settings, frozen=True, kw_only=True):
    """A row of a policy; ``urgency`` and ``kind`` in words."""

    urgency: str
    kind: str | None = None
    acknowledge: SpanText
    answer: SpanText

    def __post_init__(self) -> None:
        _expect("urgency", self.urgency, [urgency.word for urgency in Urgency])
        if self.kind is not None:
            _expect("kind", self.kind, [kind.word for kind in Kind])

    def row(self) -> Deadline:
        """The row that it describes."""
        return Deadline(
            urgency=Urgency[self.urgency.upper()],
            kind=None if self.kind is None else Kind[self.kind.upper()],
            acknowledge=_span(self.acknowledge),
            answer=_span(self.answer),
        )


class RungSpec(Settings, frozen=True, kw_only=True):
    """A rung of a policy's ladder; ``after`` the deadline, left out for the warning."""

    rung: EscalationLevel
    after: SpanText | None = None


class PolicySpec(Settings, frozen=True, kw_only=True):
    """A deadline policy of the offices' own."""

    name: str
    deadlines: tuple[DeadlineSpec, ...]
    warning_percent: Percent = 75
    ladder: tuple[RungSpec, ...]
    holidays: Positive = NEWEST
    calendars: tuple[Calendar, ...] | None = None
    refusal_grounds: tuple[str, ...] = ()
    silent_after: SpanText = "24 hours"

    def policy(
        self, offices: tuple[OfficeId, ...], zones: Mapping[OfficeId, str]
    ) -> DeadlinePolicy:
        """The policy that it describes, for these offices."""
        countries = sorted({country_of(office) for office in offices})
        given = {
            office: zones.get(office) or CAPITAL_ZONES.get(country_of(office)) for office in offices
        }
        return DeadlinePolicy(
            name=self.name,
            deadlines=tuple(row.row() for row in self.deadlines),
            warning_percent=self.warning_percent,
            ladder=tuple(
                LadderStep(rung=step.rung, after=None if step.after is None else _span(step.after))
                for step in self.ladder
            ),
            holidays=self.holidays,
            calendars=self.calendars or tuple(Calendar(country=country) for country in countries),
            zones=tuple(
                OfficeZone(office=office, zone=zone) for office, zone in given.items() if zone
            ),
            refusal_grounds=self.refusal_grounds,
            silent_after=_span(self.silent_after),
        )


class AgreementSpec(DatedSpec, frozen=True, kw_only=True):
    """``blo trust agreement``.

    The corridor follows from the offices. ``policy`` is the name of a stock policy or a table;
    ``zones`` are those of offices that have another one than their country's capital.
    """

    link: str
    partition: Partition
    version: Positive = 1
    offices: tuple[str, ...]
    superiors: tuple[Superior, ...] = ()
    observers: tuple[str, ...] = ()
    processors: tuple[str, ...] = ()
    policy: str | PolicySpec = "four-urgencies"
    zones: dict[str, str] = msgspec.field(default_factory=dict)
    working_marking: str = ""
    refused_markings: tuple[str, ...] = ()
    effective_from: Moment
    effective_until: Moment | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if isinstance(self.policy, str):
            _expect("policy", self.policy, list(STOCK))

    def document(self) -> Agreement:
        """The document that it describes.

        Raises:
            PolicyError: An office's time zone is not known.
        """
        offices = tuple(sorted(map(OfficeId, self.offices)))
        countries = sorted({country_of(office) for office in offices})
        return Agreement(
            link=LinkId(self.link),
            corridor=CorridorId("-".join(countries)),
            partition=self.partition,
            version=self.version,
            offices=offices,
            superiors=self.superiors,
            observers=tuple(map(OfficeId, self.observers)),
            processors=tuple(map(OfficeId, self.processors)),
            policy=self._policy(offices),
            working_marking=self.working_marking,
            refused_markings=self.refused_markings,
            effective_from=milliseconds(self.effective_from),
            effective_until=(
                None if self.effective_until is None else milliseconds(self.effective_until)
            ),
        )

    def _policy(self, offices: tuple[OfficeId, ...]) -> DeadlinePolicy:
        zones = {OfficeId(office): zone for office, zone in self.zones.items()}
        if isinstance(self.policy, str):
            return STOCK[self.policy](offices, zones)
        return self.policy.policy(offices, zones)


def milliseconds(moment: datetime) -> int:
    """An instant in Unix milliseconds."""
    return unix_ms(moment)


def _span(text: str) -> Span:
    amount, unit = text.split()
    return Span(amount=int(amount), unit=SpanUnit(unit))


def _expect(field: str, value: str, known: list[str]) -> None:
    if value not in known:
        raise ValueError(
            f"{field}: {value!r} is not known; expected one of {', '.join(known)}. "
            "Correct the word."
        )
