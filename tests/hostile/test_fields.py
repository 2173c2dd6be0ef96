"""Every field of every body with every extreme: to the decoders, and to all programs in one log."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from blo_schemas.bodies import BODIES, body_type, decode_body
from blo_schemas.bodies.upcast import BodySchema
from blo_schemas.codec import encode
from blo_schemas.content import CONTENT, Content
from blo_schemas.errors import WireError
from blo_schemas.event import ENVELOPE, HEADER, Envelope, Header
from blo_schemas.grants import CASE_GRANT, GRANT, CaseGrant, Grant
from blo_schemas.heads import HEAD, SIGNED_HEAD, Head, SignedHead
from blo_schemas.heartbeats import HEARTBEAT, SIGNED_HEARTBEAT, Heartbeat, SignedHeartbeat
from blo_schemas.outputs import OUTPUT, SIGNED_OUTPUT, Output, SignedOutput
from blo_schemas.summary import SUMMARY, SUMMARY_VERSION, Kind, Step, Summary, Urgency
from blo_schemas.trust import (
    DOCUMENT,
    SIGNED_DOCUMENT,
    Agreement,
    Certificate,
    OfficeEntry,
    Revocation,
    Root,
    SignedDocument,
)
from blo_sealing.keys import ContentKey
from tests.agents.world import PROVINCE, A
from tests.hostile.arena import Arena
from tests.hostile.events import correcting
from tests.hostile.hand import Hand
from tests.hostile.judge import judge
from tests.hostile.scene import Scene
from tests.hostile.values import plain, spoilings
from tests.hostile.world import ON

CODECS: dict[type[Any], Any] = {
    Content: CONTENT,
    Envelope: ENVELOPE,
    Header: HEADER,
    Grant: GRANT,
    CaseGrant: CASE_GRANT,
    Head: HEAD,
    SignedHead: SIGNED_HEAD,
    Heartbeat: HEARTBEAT,
    SignedHeartbeat: SIGNED_HEARTBEAT,
    Output: OUTPUT,
    SignedOutput: SIGNED_OUTPUT,
    Summary: SUMMARY,
    SignedDocument: SIGNED_DOCUMENT,
    Root: DOCUMENT,
    Certificate: DOCUMENT,
    OfficeEntry: DOCUMENT,
    Agreement: DOCUMENT,
    Revocation: DOCUMENT,
}
"""Everything else that comes from outside."""
CORRECTIONS = 40
"""About so many corrections of one kind; the rounds make others."""
BODY_TYPES = sorted({BODIES.schema(*pair).current for pair in BODIES}, key=lambda one: one.__name__)


@pytest.mark.parametrize("kind", CODECS)
def test_a_decoder_refuses_any_value_of_any_field_in_a_documented_way(kind: type[Any]) -> None:
    assert sum(_is_read(CODECS[kind].decode, data) for _, data in spoilings(kind)) > 0


@pytest.mark.parametrize("body", BODY_TYPES)
def test_a_body_with_any_value_of_any_field_is_read_or_refused(body: type[Any]) -> None:
    schema = BodySchema(body)
    for _, data in spoilings(body):
        _is_read(lambda data: schema.decode(1, data), data)


def _is_read(decode: Any, data: bytes) -> bool:
    try:
        decode(data)
    except WireError:
        return False
    return True


def _readable(kind: Kind, step: Step) -> list[bytes]:
    """What a reader takes for the body of a step, each extreme of each field once."""
    found: dict[bytes, None] = {}
    for _, data in spoilings(body_type(kind, step)):
        try:
            decode_body(kind, step, 1, data)
        except (WireError, ArithmeticError):
            continue
        found[data] = None
    return list(found)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(2))
async def test_all_programs_read_a_log_with_every_extreme_of_every_body(
    arena: Arena, part: int
) -> None:
    async with arena.world() as (world, cluster):
        hand = arena.hand(world, cluster, part)
        await hand.look()
        for number, kind in enumerate(Kind):
            if number % 2 == part:
                await _open_all(hand, kind)
        async with Scene(world) as scene:
            await scene.work()
            await judge(scene, arena.expected)


async def _open_all(hand: Hand, kind: Kind) -> None:
    """Open a case for each extreme, and correct the last one by extremes of the other steps."""
    key = hand.new_content_key()
    for body in _readable(kind, Step.OPEN):
        key = hand.new_content_key()
        await _write(hand, key, kind, Step.OPEN, body)
    steps = [step for known, step in BODIES if known is kind and step is not Step.SUPERSEDE]
    bodies = [correcting(step, body) for step in steps for body in _readable(kind, step)]
    for body in bodies[:: max(1, len(bodies) // CORRECTIONS)]:
        await _write(hand, key, kind, Step.SUPERSEDE, body)


async def _write(hand: Hand, key: ContentKey, kind: Kind, step: Step, body: bytes) -> None:
    await hand.look()
    view = hand.views.get(key.id)
    summary = Summary(
        SUMMARY_VERSION,
        kind,
        step,
        Urgency.ROUTINE,
        0 if view is None else view.version,
        None,
        None if view is None else 1,
    )
    frame = [*plain(Content)[:3], body, 1]
    frame[0] = ON.isoformat()
    value = hand.seal(
        key.id,
        encode(summary),
        msgspec.msgpack.encode(frame),
        secret=key.secret,
        summary_key=hand.month,
        at=hand.now,
    )
    if view is None:
        await hand.board.append(hand.grants(key, (A, PROVINCE)))
    await hand.write(value)
