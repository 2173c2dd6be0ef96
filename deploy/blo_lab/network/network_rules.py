"""What a network must be besides well formed: whole, without contradiction, and trusted.

The rules of trust are not repeated here: the network's documents are made with keys for the moment
and shown to ``blo_domain.trust``, as every program of the lab will do.
"""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from blo_domain.deadlines.policies import PolicyError
from blo_domain.trust import load_directory
from blo_lab.network import documents
from blo_lab.network.world import Link, World
from blo_schemas.hashes import document_id
from blo_schemas.ids import CorridorId, OfficeId, country_of, is_corridor_id, is_subject_id
from blo_schemas.trust import DOCUMENT, Agreement, Certificate, OfficeEntry, Role, SignedDocument
from blo_sealing.signatures import SigningKey
from blo_sealing.statements import sign_document

At = tuple[str | int, ...]

_KEM_KEY_BYTES = 1216


def broken_rules(world: World) -> Iterator[tuple[At, str]]:
    """Every rule that a network breaks: where, and in words what is wrong and what is expected."""
    found = [
        *_ids(world),
        *_links(world),
        *_places(world),
        *_subjects(world),
        *_named(world),
    ]
    yield from found
    if not found:
        # What is not whole has documents that can't be made.
        yield from _refused_documents(world)


def _ids(world: World) -> Iterator[tuple[At, str]]:
    for country in world.zones:
        if len(country) != 2 or not is_subject_id(f"{country}-x"):
            yield ("countries", country), "is no country; expected two lower-case letters, as vn"
    offices = [(("offices", n, "id"), one.id) for n, one in enumerate(world.directory)]
    others = [(("subjects", n, "id"), one.id) for n, one in enumerate(world.subjects)]
    seen: Counter[str] = Counter()
    for at, id_ in (*offices, *others):
        seen[id_] += 1
        if not is_subject_id(id_):
            yield at, f"{id_!r} is no id; expected a country and words, as vn-kyson"
        elif country_of(id_) not in world.zones:
            yield at, f"{id_!r} is of a country that [countries] does not list"
        if seen[id_] > 1:
            yield at, f"{id_!r} names somebody else already; expected an id of its own"
    for number, office in enumerate(world.directory):
        if not office.region.lower().startswith(f"{office.id[:2]}-"):
            at = ("offices", number, "region")
            yield at, f"{office.region!r} is not in the office's country; expected ISO 3166-2"


def _links(world: World) -> Iterator[tuple[At, str]]:
    seen: Counter[str] = Counter(())
    for number, link in enumerate(world.all_links):
        seen[link.id] += 1
        if seen[link.id] > 1:
            yield ("links", number, "id"), f"{link.id!r} is another link's already"
        for place, office in enumerate(link.offices):
            yield from _node(world, office, ("links", number, "offices", place))
        if not is_corridor_id(link.corridor):
            at = ("links", number, "offices")
            yield at, f"are of {link.corridor or 'no country'}; expected offices of two countries"
        for place, one in enumerate(link.superiors):
            among = ("links", number, "superiors", place)
            yield from _node(world, one.superior, (*among, "superior"))
            if one.office not in link.offices:
                yield (*among, "office"), f"{one.office!r} is no office of the link"


def _node(world: World, office: OfficeId, at: At) -> Iterator[tuple[At, str]]:
    if office not in world.offices:
        yield at, f"{office!r} is no office with a node; expected one of [[offices]]"


def _places(world: World) -> Iterator[tuple[At, str]]:
    """A corridor's topics have as many partitions as it has links, so none may be left out."""
    numbers: dict[CorridorId, list[tuple[int, Link]]] = defaultdict(list)
    for number, link in enumerate(world.all_links):
        numbers[link.corridor].append((number, link))
    for corridor, links in numbers.items():
        taken: Counter[int] = Counter()
        for number, link in links:
            taken[link.partition] += 1
            if link.partition >= len(links) or taken[link.partition] > 1:
                wanted = f"expected 0 to {len(links) - 1} in {corridor}, each once"
                at = ("links", number, "partition")
                yield at, f"{link.partition} is taken or leaves a gap; {wanted}"


