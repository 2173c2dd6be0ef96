"""The rows of what a worker keeps beside its fold: grants, heads, signals, places in topics."""

from __future__ import annotations

from collections.abc import Iterator

from blo_log import topics
from blo_log.port import TopicPartition
from blo_processors.link.health import LinkHealth
from blo_processors.link.topic_places import TopicPlaces
from blo_processors.outputs.encode import LinkPartition, OutputEncoder
from blo_processors.snapshot.fold_rows import Rows
from blo_processors.snapshot.state_file import StateFile
from blo_projection.granted_keys import GrantedKeys
from blo_schemas.clocks import ALERT
from blo_schemas.heads import Head
from blo_schemas.ids import OfficeId
from blo_schemas.processor_state import HEAD_ROW, HeadRow, StateHead, StateRowKind


def save_side(
    granted: GrantedKeys, health: LinkHealth, encoder: OutputEncoder, file: StateFile
) -> None:
    """Write what has changed; raises as ``StateFile.put_open``."""
    file.replace_open(StateRowKind.KEY, granted.keys())
    file.replace_open(StateRowKind.GRANT, granted.written())
    months = ((month.encode(), b"") for month in encoder.months())
    file.replace_open(StateRowKind.MONTH, months)
    file.replace_open(StateRowKind.HEAD, _head_rows(health.heads()))
    signals = ((alert.id, ALERT.encode(alert)) for alert in health.uncleared())
    file.replace_open(StateRowKind.SIGNAL, signals)


def load_side(
    rows: Rows,
    granted: GrantedKeys,
    health: LinkHealth,
    encoder: OutputEncoder,
    *,
    keeps_heads: bool,
) -> None:
    """Go on with what was stored.

    Args:
        rows: What is open.
        granted: Has no keys yet.
        health: Has no heads yet.
        encoder: Has sealed nothing yet.
        keeps_heads: Whether the heads still count.

    Raises:
        WireError: A row does not decode.
        UnusableKey: A secret is no key of its id.
    """
    granted.load(rows[StateRowKind.KEY], rows[StateRowKind.GRANT])
    for month in rows[StateRowKind.MONTH]:
        encoder.month_key(month.decode())
    if keeps_heads:
        heads = map(HEAD_ROW.decode, rows[StateRowKind.HEAD].values())
        health.load_heads({row.head.office: (row.head, row.log_time) for row in heads})
    health.know([ALERT.decode(value) for value in rows[StateRowKind.SIGNAL].values()])


def side_places(
    head: StateHead, place: LinkPartition, *, keeps_heads: bool, keeps_keys: bool
) -> TopicPlaces:
    """How far the topics of grants and heads were read; what does not count is read again."""
    wanted = {topics.keys_topic(place.corridor), topics.heads_topic(place.corridor)}
    places = TopicPlaces((at for at in head.places if at.topic in wanted), place.partition)
    if not keeps_heads:
        places.forget(TopicPartition(topics.heads_topic(place.corridor), place.partition))
    if not keeps_keys:
        places.forget(TopicPartition(topics.keys_topic(place.corridor), place.partition))
    return places


def output_places(head: StateHead, place: LinkPartition) -> TopicPlaces:
    """How far the topics of outputs were read."""
    side = {topics.keys_topic(place.corridor), topics.heads_topic(place.corridor)}
    return TopicPlaces((at for at in head.places if at.topic not in side), place.partition)


def _head_rows(heads: dict[OfficeId, tuple[Head, int]]) -> Iterator[tuple[bytes, bytes]]:
    for office, (head, log_time) in heads.items():
        yield office.encode(), HEAD_ROW.encode(HeadRow(head, log_time))
