"""``seal``, ``open`` and ``wire_size``: one event of 1 KiB, and the same bytes as JWS in JWE."""

from __future__ import annotations

import os

from blo_schemas import hashes
from blo_schemas.codec import encode
from blo_schemas.content import Content
from blo_schemas.event import ENVELOPE, HEADER
from blo_schemas.ids import Digest, EventId
from blo_schemas.summary import SUMMARY_VERSION, Kind, Step, Summary, Urgency
from blo_sealing.event_parts import open_content, open_summary
from blo_sealing.keys import ContentKey, SummaryKey
from blo_sealing.seal_event import ChainPlace, SealedEvent, seal_event
from blo_sealing.signatures import verify_signature
from tests.agents.world import LINK, NOW, A
from tests.bench.jose import JoseParties
from tests.bench.report import BY_NAME, Measurement
from tests.bench.samples import KIB, Ground, kib_content
from tests.bench.timing import Effort, in_turns, typical_rate


class _Event:
    """An event of an office that has already written and read a while."""

    def __init__(self) -> None:
        ground = Ground()
        self.author = ground.authors[A]
        self.content = kib_content(Kind.JOINT_CASE, Step.PHASE_REPORT, {"phase": 1})
        assert len(encode(self.content)) == KIB
        self._summary = Summary(
            SUMMARY_VERSION, Kind.JOINT_CASE, Step.PHASE_REPORT, Urgency.ROUTINE, 3
        )
        self._place = ChainPlace(700, EventId(os.urandom(32)), 1500, Digest(os.urandom(32)))
        self._content_key = ContentKey.generate(os.urandom)
        self._summary_key = SummaryKey.generate(os.urandom)

    def seal(self) -> SealedEvent:
        """Encode summary and content, seal both, sign, encode the envelope."""
        return seal_event(
            self.author,
            self._place,
            at=NOW,
            content_key=self._content_key,
            summary_key=self._summary_key,
            summary=self._summary,
            content=self.content,
            random=os.urandom,
        )

    def open(self, value: bytes) -> Content:
        """Decode strictly, check what the header binds and the signature, open both parts."""
        envelope = ENVELOPE.decode(value)
        header = HEADER.decode(envelope.header)
        signed = hashes.event_input(LINK, envelope.header)
        payload = hashes.payload_hash(envelope.summary_ct, envelope.body_ct)
        assert payload == header.payload_hash
        assert verify_signature(self.author.signing.public, signed, envelope.signature)
        summary = open_summary(LINK, header, envelope, self._summary_key)
        assert summary == self._summary
        return open_content(LINK, header, envelope, self._content_key)


def measure_seal(effort: Effort) -> Measurement:
    """Sealing one 1 KiB event."""
    event, jose = _Event(), JoseParties()
    payload = encode(event.content)
    assert jose.open(jose.seal(payload)) == payload
    ours, theirs = in_turns(
        event.seal, lambda: jose.seal(payload), rounds=effort.rounds, calls=effort.calls
    )
    return BY_NAME["seal"].measured(typical_rate(ours), typical_rate(theirs))


def measure_open(effort: Effort) -> Measurement:
    """Opening one 1 KiB event, with its signature."""
    event, jose = _Event(), JoseParties()
    value, message = event.seal().value, jose.seal(encode(event.content))
    assert event.open(value) == event.content
    ours, theirs = in_turns(
        lambda: event.open(value),
        lambda: jose.open(message),
        rounds=effort.rounds,
        calls=effort.calls,
    )
    return BY_NAME["open"].measured(typical_rate(ours), typical_rate(theirs))


def measure_wire_size(_: Effort) -> Measurement:
    """How many bytes the envelope of a 1 KiB content has."""
    return BY_NAME["wire_size"].measured(len(_Event().seal().value), KIB)


__all__ = ["measure_open", "measure_seal", "measure_wire_size"]