def _subjects(world: World) -> Iterator[tuple[At, str]]:
    corridors = {link.corridor for link in world.all_links if is_corridor_id(link.corridor)}
    for number, subject in enumerate(world.subjects):
        for place, corridor in enumerate(subject.corridors):
            if corridor not in corridors:
                at = ("subjects", number, "corridors", place)
                yield (
                    at,
                    f"{corridor!r} has no link; expected one of {', '.join(sorted(corridors))}",
                )
            elif subject.id[:2] not in corridor.split("-"):
                at = ("subjects", number, "corridors", place)
                yield at, f"{subject.id!r} is of neither country of {corridor}"
    for corridor in sorted(corridors):
        for role, wanted in ((Role.PROCESSOR, "one processor"), (Role.WITNESS, "one witness")):
            count = len(world.of_role(role, corridor))
            if count != 1:
                yield ("subjects",), f"{corridor} has {count} of role {role}; expected {wanted}"


def _named(world: World) -> Iterator[tuple[At, str]]:
    corridors = {link.corridor for link in world.all_links}
    observers = {one.id for one in world.of_role(Role.OBSERVER) if corridors <= {*one.corridors}}
    if world.auditor not in observers:
        yield ("auditor",), f"{world.auditor!r} is not an observer of every corridor"
    yield from _node(world, world.reporter, ("reporter",))


class _Trial(NamedTuple):
    """Public keys for the moment."""

    subject: OfficeId
    signing_key: bytes
    kem_key: bytes


def _refused_documents(world: World) -> Iterator[tuple[At, str]]:
    try:
        made = list(_documents(world))
    except PolicyError as error:
        yield ("links",), str(error)
        return
    pins = {
        country: document_id(root.payload)
        for country, root in zip(world.countries, made, strict=False)
    }
    _, refusals = load_directory(
        pins, made, verify=lambda *_: True, check_key=lambda _: True, check_kem_key=lambda _: True
    )
    for refusal in refusals:
        yield _place(world, refusal.signed), f"is refused by the rules of trust: {refusal.error}"


def _documents(world: World) -> Iterator[SignedDocument]:
    keys = {
        one: SigningKey.generate(os.urandom)
        for one in (*world.countries, *world.offices, *(one.id for one in world.subjects))
    }
    roots = {one: (keys[one], SigningKey.generate(os.urandom)) for one in world.countries}
    for country, held in roots.items():
        yield sign_document(documents.root(country, [one.public for one in held]), held)
    certified: list[Certificate | OfficeEntry] = [
        *(
            documents.certificate_of_office(world.office(id_), _trial(id_, keys[id_]))
            for id_ in world.offices
        ),
        *(
            documents.certificate_of_subject(one, _trial(one.id, keys[one.id]))
            for one in world.subjects
        ),
        *(documents.entry(one) for one in world.directory),
    ]
    for document in certified:
        yield sign_document(document, roots[document.country])
    for link in world.links.values():
        yield sign_document(documents.agreement(world, link), [keys[one] for one in link.offices])


def _trial(subject: OfficeId, key: SigningKey) -> _Trial:
    return _Trial(subject, key.public, key.public + bytes(_KEM_KEY_BYTES - len(key.public)))


def _place(world: World, signed: SignedDocument) -> At:
    """Which table of the file a document was made from."""
    document = DOCUMENT.decode(signed.payload)
    if isinstance(document, Agreement):
        return ("links", _index((one.id for one in world.all_links), document.link))
    if isinstance(document, OfficeEntry):
        return ("offices", _index((one.id for one in world.directory), document.office))
    if isinstance(document, Certificate):
        if document.role is Role.OFFICE:
            return ("offices", _index((one.id for one in world.directory), document.subject))
        return ("subjects", _index((one.id for one in world.subjects), document.subject))
    return ("countries",)


def _index(ids: Iterable[str], wanted: str) -> int:
    return list(ids).index(wanted)
