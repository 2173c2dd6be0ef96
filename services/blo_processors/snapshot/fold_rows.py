"""The rows of a fold in its state file: written at a commit, read at a start."""

from __future__ import annotations

from blo_domain.deadlines.health import Mark, Peer
from blo_processors.link.fold_state import LinkFoldState
from blo_processors.snapshot.state_file import StateFile
from blo_projection.parked_records import ParkedRecord
from blo_schemas.ids import CaseId, Digest, EventId, KeyId
from blo_schemas.outputs import CaseRecord
from blo_schemas.processor_state import (
    OPEN_CASE_ROW,
    PEER_ROW,
    WAITING_ROW,
    LogMark,
    OpenCaseRow,
    PeerRow,
    StateHead,
    StateRowKind,
)

Rows = dict[StateRowKind, dict[bytes, bytes]]


def save_fold(state: LinkFoldState, file: StateFile) -> None:
    """Write what has changed of a fold since the last time.

    Raises:
        StateError: The file can't be written.
    """
    for case in state.cases.take_changed():
        file.put_open(StateRowKind.CASE, case, OPEN_CASE_ROW.encode(_open_case(state, case)))
    peers = ((office.encode(), PEER_ROW.encode(_row(peer))) for office, peer in state.peers.items())
    file.replace_open(StateRowKind.PEER, peers)
    assert state.series is not None
    state.series.save()


def load_fold(state: LinkFoldState, file: StateFile, head: StateHead, rows: Rows) -> None:
    """Let a fold that has read nothing go on behind a stored state.

    Args:
        state: The fold, made with the series of the file.
        file: The file.
        head: Its first record.
        rows: What is open.

    Raises:
        WireError: A row does not decode.
        SnapshotMismatch: The rows are not those of one state.
        StateError: The file can't be read, or is not whole.
    """
    opened = [OPEN_CASE_ROW.decode(value) for value in rows[StateRowKind.CASE].values()]
    state.fold.chain.resume(head.chain)
    state.go_on(Digest(head.admissions), head.log_time)
    state.cases.load(head.cases, (CaseRecord(case.view, case.clocks) for case in opened))
    for value in file.parked():
        row = WAITING_ROW.decode(value)
        event, case, key = EventId(row.event), CaseId(row.case), KeyId(row.summary_key)
        state.fold.parked.add(
            ParkedRecord(row.position, row.log_time, event, row.office, case, key)
        )
    for value in rows[StateRowKind.PEER].values():
        peer = PEER_ROW.decode(value)
        skewed, forked = _mark(peer.skewed), _mark(peer.forked)
        state.peers[peer.office] = Peer(peer.office, peer.since, skewed=skewed, forked=forked)
    for stored in opened:
        case = CaseId(stored.view.case)
        state.escalation.load(case, stored.raised, stored.uncleared, head.log_time)


def _open_case(state: LinkFoldState, case: CaseId) -> OpenCaseRow:
    record = state.cases.record(case)
    assert record is not None
    raised, uncleared = state.escalation.raised(case), state.escalation.uncleared(case)
    return OpenCaseRow(record.view, record.clocks, raised, uncleared)


def _row(peer: Peer) -> PeerRow:
    return PeerRow(peer.office, peer.since, _stored(peer.skewed), _stored(peer.forked))


def _stored(mark: Mark | None) -> LogMark | None:
    return None if mark is None else LogMark(*mark)


def _mark(stored: LogMark | None) -> Mark | None:
    return None if stored is None else Mark(stored.position, stored.log_time)
