"""Ways to spoil an honest log, its heads and its trust documents, and what must be found.

Each says what both modes must find: a code, and where. Amortised mode is run without its sample, so
what is declared here it catches without luck; ``None`` declares that it does not, and the table in
``docs/threats.md`` says so.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

import msgspec

from blo_audit.findings.codes import Code
from blo_schemas.codec import encode
from blo_schemas.event import HEADER
from blo_schemas.ids import OfficeId
from blo_schemas.trust import DOCUMENT
from tests.audit.exhibits import (
    LINK,
    Exhibit,
    flip,
    head_of,
    with_envelope,
)
from tests.audit.scene import (
    SIZE,
    Scene,
    scene,
)
from tests.processors.world import LA, VN

Spoil = Callable[[Scene, Exhibit], None]


class Found(NamedTuple):
    """What must be among the findings."""

    code: Code
    position: int | None = None
    office: OfficeId | None = None


class Mutation(NamedTuple):
    """One way to spoil an exhibit.

    Attributes:
        name: Stable name.
        what: What is done, in words, for the table.
        spoil: Does it.
        full: What full mode must find.
        amortised: What amortised mode must find without luck; ``None``: nothing.
        keys: Whether the auditor needs summary keys for it.
    """

    name: str
    what: str
    spoil: Spoil
    full: Found | None
    amortised: Found | None
    keys: bool = False


ALL: Final[list[Mutation]] = []


def mutation(
    what: str,
    full: Found | None,
    *amortised: Found | None,
    keys: bool = False,
) -> Callable[[Spoil], Spoil]:
    """Adds a mutation; without a further finding amortised mode must find the same."""

    def add(spoil: Spoil) -> Spoil:
        name = spoil.__name__.strip("_")
        ALL.append(Mutation(name, what, spoil, full, amortised[0] if amortised else full, keys))
        return spoil

    return add


S: Final = scene()
T: Final = S.before_other(VN)
"""A record of VN in the middle: heads of both offices cover it, and LA read it next."""
NEXT: Final = S.of(VN, T + 1)
READ: Final = T + 1
HEAD: Final = 27
"""The first heads after ``T``."""
LAST: Final = SIZE - 1
LA_KEY: Final = S.world.keys[LA].signing
ATTACKER: Final = S.stranger("vn-attacker")
MISREAD: Final = Found(Code.SEEN_HASH_MISMATCH, READ)


def other_header(**changes: Any) -> Callable[[bytes], bytes]:
    """Other header fields, the signature left as it is."""

    def change(header: bytes) -> bytes:
        return encode(msgspec.structs.replace(HEADER.decode(header), **changes))

    return with_envelope(header=change)


def head_with(office: OfficeId, **changes: Any) -> bytes:
    """The office's newest head, with something changed, signed by it."""
    return S.writer.signed(msgspec.structs.replace(head_of(S.head(office)), **changes), office)


def heads_over(scene: Scene, exhibit: Exhibit) -> None:
    """Heads of both over the spoiled log, as if neither had verified anything."""
    chain = scene.chain_of(exhibit)
    over = {"size": chain.size, "log_hash": chain.log_hash, "tree_root": chain.tree_root()}
    late = {"at": scene.writer.now, "journal_size": 10**6}
    exhibit.heads_[LINK] += [head_with(office, **over, **late) for office in (VN, LA)]


def alter(exhibit: Exhibit, kind: type) -> None:
    at = max(
        at
        for at, one in enumerate(exhibit.documents_)
        if isinstance(DOCUMENT.decode(one.payload), kind)
    )
    signed = exhibit.documents_[at]
    first, *rest = signed.signatures
    bad = msgspec.structs.replace(first, signature=flip(first.signature))
    exhibit.documents_[at] = msgspec.structs.replace(signed, signatures=(bad, *rest))


__all__ = [
    "ALL",
    "ATTACKER",
    "HEAD",
    "LAST",
    "LA_KEY",
    "MISREAD",
    "NEXT",
    "READ",
    "Found",
    "Mutation",
    "S",
    "Spoil",
    "T",
    "alter",
    "head_with",
    "heads_over",
    "mutation",
    "other_header",
]
