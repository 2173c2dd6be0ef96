"""The proof that one record is in a link's log, made from the log for somebody outside."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from blo_audit.bundle.contents import CountedStatements
from blo_audit.errors import NoProof
from blo_audit.replay.documents import judge_documents
from blo_audit.replay.sources import RecordSource, SourcePartition, places
from blo_domain.trust import Pins, TrustedDirectory
from blo_schemas.errors import WireError
from blo_schemas.event import ENVELOPE
from blo_schemas.hashes import event_id, leaf_hash
from blo_schemas.ids import LinkId
from blo_schemas.trust import Role
from blo_sealing.merkle import MerkleTree
from blo_sealing.tlog import (
    InclusionProof,
    NoteKey,
    SignatureType,
    SignedCheckpoint,
    parse_checkpoint,
    signatories,
)


class RecordProof(msgspec.Struct, frozen=True):
    """A record with the proof of its place.

    Attributes:
        proof: The proof, with the checkpoint that a witness and all parties have signed.
        keys: The keys of those who have signed it.
        record: The record's bytes.
    """

    proof: InclusionProof
    keys: tuple[NoteKey, ...]
    record: bytes


async def prove_record(
    source: RecordSource, pins: Pins, link: LinkId, wanted: int | bytes
) -> RecordProof:
    """Prove one record of a link.

    Args:
        source: The log.
        pins: The pinned roots.
        link: The link.
        wanted: The record's position, or the id of its event.

    Raises:
        NoProof: There is no such record, no checkpoint that counts covers it, or the log is not
            the one that the checkpoint is for.
        NoTrust: No pinned root is there.
        LogError: The source could not be read.
    """
    directory, _ = judge_documents(await source.documents(), pins, source.name)
    place = next((place for place in places(directory) if place.link == link), None)
    if place is None:
        raise NoProof(f"no agreement that counts names {link}")
    signed = CountedStatements(await source.heads(place), place, directory)
    if not signed.checkpoints:
        raise NoProof(f"no checkpoint that a witness and all parties signed is there for {link}")
    checkpoint = parse_checkpoint(signed.checkpoints[-1])
    tree = MerkleTree()
    position, record = None, b""
    async for batch in source.records(place):
        for read in batch:
            if read.position != len(tree):
                raise NoProof(f"the log of {link} has a hole at {len(tree)}")
            tree.append(leaf_hash(read.value))
            if position is None and _is(read.position, read.value, wanted, place):
                position, record = read.position, read.value
    size = checkpoint.checkpoint.size
    if position is None:
        raise NoProof(f"{link} has no such record; it has {len(tree)}")
    if position >= size:
        raise NoProof(
            f"record {position} lies behind the newest checkpoint, of {size} records: wait for "
            "the next one"
        )
    if size > len(tree) or tree.root(size) != checkpoint.checkpoint.root:
        raise NoProof(
            f"the first {size} records of {link} are not those of the checkpoint: replay the log, "
            "and find out why"
        )
    proof = InclusionProof(position, tree.inclusion_proof(position, size), checkpoint)
    proof.verify(leaf_hash(record))
    return RecordProof(proof, _signers(checkpoint, directory), record)


def _is(position: int, value: bytes, wanted: int | bytes, place: SourcePartition) -> bool:
    if isinstance(wanted, int):
        return position == wanted
    try:
        return event_id(place.link, ENVELOPE.decode(value).header) == wanted
    except WireError:
        return False


def _signers(checkpoint: SignedCheckpoint, directory: TrustedDirectory) -> tuple[NoteKey, ...]:
    keys: Sequence[NoteKey] = [
        NoteKey(
            signer.subject,
            SignatureType.ED25519 if signer.role is Role.WITNESS else SignatureType.COSIGNATURE,
            certified.certificate.signing_key,
        )
        for signer in signatories(checkpoint, directory)
        for certified in signer.certificates[:1]
    ]
    return tuple(keys)
