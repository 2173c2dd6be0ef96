"""The cut of a report: up to where each log is counted (``blo_domain.reports.document``).

The cut is taken in the store's thread, where the state is; the rest is read from the store behind
it, in a reader's thread, because a year's events take longer than a writer should be held up.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from blo_agent.office.case_clocks import terms_of_link
from blo_agent.office.link_state import LinkState
from blo_agent.office.state import Office
from blo_agent.office.viewer import Viewer, viewer
from blo_agent.reports.errors import ReportRefusal, ReportRefused
from blo_agent.store.connection import Snapshot
from blo_agent.store.tables import events, heads, records
from blo_domain.deadlines.responses import Window
from blo_domain.deadlines.terms import Terms
from blo_domain.errors import InconsistentInput
from blo_domain.reports.annual_report import Period
from blo_domain.reports.document import Cut, CutEvent, compute, window_of
from blo_domain.reports.figure_counter import CountedEvent, Family
from blo_domain.reports.figure_rules import is_read
from blo_domain.trust import TrustedDirectory
from blo_schemas.bodies import decode_body
from blo_schemas.content import CONTENT
from blo_schemas.ids import Digest, EventId, LinkId, OfficeId
from blo_schemas.instants import local
from blo_schemas.reports import CountedHead, CountedLink, PeriodReport
from blo_schemas.summary import SUMMARY
from blo_schemas.texts import from_hex
from blo_schemas.verdicts import Outcome
from blo_sealing.merkle import MerkleTree

_NO_ZONE = "UTC"


@dataclass(frozen=True, slots=True)
class TakenCut:
    """A cut, and the trust documents under which its records are judged."""

    cut: Cut
    directory: TrustedDirectory

    def parties(self, link: LinkId, log_time: int) -> Collection[OfficeId]:
        """The offices of a link at a log time."""
        return self.directory.link_trust(link).parties(log_time)


def take_cut(office: Office, snapshot: Snapshot, period: Period, now: int) -> TakenCut:
    """Take a cut of what the office has read; runs in the store's thread.

    Args:
        office: Whose report it is to be.
        snapshot: Its store.
        period: Business dates.
        now: The office's clock, Unix milliseconds.

    Raises:
        ReportRefused: A link is halted, or being read again.
    """
    for state in office.links.values():
        _refuse_doubtful(state)
    terms = {link: terms_of_link(office.directory, link) for link in sorted(office.links)}
    links = {
        link: _counted_link(office, office.links[link], snapshot, terms[link]) for link in terms
    }
    family = _family_of(viewer(office), now)
    window = window_of(period, _zone(family, terms))
    signed = [head for link in links.values() for head in _counted_heads(snapshot, office.id, link)]
    cut = Cut(family, period, window, now, links, tuple(signed), terms)
    return TakenCut(cut, office.directory)


def same_cut(office: Office, report: PeriodReport) -> TakenCut:
    """The cut of a report that was computed before; runs in the store's thread.

    Raises:
        ReportRefused: A link is being read again, or is not read any more.
    """
    for link in report.links:
        state = office.links.get(link.link)
        if state is None:
            raise _not_the_log(f"{link.link} is not read here any more")
        _refuse_rereading(state)
    terms = {link.link: terms_of_link(office.directory, link.link) for link in report.links}
    cut = Cut(
        Family(report.office, frozenset(report.branches)),
        Period(report.first, report.last),
        Window(report.after, report.until),
        report.as_of,
        {link.link: link for link in report.links},
        report.heads,
        terms,
    )
    return TakenCut(cut, office.directory)


def changed_trust(office: Office, report: PeriodReport) -> list[LinkId]:
    """The links whose trust documents have changed since a report was computed."""
    return [
        link.link
        for link in report.links
        if office.directory.digest_for_link(link.link).hex() != link.trust
    ]


def compute_report(taken: TakenCut, snapshot: Snapshot) -> PeriodReport:
    """Compute the report of a cut from the store; runs in a reader's thread.

    Raises:
        ReportRefused: The store has not the log that was counted.
    """
    proofs = _Proofs(snapshot, taken.cut)
    try:
        return compute(taken.cut, _events(taken.cut, snapshot), taken.parties, proofs)
    except InconsistentInput as error:
        raise _not_the_log(str(error)) from error


class _Proofs:
    """Proofs in the trees of a cut, each tree hashed once."""

    def __init__(self, snapshot: Snapshot, cut: Cut) -> None:
        self._trees = {
            link.link: MerkleTree(_leaves(snapshot, link)) for link in cut.links.values()
        }
        for link in cut.links.values():
            if self._trees[link.link].root().hex() != link.tree_root:
                raise _not_the_log(
                    f"the first {link.size} records of {link.link} are others than counted"
                )

    def record(self, link: LinkId, position: int) -> tuple[str, tuple[str, ...]]:
        tree = self._trees[link]
        return tree.leaf(position).hex(), _hex(tree.inclusion_proof(position))

    def prefix(self, link: LinkId, size: int) -> tuple[str, ...]:
        return _hex(self._trees[link].consistency_proof(size))


def _hex(proof: Iterable[bytes]) -> tuple[str, ...]:
    return tuple(one.hex() for one in proof)


def missing_contents(report: PeriodReport, snapshot: Snapshot) -> list[tuple[LinkId, int]]:
    """What was counted in a report and can't be read here any more: it was shredded since."""
    counted = {one.event for figure in report.figures for one in figure.events}
    found = []
    for event in report.events:
        row = events.get(snapshot, EventId(from_hex(event.event)))
        if event.event in counted and (row is None or row.content is None):
            found.append((event.link, event.position))
    return found


