"""Vectors about records: writers, signatures, chains, and the summary."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from blo_schemas.codec import encode
from blo_schemas.hashes import event_context, payload_hash
from blo_schemas.ids import EventId
from blo_schemas.summary import Step
from blo_sealing.event_parts import PAYLOAD_FIELD_SIZE, EventPart, derive_part_key, seal_part
from blo_sealing.padding import pad_summary
from blo_sealing.seal_event import seal_event_without_content
from tests.vectors import record_bytes
from tests.vectors.material import (
    CASE,
    KYSON,
    LINK,
    MONTH,
    NEXT_YEAR,
    NONGHET,
    NOON,
    OTHER_CASE,
    OTHER_LINK,
    STRANGER,
    SUMMARY,
    Json,
    Log,
    author,
    fixed,
    fixed_random,
    flipped,
    opened,
    record_vector,
    reject,
    rejected_record,
    row,
    table,
    with_envelope,
    with_header,
    with_header_bytes,
)

ED25519_ORDER = 2**252 + 27742317777372353535851937790883648493


def accepted() -> Iterator[Json]:
    """What a reader must take."""
    log = Log()
    log.write(KYSON)
    yield _accepted("one_event", "The first event of a link.", log)
    for office in (NONGHET, KYSON, KYSON, NONGHET):
        log.write(office)
    yield _accepted("five_events_of_two_offices", "Each office reads all before it writes.", log)

    log = Log()
    crossing = log.seal(NONGHET)
    log.write(KYSON)
    log.append(crossing.value)
    yield _accepted("crossing_events", "The second writer had not seen the first event.", log)

    log = Log(table(row(KYSON, revoked_from=2), row(NONGHET)))
    log.write(KYSON)
    log.write(KYSON)
    yield _accepted("before_the_revocation", "Events below the revoked size stay valid.", log)

    log = Log()
    log.append(with_header(log.seal(KYSON).value, seen_size=7))
    log.write(KYSON)
    yield record_vector(
        "after_a_seen_fault",
        "An authentic event that is rejected for what it had seen still takes its place in the "
        "chain.",
        log,
        "accepted",
        expect={"verdicts": ["seen_beyond_log", "accepted"]} | _state(log),
    )

    log = Log()
    first = log.seal(KYSON)
    log.append(flipped(first.value))
    log.append(with_header(first.value, at=NOON + 1))
    yield record_vector(
        "after_a_payload_fault",
        "A record rejected before its signature takes no place in the chain.",
        log,
        "accepted",
        expect={"verdicts": ["payload_mismatch", "accepted"]} | _state(log),
    )

    log = Log()
    log.write(KYSON)
    yield record_vector(
        "summary_opens",
        "The summary of an event opens with the key that its header names.",
        log,
        "accepted",
        given={"summary_keys": [MONTH.secret.hex()]},
    )

    log = Log()
    log.write(KYSON)
    bare = seal_event_without_content(
        author(NONGHET, LINK),
        log.place(NONGHET),
        at=NOON + 60_000,
        case=CASE.id,
        summary_key=MONTH,
        summary=msgspec.structs.replace(
            SUMMARY, step=Step.CONFIRM_SHREDDING, expected_version=SUMMARY.expected_version + 1
        ),
        random=fixed_random("salt without content"),
    )
    assert log.append(bare.value) == "accepted"
    yield record_vector(
        "event_without_content",
        "A step without content has an empty second part, which the payload hash binds.",
        log,
        "accepted",
        given={"summary_keys": [MONTH.secret.hex()]},
        expect=_state(log),
    )


def rejected() -> Iterator[Json]:
    """One vector per defect."""
    yield from record_bytes.rejected()
    yield from _writers()
    yield from _signatures()
    yield from _payloads()
    yield from _chains()
    yield from _summaries()


def _writers() -> Iterator[Json]:
    def under(name: str, what: str, trust: Json, verdict: str, *, before: int = 0) -> Json:
        log = Log(trust)
        for _ in range(before):
            log.write(KYSON)
        return rejected_record(name, what, log, log.seal(KYSON).value, verdict)

    other = row(NONGHET)
    yield under(
        "no_agreement_yet", "The agreement begins later.", table(since=NEXT_YEAR), "no_agreement"
    )
    yield under("no_agreement_any_more", "The agreement ended.", table(until=NOON), "no_agreement")
    yield under("unknown_key", "No certificate has this tag.", table(other), "unknown_key")
    yield under(
        "not_a_party",
        "The certificate is good, but its office is not of this link.",
        table(row(KYSON, party=False), other),
        "not_a_party",
    )
    yield under(
        "key_not_yet_valid",
        "The certificate's validity begins one millisecond later.",
        table(row(KYSON, not_before=NOON + 1), other),
        "key_not_yet_valid",
    )
    yield under(
        "key_expired",
        "The log time is the first instant after the certificate's validity.",
        table(row(KYSON, not_after=NOON), other),
        "key_expired",
    )
    yield under(
        "key_revoked",
        "The certificate counts only below log size 2.",
        table(row(KYSON, revoked_from=2), other),
        "key_revoked",
        before=2,
    )


def _signatures() -> Iterator[Json]:
    good = Log().seal(KYSON).value
    envelope, header = opened(good)
    yield reject(
        "bad_signature",
        "One bit of the signature is changed.",
        with_envelope(good, signature=flipped(envelope.signature, 40)),
        "bad_signature",
    )
    yield reject(
        "bad_signature_other_key",
        "Signed by the counterpart, under this office's tag.",
        with_header_bytes(good, envelope.header, NONGHET),
        "bad_signature",
    )
    changed = encode(msgspec.structs.replace(header, at=header.at + 1))
    yield reject(
        "bad_signature_changed_header",
        "A header field was changed after signing.",
        with_envelope(good, header=changed),
        "bad_signature",
    )
    s = int.from_bytes(envelope.signature[32:], "little") + ED25519_ORDER
    malleable = envelope.signature[:32] + s.to_bytes(32, "little")
    yield reject(
        "bad_signature_not_reduced",
        "S is larger than the group's order (RFC 8032 §5.1.7).",
        with_envelope(good, signature=malleable),
        "bad_signature",
    )
    identity = b"\x01" + bytes(31)
    yield rejected_record(
        "bad_signature_small_order",
        "The writer's key is the neutral element, under which R = S = 0 'signs' everything.",
        Log(table(row(KYSON, signing_key=identity.hex()))),
        with_envelope(good, signature=identity + bytes(32)),
        "bad_signature",
    )
    yield reject(
        "wrong_link",
        "An event that the office wrote for its other link.",
        Log(link=OTHER_LINK).seal(KYSON).value,
        "wrong_link",
    )
    stranger = with_header_bytes(good, envelope.header, STRANGER)
    yield rejected_record(
        "bad_signature_foreign_key",
        "Signed by a key that a certificate of another office names.",
        Log(table(row(KYSON), row(NONGHET), row(STRANGER, party=False))),
        stranger,
        "bad_signature",
    )


def _payloads() -> Iterator[Json]:
    good = Log().seal(KYSON).value
    other = Log().seal(KYSON, content_key=OTHER_CASE).value
    envelope, _ = opened(good)
    cases: dict[str, tuple[str, dict[str, bytes]]] = {
        "tampered_summary": (
            "One bit of the sealed summary is changed.",
            {"summary_ct": flipped(envelope.summary_ct)},
        ),
        "tampered_body": (
            "One bit of the sealed body is changed.",
            {"body_ct": flipped(envelope.body_ct)},
        ),
        "swapped_bodies": (
            "The sealed body of another event of the same writer.",
            {"body_ct": opened(other)[0].body_ct},
        ),
        "swapped_parts": (
            "Summary and body have changed places.",
            {"summary_ct": envelope.body_ct, "body_ct": envelope.summary_ct},
        ),
        "missing_body": ("The sealed body is empty.", {"body_ct": b""}),
    }
    for name, (what, parts) in cases.items():
        yield reject(name, what, with_envelope(good, **parts), "payload_mismatch")


def _chains() -> Iterator[Json]:
    def after_two(
        name: str, what: str, verdict: str, value: Callable[[Log, list[bytes]], bytes]
    ) -> Json:
        log = Log()
        written = [log.write(KYSON).value, log.write(KYSON).value]
        return rejected_record(name, what, log, value(log, written), verdict)

    def placed(**changes: Any) -> Callable[[Log, list[bytes]], bytes]:
        return lambda log, _: log.seal(KYSON, log.place(KYSON, **changes)).value

    other = EventId(fixed("no event"))
    yield after_two("gap", "Number 3 follows number 1.", "gap", placed(oseq=3))
    yield after_two("fork", "Another event with number 1.", "fork", placed(oseq=1))
    yield after_two(
        "fork_other_previous",
        "The right number after an event that is not there.",
        "fork",
        placed(oprev=other),
    )
    yield rejected_record(
        "fork_first_with_previous",
        "The first event names one before it.",
        Log(),
        Log().seal(KYSON, Log().place(KYSON, oprev=other)).value,
        "fork",
    )
    yield after_two(
        "replayed_last", "The same event again.", "duplicate", lambda _, written: written[1]
    )
    yield after_two(
        "replayed_earlier",
        "An earlier event again: a duplicate, not a fork.",
        "duplicate",
        lambda _, written: written[0],
    )
    yield after_two(
        "replayed_other_signature",
        "The same header with another signature is the same event.",
        "duplicate",
        lambda _, written: with_envelope(written[1], signature=bytes(64)),
    )
    yield after_two(
        "seen_beyond_log",
        "The writer claims to have read more records than lie before its own.",
        "seen_beyond_log",
        placed(seen_size=3),
    )
    yield after_two(
        "seen_goes_back",
        "The writer had read more when it wrote its event before.",
        "seen_goes_back",
        lambda log, _: (
            log.seal(KYSON, log.place(KYSON, seen_size=0, seen_hash=log.chain.hash_at(0))).value
        ),
    )
    yield after_two(
        "seen_hash_mismatch",
        "The writer was shown another log.",
        "seen_hash_mismatch",
        placed(seen_hash=fixed("another log")),
    )
    yield after_two(
        "seen_hash_of_other_size",
        "The hash is this log's, but at another size.",
        "seen_hash_mismatch",
        lambda log, _: log.seal(KYSON, log.place(KYSON, seen_hash=log.chain.hash_at(1))).value,
    )


def _summaries() -> Iterator[Json]:
    def sealed(padded: bytes, *, tamper: bool = False) -> bytes:
        good = Log().seal(KYSON).value
        envelope, header = opened(good)
        bound = event_context(LINK) + envelope.header[:-PAYLOAD_FIELD_SIZE]
        summary = seal_part(
            derive_part_key(EventPart.SUMMARY, LINK, header, MONTH.secret), padded, bound
        )
        summary = flipped(summary) if tamper else summary
        digest = payload_hash(summary, envelope.body_ct)
        value = with_header(good, payload_hash=digest)
        return with_envelope(value, summary_ct=summary)

    plain = encode(SUMMARY)
    unknown = encode([2, *msgspec.structs.astuple(SUMMARY)[1:]])
    cases: dict[str, tuple[str, bytes, str]] = {
        "summary_unopenable": (
            "The writer itself signed a summary that does not open.",
            sealed(pad_summary(plain), tamper=True),
            "summary_unopenable",
        ),
        "summary_unpadded": (
            "The summary is not padded to a multiple of 32 bytes.",
            sealed(plain),
            "summary_malformed",
        ),
        "summary_padded_twice": (
            "The summary is padded to 64 bytes where 32 are enough.",
            sealed(plain.ljust(64, b"\0")),
            "summary_malformed",
        ),
        "summary_empty": ("Nothing but padding.", sealed(bytes(32)), "summary_malformed"),
        "summary_unknown_kind": (
            "Kind 99 does not exist.",
            sealed(pad_summary(encode([1, 99, 1, 1, 0, None, None, None]))),
            "summary_malformed",
        ),
        "summary_left_out_fields": (
            "The last three fields are left out instead of nil.",
            sealed(pad_summary(encode([1, 6, 1, 1, 0]))),
            "summary_malformed",
        ),
        "summary_unknown_version": (
            "Summary version 2.",
            sealed(pad_summary(unknown)),
            "summary_unknown_version",
        ),
    }
    for name, (what, value, verdict) in cases.items():
        log = Log()
        assert log.append(value) == "accepted"
        yield record_vector(name, what, log, verdict, given={"summary_keys": [MONTH.secret.hex()]})


def _accepted(name: str, what: str, log: Log) -> Json:
    return record_vector(name, what, log, "accepted", expect=_state(log))


def _state(log: Log) -> Json:
    return {
        "ids": sorted(event.hex() for event in log.chained),
        "log_hash": log.chain.log_hash.hex(),
        "tree_root": log.chain.tree_root().hex(),
    }
