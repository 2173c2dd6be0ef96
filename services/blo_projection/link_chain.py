"""One link's log, checked record by record (docs/domain.md §9; docs/wire-format.md §3; docs/audit.md).

``LinkChain`` folds the records of a link in order. Every record counts in the log: the running
hash and the Merkle tree go over all values, whatever the verdict. What a record says is then
examined in one fixed order, so that every reader comes to the same verdict:

1. the bytes decode, canonically (the defects of ``blo_schemas.errors``);
2. an agreement is in force, and the certificate tag names a party with a valid key;
3. the sealed parts are those that the header names (``payload_mismatch``);
4. the event is not in the log already (``duplicate``);
5. the signature verifies on this link (``wrong_link``, ``bad_signature``);
6. the event continues its office's chain (``gap``, ``fork``);
7. what its writer had read is this log (``seen_beyond_log``, ``seen_goes_back``,
   ``seen_hash_mismatch``).

An event that passes 6 is authentic and becomes part of its office's chain, even if 7 rejects it.
A record that is rejected earlier does not, so its office writes the same place again. Opening the
summary and applying the step come after, in the floors above.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import Any, Final

import msgspec

from blo_domain.trust import RecordTraces
from blo_projection.chain_snapshot import CHAIN_SNAPSHOT, ChainRow, ChainSnapshot, encode_chain
from blo_projection.errors import PositionError, SnapshotMismatch
from blo_projection.office_chain import BufferFactory, OfficeChain, OfficeHead, in_memory
from blo_projection.record_trust import RecordTrust, RecordWriter
from blo_projection.verification import Verification, VerifyAll
from blo_schemas import hashes
from blo_schemas.errors import WireError
from blo_schemas.event import ENVELOPE, HEADER, Envelope, Header, LogRecord, decode_event
from blo_schemas.ids import (
    HASH_SIZE,
    ZERO_HASH,
    Digest,
    EventId,
    LinkId,
    OfficeId,
)
from blo_schemas.verdicts import DUPLICATE, Outcome, Reason, Verdict, rejected
from blo_sealing.errors import WrongPeaks
from blo_sealing.merkle import Frontier
from blo_sealing.seal_event import ChainPlace

HASHES: Final = "hashes"
"""The name of the buffer of running hashes."""
IDS: Final = "ids/"
"""What the name of an office's buffer of event ids begins with."""
_LEAF: Final = sha256(b"\0")
_LOG: Final = sha256(hashes.LOG_LABEL)
_REJECTED: Final = {reason: rejected(reason) for reason in Reason}
_MISMATCH: Final = _REJECTED[Reason.PAYLOAD_MISMATCH]
_NOT_SIGNED: Final = frozenset({Reason.PAYLOAD_MISMATCH, Reason.WRONG_LINK, Reason.BAD_SIGNATURE})
_DEFECTS: Final = {reason.value: verdict for reason, verdict in _REJECTED.items()}

_Finding = tuple[Verdict | None, OfficeId | None, EventId | None, bool]


class AdmittedRecord(msgspec.Struct, frozen=True, gc=False):
    """A record after the checks that need no key.

    Attributes:
        position: Its position.
        log_time: Its log time, Unix milliseconds.
        leaf: RFC 6962 leaf hash of its value.
        log_hash: The link's running hash after it.
        envelope: Its envelope, if that and the header in it decode.
        header: Its header, if it decodes.
        verdict: Why it does not count; ``None``: the record layer does not reject it.
        office: Who wrote it, if the trust documents know the key.
        event: The event's id, if the writer is known.
        chained: Whether it became part of its office's chain.
    """

    position: int
    log_time: int
    leaf: Digest
    log_hash: Digest
    envelope: Envelope | None
    header: Header | None
    verdict: Verdict | None
    office: OfficeId | None
    event: EventId | None
    chained: bool

    def row(self) -> ChainRow:
        """The row to store, from which ``LinkChain.restore`` goes on."""
        if self.chained:
            return ChainRow(self.log_hash, self.office, self.event)
        return ChainRow(self.log_hash, None, None)


