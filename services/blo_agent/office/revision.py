"""A second fold of a link's log, after trust documents that reach back (docs/architecture.md, "The agent").

The conclusions in use stay, and commands are decided on them, while the log is folded again from
the newest state before the first record that the documents concern. What they change waits in the
store's ``revised`` table. When the second fold has come to the end of what was read, it takes the
place of the first (``blo_agent.inbound.revise``).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from blo_agent.office import kept_states
from blo_agent.office.kept_states import KeptState
from blo_agent.office.record_rows import event_row, record_row
from blo_agent.office.stored_chain import StoredChain
from blo_agent.store.connection import Snapshot, Transaction
from blo_agent.store.tables import events, parked, records, revised
from blo_domain.cases import SubmittedStep, evolve
from blo_domain.trust import LinkTrustRules, TrustReach
from blo_projection.fold import FoldedRecord, KeySource, LinkFold
from blo_projection.link_chain import LinkChain
from blo_schemas.content import WITHOUT_CONTENT
from blo_schemas.event import LogRecord
from blo_schemas.ids import CaseId, KeyId, LinkId
from blo_schemas.summary import SUMMARY
from blo_schemas.verdicts import Outcome
from blo_schemas.views import CaseView

_RELEASED_AT_ONCE: Final = 16
_REMEMBERED: Final = 4096
"""So many views are in memory at most, some 2 KiB each."""


class RevisedViews:
    """The views of the second fold, made from the store's accepted steps; lately used ones in memory.

    Args:
        link: The link.
        rules: The newer documents.

    Attributes:
        rules: As above.
        snapshot: The store, as of the job that is being done.
        end: The first position whose step is not part of the views.
        is_differing: Whether there is a record on which the documents differ.
    """

    def __init__(self, link: LinkId, rules: LinkTrustRules) -> None:
        self._link = link
        self.rules = rules
        self._views: dict[CaseId, CaseView | None] = {}
        self.snapshot: Snapshot
        self.end = 0
        self.is_differing = False

    def get(self, case: CaseId) -> CaseView | None:
        """The case's view, or ``None`` before its opening."""
        if case not in self._views:
            if len(self._views) >= _REMEMBERED:
                self._views.clear()
            self._views[case] = self._made(case)
        return self._views[case]

    def put(self, view: CaseView) -> None:
        """Replace the case's view; its step is in the store before the next job begins."""
        self._views[CaseId(view.case)] = view

    def _made(self, case: CaseId) -> CaseView | None:
        """The view after the accepted steps, those on which the documents differ as newly judged."""
        differing = revised.of_case(self.snapshot, self._link, case) if self.is_differing else []
        places = {record.row.position for record in differing}
        rows = [record.event for record in differing if record.event is not None]
        stored = events.by_case(self.snapshot, self._link, case)
        rows += [row for row in stored if row.position not in places]
        view = None
        for row in sorted(rows, key=lambda row: row.position):
            if row.position < self.end:
                summary = SUMMARY.decode(row.summary)
                step = SubmittedStep(
                    case, row.link, row.office, summary, row.position, row.log_time
                )
                view, _ = evolve(view, step, self.rules.parties(row.log_time))
        return view


class StoreReader(NamedTuple):
    """A lasting handle on the store, for its thread, and the office's keys of a link."""

    store: Snapshot
    keys: KeySource


class Revision:
    """The second fold of one link.

    Args:
        link: The link.
        start: The state at which it begins.
        rules: The newer documents.
        reader: The store, and the office's keys.

    Attributes:
        start: As above.
        stored_chain: What the chain looks back at.
        fold: The second fold.
        views: Its views.
        kept: States of it to keep, ascending.
    """

    def __init__(
        self,
        link: LinkId,
        start: KeptState,
        rules: LinkTrustRules,
        reader: StoreReader,
    ) -> None:
        self.link = link
        self.start = start
        self.views = RevisedViews(link, rules)
        self.kept: list[KeptState] = []
        # Of what lies before the start, the store has what the older documents conclude: the same.
        self.stored_chain = StoredChain(reader.store, link, start.chain or None)
        chain = LinkChain(link, rules, memory=self.stored_chain.buffer)
        if start.chain:
            chain.resume(start.chain)
        waiting = parked.unjudged(reader.store, link)
        self.fold = LinkFold(
            link,
            chain,
            rules,
            self.views,
            reader.keys,
            # Contents decide no verdict; those of records that differ are opened in the end.
            read_content=False,
            parked=[item for item in waiting if item.position < start.size],
        )

    @property
    def size(self) -> int:
        """How many records are judged by the newer documents."""
        return self.fold.size

    def take(self, log_records: Iterable[LogRecord], tx: Transaction) -> None:
        """Fold the next records, and note those on which the documents differ."""
        self.views.snapshot = tx
        for record in log_records:
            self.views.end = record.position
            self._note(self.fold.feed(record), record.value, tx)
        kept_states.note(self.kept, self.fold.chain, since=self.start.size)

    def release(self, tx: Transaction) -> None:
        """Judge what was parked and can be opened now; before the fold in use does the same."""
        self.views.snapshot, self.views.end = tx, self.size
        while positions := self.fold.openable(_RELEASED_AT_ONCE):
            for position in positions:
                value = self._parked_value(position, tx)
                self._note(self.fold.release(position, value), value, tx)

    def spared(self, reach: TrustReach) -> bool:
        """Whether still newer documents change nothing that was judged so far."""
        traces = self.fold.chain.traces
        return traces.spared(reach, self.size, traces.latest)

    def trust_in(self, rules: LinkTrustRules) -> None:
        """Go on under still newer documents, which judge alike what was judged so far."""
        self.views.rules = rules
        self.fold.trust_in(rules)

    def _parked_value(self, position: int, tx: Transaction) -> bytes:
        waiting = revised.get(tx, self.link, position)
        if waiting is not None and waiting.value is not None:
            return waiting.value
        return parked.value(tx, self.link, position)

    def _note(self, outcome: FoldedRecord, value: bytes, tx: Transaction) -> None:
        """Keep a record if the documents differ on it."""
        row = record_row(self.link, outcome)
        is_accepted = row.outcome is Outcome.ACCEPTED
        event = event_row(self.link, outcome) if is_accepted else None
        if self._is_known(row, event, tx):
            if self.views.is_differing:
                revised.remove(tx, self.link, row.position)
            return
        needs_key = None
        if outcome.verdict is None and outcome.header is not None:
            needs_key = outcome.header.summary_key_id
        elif event is not None and event.step not in WITHOUT_CONTENT:
            needs_key = KeyId(event.case)
            row = row._replace(opened=False)
        kept = None if needs_key is None else value
        self.views.is_differing = True
        revised.put(tx, revised.RevisedRecord(row, event, needs_key, kept))

    def _is_known(
        self, row: records.RecordRow, event: events.EventRow | None, snapshot: Snapshot
    ) -> bool:
        """Whether the fold in use has concluded the same; contents are not compared."""
        stored = records.get(snapshot, self.link, row.position)
        if stored is None or stored._replace(opened=row.opened) != row:
            return False
        if event is None:
            return True
        known = events.get(snapshot, event.event_id)
        return known is not None and known._replace(on=None, content=None) == event
