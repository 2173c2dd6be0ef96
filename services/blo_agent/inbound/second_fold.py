"""Takes in the second fold of a link's log, and puts it in the place of the first when it is whole.

See ``blo_agent.office.revision``. Each portion is a job of the store's thread, beside commands and
new records. The last one moves everything that the newer documents change, in one transaction: a
reader sees the old conclusions or the new ones, never some of each.
"""

from __future__ import annotations

from collections.abc import Callable

from blo_agent.containment import attempt
from blo_agent.files.enclose import note_files
from blo_agent.inbound.grants import open_waiting
from blo_agent.inbound.link_writes import store_progress, write_views
from blo_agent.office import kept_states
from blo_agent.office.batch import BatchResult
from blo_agent.office.halts import halt
from blo_agent.office.link_state import LinkState
from blo_agent.office.link_status import HaltReason
from blo_agent.office.revise import revise_again
from blo_agent.office.revision import Revision
from blo_agent.office.state import Office, begin_anew
from blo_agent.store.connection import Transaction
from blo_agent.store.tables import events, office_chains, outbox, parked, records, revised
from blo_agent.store.tables.records import RecordRow
from blo_projection.fold import LinkFold
from blo_projection.verification import TrustOwn
from blo_schemas.event import LogRecord
from blo_schemas.ids import CaseId

_WHAT = "a log that is folded again"


def take_again(
    office: Office,
    state: LinkState,
    revision: Revision,
    log_records: list[LogRecord],
    now: int,
    tx: Transaction,
) -> BatchResult:
    """Fold records a second time; at the end of what was read, the second fold is the one in use.

    Args:
        office: Who reads.
        state: The link.
        revision: The second fold for which the records were read; nothing is done for another.
        log_records: The records, in order.
        now: The office's clock, Unix milliseconds.
        tx: The transaction that this belongs to.
    """
    result = BatchResult()

    def work(own: BatchResult) -> None:
        fresh = [one for one in log_records if revision.size <= one.position < state.size]
        revision.take(fresh, tx)
        if _is_other_log(office, state, revision, now, tx, own):
            return
        revision.release(tx)
        if revision.size == state.size:
            _complete(office, state, revision, now, tx, own)

    if state.revision is revision:
        mend = _anew(office, state, now, tx, result)
        attempt(_WHAT, tx, result, work, mend=mend, link=state.link)
    return result


def release_again(
    office: Office, state: LinkState, now: int, tx: Transaction, result: BatchResult
) -> None:
    """Judge in the second fold, too, what was parked and can be opened now."""
    revision = state.revision
    if revision is not None:
        mend = _anew(office, state, now, tx, result)
        work = revision.release
        attempt(_WHAT, tx, result, lambda _: work(tx), mend=mend, link=state.link)


def _anew(
    office: Office, state: LinkState, now: int, tx: Transaction, result: BatchResult
) -> Callable[[], None]:
    """What mends a fault of this program: the log is read in place, each record contained alone."""

    def mend() -> None:
        begin_anew(office, state, now, tx)
        office.load_link(state, tx, now, result)
        result.refold.append(state.link)

    return mend


def _is_other_log(
    office: Office,
    state: LinkState,
    revision: Revision,
    now: int,
    tx: Transaction,
    result: BatchResult,
) -> bool:
    """Halt the link if the broker gives other records than it gave when they were read first."""
    chain = revision.fold.chain
    if state.fold.chain.matches(chain.size, chain.log_hash):
        return False
    words = (
        f"the log of {state.link} no longer has the records that were read here: up to {chain.size} "
        "it gives others. Nothing is read or sent on this link. Keep the store; when the operator "
        "has brought the records back, run: blo agent resume"
    )
    evidence = chain.log_hash + state.fold.chain.hash_at(chain.size)
    halt(state, HaltReason.LOG_CUT, words, evidence, now, tx, result, over="another log")
    revise_again(state, office.reader(state), tx)
    return True


def _complete(
    office: Office,
    state: LinkState,
    revision: Revision,
    now: int,
    tx: Transaction,
    result: BatchResult,
) -> None:
    """Put the second fold in the place of the first, with all that it has judged otherwise."""
    link = state.link
    for differing in revised.iterate(tx, link):
        _take_away(office, state, differing.row, tx)
    waiting: set[CaseId] = set()
    for differing in revised.iterate(tx, link):
        waiting.update(_put(office, state, differing, tx))
    touched = revised.cases(tx, link)
    revision.views.end = revision.size
    views = [(case, revision.views.get(case)) for case in touched]
    revised.clear(tx, link)
    state.go_on(_in_use(office, state, revision), revision.stored_chain)
    office_chains.clear(tx, link)
    for case, view in views:
        if view is None:
            state.views.remove(case, tx)
            state.unconfirmed.discard(case)
        elif view != state.views.get(case):
            state.views.put(view)
    write_views(office, state, now, tx, result)
    for case in touched:
        state.look_ahead(case)
    state.unopened = list(records.unopened_positions(tx, link))
    for case in sorted(waiting):
        if office.keyring.of(link).content_key(case) is not None:
            open_waiting(office.id, state, case, tx, result)
    state.kept += revision.kept
    kept_states.store(tx, link, state.kept)
    state.revision = None
    state.status.revise(tx, link, None)
    store_progress(state, tx)
    result.revised.append(link)


def _in_use(office: Office, state: LinkState, revision: Revision) -> LinkFold:
    """The fold to go on with: that of the revision, as an office keeps it."""
    chain = revision.fold.chain
    chain.verification = TrustOwn(state.is_arriving)
    fold = LinkFold(
        state.link,
        chain,
        revision.fold.trust,
        state.views,
        office.keyring.of(state.link),
        read_content=True,
        parked=revision.fold.parked,
    )
    for case in state.fold.closed_cases():
        fold.close_case(case)
    return fold


def _take_away(office: Office, state: LinkState, row: RecordRow, tx: Transaction) -> None:
    """Take away what was concluded of a record before."""
    before = records.get(tx, row.link, row.position)
    if before is not None and before.verdict is not None:
        state.tally.count(before.verdict, own=before.office == office.id, times=-1)
    if row.verdict is not None:
        state.tally.count(row.verdict, own=row.office == office.id)
    events.remove_at(tx, row.link, row.position)
    parked.remove(tx, row.link, row.position)


def _put(
    office: Office, state: LinkState, differing: revised.RevisedRecord, tx: Transaction
) -> list[CaseId]:
    """Put what is concluded of a record now; returns its case, if its content is to be opened."""
    row, event = differing.row, differing.event
    waits: list[CaseId] = []
    if event is not None:
        events.put_many(tx, [event])
        note_files(office.id, [event], tx)
    case = row.case
    if differing.needs_key is not None and differing.value is not None and case is not None:
        if event is not None and event.case in state.shredded:
            row = row._replace(opened=True)
        else:
            item = parked.ParkedRow(
                row.link,
                row.position,
                case,
                differing.needs_key,
                differing.value,
                row.log_time,
            )
            parked.add(tx, item)
            waits = [case] if event is not None else []
    records.replace(tx, row)
    if row.chained and row.event_id is not None and row.office == office.id:
        submitted = state.arrived(row.event_id)
        if submitted is not None:
            outbox.confirm(tx, [(submitted.outbox, submitted.event)])
    return waits
