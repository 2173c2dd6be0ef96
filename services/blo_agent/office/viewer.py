"""The office as a reader's thread sees it: immutable values and a snapshot of the store.

The links' states, the keyring and the views in memory belong to the store's thread, which works on them
while readers look. A reader touches none of them: it takes a ``Viewer`` and reads the rest in its
snapshot, so that all of its answer is of one committed state, and no reader holds up the writer.
"""

from __future__ import annotations

import msgspec

from blo_agent.office.link_state import LinkState
from blo_agent.office.link_status import is_rereading, is_withheld
from blo_agent.office.state import Office
from blo_agent.store.connection import Snapshot
from blo_agent.store.tables import cases, keys, links, outbox, records, shredded
from blo_domain.trust import TrustedDirectory
from blo_schemas.event import ENVELOPE, HEADER, Header
from blo_schemas.hashes import log_origin
from blo_schemas.ids import CaseId, CorridorId, Digest, LinkId, OfficeId
from blo_schemas.summary import Kind, Summary
from blo_sealing.event_parts import open_summary
from blo_sealing.keys import SummaryKey


class Viewer(msgspec.Struct, frozen=True):
    """The office as a reader sees it.

    Attributes:
        id: The office.
        directory: The trust documents that it had admitted when the reader began.
        roles: What it has to do with which links, sorted by link.
    """

    id: OfficeId
    directory: TrustedDirectory
    roles: tuple[ViewedLink, ...]

    @property
    def links(self) -> tuple[LinkId, ...]:
        """The links that it has to do with, sorted."""
        return tuple(role.link for role in self.roles)


class ViewedLink(msgspec.Struct, frozen=True):
    """An office's role on a link.

    Attributes:
        link: The link.
        corridor: Its corridor.
        partition: Its partition.
        is_party: Whether the office writes there, or only reads as a superior.
        halted: Why the office must not write there any more; ``None`` while it may.
    """

    link: LinkId
    corridor: CorridorId
    partition: int
    is_party: bool
    halted: str | None


class StoredLink(msgspec.Struct, frozen=True):
    """How far a link had been read in the state of the store that a reader looks at.

    Attributes:
        link: The link.
        size: How many of its records had been read.
        is_rereading: Whether its log was being read again, so that views may change soon.
        withheld: Whether no contents are shown, because the store was restored.
        shredded: Cases whose key and contents were deleted here.
    """

    link: LinkId
    size: int
    is_rereading: bool
    withheld: bool
    shredded: frozenset[CaseId]


def viewer(office: Office) -> Viewer:
    """The office as it is now; may be asked from any thread."""
    states = office.links
    return Viewer(
        office.id, office.directory, tuple(link_role(states[link]) for link in sorted(states))
    )


def link_role(state: LinkState) -> ViewedLink:
    """The office's role on a link now; safe to call from any thread."""
    return ViewedLink(
        state.link, state.corridor, state.partition, state.status.is_party, state.status.halted
    )


def stored_link(snapshot: Snapshot, link: LinkId) -> StoredLink:
    """How far a link had been read."""
    progress = links.get(snapshot, link)
    size = 0 if progress is None else progress.size
    return StoredLink(
        link,
        size,
        is_rereading(snapshot, link, size),
        is_withheld(snapshot, link),
        frozenset(shredded.of_link(snapshot, link)),
    )


def log_hash_of(snapshot: Snapshot, stored: StoredLink) -> Digest:
    """The running hash over all records that had been read."""
    last = records.get(snapshot, stored.link, stored.size - 1) if stored.size else None
    return log_origin(stored.link) if last is None else last.log_hash


def summary_of(snapshot: Snapshot, link: LinkId, value: bytes) -> tuple[Header, Summary] | None:
    """Header and summary of an own event in the outbox; ``None``: its key is no longer here."""
    envelope = ENVELOPE.decode(value)
    header = HEADER.decode(envelope.header)
    key = keys.get(snapshot, link, header.summary_key_id)
    if key is None:
        return None
    return header, open_summary(link, header, envelope, SummaryKey(key.key))


def kind_of(snapshot: Snapshot, link: LinkId, case: CaseId) -> Kind | None:
    """The kind of a case, also of one that this office has opened and the log does not have yet."""
    view = cases.get(snapshot, link, case)
    if view is not None:
        return view.kind
    for waiting in outbox.unconfirmed_of_case(snapshot, link, case):
        value = waiting.value
        opened = None if value is None else summary_of(snapshot, link, value)
        if opened is not None:
            return opened[1].kind
    return None
