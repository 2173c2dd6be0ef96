"""Shredding at one office: deleting what the offices agreed to delete, and what may be said of it.

Deletion is a function of the log: when a link's log has the consent of every office, the key of the
case and all that was opened with it are deleted in the transaction that moves the view, and the
office's own grants are withdrawn. Until the store's write-ahead log has been emptied too, the
office does not sign that it has deleted. See ADR 7.
"""

from __future__ import annotations

import msgspec

from blo_agent.office.link_state import PROGRAM, LinkState
from blo_agent.office.state import Office
from blo_agent.store.connection import Snapshot, Transaction
from blo_agent.store.tables import events, journal, keys, meta, outbox, parked, records, shredded
from blo_domain.shredding import is_shredded
from blo_log.topics import keys_topic
from blo_projection.fold import ContentState, FoldedRecord
from blo_schemas.bodies import decode_body
from blo_schemas.bodies.steps import ShreddingRequest
from blo_schemas.codec import encode
from blo_schemas.content import CONTENT
from blo_schemas.grants import grant_record_key
from blo_schemas.ids import CaseId, KeyId, LinkId
from blo_schemas.summary import Step
from blo_schemas.views import CaseView


def note_view(office: Office, desk: LinkState, view: CaseView, now: int, tx: Transaction) -> bool:
    """Look at a view that the log has moved, and delete what is agreed to be deleted.

    Args:
        office: Whose store.
        desk: The link.
        view: The case as the log says, not as own events under way would make it.
        now: The office's clock, Unix milliseconds.
        tx: The transaction that stores the view.

    Returns:
        Whether something was deleted now.
    """
    case = CaseId(view.case)
    desk.note_confirmation(view)
    if not is_shredded(view) or case in desk.shredded:
        return False
    detail = encode(_grounds(tx, desk.link, case))
    _withdraw_grants(office, desk, view, now, tx)
    _delete(office, desk, case, tx)
    shredded.put(tx, desk.link, case, now)
    desk.shredded.add(case)
    journal.append(
        tx,
        at=now,
        actor=PROGRAM,
        action="delete contents",
        link=desk.link,
        case=case,
        detail=detail,
    )
    return True


def without_shredded(desk: LinkState, one: FoldedRecord) -> FoldedRecord:
    """What was folded, without the content of a case that was shredded here.

    Such a content is not waited for, and not missed.
    """
    if one.header is None or one.header.case_id not in desk.shredded:
        return one
    if one.content_state is ContentState.NOT_READ:
        return one
    return msgspec.structs.replace(one, content=None, content_state=ContentState.SHREDDED)


def what_is_left(desk: LinkState, case: CaseId, snapshot: Snapshot) -> str | None:
    """Why the office can't sign yet that it has deleted a case's contents; ``None``: it can."""
    view = desk.views.get(case)
    mark = shredded.get(snapshot, desk.link, case)
    if view is None or not is_shredded(view) or mark is None:
        return "the log does not have the consent of every office yet; wait until it was read"
    holding = keys.links_with(snapshot, KeyId(case))
    if holding:
        return (
            f"the key of this case is held for {', '.join(holding)} too, where an office has used "
            "it a second time; have that case shredded first"
        )
    if events.count_contents(snapshot, desk.link, case) or _waits(snapshot, desk.link, case):
        return "contents of this case are still in the store; tell the operator"
    if outbox.is_key_waiting(snapshot, desk.link, KeyId(case)):
        return (
            "the grants of this case's key, which this office made, are not withdrawn at the "
            "broker yet; try again when the line is up"
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


def withhold_restored(office: Office, tx: Transaction) -> None:
    """After a restore, show no contents until the log has been read: they may be shredded by now.

    To be called when the office was loaded; a store that was no backup is left as it is.
    """
    for link, desk in office.links.items():
        if meta.get(tx, meta.RESTORED) is not None:
            meta.put(tx, _withheld_key(link), b"\x01")
        desk.withheld = meta.get(tx, _withheld_key(link)) is not None
    meta.remove(tx, meta.RESTORED)


def is_withheld(snapshot: Snapshot, link: LinkId) -> bool:
    """Whether no contents of a link are shown, because the store was restored."""
    return meta.get(snapshot, _withheld_key(link)) is not None


def show_again(desk: LinkState, tx: Transaction) -> None:
    """Show contents again: the link was read to its end, and what is shredded is gone."""
    if desk.withheld:
        desk.withheld = False
        meta.remove(tx, _withheld_key(desk.link))


def _grounds(tx: Transaction, link: LinkId, case: CaseId) -> list[tuple[str, str]]:
    """Why each office wanted it, by the closed list; in the journal it outlives the contents."""
    found = []
    for row in events.by_case(tx, link, case):
        if row.step is not Step.SHRED or row.content is None:
            continue
        content = CONTENT.decode(row.content)
        body = decode_body(row.kind, row.step, content.body_version, content.body)
        if isinstance(body, ShreddingRequest):
            found.append((str(row.office), body.ground.value))
    return found


def _withdraw_grants(
    office: Office, desk: LinkState, view: CaseView, now: int, tx: Transaction
) -> None:
    """Append tombstones for the grants that this office made when it opened the case.

    For everybody who ever was a reader of the link, because nobody keeps a list of who was given
    the key; one too many does no harm.
    """
    if view.opener != office.id:
        return
    for reader in sorted(office.readers_ever(desk.link)):
        outbox.add(
            tx,
            outbox.NewRecord(
                keys_topic(desk.corridor),
                desk.partition,
                grant_record_key(KeyId(view.case), reader),
                None,
                desk.link,
                None,
                None,
                None,
                now,
            ),
        )


def _delete(office: Office, desk: LinkState, case: CaseId, tx: Transaction) -> None:
    keys.remove(tx, desk.link, KeyId(case))
    office.keyring.of(desk.link).drop_content(case)
    events.forget_contents(tx, desk.link, case)
    for position in parked.waiting_for(tx, desk.link, KeyId(case)):
        parked.remove(tx, desk.link, position)
    for position in records.set_nothing_to_open(tx, desk.link, case):
        desk.opened(position)


def _waits(snapshot: Snapshot, link: LinkId, case: CaseId) -> bool:
    return bool(parked.waiting_for(snapshot, link, KeyId(case)))


def _withheld_key(link: LinkId) -> str:
    return f"withheld/{link}"
