"""The grants of a case in one value: each reader opens its own entry, whatever stands beside it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blo_schemas.codec import encode
from blo_schemas.errors import WireError
from blo_schemas.grants import CASE_GRANT, MAX_RECIPIENTS, CaseGrant, CaseGrantEntry, Grant
from blo_schemas.ids import CertificateTag, OfficeId
from blo_sealing.errors import SealingError, Unopenable, WrongKeyCommitment
from blo_sealing.grants import Recipient, grant_info, make_case_grant, open_grant
from blo_sealing.kem import seal_to
from blo_sealing.keys import ContentKey
from tests.vectors.material import (
    CASE,
    KEM,
    KID,
    KYSON,
    LINK,
    NONGHET,
    OTHER_CASE,
    OTHER_LINK,
    STRANGER,
    flipped,
)

READERS = [Recipient(office, KID[office], KEM[office].public) for office in (NONGHET, KYSON)]
OWN = {KID[KYSON]: KEM[KYSON]}


def made() -> CaseGrant:
    granted = make_case_grant(CASE, LINK, KYSON, READERS, OWN)
    assert granted.grant is not None
    assert granted.missing == ()
    return CASE_GRANT.decode(encode(granted.grant))


GRANTED = made()


def opened(grant: CaseGrant, office: OfficeId) -> ContentKey:
    own = grant.grant_to(office)
    assert own is not None
    key = open_grant(own, grant.link, office, KID[office], KEM[office])
    assert isinstance(key, ContentKey)
    return key


def with_entry(office: OfficeId, **changes: Any) -> CaseGrant:
    """The same with one reader's entry changed."""
    entries = [
        msgspec.structs.replace(entry, **changes) if entry.recipient == office else entry
        for entry in GRANTED.entries
    ]
    return msgspec.structs.replace(GRANTED, entries=tuple(entries))


def test_every_reader_gets_the_key_and_the_sender_s_own_copy_is_short() -> None:
    assert [entry.recipient for entry in GRANTED.entries] == sorted([KYSON, NONGHET])
    for office in (KYSON, NONGHET):
        assert opened(GRANTED, office) == CASE
    sizes = {entry.recipient: len(entry.sealed) for entry in GRANTED.entries}
    assert sizes == {KYSON: 48, NONGHET: 1168}
    assert len(encode(GRANTED)) < 1500
    assert CASE.secret not in encode(GRANTED)


def test_a_sender_whose_certificate_is_another_store_s_gets_its_copy_as_others_do() -> None:
    granted = make_case_grant(CASE, LINK, KYSON, READERS, {}).grant
    assert granted is not None
    assert {len(entry.sealed) for entry in granted.entries} == {1168}
    assert opened(granted, KYSON) == CASE


def test_nobody_else_has_an_entry_or_opens_one() -> None:
    assert GRANTED.grant_to(STRANGER) is None
    for office in (KYSON, NONGHET):
        own = GRANTED.grant_to(office)
        assert own is not None
        with pytest.raises(Unopenable):
            open_grant(own, LINK, office, KID[office], KEM[STRANGER])


@pytest.mark.parametrize("office", [KYSON, NONGHET])
@pytest.mark.parametrize(
    "changes",
    [{"link": OTHER_LINK}, {"key": OTHER_CASE.id}, {"sender": STRANGER}],
    ids=["link", "key", "sender"],
)
def test_what_is_said_for_all_is_bound_to_each(office: OfficeId, changes: dict[str, Any]) -> None:
    changed = msgspec.structs.replace(GRANTED, **changes)
    with pytest.raises(Unopenable):
        opened(changed, office)


@pytest.mark.parametrize("bad", [KYSON, NONGHET])
def test_a_bad_entry_denies_nobody_else(bad: OfficeId) -> None:
    good = NONGHET if bad == KYSON else KYSON
    whole = next(entry.sealed for entry in GRANTED.entries if entry.recipient == bad)
    other = next(entry.sealed for entry in GRANTED.entries if entry.recipient == good)
    for sealed in (b"", b"rubbish", bytes(1280), flipped(whole), other):
        changed = CASE_GRANT.decode(encode(with_entry(bad, sealed=sealed)))
        assert opened(changed, good) == CASE
        with pytest.raises(SealingError):
            opened(changed, bad)
    assert opened(with_entry(bad, recipient_kid=bytes(8)), good) == CASE


def test_an_entry_with_another_key_than_the_grant_names_is_refused() -> None:
    own = GRANTED.grant_to(NONGHET)
    assert own is not None
    sealed = seal_to(KEM[NONGHET].public, OTHER_CASE.secret, grant_info(own))
    lie = with_entry(NONGHET, sealed=sealed)
    with pytest.raises(WrongKeyCommitment):
        opened(lie, NONGHET)
    assert opened(lie, KYSON) == CASE
    wrapped = with_entry(KYSON, sealed=KEM[KYSON].wrap(OTHER_CASE.secret, _info(KYSON)))
    with pytest.raises(WrongKeyCommitment):
        opened(wrapped, KYSON)


def _info(office: OfficeId) -> bytes:
    own = GRANTED.grant_to(office)
    assert isinstance(own, Grant)
    return grant_info(own)


def test_a_recipient_that_nothing_can_be_sealed_to_is_left_out_and_named() -> None:
    junk = Recipient(STRANGER, KID[STRANGER], bytes(10))
    granted = make_case_grant(CASE, LINK, KYSON, [*READERS, junk], OWN)
    assert granted.missing == (junk,)
    assert granted.grant is not None
    assert granted.grant.grant_to(STRANGER) is None
    assert opened(granted.grant, NONGHET) == CASE
    assert make_case_grant(CASE, LINK, KYSON, [junk], OWN).grant is None


def _entries(count: int) -> tuple[CaseGrantEntry, ...]:
    return tuple(
        CaseGrantEntry(OfficeId(f"vn-o{number:04}"), CertificateTag(bytes(8)), bytes(1168))
        for number in range(count)
    )


def test_more_recipients_than_a_link_can_have_are_not_read() -> None:
    largest = msgspec.structs.replace(GRANTED, entries=_entries(MAX_RECIPIENTS))
    assert CASE_GRANT.decode(CASE_GRANT.encode(largest)) == largest
    for count in (0, MAX_RECIPIENTS + 1, 1000):
        with pytest.raises(WireError):
            CASE_GRANT.decode(encode(msgspec.structs.replace(GRANTED, entries=_entries(count))))


def test_recipients_ascend_and_stand_there_once() -> None:
    first, second = GRANTED.entries
    for entries in ((second, first), (first, first), (first, second, second)):
        with pytest.raises(WireError):
            CASE_GRANT.decode(encode(msgspec.structs.replace(GRANTED, entries=entries)))


def test_an_entry_larger_than_a_sealed_key_is_not_read() -> None:
    with pytest.raises(WireError):
        CASE_GRANT.decode(encode(with_entry(NONGHET, sealed=bytes(1281))))


@given(st.integers(0, 8 * len(encode(GRANTED)) - 1))
def test_any_changed_bit_gives_a_documented_error_or_concerns_another_reader(bit: int) -> None:
    value = bytearray(encode(GRANTED))
    value[bit // 8] ^= 1 << bit % 8
    results = []
    for office in (KYSON, NONGHET):
        try:
            grant = CASE_GRANT.decode(bytes(value))
            own = grant.grant_to(office)
            if own is not None:
                results.append(open_grant(own, LINK, office, KID[office], KEM[office]))
        except (WireError, SealingError):
            continue
    assert len(results) <= 1
    assert all(key == CASE for key in results)
