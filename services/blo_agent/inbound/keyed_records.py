"""Sorts the records of the keyed topics by what they should be; nothing vouches for them yet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from blo_agent.office.batch import Batch
from blo_log.port import ConsumedRecord, TopicPartition
from blo_log.topics import DIRECTORY_TOPIC, heads_topic, liveness_topic
from blo_schemas.grants import CaseGrantRecord, is_case_grant_key
from blo_schemas.heads import read_note_key
from blo_schemas.heartbeats import LivenessRecord
from blo_schemas.ids import CorridorId, LinkId, OfficeId

_HEADS: Final = heads_topic(CorridorId(""))
_LIVENESS: Final = liveness_topic(CorridorId(""))


def sort_keyed(
    batch: Batch, partition: TopicPartition, stored: Sequence[ConsumedRecord], own: OfficeId
) -> None:
    """Add the records of a keyed topic to a batch.

    Args:
        batch: The batch.
        partition: Where they lie.
        stored: The records.
        own: The office that reads; it takes only those grants of one recipient that are
            meant for it.
    """
    topic = partition.topic
    for record in stored:
        key = record.key or b""
        link, _, signer = key.partition(b"\0")
        if topic.startswith(_HEADS) and signer == own.encode():
            # Anybody may write there, or take away what stands there.
            batch.own_heads[LinkId(link.decode("ascii", "replace"))] = record.value or b""
        if record.value is None or record.key is None:
            continue
        if topic == DIRECTORY_TOPIC:
            batch.documents.append(record.value)
        elif topic.startswith(_LIVENESS):
            corridor = CorridorId(topic.removeprefix(_LIVENESS))
            batch.heartbeats.append(LivenessRecord(corridor, record.key, record.value))
        elif (note := read_note_key(key)) is not None:
            batch.notes.append((note, record.value))
        elif topic.startswith(_HEADS):
            batch.heads.append(record.value)
        elif is_case_grant_key(key):
            batch.case_grants.append(CaseGrantRecord(key, record.value))
        elif key.endswith(own.encode()):
            batch.grants.append(record.value)