def _family_of(at: Viewer, now: int) -> Family:
    """The office and those whose superior it is by any agreement in force."""
    branches: set[OfficeId] = set()
    for link in at.links:
        agreement = at.directory.agreement(link, now)
        if agreement is not None:
            branches.update(
                superior.office for superior in agreement.superiors if superior.superior == at.id
            )
    return Family(at.id, frozenset(branches))


def _refuse_doubtful(state: LinkState) -> None:
    _refuse_rereading(state)
    if state.status.halted is not None:
        raise ReportRefused(ReportRefusal.HALTED, f"{state.link} is halted: {state.status.halted}")


def _refuse_rereading(state: LinkState) -> None:
    if state.status.is_withheld:
        raise ReportRefused(
            ReportRefusal.REREADING,
            f"the store was restored, and the log of {state.link} is being read up to its end; "
            "try again when that is done",
        )
    if state.is_rereading:
        read, to = state.reread
        raise ReportRefused(
            ReportRefusal.REREADING,
            f"the log of {state.link} is being read again: {read} of {to} records; try again when "
            "that is done",
        )


def _counted_link(
    office: Office, state: LinkState, snapshot: Snapshot, terms: Terms
) -> CountedLink:
    chain = state.fold.chain
    parked, closed = [], []
    for position in sorted(state.unopened):
        row = records.get(snapshot, state.link, position)
        if row is not None and row.outcome is None:
            parked.append(position)
        elif row is not None and row.outcome is Outcome.ACCEPTED:
            closed.append(position)
    return CountedLink(
        link=state.link,
        size=chain.size,
        log_hash=chain.log_hash.hex(),
        tree_root=chain.tree_root().hex(),
        trust=office.directory.digest_for_link(state.link).hex(),
        holidays=tuple(sorted({term.policy.holidays for term in terms})),
        parked=tuple(parked),
        closed=tuple(closed),
    )


def _zone(family: Family, terms: dict[LinkId, Terms]) -> str:
    """Where the family's days begin: the zone that an agreement names for one of its offices."""
    zones = {
        zone.office: zone.zone
        for link in sorted(terms)
        for term in terms[link]
        for zone in term.policy.zones
    }
    return next((zones[one] for one in sorted(family.offices) if one in zones), _NO_ZONE)


def _leaves(snapshot: Snapshot, link: CountedLink) -> list[Digest]:
    leaves = list(islice(records.leaves(snapshot, link.link), link.size))
    if len(leaves) < link.size:
        raise _not_the_log(f"{link.link} has {len(leaves)} records here, not {link.size}")
    return leaves


def _counted_heads(snapshot: Snapshot, own: OfficeId, link: CountedLink) -> list[CountedHead]:
    return [
        CountedHead(link=link.link, office=one.office, size=one.size, head=one.head.hex(), proof=())
        for one in heads.of_link(snapshot, link.link)
        if one.office != own and one.size <= link.size
    ]


def _events(cut: Cut, snapshot: Snapshot) -> Iterator[CutEvent]:
    for link in cut.links.values():
        closed = frozenset(link.closed)
        for row in _rows(link, snapshot):
            yield _cut_event(row, is_closed=row.position in closed)


def _rows(link: CountedLink, snapshot: Snapshot) -> Iterator[events.EventRow]:
    parked = frozenset(link.parked)
    for row in events.case_by_case(snapshot, link.link, link.size):
        if row.position not in parked:
            yield row


def _cut_event(row: events.EventRow, *, is_closed: bool) -> CutEvent:
    content = None if row.content is None or is_closed else CONTENT.decode(row.content)
    summary = SUMMARY.decode(row.summary)
    body = number = None
    on = local(row.log_time).date()
    if content is not None:
        # What no figure asks for is not kept, of which a log has most.
        if is_read(row.kind, row.step):
            body = decode_body(row.kind, row.step, content.body_version, content.body)
        on = content.on
        number = None if content.dispatch is None else content.dispatch.local_number
    event = CountedEvent(
        event_id=row.event_id,
        case=row.case,
        link=row.link,
        office=row.office,
        kind=row.kind,
        step=row.step,
        version=row.version,
        on=on,
        log_time=row.log_time,
        position=row.position,
        body=body,
        supersedes=summary.supersedes,
        number=number,
    )
    return CutEvent(event, summary)


def _not_the_log(words: str) -> ReportRefused:
    return ReportRefused(ReportRefusal.NOT_THE_LOG, words)
