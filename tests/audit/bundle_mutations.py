"""Ways to change an honest bundle, each with a name and with what a verifier says of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from blo_audit.bundle.errors import (
    BundleAltered,
    BundleMalformed,
    BundleTooLarge,
    BundleTruncated,
    NotABundle,
)
from blo_audit.bundle.writing import Papers
from blo_audit.errors import AuditError, NothingToAudit, NoTrust
from blo_audit.findings import Code
from blo_schemas.bundle import (
    DISCLOSURE,
    ProvenRecord,
    Scope,
    SignedDisclosure,
)
from blo_schemas.codec import encode
from blo_schemas.event import ENVELOPE, LogRecord
from blo_schemas.hashing import document_id, leaf_hash
from blo_schemas.heads import HEAD
from blo_schemas.ids import ZERO_HASH, CountryId, OfficeId
from blo_schemas.trust import Revocation, RevokedFrom, SignedDocument
from blo_sealing.disclosures import sign_disclosure
from blo_sealing.documents import sign_document
from blo_sealing.heads import sign_head
from blo_sealing.keys import NodeKeys
from blo_sealing.seal import Author
from tests.agents.world import NOW, A, B
from tests.audit.bundling import FIRST, WITNESS, Corpus, frames_of, joined, manifest, write_bundle

C = OfficeId("la-c")
CASE = 1
replace = msgspec.structs.replace


# Selections, changed.

Records = list[ProvenRecord]


def case_with(
    change: Callable[[Corpus, Records], Records] | None = None,
    papers: Callable[[Corpus], Papers] | None = None,
    **fields: Any,
) -> Callable[[Corpus], bytes]:
    """A case's bundle whose records or papers are changed, and whose digest fits."""

    def make(corpus: Corpus) -> bytes:
        records = [corpus.proven(position) for position in (1, 4, 7, 10)]
        whole = {"scope": Scope.CASE, "size": 12, "case": corpus.case(CASE), **fields}
        draft = manifest(**whole)
        given = corpus.papers() if papers is None else papers(corpus)
        return write_bundle(draft, given, records if change is None else change(corpus, records))

    return make


def second(**fields: Any) -> Callable[[Corpus], bytes]:
    """The second record with other fields; a function is given the corpus."""

    def change(corpus: Corpus, records: Records) -> Records:
        found = {
            name: value(corpus) if callable(value) else value for name, value in fields.items()
        }
        return [records[0], replace(records[1], **found), *records[2:]]

    return case_with(change)


def path_of(corpus: Corpus) -> tuple[bytes, ...]:
    return corpus.proven(4).path


def swapped_paths(_: Corpus, records: Records) -> Records:
    one, other = records[0], records[2]
    return [replace(one, path=other.path), records[1], replace(other, path=one.path), records[3]]


def beyond_the_size(_: Corpus, records: Records) -> Records:
    return [*records[:3], replace(records[3], position=14)]


def inner_node(corpus: Corpus) -> bytes:
    """What an inner node is the hash of, offered as a record."""
    leaves = [leaf_hash(record.value) for record in corpus.records]
    return b"\x01" + leaves[4] + leaves[5]


def other_case(corpus: Corpus, records: Records) -> Records:
    return [*records[:2], corpus.proven(5), *records[2:]]


# Papers, changed.


def signed_by(corpus: Corpus, *signers: OfficeId, **changed: Any) -> Papers:
    return corpus.papers(checkpoints=(corpus.checkpoint(None, signers, **changed),))


def without(word: bytes) -> Callable[[Corpus], Papers]:
    """All trust documents but those whose payload holds a word."""

    def make(corpus: Corpus) -> Papers:
        kept = [one for one in corpus.world.documents if word not in one.payload]
        assert len(kept) < len(corpus.world.documents)
        return corpus.papers(documents=tuple(kept))

    return make


def altered_document(corpus: Corpus) -> Papers:
    *others, last = corpus.world.documents
    forged = SignedDocument(last.payload.replace(b"fictional", b"FICTIONAL"), last.signatures)
    assert forged != last
    return corpus.papers(documents=(*others, last, forged))


def revoked(corpus: Corpus) -> Papers:
    certificate = next(
        one
        for one in corpus.world.documents
        if corpus.world.keys[B].signing.public in one.payload and b"certificate" in one.payload
    )
    document = Revocation(
        country=CountryId("la"),
        certificate=document_id(certificate.payload),
        at=FIRST,
        links=(RevokedFrom(link=corpus.link, size=5),),
        reason="fictional",
    )
    signed = sign_document(document, [corpus.world.root_keys["la"]])
    return corpus.papers(documents=(*corpus.world.documents, signed))


