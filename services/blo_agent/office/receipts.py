"""The receipt of an event: that the log has it, signed by a witness and all parties of the link."""

from __future__ import annotations

from itertools import islice

from blo_agent.store.connection import Snapshot
from blo_agent.store.tables import checkpoints, records
from blo_printout.event_receipt import EventReceipt, MissingReceipt
from blo_schemas.ids import EventId, LinkId
from blo_sealing.merkle import MerkleTree
from blo_sealing.tlog import InclusionProof, parse_checkpoint, receipt_of


def event_receipt(snapshot: Snapshot, link: LinkId, position: int, event: EventId) -> EventReceipt:
    """The receipt of an event, or why there is none; runs in a reader's thread.

    It hashes the link's tree once: 32 bytes for each record that the checkpoint covers.

    Args:
        snapshot: The store.
        link: The event's link.
        position: The event's place in the log.
        event: Its id.
    """
    quorum = checkpoints.get_quorum(snapshot, link)
    if quorum is None or position >= quorum.size:
        return MissingReceipt.WAITS
    signed = parse_checkpoint(quorum.note)
    tree = MerkleTree(islice(records.leaves(snapshot, link, start=0), quorum.size))
    # A store that was restored, or that folds anew, has not all of them yet.
    if len(tree) < quorum.size or tree.root() != signed.checkpoint.root:
        return MissingReceipt.WAITS
    proof = InclusionProof(position, tree.inclusion_proof(position), signed)
    return receipt_of(event, tree.leaf(position), proof)
