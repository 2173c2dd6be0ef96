"""Hands that change an honest bundle: its selection, papers, disclosures, log and file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from blo_audit.bundle.writer import BundleParts
from blo_schemas.bundle import (
    DISCLOSURE,
    ProvenRecord,
    Scope,
    SignedDisclosure,
)
from blo_schemas.codec import encode
from blo_schemas.event import ENVELOPE, LogRecord
from blo_schemas.hashes import document_id, leaf_hash
from blo_schemas.heads import HEAD
from blo_schemas.ids import CountryId, OfficeId
from blo_schemas.trust import Revocation, RevokedFrom, SignedDocument
from blo_sealing.keys import NodeKeys
from blo_sealing.seal_event import Author
from blo_sealing.statements import sign_disclosure, sign_document, sign_head
from tests.agents.world import NOW, A, B
from tests.audit.bundling import FIRST, WITNESS, Corpus, frames_of, joined, manifest, write_bundle

C = OfficeId("la-c")
CASE = 1
replace = msgspec.structs.replace


# Selections, changed.

Records = list[ProvenRecord]


def case_with(
    change: Callable[[Corpus, Records], Records] | None = None,
    papers: Callable[[Corpus], BundleParts] | None = None,
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


def signed_by(corpus: Corpus, *signers: OfficeId, **changed: Any) -> BundleParts:
    return corpus.papers(checkpoints=(corpus.checkpoint(None, signers, **changed),))


def without(word: bytes) -> Callable[[Corpus], BundleParts]:
    """All trust documents but those whose payload holds a word."""

    def make(corpus: Corpus) -> BundleParts:
        kept = [one for one in corpus.world.documents if word not in one.payload]
        assert len(kept) < len(corpus.world.documents)
        return corpus.papers(documents=tuple(kept))

    return make


def altered_document(corpus: Corpus) -> BundleParts:
    *others, last = corpus.world.documents
    forged = SignedDocument(last.payload.replace(b"fictional", b"FICTIONAL"), last.signatures)
    assert forged != last
    return corpus.papers(documents=(*others, last, forged))


def revoked(corpus: Corpus) -> BundleParts:
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


def liars_head(corpus: Corpus) -> BundleParts:
    return corpus.papers(heads=(corpus.head(A), corpus.head(B, tree_root=bytes(range(32)))))


def altered_head(corpus: Corpus) -> BundleParts:
    head = corpus.head(B)
    return corpus.papers(heads=(corpus.head(A), replace(head, signature=bytes(64))))


def strangers_head(corpus: Corpus) -> BundleParts:
    told = replace(HEAD.decode(corpus.head(B).head), office=C)
    head = sign_head(told, corpus.world.keys[B].signing)
    return corpus.papers(heads=(corpus.head(A), head))


def nothing_signed(corpus: Corpus) -> BundleParts:
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
