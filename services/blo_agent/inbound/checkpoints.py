"""Compares witnesses' checkpoints with the office's own tree, and cosigns those that agree.

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
    CheckpointSigner,
    SignedCheckpoint,
    cosign,
    known_link,
    parse_checkpoint,
    signatories,
)


def take_notes(
    office: Office,
    notes: list[tuple[NoteRecordKey, bytes]],
    now: int,
    tx: Transaction,
    result: BatchResult,
) -> None:
    """Check notes of ``blo.heads``, and cosign the checkpoints that are right.

    Args:
        office: Who reads.
        notes: The notes, with what their records' keys say.
        now: The office's clock, Unix milliseconds.
        tx: The transaction that this belongs to.
        result: Gets what is to be published and told.
    """
    read = []
    for key, value in notes:
        state = office.links.get(key.link)
        if state is None:
            continue
        signed = _read(office, key, value)
        if signed is None:
            result.ignored += 1
            continue
        read.append((state, *signed))
    # What this office has said itself comes first: the rest of the batch is held against it.
    for state, signed_note, signers in read:
        for signer in signers:
            if signer.role is Role.OFFICE and signer.subject == office.id:
                _remember_own(state, signed_note, signer, now, tx, result)
    for state, signed_note, signers in read:
        _keep_quorum(office, state, signed_note, signers, now, tx)
        for signer in signers:
            tree = signed_note.checkpoint
            if signer.role is Role.WITNESS and signer.counts(state.link, tree.size, now):
                _compare_with_last(state, signer.subject, signed_note, now, tx, result)
                _consider(office, state, signer.subject, signed_note, now, tx, result)


def take_waiting(
    office: Office, state: LinkState, now: int, tx: Transaction, result: BatchResult
) -> None:
    """Look again, after more of the log was read, at checkpoints that were ahead of it."""
    for pending in state.trees.reached(state.size):
        _consider(office, state, pending.witness, pending.signed, now, tx, result)


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
    state: LinkState,
    signed: SignedCheckpoint,
    own: CheckpointSigner,
    now: int,
    tx: Transaction,
    result: BatchResult,
) -> None:
    """A restored store may have forgotten what this office has cosigned; the topic has not."""
    tree = signed.checkpoint
    before = state.trees.cosigned
    if before is None or tree.size > before.size:
        _keep(state, signed, tx)
    elif tree.size == before.size and tree.root != before.root:
        words = (
            f"two trees of the first {tree.size} records of {state.link} carry this office's own "
            "cosignature. Its key is used elsewhere too: have it revoked, and make a new one"
        )
        _refuse(state, own.subject, signed, words, before.note, now, tx, result)


def _keep_quorum(
    office: Office,
    state: LinkState,
    signed: SignedCheckpoint,
    signers: tuple[CheckpointSigner, ...],
    now: int,
    tx: Transaction,
) -> None:
    """Keep the newest tree that all have signed, for receipts.

    The office's own good signature is among them, so the tree is one that it has computed itself.
    """
    agreement = office.directory.agreement(state.link, now)
    if agreement is None or office.id not in agreement.offices:
        return
    size = signed.checkpoint.size
    counting = [signer for signer in signers if signer.counts(state.link, size, now)]
    parties = {signer.subject for signer in counting if signer.role is Role.OFFICE}
    witnessed = any(signer.role is Role.WITNESS for signer in counting)
    if witnessed and parties >= set(agreement.offices):
        checkpoints.put_quorum(tx, checkpoints.QuorumNote(state.link, size, signed.encode()))


def _compare_with_last(
    state: LinkState,
    witness: OfficeId,
    signed: SignedCheckpoint,
    now: int,
    tx: Transaction,
    result: BatchResult,
) -> None:
    """Two checkpoints of one witness over one size: it signs whatever it is asked to."""
    tree = signed.checkpoint
    before = checkpoints.get_witnessed(tx, state.link, witness)
    checkpoints.put_witnessed(
        tx, checkpoints.Witnessed(state.link, witness, tree.size, tree.root, signed.encode())
    )
    if before is not None and before.size == tree.size and before.root != tree.root:
        words = (
            f"{witness} has signed two different trees of the first {tree.size} records of "
            f"{state.link}: it was shown two logs, or it lies. Keep both notes, and call the auditor"
        )
        _refuse(state, witness, signed, words, before.note, now, tx, result)


def _consider(
    office: Office,
    state: LinkState,
    witness: OfficeId,
    signed: SignedCheckpoint,
    now: int,
    tx: Transaction,
    result: BatchResult,
) -> None:
    tree = signed.checkpoint
    trees = state.trees
    if state.size < max(tree.size, trees.cosigned_size):
        trees.wait(witness, signed)
        return
    if tree.size < trees.cosigned_size:
        # The witness comes with a newer one; this office signs nothing smaller any more.
        return
    own = trees.tree_at(tx, state.link, tree.size, state.fold)
    if own is None:
        words = (
            f"the log of {state.link} as this office reads it now is not a continuation of the "
            f"{trees.cosigned_size} records whose tree it has cosigned. The log was made anew or "
            "changed: nothing is cosigned; call the counterpart and the auditor"
        )
        other = b"" if trees.cosigned is None else trees.cosigned.note
        _refuse(state, witness, signed, words, other, now, tx, result)
    elif own.root() != tree.root:
        words = (
            f"{witness} has signed another tree of the first {tree.size} records of {state.link} "
            "than this office has computed. It was shown another log, or it lies. Nothing of it is "
            "cosigned; keep the note, and have an auditor compare the logs"
        )
        _refuse(state, witness, signed, words, b"", now, tx, result)
    else:
        _agree(office, state, signed, own, now, tx, result)


def _agree(
    office: Office,
    state: LinkState,
    signed: SignedCheckpoint,
    own: Frontier,
    now: int,
    tx: Transaction,
    result: BatchResult,
) -> None:
    """The tree is the office's own: cosign it, or say again what was said of it.

    A note that carries the office's cosignature, such as one with a quorum, asks for nothing.
    """
    tree = signed.checkpoint
    if any(
        signer.role is Role.OFFICE and signer.subject == office.id
        for signer in signatories(signed, office.directory)
    ):
        return
    agreement = office.directory.agreement(state.link, now)
    is_party = agreement is not None and office.id in agreement.offices
    if state.status.halted is not None or not is_party:
        return
    cosigned = state.trees.cosigned
    if cosigned is None or cosigned.size != tree.size:
        try:
            author = office.author(state.link, now)
        except NoIdentity:
            # The heads have said so; the witness will ask again.
            return
        made = cosign(tree, office.id, author.signing, now // 1000)
        cosigned = _keep(state, made, tx, own)
    key = NoteRecordKey(state.link, office.id, NoteKind.COSIGNATURE)
    result.cosignatures.append(
        ProducerRecord(heads_topic(state.corridor), state.partition, key.encode(), cosigned.note)
    )


def _keep(
    state: LinkState, signed: SignedCheckpoint, tx: Transaction, own: Frontier | None = None
) -> checkpoints.Cosigned:
    tree = signed.checkpoint
    cosigned = checkpoints.Cosigned(state.link, tree.size, tree.root, signed.encode())
    checkpoints.put_cosigned(tx, cosigned)
    state.trees.keep(cosigned, own)
    return cosigned


def _refuse(
    state: LinkState,
    signer: OfficeId,
    signed: SignedCheckpoint,
    words: str,
    other: bytes,
    now: int,
    tx: Transaction,
    result: BatchResult,
) -> None:
    """Count it every time; tell, journal and keep each such checkpoint once."""
    result.refused.append(state.link)
    tree, note = signed.checkpoint, signed.encode()
    refused = checkpoints.RefusedTree(
        state.link, signer, tree.size, tree.root, now, words, note, other
    )
    if not checkpoints.put_refused(tx, refused):
        return
    state.trees.refused = [*state.trees.refused, refused]
    result.alarms.append(words)
    journal.append(
        tx,
        at=now,
        actor=PROGRAM,
        action=f"refuse checkpoint of {signer}",
        link=state.link,
        detail=encode([note, other]),
    )