def liars_head(corpus: Corpus) -> Papers:
    return corpus.papers(heads=(corpus.head(A), corpus.head(B, tree_root=bytes(range(32)))))


def altered_head(corpus: Corpus) -> Papers:
    head = corpus.head(B)
    return corpus.papers(heads=(corpus.head(A), replace(head, signature=bytes(64))))


def strangers_head(corpus: Corpus) -> Papers:
    told = replace(HEAD.decode(corpus.head(B).head), office=C)
    head = sign_head(told, corpus.world.keys[B].signing)
    return corpus.papers(heads=(corpus.head(A), head))


def nothing_signed(corpus: Corpus) -> Papers:
    return corpus.papers(heads=(), checkpoints=())


# Disclosures, changed.


def disclosing(
    make: Callable[[Corpus], SignedDisclosure], **papers: Any
) -> Callable[[Corpus], bytes]:
    return case_with(papers=lambda corpus: corpus.papers(make(corpus), **papers))


def with_keys(corpus: Corpus, position: int, **fields: Any) -> SignedDisclosure:
    """What a dishonest office signs."""
    event = replace(corpus.keys_of(position), **fields)
    return sign_disclosure(corpus.author(B), B, NOW, (event,))


def altered_disclosure(corpus: Corpus) -> SignedDisclosure:
    honest = corpus.disclosure(A, 4)
    told = DISCLOSURE.decode(honest.disclosure)
    events = (replace(told.events[0], content_key=bytes(32)),)
    return SignedDisclosure(encode(replace(told, events=events)), honest.signature)


def keys_of_another_event(corpus: Corpus) -> SignedDisclosure:
    other = corpus.keys_of(7)
    return with_keys(corpus, 4, content_key=other.content_key, summary_key=other.summary_key)


def another_event(corpus: Corpus) -> SignedDisclosure:
    return with_keys(corpus, 4, event=corpus.keys_of(7).event)


def strangers_disclosure(corpus: Corpus) -> SignedDisclosure:
    keys = NodeKeys.generate(corpus.dice.randbytes)
    author = Author(corpus.link, corpus.tags[A], keys.signing)
    return sign_disclosure(author, A, NOW, (corpus.keys_of(4),))


def witness_disclosure(corpus: Corpus) -> SignedDisclosure:
    corpus.tags[WITNESS] = corpus._tag(WITNESS)
    return sign_disclosure(corpus.author(WITNESS), WITNESS, NOW, (corpus.keys_of(4),))


def disclosure_in_anothers_name(corpus: Corpus) -> SignedDisclosure:
    return sign_disclosure(corpus.author(B), A, NOW, (corpus.keys_of(4),))


def disclosure_of_another_link(corpus: Corpus) -> SignedDisclosure:
    author = replace(corpus.author(A), link="elsewhere")
    return sign_disclosure(author, A, NOW, (corpus.keys_of(4),))


def backdated_disclosure(corpus: Corpus) -> SignedDisclosure:
    return sign_disclosure(corpus.author(A), A, 1, (corpus.keys_of(4),))


# Logs that were dishonest before a bundle was made of them.


def in_the_log(change: Callable[[Corpus], bytes]) -> Callable[[Corpus], bytes]:
    """A record that stands in the log as it is, and is selected with the rest of the case."""

    def make(corpus: Corpus) -> bytes:
        corpus.put(change(corpus))
        records = [corpus.proven(position) for position in (1, 4, 7, 10, 12)]
        draft = manifest(Scope.CASE, 13, case=corpus.case(CASE))
        return write_bundle(draft, corpus.papers(), records)

    return make


def forged_signature(corpus: Corpus) -> bytes:
    return encode(replace(ENVELOPE.decode(corpus.records[4].value), signature=bytes(64)))


def swapped_body(corpus: Corpus) -> bytes:
    other = ENVELOPE.decode(corpus.records[7].value)
    return encode(replace(ENVELOPE.decode(corpus.records[4].value), body_ct=other.body_ct))


def from_another_link(corpus: Corpus) -> bytes:
    other = Corpus.__new__(Corpus)
    other.__dict__.update(corpus.__dict__)
    other.link = type(corpus.link)(OTHER_LINK)
    other.records = list(corpus.records)
    return other.sealed(A, CASE, 0)


OTHER_LINK = "elsewhere"


def second_writer(corpus: Corpus) -> bytes:
    """Another event at the place of one that is selected, by the same key."""
    return corpus.sealed(A, CASE, 2)