class LinkChain:
    """Folds a link's records and says what is wrong with them.

    Args:
        link: The link.
        trust: Who may write on it.
        verification: Which records steps 1, 3 and 5 are taken for.
        has_tree: Whether the Merkle tree is kept, which ``tree_root`` and ``snapshot`` need.
        memory: Makes the buffers of the hashes and ids, which grow with the log. Buffers that
            are not empty are those of ``resume``.

    Attributes:
        link: The link.
        trust: Who may write on it; replace it when new documents were admitted.
        verification: As above; may be replaced between two records.
        traces: What newer documents are compared with, to tell whether they concern a record.
    """

    def __init__(
        self,
        link: LinkId,
        trust: RecordTrust,
        verification: Verification | None = None,
        *,
        has_tree: bool = True,
        memory: BufferFactory = in_memory,
    ) -> None:
        self.link = link
        self.trust = trust
        self.verification = verification or VerifyAll()
        self.traces = RecordTraces()
        self._memory = memory
        self._context = hashes.event_context(link)
        self._event = sha256(self._context)
        self._size = 0
        self._log_hash = hashes.log_origin(link)
        self._hashes = memory(HASHES)
        if not len(self._hashes):
            self._hashes += self._log_hash
        self._tree = Frontier() if has_tree else None
        self._offices: dict[OfficeId, OfficeChain] = {}

    @property
    def size(self) -> int:
        """Number of records read; the position of the next one."""
        return self._size

    @property
    def log_hash(self) -> Digest:
        """The running hash over all records read."""
        return self._log_hash

    def tree_root(self) -> Digest:
        """The Merkle tree's root over all records read."""
        return self._kept_tree.root()

    @property
    def _kept_tree(self) -> Frontier:
        if self._tree is None:
            raise ValueError(f"the chain of {self.link} was made without a tree")
        return self._tree

    def hash_at(self, size: int) -> Digest:
        """The running hash when the log had ``size`` records.

        Raises:
            ValueError: The log has not been read that far.
        """
        if not 0 <= size <= self._size:
            raise ValueError(f"the log has been read up to {self._size}, not {size}")
        return Digest(bytes(self._hashes[size * HASH_SIZE : (size + 1) * HASH_SIZE]))

    def matches(self, size: int, log_hash: bytes) -> bool | None:
        """Whether somebody else's log of ``size`` records is this one; ``None``: not read yet."""
        if size > self._size:
            return None
        return size >= 0 and self.hash_at(size) == log_hash

    def offices(self) -> dict[OfficeId, OfficeHead]:
        """Where each office's chain stands."""
        return {office: chain.head() for office, chain in sorted(self._offices.items())}

    def next_place(self, office: OfficeId) -> ChainPlace:
        """Where the office's next event stands if it has read all that was read here."""
        chain = self._offices.get(office)
        if chain is None:
            return ChainPlace(0, EventId(ZERO_HASH), self._size, self._log_hash)
        return ChainPlace(chain.events, chain.last, self._size, self._log_hash)

    def admit(self, record: LogRecord) -> AdmittedRecord:
        """Takes the next record into the log and examines it.

        Raises:
            PositionError: It is not the next record; nothing has changed.
        """
        position = record.position
        log_time = record.log_time
        value = record.value
        if position != self._size:
            raise PositionError(self._size, position)
        # The same hashes as in blo_schemas.hashes, without its function calls, which would add a
        # tenth. Copying a hash context with its prefix costs less than joining prefix and value.
        leaf: Any = record.leaf
        if leaf is None:
            hashed = _LEAF.copy()
            hashed.update(value)
            leaf = hashed.digest()
        hashed = _LOG.copy()
        hashed.update(self._log_hash + leaf)
        log_hash: Any = hashed.digest()
        envelope: Envelope | None = None
        header: Header | None = None
        try:
            if position < self.verification.preverified_size:
                known = ENVELOPE.decode_known(value)
                header = HEADER.decode_known(known.header)
                envelope = known
            else:
                envelope, header = decode_event(value)
        except WireError as error:
            finding: _Finding = (_DEFECTS[error.defect], None, None, False)
        else:
            finding = self._examine(position, log_time, envelope, header)
            verdict = finding[0]
            if verdict is not None and verdict.reason is not None:
                tag = header.certificate_tag
                self.traces.note_rejected(position, verdict.reason, tag, finding[1])
        if log_time > self.traces.latest:
            self.traces.latest = log_time
        self._log_hash = log_hash
        self._hashes += log_hash
        if self._tree is not None:
            self._tree.append(leaf)
        self._size = position + 1
        return AdmittedRecord(position, log_time, leaf, log_hash, envelope, header, *finding)

    def _examine(
        self, position: int, log_time: int, envelope: Envelope, header: Header
    ) -> _Finding:
        kid: Any = header.kid
        writer = self.trust.writer(kid, position, log_time)
        if isinstance(writer, Reason):
            return _REJECTED[writer], None, None, False
        office = writer.office
        hashed = self._event.copy()
        hashed.update(envelope.header)
        event: Any = hashed.digest()
        verification = self.verification
        verify = position >= verification.first_checked
        if verify and not _holds_its_payload(header, envelope):
            return _MISMATCH, office, event, False
        chain = self._offices.get(office) or self._new_office(office)
        # An event that continues the chain cannot be a duplicate, so the lookup is skipped.
        continues = header.oseq == chain.events and header.oprev == chain.last
        if not continues and chain.contains(header.oseq, event):
            # Both outcomes are unsigned, so a preverified prefix need not distinguish them.
            preverified = position < verification.preverified_size
            altered = preverified and not _holds_its_payload(header, envelope)
            return _MISMATCH if altered else DUPLICATE, office, event, False
        if verify and not (verification.is_own and verification.is_own(event)):
            forged = self._check_signature(writer, envelope)
            if forged is not None:
                return forged, office, event, False
        misplaced = None if continues else chain.misplaced(header.oseq, header.oprev)
        # An office that has read the whole log so far needs no lookup of an earlier hash.
        up_to_date = header.seen_size == position and header.seen_hash == self._log_hash
        unseen = None if up_to_date else self._check_seen(chain, position, header)
        if verification.rechecks_rejected and not verify and (misplaced or unseen) is not None:
            forged = self._check_forged(writer, header, envelope)
            if forged is not None:
                return forged, office, event, False
        if misplaced is not None:
            return _REJECTED[misplaced], office, event, False
        chain.append(event)
        self._offices[office] = chain
        if unseen is None:
            chain.seen_size = header.seen_size
        return unseen, office, event, True

    def _check_forged(
        self, writer: RecordWriter, header: Header, envelope: Envelope
    ) -> Verdict | None:
        if not _holds_its_payload(header, envelope):
            return _REJECTED[Reason.PAYLOAD_MISMATCH]
        return self._check_signature(writer, envelope)

    def _check_signature(self, writer: RecordWriter, envelope: Envelope) -> Verdict | None:
        key = writer.signing_key
        check = self.verification.check
        if check(key, self._context + envelope.header, envelope.signature):
            return None
        for link in self.trust.other_links(writer.office):
            elsewhere = hashes.event_input(link, envelope.header)
            if check(key, elsewhere, envelope.signature):
                return _REJECTED[Reason.WRONG_LINK]
        return _REJECTED[Reason.BAD_SIGNATURE]

    def _check_seen(self, chain: OfficeChain, position: int, header: Header) -> Verdict | None:
        seen = header.seen_size
        if seen > position:
            return _REJECTED[Reason.SEEN_BEYOND_LOG]
        if seen < chain.seen_size:
            return _REJECTED[Reason.SEEN_GOES_BACK]
        if not self._hashes.startswith(header.seen_hash, seen * HASH_SIZE):
            return _REJECTED[Reason.SEEN_HASH_MISMATCH]
        return None

    def snapshot(self) -> bytes:
        """The small part of the state; with the rows of all records, ``restore`` goes on from it.

        Its size grows with the number of offices and the logarithm of the log's size.
        """
        heads = tuple(
            (office, chain.events, chain.seen_size)
            for office, chain in sorted(self._offices.items())
        )
        return encode_chain(self.link, self._size, self._kept_tree.peaks(), heads, self.traces)

    def restore(self, snapshot: bytes, rows: Iterable[ChainRow]) -> None:
        """Puts a chain that has read nothing where another one stood.

        Args:
            snapshot: What ``snapshot`` gave.
            rows: ``AdmittedRecord.row()`` of every record up to then, in order.

        Raises:
            WireError: The snapshot does not decode.
            SnapshotMismatch: The snapshot is another link's, or the rows are not its own. The
                chain must be thrown away.
        """
        state = self._stored(snapshot)
        for row in rows:
            self._hashes += row.log_hash
            if row.office is not None and row.event is not None:
                chain = self._offices.get(row.office) or self._new_office(row.office)
                chain.append(row.event)
                self._offices[row.office] = chain
        self._go_on(state)

    def resume(self, snapshot: bytes) -> None:
        """Puts a chain that has read nothing where another one stood, whose buffers it was given.

        Its cost does not depend on the log's size. Raises as ``restore``.
        """
        state = self._stored(snapshot)
        self._offices = {office: self._new_office(office) for office, _, _ in state.offices}
        self._go_on(state)

    def _stored(self, snapshot: bytes) -> ChainSnapshot:
        state = CHAIN_SNAPSHOT.decode(snapshot)
        if state.link != self.link or self._size:
            raise SnapshotMismatch(f"a snapshot of {state.link} for {self.link} at {self._size}")
        return state

    def _go_on(self, state: ChainSnapshot) -> None:
        counted = {office: chain.events for office, chain in self._offices.items()}
        self._size = len(self._hashes) // HASH_SIZE - 1
        if self._size != state.size or counted != {name: n for name, n, _ in state.offices}:
            raise SnapshotMismatch(f"the rows of {self.link} are not those of its snapshot")
        for office, _, seen_size in state.offices:
            self._offices[office].seen_size = seen_size
        try:
            self._tree = Frontier(state.size, state.peaks)
        except WrongPeaks as error:
            raise SnapshotMismatch(str(error)) from error
        self.traces = state.traces.traces()
        self._log_hash = self.hash_at(self._size)

    def _new_office(self, office: OfficeId) -> OfficeChain:
        return OfficeChain(self._memory(f"{IDS}{office}"))


def _holds_its_payload(header: Header, envelope: Envelope) -> bool:
    return hashes.payload_hash(envelope.summary_ct, envelope.body_ct) == header.payload_hash


def is_signed(admitted: AdmittedRecord) -> bool:
    """Whether an event's signature was checked and is its writer's, as admissions state it.

    A chain that does not check signatures takes accepted events to be signed.
    """
    verdict = admitted.verdict
    if verdict is None or admitted.event is None:
        return admitted.event is not None
    return verdict.outcome is not Outcome.DUPLICATE and verdict.reason not in _NOT_SIGNED
