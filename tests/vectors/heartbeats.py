"""Vectors about heartbeats."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from blo_schemas.codec import encode
from blo_schemas.heartbeats import HEARTBEAT_VERSION, Heartbeat, SignedHeartbeat
from blo_schemas.ids import ZERO_HASH, CorridorId
from blo_sealing.statements import sign_heartbeat
from tests.vectors.material import KID, KYSON, NONGHET, NOON, SIGNING, Json, fixed, flipped, vector

CORRIDOR = CorridorId("la-vn")


def accepted() -> Iterator[Json]:
    """What a reader must take."""
    yield _heartbeat(
        "heartbeat", "An office is at work.", _signed(), {"count": 3, "at": NOON}, before=2
    )
    yield _heartbeat(
        "heartbeat_after_a_gap",
        "Compaction has taken away those between.",
        _signed(count=300),
        {"count": 300, "at": NOON},
        before=2,
    )


def rejected() -> Iterator[Json]:
    """One vector per defect."""
    good = _signed()

    def bad(name: str, what: str, value: SignedHeartbeat | bytes, error: str, **given: Any) -> Json:
        return _heartbeat(name, what, value, {"error": error}, **given)

    yield bad(
        "heartbeat_replayed",
        "One that was read already is on the topic again.",
        good,
        "heartbeat_older",
        before=3,
    )
    yield bad(
        "heartbeat_older",
        "An older one is on the topic again.",
        _signed(count=1),
        "heartbeat_older",
        before=2,
    )
    yield bad(
        "heartbeat_of_another_corridor",
        "Of the office's other corridor.",
        _signed(corridor=CorridorId("cn-vn")),
        "heartbeat_not_as_asked",
    )
    yield bad(
        "heartbeat_of_another_office",
        "The counterpart's own.",
        sign_heartbeat(_made(office=NONGHET, kid=KID[NONGHET]), SIGNING[NONGHET]),
        "heartbeat_not_as_asked",
    )
    yield bad(
        "heartbeat_of_another_certificate",
        "Another certificate of the office.",
        _signed(kid=fixed("older", 8)),
        "heartbeat_not_as_asked",
    )
    yield bad(
        "heartbeat_by_another",
        "Signed by the counterpart.",
        sign_heartbeat(_made(), SIGNING[NONGHET]),
        "bad_signature",
    )
    yield bad(
        "heartbeat_bad_signature",
        "One bit of the signature is changed.",
        SignedHeartbeat(good.heartbeat, flipped(good.signature, 40)),
        "bad_signature",
    )
    yield bad(
        "heartbeat_renumbered",
        "The number was changed after signing.",
        SignedHeartbeat(encode(_made(count=4)), good.signature),
        "bad_signature",
    )
    yield bad(
        "heartbeat_unknown_version",
        "Version 2.",
        _signed(v=HEARTBEAT_VERSION + 1),
        "unknown_version",
    )
    yield bad("heartbeat_too_large", "1,025 bytes.", bytes(1025), "too_large")
    yield bad("heartbeat_truncated", "The last byte is missing.", encode(good)[:-1], "truncated")
    yield bad("heartbeat_trailing_bytes", "One more.", encode(good) + b"\0", "trailing_bytes")


def _made(**changes: Any) -> Heartbeat:
    given: dict[str, Any] = {
        "v": HEARTBEAT_VERSION,
        "corridor": CORRIDOR,
        "office": KYSON,
        "kid": KID[KYSON],
        "count": 3,
        "journal_size": 0,
        "journal_hash": ZERO_HASH,
        "at": NOON,
    }
    return Heartbeat(**{**given, **changes})


def _signed(**changes: Any) -> SignedHeartbeat:
    return sign_heartbeat(_made(**changes), SIGNING[KYSON])


def _heartbeat(
    name: str,
    what: str,
    signed: SignedHeartbeat | bytes,
    expect: Json,
    *,
    before: int | None = None,
) -> Json:
    value = signed if isinstance(signed, bytes) else encode(signed)
    given: Json = {
        "value": value.hex(),
        "corridor": CORRIDOR,
        "office": KYSON,
        "kid": KID[KYSON].hex(),
        "signing_key": SIGNING[KYSON].public.hex(),
        "before": before,
    }
    return vector(name, what, "heartbeat", given, expect)
