"""The state of an audit at its end, from which a later replay goes on (docs/wire-format.md §14).

A *seam* holds everything of a link that the checks of later records look back to. What grows with
the log lies beside it in columns (``WIDTHS``): hashes, leaves, times and event ids.
"""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

from blo_audit.findings.findings import Finding
from blo_audit.replay.signatures import Mode
from blo_projection.link_chain import HASHES
from blo_schemas.codec import Codec
from blo_schemas.fields import Bytes32, Count, UnixMs
from blo_schemas.ids import CorridorId, CountryId, LinkId, OfficeId, is_corridor_id, is_link_id
from blo_schemas.views import CaseView

STATE_VERSION: Final = 1
RULES: Final = 1
"""Version of the rules of an audit. It counts up when equal records get another finding, so that
no replay goes on from what other rules concluded."""

MAX_STATE_SIZE: Final = 16 * 1024 * 1024
MAX_SEAM_SIZE: Final = 512 * 1024 * 1024
MAX_VALUES: Final = 4096
"""So many heads and checkpoints of a link are carried on, the newest."""

LEAVES: Final = "leaves"
TIMES: Final = "times"
BLOCKS: Final = "blocks"

WIDTHS: Final = {HASHES: 32, LEAVES: 32, TIMES: 8, BLOCKS: 32}
"""The columns that each link has, and the bytes of one entry. ``BLOCKS`` holds the roots of the
perfect subtrees of ``BLOCK`` leaves. Each office has one more, with its event ids (``IDS``)."""

BLOCK: Final = 1024


class ReadStretch(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """A stretch of a link's records as one replay read it.

    Attributes:
        first: Position of its first record.
        end: Position behind its last one.
        mode: Full or amortised.
        share: Amortised: the share of sampled records, in millionths.
        seed: Amortised: what the sample follows from, in hex.
        made_at: The auditor's clock at the replay, Unix milliseconds.
        source: What was read, in words.
    """

    first: Count
    end: Count
    mode: Mode
    share: Count
    seed: str
    made_at: UnixMs
    source: str


class SeamPlace(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """The place of an event of a shredding.

    Attributes:
        version: The case's version after it.
        position: Its position.
        event: Its id.
        log_time: Its log time, Unix milliseconds.
    """

    version: Count
    position: Count
    event: Bytes32
    log_time: UnixMs


class SeamParked(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """A record that waits for a summary key; the fields are those of ``ParkedRecord``."""

    position: Count
    log_time: UnixMs
    event: Bytes32
    office: OfficeId
    case: Bytes32
    summary_key: Bytes32


class ViewsSeam(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """The state of the step layer.

    Attributes:
        cases: The views of all cases, in the order in which the cases began.
        parked: The records that wait for keys, in log order.
        shreddings: For each case with steps of a shredding their places.
        compared: The signers and sizes whose view digests were compared.
        agreed: How many of these digests equal the views.
        differed: How many do not.
        incomparable: How many could not be compared.
    """

    cases: tuple[CaseView, ...]
    parked: tuple[SeamParked, ...]
    shreddings: tuple[tuple[Bytes32, tuple[SeamPlace, ...]], ...]
    compared: tuple[tuple[OfficeId, Count], ...]
    agreed: Count
    differed: Count
    incomparable: Count


class LinkSeam(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """The state of a link's audit behind its last record.

    Attributes:
        chain: Snapshot of the chain (``LinkChain.snapshot``).
        first_log_time: Log time of the first record.
        last_log_time: Log time of the last record.
        accepted: Records against which the record layer has nothing.
        verified: How many had their signature verified.
        unverifiable: How many had none to verify.
        distrusted: Position of the first record that the trust documents refuse.
        acknowledged: For each office what its newest verified event says to have read.
        refused: Refused events with their positions.
        trust: The digest of what the trust documents said then (``LinkTrustRules.digest``).
        findings: What was found in these records.
        values: The heads and checkpoints that were read, in order.
        views: The step layer; ``None`` without summary keys.
        stretches: How these records were read.
    """

    chain: bytes
    first_log_time: UnixMs | None
    last_log_time: UnixMs | None
    accepted: Count
    verified: Count
    unverifiable: Count
    distrusted: Count | None
    acknowledged: tuple[tuple[OfficeId, Count], ...]
    refused: tuple[tuple[Bytes32, Count], ...]
    trust: Bytes32
    findings: tuple[Finding, ...]
    values: Annotated[tuple[bytes, ...], msgspec.Meta(max_length=MAX_VALUES)]
    views: ViewsSeam | None
    stretches: tuple[ReadStretch, ...]


class StatePart(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """A part of the file: a seam or a column.

    Attributes:
        name: ``seam``, or the column's name.
        offset: Where it begins in the file.
        size: How many bytes it has.
        digest: Their SHA-256.
    """

    name: str
    offset: Count
    size: Count
    digest: Bytes32


class StatedLink(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """A link in an auditor's statement.

    Attributes:
        link: The link.
        corridor: Its corridor.
        partition: Its partition.
        size: How many records were read.
        log_hash: The running hash over them.
        tree_root: The Merkle tree's root over them.
        parts: Where its seam and its columns lie.
    """

    link: LinkId
    corridor: CorridorId
    partition: Count
    size: Count
    log_hash: Bytes32
    tree_root: Bytes32
    parts: tuple[StatePart, ...]

    def __post_init__(self) -> None:
        if not is_link_id(self.link) or not is_corridor_id(self.corridor):
            raise ValueError("the link or the corridor is no id")


class AuditState(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """An auditor's statement of what it read; it is signed, and each part by its digest.

    Attributes:
        v: Version of this layout, 1.
        rules: Version of the audit's rules.
        made_at: The auditor's clock, Unix milliseconds.
        pins: The pinned roots, by country.
        tolerance_ms: How far two clocks might differ.
        late_ms: After how long an event was late.
        documents: The ids of the trust documents that counted, sorted.
        links: The links, by id.
    """

    v: int
    rules: int
    made_at: UnixMs
    pins: tuple[tuple[CountryId, Bytes32], ...]
    tolerance_ms: Count
    late_ms: Count
    documents: tuple[Bytes32, ...]
    links: tuple[StatedLink, ...]


AUDIT_STATE: Final = Codec(AuditState, versions=(STATE_VERSION,), limit=MAX_STATE_SIZE)
LINK_SEAM: Final = Codec(LinkSeam, limit=MAX_SEAM_SIZE)
