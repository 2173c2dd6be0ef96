"""The links of an office by all agreements that count, past, present and to come.

A link stays open after its agreement has ended, because its cases are still read and reported on,
and it is open before the agreement begins. Whether anything may be written at an instant is asked
of the agreement in force then.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from blo_domain.trust import TrustedDirectory
from blo_schemas.errors import WireError
from blo_schemas.ids import CorridorId, LinkId, OfficeId
from blo_schemas.trust import DOCUMENT, Agreement


class Membership(msgspec.Struct, frozen=True):
    """An office's part on one link.

    Attributes:
        link: The link.
        corridor: Its corridor.
        partition: Its partition.
        is_party: Whether the office writes there by some version, or only reads as a superior.
    """

    link: LinkId
    corridor: CorridorId
    partition: int
    is_party: bool


def memberships(directory: TrustedDirectory, office: OfficeId) -> list[Membership]:
    """The links that an office has to do with, sorted."""
    by_link: dict[LinkId, Membership] = {}
    for agreement in _agreements(directory):
        is_party = office in agreement.offices
        if not is_party and office not in _superiors(agreement):
            continue
        before = by_link.get(agreement.link)
        by_link[agreement.link] = Membership(
            agreement.link,
            agreement.corridor,
            agreement.partition,
            is_party or (before is not None and before.is_party),
        )
    return [by_link[link] for link in sorted(by_link)]


def refused_agreements(directory: TrustedDirectory, link: LinkId) -> list[str]:
    """Why agreements of a link do not count, in words."""
    words = []
    for refusal in directory.refusals:
        try:
            document = DOCUMENT.decode(refusal.signed.payload)
        except WireError:
            continue
        if isinstance(document, Agreement) and document.link == link:
            words.append(str(refusal.error))
    return words


def _agreements(directory: TrustedDirectory) -> Iterator[Agreement]:
    for document in directory.documents.values():
        if isinstance(document, Agreement):
            yield document


def _superiors(agreement: Agreement) -> set[OfficeId]:
    return {superior.superior for superior in agreement.superiors}
