"""Vectors about heads and public signing keys."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from nacl.bindings import crypto_core_ed25519_add

from blo_schemas.codec import encode
from blo_schemas.heads import HEAD_VERSION, Head, SignedHead
from blo_schemas.ids import ZERO_HASH
from blo_sealing.signatures import fingerprint
from blo_sealing.statements import sign_head
from tests.vectors.material import (
    KID,
    KYSON,
    LINK,
    NONGHET,
    NOON,
    OTHER_LINK,
    SIGNING,
    Json,
    Log,
    fixed,
    flipped,
    vector,
)

SMALL_ORDER = {
    "neutral": "01" + "00" * 31,
    "order_2": "ecff" + "ff" * 29 + "7f",
    "order_4": "00" * 32,
    "order_8": "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
}


def accepted() -> Iterator[Json]:
    """What a reader must take."""
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
    yield from _rejected_heads()
    yield from _rejected_keys()


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
