"""Takes in grants: the keys that open parked records and waiting contents."""

from __future__ import annotations

from blo_agent.files.enclose import note_files
from blo_agent.office.batch import BatchResult
from blo_agent.office.link_state import LinkState
from blo_agent.office.state import Office
from blo_agent.store.connection import Transaction
from blo_agent.store.tables import events, keys, parked, records
from blo_projection.fold import ContentState
from blo_schemas.content import CONTENT
from blo_schemas.errors import WireError
from blo_schemas.event import decode_event
from blo_schemas.grants import CASE_GRANT, GRANT, CaseGrantRecord, Grant, case_grant_record_key
from blo_schemas.ids import CaseId, CertificateTag, KeyId, LinkId, OfficeId
from blo_schemas.verdicts import Outcome
from blo_sealing.errors import SealingError
from blo_sealing.grants import open_grant
from blo_sealing.keys import ContentKey, SummaryKey


def take_grants(
    office: Office, grants: list[bytes], tx: Transaction, result: BatchResult
) -> set[LinkId]:
    """Open what is meant for this office and not held yet.

    A grant to a certificate that is not known yet is passed over: when the certificate arrives,
    the key topics are read again (``trust_documents``).

    Returns:
        The links on which keys have arrived.
    """
    touched: set[LinkId] = set()
    for value in grants:
        try:
            grant = GRANT.decode(value)
        except WireError:
            result.ignored += 1
            continue
        state = office.links.get(grant.link)
        if grant.recipient != office.id or state is None:
            continue
        if grant.key in state.shredded:
            continue  # The key of a shredded case is not held again, whoever grants it.
        if keys.get(tx, grant.link, KeyId(grant.key)) is None:
            _take_grant(office, state, grant, tx, result, touched)
    return touched


def take_case_grants(
    office: Office, records: list[CaseGrantRecord], tx: Transaction, result: BatchResult
) -> set[LinkId]:
    """Open this office's entries of the grants of cases whose keys are not held yet.

    The other entries are neither opened nor judged: a bad one denies nobody else.

    Returns:
        The links on which keys have arrived.
    """
    touched: set[LinkId] = set()
    for record in records:
        try:
            granted = CASE_GRANT.decode(record.value)
        except WireError:
            result.ignored += 1
            continue
        state = office.links.get(granted.link)
        if state is None:
            continue
        if record.key != case_grant_record_key(KeyId(granted.key)):
            result.ignored += 1  # Its withdrawal would not take it away.
            continue
        grant = granted.grant_to(office.id)
        if grant is None or grant.key in state.shredded:
            continue
        if keys.get(tx, grant.link, KeyId(grant.key)) is None:
            _take_grant(office, state, grant, tx, result, touched)
    return touched


def _take_grant(
    office: Office,
    state: LinkState,
    grant: Grant,
    tx: Transaction,
    result: BatchResult,
    touched: set[LinkId],
) -> None:
    tag = CertificateTag(grant.recipient_kid)
    own_keys = office.node_keys_of(tag)
    if own_keys is None:
        result.alarms.append(
            f"a grant on {state.link} is sealed to certificate {tag.hex()}, of which no key is here"
        )
        return
    try:
        key = open_grant(grant, state.link, office.id, tag, own_keys.kem)
    except SealingError as error:
        result.alarms.append(f"a grant on {state.link} that names {grant.sender}: {error}")
        return
    _hold(office, state, key, grant.sender, tx, result)
    result.grants.append((state.link, grant.purpose))
    touched.add(state.link)


def _hold(
    office: Office,
    state: LinkState,
    key: ContentKey | SummaryKey,
    sender: OfficeId,
    tx: Transaction,
    result: BatchResult,
) -> None:
    case = key.id if isinstance(key, ContentKey) else None
    keys.put(
        tx,
        keys.StoredKey(state.link, KeyId(key.id), key.purpose, key.secret, sender, None, case),
    )
    known_keys = office.keyring.of(state.link)
    if isinstance(key, ContentKey):
        known_keys.add_content(key)
        open_waiting(office.id, state, key.id, tx, result)
    else:
        known_keys.add_summary(key)


def open_waiting(
    office: OfficeId, state: LinkState, case: CaseId, tx: Transaction, result: BatchResult
) -> None:
    """Open the contents of accepted events that waited for their case's key."""
    for position in parked.waiting_for(tx, state.link, KeyId(case)):
        row = records.get(tx, state.link, position)
        if row is None or row.outcome is not Outcome.ACCEPTED or row.event_id is None:
            continue
        event = events.get(tx, row.event_id)
        if event is None:
            continue
        envelope, header = decode_event(parked.value(tx, state.link, position))
        content, content_state, fault = state.fold.read_content(
            header, envelope, event.kind, event.step
        )
        if content is not None and content_state is ContentState.OPENED:
            encoded = CONTENT.encode(content)
            events.set_content(tx, row.event_id, content.on, encoded)
            note_files(office, [event._replace(content=encoded)], tx)
            records.set_opened(tx, state.link, position)
            state.opened(position)
        if fault is not None:
            result.alarm_unopenable(state.link, position, row.office, fault)
        parked.remove(tx, state.link, position)
