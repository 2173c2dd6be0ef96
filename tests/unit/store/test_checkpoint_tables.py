"""What is kept of signed trees: the newest of each signer, and what was refused, within bounds."""

from __future__ import annotations

from blo_agent.store.connection import Transaction
from blo_agent.store.facade import Store
from blo_agent.store.tables import checkpoints
from blo_agent.store.tables.checkpoints import MAX_REFUSED, Cosigned, RefusedTree, Witnessed
from blo_schemas.ids import LinkId, OfficeId

LINK, OTHER = LinkId("vn-a~la-b"), LinkId("vn-a~la-c")
WITNESS = OfficeId("vn-witness")


def refused(size: int, root: bytes = bytes(32)) -> RefusedTree:
    return RefusedTree(LINK, WITNESS, size, root, 1000 + size, "words", b"note", b"")


def test_the_newest_of_each_is_kept_and_each_link_has_its_own(store: Store) -> None:
    def job(tx: Transaction) -> None:
        assert checkpoints.get_cosigned(tx, LINK) is None
        for size in (3, 5):
            checkpoints.put_cosigned(tx, Cosigned(LINK, size, bytes(32), b"note"))
        for size in (3, 5, 4):
            checkpoints.put_witnessed(tx, Witnessed(LINK, WITNESS, size, bytes(32), b"%d" % size))
        checkpoints.put_witnessed(tx, Witnessed(LINK, WITNESS, 5, bytes(32), b"later"))
        assert checkpoints.get_cosigned(tx, LINK) == Cosigned(LINK, 5, bytes(32), b"note")
        assert checkpoints.get_witnessed(tx, LINK, WITNESS) == Witnessed(
            LINK, WITNESS, 5, bytes(32), b"5"
        )
        assert checkpoints.get_cosigned(tx, OTHER) is None
        assert checkpoints.get_witnessed(tx, OTHER, WITNESS) is None

    store.submit(job).result()


def test_a_refused_checkpoint_is_kept_once_and_not_without_end(store: Store) -> None:
    def job(tx: Transaction) -> None:
        assert checkpoints.put_refused(tx, refused(1))
        assert not checkpoints.put_refused(tx, refused(1))
        assert checkpoints.put_refused(tx, refused(1, bytes(range(32))))
        for size in range(2, 200):
            checkpoints.put_refused(tx, refused(size))
        kept = checkpoints.refused_of(tx, LINK)
        assert len(kept) == MAX_REFUSED
        assert kept[0] == refused(1)
        assert checkpoints.refused_of(tx, OTHER) == []

    store.submit(job).result()
