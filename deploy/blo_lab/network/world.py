"""The lab's world as data: who is certified, who has agreed what with whom (DOMAIN §1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from blo_lab.network.offices import OFFICES
from blo_schemas.ids import CorridorId, CountryId, LinkId, OfficeId, country_of
from blo_schemas.trust import Role, Superior

__all__ = [
    "COUNTRIES",
    "LINKS",
    "OBSERVER",
    "PROVINCE",
    "SUBJECTS",
    "ZONES",
    "Link",
    "Subject",
    "World",
    "the_world",
]

COUNTRIES: Final = (CountryId("cn"), CountryId("la"), CountryId("vn"))

ZONES: Final = {
    CountryId("cn"): "Asia/Shanghai",
    CountryId("la"): "Asia/Vientiane",
    CountryId("vn"): "Asia/Ho_Chi_Minh",
}
"""The time zone in which a country's offices count their days."""


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """A border pair, or a conference of more than two offices.

    Attributes:
        id: The link.
        corridor: Its corridor.
        partition: Its partition in the corridor's topics.
        offices: The parties, sorted.
        superiors: Who reads as whose superior.
        seeds: Numbers of the seeds that name it.
    """

    id: LinkId
    corridor: CorridorId
    partition: int
    offices: tuple[OfficeId, ...]
    superiors: tuple[Superior, ...] = ()
    seeds: tuple[str, ...]

    @property
    def readers(self) -> tuple[OfficeId, ...]:
        """The parties and their superiors: all whose agents read the link."""
        return (*self.offices, *dict.fromkeys(one.superior for one in self.superiors))


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody certified who is not an office.

    Attributes:
        id: The opaque id.
        role: What it may be.
        name: What it is called, in ``language``.
        language: BCP 47 tag.
        corridors: Where it reads summaries, or, as a witness, signs trees.
    """

    id: OfficeId
    role: Role
    name: str
    language: str
    corridors: tuple[CorridorId, ...]


CN_VN: Final = CorridorId("cn-vn")
LA_VN: Final = CorridorId("la-vn")
PROVINCE: Final = OfficeId("vn-nghean")
OBSERVER: Final = OfficeId("vn-c04")


def _pair(corridor: CorridorId, partition: int, vn: str, other: str, *seeds: str) -> Link:
    ours = OfficeId(vn)
    superior = (Superior(superior=PROVINCE, office=ours),) if corridor == LA_VN else ()
    return Link(
        id=LinkId(f"{vn}~{other}"),
        corridor=corridor,
        partition=partition,
        offices=tuple(sorted((ours, OfficeId(other)))),
        superiors=superior,
        seeds=seeds,
    )


EIGHT_PROVINCES: Final = (
    "la-houaphan",
    "la-luangprabang",
    "la-phongsaly",
    "la-xiengkhouang",
    "vn-dienbien",
    "vn-nghean",
    "vn-sonla",
    "vn-thanhhoa",
)

LINKS: Final[tuple[Link, ...]] = (
    _pair(LA_VN, 0, "vn-kyson", "la-xiengkhouang", "000", "003"),
    _pair(LA_VN, 1, "vn-quephong", "la-xamtai", "003"),
    Link(
        id=LinkId("conference-8-provinces"),
        corridor=LA_VN,
        partition=2,
        offices=tuple(OfficeId(one) for one in EIGHT_PROVINCES),
        seeds=("003",),
    ),
    _pair(CN_VN, 0, "vn-tralinh", "cn-jingxi", "004"),
)

SUBJECTS: Final[tuple[Subject, ...]] = (
    Subject(
        id=OBSERVER,
        role=Role.OBSERVER,
        name="C04, Bộ Công an",
        language="vi",
        corridors=(CN_VN, LA_VN),
    ),
    Subject(
        id=OfficeId("vn-processor-cn-vn"),
        role=Role.PROCESSOR,
        name="Stream processor of corridor cn-vn",
        language="en",
        corridors=(CN_VN,),
    ),
    Subject(
        id=OfficeId("vn-processor-la-vn"),
        role=Role.PROCESSOR,
        name="Stream processor of corridor la-vn",
        language="en",
        corridors=(LA_VN,),
    ),
    Subject(
        id=OfficeId("vn-witness"),
        role=Role.WITNESS,
        name="Witness of corridors cn-vn and la-vn",
        language="en",
        corridors=(CN_VN, LA_VN),
    ),
)
"""The ministry's observer (DOMAIN §1 names C04), one processor a corridor, and one witness.

A link's witness is certified by a country of its offices; Việt Nam has offices in both corridors.
"""


class World:
    """What a scenario may speak of: the offices with a node, and the links.

    Args:
        offices: Ids of the offices with a node.
        links: The links.
    """

    def __init__(self, offices: tuple[OfficeId, ...], links: tuple[Link, ...]) -> None:
        self.offices = offices
        self.links = {link.id: link for link in links}

    @property
    def links_by_name(self) -> Mapping[str, Link]:
        """The links, for those who have their ids as plain text."""
        return {str(name): link for name, link in self.links.items()}

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


def the_world() -> World:
    """The world that ``blo lab`` provisions."""
    return World(tuple(one.id for one in OFFICES), LINKS)