def by_a_stranger(corpus: Corpus) -> bytes:
    corpus.tags[B], kept = type(corpus.tags[B])(bytes(8)), corpus.tags[B]
    value = corpus.sealed(B, CASE)
    corpus.tags[B] = kept
    return value


def rubbish(_: Corpus) -> bytes:
    return b"\xc1rubbish"


# Whole links, changed.


def link_with(
    change: Callable[[list[LogRecord]], list[LogRecord]],
) -> Callable[[Corpus], bytes]:
    def make(corpus: Corpus) -> bytes:
        values = change(list(corpus.records))
        records = [LogRecord(at, one.log_time, one.value) for at, one in enumerate(values)]
        return write_bundle(manifest(Scope.LINK, len(records)), corpus.papers(), records)

    return make


def altered(records: list[LogRecord]) -> list[LogRecord]:
    value = bytearray(records[4].value)
    value[-1] ^= 1
    return [*records[:4], replace(records[4], value=bytes(value)), *records[5:]]


# Files, changed.


def frames_with(
    change: Callable[[list[bytes]], list[bytes]], *, whole: bool = False
) -> Callable[[Corpus], bytes]:
    def make(corpus: Corpus) -> bytes:
        data = corpus.link_bundle() if whole else corpus.case_bundle(CASE)
        return joined(change(frames_of(data)))

    return make


def bytes_with(change: Callable[[bytes], bytes]) -> Callable[[Corpus], bytes]:
    return lambda corpus: change(corpus.case_bundle(CASE))


def hostile_name(frames: list[bytes]) -> list[bytes]:
    whole = msgspec.msgpack.decode(frames[0])
    whole[2] = "../../../etc/passwd"
    return [encode(whole), *frames[1:]]


def nested(frames: list[bytes]) -> list[bytes]:
    return [frames[0], b"\x91" * 100_000, *frames[2:]]


def uneven_chunk(frames: list[bytes]) -> list[bytes]:
    return [*frames[:-1], encode(((1, 2, 3), (b"a",)))]


def empty_chunk(frames: list[bytes]) -> list[bytes]:
    return [*frames[:-1], encode(((), ())), frames[-1]]


def long_path(frames: list[bytes]) -> list[bytes]:
    last = msgspec.msgpack.decode(frames[-1])
    return [*frames[:-1], encode([*last[:3], [bytes(32)] * 60])]


def short_hash(frames: list[bytes]) -> list[bytes]:
    last = msgspec.msgpack.decode(frames[-1])
    return [*frames[:-1], encode([*last[:3], [last[3][0][:31], *last[3][1:]]])]


def flipped_in_the_last_path(data: bytes) -> bytes:
    return data[:-40] + bytes([data[-40] ^ 4]) + data[-39:]


def giant_length(data: bytes) -> bytes:
    return data[:16] + b"\xff\xff\xff\xff" + data[20:]


def giant_count(frames: list[bytes]) -> list[bytes]:
    whole = msgspec.msgpack.decode(frames[0])
    whole[10][0] = 2**40
    return [encode(whole), *frames[1:]]


FILE_MUTATIONS: dict[str, tuple[Callable[[Corpus], bytes], type[AuditError]]] = {
    "an empty file": (bytes_with(lambda _: b""), BundleTruncated),
    "a zip archive": (bytes_with(lambda data: b"PK\x03\x04" + data), NotABundle),
    "line ends converted": (bytes_with(lambda data: data.replace(b"\r\n", b"\n", 1)), NotABundle),
    "cut in the manifest": (bytes_with(lambda data: data[:40]), BundleTruncated),
    "cut in a record": (bytes_with(lambda data: data[:-500]), BundleTruncated),
    "cut before the digest": (bytes_with(lambda data: data[:-32]), BundleTruncated),
    "a byte too much": (bytes_with(lambda data: data + b"\0"), BundleMalformed),
    "two bundles in one file": (bytes_with(lambda data: data + data), BundleMalformed),
    "a bit flipped in a proof": (
        bytes_with(flipped_in_the_last_path),
        BundleAltered,
    ),
    "a bit flipped in the digest": (
        bytes_with(lambda data: data[:-1] + bytes([data[-1] ^ 1])),
        BundleAltered,
    ),
    "a length of four gigabytes": (bytes_with(giant_length), BundleTooLarge),
    "a count of a trillion": (frames_with(giant_count), BundleTooLarge),
    "a manifest that names a path": (frames_with(hostile_name), BundleMalformed),
    "arrays nested a hundred thousand deep": (frames_with(nested), BundleMalformed),
    "a document twice": (
        frames_with(lambda frames: [*frames[:3], frames[2], *frames[4:]]),
        BundleMalformed,
    ),
    "documents in another order": (
        frames_with(lambda frames: [frames[0], frames[2], frames[1], *frames[3:]]),
        BundleMalformed,
    ),
    "a record twice": (
        frames_with(lambda frames: [*frames[:-1], frames[-2]]),
        BundleMalformed,
    ),
    "records in another order": (
        frames_with(lambda frames: [*frames[:-2], frames[-1], frames[-2]]),
        BundleMalformed,
    ),
    "a chunk with more times than values": (
        frames_with(uneven_chunk, whole=True),
        BundleMalformed,
    ),
    "a chunk without records": (frames_with(empty_chunk, whole=True), BundleMalformed),
    "a path longer than any tree is high": (frames_with(long_path), BundleMalformed),
    "a path with a short hash": (frames_with(short_hash), BundleMalformed),
    "no pinned root": (case_with(papers=without(b"root")), NoTrust),
    "a party's certificate left out": (
        case_with(papers=without(b"la-b (fictional)")),
        NothingToAudit,
    ),
    "no agreement": (case_with(papers=without(b"agreement")), NothingToAudit),
}

