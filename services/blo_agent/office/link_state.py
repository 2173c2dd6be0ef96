"""The state of one link: the log as read, and the office's own events under way.

Lives in the memory of the store's thread (ADR 2). Nothing here is truth: the log is, and for what
is not in the log yet, the outbox.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, OrderedDict
from typing import Final, NamedTuple

import msgspec

from blo_agent.office.kept_states import KeptState
from blo_agent.office.link_status import LinkStatus
from blo_agent.office.revision import Revision
from blo_agent.office.signed_trees import SignedTrees
from blo_agent.office.stored_chain import StoredChain
from blo_agent.office.stored_views import StoredViews
from blo_domain.cases import SubmittedStep, evolve
from blo_domain.deadlines.terms import Terms
from blo_projection.fold import LinkFold
from blo_schemas.ids import CaseId, CorridorId, Digest, EventId, LinkId, OfficeId
from blo_schemas.summary import Step, Summary
from blo_schemas.verdicts import Outcome, Verdict
from blo_schemas.views import CaseView, State
from blo_sealing.seal_event import ChainPlace

PROGRAM: Final = "agent"
"""The journal's actor for what the program does by itself."""


class PendingEvent(msgspec.Struct, frozen=True):
    """An own event that is accepted and on disk, but not read back from the log yet.

    Attributes:
        outbox: Its number in the outbox.
        event: Its id.
        case: Its case.
        summary: What it does.
        at: The office's clock when it was accepted, Unix milliseconds.
        leaf: Leaf hash of its bytes.
    """

    outbox: int
    event: EventId
    case: CaseId
    summary: Summary
    at: int
    leaf: Digest


class AgreedTerms(NamedTuple):
    """What a link's offices have agreed on deadlines, by the trust documents with this digest."""

    trust_digest: bytes
    terms: Terms


class VerdictCounts(msgspec.Struct):
    """The number of a link's records by verdict, for metrics and reports."""

    accepted: int = 0
    crossed: int = 0
    duplicates: int = 0
    own: int = 0
    rejected: Counter[str] = msgspec.field(default_factory=Counter)

    def count(self, verdict: Verdict, *, own: bool, times: int = 1) -> None:
        """Add a verdict that so many records got."""
        if verdict.outcome is Outcome.ACCEPTED:
            self.accepted += times
            self.crossed += verdict.crossed * times
        elif verdict.outcome is Outcome.DUPLICATE:
            self.duplicates += times
        elif verdict.reason is not None:
            self.rejected[verdict.reason.value] += times
        if own and verdict.outcome is not Outcome.DUPLICATE:
            self.own += times


