"""Rounds of a hostile office against honest programs, on the log in memory."""

from __future__ import annotations

import asyncio
import os
import time

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.hostile.arena import Arena
from tests.hostile.attacks import Move
from tests.hostile.moves import MOVES

SECONDS = float(os.environ.get("HOSTILE_SECONDS", "45"))
"""How long rounds are played."""
SEED = int(os.environ.get("HOSTILE_SEED", "0"))
"""The seed of the first batch of rounds; each further batch takes the next one."""
BATCH = 5
"""Rounds of one seed."""
SHRINKS = bool(os.environ.get("HOSTILE_SHRINK"))
"""Whether a round that fails is made smaller, which takes minutes."""


ROUND = st.lists(MOVES, min_size=4, max_size=24)


@pytest.mark.slow
def test_honest_programs_outlive_a_hostile_office(arena: Arena) -> None:
    """Plays batches of rounds until the time is over; a failure says how to play it again."""
    until = time.monotonic() + SECONDS
    number = SEED
    while number == SEED or time.monotonic() < until:
        _batch(arena, number)
        number += 1


def _batch(arena: Arena, number: int) -> None:
    phases = (Phase.generate, Phase.shrink) if SHRINKS else (Phase.generate,)

    @settings(
        max_examples=BATCH,
        database=None,
        deadline=None,
        phases=phases,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    @seed(number)
    @given(ROUND)
    def rounds(moves: list[Move]) -> None:
        asyncio.run(arena.play(moves, number))

    try:
        rounds()
    except BaseException as error:
        error.add_note(f"play it again: HOSTILE_SEED={number} HOSTILE_SECONDS=0 pytest {__file__}")
        raise
