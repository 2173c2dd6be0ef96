"""What an auditor finds on ``blo.heads``: per link the newest checkpoint that everybody has signed.

A checkpoint has a **quorum** when all parties of one version of the agreement have cosigned it while
that version was in force, and a witness of the link has signed it, all with certificates that
counted then. Anything else on the topic that is signed and does not fit is a finding: it is
evidence, and it is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum

import msgspec

from blo_audit.errors import NoQuorum
from blo_domain.trust import TrustedDirectory
from blo_domain.trust.terms import AgreementPeriod
from blo_log.port import ConsumedRecord
from blo_schemas.heads import NoteRecordKey, read_note_key
from blo_schemas.ids import Digest, LinkId, OfficeId
from blo_schemas.trust import Role
from blo_sealing.errors import InvalidSignature, MalformedNote, OtherCheckpoint, UnsignedNote
from blo_sealing.merkle import Frontier
from blo_sealing.tlog import (
    Checkpoint,
    CheckpointSigner,
    SignedCheckpoint,
    known_link,
    parse_checkpoint,
    signatories,
    unknown_signers,
)


class QuorumCheckpoint(msgspec.Struct, frozen=True):
    """A checkpoint that a witness and all parties have signed.

    Attributes:
        link: The link.
        checkpoint: Its tree: origin, size, root.
        signed: The note, to be handed on as it is.
        witness: Who issued it.
        cosigned: Each office, and when it cosigned, Unix milliseconds; sorted by office.
    """

    link: LinkId
    checkpoint: Checkpoint
    signed: SignedCheckpoint
    witness: OfficeId
    cosigned: tuple[tuple[OfficeId, int], ...]


class CheckpointFault(StrEnum):
    """What can be wrong with a note on ``blo.heads``."""

    TWO_TREES = "two_trees"
    """One signer has signed two trees of one size."""
    OTHER_TREE = "other_tree"
    """A signed tree is not that of the log's first records."""
    BAD_SIGNATURE = "bad_signature"
    UNKNOWN_SIGNER = "unknown_signer"
    NO_QUORUM = "no_quorum"
    """It is published as one with a quorum, and has none."""
    MALFORMED = "malformed"
    """It is no checkpoint of the link that its record is about."""


class CheckpointFinding(msgspec.Struct, frozen=True):
    """Something that is wrong.

    Attributes:
        fault: What kind.
        link: The link, as far as it could be told.
        signer: Whose signature it is about; for what nobody has signed, who is said to.
        words: What was found, for people.
        evidence: The notes that show it.
    """

    fault: CheckpointFault
    link: LinkId | None
    signer: str | None
    words: str
    evidence: tuple[bytes, ...]


class SignedTree(msgspec.Struct, frozen=True):
    """One good signature of a known signer.

    Attributes:
        link: The link.
        signer: Who.
        checkpoint: What is signed.
        note: The note in which it stands.
    """

    link: LinkId
    signer: OfficeId
    checkpoint: Checkpoint
    note: bytes


class CheckpointReading(msgspec.Struct, frozen=True):
    """What the values of ``blo.heads`` come to.

    Attributes:
        newest: Per link, the largest checkpoint with a quorum.
        trees: Every good signature that was found, whether or not it is part of a quorum.
        findings: What is wrong, in the order of the records.
    """

    newest: dict[LinkId, QuorumCheckpoint]
    trees: tuple[SignedTree, ...]
    findings: tuple[CheckpointFinding, ...]


def verify_quorum(signed: SignedCheckpoint, directory: TrustedDirectory) -> QuorumCheckpoint:
    """Checks a checkpoint that is said to have a quorum, against the trust documents alone.

    The witness's signature names no time; its certificate must count at the times that the
    offices name, because they have looked at it then.

    Raises:
        OtherCheckpoint: Its origin is not that of a link of the directory.
        InvalidSignature: A signature is not its signer's.
        UnsignedNote: Nobody known has signed.
        NoQuorum: A witness or a party is missing; says which.
    """
    return _quorum(signed, signatories(signed, directory), directory)


def read_checkpoints(
    records: Iterable[ConsumedRecord], directory: TrustedDirectory
) -> CheckpointReading:
    """Reads ``blo.heads``; heads and whatever else lies there are passed over.

    Args:
        records: The topic's records of any number of links, in the order of their offsets.
        directory: The trust documents.
    """
    reader = _Reader(directory)
    for stored in records:
        key = read_note_key(stored.key)
        if key is not None and stored.value is not None:
            reader.take(key, stored.value)
    return CheckpointReading(reader.newest, tuple(reader.trees), tuple(reader.findings))


def against_log(
    trees: Iterable[SignedTree], link: LinkId, leaves: Sequence[bytes]
) -> tuple[CheckpointFinding, ...]:
    """Compares every signed tree of a link with the log itself.

    Args:
        trees: ``CheckpointReading.trees``.
        link: The link.
        leaves: The leaf hashes of all its records. A tree of more records is not judged: the log
            may have grown since it was read.

    Returns:
        A finding for each signature over another tree than the log's.
    """
    wanted = [one for one in trees if one.link == link and one.checkpoint.size <= len(leaves)]
    roots = _roots(leaves, {one.checkpoint.size for one in wanted})
    return tuple(
        CheckpointFinding(
            CheckpointFault.OTHER_TREE,
            link,
            one.signer,
            f"{one.signer} has signed, for the first {one.checkpoint.size} records of {link}, a "
            "tree that is not that of the log as it was read here",
            (one.note,),
        )
        for one in wanted
        if roots[one.checkpoint.size] != one.checkpoint.root
    )


