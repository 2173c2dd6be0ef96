"""The shredding of a case's contents, read from its view (ADR 7).

Each office of the link signs that it wants the contents deleted (``SHRED``). When the last one has,
it is agreed: every holder of the key deletes it with what it had opened, and each office signs that
it has (``CONFIRM_SHREDDING``). So a case whose contents are gone names one consent and one
confirmation of each office, all of them events of the log that verify without any content key.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

from blo_domain.lifecycle import SHRED_STATES
from blo_schemas.ids import EventId, OfficeId
from blo_schemas.instants import local
from blo_schemas.summary import Step
from blo_schemas.views import CaseView, State

_VOIDING: Final = frozenset({Step.KEEP, Step.REOPEN})
"""Steps after which no consent given before counts."""


class ShreddingStatus(StrEnum):
    """How far the shredding of a case has come."""

    NONE = "none"
    PROPOSED = "proposed"
    AGREED = "agreed"
    CONFIRMED = "confirmed"


class ShreddingPlace(NamedTuple):
    """Where an event stands.

    Attributes:
        position: Log position.
        event: Its id.
        log_time: Log time, Unix milliseconds.
    """

    position: int
    event: EventId
    log_time: int


@dataclass(frozen=True, slots=True)
class ShreddingSignature:
    """One office's consent or confirmation.

    Attributes:
        office: Whose.
        version: The version of the case that it produced.
        place: Where its event stands, if the caller has said so.
    """

    office: OfficeId
    version: int
    place: ShreddingPlace | None


@dataclass(frozen=True, slots=True)
class ShreddingProgress:
    """The shredding of one case.

    Attributes:
        status: How far it has come.
        consents: The consents that count, in the order of the log; the last one agreed it.
        confirmations: The confirmations, in the order of the log.
    """

    status: ShreddingStatus
    consents: tuple[ShreddingSignature, ...] = ()
    confirmations: tuple[ShreddingSignature, ...] = ()

    @property
    def agreed_at(self) -> int | None:
        """Log time at which the last office agreed, Unix milliseconds, if its place is known."""
        if not is_agreed(self.status) or not self.consents or self.consents[-1].place is None:
            return None
        return self.consents[-1].place.log_time

    def awaited(self, parties: Collection[OfficeId]) -> tuple[OfficeId, ...]:
        """The offices that have still to agree or to confirm, sorted.

        Once it is agreed, every office that has agreed owes a confirmation too, whether it is a
        party still or not.

        Args:
            parties: The link's offices now.
        """
        if self.status in (ShreddingStatus.NONE, ShreddingStatus.CONFIRMED):
            return ()
        agreed = {signature.office for signature in self.consents}
        if self.status is ShreddingStatus.PROPOSED:
            return tuple(sorted(set(parties) - agreed))
        confirmed = {signature.office for signature in self.confirmations}
        return tuple(sorted((agreed | set(parties)) - confirmed))

    def unconfirmed(self) -> tuple[OfficeId, ...]:
        """The offices that agreed to the deletion and have not signed that they deleted, sorted.

        Once it is agreed, this is what an audit has to find: contents are gone, or should be, and
        the word of these offices is missing.
        """
        if not is_agreed(self.status):
            return ()
        confirmed = {signature.office for signature in self.confirmations}
        return tuple(sorted({signature.office for signature in self.consents} - confirmed))


_NONE: Final = ShreddingProgress(ShreddingStatus.NONE)


def is_agreed(status: ShreddingStatus) -> bool:
    """Whether the contents are to be deleted, or are."""
    return status in (ShreddingStatus.AGREED, ShreddingStatus.CONFIRMED)


def is_shredded(view: CaseView) -> bool:
    """Whether all offices have agreed that the contents of the case are deleted."""
    return view.state in SHRED_STATES


def shredding_of(
    view: CaseView, places: Mapping[int, ShreddingPlace] | None = None
) -> ShreddingProgress:
    """The shredding of a case, read from its view.

    Args:
        view: The case.
        places: Where the accepted events of the case stand, by the version that each produced;
            those of ``SHREDDING_STEPS`` are enough. Without them the result names no places.
    """
    if Step.SHRED not in view.step_codes:
        return _NONE
    consents: dict[OfficeId, int] = {}
    confirmations: dict[OfficeId, int] = {}
    for version, (step, office) in enumerate(view.history(), 1):
        if step in _VOIDING:
            consents.clear()
        elif step is Step.SHRED:
            consents[office] = version
        elif step is Step.CONFIRM_SHREDDING:
            confirmations[office] = version
    if not consents:
        return _NONE
    known = places or {}
    return ShreddingProgress(_status(view), _signed(consents, known), _signed(confirmations, known))


def shredding_words(shredding: ShreddingProgress, parties: Collection[OfficeId]) -> str:
    """The shredding of a case in one sentence, for people; nothing if there is none.

    Args:
        shredding: What ``shredding_of`` tells, with places.
        parties: The link's offices now.
    """
    if shredding.status is ShreddingStatus.NONE:
        return ""
    awaited = ", ".join(shredding.awaited(parties))
    if shredding.status is ShreddingStatus.PROPOSED:
        wanted = " and ".join(consent.office for consent in shredding.consents)
        return f"Shredding is proposed by {wanted}; it needs the consent of {awaited}."
    at = shredding.agreed_at
    day = "" if at is None else f" on {local(at):%Y-%m-%d}"
    signed = " and ".join(map(_confirmed_words, shredding.confirmations))
    words = f"The content was shredded by agreement{day}"
    words += f", confirmed by {signed}" if signed else ""
    return f"{words}; the confirmation of {awaited} is missing." if awaited else f"{words}."


def _confirmed_words(signature: ShreddingSignature) -> str:
    place = "" if signature.place is None else f" at position {signature.place.position}"
    return f"{signature.office}{place}"


def _status(view: CaseView) -> ShreddingStatus:
    if view.state is State.SHREDDED:
        return ShreddingStatus.CONFIRMED
    return ShreddingStatus.AGREED if view.state is State.SHREDDING else ShreddingStatus.PROPOSED


def _signed(
    versions: Mapping[OfficeId, int], places: Mapping[int, ShreddingPlace]
) -> tuple[ShreddingSignature, ...]:
    ordered = sorted(versions.items(), key=lambda item: item[1])
    return tuple(
        ShreddingSignature(office, version, places.get(version)) for office, version in ordered
    )
