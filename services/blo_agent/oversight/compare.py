"""Compares processors' outputs with what the office's own log gives (ADR 6).

Both are functions of the same records and trust documents, so they are equal byte for byte: the
case's record (its view and its clocks) at the position that the processor says, and the alerts and
clearings that the rules give. A difference that lasts is loud, and changes nothing. What cannot be
judged yet waits: a record ahead of this office's log, a case that waits for a key, a link that is
being read again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from functools import partial
from typing import Final

import msgspec

from blo_agent.office.case_clocks import (
    clocks_of,
    facts_of,
    last_log_time,
    record_at,
    terms_of_link,
)
from blo_agent.office.link_state import PROGRAM, LinkState
from blo_agent.office.state import Office
from blo_agent.oversight.comparison_queue import ComparisonQueue
from blo_agent.oversight.wording import (
    CALL,
    given_by_rules,
    words_of_alert,
    words_of_case,
    wrong_in,
)
from blo_agent.store.connection import Snapshot, Transaction
from blo_agent.store.tables import alerts, comparisons, differences, journal, outputs
from blo_domain.deadlines.evaluate import next_change
from blo_domain.deadlines.terms import Terms
from blo_schemas.clocks import ALERT, Alert, ClockView
from blo_schemas.codec import encode
from blo_schemas.ids import CaseId, LinkId, OfficeId

CLOCK_MARGIN_MS: Final = 15 * 60_000
"""How long after its instant an alert is expected, where only this office's clock says that it has
passed: the office's clock may be ahead of the log's."""


class OutputAspect(StrEnum):
    """In what a processor differs."""

    CASE = "case"
    """Its record of the case is not what the log gives at its position."""
    ALERT = "alert"
    """It has signed an alert or clearing that the rules do not give, or not so."""
    SILENCE = "silence"
    """The rules give an alert or clearing that no processor has signed."""


class Doubt(msgspec.Struct):
    """A difference as it was found.

    Attributes:
        words: For the officer.
        evidence: The signed value, or what is missing.
        found_at: When, in seconds of the monotonic clock.
        is_loud: Whether it was told.
    """

    words: str
    evidence: bytes
    found_at: float = 0.0
    is_loud: bool = False


Key = tuple[OfficeId, OutputAspect]


class _Seen(msgspec.Struct):
    """What one look at a case has found.

    Attributes:
        found: The differences.
        undecided: What can't be judged before more was read.
        missing: Alerts and clearings that the rules give and nobody has signed.
    """

    found: dict[Key, Doubt] = msgspec.field(default_factory=dict)
    undecided: set[Key] = msgspec.field(default_factory=set)
    missing: dict[bytes, Alert] = msgspec.field(default_factory=dict)


class ReportedDifference(msgspec.Struct, frozen=True):
    """A difference that has become loud, or has gone."""

    link: LinkId
    processor: OfficeId
    what: str


class ComparisonResult(msgspec.Struct):
    """What a round of comparing has found.

    Attributes:
        loud: Differences that are new.
        healed: Differences that have gone.
        more: Whether cases are left for the next round.
    """

    loud: list[ReportedDifference] = msgspec.field(default_factory=list)
    healed: list[ReportedDifference] = msgspec.field(default_factory=list)
    more: bool = False


class ComparisonTime(msgspec.Struct, frozen=True):
    """When a round is held.

    Attributes:
        now: The office's clock, Unix milliseconds.
        monotonic: Seconds of the monotonic clock.
        settled: By link, up to which instant this office's clock alone says that all was read; 0
            where it does not.
        read: The links whose outputs were read to their end.
    """

    now: int
    monotonic: float
    settled: Mapping[LinkId, int]
    read: frozenset[LinkId]


class Comparison:
    """Compares the cases of all links; lives in the store's thread.

    Args:
        office: Whose log is right.
        after_s: How long a difference must last before it is loud, in seconds: trust documents
            reach processors and offices one after the other.

    Attributes:
        standing: How many differences stand, by link, processor and what; replaced, never changed.
    """

    def __init__(self, office: Office, after_s: float) -> None:
        self._office = office
        self._after_s = after_s
        self._links: dict[LinkId, _LinkComparison] = {}
        self.standing: Mapping[tuple[LinkId, OfficeId, str], int] = {}

    def load(self, snapshot: Snapshot) -> None:
        """Learn what stands, after a start or a fault; the rest goes on where the store says."""
        self._links.clear()
        self._count(snapshot, self._office.links)

    def note(self, cases: Iterable[tuple[LinkId, CaseId]]) -> None:
        """Outputs about these cases have come."""
        for link, case in cases:
            if link in self._links:
                self._links[link].queue.add([case])

    def forget(self, link: LinkId, tx: Transaction) -> None:
        """Look at all cases of a link anew: trust documents say something else."""
        self._links.pop(link, None)
        comparisons.forget(tx, link)

    def step(
        self,
        moment: ComparisonTime,
        processors: Mapping[LinkId, frozenset[OfficeId]],
        tx: Transaction,
    ) -> ComparisonResult:
        """Compare a portion of what has moved.

        Args:
            moment: When.
            processors: The links to compare, each with the processors that its agreement names now.
            tx: The transaction that this belongs to.
        """
        compared = ComparisonResult()
        for link, named in processors.items():
            state = self._office.links.get(link)
            if state is None or state.is_rereading:
                self.forget(link, tx)
                continue
            if link not in moment.read:
                continue
            held = self._links.get(link)
            if held is None or state.size < held.queue.looked_at:
                held = _LinkComparison(self._office, state, self._after_s, moment.now, tx)
                self._links[link] = held
            held.step(moment, named, tx, compared)
        if compared.loud or compared.healed:
            self._count(tx, self._office.links)
        return compared

    def _count(self, snapshot: Snapshot, links: Iterable[LinkId]) -> None:
        standing: dict[tuple[LinkId, OfficeId, str], int] = {}
        for link in links:
            for difference in differences.of_link(snapshot, link):
                key = (link, difference.processor, difference.what)
                standing[key] = standing.get(key, 0) + 1
        self.standing = standing


class _LinkComparison:
    """One link's cases: which are to be looked at, when, and what was found.

    Attributes:
        queue: The cases that are to be looked at.
    """

    def __init__(
        self, office: Office, state: LinkState, after_s: float, now: int, snapshot: Snapshot
    ) -> None:
        link = state.link
        self._office = office
        self._state = state
        self._after_s = after_s
        self._terms: Terms = terms_of_link(office.directory, link)
        self._waiting: set[CaseId] = set()
        self._doubts: dict[CaseId, dict[Key, Doubt]] = {}
        for difference in differences.of_link(snapshot, link):
            doubt = Doubt(difference.words, b"", is_loud=True)
            self._doubts.setdefault(difference.case, {})[
                difference.processor, OutputAspect(difference.what)
            ] = doubt
        self.queue = ComparisonQueue(state, now, snapshot)
        self.queue.add(self._doubts)

    def step(
        self,
        moment: ComparisonTime,
        named: frozenset[OfficeId],
        tx: Transaction,
        compared: ComparisonResult,
    ) -> None:
        """Look at a portion of the queue."""
        state = self._state
        instant = max(last_log_time(tx, state.link, state.size), moment.settled.get(state.link, 0))
        self.queue.add([*self._waiting, *self._ripe(moment)])
        self._waiting.clear()
        for case in self.queue.take(instant, moment.now, tx):
            if state.fold.parked.holds(case):
                self._waiting.add(case)
            else:
                seen = self._look(case, instant, named, tx)
                self._reconcile(case, seen, moment, tx, compared)
        self.queue.remember({*self._waiting, *self._quiet()}, tx)
        compared.more = compared.more or not self.queue.is_empty

    def _quiet(self) -> Iterator[CaseId]:
        """The cases with differences that were not told yet."""
        for case, doubts in self._doubts.items():
            if not all(doubt.is_loud for doubt in doubts.values()):
                yield case

    def _ripe(self, moment: ComparisonTime) -> list[CaseId]:
        """The cases whose differences have lasted long enough to be told."""
        return [
            case
            for case, doubts in self._doubts.items()
            if any(
                not doubt.is_loud and moment.monotonic - doubt.found_at >= self._after_s
                for doubt in doubts.values()
            )
        ]

    def _look(
        self, case: CaseId, instant: int, named: frozenset[OfficeId], tx: Transaction
    ) -> _Seen:
        facts = facts_of(tx, self._state.link, case)
        clocks = clocks_of(facts)
        seen = _Seen()
        for shown in outputs.of_case(tx, self._state.link, case):
            if shown.position >= self._state.size:
                seen.undecided.add((shown.processor, OutputAspect.CASE))
                continue
            own = record_at(self._state, facts, shown.position)
            if own is None or encode(own) != shown.record:
                words = words_of_case(shown, own)
                seen.found[shown.processor, OutputAspect.CASE] = Doubt(words, shown.value)
        if clocks is None:
            comparisons.plan(tx, self._state.link, case, None)
        else:
            # The log time of a later record may lie before the case's.
            instant = max(instant, clocks.log_time)
            due = next_change(clocks, self._terms, instant)
            comparisons.plan(tx, self._state.link, case, due)
        self._look_at_alerts(alerts.of_case(tx, self._state.link, case), clocks, instant, seen)
        self._look_for_silence(named, seen)
        if seen.undecided:
            self._waiting.add(case)
        return seen

    def _look_at_alerts(
        self,
        rows: Iterable[alerts.StoredAlert],
        clocks: ClockView | None,
        instant: int,
        seen: _Seen,
    ) -> None:
        sent = [(row.processor, row.value, row.decoded) for row in rows if row.counts]
        given = given_by_rules(clocks, self._terms, instant)
        cleared = {alert.clears for _, _, alert in sent}
        for processor, value, alert in sent:
            withdrawn = alert.clears is not None and alert.cleared_by is None
            if alert.position + (not withdrawn) > self._state.size:
                seen.undecided.add((processor, OutputAspect.ALERT))
                continue
            words = wrong_in(alert, given, partial(given_by_rules, clocks, self._terms), cleared)
            if words:
                words = f"the processor {processor} {words}; {CALL}"
                seen.found[processor, OutputAspect.ALERT] = Doubt(words, value)
        there = {alert.id for _, _, alert in sent}
        seen.missing = {key: alert for key, alert in given.items() if key not in there}

    def _look_for_silence(self, named: frozenset[OfficeId], seen: _Seen) -> None:
        for alert in list(seen.missing.values())[:1]:
            for processor in named:
                words = (
                    f"{words_of_alert(alert)} follows from this office's log, and the processor "
                    f"{processor} has not told it; {CALL}"
                )
                seen.found[processor, OutputAspect.SILENCE] = Doubt(words, ALERT.encode(alert))

    def _reconcile(
        self,
        case: CaseId,
        seen: _Seen,
        moment: ComparisonTime,
        tx: Transaction,
        compared: ComparisonResult,
    ) -> None:
        before = self._doubts.pop(case, {})
        kept = {key: before.pop(key) for key in seen.undecided if key in before}
        found = {key: doubt for key, doubt in seen.found.items() if key not in kept}
        for key, doubt in found.items():
            held = before.get(key)
            doubt.found_at = moment.monotonic if held is None else held.found_at
            doubt.is_loud = held is not None and held.is_loud
            if not doubt.is_loud and moment.monotonic - doubt.found_at >= self._after_s:
                doubt.is_loud = True
                self._tell(case, key, doubt.evidence, moment.now, tx)
                compared.loud.append(ReportedDifference(self._state.link, *key))
            if doubt.is_loud and (held is None or not held.is_loud or held.words != doubt.words):
                row = (self._state.link, case, *key, moment.now, doubt.words)
                differences.put(tx, differences.OutputDifference(*row))
        for key, doubt in before.items():
            if key not in found and doubt.is_loud:
                differences.remove(tx, self._state.link, case, *key)
                self._tell(case, key, b"", moment.now, tx, healed=True)
                compared.healed.append(ReportedDifference(self._state.link, *key))
        if found or kept:
            self._doubts[case] = {**found, **kept}

    def _tell(
        self,
        case: CaseId,
        key: Key,
        evidence: bytes,
        now: int,
        tx: Transaction,
        *,
        healed: bool = False,
    ) -> None:
        processor, what = key
        said = "no longer differs" if healed else "differs"
        journal.append(
            tx,
            at=now,
            actor=PROGRAM,
            action=f"processor {processor} {said}: {what}",
            link=self._state.link,
            case=case,
            detail=evidence,
        )
