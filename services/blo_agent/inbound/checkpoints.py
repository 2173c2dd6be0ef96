"""Cosigning witnesses' checkpoints: only trees that this office has computed itself.

An office cosigns a tree if it is the one of its own records, and if it continues the last one that
it cosigned. It never signs two trees that can't be of one log, whatever a witness says and
whatever became of this store: its own cosignatures on ``blo.heads`` bind it too. What it refuses it
refuses loudly, and keeps the notes: they show who lied, or who was shown another log.
"""

from __future__ import annotations

from blo_agent.office.batch import BatchResult
from blo_agent.office.link_state import PROGRAM, LinkState
from blo_agent.office.state import NoIdentity, Office
from blo_agent.store.connection import Transaction
from blo_agent.store.tables import checkpoints, journal
from blo_log.port import ProducerRecord
from blo_log.topics import heads_topic
from blo_schemas.codec import encode
from blo_schemas.heads import NoteKind, NoteRecordKey
from blo_schemas.ids import OfficeId
from blo_schemas.trust import Role
from blo_sealing.errors import SealingError
from blo_sealing.merkle import Frontier
from blo_sealing.tlog import (
    Checkpoint,
    CheckpointSigner,
    SignedCheckpoint,
    cosign,
    known_link,
    parse_checkpoint,
    signatories,
)


def take_notes(
    office: Office,
    found: list[tuple[NoteRecordKey, bytes]],
    now: int,
    tx: Transaction,
    taken: BatchResult,
) -> None:
    """Check notes of ``blo.heads``, and cosign the checkpoints that are right.

    Args:
        office: Who reads.
        found: The notes, with what their records' keys say.
        now: The office's clock, Unix milliseconds.
        tx: The transaction that this belongs to.
        taken: Gets what is to be published and told.
    """
    read = []
    for key, value in found:
        desk = office.links.get(key.link)
        if desk is None:
            continue
        signed = _read(office, key, value)
        if signed is None:
            taken.ignored += 1
            continue
        read.append((desk, *signed))
    # What this office has said itself comes first: the rest of the batch is held against it.
    for desk, signed_note, signers in read:
        for one in signers:
            if one.role is Role.OFFICE and one.subject == office.id:
                _remember_own(desk, signed_note, one, now, tx, taken)
    for desk, signed_note, signers in read:
        for one in signers:
            tree = signed_note.checkpoint
            if one.role is Role.WITNESS and one.counts(desk.link, tree.size, now):
                _compare_with_last(desk, one.subject, signed_note, now, tx, taken)
                _consider(office, desk, one.subject, signed_note, now, tx, taken)


def take_waiting(
    office: Office, desk: LinkState, now: int, tx: Transaction, taken: BatchResult
) -> None:
    """Look again, after more of the log was read, at checkpoints that were ahead of it."""
    for one in desk.trees.reached(desk.size):
        _consider(office, desk, one.witness, one.signed, now, tx, taken)


def _read(
    office: Office, key: NoteRecordKey, value: bytes
) -> tuple[SignedCheckpoint, tuple[CheckpointSigner, ...]] | None:
    try:
        signed = parse_checkpoint(value)
        if known_link(signed, office.directory) != key.link:
            return None
        return signed, signatories(signed, office.directory)
    except SealingError:
        return None


def _remember_own(
    desk: LinkState,
    signed: SignedCheckpoint,
    own: CheckpointSigner,
    now: int,
    tx: Transaction,
    taken: BatchResult,
) -> None:
    """A restored store may have forgotten what this office has cosigned; the topic has not."""
    tree = signed.checkpoint
    before = desk.trees.cosigned
    if before is None or tree.size > before.size:
        _keep(desk, signed, tx)
    elif tree.size == before.size and tree.root != before.root:
        words = (
            f"two trees of the first {tree.size} records of {desk.link} carry this office's own "
            "cosignature. Its key is used elsewhere too: have it revoked, and make a new one"
        )
        _refuse(desk, own.subject, signed, words, before.note, now, tx, taken)


