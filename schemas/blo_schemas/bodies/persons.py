"""Bodies of what is done about one person (docs/domain.md §2).

Wanted persons, handovers, citizens refused residence, deportations and administrative penalties.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated

import msgspec

from blo_schemas.bodies.common import END, Body, Instant, Number, Person, Signatory
from blo_schemas.content import Attachment
from blo_schemas.fields import Bytes32, Line, Text


class WantedPerson(Body, frozen=True, kw_only=True):
    """A request to find a wanted person (đối tượng truy nã); seeds 002, 004.

    Attributes:
        person: Who; the aliases are the person's other names.
        decision_number: Number of the wanted decision.
        decision_date: Its date.
        issuer: Who issued it.
        offence: What the person is wanted for.
        photo: Reference to a photograph.
        last_place: Where the person was last seen.
    """

    person: Person
    decision_number: Line
    decision_date: date
    issuer: Line
    offence: Line | None = None
    photo: Attachment | None = None
    last_place: Line | None = None


class Located(Body, frozen=True, kw_only=True):
    """Where the wanted person was found."""

    place: Line
    text: Text | None = None


class Arrested(Body, frozen=True, kw_only=True):
    """The wanted person was arrested.

    Attributes:
        place: Where.
        at: When.
        agency: By whom.
    """

    place: Line
    at: Instant | None = None
    agency: Line | None = None


class WantedHandedOver(Body, frozen=True, kw_only=True):
    """The wanted person was handed over; the handover itself is a case of its own kind.

    Attributes:
        handover: That case.
        gate: Border gate.
    """

    handover: Bytes32 | None = None
    gate: Line | None = None


class Exhibit(Body, frozen=True, kw_only=True):
    """A thing that is handed over with a person.

    Attributes:
        description: What it is.
        count: How many pieces.
        seal: Number of its seal.
    """

    description: Line
    count: Number | None = None
    seal: Line | None = None


class Handover(Body, frozen=True, kw_only=True):
    """A handover (bàn giao) of a person with exhibits; seed 002.

    Attributes:
        person: Who.
        exhibits: With what.
        gate: Border gate that is proposed.
        time: When it is proposed.
        onward_agency: Who will be in charge afterwards.
        wanted: The wanted-person case that it ends.
    """

    person: Person
    exhibits: tuple[Exhibit, ...] = ()
    gate: Line | None = None
    time: Instant | None = None
    onward_agency: Line | None = None
    wanted: Bytes32 | None = None


class HandoverSchedule(Body, frozen=True, kw_only=True):
    """Where and when the handover will be."""

    gate: Line
    time: Instant


class HandoverMinutes(Body, frozen=True, kw_only=True):
    """One side's signature under the handover's minutes; each office writes its own.

    Attributes:
        signatory: Who signed for the office.
        number: The minutes' number.
        gate: Border gate where it was.
        time: When it was.
        exhibits: What was found to be handed over with the person.
    """

    signatory: Signatory
    number: Line | None = None
    gate: Line | None = None
    time: Instant | None = None
    exhibits: tuple[Exhibit, ...] = ()


class ResidenceRefused(Body, frozen=True, kw_only=True):
    """A citizen who was refused residence on the other side; seed 003.

    Attributes:
        citizen: Who.
        place: Where residence was refused.
        ground: Why.
        coordination: What the two offices are to do together.
    """

    citizen: Person
    place: Line | None = None
    ground: Line | None = None
    coordination: Text | None = None


class Coordination(Body, frozen=True, kw_only=True):
    """What the two offices did together about it."""

    coordination: Text
    agency: Line | None = None


class Deportation(Body, frozen=True, kw_only=True):
    """A citizen who is deported to the other side; seed 003.

    Attributes:
        citizen: Who.
        gate: Border gate.
        condition: State of health and belongings.
        time: When the citizen will be at the gate.
        decision_number: The deportation decision.
    """

    citizen: Person
    gate: Line
    condition: Text | None = None
    time: Instant | None = None
    decision_number: Line | None = None


class Reception(Body, frozen=True, kw_only=True):
    """The citizen was received (tiếp nhận).

    Attributes:
        gate: Where.
        condition: State of health and belongings on arrival.
        time: When.
        received_by: Who received the citizen.
    """

    gate: Line | None = None
    condition: Text | None = None
    time: Instant | None = None
    received_by: Signatory | None = None


class PenaltyAct(StrEnum):
    """What was penalised."""

    OVERSTAY = "overstay"  # quá thời hạn tạm trú
    ILLEGAL_ENTRY = "illegal_entry"
    ILLEGAL_EXIT = "illegal_exit"
    ILLEGAL_WORK = "illegal_work"
    SMUGGLING = "smuggling"
    BORDER_AREA_RULES = "border_area_rules"
    OTHER = "other"


class Fine(Body, frozen=True, kw_only=True):
    """A sum in one currency, ISO 4217."""

    amount: Annotated[int, msgspec.Meta(ge=1, le=10**12)]
    currency: Annotated[str, msgspec.Meta(pattern="^[A-Z]{3}" + END)]


class Penalty(Body, frozen=True, kw_only=True):
    """Notice of an administrative penalty against one person; seed 003.

    Attributes:
        person: Who was penalised.
        law: The law or decree.
        act: What was penalised.
        act_text: The act in the decision's own words.
        decision_number: Number of the decision.
        decision_date: Its date.
        fine: What is to be paid.
    """

    person: Person
    law: Line
    act: PenaltyAct
    act_text: Line | None = None
    decision_number: Line
    decision_date: date | None = None
    fine: Fine | None = None
