"""Grants of the office's own keys to the readers of a link (docs/architecture.md, "Keys and trust").

An office seals its summaries of a month with one key, granted when it is made. Whoever becomes a
reader of the link later was not given it, and whoever ceases to be one holds it: so when the
readers change, the office makes a new key for what it writes from then on.
"""

from __future__ import annotations

from typing import Final

import msgspec

from blo_agent.office.link_state import PROGRAM, LinkState
from blo_agent.office.state import Office
from blo_agent.store.connection import Transaction
from blo_agent.store.tables import journal, keys, meta, outbox
from blo_domain.trust import KeyRecipient
from blo_log.topics import keys_topic
from blo_runtime.logs import get_logger
from blo_schemas.codec import Codec
from blo_schemas.grants import CASE_GRANT, GRANT, case_grant_record_key, grant_record_key
from blo_schemas.ids import KeyId, LinkId
from blo_sealing.errors import UnusableKey
from blo_sealing.grants import Recipient, make_case_grant, make_grant
from blo_sealing.keys import ContentKey, SummaryKey


class _Current(msgspec.Struct, array_like=True, frozen=True):
    """The summary key that an office uses on a link, and to whom it was granted."""

    month: str
    key: bytes
    readers: tuple[tuple[str, bytes], ...]


_CURRENT: Final = Codec(_Current)


def grant_summary_key(
    office: Office, state: LinkState, key: SummaryKey, month: str, now: int, tx: Transaction
) -> None:
    """Keep a new summary key of this office and grant it to everybody who reads the link."""
    readers = office.directory.readers(state.link, now).summary
    office.keyring.of(state.link).use(month, key)
    _store(office, state, key, tx, month=month)
    _grant(office, state, key, readers, now, tx)
    current = _Current(month, key.id, _named(readers))
    meta.put(tx, _current_key(state.link), _CURRENT.encode(current))


def grant_content_key(
    office: Office, state: LinkState, key: ContentKey, now: int, tx: Transaction
) -> None:
    """Keep the key of a new case and grant it to everybody who reads contents of the link.

    One record has the grants of all: they are made, withdrawn and compacted together.
    """
    office.keyring.of(state.link).add_content(key)
    _store(office, state, key, tx, month=None)
    readers = {
        reader.subject: reader for reader in office.directory.readers(state.link, now).content
    }
    granted = make_case_grant(
        key,
        state.link,
        office.id,
        [Recipient(reader.subject, reader.tag, reader.kem_key) for reader in readers.values()],
        office.own_kem_keys(),
    )
    for recipient in granted.missing:
        _pass_over(state, readers[recipient.id], now, tx)
    if granted.grant is not None:
        record_key = case_grant_record_key(KeyId(key.id))
        _put(state, record_key, CASE_GRANT.encode(granted.grant), now, tx)


def review_summary_keys(office: Office, now: int, tx: Transaction) -> None:
    """Use on each link the key that exactly its readers of now were given, or a new one."""
    for state in office.links.values():
        stored = meta.get(tx, _current_key(state.link))
        if stored is None:
            continue
        current = _CURRENT.decode(stored)
        readers = _named(office.directory.readers(state.link, now).summary)
        known_keys = office.keyring.of(state.link)
        key = known_keys.summary_key(KeyId(current.key))
        if key is not None and readers == current.readers:
            known_keys.use(current.month, key)
        else:
            known_keys.retire()


def _store(
    office: Office,
    state: LinkState,
    key: ContentKey | SummaryKey,
    tx: Transaction,
    *,
    month: str | None,
) -> None:
    case = key.id if isinstance(key, ContentKey) else None
    stored = keys.StoredKey(
        state.link, KeyId(key.id), key.purpose, key.secret, office.id, month, case
    )
    keys.put(tx, stored)


def _grant(
    office: Office,
    state: LinkState,
    key: SummaryKey,
    readers: tuple[KeyRecipient, ...],
    now: int,
    tx: Transaction,
) -> None:
    for reader in readers:
        recipient = Recipient(reader.subject, reader.tag, reader.kem_key)
        try:
            grant = make_grant(key, state.link, office.id, recipient)
        except UnusableKey:
            _pass_over(state, reader, now, tx)
            continue
        record_key = grant_record_key(KeyId(key.id), reader.subject)
        _put(state, record_key, GRANT.encode(grant), now, tx)


def _put(state: LinkState, record_key: bytes, value: bytes, now: int, tx: Transaction) -> None:
    topic = keys_topic(state.corridor)
    record = outbox.NewRecord(
        topic, state.partition, record_key, value, state.link, None, None, None, now
    )
    outbox.add(tx, record)


def _pass_over(state: LinkState, reader: KeyRecipient, now: int, tx: Transaction) -> None:
    """Tell that a reader gets no key, because nothing can be sealed to what is certified of it.

    The office and all other readers go on: it is the reader's country that has to mend it.
    """
    state.ungranted.add(reader.subject)
    get_logger().error(
        "alarm",
        reason=f"{reader.subject} can't be granted keys of {state.link}: nothing can be sealed to "
        f"the KEM key of its certificate {reader.tag.hex()}; its country must certify another",
    )
    journal.append(
        tx,
        at=now,
        actor=PROGRAM,
        action="grant impossible",
        link=state.link,
        detail=f"{reader.subject} {reader.tag.hex()}".encode(),
    )


def _named(readers: tuple[KeyRecipient, ...]) -> tuple[tuple[str, bytes], ...]:
    return tuple((reader.subject, reader.tag) for reader in readers)


def _current_key(link: LinkId) -> str:
    return f"summary-key/{link}"
