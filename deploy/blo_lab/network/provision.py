"""Provisioning: every office set up, certified, agreed and configured, as people would do it.

Each office makes its own keys inside its encrypted store and hands out the public ones; the
countries' roots certify them; the offices sign their links' agreements; all of it is published.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from blo_agent.config import AgentSettings
from blo_agent.setup import initialise, sign_document
from blo_domain.trust import title
from blo_lab.errors import LabError
from blo_lab.network import documents
from blo_lab.network.layout import Layout
from blo_lab.network.table import LabProgram, Surroundings, auditor_toml, the_programs
from blo_lab.network.world import World
from blo_runtime.config import load
from blo_runtime.files import SMALL, make_private_folder, read_file, write_file
from blo_runtime.keyfiles import create_identity
from blo_schemas.hashes import document_id
from blo_schemas.ids import CountryId, DocumentId, OfficeId, country_of
from blo_schemas.trust import DOCUMENT, SIGNED_DOCUMENT, Document, SignedDocument
from blo_sealing.signatures import SigningKey
from blo_sealing.statements import sign_document as sign_with_keys

_ROOT_KEYS = 3


class _Authority(NamedTuple):
    """A country's root: its keys, and the fingerprint that nodes pin."""

    keys: tuple[SigningKey, ...]
    signed: SignedDocument

    @property
    def fingerprint(self) -> DocumentId:
        """What agents pin."""
        return document_id(self.signed.payload)

    def sign(self, document: Document) -> SignedDocument:
        """The document with as many of the root's signatures as it asks for."""
        return sign_with_keys(document, self.keys[: documents.THRESHOLD])


def provision(
    layout: Layout,
    world: World,
    bootstrap: str,
    *,
    simulated_time: bool,
    api_ports: Mapping[str, int] | None = None,
) -> list[SignedDocument]:
    """Makes everything of a lab that needs no broker.

    Args:
        layout: Where.
        world: The links to agree on.
        bootstrap: Where the programs will find Kafka.
        simulated_time: Whether they take their times from a scenario.
        api_ports: The port of each agent's API; without one, each start takes a free one.

    Returns:
        The documents to publish.

    Raises:
        LabError: The folder was provisioned before, wholly or in part; nothing was changed.
    """
    programs = the_programs(layout, world)
    _refuse_again(layout, programs)
    authorities = {country: _authority(layout, country) for country in world.countries}
    pins = {country: one.fingerprint for country, one in authorities.items()}
    made = [one.signed for one in authorities.values()]
    around = Surroundings(pins, bootstrap, simulated_time, api_ports or {})
    for program in programs:
        _write(program.config, program.kind.toml(program, around).encode())
    _write(layout.auditor, auditor_toml(layout, world, around).encode())
    _write(layout.network, world.text)
    made.extend(_certificates(layout, world, authorities, programs))
    entries = ((one.country, documents.entry(one)) for one in world.directory)
    made.extend(authorities[country].sign(entry) for country, entry in entries)
    made.extend(_agreements(layout, world))
    for signed in made:
        _write(layout.documents / _file_name(signed), SIGNED_DOCUMENT.encode(signed))
    return made


def published(layout: Layout) -> list[Path]:
    """The files of the trust documents that were published."""
    return sorted(layout.documents.glob("*.blo"))


def settings_of(layout: Layout, office: OfficeId) -> AgentSettings:
    """The configuration of an office's agent."""
    return load(layout.config(office), AgentSettings)


def rewrite_bootstrap(layout: Layout, world: World, bootstrap: str) -> None:
    """Tells every program, and the auditor, where Kafka is now.

    Raises:
        OSError: A configuration can't be written.
    """
    told = f'bootstrap = "{bootstrap}"\n'
    for config in (*(one.config for one in the_programs(layout, world)), layout.auditor):
        lines = read_file(config, SMALL).decode("utf-8").splitlines(keepends=True)
        changed = [told if _BOOTSTRAP.match(line) else line for line in lines]
        write_file(config, "".join(changed).encode(), replace=True)


def _refuse_again(layout: Layout, programs: Iterable[LabProgram]) -> None:
    """Before anything is written: whoever lost the roots' keys could certify nobody any more."""
    folders = (layout.roots, layout.readers, layout.documents)
    for path in (
        *folders,
        layout.auditor,
        layout.network,
        *(program.config for program in programs),
    ):
        if path.exists():
            raise LabError(
                str(layout.root),
                f"was provisioned before ({path.relative_to(layout.root)} is there)",
                todo="Name an empty or new folder for it; nothing was changed",
            )


def _authority(layout: Layout, country: CountryId) -> _Authority:
    keys = tuple(SigningKey.generate(os.urandom) for _ in range(_ROOT_KEYS))
    for number, key in enumerate(keys, 1):
        _write(
            layout.roots / f"{country}-{number}.key", key.seed.hex().encode() + b"\n", private=True
        )
    signed = sign_with_keys(documents.root(country, [key.public for key in keys]), keys)
    return _Authority(keys, signed)


def _certificates(
    layout: Layout,
    world: World,
    authorities: Mapping[CountryId, _Authority],
    programs: Iterable[LabProgram],
) -> Iterator[SignedDocument]:
    files = {program.subject: program.keys for program in programs if program.keys is not None}
    for id_ in world.offices:
        office = world.office(id_)
        request = initialise(settings_of(layout, id_))
        certificate = documents.certificate_of_office(office, request)
        yield authorities[office.country].sign(certificate)
    for subject in world.subjects:
        path = files.get(subject.id, layout.identity(subject.id))
        certificate = documents.certificate_of_subject(
            subject, create_identity(path, subject.id, os.urandom)
        )
        yield authorities[country_of(subject.id)].sign(certificate)


def _agreements(layout: Layout, world: World) -> Iterator[SignedDocument]:
    for link in world.links.values():
        signed = sign_with_keys(documents.agreement(world, link), ())
        for office in link.offices:
            signed = sign_document(settings_of(layout, office), signed)
        yield signed


def _file_name(signed: SignedDocument) -> str:
    """What the document is, as a file's name: ``certificate-of-vn-kyson-office.blo``."""
    words = re.findall(r"[a-z0-9~]+", title(DOCUMENT.decode(signed.payload)).lower())
    return "-".join(words) + ".blo"


_BOOTSTRAP = re.compile(r"bootstrap\s*=")


def _write(path: Path, data: bytes, *, private: bool = False) -> None:
    make_private_folder(path.parent)
    write_file(path, data, private=private)
