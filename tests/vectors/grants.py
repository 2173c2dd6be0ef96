"""Vectors about grants."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from blo_schemas.codec import encode
from blo_schemas.errors import WireError
from blo_schemas.grants import CASE_GRANT, GRANT, CaseGrant, CaseGrantEntry, Grant, KeyPurpose
from blo_schemas.ids import OfficeId
from blo_sealing.errors import SealingError
from blo_sealing.grants import Recipient, grant_info, make_case_grant, make_grant, open_grant
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
    yield from _accepted_case_grants()


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


def _case_grant(name: str, what: str, value: bytes, expect: Json, **changes: Any) -> Json:
    made = _grant(name, what, value, expect, **changes)
    made["kind"] = "case_grant"
    del made["given"]["purpose"]
    return made


def _granted() -> CaseGrant:
    """The grants of a case to both offices, as its file has them if they are still good."""
    path = HERE / "accept/case_grant.json"
    readers = [Recipient(office, KID[office], KEM[office].public) for office in (KYSON, NONGHET)]
    if path.exists():
        try:
            value = bytes.fromhex(json.loads(path.read_text())["given"]["value"])
            grant = CASE_GRANT.decode(value)
            if _opens_for_both(grant):
                return grant
        except (WireError, SealingError):
            pass
    made = make_case_grant(CASE, LINK, KYSON, readers, {KID[KYSON]: KEM[KYSON]}).grant
    assert made is not None
    return made


def _opens_for_both(grant: CaseGrant) -> bool:
    for office in (KYSON, NONGHET):
        own = grant.grant_to(office)
        if own is None or open_grant(own, LINK, office, KID[office], KEM[office]) != CASE:
            return False
    return True


AS_SENDER = {
    "recipient": KYSON,
    "recipient_kid": KID[KYSON].hex(),
    "kem_private": KEM[KYSON].private.hex(),
}


def _accepted_case_grants() -> Iterator[Json]:
    good = _granted()
    key = {"key": CASE.secret.hex()}
    yield _case_grant("case_grant", "A case's key, for the counterpart.", encode(good), key)
    yield _case_grant(
        "case_grant_own_copy",
        "The same value, read by the office that made it.",
        encode(good),
        key,
        **AS_SENDER,
    )
    yield _case_grant(
        "case_grant_beside_a_bad_entry",
        "The entry of another reader is rubbish.",
        encode(_with_entry(good, KYSON, sealed=b"rubbish")),
        key,
    )


def _with_entry(grant: CaseGrant, office: str, **changes: Any) -> CaseGrant:
    entries = [
        msgspec.structs.replace(entry, **changes) if entry.recipient == office else entry
        for entry in grant.entries
    ]
    return msgspec.structs.replace(grant, entries=tuple(entries))


def _rejected_case_grants() -> Iterator[Json]:
    good = _granted()
    sealed = {entry.recipient: entry.sealed for entry in good.entries}

    def bad(name: str, what: str, grant: CaseGrant | bytes, error: str, **given: Any) -> Json:
        value = grant if isinstance(grant, bytes) else encode(grant)
        return _case_grant(f"case_grant_{name}", what, value, {"error": error}, **given)

    yield bad(
        "without_an_entry",
        "A third office is not among the recipients.",
        good,
        "grant_not_for_you",
        recipient=STRANGER,
        recipient_kid=KID[STRANGER].hex(),
        kem_private=KEM[STRANGER].private.hex(),
    )
    yield bad(
        "for_another_certificate",
        "Sealed to an earlier certificate of the reader.",
        _with_entry(good, NONGHET, recipient_kid=fixed("older", 8)),
        "grant_not_for_you",
    )
    yield bad(
        "for_another_link",
        "The reader looks for another link's key.",
        good,
        "grant_not_as_asked",
        link=OTHER_LINK,
    )
    yield bad(
        "relinked",
        "The link was changed after sealing.",
        msgspec.structs.replace(good, link=OTHER_LINK),
        "unopenable",
        link=OTHER_LINK,
    )
    yield bad(
        "other_sender",
        "The sender was changed after sealing.",
        msgspec.structs.replace(good, sender=STRANGER),
        "unopenable",
    )
    yield bad(
        "of_another_case",
        "The key's id was changed after sealing.",
        msgspec.structs.replace(good, key=OTHER_CASE.id),
        "unopenable",
    )
    yield bad(
        "entries_exchanged",
        "Each reader has the other one's sealed key.",
        _with_entry(
            _with_entry(good, KYSON, sealed=sealed[NONGHET]), NONGHET, sealed=sealed[KYSON]
        ),
        "unopenable",
    )
    yield bad(
        "tampered_own_copy",
        "One bit of the sender's own copy is changed.",
        _with_entry(good, KYSON, sealed=flipped(sealed[KYSON])),
        "unopenable",
        **AS_SENDER,
    )
    yield bad(
        "empty_entry", "Nothing is sealed.", _with_entry(good, NONGHET, sealed=b""), "unopenable"
    )
    info = grant_info(_own(good, KYSON))
    yield bad(
        "wrong_key_commitment",
        "Another key than the one that it names.",
        _with_entry(good, KYSON, sealed=KEM[KYSON].wrap(OTHER_CASE.secret, info)),
        "wrong_key_commitment",
        **AS_SENDER,
    )
    yield bad(
        "not_ascending",
        "The recipients do not ascend.",
        msgspec.structs.replace(good, entries=good.entries[::-1]),
        "wrong_type",
    )
    yield bad(
        "twice",
        "A recipient stands there twice.",
        msgspec.structs.replace(good, entries=(good.entries[0], *good.entries)),
        "wrong_type",
    )
    yield bad("of_nobody", "No entries.", msgspec.structs.replace(good, entries=()), "wrong_type")
    many = tuple(CaseGrantEntry(OfficeId(f"vn-{n:03}"), bytes(8), b"") for n in range(65))
    yield bad(
        "of_too_many", "65 entries.", msgspec.structs.replace(good, entries=many), "wrong_type"
    )
    yield bad(
        "with_a_large_entry",
        "A sealed key of 1,281 bytes.",
        _with_entry(good, NONGHET, sealed=bytes(1281)),
        "wrong_type",
    )
    yield bad(
        "unknown_version", "Version 2.", msgspec.structs.replace(good, v=2), "unknown_version"
    )
    yield bad("truncated", "The last byte is missing.", encode(good)[:-1], "truncated")
    yield bad("trailing_bytes", "A byte too many.", encode(good) + b"\0", "trailing_bytes")


def _own(granted: CaseGrant, office: OfficeId) -> Grant:
    own = granted.grant_to(office)
    assert own is not None
    return own


def rejected() -> Iterator[Json]:
    """One vector per defect."""
    yield from _rejected_case_grants()
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
