"""Takes in trust documents, and finds how far they reach back on each link (docs/architecture.md, "Keys and trust").

A verdict is a function of the records and the documents. So when documents arrive that can change
the answer about a record that was read, its link's log is folded again from before that record;
the conclusions in use stay until the new ones are whole.
"""

from __future__ import annotations

from hashlib import sha256

from blo_agent.inbound.heads import review_heads
from blo_agent.inbound.heartbeats import review_heartbeats
from blo_agent.office.batch import BatchResult
from blo_agent.office.key_grants import review_summary_keys
from blo_agent.office.link_state import LinkState
from blo_agent.office.revise import take_reach
from blo_agent.office.state import Office
from blo_agent.store.connection import Transaction
from blo_agent.store.tables import documents, meta
from blo_log.port import TopicPartition
from blo_log.topics import keys_topic
from blo_schemas.codec import COUNT
from blo_schemas.errors import WireError
from blo_schemas.ids import DocumentId
from blo_schemas.trust import SIGNED_DOCUMENT


def take_documents(
    office: Office, values: list[bytes], now: int, tx: Transaction, result: BatchResult
) -> None:
    """Keep new documents, judge all of them again, and open or fold again what that concerns."""
    signed = []
    for value in values:
        try:
            document = SIGNED_DOCUMENT.decode(value)
        except WireError:
            result.ignored += 1
            continue
        # A copy with other signatures is another document to keep: were they kept under the
        # payload's id, a copy with bad signatures could take the place of a good one.
        copy = DocumentId(sha256(value).digest())
        if documents.put(tx, documents.StoredDocument(copy, value, admitted=True)):
            signed.append(document)
    if not signed:
        return
    own_before = office.own_tags()
    for state, reach in office.take_documents(signed):
        if take_reach(state, reach, office.reader(state), now, tx):
            result.revising.append(state.link)
    result.new_links.extend(state.link for state in office.open_links(tx, now, result))
    review_summary_keys(office, now, tx)
    review_heads(office, tx)
    review_heartbeats(office, tx)
    if office.own_tags() - own_before and office.links:
        _read_keys_again(office, tx)
        result.reread_keys = True


def _read_keys_again(office: Office, tx: Transaction) -> None:
    """Grants to a certificate of this office may have been read before the certificate was."""
    for state in office.links.values():
        meta.put(tx, offset_key(keys_partition(state)), COUNT.encode(0))


def keys_partition(state: LinkState) -> TopicPartition:
    """Where the grants of a link lie."""
    return TopicPartition(keys_topic(state.corridor), state.partition)


def offset_key(partition: TopicPartition) -> str:
    """Under which name the store keeps how far a keyed topic was read."""
    return f"offset/{partition.topic}/{partition.partition}"
