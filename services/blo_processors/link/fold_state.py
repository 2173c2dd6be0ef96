"""One link's state as a pure function of its log: verdicts, cases, alerts, trail (docs/architecture.md, "What each hop promises").

No I/O and no clock. The live worker, ``as-of`` and ``what-if`` feed the same records to this class,
so their results are the same. Outputs to write are collected as *effects* until the caller takes
them. Each effect is a function of a log position, whatever the batches were.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Final

import msgspec

from blo_domain.deadlines.health import Mark, Peer, expected_since, with_record
from blo_domain.deadlines.terms import Terms, terms_of
from blo_domain.trust import LinkTrustRules, TrustedDirectory
from blo_processors.link.case_store import CaseStore
from blo_processors.link.escalation import Escalation
from blo_processors.snapshot.series import LogTimes, SeriesSet
from blo_projection.fold import FoldedRecord, KeySource, LinkFold
from blo_projection.link_chain import AdmittedRecord, LinkChain, is_signed
from blo_projection.office_chain import in_memory
from blo_projection.parked_records import ParkedRecord
from blo_projection.verification import DeferToCheckpoint
from blo_schemas.clocks import Alert
from blo_schemas.event import LogRecord
from blo_schemas.hashes import admissions_hash, admissions_origin, clearing_id
from blo_schemas.ids import CaseId, Digest, LinkId, OfficeId
from blo_schemas.outputs import TrailCheckpoint, TrailEntry, TrailState
from blo_schemas.processor_state import WAITING_ROW, WaitingRow
from blo_schemas.verdicts import Outcome, Reason

_ACCEPTED: Final = Outcome.ACCEPTED


class Checkpointed(msgspec.Struct, frozen=True):
    """A checkpoint and the log time of the last record that it covers."""

    checkpoint: TrailCheckpoint
    log_time: int


class Effects(msgspec.Struct):
    """The outputs of a state since the last ``take_effects``.

    Attributes:
        trail: Entries by position, in the order in which they are to be written.
        cases: The cases that have moved.
        alerts: Alerts and clearings.
        checkpoints: Checkpoints, ascending.
        dead: Records that were left out, by position.
        folded: The number of records that were folded.
    """

    trail: dict[int, TrailEntry] = msgspec.field(default_factory=dict)
    cases: dict[CaseId, None] = msgspec.field(default_factory=dict)
    alerts: list[Alert] = msgspec.field(default_factory=list)
    checkpoints: list[Checkpointed] = msgspec.field(default_factory=list)
    dead: dict[int, LogRecord] = msgspec.field(default_factory=dict)
    folded: int = 0

    @property
    def count(self) -> int:
        """The number of outputs that they lead to."""
        lasting = len(self.trail) + len(self.cases) + len(self.dead)
        return lasting + len(self.alerts) + len(self.checkpoints)


class LinkFoldState:
    """Folds one link.

    Args:
        link: The link.
        trust: What the trust documents say about it.
        keys: The summary keys.
        terms: The deadline policies and their periods.
        checkpoint_every: A checkpoint is made after so many records.
        dead: Positions of records that pass the record layer only.
        preverified_size: See ``LinkChain``; ``admissions`` is what must be proved.
        series: Keeps what grows with the log, in a state file; ``None``: the memory does.
        tells: Whether effects are collected. ``False`` keeps the cases and clocks alone, leaves
            ``log_times`` and ``peers`` empty, and is several times as fast.

    Attributes:
        cases: The cases.
        log_times: The log time of each record.
        peers: Per office the facts that its records show.
        fold: The fold beneath.
        escalation: The clocks and alerts.
        series: As above.
        at_work: The position that is being folded, for the handler of an exception.
    """

    def __init__(
        self,
        link: LinkId,
        trust: LinkTrustRules,
        keys: KeySource,
        terms: Terms,
        *,
        checkpoint_every: int = 1000,
        dead: Collection[int] = (),
        preverified_size: int = 0,
        series: SeriesSet | None = None,
        tells: bool = True,
    ) -> None:
        self.link = link
        # Without effects the caller reads all cases in the end.
        self._file = file = None if series is None else series.file
        self.cases = CaseStore(file=file) if tells else CaseStore(most_in_memory=None)
        self.series = series
        self.at_work: int | None = None
        chain = LinkChain(
            link,
            trust,
            DeferToCheckpoint(preverified_size),
            has_tree=tells,
            memory=in_memory if series is None else series,
        )
        self.fold = LinkFold(link, chain, trust, self.cases, keys, read_content=False)
        self.log_times = LogTimes(bytearray() if series is None else series("log_times"))
        self.peers: dict[OfficeId, Peer] = {}
        self._watched: frozenset[OfficeId] = frozenset()
        self._terms = terms
        self.escalation = Escalation(self.cases, terms, self._waits, tells=tells)
        self._tells = tells
        self._keys = keys
        self._every = checkpoint_every
        self._dead = frozenset(dead)
        self._admissions = admissions_origin(link)
        self._last_log_time = 0
        self._checkpointed = 0
        self._effects = Effects()

    @property
    def size(self) -> int:
        """How many records have been folded; the position of the next one."""
        return self.fold.size

    @property
    def log_time(self) -> int:
        """Log time of the last record, Unix milliseconds; 0 before the first."""
        return self._last_log_time

    @property
    def log_hash(self) -> Digest:
        """The running hash over the records so far."""
        return self.fold.chain.log_hash

    @property
    def admissions(self) -> Digest:
        """The running hash over what the record layer concluded of each record."""
        return self._admissions

    def go_on(self, admissions: Digest, log_time: int) -> None:
        """Go on behind a stored state, whose parts were loaded."""
        self._admissions = admissions
        self._last_log_time = log_time
        self._checkpointed = self.size

    @property
    def next_change(self) -> int | None:
        """``advance`` does nothing before this instant, Unix milliseconds; ``None``: at no time."""
        return self.escalation.next_change

    @property
    def has_moved(self) -> bool:
        """Whether records came since the last checkpoint."""
        return self.size > self._checkpointed

    def parked_count(self) -> int:
        """How many records wait for a summary key."""
        return self.fold.parked_count()

    def apply(self, record: LogRecord) -> None:
        """Fold the next record.

        Raises:
            PositionError: It is not the next one; nothing was changed.
        """
        if not self._tells:
            self._apply_silently(record)
            return
        self.at_work = record.position
        if record.position in self._dead:
            admitted = self.fold.chain.admit(record)
            self._note(admitted, TrailState.DEAD, None)
            self._effects.dead[record.position] = record
        else:
            folded = self.fold.feed(record)
            self._watch(folded)
            self._settle(folded)
        self._effects.folded += 1
        self._last_log_time = record.log_time
        self.log_times.append(record.log_time)
        self._effects.alerts += self.escalation.advance(record.log_time)
        if self.size % self._every == 0:
            self.checkpoint()
        self.at_work = None

    def pass_over(self, record: LogRecord) -> None:
        """Pass the next record to the record layer only.

        Raises:
            PositionError: It is not the next one; nothing was changed.
        """
        self._admit(self.fold.chain.admit(record))

    def openable(self, limit: int) -> list[int]:
        """The positions of parked records that ``release`` can judge now, ascending."""
        return self.fold.openable(limit)

    def release(self, position: int, value: bytes) -> None:
        """Fold a record that was parked, read again; those that ``openable`` names, in its order.

        Raises:
            RecordChanged: Other bytes were read there before; nothing was changed.
        """
        self.at_work = position
        folded = self.fold.release(position, value)
        if self._file is not None:
            self._file.drop_parked(position)
        if self._tells:
            self._effects.trail[position] = self._entry(folded, TrailState.FINAL)
        self._step(folded)
        self.at_work = None

    def resume(self) -> None:
        """Look at the clocks of the cases that wait no more; to be called after ``release``."""
        self._effects.alerts += self.escalation.resume(self._last_log_time)

    def advance(self, now: int) -> None:
        """Raise the alerts that time alone raises up to an instant, Unix milliseconds.

        The log must have been read to its end as of that instant.
        """
        self._effects.alerts += self.escalation.advance(now)

    def take_trust(self, directory: TrustedDirectory) -> bool:
        """Go on under newer documents; ``False``: they concern records that were folded."""
        rules, terms = directory.link_trust(self.link), terms_of_link(directory, self.link)
        traces = self.fold.chain.traces
        if not traces.spared(self.fold.trust.reach(rules), self.size, traces.latest):
            return False
        self.fold.trust_in(rules)
        self._terms = terms
        self.escalation.agree(terms)
        return True

    def tell(self, alerts: Sequence[Alert]) -> None:
        """Add alerts that do not follow from the log alone."""
        self._effects.alerts += alerts

    def unfounded(self, known: Sequence[Alert]) -> list[Alert]:
        """The clearings of alerts that are on the topic and have no cause in the log.

        Other trust documents, or a defect, have raised them before.
        """
        cleared = {alert.clears for alert in known}
        return [
            alert.cleared(clearing_id(alert.id), None, self._last_log_time, self.size)
            for alert in known
            if alert.case is not None and alert.clears is None and alert.id not in cleared
            if alert.since <= self._last_log_time and not self.escalation.knows(alert)
        ]

    def withheld(self) -> dict[OfficeId, Mark]:
        """Per office its first record whose summary key was not granted yet."""
        first: dict[OfficeId, Mark] = {}
        for office in self.fold.parked.offices():
            for item in self.fold.parked.of_office(office):
                if self._keys.summary_key(item.summary_key) is None:
                    first[office] = Mark(item.position, item.log_time)
                    break
        return first

    def pending(self) -> Iterator[TrailEntry]:
        """The entries of the records that wait for a summary key, in order."""
        return (self._entry(item, TrailState.PENDING) for item in self.fold.parked)

    def checkpoint_if_moved(self) -> None:
        """Make a checkpoint unless there is one of this size."""
        if self.has_moved:
            self.checkpoint()

    def checkpoint(self) -> None:
        """Make a checkpoint of the records so far."""
        chain = self.fold.chain
        self._checkpointed = chain.size
        made = TrailCheckpoint(chain.size, chain.log_hash, chain.tree_root(), self._admissions)
        self._effects.checkpoints.append(Checkpointed(made, self._last_log_time))

    def take_effects(self) -> Effects:
        """The effects since the last call."""
        effects, self._effects = self._effects, Effects()
        return effects

    def _apply_silently(self, record: LogRecord) -> None:
        admitted, fact = self.fold.follow(record)
        self._admit(admitted)
        self._last_log_time = record.log_time
        if fact is not None:
            self.escalation.step(fact)

    def _settle(self, folded: FoldedRecord) -> None:
        admitted = folded.admitted
        if folded.verdict is None:
            self._note(admitted, TrailState.PENDING, folded)
            self._write_parked(admitted)
            return
        self._note(admitted, TrailState.FINAL, folded)
        self._step(folded)

    def _write_parked(self, admitted: AdmittedRecord) -> None:
        header, event, office = admitted.header, admitted.event, admitted.office
        if self._file is None or header is None or event is None or office is None:
            return
        position, key = admitted.position, header.summary_key_id
        row = WaitingRow(position, admitted.log_time, event, office, header.case_id, key)
        self._file.put_parked(position, WAITING_ROW.encode(row))

    def _watch(self, folded: FoldedRecord) -> None:
        """Note the facts about offices that the record layer shows; they need no key."""
        parties = self.fold.trust.parties(folded.log_time)
        if parties is not self._watched:
            self._watched = parties
            first = self.log_times[0] if len(self.log_times) else folded.log_time
            for office in sorted(parties - self.peers.keys()):
                since = expected_since(office, self._terms, first)
                self.peers[office] = Peer(office, since)
        peer = None if folded.office is None else self.peers.get(folded.office)
        if peer is None or folded.header is None:
            return
        verdict = folded.admitted.verdict
        forked = verdict is not None and verdict.reason is Reason.FORK
        if is_signed(folded.admitted):
            mark = Mark(folded.position, folded.log_time)
            self.peers[peer.office] = with_record(peer, mark, folded.header.at, forked=forked)

    def _step(self, folded: FoldedRecord) -> None:
        verdict, fact = folded.verdict, folded.step
        if verdict is None or verdict.outcome is not _ACCEPTED:
            return
        assert fact is not None
        alerts = self.escalation.step(fact)
        if self._tells:
            self._effects.alerts += alerts
            self._effects.cases[CaseId(fact.case)] = None

    def _note(
        self, admitted: AdmittedRecord, finality: TrailState, folded: FoldedRecord | None
    ) -> None:
        position = admitted.position
        entry = TrailEntry(
            position,
            admitted.log_time,
            finality,
            folded.verdict if folded is not None else None,
            admitted.office,
            admitted.event,
            admitted.log_hash,
            position + 1,
        )
        self._effects.trail[position] = entry
        self._admit(admitted)

    def _admit(self, admitted: AdmittedRecord) -> None:
        event = admitted.event
        signed = event is not None if admitted.verdict is None else is_signed(admitted)
        self._admissions = admissions_hash(self._admissions, event, signed=signed)

    def _entry(self, one: FoldedRecord | ParkedRecord, finality: TrailState) -> TrailEntry:
        """The entry of a record that passed the record layer before."""
        after = self.fold.log_hash_after(one.position)
        verdict = one.verdict if isinstance(one, FoldedRecord) else None
        return TrailEntry(
            one.position,
            one.log_time,
            finality,
            verdict,
            one.office,
            one.event,
            after,
            one.position + 1,
        )

    def _waits(self, case: CaseId) -> bool:
        return self.fold.parked.holds(case)


def terms_of_link(directory: TrustedDirectory, link: LinkId) -> Terms:
    """The deadline policies of a link, with the periods in which they are effective."""
    return terms_of((one.agreement, one.start, one.end) for one in directory.terms(link))