class LinkState:
    """One link as the office knows it.

    Args:
        office: The office itself.
        link: The link.
        corridor: Its corridor.
        partition: Its partition.
        is_party: Whether the office writes here, or only reads as a superior.

    Attributes:
        status: What the office may do here, and why not.
        fold: The log as read so far.
        stored_chain: What the chain of ``fold`` looks back at.
        views: The views that ``fold`` keeps, to be asked in the store's thread.
        under_way: Own events in the outbox, by event id, in the order of the own chain.
        was_read_anew: Whether, since the start, the log had to be read again because of a fault.
        trust_digest: Of the newest trust documents; the log was folded under them, or is being.
        kept: Earlier states of the fold, ascending.
        revision: The second fold of the log, while documents reach back.
        unopened: Positions of records that could not be opened, ascending.
        arriving: Leaf hash of the record that is being folded now.
        trees: What this office and witnesses have signed of the link's tree.
        shredded: Cases whose key and contents were deleted here (ADR 7).
        unconfirmed: Those of which the office has not signed yet that it has deleted them.
        ungranted: Readers that could not be granted a key when one was made, since the start.
        terms: What was agreed on deadlines, as it was asked for last.
    """

    def __init__(
        self,
        office: OfficeId,
        link: LinkId,
        corridor: CorridorId,
        partition: int,
        *,
        is_party: bool,
    ) -> None:
        self.office = office
        self.link = link
        self.corridor = corridor
        self.partition = partition
        self.status = LinkStatus(is_party)
        self.fold: LinkFold
        self.stored_chain: StoredChain
        self.views: StoredViews
        self.tally = VerdictCounts()
        self.ungranted: set[OfficeId] = set()
        self.terms: AgreedTerms | None = None
        self.under_way: OrderedDict[EventId, PendingEvent] = OrderedDict()
        self.was_read_anew = False
        self.trust_digest = b""
        self.kept: list[KeptState] = []
        self.revision: Revision | None = None
        self.unopened: list[int] = []
        self.arriving: Digest | None = None
        self.trees = SignedTrees()
        self.shredded: set[CaseId] = set()
        self.unconfirmed: set[CaseId] = set()
        self._by_case: dict[CaseId, list[PendingEvent]] = {}
        self._ahead: dict[CaseId, CaseView] = {}

    @property
    def is_behind(self) -> bool:
        """Whether the log is being read again and the views are of an earlier moment."""
        return self.size < self.status.rereads_to

    @property
    def is_rereading(self) -> bool:
        """Whether the log is being read again, so that views may change soon."""
        return self.is_behind or self.revision is not None

    @property
    def reread(self) -> tuple[int, int]:
        """Of a log that is being read again: how many records, of how many."""
        if self.revision is not None:
            return self.revision.size, self.size
        return self.size, self.status.rereads_to

    def begin(self, fold: LinkFold, views: StoredViews) -> None:
        """Start from a stored state, or from zero."""
        self.fold = fold
        self.views = views
        self.unconfirmed.clear()
        for view in views.being_shredded():
            self.note_confirmation(view)
        self._ahead.clear()
        for submitted in self.under_way.values():
            self._foresee(submitted)

    def go_on(self, fold: LinkFold, stored_chain: StoredChain) -> None:
        """Have another fold of the same records, with the same views, in place of the last one."""
        self.fold, self.stored_chain = fold, stored_chain
        for case in list(self._by_case):
            self.look_ahead(case)

    @property
    def size(self) -> int:
        """How many of the link's records have been read."""
        return self.fold.size

    def is_arriving(self, event: EventId) -> bool:
        """Whether the record that is being folded has the very bytes of an own event under way.

        Then its signature need not be checked again. The id alone would not do: it does not cover
        the signature, and a broker could show everybody else a record that is good only here.
        """
        submitted = self.under_way.get(event)
        return submitted is not None and submitted.leaf == self.arriving

    def next_place(self) -> ChainPlace:
        """Where the office's next event stands: behind the log and behind what is under way."""
        place = self.fold.chain.next_place(self.office)
        if not self.under_way:
            return place
        last = next(reversed(self.under_way))
        return ChainPlace(place.oseq + len(self.under_way), last, place.seen_size, place.seen_hash)

    def view(self, case: CaseId) -> CaseView | None:
        """The case as it will be when the own events under way have arrived as expected."""
        return self._ahead.get(case) or self.views.get(case)

    def submit(self, submitted: PendingEvent) -> None:
        """Note an own event that was just put into the outbox."""
        self.under_way[submitted.event] = submitted
        self._by_case.setdefault(submitted.case, []).append(submitted)
        self._foresee(submitted)

    def forget_under_way(self) -> None:
        """Have no own event under way."""
        self.under_way.clear()
        self._by_case.clear()
        self._ahead.clear()

    def replace_under_way(self, submitted: OrderedDict[EventId, PendingEvent]) -> None:
        """Put events that were sealed anew in the place of all that are under way."""
        self.forget_under_way()
        for event in submitted.values():
            self.submit(event)

    def arrived(self, event: EventId) -> PendingEvent | None:
        """Note that an own event was read back; ``None``: it is not one that was under way."""
        submitted = self.under_way.pop(event, None)
        if submitted is not None:
            of_case = self._by_case[submitted.case]
            of_case.remove(submitted)
            if not of_case:
                del self._by_case[submitted.case]
        return submitted

    def opened(self, position: int) -> None:
        """Note that a record could be opened after all."""
        at = bisect_left(self.unopened, position)
        if self.unopened[at : at + 1] == [position]:
            del self.unopened[at]

    def note_confirmation(self, view: CaseView) -> None:
        """Note whether a case waits for this office's word that it has deleted its contents."""
        done = view.joint_step is Step.CONFIRM_SHREDDING and self.office in view.done_by
        if view.state is State.SHREDDING and self.status.is_party and not done:
            self.unconfirmed.add(CaseId(view.case))
        else:
            self.unconfirmed.discard(CaseId(view.case))

    def look_ahead(self, case: CaseId) -> None:
        """Work out ``view`` of a case anew, after the log has moved it."""
        self._ahead.pop(case, None)
        for submitted in self._by_case.get(case, ()):
            self._foresee(submitted)

    def _foresee(self, submitted: PendingEvent) -> None:
        case = submitted.case
        fact = SubmittedStep(
            case, self.link, self.office, submitted.summary, self.fold.size, submitted.at
        )
        parties = self.fold.trust.parties(submitted.at)
        view, verdict = evolve(self.view(case), fact, parties)
        if view is not None and verdict.outcome is Outcome.ACCEPTED:
            self._ahead[case] = view
