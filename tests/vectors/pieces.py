"""Vectors about what is not a record: sealed parts, grants, heads and public keys."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
from nacl.bindings import crypto_core_ed25519_add

from blo_schemas.codec import encode
from blo_schemas.errors import WireError
from blo_schemas.grants import GRANT, Grant, KeyPurpose
from blo_schemas.heads import HEAD_VERSION, Head, SignedHead
from blo_schemas.ids import ZERO_HASH
from blo_sealing import (
    Part,
    Recipient,
    SealingError,
    derive_part_key,
    fingerprint,
    make_grant,
    open_grant,
    sign_head,
)
from blo_sealing.grants import grant_info
from blo_sealing.kem import seal_to
from blo_sealing.padding import pad_content
from blo_sealing.parts import associated_data, seal_part
from tests.vectors.material import (
    CASE,
    CONTENT,
    KEM,
    KID,
    KYSON,
    LINK,
    MONTH,
    NONGHET,
    NOON,
    OTHER_CASE,
    OTHER_LINK,
    OTHER_MONTH,
    SIGNING,
    STRANGER,
    SUMMARY,
    Json,
    Log,
    fixed,
    flipped,
    opened,
    vector,
    with_envelope,
    with_header,
)

HERE = Path(__file__).parent
SMALL_ORDER = {
    "neutral": "01" + "00" * 31,
    "order_2": "ecff" + "ff" * 29 + "7f",
    "order_4": "00" * 32,
    "order_8": "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
}


def accepted() -> Iterator[Json]:
    """What a reader must take."""
    yield from _accepted_parts()
    for name, grant in _grants().items():
        key = CASE if name == "grant_content" else MONTH
        word = "content" if name == "grant_content" else "summary"
        yield _grant(
            name, f"A {word} key for the counterpart.", encode(grant), {"key": key.secret.hex()}
        )
    log = _two_events()
    head = _head(log)
    yield _signed_head(
        "head",
        "What an office has read.",
        sign_head(head, SIGNING[KYSON]),
        {"size": 2, "log_hash": log.chain.log_hash.hex()},
        log=log,
    )
    public = SIGNING[KYSON].public
    yield vector(
        "key",
        "A public key.",
        "key",
        {"signing_key": public.hex()},
        {"fingerprint": fingerprint(public)},
    )


def rejected() -> Iterator[Json]:
    """One vector per defect."""
    yield from _rejected_parts()
    yield from _rejected_grants()
    yield from _rejected_heads()
    yield from _rejected_keys()


def _part(name: str, what: str, value: bytes, part: Part, key: bytes, expect: Json) -> Json:
    given = {"link": LINK, "value": value.hex(), "part": part.word, "key": key.hex()}
    return vector(name, what, "part", given, expect)


def _accepted_parts() -> Iterator[Json]:
    value = Log().seal(KYSON).value
    _, header = opened(value)
    for part, secret, plain in (
        (Part.SUMMARY, MONTH.secret, encode(SUMMARY)),
        (Part.CONTENT, CASE.secret, encode(CONTENT)),
    ):
        part_key = derive_part_key(part, LINK, header, secret)
        yield _part(
            f"part_{part.word}",
            f"The {part.word} opens.",
            value,
            part,
            secret,
            {"plaintext": plain.hex(), "part_key": part_key.hex()},
        )


def _rejected_parts() -> Iterator[Json]:
    good = Log().seal(KYSON).value

    def resealed(padded: bytes) -> bytes:
        envelope, header = opened(good)
        bound = associated_data(LINK, envelope.header)
        part_key = derive_part_key(Part.CONTENT, LINK, header, CASE.secret)
        return with_envelope(good, body_ct=seal_part(part_key, padded, bound))

    def content(name: str, what: str, value: bytes, error: str, key: bytes = CASE.secret) -> Json:
        return _part(name, what, value, Part.CONTENT, key, {"error": error})

    envelope, header = opened(good)
    elsewhere = Log(link=OTHER_LINK).seal(KYSON).value
    fields = list(msgspec.structs.astuple(CONTENT))
    yield content(
        "content_wrong_key", "Another case's key.", good, "wrong_key_commitment", OTHER_CASE.secret
    )
    yield _part(
        "summary_wrong_key",
        "Another month's key.",
        good,
        Part.SUMMARY,
        OTHER_MONTH.secret,
        {"error": "wrong_key_commitment"},
    )
    yield content(
        "content_tampered",
        "One bit of the sealed body is changed.",
        with_envelope(good, body_ct=flipped(envelope.body_ct)),
        "unopenable",
    )
    yield content(
        "content_of_another_link", "The event was sealed for another link.", elsewhere, "unopenable"
    )
    yield content(
        "content_moved",
        "The event's number was changed, so the derived key is another.",
        with_header(good, oseq=header.oseq + 1),
        "unopenable",
    )
    yield content(
        "content_is_the_summary",
        "The sealed summary in the body's place.",
        with_envelope(good, body_ct=envelope.summary_ct),
        "unopenable",
    )
    yield content(
        "content_shorter_than_a_tag",
        "15 bytes.",
        with_envelope(good, body_ct=bytes(15)),
        "unopenable",
    )
    plain = encode(CONTENT)
    yield content(
        "content_padded_too_far",
        "32 zeros more than Padmé gives.",
        resealed(pad_content(plain) + bytes(32)),
        "not_canonical",
    )
    yield content("content_empty", "Nothing sealed.", resealed(b""), "truncated")
    yield content(
        "content_wrong_type",
        "The date is a number.",
        resealed(pad_content(encode([20250101, *fields[1:]]))),
        "wrong_type",
    )
    yield content(
        "content_ends_in_zero",
        "Body version 0 can't be told from padding.",
        resealed(pad_content(encode([*fields[:-1], 0]))),
        "truncated",
    )
    yield content(
        "content_not_canonical", "The dispatch's fields are in another order.",
        resealed(pad_content(encode([
            "2025-01-01", {"local_number": "1/TB", "subject": "Fictional patrol"}, None, b"", 1,
        ]))),
        "not_canonical",
    )  # fmt: skip


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


def _rejected_grants() -> Iterator[Json]:
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


def _two_events() -> Log:
    log = Log()
    log.write(KYSON)
    log.write(NONGHET)
    return log


def _head(log: Log, **changes: Any) -> Head:
    head = Head(
        v=HEAD_VERSION,
        link=LINK,
        office=KYSON,
        kid=KID[KYSON],
        size=log.chain.size,
        log_hash=log.chain.log_hash,
        tree_root=log.chain.tree_root(),
        view_digest=fixed("views"),
        unopened=0,
        first_unopened=(),
        journal_size=0,
        journal_hash=ZERO_HASH,
        at=NOON,
    )
    return msgspec.structs.replace(head, **changes)


def _signed_head(
    name: str, what: str, signed: SignedHead | bytes, expect: Json, *, log: Log | None = None
) -> Json:
    value = signed if isinstance(signed, bytes) else encode(signed)
    given: Json = {
        "value": value.hex(),
        "link": LINK,
        "office": KYSON,
        "kid": KID[KYSON].hex(),
        "signing_key": SIGNING[KYSON].public.hex(),
    }
    if log is not None:
        given["log"] = {str(n): log.chain.hash_at(n).hex() for n in range(log.chain.size + 1)}
    return vector(name, what, "head", given, expect)


def _rejected_heads() -> Iterator[Json]:
    log = _two_events()
    head = _head(log)
    good = sign_head(head, SIGNING[KYSON])

    def bad(name: str, what: str, signed: SignedHead | bytes, error: str) -> Json:
        return _signed_head(name, what, signed, {"error": error}, log=log)

    def signed(**changes: Any) -> SignedHead:
        return sign_head(_head(log, **changes), SIGNING[KYSON])

    yield bad(
        "head_bad_signature",
        "One bit of the signature is changed.",
        SignedHead(good.head, flipped(good.signature, 40)),
        "bad_signature",
    )
    yield bad(
        "head_by_another",
        "Signed by the counterpart.",
        sign_head(head, SIGNING[NONGHET]),
        "bad_signature",
    )
    yield bad(
        "head_of_another_office",
        "The counterpart's own head.",
        sign_head(_head(log, office=NONGHET, kid=KID[NONGHET]), SIGNING[NONGHET]),
        "head_not_as_asked",
    )
    yield bad(
        "head_of_another_link",
        "Of the office's other link.",
        signed(link=OTHER_LINK),
        "head_not_as_asked",
    )
    yield bad(
        "head_of_another_certificate",
        "Another certificate of the office.",
        signed(kid=fixed("older", 8)),
        "head_not_as_asked",
    )
    yield bad(
        "head_of_another_log",
        "The same size, another hash: the broker showed two logs.",
        signed(log_hash=fixed("another log")),
        "head_mismatch",
    )
    yield bad("head_unknown_version", "Version 2.", signed(v=HEAD_VERSION + 1), "unknown_version")
    yield bad("head_truncated", "The last byte is missing.", encode(good)[:-1], "truncated")
    yield bad("head_trailing_bytes", "A byte too many.", encode(good) + b"\0", "trailing_bytes")


def _rejected_keys() -> Iterator[Json]:
    unusable = {
        **{
            f"small_order_key_{name}": ("A point of small order.", key)
            for name, key in SMALL_ORDER.items()
        },
        "key_not_canonical": (
            "y is the field's prime plus 3, which is 3.",
            "f0ff" + "ff" * 29 + "7f",
        ),
        "key_no_point": ("No point has this y.", "02" + "00" * 31),
        "key_too_short": ("31 bytes.", "03" * 31),
        "key_mixed_order": ("A good point plus one of order 8.", _mixed_order().hex()),
    }
    for name, (what, key) in unusable.items():
        yield vector(name, what, "key", {"signing_key": key}, {"error": "unusable_key"})


def _mixed_order() -> bytes:
    return crypto_core_ed25519_add(SIGNING[KYSON].public, bytes.fromhex(SMALL_ORDER["order_8"]))
