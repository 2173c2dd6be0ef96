"""The lifecycles: one table per kind of exchange, readable as documents (docs/domain.md §2, docs/architecture.md, "The case").

``base`` holds the base lifecycle and the parts that kinds share, ``kinds`` the tables,
``requirements`` what a step must carry, ``diagram`` the generator of ``docs/lifecycles.md``.
"""

from __future__ import annotations

from blo_domain.lifecycle.kinds import LIFECYCLES
from blo_domain.lifecycle.model import (
    ATTACHED,
    MAX_CASE_STEPS,
    MAX_TURNS,
    SHRED_STATES,
    SHREDDING_STEPS,
    TURNING_BACK,
    By,
    Lifecycle,
    StepRule,
    Transition,
    compose,
    most_turns,
)
from blo_domain.lifecycle.requirements import (
    NEEDS_DISPATCH,
    NEEDS_REASON,
    STATES_DUE,
    is_flagged,
    is_void,
)

__all__ = [
    "ATTACHED",
    "LIFECYCLES",
    "MAX_CASE_STEPS",
    "MAX_TURNS",
    "NEEDS_DISPATCH",
    "NEEDS_REASON",
    "SHREDDING_STEPS",
    "SHRED_STATES",
    "STATES_DUE",
    "TURNING_BACK",
    "By",
    "Lifecycle",
    "StepRule",
    "Transition",
    "compose",
    "is_flagged",
    "is_void",
    "most_turns",
]
