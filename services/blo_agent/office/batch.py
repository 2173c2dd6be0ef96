"""The input and the result of one batch of the log."""

from __future__ import annotations

import msgspec

from blo_log.port import ProducerRecord, TopicPartition
from blo_projection.fold import ContentState
from blo_schemas.event import LogRecord
from blo_schemas.grants import CaseGrantRecord, KeyPurpose
from blo_schemas.heads import NoteRecordKey
from blo_schemas.heartbeats import LivenessRecord
from blo_schemas.ids import LinkId, OfficeId
from blo_schemas.verdicts import Verdict


class Batch(msgspec.Struct):
    """What one poll of the log brought, sorted by what it is.

    Attributes:
        documents: Values of ``blo.directory``.
        grants: Values of ``blo.keys.*`` that are meant for this office alone.
        case_grants: Records of ``blo.keys.*`` for all readers of a case.
        records: Records of ``blo.exchange.*`` by link, in order.
        heads: Values of ``blo.heads.*`` that should be heads.
        own_heads: The newest value under the key of this office's own head, by link.
        heartbeats: Records of ``blo.liveness.*``.
        notes: Those that should be signed notes over a link's tree, with what their keys say.
        offsets: Where the keyed topics are to be read on.
    """

    documents: list[bytes] = msgspec.field(default_factory=list)
    grants: list[bytes] = msgspec.field(default_factory=list)
    case_grants: list[CaseGrantRecord] = msgspec.field(default_factory=list)
    records: dict[LinkId, list[LogRecord]] = msgspec.field(default_factory=dict)
    heads: list[bytes] = msgspec.field(default_factory=list)
    own_heads: dict[LinkId, bytes] = msgspec.field(default_factory=dict)
    heartbeats: list[LivenessRecord] = msgspec.field(default_factory=list)
    notes: list[tuple[NoteRecordKey, bytes]] = msgspec.field(default_factory=list)
    offsets: dict[TopicPartition, int] = msgspec.field(default_factory=dict)


class ReadRange(msgspec.Struct, frozen=True):
    """One record's verdict, for metrics and the log file."""

    link: LinkId
    position: int
    office: OfficeId | None
    verdict: Verdict
    content: ContentState


class BatchResult(msgspec.Struct):
    """What a batch has changed.

    Attributes:
        seen: Verdicts that were reached.
        refold: Links that were reset, because what was stored of them is of no use: they must be
            read again from their first record.
        revising: Links whose log is folded a second time, because trust documents reach back.
        revised: Links of which that is done.
        new_links: Links that were opened by this batch.
        reread_keys: Whether grants that could not be opened before may open now, so that the key
            topics must be read again from their beginning.
        grants: How many grants were taken, by link and purpose.
        own_heads: What was read under the key of this office's own head, by link.
        ignored: Bytes on keyed topics that are not what belongs there.
        shredded: The link of each case whose contents were deleted.
        alarms: What an operator has to look at, in words.
        cosignatures: What is to be said of witnesses' checkpoints, once this is on disk.
        refused: The link of each checkpoint that was refused.
        halted: The link of each halt.
        contained: Where a fault was contained: of what, and on which link ("" if on none).
    """

    seen: list[ReadRange] = msgspec.field(default_factory=list)
    refold: list[LinkId] = msgspec.field(default_factory=list)
    revising: list[LinkId] = msgspec.field(default_factory=list)
    revised: list[LinkId] = msgspec.field(default_factory=list)
    new_links: list[LinkId] = msgspec.field(default_factory=list)
    reread_keys: bool = False
    grants: list[tuple[LinkId, KeyPurpose]] = msgspec.field(default_factory=list)
    own_heads: dict[LinkId, bytes] = msgspec.field(default_factory=dict)
    ignored: int = 0
    shredded: list[LinkId] = msgspec.field(default_factory=list)
    alarms: list[str] = msgspec.field(default_factory=list)
    cosignatures: list[ProducerRecord] = msgspec.field(default_factory=list)
    refused: list[LinkId] = msgspec.field(default_factory=list)
    halted: list[LinkId] = msgspec.field(default_factory=list)
    contained: list[tuple[str, str]] = msgspec.field(default_factory=list)

    def add(self, other: BatchResult) -> None:
        """Add what a part of the batch has changed."""
        for name in self.__struct_fields__:
            mine, others = getattr(self, name), getattr(other, name)
            if isinstance(mine, list):
                mine.extend(others)  # In place, for whoever holds the list already.
            elif isinstance(mine, dict):
                mine.update(others)
            else:
                setattr(self, name, type(mine)(mine + others))

    @property
    def must_begin_anew(self) -> bool:
        """Whether the reader reads other topics, or from other offsets, from now on."""
        return bool(self.refold or self.new_links or self.reread_keys or self.halted)

    def alarm_unopenable(
        self, link: LinkId, position: int, office: OfficeId | None, fault: str
    ) -> None:
        """Add an alarm over an accepted event whose content can't be opened, with its writer."""
        self.alarms.append(
            f"what {office} has sealed at {position} of {link} can't be opened ({fault}); it counts "
            "as a step without content: ask that office to correct it"
        )
