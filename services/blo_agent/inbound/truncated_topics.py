"""The response to a topic that has lost records: a halt, or a new offset."""

from __future__ import annotations

from blo_agent.inbound.trust_documents import offset_key
from blo_agent.office.batch import BatchResult
from blo_agent.office.halts import halt
from blo_agent.office.link_state import PROGRAM, LinkState
from blo_agent.office.link_status import HaltReason
from blo_agent.store.connection import Transaction
from blo_agent.store.tables import heads, journal, meta
from blo_log.errors import LogTruncated
from blo_log.port import LogReader, TopicPartition
from blo_log.topics import exchange_topic
from blo_schemas.codec import COUNT, encode


def exchange_partition(state: LinkState) -> TopicPartition:
    """Where the records of a link lie."""
    return TopicPartition(exchange_topic(state.corridor), state.partition)


def check_end(reader: LogReader, partition: TopicPartition, end: int) -> None:
    """Find a log that ends before the place where it is to be read on.

    Raises:
        LogTruncated: It does.
    """
    wanted = reader.position(partition)
    if wanted > end:
        raise LogTruncated(partition.topic, partition.partition, wanted, f"it ends at {end}")


def halt_over_cut(
    state: LinkState, cut: LogTruncated, now: int, tx: Transaction, result: BatchResult
) -> None:
    """Halt a link whose log has lost records; what was read of it stays and is shown.

    The evidence is what was read here, and the others' signed heads over it.
    """
    words = (
        f"the log of {state.link} has lost records that were read here, of which there are "
        f"{state.size}: {cut}. Nothing is read or sent on this link. Keep the store; when the "
        "operator has brought the records back, run: blo agent resume"
    )
    signed = [head.head for head in heads.of_link(tx, state.link)]
    evidence = encode([cut.offset, cut.begin, state.size, state.fold.chain.log_hash, signed])
    halt(state, HaltReason.LOG_CUT, words, evidence, now, tx, result, over="a cut log")


def read_on_after_cut(
    partition: TopicPartition, cut: LogTruncated, now: int, tx: Transaction, result: BatchResult
) -> None:
    """Read a topic of keys, heads or documents from what it has now."""
    meta.put(tx, offset_key(partition), COUNT.encode(cut.begin or 0))
    result.alarms.append(f"{cut}. What is there now is read; what was read before goes on to count")
    journal.append(
        tx, at=now, actor=PROGRAM, action=f"topic was cut: {partition.topic}", detail=b""
    )
