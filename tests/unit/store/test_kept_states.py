"""Earlier states of a link's fold: few, and never far behind where one is needed."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from blo_agent.office.kept_states import ORIGIN, KeptState, newest_spared, thinned
from blo_domain.trust import EVERYTHING, NOTHING, RecordTraces, TrustReach


@given(st.lists(st.integers(256, 700), max_size=400))
def test_states_stay_few_and_a_fold_reads_at_most_about_twice_what_lies_behind(
    steps: list[int],
) -> None:
    states: list[KeptState] = []
    size = 0
    for step in steps:
        size += step
        states = thinned([*states, KeptState(size, size, b"")])
    assert len(states) <= 2 * (size // 256).bit_length() + 2
    assert not states or states[-1].size == size
    for older, newer in pairwise([ORIGIN, *states]):
        reach = TrustReach(position=newer.size - 1)
        found = newest_spared(states, RecordTraces(latest=size), reach)
        assert found == older
        assert size - older.size <= 2 * (size - newer.size) + 700


def test_the_state_to_begin_with_has_no_record_that_is_concerned() -> None:
    states = [KeptState(size, 10 * size, b"") for size in (3, 6, 9)]
    traces = RecordTraces(latest=100)
    for reach, size in (
        (NOTHING, 9),
        (TrustReach(position=8), 6),
        (TrustReach(position=6), 6),
        (TrustReach(position=5), 3),
        (TrustReach(instant=91), 9),
        (TrustReach(instant=90), 6),
        (TrustReach(instant=60), 3),
        (TrustReach(instant=1), 0),
        (EVERYTHING, 0),
    ):
        assert newest_spared(states, traces, reach).size == size
