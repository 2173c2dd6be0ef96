"""A grant opens for its recipient only, as what it says, and gives the key that it names."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blo_schemas.codec import encode
from blo_schemas.errors import WireError
from blo_schemas.grants import GRANT, Grant
from blo_schemas.ids import CertificateTag
from blo_sealing.errors import GrantNotForYou, SealingError, Unopenable, UnusableKey, WrongGrant
from blo_sealing.grants import (
    Recipient,
    make_grant,
    open_grant,
    open_summary_grant,
)
from blo_sealing.keys import ContentKey, SummaryKey
from tests.vectors.material import (
    CASE,
    KEM,
    KID,
    KYSON,
    LINK,
    MONTH,
    NONGHET,
    OTHER_LINK,
    STRANGER,
    flipped,
)

RECIPIENT = Recipient(NONGHET, KID[NONGHET], KEM[NONGHET].public)
CONTENT_GRANT = make_grant(CASE, LINK, KYSON, RECIPIENT)
AS_RECIPIENT = (LINK, NONGHET, KID[NONGHET], KEM[NONGHET])


@pytest.mark.parametrize("key", [CASE, MONTH])
def test_the_recipient_gets_the_key_with_its_type(key: ContentKey | SummaryKey) -> None:
    grant = GRANT.decode(encode(make_grant(key, LINK, KYSON, RECIPIENT)))
    assert open_grant(grant, *AS_RECIPIENT) == key


def test_a_reader_of_summaries_gets_no_key_of_another_purpose() -> None:
    summary_grant = make_grant(MONTH, LINK, KYSON, RECIPIENT)
    assert open_summary_grant(summary_grant, *AS_RECIPIENT) == MONTH
    with pytest.raises(WrongGrant):
        open_summary_grant(CONTENT_GRANT, *AS_RECIPIENT)


def test_nobody_else_opens_it() -> None:
    with pytest.raises(GrantNotForYou, match=f"for {NONGHET} .* not for {STRANGER}"):
        open_grant(CONTENT_GRANT, LINK, STRANGER, KID[STRANGER], KEM[STRANGER])
    with pytest.raises(Unopenable):
        open_grant(CONTENT_GRANT, LINK, NONGHET, KID[NONGHET], KEM[STRANGER])


@pytest.mark.parametrize(
    "changes",
    [
        {"purpose": 2},
        {"link": OTHER_LINK},
        {"key": MONTH.id},
        {"recipient": STRANGER},
        {"recipient_kid": KID[STRANGER]},
        {"sender": STRANGER},
        {"sealed": flipped(CONTENT_GRANT.sealed)},
        {"sealed": flipped(CONTENT_GRANT.sealed, 0)},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_nothing_of_it_can_be_changed(changes: dict[str, Any]) -> None:
    grant = GRANT.decode(encode(msgspec.structs.replace(CONTENT_GRANT, **changes)))
    with pytest.raises(Unopenable):
        open_grant(
            grant, grant.link, grant.recipient, CertificateTag(grant.recipient_kid), KEM[NONGHET]
        )


def test_a_recipient_without_a_usable_key_is_refused() -> None:
    with pytest.raises(UnusableKey):
        make_grant(CASE, LINK, KYSON, Recipient(NONGHET, KID[NONGHET], bytes(10)))


@given(st.binary(max_size=1400))
def test_any_sealed_bytes_are_unopenable(sealed: bytes) -> None:
    with pytest.raises(Unopenable):
        open_grant(msgspec.structs.replace(CONTENT_GRANT, sealed=sealed), *AS_RECIPIENT)


@given(st.integers(0, 8 * len(encode(CONTENT_GRANT)) - 1))
def test_any_changed_bit_gives_a_documented_error(bit: int) -> None:
    value = bytearray(encode(CONTENT_GRANT))
    value[bit // 8] ^= 1 << bit % 8
    with pytest.raises((WireError, SealingError)):
        open_grant(GRANT.decode(bytes(value)), *AS_RECIPIENT)


def test_a_grant_does_not_show_the_key() -> None:
    grant: Grant = CONTENT_GRANT
    assert CASE.secret not in encode(grant)
