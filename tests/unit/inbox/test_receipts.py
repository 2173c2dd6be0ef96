"""How far an event has come: no stage is claimed that nothing signed proves."""

from __future__ import annotations

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from blo_domain.inbox.receipts import (
    CaseStep,
    PositionRange,
    acknowledged_by,
    answered_by,
    newly_opened,
    opened_ranges,
)
from blo_schemas.heads import HEAD_VERSION, MAX_NAMED_UNOPENED, Head
from blo_schemas.ids import EventId, LinkId, OfficeId
from blo_schemas.summary import Kind, Step

OWN, OTHER = OfficeId("vn-a"), OfficeId("la-b")
_ZERO = bytes(32)


def head(size: int, unopened: set[int]) -> Head:
    """A head as an office makes it: it names the first records that it could not open."""
    named = tuple(sorted(unopened)[:MAX_NAMED_UNOPENED])
    link = LinkId("vn-a~la-b")
    return Head(
        HEAD_VERSION, link, OTHER, bytes(8), size, _ZERO, _ZERO, _ZERO, len(unopened), named, 0,
        _ZERO, 0,
    )  # fmt: skip


def positions(ranges: list[PositionRange]) -> set[int]:
    listed = [position for first, upto in ranges for position in range(first, upto)]
    assert len(listed) == len(set(listed)), "ranges overlap"
    return set(listed)


SIZES = st.integers(0, 200)


@given(SIZES, SIZES, st.sets(st.integers(0, 199)), st.sets(st.integers(0, 199)))
def test_of_each_record_the_first_head_that_says_it_is_opened_is_found(
    size: int, more: int, first: set[int], second: set[int]
) -> None:
    before = head(size, {position for position in first if position < size})
    after = head(size + more, {position for position in second if position < size + more})
    for said in (before, after):
        opened = positions(opened_ranges(said))
        assert opened.isdisjoint(said.first_unopened)
        assert all(position < said.size for position in opened)
        if said.unopened == len(said.first_unopened):
            assert opened == set(range(said.size)) - set(said.first_unopened)
        else:
            assert max(opened, default=0) < max(said.first_unopened)
    fresh = positions(newly_opened(before, after))
    known = positions(opened_ranges(before))
    assert fresh == positions(opened_ranges(after)) - known
    assert positions(newly_opened(None, before)) == known


def step(version: int, office: OfficeId, what: Step, seen: int) -> CaseStep:
    return CaseStep(EventId(bytes([version] * 32)), office, what, version, seen, version, 0, 0)


def test_an_event_proves_only_that_its_writer_had_read_what_it_expects() -> None:
    opening = step(1, OWN, Step.OPEN, 0)
    urging = step(2, OWN, Step.URGE, 1)
    crossed = step(3, OTHER, Step.ACKNOWLEDGE, 1)
    later = step(4, OTHER, Step.ACCEPT, 3)
    steps = [opening, urging, crossed, later]
    assert acknowledged_by(steps, opening, OTHER) is crossed
    assert acknowledged_by(steps, urging, OTHER) is later
    assert acknowledged_by(steps, later, OWN) is None


def test_what_only_attaches_acknowledges_nothing() -> None:
    opening = step(1, OWN, Step.OPEN, 0)
    for what in (Step.URGE, Step.PAUSE, Step.RESUME, Step.FEEDBACK, Step.SUPERSEDE):
        assert acknowledged_by([opening, step(2, OTHER, what, 1)], opening, OTHER) is None


def test_an_opening_is_answered_by_what_meets_its_clock() -> None:
    opening = step(1, OWN, Step.OPEN, 0)
    for kind, answer in product(
        (Kind.VERIFICATION_REQUEST, Kind.DOCUMENT), (Step.ANSWER, Step.DECLINE)
    ):
        steps = [
            opening,
            step(2, OTHER, Step.INTERIM_REPLY, 1),
            step(3, OTHER, answer, 2),
        ]
        assert answered_by(kind, steps, opening, OTHER) is steps[2]
        assert answered_by(kind, steps, steps[1], OWN) is None
    assert (
        answered_by(Kind.PENALTY, [opening, step(2, OTHER, Step.ANSWER, 1)], opening, OTHER) is None
    )


def test_a_reopening_is_not_answered_by_an_answer_that_had_not_read_it() -> None:
    opening, answer = step(1, OWN, Step.OPEN, 0), step(2, OTHER, Step.ANSWER, 1)
    reopening, crossed = step(3, OWN, Step.REOPEN, 2), step(4, OTHER, Step.ANSWER, 2)
    second = step(5, OTHER, Step.ANSWER, 4)
    steps = [opening, answer, reopening, crossed, second]
    kind = Kind.VERIFICATION_REQUEST
    assert answered_by(kind, steps, opening, OTHER) is answer
    assert answered_by(kind, steps, reopening, OTHER) is second


def test_a_return_is_answered_by_the_information() -> None:
    returned = step(2, OTHER, Step.RETURN_FOR_INFORMATION, 1)
    steps = [step(1, OWN, Step.OPEN, 0), returned, step(3, OWN, Step.SUPPLY_INFORMATION, 2)]
    assert answered_by(Kind.DOCUMENT, steps, returned, OWN) is steps[2]
