"""Opening a content raises nothing, whatever its writer has sealed."""

from __future__ import annotations

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from blo_projection.fold import ContentState, ReadContent
from blo_schemas.bodies import BODIES
from blo_schemas.codec import encode
from blo_schemas.summary import Kind, Step
from blo_sealing.event_parts import EventPart, associated_data, derive_part_key, seal_part
from blo_sealing.padding import pad_content
from tests.unit.log.test_fold import LINK, A, Offices, reader
from tests.unit.schemas.structs import tree_of
from tests.unit.schemas.wires import EXTREMES, spoiled

PAIRS = list(BODIES)
URGE = {"called_at": "0001-01-01T00:00:00+23:59"}


def read(plain: bytes, kind: Kind, step: Step) -> ReadContent:
    """What a reader makes of a content that is sealed as it should be."""
    offices = Offices()
    event = offices.write(A, Step.OPEN)
    (key,) = offices.contents.values()
    part_key = derive_part_key(EventPart.CONTENT, LINK, event.header, key.secret)
    envelope = offices.append(event)[0].envelope
    assert envelope is not None
    bound = associated_data(LINK, envelope.header)
    sealed = seal_part(part_key, pad_content(plain), bound)
    envelope = msgspec.structs.replace(envelope, body_ct=sealed)
    return reader(offices).fold.read_content(event.header, envelope, kind, step)


def framed(body: bytes, on: object = "2025-03-01") -> bytes:
    return encode([on, None, None, body, 1])


def refused(found: ReadContent) -> bool:
    assert (found.content is None) is (found.state is not ContentState.OPENED)
    assert (found.fault is not None) is (found.state is ContentState.UNOPENABLE)
    return found.state is ContentState.UNOPENABLE


def test_a_body_with_a_time_that_has_no_utc_is_unopenable_and_says_why() -> None:
    found = read(framed(encode(URGE)), Kind.VERIFICATION_REQUEST, Step.URGE)
    assert refused(found)
    assert found.fault == "Urge: date value out of range"


def test_a_content_dated_beyond_all_calendars_is_unopenable_and_does_not_quote_it() -> None:
    for on in ("0001-01-01", "9999-12-31"):
        found = read(framed(encode({}), on), Kind.VERIFICATION_REQUEST, Step.ACKNOWLEDGE)
        assert refused(found)
        assert on not in (found.fault or "")


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(PAIRS), st.sampled_from(EXTREMES), st.data())
def test_no_body_of_any_kind_and_step_gives_more_than_an_unopenable_content(
    pair: tuple[Kind, Step], extreme: bytes, data: st.DataObject
) -> None:
    trees = list(spoiled(tree_of(BODIES.schema(*pair).current), extreme))
    refused(read(framed(encode(data.draw(st.sampled_from(trees)))), *pair))


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300) | st.sampled_from(EXTREMES), st.sampled_from(PAIRS))
def test_no_plaintext_gives_more_than_an_unopenable_content(
    plain: bytes, pair: tuple[Kind, Step]
) -> None:
    refused(read(plain, *pair))
