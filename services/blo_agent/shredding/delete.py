"""Deletes what the offices of a link agreed to delete, and says what is left (ADR 7).

Deletion is a function of the log: when a link's log has the consent of every office, the key of the
case and all that was opened with it are deleted in the transaction that moves the view, and the
office's own grants are withdrawn. Until the store's write-ahead log has been emptied too, the
office does not sign that it has deleted. See ADR 7.
"""

from __future__ import annotations

import msgspec

from blo_agent.files.forget import forget_files
from blo_agent.office.link_state import PROGRAM, LinkState
from blo_agent.office.state import Office
from blo_agent.store.connection import Snapshot, Transaction
from blo_agent.store.tables import (
    changes,
    drafts,
    events,
    files,
    journal,
    keys,
    meta,
    outbox,
    parked,
    records,
    search_index,
    shredded,
)
from blo_domain.shredding import is_shredded
from blo_domain.trust import content_readers_ever
from blo_log.topics import keys_topic
from blo_projection.fold import ContentState, FoldedRecord
from blo_schemas.bodies import decode_body
from blo_schemas.bodies.steps import ShreddingRequest
from blo_schemas.codec import encode
from blo_schemas.content import CONTENT
from blo_schemas.grants import case_grant_record_key, grant_record_key
from blo_schemas.ids import CaseId, KeyId, LinkId
from blo_schemas.summary import Step
from blo_schemas.views import CaseView


def note_view(office: Office, state: LinkState, view: CaseView, now: int, tx: Transaction) -> bool:
    """Look at a view that the log has moved, and delete what is agreed to be deleted.

    Args:
        office: Whose store.
        state: The link.
        view: The case as the log says, not as own events under way would make it.
        now: The office's clock, Unix milliseconds.
        tx: The transaction that stores the view.

    Returns:
        Whether something was deleted now.
    """
    case = CaseId(view.case)
    state.note_confirmation(view)
    if not is_shredded(view) or case in state.shredded:
        return False
    detail = encode(_grounds(tx, state.link, case))
    _withdraw_grants(office, state, view, now, tx)
    _delete(office, state, case, tx)
    shredded.put(tx, state.link, case, now)
    state.shredded.add(case)
    journal.append(
        tx,
        at=now,
        actor=PROGRAM,
        action="delete contents",
        link=state.link,
        case=case,
        detail=detail,
    )
    return True


def without_shredded(state: LinkState, outcome: FoldedRecord) -> FoldedRecord:
    """What was folded, without the content of a case that was shredded here.

    Such a content is not waited for, and not missed.
    """
    if outcome.header is None or outcome.header.case_id not in state.shredded:
        return outcome
    if outcome.content_state is ContentState.NOT_READ:
        return outcome
    return msgspec.structs.replace(outcome, content=None, content_state=ContentState.SHREDDED)


def what_is_left(state: LinkState, case: CaseId, snapshot: Snapshot) -> str | None:
    """Why the office can't sign yet that it has deleted a case's contents; ``None``: it can."""
    view = state.views.get(case)
    mark = shredded.get(snapshot, state.link, case)
    if view is None or not is_shredded(view) or mark is None:
        return "the log does not have the consent of every office yet; wait until it was read"
    holding = keys.links_with(snapshot, KeyId(case))
    if holding:
        return (
            f"the key of this case is held for {', '.join(holding)} too, where an office has used "
            "it a second time; have that case shredded first"
        )
    if events.count_contents(snapshot, state.link, case) or _waits(snapshot, state.link, case):
        return "contents of this case are still in the store; tell the operator"
    if outbox.is_key_waiting(snapshot, state.link, KeyId(case)):
        return (
            "the grants of this case's key, which this office made, are not withdrawn at the "
            "broker yet; try again when the line is up"
        )
    if files.is_withdrawing(snapshot, state.link, case):
        return (
            "the files of this case that this office has sent are not deleted at the broker yet; "
            "try again when the line is up"
        )
    if not mark.scrubbed:
        return "older pages of the store still hold what was deleted; try again in a moment"
    return None


def note_scrubbed(gone: list[tuple[LinkId, CaseId]], now: int, tx: Transaction) -> None:
    """Note that the write-ahead log was emptied after these cases were shredded."""
    for link, case in gone:
        shredded.set_scrubbed(tx, link, case)
        journal.append(
            tx, at=now, actor=PROGRAM, action="contents are off the disk", link=link, case=case
        )


def withhold_restored(office: Office, now: int, tx: Transaction) -> None:
    """After a restore, show no contents until the log has been read: they may be shredded by now.

    Whoever follows the changes is told that the store was restored. To be called when the office was loaded; a store that was no backup is left as it is.
    """
    if meta.get(tx, meta.RESTORED) is not None:
        for link, state in office.links.items():
            state.status.withhold(tx, link, withheld=True)
        meta.remove(tx, meta.RESTORED)
        changes.note_restored(tx, now)


def show_again(state: LinkState, tx: Transaction) -> None:
    """Show contents again: the link was read to its end, and what is shredded is gone."""
    if state.status.is_withheld:
        state.status.withhold(tx, state.link, withheld=False)


def _grounds(tx: Transaction, link: LinkId, case: CaseId) -> list[tuple[str, str]]:
    """Why each office wanted it, by the closed list; in the journal it outlives the contents."""
    grounds = []
    for row in events.by_case(tx, link, case):
        if row.step is not Step.SHRED or row.content is None:
            continue
        content = CONTENT.decode(row.content)
        body = decode_body(row.kind, row.step, content.body_version, content.body)
        if isinstance(body, ShreddingRequest):
            grounds.append((str(row.office), body.ground.value))
    return grounds


def _withdraw_grants(
    office: Office, state: LinkState, view: CaseView, now: int, tx: Transaction
) -> None:
    """Append the tombstones of the grants of a case.

    The opener withdraws the record that grants it to all its readers. Grants of one reader come
    from whatever office has granted again, perhaps on a disk that is lost by now; so each office of
    the link withdraws those of every reader that it ever had.
    """
    case = KeyId(view.case)
    record_keys = [case_grant_record_key(case)] if view.opener == office.id else []
    if state.status.is_party:
        readers = content_readers_ever(office.directory.terms(state.link))
        record_keys += [grant_record_key(case, reader) for reader in sorted(readers)]
    topic = keys_topic(state.corridor)
    for record_key in record_keys:
        outbox.add(
            tx,
            outbox.NewRecord(
                topic, state.partition, record_key, None, state.link, None, None, None, now
            ),
        )


def _delete(office: Office, state: LinkState, case: CaseId, tx: Transaction) -> None:
    keys.remove(tx, state.link, KeyId(case))
    office.keyring.of(state.link).drop_content(case)
    events.forget_contents(tx, state.link, case)
    forget_files(office.id, state.link, case, tx)
    drafts.forget_case(tx, state.link, case)
    search_index.forget(tx, state.link, case)
    for position in parked.waiting_for(tx, state.link, KeyId(case)):
        parked.remove(tx, state.link, position)
    for position in records.set_nothing_to_open(tx, state.link, case):
        state.opened(position)


def _waits(snapshot: Snapshot, link: LinkId, case: CaseId) -> bool:
    return bool(parked.waiting_for(snapshot, link, KeyId(case)))
