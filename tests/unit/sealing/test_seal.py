"""What is sealed opens for whom it should, is bound to its place, and is small."""

from __future__ import annotations

import hmac
import os
from datetime import date
from hashlib import sha256

import msgspec
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from blo_schemas.codec import encode
from blo_schemas.content import Content
from blo_schemas.errors import WireError
from blo_schemas.event import ENVELOPE, Envelope
from blo_schemas.hashes import payload_hash
from blo_schemas.ids import Digest, EventId
from blo_schemas.instants import FIRST_DAY, LAST_DAY, LAST_INSTANT
from blo_schemas.summary import Kind, PauseGround, Step, Summary, Urgency
from blo_sealing.errors import SealingError, TooLargeToSeal, Unopenable, WrongKeyCommitment
from blo_sealing.event_parts import (
    EventPart,
    derive_part_key,
    open_content,
    open_summary,
    open_with_part_key,
)
from blo_sealing.keys import ContentKey, SummaryKey
from blo_sealing.seal_event import ChainPlace, SealedEvent, seal_event, seal_event_without_content
from blo_sealing.signatures import verify_signature
from tests.vectors.material import (
    CASE,
    CONTENT,
    KID,
    KYSON,
    LINK,
    MONTH,
    NOON,
    OTHER_CASE,
    OTHER_LINK,
    OTHER_MONTH,
    SIGNING,
    SUMMARY,
    author,
    fixed,
    flipped,
    opened,
)

PLACE = ChainPlace(7, EventId(fixed("previous")), 20, Digest(fixed("seen")))


def seal(
    *, place: ChainPlace = PLACE, summary: Summary = SUMMARY, content: Content = CONTENT
) -> SealedEvent:
    return seal_event(
        author(KYSON), place, at=NOON, content_key=CASE, summary_key=MONTH, summary=summary,
        content=content, random=os.urandom,
    )  # fmt: skip


counts = st.integers(0, 2**53)
summaries = st.builds(
    Summary,
    v=st.just(1),
    kind=st.sampled_from(Kind),
    step=st.sampled_from(Step),
    urgency=st.sampled_from(Urgency),
    expected_version=counts,
    due=st.none() | st.integers(0, LAST_INSTANT),
    supersedes=st.none() | st.integers(1, 2**53),
    pause_ground=st.none() | st.sampled_from(PauseGround),
)
contents = st.builds(
    Content,
    on=st.dates(FIRST_DAY, LAST_DAY),
    dispatch=st.none(),
    reason=st.none() | st.text(min_size=1, max_size=50),
    body=st.binary(max_size=2000),
    body_version=st.integers(1, 127),
)


@given(
    summaries,
    contents,
    st.builds(ChainPlace, counts, st.just(PLACE.oprev), counts, st.just(PLACE.seen_hash)),
)
def test_what_is_sealed_opens(summary: Summary, content: Content, place: ChainPlace) -> None:
    event = seal(place=place, summary=summary, content=content)
    envelope, header = opened(event.value)
    assert header == event.header
    assert open_summary(LINK, header, envelope, MONTH) == summary
    assert open_content(LINK, header, envelope, CASE) == content


@given(summaries)
def test_an_event_without_content_needs_no_content_key_and_binds_that_there_is_none(
    summary: Summary,
) -> None:
    event = seal_event_without_content(
        author(KYSON), PLACE, at=NOON, case=CASE.id, summary_key=MONTH, summary=summary,
        random=os.urandom,
    )  # fmt: skip
    envelope, header = opened(event.value)
    assert header == event.header
    assert header.case == CASE.id
    assert envelope.body_ct == b""
    assert open_summary(LINK, header, envelope, MONTH) == summary
    with pytest.raises(Unopenable):
        open_content(LINK, header, envelope, CASE)
    assert payload_hash(envelope.summary_ct, b"") == header.payload_hash


def test_all_usual_summaries_have_one_size() -> None:
    plain = seal()
    full = seal(
        summary=Summary(
            1, Kind.WANTED_PERSON, Step.PAUSE, Urgency.IMMEDIATE, 60_000, NOON, 60_000,
            PauseGround.COURT,
        )
    )  # fmt: skip
    assert len(opened(plain.value)[0].summary_ct) == len(opened(full.value)[0].summary_ct) == 48


def test_a_body_of_1_kib_makes_an_envelope_of_at_most_1_35_kib() -> None:
    empty = len(encode(Content(date(2025, 1, 1), None, None, bytes(256), 1))) - 256
    content = Content(date(2025, 1, 1), None, None, os.urandom(1024 - empty), 1)
    assert len(encode(content)) == 1024
    small = seal(place=ChainPlace(65_535, PLACE.oprev, 65_535, PLACE.seen_hash), content=content)
    large = seal(
        place=ChainPlace(2**32 - 1, PLACE.oprev, 2**32 - 1, PLACE.seen_hash), content=content
    )
    assert len(opened(small.value)[0].header) == 215
    assert len(small.value) == 1377
    assert len(large.value) == 1381 <= 1382


def test_what_does_not_fit_in_a_record_is_refused() -> None:
    fits = seal(content=Content(date(2025, 1, 1), None, None, bytes(240_000), 1))
    assert len(fits.value) <= 256 * 1024
    with pytest.raises(TooLargeToSeal, match="262144"):
        seal(content=Content(date(2025, 1, 1), None, None, bytes(262_000), 1))


