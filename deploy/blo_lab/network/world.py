"""The world of a lab: who is certified, who has agreed what with whom. A network file says it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from blo_schemas.ids import CorridorId, CountryId, LinkId, OfficeId, country_of
from blo_schemas.trust import DatedText, Role, Superior

NOT_STATED: Final = "not stated"
"""An office's level where its sources do not say it."""


class LabOffice(msgspec.Struct, frozen=True, kw_only=True):
    """What the directory says of an office, or of a partner without one.

    Attributes:
        id: The opaque id.
        region: ISO 3166-2 code.
        level: As its sources say, or ``not stated``.
        names: Dated names in its languages.
        hosts: The agency that houses it, or that none is named.
        sources: Where it is named, such as ``seed 003``.
        has_node: Whether an agent runs there in the lab.
    """

    id: OfficeId
    region: str
    level: str = NOT_STATED
    names: tuple[DatedText, ...]
    hosts: tuple[DatedText, ...] = ()
    sources: tuple[str, ...] = ()
    has_node: bool = True

    @property
    def country(self) -> CountryId:
        """Its country."""
        return country_of(self.id)


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """A border pair, or a conference of more than two offices.

    Attributes:
        id: The link.
        corridor: Its corridor.
        partition: Its partition in the corridor's topics.
        offices: The parties, sorted.
        superiors: Who reads as whose superior.
        policy: The word of its stock policy of deadlines, a key of ``documents.POLICIES``.
        sources: Where it is named, such as ``seed 003``.
    """

    id: LinkId
    corridor: CorridorId
    partition: int
    offices: tuple[OfficeId, ...]
    superiors: tuple[Superior, ...] = ()
    policy: str = "four_urgencies"
    sources: tuple[str, ...] = ()

    @property
    def readers(self) -> tuple[OfficeId, ...]:
        """The parties and their superiors: all whose agents read the link."""
        return (*self.offices, *dict.fromkeys(one.superior for one in self.superiors))


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody certified who is not an office.

    Attributes:
        id: The opaque id.
        role: ``observer``, ``processor`` or ``witness``.
        name: What it is called, in ``language``.
        language: BCP 47 tag.
        corridors: Where it reads summaries, or, as a witness, signs trees; sorted.
    """

    id: OfficeId
    role: Role
    name: str
    language: str
    corridors: tuple[CorridorId, ...]


class World:
    """What a lab provisions, and what a scenario may speak of.

    Args:
        zones: Each country, with the time zone in which its offices count their days.
        directory: The offices, and the partners without a node.
        links: The links.
        subjects: Who else is certified.
        auditor: The observer of all corridors, as whom the lab's auditor reads.
        reporter: The office whose report the demo shows.
        text: The network file's own text, which a lab keeps.
    """

    def __init__(
        self,
        *,
        zones: Mapping[CountryId, str],
        directory: Iterable[LabOffice],
        links: Iterable[Link],
        subjects: Iterable[Subject],
        auditor: OfficeId,
        reporter: OfficeId,
        text: bytes,
    ) -> None:
        self.zones = dict(sorted(zones.items()))
        self.directory = tuple(directory)
        self.offices = tuple(one.id for one in self.directory if one.has_node)
        self.all_links = tuple(links)
        self.links = {link.id: link for link in self.all_links}
        self.subjects = tuple(subjects)
        self.auditor = auditor
        self.reporter = reporter
        self.text = text
        self._by_id = {one.id: one for one in self.directory}

    @property
    def countries(self) -> tuple[CountryId, ...]:
        """The countries, sorted."""
        return tuple(self.zones)

    @property
    def links_by_name(self) -> Mapping[str, Link]:
        """The links, for those who have their ids as plain text."""
        return {str(name): link for name, link in self.links.items()}

    def office(self, id_: OfficeId) -> LabOffice:
        """The office or partner of this id.

        Raises:
            KeyError: There is none.
        """
        return self._by_id[id_]

    def parties(self, link: LinkId) -> tuple[OfficeId, ...]:
        """The offices that may act on a link.

        Raises:
            KeyError: There is no such link.
        """
        return self.links[link].offices

    def links_of(self, office: OfficeId) -> tuple[Link, ...]:
        """The links on which an office may act."""
        return tuple(link for link in self.links.values() if office in link.offices)

    def countries_of(self, office: OfficeId) -> tuple[CountryId, ...]:
        """The countries whose roots an office has to trust: its own, and its corridors'."""
        corridors = {link.corridor for link in self.links.values() if office in link.readers}
        named = {CountryId(code) for corridor in corridors for code in corridor.split("-")}
        return tuple(sorted(named | {country_of(office)}))

    def of_role(self, role: Role, corridor: CorridorId | None = None) -> tuple[Subject, ...]:
        """Who else is certified with a role, on one corridor or on any."""
        return tuple(
            one
            for one in self.subjects
            if one.role is role and (corridor is None or corridor in one.corridors)
        )
