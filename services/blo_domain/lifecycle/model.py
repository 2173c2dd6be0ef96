"""What a lifecycle table is made of.

A table is a list of transitions, written down by people (``base``, ``kinds``). It is compiled once
into a lookup by (state, step), which is all that ``blo_domain.cases`` uses.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final, NamedTuple

from blo_schemas.summary import Kind, Step
from blo_schemas.views import State


class By(Enum):
    """Who may take a step.

    ``ALL`` and ``EVERY`` are joint steps: each office takes the step once, the case moves when the
    last one has, and the view records the progress. On a link of two offices both mean the two.
    On a conference, ``EVERY`` means every party of the link, and ``ALL`` the offices that take
    part in the case: the opener and each office that has taken a step of its own in it, two at
    least, so that a province that stays away can't hold the others up.
    """

    OPENER = "the office that opened"
    RESPONDER = "another office"
    EITHER = "any office"
    ALL = "each office that takes part"
    EVERY = "each office of the link"


class Transition(NamedTuple):
    """One row of a table.

    Attributes:
        step: What is done.
        by: Who may do it.
        sources: In which states; none for opening.
        target: Where it leads; ``None``: the case stays where it is.
        once: Whether an office can do it only once in a case.
    """

    step: Step
    by: By
    sources: tuple[State, ...]
    target: State | None
    once: bool = False


class Rule(NamedTuple):
    """A transition as it is looked up.

    Attributes:
        by: Who may do it.
        target: The state afterwards.
        joint: Whether each office has to do it before the case moves.
        once: Whether an office can do it only once in a case.
        stays: Whether the state is the same afterwards.
        ends_pause: Whether no clock runs in the state afterwards.
        plain: Whether state, step and office are all that has to be looked at.
    """

    by: By
    target: State
    joint: bool
    once: bool
    stays: bool
    ends_pause: bool
    plain: bool


Lookup = Mapping[tuple[State, Step], Rule]

ATTACHED: Final = frozenset({Step.PAUSE, Step.RESUME, Step.URGE, Step.FEEDBACK, Step.SUPERSEDE})
"""Steps that attach to a case. They move nothing, and who takes only them takes no part."""

_LOOKING_BACK: Final = frozenset({Step.PAUSE, Step.RESUME, Step.SUPERSEDE})


@dataclass(frozen=True)
class Lifecycle:
    """The table of one kind.

    Attributes:
        kind: The kind.
        about: One sentence: how a case of this kind goes.
        transitions: The rows; the first one opens the case.
        lookup: The rows by (state, step).
    """

    kind: Kind
    about: str
    transitions: tuple[Transition, ...]
    lookup: Lookup

    @property
    def first(self) -> State:
        """The state of a case that was just opened."""
        target = self.transitions[0].target
        assert target is not None
        return target

    @property
    def steps(self) -> frozenset[Step]:
        """All steps that a case of this kind can have."""
        return frozenset(row.step for row in self.transitions)

    @property
    def states(self) -> tuple[State, ...]:
        """All states of the kind, in the order in which the table reaches them."""
        reached = [row.target for row in self.transitions if row.target is not None]
        return tuple(dict.fromkeys(reached))

    @property
    def ends(self) -> frozenset[State]:
        """States that a case never leaves."""
        left = {state for (state, _), rule in self.lookup.items() if not rule.stays}
        return frozenset(self.states) - left


def compose(kind: Kind, about: str, *parts: Iterable[Transition]) -> Lifecycle:
    """Builds a kind's table from its parts; the first row of the first part opens the case.

    A last row is added: in every state, whoever reported a step may correct it.

    Raises:
        ValueError: Two rows say different things about one step in one state, or the table does
            not begin with opening.
    """
    rows = tuple(row for part in parts for row in part)
    if rows[0].step is not Step.OPEN or rows[0].target is None:
        raise ValueError(f"the table of {kind.word} must begin with opening")
    states = tuple(dict.fromkeys(row.target for row in rows if row.target is not None))
    rows = (*rows, Transition(Step.SUPERSEDE, By.EITHER, states, None))
    clocked = {state for row in rows if row.step is Step.PAUSE for state in row.sources}
    lookup: dict[tuple[State, Step], Rule] = {}
    for row in rows:
        for state in row.sources:
            if (state, row.step) in lookup:
                raise ValueError(f"{kind.word} has two rows for {row.step.word} in {state}")
            lookup[state, row.step] = _rule(row, state, clocked)
    return Lifecycle(kind, about, rows, lookup)


def _rule(row: Transition, state: State, clocked: set[State]) -> Rule:
    target = state if row.target is None else row.target
    joint = row.by in (By.ALL, By.EVERY)
    return Rule(
        by=row.by,
        target=target,
        joint=joint,
        once=row.once,
        stays=target is state,
        ends_pause=target not in clocked,
        plain=not (joint or row.once or row.step in _LOOKING_BACK),
    )


__all__ = ["ATTACHED", "By", "Lifecycle", "Lookup", "Rule", "Transition", "compose"]