def _compare_with_last(
    desk: LinkState,
    witness: OfficeId,
    signed: SignedCheckpoint,
    now: int,
    tx: Transaction,
    taken: BatchResult,
) -> None:
    """Two checkpoints of one witness over one size: it signs whatever it is asked to."""
    tree = signed.checkpoint
    before = checkpoints.get_witnessed(tx, desk.link, witness)
    checkpoints.put_witnessed(
        tx, checkpoints.Witnessed(desk.link, witness, tree.size, tree.root, signed.encode())
    )
    if before is not None and before.size == tree.size and before.root != tree.root:
        words = (
            f"{witness} has signed two different trees of the first {tree.size} records of "
            f"{desk.link}: it was shown two logs, or it lies. Keep both notes, and call the auditor"
        )
        _refuse(desk, witness, signed, words, before.note, now, tx, taken)


def _consider(
    office: Office,
    desk: LinkState,
    witness: OfficeId,
    signed: SignedCheckpoint,
    now: int,
    tx: Transaction,
    taken: BatchResult,
) -> None:
    tree = signed.checkpoint
    trees = desk.trees
    if desk.size < max(tree.size, trees.cosigned_size):
        trees.wait(witness, signed)
        return
    if tree.size < trees.cosigned_size:
        # The witness comes with a newer one; this office signs nothing smaller any more.
        return
    own = trees.tree_at(tx, desk.link, tree.size, desk.fold)
    if own is None:
        words = (
            f"the log of {desk.link} as this office reads it now is not a continuation of the "
            f"{trees.cosigned_size} records whose tree it has cosigned. The log was made anew or "
            "changed: nothing is cosigned; call the counterpart and the auditor"
        )
        other = b"" if trees.cosigned is None else trees.cosigned.note
        _refuse(desk, witness, signed, words, other, now, tx, taken)
    elif own.root() != tree.root:
        words = (
            f"{witness} has signed another tree of the first {tree.size} records of {desk.link} "
            "than this office has computed. It was shown another log, or it lies. Nothing of it is "
            "cosigned; keep the note, and have an auditor compare the logs"
        )
        _refuse(desk, witness, signed, words, b"", now, tx, taken)
    else:
        _agree(office, desk, tree, own, now, tx, taken)


def _agree(
    office: Office,
    desk: LinkState,
    tree: Checkpoint,
    own: Frontier,
    now: int,
    tx: Transaction,
    taken: BatchResult,
) -> None:
    """The tree is the office's own: cosign it, or say again what was said of it."""
    agreement = office.directory.agreement(desk.link, now)
    is_party = agreement is not None and office.id in agreement.offices
    if desk.halted is not None or not is_party:
        return
    cosigned = desk.trees.cosigned
    if cosigned is None or cosigned.size != tree.size:
        try:
            author = office.author(desk.link, now)
        except NoIdentity:
            # The heads have said so; the witness will ask again.
            return
        signed = cosign(tree, office.id, author.signing, now // 1000)
        cosigned = _keep(desk, signed, tx, own)
    key = NoteRecordKey(desk.link, office.id, NoteKind.COSIGNATURE)
    taken.cosignatures.append(
        ProducerRecord(heads_topic(desk.corridor), desk.partition, key.encode(), cosigned.note)
    )


def _keep(
    desk: LinkState, signed: SignedCheckpoint, tx: Transaction, own: Frontier | None = None
) -> checkpoints.Cosigned:
    tree = signed.checkpoint
    cosigned = checkpoints.Cosigned(desk.link, tree.size, tree.root, signed.encode())
    checkpoints.put_cosigned(tx, cosigned)
    desk.trees.keep(cosigned, own)
    return cosigned


def _refuse(
    desk: LinkState,
    signer: OfficeId,
    signed: SignedCheckpoint,
    words: str,
    other: bytes,
    now: int,
    tx: Transaction,
    taken: BatchResult,
) -> None:
    """Count it every time; tell, journal and keep each such checkpoint once."""
    taken.refused.append(desk.link)
    tree, note = signed.checkpoint, signed.encode()
    refused = checkpoints.RefusedTree(
        desk.link, signer, tree.size, tree.root, now, words, note, other
    )
    if not checkpoints.put_refused(tx, refused):
        return
    desk.trees.refused = [*desk.trees.refused, refused]
    taken.alarms.append(words)
    journal.append(
        tx,
        at=now,
        actor=PROGRAM,
        action=f"refuse checkpoint of {signer}",
        link=desk.link,
        detail=encode([note, other]),
    )
