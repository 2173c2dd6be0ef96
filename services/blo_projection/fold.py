"""The fold of one link's log: from records to verdicts and views (docs/architecture.md, "The case" and "What each hop promises").

Agents, processors and auditors all feed the same records, in the same order, to this class, so all
come to the same verdicts. Three layers meet here and stay apart:

1. *The record* (``blo_projection.link_chain``): bytes, writer, signature, chains. Needs no key.
2. *The step* (``blo_domain.cases``): what the summary says and whether it is legal now.
3. *The content*: what only the offices read. It never decides a verdict (ADR 3).

A record whose summary key has not arrived yet *parks its case*: later records of that case wait
behind it, everything else goes on. Only the place of a waiting record is kept
(``parked_records``).
When keys have arrived, ``openable`` says which records can be judged now, and ``release`` judges
each of them once its reader has read it again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from enum import StrEnum
from typing import Final, NamedTuple, Protocol

import msgspec

from blo_domain.cases import SubmittedStep, evolve
from blo_domain.trust import LinkTrustRules
from blo_projection.errors import RecordChanged
from blo_projection.link_chain import AdmittedRecord, LinkChain
from blo_projection.parked_records import ParkedRecord, ParkedRecords
from blo_schemas.bodies import decode_body
from blo_schemas.content import WITHOUT_CONTENT, Content
from blo_schemas.errors import WireError
from blo_schemas.event import Envelope, Header, LogRecord, decode_event
from blo_schemas.hashes import leaf_hash, log_hash
from blo_schemas.ids import CaseId, Digest, EventId, KeyId, LinkId, OfficeId
from blo_schemas.summary import Kind, Step, Summary
from blo_schemas.verdicts import Outcome, Verdict
from blo_schemas.views import CaseView
from blo_sealing.errors import SealingError
from blo_sealing.event_parts import open_content, open_summary, summary_verdict
from blo_sealing.keys import ContentKey, SummaryKey

# Looking up a member on its enum class costs as much as a small check (Python 3.11).
_ACCEPTED: Final = Outcome.ACCEPTED


class KeySource(Protocol):
    """The symmetric keys that a reader holds."""

    def summary_key(self, key: KeyId) -> SummaryKey | None:
        """The summary key with this id, or ``None`` while it has not been granted."""
        ...

    def summary_key_ids(self) -> Collection[KeyId]:
        """The ids of all summary keys that are held."""
        ...

    def content_key(self, case: CaseId) -> ContentKey | None:
        """The content key of this case, or ``None``: not granted yet, or never to be."""
        ...


class ViewStore(Protocol):
    """The current views of a link's cases."""

    def get(self, case: CaseId) -> CaseView | None:
        """The case's view, or ``None`` before its opening."""
        ...

    def put(self, view: CaseView) -> None:
        """Replace the case's view."""
        ...


class ContentState(StrEnum):
    """What became of an accepted event's content.

    The fold never gives ``SHREDDED``: an office notes it for contents that it has deleted.
    """

    NOT_READ = "not_read"
    OPENED = "opened"
    WAITING = "waiting"
    UNOPENABLE = "unopenable"
    SHREDDED = "shredded"


class ReadContent(NamedTuple):
    """What became of a content that was to be read.

    Attributes:
        content: What it says; ``None``: it could not be opened, or not yet.
        state: What became of it.
        fault: Why it is unopenable, in words without any of it; ``None``: it is not.
    """

    content: Content | None
    state: ContentState
    fault: str | None = None


_NOTHING_READ: Final = ReadContent(None, ContentState.NOT_READ)


