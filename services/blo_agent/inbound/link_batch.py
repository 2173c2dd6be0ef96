"""Folds the records of a batch for one link and writes the result; a fault costs one record at most."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from blo_agent.containment import attempt
from blo_agent.files.enclose import note_files
from blo_agent.inbound.checkpoints import take_waiting
from blo_agent.inbound.heads import compare_heads
from blo_agent.inbound.link_writes import store_progress, write_views
from blo_agent.inbound.own_chain import settle_own_record
from blo_agent.inbound.second_fold import release_again
from blo_agent.office import kept_states
from blo_agent.office.batch import BatchResult, ReadRange
from blo_agent.office.halts import halt
from blo_agent.office.link_state import LinkState
from blo_agent.office.link_status import HaltReason
from blo_agent.office.record_rows import event_row, is_opened, record_row, rejected_summary
from blo_agent.office.state import Office
from blo_agent.shredding.delete import without_shredded
from blo_agent.store.connection import Transaction
from blo_agent.store.tables import events, outbox, parked, records
from blo_projection.fold import ContentState, FoldedRecord
from blo_schemas.event import ENVELOPE, LogRecord
from blo_schemas.hashes import leaf_hash
from blo_schemas.ids import EventId, KeyId
from blo_schemas.verdicts import Outcome, Reason

_RELEASED_AT_ONCE: Final = 16
"""So many parked records are in memory at once, of 256 KiB at most each."""


class LinkBatch:
    """What a batch brings to one link, taken so that a fault stays as small as it is.

    Args:
        office: Who reads.
        state: The link.
        now: The office's clock, Unix milliseconds.
        tx: The transaction that this belongs to.
        result: Gets what it has changed.
    """

    def __init__(
        self, office: Office, state: LinkState, now: int, tx: Transaction, result: BatchResult
    ) -> None:
        self._office = office
        self._state = state
        self._now = now
        self._tx = tx
        self._result = result

    def take(self, log_records: list[LogRecord]) -> None:
        """Take records all together; if that fails, one by one, holding what fails alone."""
        if (
            self._attempt("records", lambda own: self._take(log_records, own), is_quiet=True)
            is None
        ):
            return
        for record in log_records:
            if not self._state.status.is_read_on or self._state.link in self._result.refold:
                return
            incident = self._attempt("a record", partial(self._take, [record]), record.position)
            if incident is not None:
                self._hold(record, incident)

    def settle(self) -> None:
        """Release what can be opened now, and compare with what others have signed."""
        release_again(self._office, self._state, self._now, self._tx, self._result)
        if self._attempt("parked records", self._release, is_quiet=True) is not None:
            while positions := self._state.fold.openable(1):
                self._release_alone(positions[0])
        self._attempt(
            "heads",
            lambda own: compare_heads(self._office, self._state, self._now, self._tx, own),
            mend=lambda: self._office.load_heads(self._tx),
        )
        self._attempt(
            "notes of trees",
            lambda own: take_waiting(self._office, self._state, self._now, self._tx, own),
            mend=lambda: self._state.trees.load(self._tx, self._state.link),
        )

    def _attempt(
        self,
        what: str,
        work: Callable[[BatchResult], object],
        position: int | None = None,
        *,
        mend: Callable[[], object] | None = None,
        is_quiet: bool = False,
    ) -> str | None:
        return attempt(
            what,
            self._tx,
            self._result,
            work,
            mend=mend or self._load,
            link=self._state.link,
            position=position,
            is_quiet=is_quiet,
        )

    def _load(self) -> None:
        checked, closed = self._state.status.own_chain_checked, self._state.fold.closed_cases()
        self._office.load_link(self._state, self._tx, self._now, self._result)
        if self._state.is_behind and self._state.size == 0:
            self._read_anew()
            return
        # What the log says of the own chain has not changed by a fault of this program.
        self._state.status.own_chain_checked = checked
        for case in closed:
            self._state.fold.close_case(case)

    def _read_anew(self) -> None:
        """Read the link's log again, because its stored state can't be loaded; but only once."""
        state = self._state
        self._result.refold.append(state.link)
        if state.was_read_anew:
            words = (
                f"what this program makes of {state.link} can't be taken from the store again, so "
                "the link is not read on and nothing is sent on it. Report the incidents in the "
                "log file; with a program that is mended, run: blo agent resume"
            )
            halt(state, HaltReason.UNREADABLE, words, b"", self._now, self._tx, self._result)
        state.was_read_anew = True

    def _take(self, log_records: list[LogRecord], own: BatchResult) -> None:
        _take_records(self._office, self._state, log_records, self._now, self._tx, own)
        self._write(own)

    def _release(self, own: BatchResult) -> None:
        """Judge what was parked and can be opened now, a few records in memory at a time."""
        while positions := self._state.fold.openable(_RELEASED_AT_ONCE):
            self._release_at(positions, own)
        self._write(own)

    def _release_at(self, positions: list[int], own: BatchResult) -> None:
        state, tx = self._state, self._tx
        released = [
            state.fold.release(position, parked.value(tx, state.link, position))
            for position in positions
        ]
        _write_released(self._office, state, released, tx, own)

    def _write(self, own: BatchResult) -> None:
        write_views(self._office, self._state, self._now, self._tx, own)
        store_progress(self._state, self._tx)
        state = self._state
        if state.revision is None and kept_states.note(state.kept, state.fold.chain):
            kept_states.store(self._tx, state.link, state.kept)

    def _release_alone(self, position: int) -> None:
        """Judge one parked record; if that fails, its case waits until the next start."""
        waiting = self._state.fold.parked.get(position)

        def work(own: BatchResult) -> None:
            self._release_at([position], own)
            self._write(own)

        failed = self._attempt("a case", work, position)
        if failed is not None and waiting is not None:
            self._state.fold.close_case(waiting.case)

    def _hold(self, record: LogRecord, incident: str) -> None:
        """Keep a record without a verdict; if not even that can be done, halt the link."""
        failed = self._attempt(
            "the record layer", lambda own: self._keep(record, own), record.position
        )
        if failed is None:
            return
        link = self._state.link
        words = (
            f"this program fails on record {record.position} of {link} (incidents {incident}, "
            f"{failed}), so the link is not read on and nothing is sent on it. Report the "
            "incidents; with a program that is mended, run: blo agent resume"
        )
        halt(
            self._state,
            HaltReason.UNREADABLE,
            words,
            record.value,
            self._now,
            self._tx,
            self._result,
        )

    def _keep(self, record: LogRecord, own: BatchResult) -> None:
        _take_records(
            self._office, self._state, [record], self._now, self._tx, own, without_verdict=True
        )
        self._write(own)


def _take_records(
    office: Office,
    state: LinkState,
    log_records: list[LogRecord],
    now: int,
    tx: Transaction,
    result: BatchResult,
    *,
    without_verdict: bool = False,
) -> None:
    """Fold records and write them; ``held``: without judging their steps."""
    folded = []
    rows = []
    done: list[tuple[int, EventId]] = []
    for record in log_records:
        if record.position < state.size:
            continue
        leaf = state.arriving = leaf_hash(record.value)
        fold = state.fold.hold if without_verdict else state.fold.feed
        hashed = LogRecord(record.position, record.log_time, record.value, leaf)
        outcome = without_shredded(state, fold(hashed))
        own = settle_own_record(office, state, outcome, now, tx, result)
        if own is not None:
            done.append((own.outbox, own.event))
        folded.append(outcome)
        rows.append(record_row(state.link, outcome))
        if outcome.verdict is None or outcome.content_state is ContentState.WAITING:
            _park(state, outcome, record.value, tx)
        if not rows[-1].opened:
            state.unopened.append(record.position)
    outbox.confirm(tx, done)
    records.append_many(tx, rows)
    _write_outcomes(office, state, folded, tx, result)


def _write_released(
    office: Office,
    state: LinkState,
    released: list[FoldedRecord],
    tx: Transaction,
    result: BatchResult,
) -> None:
    """Write what was parked before and has its verdict now."""
    released = [without_shredded(state, outcome) for outcome in released]
    for outcome in released:
        if outcome.verdict is None:
            continue
        opened = is_opened(outcome)
        records.settle(
            tx,
            state.link,
            outcome.position,
            outcome.verdict,
            opened=opened,
            summary=rejected_summary(outcome),
        )
        if opened:
            state.opened(outcome.position)
        if outcome.content_state is ContentState.WAITING and outcome.envelope and outcome.header:
            item = parked.ParkedRow(
                state.link,
                outcome.position,
                outcome.header.case_id,
                KeyId(outcome.header.case),
                ENVELOPE.encode(outcome.envelope),
                outcome.log_time,
            )
            parked.add(tx, item)
        else:
            parked.remove(tx, state.link, outcome.position)
        if outcome.verdict.outcome is Outcome.REJECTED and outcome.header is not None:
            state.look_ahead(outcome.header.case_id)
    _write_outcomes(office, state, released, tx, result)


def _write_outcomes(
    office: Office,
    state: LinkState,
    folded: list[FoldedRecord],
    tx: Transaction,
    result: BatchResult,
) -> None:
    accepted: list[events.EventRow] = []
    for outcome in folded:
        if outcome.verdict is None:
            continue
        state.tally.count(outcome.verdict, own=outcome.office == office.id)
        result.seen.append(
            ReadRange(
                state.link, outcome.position, outcome.office, outcome.verdict, outcome.content_state
            )
        )
        if outcome.content_fault is not None:
            result.alarm_unopenable(
                state.link, outcome.position, outcome.office, outcome.content_fault
            )
        if outcome.verdict.reason is Reason.SEEN_HASH_MISMATCH:
            result.alarms.append(
                f"{outcome.office} has signed, at {outcome.position} of {state.link}, that it had read "
                "another log than this office; compare both offices' heads"
            )
        if outcome.verdict.outcome is Outcome.ACCEPTED:
            accepted.append(event_row(state.link, outcome))
    events.put_many(tx, accepted)
    note_files(office.id, accepted, tx)


def _park(state: LinkState, outcome: FoldedRecord, value: bytes, tx: Transaction) -> None:
    if outcome.header is None:
        return
    needs = outcome.header.summary_key_id if outcome.verdict is None else KeyId(outcome.header.case)
    parked.add(
        tx,
        parked.ParkedRow(
            state.link, outcome.position, outcome.header.case_id, needs, value, outcome.log_time
        ),
    )
