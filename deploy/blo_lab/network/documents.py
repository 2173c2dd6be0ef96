"""The lab's trust documents: pure functions of the world and of public keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Final, Protocol

from blo_domain.deadlines.policies import eu_2023_977, four_urgencies
from blo_lab.network.world import LabOffice, Link, Subject, World
from blo_schemas.ids import CountryId, OfficeId, country_of
from blo_schemas.trust import Agreement, Certificate, DatedText, OfficeEntry, Role, Root

POLICIES: Final = {"four_urgencies": four_urgencies, "eu_2023_977": eu_2023_977}
"""The stock policies of deadlines, by the words of network files."""

THRESHOLD: Final = 2
"""How many of a country's three root keys must sign."""

VALID_FROM: Final = 0
"""The lab's documents count from 1970 on, so that a scenario may lie anywhere."""

VALID_UNTIL: Final = int(datetime(2100, 1, 1, tzinfo=UTC).timestamp() * 1000)


class Keys(Protocol):
    """The public keys of a subject, as its certificate request states them."""

    @property
    def subject(self) -> OfficeId:
        """Whose."""

    @property
    def signing_key(self) -> bytes:
        """Ed25519, 32 bytes."""

    @property
    def kem_key(self) -> bytes:
        """Hybrid, 1216 bytes."""


def root(country: CountryId, keys: Iterable[bytes]) -> Root:
    """Version 1 of a country's root."""
    return Root(
        country=country,
        version=1,
        keys=tuple(keys),
        threshold=THRESHOLD,
        not_before=VALID_FROM,
        not_after=VALID_UNTIL,
    )


def certificate_of_office(office: LabOffice, keys: Keys) -> Certificate:
    """An office's certificate."""
    return _certificate(keys, Role.OFFICE, office.names)


def certificate_of_subject(subject: Subject, keys: Keys) -> Certificate:
    """The certificate of an observer, processor or witness."""
    names = (DatedText(text=subject.name, language=subject.language),)
    return _certificate(keys, subject.role, names)


def _certificate(keys: Keys, role: Role, names: tuple[DatedText, ...]) -> Certificate:
    return Certificate(
        country=country_of(keys.subject),
        subject=keys.subject,
        role=role,
        names=names,
        signing_key=keys.signing_key,
        kem_key=keys.kem_key,
        not_before=VALID_FROM,
        not_after=VALID_UNTIL,
    )


def entry(office: LabOffice) -> OfficeEntry:
    """The directory entry of an office, or of a partner without a node."""
    return OfficeEntry(
        country=office.country,
        office=office.id,
        version=1,
        region=office.region,
        level=office.level,
        names=office.names,
        hosts=office.hosts,
        has_node=office.has_node,
    )


def agreement(world: World, link: Link) -> Agreement:
    """A link's agreement, with the stock policy of deadlines that the network names."""
    zones: Mapping[OfficeId, str] = {one: world.zones[country_of(one)] for one in link.offices}
    return Agreement(
        link=link.id,
        corridor=link.corridor,
        partition=link.partition,
        version=1,
        offices=link.offices,
        superiors=link.superiors,
        observers=_ids(world.of_role(Role.OBSERVER, link.corridor)),
        processors=_ids(world.of_role(Role.PROCESSOR, link.corridor)),
        policy=POLICIES[link.policy](link.offices, zones),
        effective_from=VALID_FROM,
    )


def _ids(subjects: Iterable[Subject]) -> tuple[OfficeId, ...]:
    return tuple(one.id for one in subjects)
