"""Discloses chosen events to an outsider: their derived keys, signed, with a journal entry.

A case's key opens everything in the case, past and to come, so it never leaves the store. What
leaves it opens the chosen events and nothing else. Who disclosed what to whom, and why, is in the
journal before the disclosure is given out, and so in the office's next head.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from hashlib import sha256
from typing import Final

import msgspec

from blo_agent.office.link_state import LinkState
from blo_agent.office.link_status import is_withheld
from blo_agent.office.state import NoIdentity, Office
from blo_agent.store.connection import Snapshot, Transaction
from blo_agent.store.errors import ActionRefused
from blo_agent.store.facade import Store
from blo_agent.store.tables import events, journal, records
from blo_agent.store.tables.events import EventRow
from blo_domain.people.handling_codes import OnwardRefused, check_onward, onward_recipients
from blo_log.errors import LogUnavailable
from blo_log.port import Log, TopicPartition
from blo_log.topics import exchange_topic
from blo_schemas.bundle import (
    MAX_DISCLOSED,
    SIGNED_DISCLOSURE,
    DisclosedEvent,
    DisclosureNote,
    SignedDisclosure,
)
from blo_schemas.codec import encode
from blo_schemas.content import CONTENT, Dispatch, HandlingCode
from blo_schemas.errors import WireError
from blo_schemas.event import ENVELOPE, HEADER, LogRecord
from blo_schemas.hashes import leaf_hash
from blo_schemas.ids import CaseId, Digest, EventId, LinkId, OfficeId
from blo_sealing.disclosures import disclose_event
from blo_sealing.errors import SealingError
from blo_sealing.statements import sign_disclosure

ACTION: Final = "disclose"
_PORTION: Final = 400
_SILENCE_POLLS: Final = 10


class DisclosureCommand(msgspec.Struct, frozen=True, kw_only=True):
    """Which events are to be disclosed, and what the journal says of it.

    Attributes:
        reason: Why.
        recipient: For whom.
        actor: Who discloses.
        case: All opened events of this case,
        events: or these events,
        period: or all opened events of these business dates, both included.
    """

    reason: str
    recipient: str
    actor: str
    case: CaseId | None = None
    events: tuple[EventId, ...] = ()
    period: tuple[date, date] | None = None


class DisclosureFile(msgspec.Struct, frozen=True):
    """A disclosure that is in the journal.

    Attributes:
        signed: The disclosure.
        events: How many events it opens.
        closed: How many were meant too but are closed here.
    """

    signed: SignedDisclosure
    events: int
    closed: int


class DisclosureRefusal(StrEnum):
    """Why nothing is disclosed. The list is closed."""

    NO_IDENTITY = "no_identity"
    ANOTHER_LOG = "another_log"
    NOT_READ_YET = "not_read_yet"
    NOTHING_TO_DISCLOSE = "nothing_to_disclose"
    TOO_MANY = "too_many"
    KEY_MISSING = "key_missing"
    UNOPENABLE = "unopenable"
    ONWARD_NOT_PERMITTED = "onward_not_permitted"


class DisclosureRefused(ActionRefused):
    """Nothing is disclosed."""

    reasons = (DisclosureRefusal,)


class _SelectedEvent(msgspec.Struct, frozen=True):
    leaves: dict[int, Digest]
    closed: int


async def disclose(
    office: Office, store: Store, log: Log, state: LinkState, wanted: DisclosureCommand, now: int
) -> DisclosureFile:
    """Disclose events of a link.

    Args:
        office: Who discloses.
        store: Its store.
        log: Where the records are: the store does not keep them.
        state: The link.
        wanted: Which events.
        now: The office's clock, Unix milliseconds.

    Raises:
        DisclosureRefused: There is nothing to disclose, or too much; nothing was done.
        LogError: The log can't be read.
    """
    link = state.link

    def choose(snapshot: Snapshot) -> _SelectedEvent:
        return _choose(snapshot, office.id, link, wanted)

    chosen = await store.read(choose)
    read = await _read(log, state, sorted(chosen.leaves))
    for record in read:
        if leaf_hash(record.value) != chosen.leaves[record.position]:
            raise DisclosureRefused(
                DisclosureRefusal.ANOTHER_LOG,
                f"the log shows another record at {record.position} than the office has read: "
                "let its link be verified",
            )
    return await store.write(lambda tx: _disclose(office, state, wanted, chosen, read, now, tx))


def _choose(
    snapshot: Snapshot, office: OfficeId, link: LinkId, wanted: DisclosureCommand
) -> _SelectedEvent:
    if is_withheld(snapshot, link):
        raise DisclosureRefused(
            DisclosureRefusal.NOT_READ_YET,
            f"the store was restored, and the log of {link} is being read up to its end: what "
            "was shredded since must not be shown; try again when that is done",
        )
    meant = [event for event in _meant(snapshot, link, wanted) if event.link == link]
    opened = [event.position for event in meant if event.content is not None]
    if not opened:
        raise DisclosureRefused(
            DisclosureRefusal.NOTHING_TO_DISCLOSE,
            f"none of the {len(meant)} accepted events that are meant on {link} is open here",
        )
    if len(opened) > MAX_DISCLOSED:
        raise DisclosureRefused(
            DisclosureRefusal.TOO_MANY,
            f"{len(opened)} events; at most {MAX_DISCLOSED} in one disclosure",
        )
    for event in meant:
        if event.office != office:
            _check_onward(snapshot, event, wanted.recipient)
    leaves = {}
    for position in opened:
        row = records.get(snapshot, link, position)
        if row is not None:
            leaves[position] = row.leaf
    return _SelectedEvent(leaves, len(meant) - len(opened))


def _check_onward(snapshot: Snapshot, event: EventRow, recipient: str) -> None:
    """Refuse what another office has provided and does not permit to be passed on to this recipient.

    Raises:
        DisclosureRefused: It is marked H2, and no document of its provider names the recipient.
    """
    dispatch = _dispatch_of(event)
    if dispatch is None or dispatch.handling is not HandlingCode.H2:
        return
    of_case = events.by_case(snapshot, event.link, event.case)
    of_provider = (_dispatch_of(row) for row in of_case if row.office == event.office)
    permitted = onward_recipients(row for row in of_provider if row is not None)
    try:
        check_onward([dispatch.handling], event.office, recipient, permitted)
    except OnwardRefused as error:
        words = f"the event at {event.position}: {error}"
        raise DisclosureRefused(DisclosureRefusal.ONWARD_NOT_PERMITTED, words) from error


def _dispatch_of(event: EventRow) -> Dispatch | None:
    return None if event.content is None else CONTENT.decode(event.content).dispatch


def _meant(snapshot: Snapshot, link: LinkId, wanted: DisclosureCommand) -> Iterable[EventRow]:
    if wanted.case is not None:
        return events.by_case(snapshot, link, wanted.case)
    if wanted.period is not None:
        return events.in_period(snapshot, link, *wanted.period)
    rows = (events.get(snapshot, event) for event in sorted(set(wanted.events)))
    return [event for event in rows if event is not None]


async def _read(log: Log, state: LinkState, positions: list[int]) -> list[LogRecord]:
    partition = TopicPartition(exchange_topic(state.corridor), state.partition)
    reader = await log.reader({partition: positions[0]})
    records_read: list[LogRecord] = []
    silent = 0
    try:
        while len(records_read) < len(positions) and silent < _SILENCE_POLLS:
            wanted = positions[len(records_read)]
            if reader.position(partition) != wanted:
                reader.seek(partition, wanted)
            batch = await reader.poll(max_records=_PORTION)
            silent = 0 if batch else silent + 1
            for consumed in batch.get(partition, ()):
                if (
                    len(records_read) < len(positions)
                    and consumed.offset == positions[len(records_read)]
                ):
                    records_read.append(
                        LogRecord(consumed.offset, consumed.timestamp, consumed.value or b"")
                    )
    finally:
        await reader.close()
    if len(records_read) < len(positions):
        raise LogUnavailable("records that were read before do not come again; try later")
    return records_read


def _disclose(
    office: Office,
    state: LinkState,
    wanted: DisclosureCommand,
    chosen: _SelectedEvent,
    read: list[LogRecord],
    now: int,
    tx: Transaction,
) -> DisclosureFile:
    opened = tuple(_keys_of(office, state, record) for record in read)
    try:
        author = office.author(state.link, now)
    except NoIdentity as missing:
        raise DisclosureRefused(DisclosureRefusal.NO_IDENTITY, str(missing)) from missing
    signed = sign_disclosure(author, office.id, now, opened)
    note = DisclosureNote(
        wanted.reason,
        wanted.recipient,
        sha256(SIGNED_DISCLOSURE.encode(signed)).digest(),
        tuple(event.event for event in opened),
    )
    journal.append(
        tx,
        at=now,
        actor=wanted.actor,
        action=ACTION,
        link=state.link,
        case=wanted.case,
        detail=encode(note),
    )
    return DisclosureFile(signed, len(opened), chosen.closed)


def _keys_of(office: Office, state: LinkState, record: LogRecord) -> DisclosedEvent:
    header = HEADER.decode(ENVELOPE.decode(record.value).header)
    known_keys = office.keyring.of(state.link)
    summary_key = known_keys.summary_key(header.summary_key_id)
    content_key = known_keys.content_key(header.case_id)
    if summary_key is None or content_key is None:
        raise DisclosureRefused(
            DisclosureRefusal.KEY_MISSING,
            f"a key of the event at {record.position} is not here any more",
        )
    try:
        return disclose_event(state.link, record, summary_key, content_key)
    except (WireError, SealingError) as error:
        raise DisclosureRefused(
            DisclosureRefusal.UNOPENABLE, f"the event at {record.position} does not open: {error}"
        ) from error
