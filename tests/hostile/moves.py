"""All moves, as one strategy."""

from __future__ import annotations

from typing import Final

from hypothesis import strategies as st

from tests.hostile import attacks
from tests.hostile.attacks import Move
from tests.hostile.papers import PAPERS

MOVES: Final[st.SearchStrategy[Move]] = st.one_of(
    attacks.WRITES,
    attacks.WRITES,
    attacks.WRITES,
    attacks.WRITES,
    attacks.FLOODS,
    attacks.PUTS,
    attacks.COPIES,
    attacks.HEADS,
    attacks.HEARTBEATS,
    attacks.GRANTS,
    attacks.NOTES,
    attacks.OUTPUTS,
    PAPERS,
)

__all__ = ["MOVES"]
