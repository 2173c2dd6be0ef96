"""Applies what a poll of the log brought: one job, one transaction (docs/architecture.md, "What each hop promises", log → agent).

The view and the next offset move together, so every record has its effect exactly once, whatever
happens in between.
"""

from __future__ import annotations

from blo_agent.containment import attempt_each
from blo_agent.inbound.checkpoints import take_notes
from blo_agent.inbound.grants import take_case_grants, take_grants
from blo_agent.inbound.heads import take_heads
from blo_agent.inbound.heartbeats import load_heartbeats, take_heartbeats
from blo_agent.inbound.link_batch import LinkBatch
from blo_agent.inbound.trust_documents import keys_partition, offset_key, take_documents
from blo_agent.office.batch import Batch, BatchResult
from blo_agent.office.key_grants import review_summary_keys
from blo_agent.office.state import Office
from blo_agent.store.connection import Transaction
from blo_agent.store.tables import links, meta, records
from blo_log.port import TopicPartition
from blo_log.topics import heads_topic
from blo_schemas.codec import COUNT
from blo_schemas.ids import LinkId


def take(office: Office, batch: Batch, now: int, tx: Transaction) -> BatchResult:
    """Take in a batch.

    Trust documents come first, then keys, then records, then heads, because each needs the ones
    before. Bytes that are wrong get a verdict or are counted; they never stop the reader. What
    this program fails on is contained: a document, a grant, a head or a note is passed over, a
    record is held, a link is halted, and the rest is taken.

    Args:
        office: Who reads.
        batch: What was read.
        now: The office's clock, Unix milliseconds.
        tx: The transaction that this belongs to.
    """
    result = BatchResult()
    for partition, offset in batch.offsets.items():
        meta.put(tx, offset_key(partition), COUNT.encode(offset))

    for link, known in office.links.items():
        partitions = {
            keys_partition(known),
            TopicPartition(heads_topic(known.corridor), known.partition),
        }
        if link in batch.records or not partitions.isdisjoint(batch.offsets):
            links.count_batch(tx, link)

    def load_all() -> None:
        office.load(tx, now, result)
        review_summary_keys(office, now, tx)

    # After the offsets, because it may ask for keys to be read again.
    attempt_each(
        "trust documents",
        tx,
        result,
        batch.documents,
        lambda found, own: take_documents(office, found, now, tx, own),
        mend=load_all,
    )
    touched: set[LinkId] = set()

    def load_keys() -> None:
        office.load_keys(tx)
        review_summary_keys(office, now, tx)
        for state in office.links.values():
            state.unopened = list(records.unopened_positions(tx, state.link))

    attempt_each(
        "grants",
        tx,
        result,
        batch.grants,
        lambda found, own: touched.update(take_grants(office, found, tx, own)),
        mend=load_keys,
    )
    attempt_each(
        "grants of cases",
        tx,
        result,
        batch.case_grants,
        lambda found, own: touched.update(take_case_grants(office, found, tx, own)),
        mend=load_keys,
    )
    for link, found in batch.records.items():
        state = office.links.get(link)
        if state is not None and link not in result.refold and state.status.is_read_on:
            touched.add(link)
            LinkBatch(office, state, now, tx, result).take(found)
    for link in sorted(touched):
        LinkBatch(office, office.links[link], now, tx, result).settle()
    attempt_each(
        "notes of trees",
        tx,
        result,
        batch.notes,
        lambda found, own: take_notes(office, found, now, tx, own),
        mend=lambda: office.load_trees(tx),
    )
    attempt_each(
        "heads",
        tx,
        result,
        batch.heads,
        lambda found, own: take_heads(office, found, now, tx, own),
        mend=lambda: office.load_heads(tx),
    )
    attempt_each(
        "heartbeats",
        tx,
        result,
        batch.heartbeats,
        lambda found, own: take_heartbeats(office, found, tx, own),
        mend=lambda: load_heartbeats(office, tx),
    )
    result.own_heads = batch.own_heads
    return result
