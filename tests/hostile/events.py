"""Events of the hostile office: true keys, true place, and one layer spoiled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Final, TypeVar

import msgspec

from blo_schemas.bodies import BODIES, body_type
from blo_schemas.codec import encode
from blo_schemas.content import Content
from blo_schemas.event import Envelope, Header
from blo_schemas.ids import CaseId, OfficeId
from blo_schemas.summary import SUMMARY_VERSION, Kind, PauseGround, Step, Summary, Urgency
from blo_schemas.views import CaseView
from tests.agents.world import PROVINCE, A
from tests.hostile.hand import RECIPIENTS, Hand
from tests.hostile.values import as_plain, plain, spoiled
from tests.hostile.world import OBSERVER, ON, PROCESSOR, WITNESS, X
from tests.unit.schemas.structs import sample_of

T = TypeVar("T")
YEAR_MS: Final = 366 * 24 * 3600 * 1000
JUNK: Final = (
    b"",
    b"\0",
    b"\xc0",
    b"\x94",
    b"\xdd\xff\xff\xff\xff",
    b"\x91" * 5000,
    b"\xff" * 200,
    b"\x01" * 190_000,
    bytes(260_000),
    "{}".encode("utf-16"),
)
"""Bytes that are none of ours."""
SOMEBODY: Final = (A, PROVINCE, X, PROCESSOR, WITNESS, OBSERVER, OfficeId("la-b"), OfficeId("zz-z"))
PAIRS: Final = tuple(BODIES)


def times(now: int) -> tuple[int, ...]:
    """Log times and clocks: the usual, and all edges."""
    edges = (0, 1, 2**53 - 1, 2**53, 253_402_300_799_999, 253_402_300_800_000)
    return (now, now, now, now - YEAR_MS, now + YEAR_MS, *edges, -1, 2**63 - 1)


class Layer(Enum):
    """Which layer of an event is spoiled."""

    NOTHING = auto()
    BODY = auto()
    OTHER_BODY = auto()
    JUNK_BODY = auto()
    FRAME = auto()
    CONTENT = auto()
    PADDING = auto()
    SUMMARY = auto()
    SUMMARY_BYTES = auto()
    HEADER = auto()
    ENVELOPE = auto()
    VALUE = auto()


class Keys(Enum):
    """Who is granted what seals an event."""

    AS_HONEST = auto()
    TO_NOBODY = auto()
    TO_ONE = auto()
    LATER = auto()


@dataclass(frozen=True)
class Write:
    """An event with the true keys and at the true place, spoiled in one layer.

    Attributes:
        case: Which case: one of the link, one of the other link, a new one, or one made up.
        step: Which of the steps that are legal for it, or of all there are.
        any_step: Whether all there are.
        layer: What is spoiled.
        field: Which field there.
        value: With which of its extremes.
        keys: Who is granted the keys.
        log_time: Which log time.
        clock: Which signed time.
        times: How often.
    """

    case: int
    step: int
    any_step: bool
    layer: Layer
    field: int
    value: int
    keys: Keys
    log_time: int
    clock: int
    times: int = 1

    async def make(self, hand: Hand) -> None:
        for number in range(self.times):
            await hand.look()
            await self._write(hand, number)

    async def _write(self, hand: Hand, number: int) -> None:
        case, view, secret = self._case(hand)
        kind, step = self._step(hand, view)
        summary_key = hand.month
        if self.keys is Keys.TO_NOBODY or self.keys is Keys.LATER:
            summary_key = hand.new_summary_key()
        elif self.keys is Keys.TO_ONE:
            summary_key = hand.new_summary_key()
            await hand.board.append(hand.grants(summary_key, [RECIPIENTS[self.value % 4]]))
        elif view is None and (key := hand.content_key(case)) is not None:
            await hand.board.append(hand.grants(key, (A, PROVINCE)))
        value = hand.seal(
            case,
            self._summary(kind, step, view, number),
            self._content(kind, step),
            secret=secret,
            summary_key=summary_key,
            at=nth(times(hand.now), self.clock),
            spoil_header=self._spoil(Layer.HEADER, Header),
            spoil_envelope=self._spoil(Layer.ENVELOPE, Envelope),
            padded=self.layer is not Layer.PADDING,
        )
        if self.layer is Layer.VALUE:
            value = nth((*JUNK, value[:-1], value + b"\0", value[: len(value) // 2]), self.value)
        await hand.write(value, nth(times(hand.now), self.log_time))
        if self.keys is Keys.LATER:
            await hand.board.append(hand.grants(summary_key, RECIPIENTS))

    def _case(self, hand: Hand) -> tuple[CaseId, CaseView | None, bytes]:
        known = hand.cases()
        at = self.case % (len(known) + len(known) // 3 + 1)
        if at < len(known):
            key = hand.content_key(known[at])
            secret = hand.dice.randbytes(32) if key is None else key.secret
            return known[at], hand.views.get(known[at]), secret
        if at == len(known):
            made_up = CaseId(hand.dice.randbytes(32))
            return made_up, None, hand.dice.randbytes(32)
        new = hand.new_content_key()
        return new.id, None, new.secret

    def _step(self, hand: Hand, view: CaseView | None) -> tuple[Kind, Step]:
        if self.any_step:
            return nth(PAIRS, self.step)
        if view is None:
            return nth(tuple(Kind), self.step), Step.OPEN
        legal = hand.legal(view)
        return view.kind, nth(legal, self.step) if legal else Step.URGE

    def _summary(self, kind: Kind, step: Step, view: CaseView | None, number: int) -> bytes:
        version = 0 if view is None else view.version
        supersedes = None
        if step is Step.SUPERSEDE:
            own = [n + 1 for n, one in enumerate(view.authors if view else ()) if one == X]
            supersedes = nth(own, self.value + number) if own else 1
        summary = Summary(
            SUMMARY_VERSION,
            kind,
            step,
            Urgency.ROUTINE if view is None else view.urgency,
            version,
            None,
            supersedes,
            PauseGround.OTHER if step is Step.PAUSE else None,
        )
        if self.layer is Layer.SUMMARY:
            return spoiled(Summary, self.field, self.value, as_plain(summary))
        if self.layer is Layer.SUMMARY_BYTES:
            return nth(JUNK, self.value)[:400]
        return encode(summary)

    def _content(self, kind: Kind, step: Step) -> bytes | None:
        if self.layer is Layer.CONTENT:
            return nth((None, *JUNK), self.value)
        frame = plain(Content)
        frame[0] = ON.isoformat()
        frame[3] = self._body(kind, step)
        frame[4] = 1
        if self.layer is Layer.FRAME:
            return spoiled(Content, self.field, self.value, frame)
        return msgspec.msgpack.encode(frame)

    def _body(self, kind: Kind, step: Step) -> bytes:
        if (kind, step) not in BODIES:
            kind, step = nth(PAIRS, self.field)
        if self.layer is Layer.OTHER_BODY:
            kind, step = nth(PAIRS, self.value)
        if self.layer is Layer.JUNK_BODY:
            return nth(JUNK, self.value)
        if step is Step.SUPERSEDE and self.layer is not Layer.NOTHING:
            return self._correction(kind)
        body = body_type(kind, step)
        if self.layer is Layer.BODY:
            return spoiled(body, self.field, self.value)
        return encode(sample_of(body))

    def _correction(self, kind: Kind) -> bytes:
        """A correction of a spoiled body, or of a correction, and so on."""
        steps = [step for known, step in PAIRS if known is kind]
        corrects = nth(steps, self.field)
        body = spoiled(body_type(kind, corrects), self.field, self.value)
        for _ in range(self.value % 4):
            body = correcting(corrects, body)
            corrects = Step.SUPERSEDE
        return correcting(corrects, body)

    def _spoil(self, layer: Layer, kind: type[Any]) -> Any:
        if self.layer is not layer:
            return msgspec.msgpack.encode
        return lambda fields: spoiled(kind, self.field, self.value, fields)


def correcting(step: Step, body: bytes) -> bytes:
    """The body of a correction that nobody has checked."""
    return msgspec.msgpack.encode({"corrects": step, "body": body, "body_version": 1})


def nth(found: Sequence[T], number: int) -> T:
    return found[number % len(found)]


__all__ = [
    "JUNK",
    "PAIRS",
    "SOMEBODY",
    "YEAR_MS",
    "Keys",
    "Layer",
    "Write",
    "correcting",
    "nth",
    "times",
]
