"""Ways to change an honest bundle, each with a name and with what a verifier says of it."""

from __future__ import annotations

from collections.abc import Callable

from blo_audit.bundle.errors import (
    BundleAltered,
    BundleMalformed,
    BundleTooLarge,
    BundleTruncated,
    NotABundle,
)
from blo_audit.errors import AuditError, NothingToAudit, NoTrust
from blo_audit.findings.codes import Code
from blo_schemas.bundle import (
    Scope,
)
from blo_schemas.event import LogRecord
from blo_schemas.ids import ZERO_HASH
from tests.agents.world import A, B
from tests.audit.bundle_spoiling import (
    CASE,
    altered,
    altered_disclosure,
    altered_document,
    altered_head,
    another_event,
    backdated_disclosure,
    beyond_the_size,
    by_a_stranger,
    bytes_with,
    case_with,
    disclosing,
    disclosure_in_anothers_name,
    disclosure_of_another_link,
    empty_chunk,
    flipped_in_the_last_path,
    forged_signature,
    frames_with,
    from_another_link,
    giant_count,
    giant_length,
    hostile_name,
    in_the_log,
    inner_node,
    keys_of_another_event,
    liars_head,
    link_with,
    long_path,
    nested,
    nothing_signed,
    other_case,
    path_of,
    revoked,
    rubbish,
    second,
    second_writer,
    short_hash,
    signed_by,
    strangers_disclosure,
    strangers_head,
    swapped_body,
    swapped_paths,
    uneven_chunk,
    with_keys,
    without,
    witness_disclosure,
)
from tests.audit.bundling import FIRST, WITNESS, Corpus

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
