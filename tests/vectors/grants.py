"""Vectors about grants."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from blo_schemas.codec import encode
from blo_schemas.errors import WireError
from blo_schemas.grants import GRANT, Grant, KeyPurpose
from blo_sealing.errors import SealingError
from blo_sealing.grants import Recipient, grant_info, make_grant, open_grant
from blo_sealing.kem import seal_to
from tests.vectors.material import (
    CASE,
    KEM,
    KID,
    KYSON,
    LINK,
    MONTH,
    NONGHET,
    OTHER_CASE,
    OTHER_LINK,
    STRANGER,
    Json,
    fixed,
    flipped,
    vector,
)

HERE = Path(__file__).parent


def accepted() -> Iterator[Json]:
    """What a reader must take."""
    for name, grant in _grants().items():
        key = CASE if name == "grant_content" else MONTH
        word = "content" if name == "grant_content" else "summary"
        yield _grant(
            name, f"A {word} key for the counterpart.", encode(grant), {"key": key.secret.hex()}
        )


def _grant(name: str, what: str, value: bytes, expect: Json, **changes: Any) -> Json:
    given = {
        "value": value.hex(),
        "recipient": NONGHET,
        "recipient_kid": KID[NONGHET].hex(),
        "kem_private": KEM[NONGHET].private.hex(),
        "link": LINK,
        "purpose": "summary" if name == "grant_summary" else "content",
    }
    return vector(name, what, "grant", given | changes, expect)


def _grants() -> dict[str, Grant]:
    recipient = Recipient(NONGHET, KID[NONGHET], KEM[NONGHET].public)

    def opens(key: Any) -> Callable[[Grant], bool]:
        return lambda grant: open_grant(grant, LINK, NONGHET, KID[NONGHET], KEM[NONGHET]) == key

    return {
        "grant_content": _kept(
            "accept/grant_content", lambda: make_grant(CASE, LINK, KYSON, recipient), opens(CASE)
        ),
        "grant_summary": _kept(
            "accept/grant_summary", lambda: make_grant(MONTH, LINK, KYSON, recipient), opens(MONTH)
        ),
    }


def _kept(name: str, make: Callable[[], Grant], is_good: Callable[[Grant], bool]) -> Grant:
    """The grant of the file, if it is still good: HPKE's randomness can't be fixed."""
    path = HERE / f"{name}.json"
    if path.exists():
        try:
            grant = GRANT.decode(bytes.fromhex(json.loads(path.read_text())["given"]["value"]))
            if is_good(grant):
                return grant
        except (WireError, SealingError):
            pass
    return make()


def rejected() -> Iterator[Json]:
    """One vector per defect."""
    good = _grants()["grant_content"]

    def changed(**changes: Any) -> bytes:
        return encode(msgspec.structs.replace(good, **changes))

    def bad(name: str, what: str, value: bytes, error: str, **given: Any) -> Json:
        return _grant(name, what, value, {"error": error}, **given)

    value = encode(good)
    yield bad(
        "grant_for_someone_else",
        "Sealed to the counterpart, read by a third office.",
        value,
        "grant_not_for_you",
        recipient=STRANGER,
        recipient_kid=KID[STRANGER].hex(),
        kem_private=KEM[STRANGER].private.hex(),
    )
    yield bad(
        "grant_for_another_certificate",
        "Sealed to an earlier certificate of the reader.",
        value,
        "grant_not_for_you",
        recipient_kid=fixed("newer", 8).hex(),
    )
    yield bad(
        "grant_readdressed",
        "A third office wrote itself in as the recipient.",
        changed(recipient=STRANGER, recipient_kid=KID[STRANGER]),
        "unopenable",
        recipient=STRANGER,
        recipient_kid=KID[STRANGER].hex(),
        kem_private=KEM[STRANGER].private.hex(),
    )
    yield bad(
        "grant_for_another_link",
        "The reader looks for another link's key.",
        value,
        "grant_not_as_asked",
        link=OTHER_LINK,
    )
    yield bad(
        "grant_relinked",
        "The link was changed after sealing.",
        changed(link=OTHER_LINK),
        "unopenable",
        link=OTHER_LINK,
    )
    yield bad(
        "grant_for_another_purpose",
        "A content key where a summary key is looked for.",
        value,
        "grant_not_as_asked",
        purpose="summary",
    )
    yield bad(
        "grant_repurposed",
        "The purpose was changed after sealing.",
        changed(purpose=KeyPurpose.SUMMARY),
        "unopenable",
        purpose="summary",
    )
    yield bad(
        "grant_other_sender",
        "The sender was changed after sealing.",
        changed(sender=STRANGER),
        "unopenable",
    )
    yield bad(
        "grant_tampered",
        "One bit of the sealed key is changed.",
        changed(sealed=flipped(good.sealed)),
        "unopenable",
    )
    yield bad("grant_empty", "Nothing is sealed.", changed(sealed=b""), "unopenable")
    yield bad(
        "grant_wrong_key_commitment",
        "Another key than the one that it names.",
        encode(_lying_grant(good)),
        "wrong_key_commitment",
    )
    yield bad("grant_truncated", "The last byte is missing.", value[:-1], "truncated")
    yield bad("grant_trailing_bytes", "A byte too many.", value + b"\0", "trailing_bytes")
    yield bad("grant_unknown_version", "Version 2.", changed(v=2), "unknown_version")
    yield bad(
        "grant_unknown_purpose", "Purpose 3 does not exist.", changed(purpose=3), "wrong_type"
    )


def _lying_grant(good: Grant) -> Grant:
    def make() -> Grant:
        sealed = seal_to(KEM[NONGHET].public, OTHER_CASE.secret, grant_info(good))
        return msgspec.structs.replace(good, sealed=sealed)

    def is_good(grant: Grant) -> bool:
        return KEM[NONGHET].unseal(grant.sealed, grant_info(good)) == OTHER_CASE.secret

    return _kept("reject/grant_wrong_key_commitment", make, is_good)
