"""Grants keys again: to a reader that has lost its keys, and to one that the agreement names anew.

A reader is given what the link's agreements gave it, also in the past, and no more
(``blo_domain.trust.entitlement``). Each key is a grant of its own, sealed to the reader's newest
certificate: the record that grants a case to all its readers stays as it is. Granting again goes on
in small portions, so that events are sent first, and where it stood after a start.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from typing import Annotated, Final

import msgspec

from blo_agent.custody.errors import CustodyRefusal, CustodyRefused
from blo_agent.office.link_state import PROGRAM, LinkState
from blo_agent.office.state import Office
from blo_agent.store.connection import Snapshot, Transaction
from blo_agent.store.facade import Store
from blo_agent.store.tables import cases, journal, keys, meta, outbox
from blo_domain.inbox.turns import is_at_rest
from blo_domain.shredding import is_shredded
from blo_domain.trust import Entitlement, KeyRecipient, LinkRole
from blo_log.errors import LogError
from blo_log.port import Log, TopicPartition, read_to_end
from blo_log.topics import exchange_topic, keys_topic
from blo_runtime.clock import Clock
from blo_runtime.logs import get_logger
from blo_schemas.codec import Codec
from blo_schemas.errors import WireError
from blo_schemas.event import decode_event
from blo_schemas.fields import Count, UnixMs
from blo_schemas.grants import GRANT, KeyPurpose, grant_record_key
from blo_schemas.ids import CaseId, KeyId, LinkId, OfficeId
from blo_schemas.instants import clamped
from blo_schemas.views import CaseView
from blo_sealing.grants import Recipient, make_grant
from blo_sealing.kem import is_usable_kem_key
from blo_sealing.keys import ContentKey, SummaryKey

AT_ONCE: Final = 64
"""So many keys are granted before what waits is sent: 85 KB, less than a second of a poor line."""
_PREFIX: Final = "regrant/"
_LOOK_EVERY_S: Final = 1.0
_PAUSE_S: Final = 0.05
_CONTENT_PARTS: Final = (LinkRole.PARTY, LinkRole.SUPERIOR)

FirstUses = Mapping[KeyId, int]
"""The log time of the first record that is sealed with each summary key, Unix milliseconds."""


class Regrant(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """A link's keys being granted again to one reader, as the store remembers it.

    Attributes:
        v: Version of this layout, 1.
        link: The link.
        reader: Who gets the keys.
        asked_at: When it was asked for, Unix milliseconds.
        after: The last case that was looked at, empty at the beginning.
        summaries_done: Whether the summary keys were granted.
        done: Whether all was granted.
        contents: How many keys of cases were granted.
        summaries: How many summary keys were granted.
        missing: How many cases this office itself holds no key of.
    """

    v: int
    link: LinkId
    reader: OfficeId
    asked_at: UnixMs
    after: Annotated[bytes, msgspec.Meta(max_length=32)] = b""
    summaries_done: bool = False
    done: bool = False
    contents: Count = 0
    summaries: Count = 0
    missing: Count = 0


REGRANT: Final = Codec(Regrant, versions=(1,), limit=1024)


def ask_regrant(
    office: Office,
    state: LinkState,
    reader: OfficeId,
    reason: str,
    actor: str,
    now: int,
    tx: Transaction,
) -> Regrant:
    """Begin to grant a link's keys again; that is in the journal with its reason.

    Asked for while it goes on, it begins anew.

    Raises:
        CustodyRefused: The office is no party of the link, or the reader is not to have its keys.
    """
    if not state.status.is_party:
        raise CustodyRefused(
            CustodyRefusal.ONLY_READS, f"{office.id} only reads {state.link} and grants nothing"
        )
    if reader == office.id or _recipient(office, state, reader, now) is None:
        raise CustodyRefused(
            CustodyRefusal.NOT_A_READER,
            f"the agreement of {state.link} in force names no reader {reader} besides this office, "
            f"or {reader} has no valid certificate that keys can be sealed to",
        )
    wanted = Regrant(1, state.link, reader, now)
    _store(tx, wanted)
    journal.append(
        tx,
        at=now,
        actor=actor,
        action="grant again",
        link=state.link,
        detail=f"{reader}: {reason}".encode(),
    )
    return wanted


def regrants(snapshot: Snapshot) -> list[Regrant]:
    """All that was ever granted again, the last time for each link and reader."""
    rows = snapshot.rows(
        "SELECT value FROM meta WHERE key >= ? AND key < ? ORDER BY key",
        (_PREFIX, _PREFIX + "\x7f"),
    )
    return [REGRANT.decode(value) for (value,) in rows]


async def first_uses(log: Log, state: LinkState) -> FirstUses:
    """When each summary key of a link was first used, by its log; what is unreadable is passed over.

    Raises:
        LogError: The log can't be read.
    """
    partition = TopicPartition(exchange_topic(state.corridor), state.partition)
    uses: dict[KeyId, int] = {}
    reader = await log.reader({partition: 0})
    try:
        async for batch in read_to_end(reader):
            for record in batch.get(partition, []):
                try:
                    _, header = decode_event(record.value or b"")
                except WireError:
                    continue
                uses.setdefault(KeyId(header.summary_key_id), clamped(record.timestamp))
    finally:
        await reader.close()
    return uses


class Regrants:
    """Carries on what is to be granted again, a portion at a time.

    Args:
        office: Whose keys.
        store: Its store.
        log: The log, from which the uses of summary keys are read.
        clock: The office's clock.
        wake: Called when there is something to send.
    """

    def __init__(
        self, office: Office, store: Store, log: Log, clock: Clock, wake: Callable[[], None]
    ) -> None:
        self._office = office
        self._store = store
        self._log = log
        self._clock = clock
        self._wake = wake
        self._asked = asyncio.Event()

    async def ask(self, link: LinkId, reader: OfficeId, reason: str, actor: str) -> Regrant:
        """Begin to grant a link's keys again.

        Raises:
            CustodyRefused: As ``ask_regrant``.
            KeyError: The office has no such link.
        """
        state, now = self._office.links[link], self._clock.now_ms()
        asked = await self._store.write(
            lambda tx: ask_regrant(self._office, state, reader, reason, actor, now, tx)
        )
        self._asked.set()
        return asked

    async def run(self) -> None:
        """Grants what is to be granted again, until cancelled."""
        while True:
            unfinished = [row for row in await self._store.read(regrants) if not row.done]
            moved = [await self._carry_on(wanted) for wanted in unfinished]
            if any(moved):
                continue
            self._asked.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_PAUSE_S if unfinished else _LOOK_EVERY_S):
                    await self._asked.wait()

    async def _carry_on(self, wanted: Regrant) -> bool:
        """Take the next portion; False: it has to wait."""
        state = self._office.links.get(wanted.link)
        if state is None or state.status.halted is not None or state.is_rereading:
            return False
        uses: FirstUses = {}
        if not wanted.summaries_done:
            try:
                uses = await first_uses(self._log, state)
            except LogError:
                return False
        elif await self._store.read(lambda snapshot: outbox.is_grant_waiting(snapshot, state.link)):
            return False
        now = self._clock.now_ms()
        await self._store.write(
            lambda tx: grant_portion(self._office, state, wanted, uses, now, tx)
        )
        self._wake()
        return True


def grant_portion(
    office: Office,
    state: LinkState,
    wanted: Regrant,
    uses: FirstUses,
    now: int,
    tx: Transaction,
) -> None:
    """Grant the summary keys, or the keys of the next cases; how far it came is stored with it.

    Args:
        office: Whose keys.
        state: The link.
        wanted: What was asked for, as it was read; if it was asked for anew since, nothing is done.
        uses: For the summary keys: when each was first used.
        now: The office's clock, Unix milliseconds.
        tx: A transaction of the store.
    """
    if _stored(tx, wanted) != wanted:
        return
    recipient = _recipient(office, state, wanted.reader, now)
    if recipient is None:
        get_logger().error(
            "alarm",
            reason=f"granting keys of {state.link} to {wanted.reader} again has ended: it is no "
            "reader of the link any more, or has no valid certificate; ask for it again then",
        )
        _store(tx, msgspec.structs.replace(wanted, done=True))
        return
    portion = _Portion(office, state, recipient, now, tx)
    if not wanted.summaries_done:
        count = portion.grant_summaries(uses)
        has_contents = recipient.part in _CONTENT_PARTS
        after = msgspec.structs.replace(
            wanted, summaries=count, summaries_done=True, done=not has_contents
        )
    else:
        after = portion.grant_cases(wanted)
    _store(tx, after)
    if after.done:
        counts = f"{after.contents} cases, {after.summaries} summary keys, {after.missing} missing"
        journal.append(
            tx,
            at=now,
            actor=PROGRAM,
            action="granted again",
            link=state.link,
            detail=f"{after.reader} {recipient.tag.hex()}: {counts}".encode(),
        )
        get_logger().info(
            "keys granted again",
            link=state.link,
            office=after.reader,
            count=after.contents + after.summaries,
        )


class _Portion:
    """What one transaction grants to one reader."""

    def __init__(
        self, office: Office, state: LinkState, recipient: KeyRecipient, now: int, tx: Transaction
    ) -> None:
        self._state = state
        self._recipient = Recipient(recipient.subject, recipient.tag, recipient.kem_key)
        self._entitlement = Entitlement(office.directory.terms(state.link), recipient.subject)
        self._now = now
        self._tx = tx

    def grant_summaries(self, uses: FirstUses) -> int:
        """Grant the summary keys that the reader was to have; returns how many."""
        count = 0
        for stored in keys.all_of(self._tx, self._state.link):
            first = uses.get(stored.key_id)
            if stored.purpose is not KeyPurpose.SUMMARY or first is None:
                continue
            if self._entitlement.to_summaries(first):
                self._grant(SummaryKey(stored.key), stored.office)
                count += 1
        return count

    def grant_cases(self, wanted: Regrant) -> Regrant:
        """Grant the keys of the next cases that the reader is to have; returns how far it came."""
        link = self._state.link
        views = cases.next_after(self._tx, link, CaseId(wanted.after), AT_ONCE)
        granted = missing = 0
        for view in views:
            if not self._may_have(view):
                continue
            stored = keys.get(self._tx, link, KeyId(view.case))
            if stored is None:
                missing += 1
            else:
                self._grant(ContentKey(stored.key), view.opener)
                granted += 1
        return msgspec.structs.replace(
            wanted,
            after=views[-1].case if views else wanted.after,
            done=len(views) < AT_ONCE,
            contents=wanted.contents + granted,
            missing=wanted.missing + missing,
        )

    def _may_have(self, view: CaseView) -> bool:
        if view.case in self._state.shredded or is_shredded(view):
            return False
        lived_until = view.log_time if is_at_rest(view) else self._now
        return self._entitlement.to_case(view.opened_at, lived_until)

    def _grant(self, key: ContentKey | SummaryKey, maker: OfficeId) -> None:
        state = self._state
        grant = make_grant(key, state.link, maker, self._recipient)
        record = outbox.NewRecord(
            keys_topic(state.corridor),
            state.partition,
            grant_record_key(KeyId(key.id), self._recipient.id),
            GRANT.encode(grant),
            state.link,
            None,
            None,
            None,
            self._now,
        )
        outbox.add(self._tx, record)


def _recipient(office: Office, state: LinkState, reader: OfficeId, now: int) -> KeyRecipient | None:
    """The reader with the certificate that keys are sealed to; ``None``: it is to have none."""
    for recipient in office.directory.readers(state.link, now).summary:
        if recipient.subject == reader and is_usable_kem_key(recipient.kem_key):
            return recipient
    return None


def _stored(tx: Transaction, wanted: Regrant) -> Regrant | None:
    stored = meta.get(tx, _name(wanted))
    return None if stored is None else REGRANT.decode(stored)


def _store(tx: Transaction, regrant: Regrant) -> None:
    meta.put(tx, _name(regrant), REGRANT.encode(regrant))


def _name(regrant: Regrant) -> str:
    return f"{_PREFIX}{regrant.link}/{regrant.reader}"