class FoldedRecord(msgspec.Struct, frozen=True, gc=False):
    """What the fold concludes of one record: an admitted record, its verdict, step and content.

    Attributes:
        admitted: The record, and what the record layer says of it.
        verdict: ``None`` while its case is parked.
        step: The step as it was judged, if the summary could be opened.
        version: Of the case after this step, if accepted.
        content: What it says, if it is accepted and could be opened.
        content_state: What became of the content.
        content_fault: Why the content is unopenable, if it is.
        was_parked: Whether the record was parked before, and is released now.
    """

    admitted: AdmittedRecord
    verdict: Verdict | None
    step: SubmittedStep | None = None
    version: int = 0
    content: Content | None = None
    content_state: ContentState = ContentState.NOT_READ
    content_fault: str | None = None
    was_parked: bool = False

    @property
    def position(self) -> int:
        """Its place in the link's log."""
        return self.admitted.position

    @property
    def log_time(self) -> int:
        """Its timestamp, Unix milliseconds."""
        return self.admitted.log_time

    @property
    def event(self) -> EventId | None:
        """The event's id, if the writer is known."""
        return self.admitted.event

    @property
    def office(self) -> OfficeId | None:
        """Who wrote it, if the trust documents know the key."""
        return self.admitted.office

    @property
    def header(self) -> Header | None:
        """Its header, if readable."""
        return self.admitted.header

    @property
    def envelope(self) -> Envelope | None:
        """Its envelope, if readable."""
        return self.admitted.envelope

    @property
    def summary(self) -> Summary | None:
        """What the event does, if it could be opened."""
        return None if self.step is None else self.step.summary