def test_the_layout_is_the_documented_one_byte_by_byte() -> None:
    """Opens an event with nothing but offsets, hashes and AES-GCM, as docs/wire-format.md says."""
    event = seal()
    value = event.value
    assert value[:3] == b"\x94\xc4" + bytes([len(value[3 : 3 + value[2]])])
    header = value[3 : 3 + value[2]]
    rest = value[3 + len(header) :]
    assert rest[:2] == b"\xc4\x40"
    signature, rest = rest[2:66], rest[66:]
    summary_ct, body_ct = rest[2 : 2 + rest[1]], rest[4 + rest[1] :]
    context = b"blo/event/v1\0" + LINK.encode() + b"\0"
    assert verify_signature(SIGNING[KYSON].public, context + header, signature)
    assert event.id == sha256(context + header).digest()
    assert header[:4] == b"\x9b\x01\xc4\x08"
    assert header[4:12] == KID[KYSON]
    salt = header[-50:-34]
    payload = b"blo/payload/v1\0" + sha256(summary_ct).digest() + sha256(body_ct).digest()
    assert header[-34:] == b"\xc4\x20" + sha256(payload).digest()
    for label, key, sealed, expected in (
        (b"blo/summary/v1", MONTH.secret, summary_ct, encode(SUMMARY)),
        (b"blo/body/v1", CASE.secret, body_ct, encode(CONTENT)),
    ):
        info = label + b"\0" + LINK.encode() + b"\0" + KID[KYSON] + (7).to_bytes(8, "big")
        extracted = hmac.digest(salt, key, "sha256")
        part_key = hmac.digest(extracted, info + b"\x01", "sha256")
        padded = AESGCM(part_key).decrypt(bytes(12), sealed, context + header[:-34])
        assert padded.rstrip(b"\0") == expected


def test_a_wrong_key_is_told_from_altered_bytes() -> None:
    envelope, header = opened(seal().value)
    with pytest.raises(WrongKeyCommitment):
        open_summary(LINK, header, envelope, OTHER_MONTH)
    with pytest.raises(WrongKeyCommitment):
        open_content(LINK, header, envelope, OTHER_CASE)
    with pytest.raises(Unopenable) as refusal:
        open_content(OTHER_LINK, header, envelope, CASE)
    assert refusal.value.part == "content"


@pytest.mark.parametrize("field", ["kid", "oseq", "oprev", "seen_size", "seen_hash", "at", "salt"])
def test_both_parts_are_bound_to_every_header_field(field: str) -> None:
    envelope, header = opened(seal().value)
    old = getattr(header, field)
    new = old + 1 if isinstance(old, int) else flipped(old)
    changed = msgspec.structs.replace(header, **{field: new})
    moved = msgspec.structs.replace(envelope, header=encode(changed))
    with pytest.raises(Unopenable):
        open_summary(LINK, changed, moved, MONTH)
    with pytest.raises(Unopenable):
        open_content(LINK, changed, moved, CASE)


@pytest.mark.parametrize("part", EventPart)
def test_a_derived_key_opens_its_part_of_its_event_only(part: EventPart) -> None:
    event, other = seal(), seal()
    secret = MONTH.secret if part is EventPart.SUMMARY else CASE.secret
    key = derive_part_key(part, LINK, event.header, secret)
    envelope, _ = opened(event.value)
    expected = encode(SUMMARY if part is EventPart.SUMMARY else CONTENT)
    assert open_with_part_key(part, LINK, envelope, key) == expected
    swapped = EventPart.CONTENT if part is EventPart.SUMMARY else EventPart.SUMMARY
    with pytest.raises(Unopenable):
        open_with_part_key(swapped, LINK, envelope, key)
    with pytest.raises(Unopenable):
        open_with_part_key(part, LINK, opened(other.value)[0], key)


@given(st.binary(max_size=300), st.binary(max_size=300), st.binary(max_size=300))
def test_any_bytes_as_parts_give_a_documented_error(
    header_bytes: bytes, summary_ct: bytes, body_ct: bytes
) -> None:
    _, header = opened(seal().value)
    envelope = Envelope(header_bytes, bytes(64), summary_ct, body_ct)
    with pytest.raises((SealingError, WireError)):
        open_summary(LINK, header, envelope, MONTH)
    with pytest.raises((SealingError, WireError)):
        open_content(LINK, header, envelope, CASE)


@given(st.binary(min_size=32, max_size=32))
def test_any_other_key_is_not_the_one_that_is_named(secret: bytes) -> None:
    envelope, header = opened(seal().value)
    with pytest.raises(WrongKeyCommitment):
        open_summary(LINK, header, envelope, SummaryKey(secret))
    with pytest.raises(WrongKeyCommitment):
        open_content(LINK, header, envelope, ContentKey(secret))


def test_the_same_randomness_gives_the_same_bytes_and_other_randomness_does_not() -> None:
    assert seal().value != seal().value
    salts = {opened(seal().value)[1].salt for _ in range(20)}
    assert len(salts) == 20


@given(st.data())
def test_any_change_of_an_envelope_is_another_value_or_a_wire_error(data: st.DataObject) -> None:
    value = seal().value
    changed = flipped(value, data.draw(st.integers(0, len(value) - 1)))
    try:
        envelope = ENVELOPE.decode(changed)
    except WireError:
        return
    assert encode(envelope) == changed