class _Reader:
    def __init__(self, directory: TrustedDirectory) -> None:
        self.newest: dict[LinkId, QuorumCheckpoint] = {}
        self.trees: list[SignedTree] = []
        self.findings: list[CheckpointFinding] = []
        self._directory = directory
        self._signed: dict[tuple[LinkId, OfficeId, int], SignedTree] = {}

    def take(self, key: NoteRecordKey, value: bytes) -> None:
        try:
            signed = parse_checkpoint(value)
            if known_link(signed, self._directory) != key.link:
                raise OtherCheckpoint(f"the record is about {key.link}, its text is not")
            for name in unknown_signers(signed, self._directory):
                words = f"{name} has signed a checkpoint of {key.link}, and no trust document "
                self._find(
                    CheckpointFault.UNKNOWN_SIGNER, key, name, words + "lets it do so", value
                )
            found = signatories(signed, self._directory)
        except (MalformedNote, OtherCheckpoint) as error:
            self._find(CheckpointFault.MALFORMED, key, key.signer, str(error), value)
        except InvalidSignature as error:
            self._find(CheckpointFault.BAD_SIGNATURE, key, key.signer, str(error), value)
        except UnsignedNote:
            # Its signers were found to be unknown above.
            return
        else:
            self._know(key, signed, found, value)

    def _know(
        self,
        key: NoteRecordKey,
        signed: SignedCheckpoint,
        found: tuple[CheckpointSigner, ...],
        value: bytes,
    ) -> None:
        for one in found:
            self._compare(SignedTree(key.link, one.subject, signed.checkpoint, value))
        if key.kind != "quorum":
            return
        try:
            quorum = _quorum(signed, found, self._directory)
        except NoQuorum as error:
            self._find(CheckpointFault.NO_QUORUM, key, key.signer, str(error), value)
            return
        before = self.newest.get(key.link)
        if before is None or before.checkpoint.size <= quorum.checkpoint.size:
            self.newest[key.link] = quorum

    def _compare(self, tree: SignedTree) -> None:
        self.trees.append(tree)
        checkpoint = tree.checkpoint
        before = self._signed.setdefault((tree.link, tree.signer, checkpoint.size), tree)
        if before.checkpoint.root != checkpoint.root:
            words = (
                f"{tree.signer} has signed two different trees of the first {checkpoint.size} "
                f"records of {tree.link}: it was shown two logs, or it lies"
            )
            self.findings.append(
                CheckpointFinding(
                    CheckpointFault.TWO_TREES,
                    tree.link,
                    tree.signer,
                    words,
                    (before.note, tree.note),
                )
            )

    def _find(
        self, fault: CheckpointFault, key: NoteRecordKey, signer: str, words: str, value: bytes
    ) -> None:
        self.findings.append(CheckpointFinding(fault, key.link, signer, words, (value,)))


def _quorum(
    signed: SignedCheckpoint, found: tuple[CheckpointSigner, ...], directory: TrustedDirectory
) -> QuorumCheckpoint:
    """Looks for a term of the agreement all of whose parties have cosigned within it.

    Whoever else has cosigned is left out: a former party could otherwise spoil every quorum.
    """
    link = known_link(signed, directory)
    size = signed.checkpoint.size
    best: tuple[dict[OfficeId, int], list[OfficeId]] = ({}, [])
    for term in directory.terms(link):
        times = _cosigned_in(term, found, link, size)
        missing = sorted(set(term.agreement.offices) - times.keys())
        if not missing:
            return _with_witness(signed, found, link, times)
        if len(times) > len(best[0]):
            best = times, missing
    if not best[0]:
        raise NoQuorum(f"no office of {link} has cosigned its tree of {size}")
    raise NoQuorum(f"{', '.join(best[1])} did not cosign the tree of {size} of {link}")


def _cosigned_in(
    term: AgreementPeriod, found: tuple[CheckpointSigner, ...], link: LinkId, size: int
) -> dict[OfficeId, int]:
    """Which parties have cosigned while a version of the agreement had the say, and when."""
    return {
        one.subject: one.time
        for one in found
        if one.time is not None
        and one.subject in term.agreement.offices
        and term.start <= one.time < term.end
        and one.counts(link, size, one.time)
    }


def _with_witness(
    signed: SignedCheckpoint,
    found: tuple[CheckpointSigner, ...],
    link: LinkId,
    times: dict[OfficeId, int],
) -> QuorumCheckpoint:
    size = signed.checkpoint.size
    for one in found:
        counted = all(one.counts(link, size, at) for at in times.values())
        if one.role is Role.WITNESS and counted:
            return QuorumCheckpoint(
                link, signed.checkpoint, signed, one.subject, tuple(sorted(times.items()))
            )
    raise NoQuorum(f"no witness of {link} has signed its tree of {size}")


def _roots(leaves: Sequence[bytes], sizes: set[int]) -> dict[int, Digest]:
    tree = Frontier()
    roots = {0: tree.root()}
    for leaf in leaves[: max(sizes, default=0)]:
        tree.append(leaf)
        if tree.size in sizes:
            roots[tree.size] = tree.root()
    return roots