class LinkFold:
    """Folds one link's records, in order.

    Args:
        link: The link.
        chain: The record layer, at the position to go on from.
        trust: What the trust documents say about the link; the chain's, too.
        views: Where the cases' views are kept.
        keys: The reader's keys.
        read_content: Whether contents are opened (an office) or never (everyone else).
        parked: Records that were parked when the fold was last stored, in order.

    Attributes:
        parked: The records that are parked now; to be changed by the fold alone.
    """

    def __init__(
        self,
        link: LinkId,
        chain: LinkChain,
        trust: LinkTrustRules,
        views: ViewStore,
        keys: KeySource,
        *,
        read_content: bool,
        parked: Iterable[ParkedRecord] = (),
    ) -> None:
        self.link = link
        self.chain = chain
        self.trust = trust
        self._views = views
        self._keys = keys
        self._reads_content = read_content
        self.parked = ParkedRecords()
        for item in parked:
            self.parked.add(item)
        self._closed: set[CaseId] = set()

    @property
    def size(self) -> int:
        """How many records have been fed."""
        return self.chain.size

    def trust_in(self, trust: LinkTrustRules) -> None:
        """Go on under newer trust documents; records that were folded before keep their verdict."""
        self.chain.trust = trust
        self.trust = trust

    def feed(self, record: LogRecord) -> FoldedRecord:
        """Take the next record.

        Raises:
            PositionError: The record is not the next one; nothing was changed.
        """
        admitted = self.chain.admit(record)
        key = self._key_of(admitted)
        if key is None:
            return FoldedRecord(admitted, admitted.verdict)
        return self._step(admitted, key)

    def follow(self, record: LogRecord) -> tuple[AdmittedRecord, SubmittedStep | None]:
        """``feed`` for a caller that needs only the views and the accepted steps.

        Returns:
            What the record layer says, and the step, if it was accepted now.

        Raises:
            PositionError: The record is not the next one; nothing was changed.
        """
        admitted = self.chain.admit(record)
        key = self._key_of(admitted)
        if key is None:
            return admitted, None
        verdict, step, _ = self._judge(admitted, key)
        return admitted, step if verdict.outcome is _ACCEPTED else None

    def hold(self, record: LogRecord) -> FoldedRecord:
        """``feed`` for a record on whose step this program fails: it is not judged.

        Its case is closed: this record and those that follow it in the case stay parked until the
        fold is made anew.

        Raises:
            PositionError: The record is not the next one; nothing was changed.
        """
        admitted = self.chain.admit(record)
        if admitted.verdict is None and admitted.header is not None:
            self._park(admitted)
            self.close_case(admitted.header.case_id)
        return FoldedRecord(admitted, admitted.verdict)

    def close_case(self, case: CaseId) -> None:
        """Release no parked record of a case any more, because this program fails on one."""
        self._closed.add(case)
        self.parked.close(case)

    def closed_cases(self) -> frozenset[CaseId]:
        """The cases that were closed."""
        return frozenset(self._closed)

    def openable(self, limit: int) -> list[int]:
        """The positions of parked records that ``release`` can judge now, ascending.

        Args:
            limit: At most so many, the first ones.
        """
        return self.parked.openable(self._keys.summary_key_ids(), limit)

    def release(self, position: int, value: bytes) -> FoldedRecord:
        """Judge a record that was parked; those that ``openable`` names, in its order.

        Args:
            position: Its position.
            value: Its bytes, as they were read again.

        Raises:
            ValueError: No record waits there, it is not the first of its case, or its key is not
                held; nothing was changed.
            RecordChanged: Other bytes were read there before; nothing was changed.
        """
        waiting = self.parked.get(position)
        key = None if waiting is None else self._keys.summary_key(waiting.summary_key)
        if waiting is None or key is None or not self.parked.is_first(waiting):
            raise ValueError(f"no record at {position} can be released")
        leaf, after = leaf_hash(value), self.log_hash_after(position)
        if log_hash(self.chain.hash_at(position), leaf) != after:
            raise RecordChanged(position)
        envelope, header = decode_event(value)
        self.parked.remove(waiting)
        admitted = AdmittedRecord(
            position,
            waiting.log_time,
            leaf,
            after,
            envelope,
            header,
            None,
            waiting.office,
            waiting.event,
            chained=True,
        )
        return self._step(admitted, key, was_parked=True)

    def log_hash_after(self, position: int) -> Digest:
        """The running hash up to and with a record that was read."""
        return self.chain.hash_at(position + 1)

    def parked_count(self) -> int:
        """How many records are parked now; may be asked from any thread."""
        return len(self.parked)

    def read_content(
        self, header: Header, envelope: Envelope, kind: Kind, step: Step
    ) -> ReadContent:
        """Open an accepted event's content, as far as the keys go. It raises nothing.

        Content whose body does not fit its kind and step counts as unopenable: nobody can read it.
        Of a step that has none, nothing is read, whatever the writer has put there.
        """
        if not self._reads_content or step in WITHOUT_CONTENT:
            return _NOTHING_READ
        key = self._keys.content_key(header.case_id)
        if key is None:
            return ReadContent(None, ContentState.WAITING)
        try:
            content = open_content(self.link, header, envelope, key)
            decode_body(kind, step, content.body_version, content.body)
        except MemoryError:
            raise
        except Exception as error:  # noqa: BLE001 - no writer may end a reader, whatever he writes
            fault = str(error) or type(error).__name__
            return ReadContent(None, ContentState.UNOPENABLE, fault)
        return ReadContent(content, ContentState.OPENED)

    def _key_of(self, admitted: AdmittedRecord) -> SummaryKey | None:
        """The key of a step that can be judged now; a step that must wait is parked."""
        header = admitted.header
        if admitted.verdict is not None or header is None:
            return None
        key = self._keys.summary_key(header.summary_key_id)
        if key is None or self.parked.holds(header.case_id):
            self._park(admitted)
            return None
        return key

    def _park(self, admitted: AdmittedRecord) -> None:
        header, event, office = admitted.header, admitted.event, admitted.office
        assert header is not None
        assert event is not None
        assert office is not None
        self.parked.add(
            ParkedRecord(
                admitted.position,
                admitted.log_time,
                event,
                office,
                header.case_id,
                header.summary_key_id,
            )
        )

    def _judge(
        self, admitted: AdmittedRecord, key: SummaryKey
    ) -> tuple[Verdict, SubmittedStep | None, int]:
        """The verdict on a step, the step if it can be read, and its version if it counts."""
        header, envelope, office = admitted.header, admitted.envelope, admitted.office
        assert header is not None
        assert envelope is not None
        assert office is not None
        try:
            summary = open_summary(self.link, header, envelope, key)
        except (SealingError, WireError) as error:
            return summary_verdict(error), None, 0
        case, at = header.case_id, admitted.log_time
        step = SubmittedStep(case, self.link, office, summary, admitted.position, at)
        view, verdict = evolve(self._views.get(case), step, self.trust.parties(at))
        if view is None or verdict.outcome is not _ACCEPTED:
            return verdict, step, 0
        self._views.put(view)
        return verdict, step, view.version

    def _step(
        self, admitted: AdmittedRecord, key: SummaryKey, *, was_parked: bool = False
    ) -> FoldedRecord:
        verdict, step, version = self._judge(admitted, key)
        read = _NOTHING_READ
        if version and self._reads_content and step is not None:
            header, envelope, summary = admitted.header, admitted.envelope, step.summary
            assert header is not None
            assert envelope is not None
            read = self.read_content(header, envelope, summary.kind, summary.step)
        return FoldedRecord(admitted, verdict, step, version, *read, was_parked)
