"""Whether the office may read, write, send and show contents on a link, and why not."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from blo_agent.store.connection import Snapshot, Transaction
from blo_agent.store.tables import halts, meta
from blo_schemas.codec import Codec
from blo_schemas.ids import LinkId


class HaltReason(StrEnum):
    """Why a link is halted."""

    OTHER_LOG = "other_log"
    """An office has signed another log than the one that was read here."""
    TWO_HEADS = "two_heads"
    """An office has signed two logs of one size."""
    FOREIGN_EVENT = "foreign_event"
    """An event has this office's signature, and this agent did not make it."""
    LOG_CUT = "log_cut"
    """The broker no longer has records that were read here."""
    UNREADABLE = "unreadable"
    """This program fails on a record's bytes, so it can't read on."""
    OWN_EVENTS = "own_events"
    """This program fails on the office's own events that wait to be sent."""


_NOT_READ_ON = frozenset({HaltReason.LOG_CUT, HaltReason.UNREADABLE})


class _Stored(msgspec.Struct, array_like=True, frozen=True):
    rereads_to: int = 0
    is_withheld: bool = False
    revised_from: int | None = None


_STORED = Codec(_Stored)


class LinkStatus(msgspec.Struct):
    """The rights of the office on a link.

    The store keeps the halts, ``rereads_to``, ``revised_from`` and ``is_withheld``. The rest is
    found out anew after each start: agreements say who is a party, and the own chain is compared with the log.

    Attributes:
        is_party: Whether the office writes here, or only reads as a superior.
        halted: Why the office must not write or send; ``None`` while it may.
        is_read_on: Whether the log is read on; not after a halt over a cut or unreadable log.
        rereads_to: Up to which size the log is being read again, because what was stored of it is of
            no use; until then the views are those of an earlier moment. 0: the views are current.
        revised_from: From which size on the log is being folded a second time, because documents
            reach back to there; ``None``: it is not.
        is_withheld: Whether no contents are shown, because the store was restored and the log may
            say that some are shredded.
        own_chain_checked: Whether the own chain was compared with the log since the start.
        is_check_on_disk: Whether the outcome of that comparison is on disk. Until then the outbox
            that readers see may hold the bytes from before.
        unserved: Why the link's topics can't serve it; empty while they can.
    """

    is_party: bool
    halted: str | None = None
    is_read_on: bool = True
    rereads_to: int = 0
    revised_from: int | None = None
    is_withheld: bool = False
    own_chain_checked: bool = False
    is_check_on_disk: bool = False
    unserved: str = ""

    @property
    def may_send(self) -> bool:
        """Whether events that wait in the outbox may be sent."""
        return self.halted is None and self.own_chain_checked and self.is_check_on_disk

    def load(self, snapshot: Snapshot, link: LinkId) -> None:
        """Take from the store what it keeps of the status."""
        self.load_halts(snapshot, link)
        stored = _stored(snapshot, link)
        self.rereads_to, self.is_withheld = stored.rereads_to, stored.is_withheld
        self.revised_from = stored.revised_from

    def load_halts(self, snapshot: Snapshot, link: LinkId) -> None:
        """Take the standing halts from the store."""
        standing = halts.standing(snapshot, link)
        self.is_read_on = not any(halt.reason in _NOT_READ_ON for halt in standing)
        self.halted = standing[0].words if standing else None

    def withhold(self, tx: Transaction, link: LinkId, *, withheld: bool) -> None:
        """Store whether contents are withheld."""
        _put(tx, link, msgspec.structs.replace(_stored(tx, link), is_withheld=withheld))
        self.is_withheld = withheld

    def revise(self, tx: Transaction, link: LinkId, size: int | None) -> None:
        """Store from which size on the log is folded a second time; ``None``: it is not any more."""
        _put(tx, link, msgspec.structs.replace(_stored(tx, link), revised_from=size))
        self.revised_from = size


def store_reread(tx: Transaction, link: LinkId, size: int) -> None:
    """Store up to which size a link is read again; the status in memory follows the fold's reset."""
    stored = _stored(tx, link)
    _put(tx, link, msgspec.structs.replace(stored, rereads_to=size, revised_from=None))


def is_rereading(snapshot: Snapshot, link: LinkId, size: int) -> bool:
    """Whether a link was being read again when the store was last written.

    Args:
        snapshot: The store.
        link: The link.
        size: How many of its records had been read then.
    """
    stored = _stored(snapshot, link)
    return size < stored.rereads_to or stored.revised_from is not None


def is_withheld(snapshot: Snapshot, link: LinkId) -> bool:
    """Whether no contents of a link are shown, because the store was restored."""
    return _stored(snapshot, link).is_withheld


def _stored(snapshot: Snapshot, link: LinkId) -> _Stored:
    stored = meta.get(snapshot, _key(link))
    return _Stored() if stored is None else _STORED.decode(stored)


def _put(tx: Transaction, link: LinkId, stored: _Stored) -> None:
    meta.put(tx, _key(link), _STORED.encode(stored))


def _key(link: LinkId) -> str:
    return f"status/{link}"
