"""A processor's stored state of one link, from which it goes on where it stopped (ADR 15).

The state lies in an encrypted file of its own. These are the values in it; where they lie is said
in ``blo_processors.snapshot.state_file``.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final

import msgspec

from blo_schemas.clocks import Alert, ClockView
from blo_schemas.codec import Codec
from blo_schemas.fields import Bytes8, Bytes16, Bytes32, Count, UnixMs
from blo_schemas.heads import Head
from blo_schemas.ids import CorridorId, LinkId, OfficeId
from blo_schemas.views import CaseView

STATE_VERSION: Final = 1
_MAX_ROW: Final = 4 * 1024 * 1024


class StateRowKind(IntEnum):
    """The kinds of rows that a start loads: what is open, and what is small."""

    TAIL = 0
    """The end of a series that does not fill a chunk yet, by the series' name."""
    CASE = 1
    """A case on which something is owed, by its id."""
    PEER = 3
    """The facts about an office that its records show, by its id."""
    HEAD = 4
    """The head of an office that counts, by its id."""
    KEY = 5
    """A summary key that was granted, by its id."""
    GRANT = 6
    """A grant that this processor has written, by its record's key."""
    MONTH = 7
    """A month under whose key outputs were sealed."""
    SIGNAL = 8
    """An alert about the link that nothing has cleared, by its id."""


class OpenCaseRow(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """A case on which something is owed.

    Attributes:
        view: Its view.
        clocks: Its clocks.
        raised: The ids of the alerts and clearings that were raised.
        uncleared: The alerts that nothing has cleared.
    """

    view: CaseView
    clocks: ClockView
    raised: tuple[Bytes32, ...]
    uncleared: tuple[Alert, ...]


class WaitingRow(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """A record that waits for its summary key; the fields of ``ParkedRecord``.

    Attributes:
        position: Its position.
        log_time: Its log time, Unix milliseconds.
        event: The event's id.
        office: Who wrote it.
        case: Its case.
        summary_key: Id of the key that opens it.
    """

    position: Count
    log_time: UnixMs
    event: Bytes32
    office: OfficeId
    case: Bytes32
    summary_key: Bytes32


class LogMark(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """A record that began something.

    Attributes:
        position: Its position.
        log_time: Its log time, Unix milliseconds.
    """

    position: Count
    log_time: UnixMs


class PeerRow(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """The facts about an office that its records show.

    Attributes:
        office: The office.
        since: From when it is expected to send heads, Unix milliseconds.
        skewed: The first of its latest records that were all signed ahead of the log's time.
        forked: The first record that claims a place in its chain that another one has.
    """

    office: OfficeId
    since: UnixMs
    skewed: LogMark | None
    forked: LogMark | None


class HeadRow(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """The head of an office that counts.

    Attributes:
        head: The head.
        log_time: Timestamp of its record, Unix milliseconds.
    """

    head: Head
    log_time: UnixMs


class TopicPlace(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """How far a partition was read, and the last record before that, to know the topic again.

    Attributes:
        topic: The topic.
        offset: The offset that is read next.
        last: The offset of the last record that was read; ``None``: none was.
        mark: 16 bytes of the SHA-256 of that record's key, a zero byte and its value; zeros if none was
            read.
    """

    topic: str
    offset: Count
    last: Count | None
    mark: Bytes16


class StateHead(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """The state's first record; nothing else of the state counts without it.

    Attributes:
        v: Version of this layout, 1.
        rules: Digest of the programs that computed the state.
        link: The link.
        corridor: Its corridor.
        partition: Its partition.
        processor: Whose state it is.
        documents: Offset of the first trust document that was not known.
        trust: ``TrustedDirectory.digest_for_link`` under which it was computed.
        own: The tags of the processor's certificates whose private keys it had.
        signers: The tags of the certificates that signed the outputs that are there.
        size: The number of records.
        log_hash: The running hash over them.
        tree_root: The root of the tree over them.
        admissions: What the record layer concluded of them.
        chain: The rest of the chain's state, a ``ChainSnapshot``.
        log_time: Log time of the last record, Unix milliseconds.
        cases: The number of cases.
        checkpoint: Offset of the processor's own checkpoint of this size on the trail.
        places: How far each topic was read.
        contested: Whether somebody's outputs contradict this state, so that the next start must
            compare everything.
    """

    v: int
    rules: Bytes32
    link: LinkId
    corridor: CorridorId
    partition: Count
    processor: OfficeId
    documents: Count
    trust: Bytes32
    own: tuple[Bytes8, ...]
    signers: tuple[Bytes8, ...]
    size: Count
    log_hash: Bytes32
    tree_root: Bytes32
    admissions: Bytes32
    chain: bytes
    log_time: UnixMs
    cases: Count
    checkpoint: Count
    places: tuple[TopicPlace, ...]
    contested: bool


OPEN_CASE_ROW: Final = Codec(OpenCaseRow, limit=_MAX_ROW)
WAITING_ROW: Final = Codec(WaitingRow)
PEER_ROW: Final = Codec(PeerRow)
HEAD_ROW: Final = Codec(HeadRow)
STATE_HEAD: Final = Codec(StateHead, versions=(STATE_VERSION,))