FOUND_MUTATIONS: dict[str, tuple[Callable[[Corpus], bytes], Code]] = {
    # Proofs.
    "a record altered": (
        second(value=lambda c: c.records[4].value[:-1] + b"\0"),
        Code.PROOF_FAILED,
    ),
    "a record replaced": (second(value=lambda c: c.records[5].value), Code.PROOF_FAILED),
    "another position": (second(position=5), Code.PROOF_FAILED),
    "a position beyond the size": (case_with(beyond_the_size), Code.PROOF_FAILED),
    "a proof of a smaller tree": (second(path=lambda c: c.proven(4, 8).path), Code.PROOF_FAILED),
    "an empty proof": (second(path=()), Code.PROOF_FAILED),
    "a proof without its first hash": (second(path=lambda c: path_of(c)[1:]), Code.PROOF_FAILED),
    "a proof without its last hash": (second(path=lambda c: path_of(c)[:-1]), Code.PROOF_FAILED),
    "a proof padded with zeros": (
        second(path=lambda c: (*path_of(c), ZERO_HASH)),
        Code.PROOF_FAILED,
    ),
    "a proof padded at its beginning": (
        second(path=lambda c: (ZERO_HASH, *path_of(c))),
        Code.PROOF_FAILED,
    ),
    "a proof that ends in the root": (
        second(path=lambda c: (*path_of(c), c.root())),
        Code.PROOF_FAILED,
    ),
    "a proof turned around": (
        second(path=lambda c: tuple(reversed(path_of(c)))),
        Code.PROOF_FAILED,
    ),
    "an inner node as a record": (
        second(value=inner_node, path=lambda c: path_of(c)[1:]),
        Code.PROOF_FAILED,
    ),
    "two proofs swapped": (case_with(swapped_paths), Code.PROOF_FAILED),
    "another size of the tree": (case_with(size=13), Code.NOTHING_SIGNED),
    # What the proofs rest on.
    "nothing signed": (case_with(papers=nothing_signed), Code.NOTHING_SIGNED),
    "a checkpoint without the witness": (
        case_with(papers=lambda c: signed_by(c, A, B)),
        Code.CHECKPOINT_REFUSED,
    ),
    "a checkpoint without one party": (
        case_with(papers=lambda c: signed_by(c, WITNESS, A)),
        Code.CHECKPOINT_REFUSED,
    ),
    "a checkpoint of another link": (
        case_with(papers=lambda c: signed_by(c, WITNESS, A, B, origin="blo-exchange/la-vn/other")),
        Code.CHECKPOINT_REFUSED,
    ),
    "a checkpoint of another tree": (
        case_with(papers=lambda c: signed_by(c, WITNESS, A, B, root=bytes(range(32)))),
        Code.HEAD_ROOT_DIFFERS,
    ),
    "a checkpoint altered": (
        case_with(
            papers=lambda c: c.papers(
                checkpoints=(c.checkpoint().replace(b"\n12\n", b"\n13\n", 1),)
            )
        ),
        Code.CHECKPOINT_REFUSED,
    ),
    "a checkpoint that is no text": (
        case_with(papers=lambda c: c.papers(checkpoints=(b"blo-exchange/\xff\x1b[2J",))),
        Code.CHECKPOINT_REFUSED,
    ),
    "a head over another tree": (case_with(papers=liars_head), Code.HEAD_ROOT_DIFFERS),
    "a head with another signature": (case_with(papers=altered_head), Code.HEAD_BAD_SIGNATURE),
    "a head in a stranger's name": (case_with(papers=strangers_head), Code.HEAD_OF_STRANGER),
    # Trust documents.
    "a document altered": (case_with(papers=altered_document), Code.DOCUMENT_REFUSED),
    "a key revoked before the record": (case_with(papers=revoked), Code.KEY_REVOKED),
    # Selections.
    "a record of another case": (case_with(other_case), Code.NOT_OF_SELECTION),
    "another case than the records'": (case_with(case=bytes(32)), Code.NOT_OF_SELECTION),
    "a record outside the period": (
        case_with(scope=Scope.LOG_TIME, case=None, start=FIRST, end=FIRST + 5000),
        Code.NOT_OF_SELECTION,
    ),
    "a log time after the certificate": (second(log_time=2**45), Code.KEY_OUTSIDE_VALIDITY),
    "a log time before the signed time": (
        second(log_time=FIRST - 3_600_000),
        Code.SIGNED_AFTER_LOG_TIME,
    ),
    # Records.
    "a record that nobody signed": (in_the_log(forged_signature), Code.BAD_SIGNATURE),
    "a record with another's body": (in_the_log(swapped_body), Code.PAYLOAD_MISMATCH),
    "a second event at one place": (in_the_log(second_writer), Code.FORK),
    "a record by a stranger": (in_the_log(by_a_stranger), Code.UNKNOWN_KEY),
    "a record from another link": (in_the_log(from_another_link), Code.BAD_SIGNATURE),
    "a record that is none": (in_the_log(rubbish), Code.RECORD_UNREADABLE),
    # Disclosures.
    "a disclosed key altered": (disclosing(altered_disclosure), Code.DISCLOSURE_REFUSED),
    "a disclosure by a stranger": (disclosing(strangers_disclosure), Code.DISCLOSURE_REFUSED),
    "a disclosure by the witness": (disclosing(witness_disclosure), Code.DISCLOSURE_REFUSED),
    "a disclosure in another's name": (
        disclosing(disclosure_in_anothers_name),
        Code.DISCLOSURE_REFUSED,
    ),
    "a disclosure of another link": (
        disclosing(disclosure_of_another_link),
        Code.DISCLOSURE_REFUSED,
    ),
    "a disclosure out of its time": (disclosing(backdated_disclosure), Code.DISCLOSURE_REFUSED),
    "a content key that opens nothing": (
        disclosing(lambda c: with_keys(c, 4, content_key=bytes(32))),
        Code.DISCLOSED_OTHERWISE,
    ),
    "a summary key that opens nothing": (
        disclosing(lambda c: with_keys(c, 4, summary_key=bytes(32))),
        Code.DISCLOSED_OTHERWISE,
    ),
    "the case's key for the event's": (
        disclosing(lambda c: with_keys(c, 4, content_key=c.content_keys[CASE].secret)),
        Code.DISCLOSED_OTHERWISE,
    ),
    "the keys of another event": (disclosing(keys_of_another_event), Code.DISCLOSED_OTHERWISE),
    "keys said to be another event's": (disclosing(another_event), Code.DISCLOSED_OTHERWISE),
    "an event that is not in the bundle": (
        disclosing(lambda c: c.disclosure(A, 5)),
        Code.DISCLOSED_WITHOUT_RECORD,
    ),
    "disclosed by its writer alone": (
        disclosing(lambda c: c.disclosure(A, 4)),
        Code.DISCLOSED_BY_WRITER_ALONE,
    ),
    # Whole links.
    "the link: a record altered": (link_with(altered), Code.CHECKPOINT_DIFFERS),
    "the link: a record altered, as its reader sees it": (
        link_with(altered),
        Code.SEEN_HASH_MISMATCH,
    ),
    "the link: a record dropped": (
        link_with(lambda records: [*records[:4], *records[5:]]),
        Code.GAP,
    ),
    "the link: two records swapped": (
        link_with(lambda records: [*records[:4], records[5], records[4], *records[6:]]),
        Code.CHECKPOINT_DIFFERS,
    ),
    "the link: a record inserted": (
        link_with(lambda records: [*records[:4], LogRecord(0, FIRST, b"\xc1"), *records[4:]]),
        Code.RECORD_UNREADABLE,
    ),
    "the link: its end cut off": (
        link_with(lambda records: records[:9]),
        Code.CHECKPOINT_BEYOND_LOG,
    ),
    "the link: a record sent twice": (
        link_with(lambda records: [*records, records[4]]),
        Code.DUPLICATE,
    ),
}
