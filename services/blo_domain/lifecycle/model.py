"""What a lifecycle table is made of.

A table is a list of transitions, written down by people (``base``, ``kinds``). It is compiled once
into a lookup by (state, step), which is all that ``blo_domain.cases`` uses.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from graphlib import CycleError, TopologicalSorter
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


class StepRule(NamedTuple):
    """A transition as it is looked up.

    Attributes:
        by: Who may do it.
        target: The state afterwards.
        joint: Whether each office has to do it before the case moves.
        once: Whether an office can do it only once in a case.
        stays: Whether the state is the same afterwards.
        ends_pause: Whether no clock runs in the state afterwards.
        unguarded: Whether state, step and office are all that has to be looked at.
        forward: Whether a full case still allows it, because no office can repeat it without end.
        turns: Whether it can begin a round or a pause of a clock, so that a case has room for
            ``most_turns`` of it only.
    """

    by: By
    target: State
    joint: bool
    once: bool
    stays: bool
    ends_pause: bool
    unguarded: bool
    forward: bool
    turns: bool


Lookup = Mapping[tuple[State, Step], StepRule]

ATTACHED: Final = frozenset({Step.PAUSE, Step.RESUME, Step.URGE, Step.FEEDBACK, Step.SUPERSEDE})
"""Steps that attach to a case. They move nothing, and who takes only them takes no part."""

SHREDDING_STEPS: Final = frozenset({Step.SHRED, Step.KEEP, Step.CONFIRM_SHREDDING})
"""Steps with which the contents of a case come to their end (ADR 7)."""

SHRED_STATES: Final = frozenset({State.SHREDDING, State.SHREDDED})
"""States in which all offices have agreed that the contents are deleted."""

TURNING_BACK: Final = frozenset({Step.REOPEN, Step.RETURN_FOR_INFORMATION})
"""Steps that lead back to an earlier state. Without them no case comes twice to one state."""

MAX_CASE_STEPS: Final = 1_000
"""How many steps a case can have before only those go on that lead to its end (``StepRule.forward``).

Half of it is shared out: as long as an office has taken less than its share of that half, the
steps of others can't keep it from taking an ordinary step.
"""

MAX_TURNS: Final = 32
"""How often a case between few offices can be paused, returned, reopened, or, where that begins a
clock anew, corrected: each of these so often. Half of it is shared out like ``MAX_CASE_STEPS``."""

_LOOKING_BACK: Final = frozenset({Step.PAUSE, Step.RESUME, Step.SUPERSEDE, Step.KEEP})
_TURNING: Final = frozenset({Step.PAUSE, *TURNING_BACK})
_CONFIRMED_ANEW: Final = (Kind.CONTACT_CHANGE, Step.SUPERSEDE)
_FEW: Final = 8


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
        """States that a case leaves only when its contents are shredded."""
        return _ends(self.states, self.transitions)

    @property
    def settled(self) -> frozenset[State]:
        """States in which nothing more is owed, so that the contents may be shredded."""
        return frozenset(state for state, step in self.lookup if step is Step.SHRED)


def compose(kind: Kind, about: str, *parts: Iterable[Transition]) -> Lifecycle:
    """Builds a kind's table from its parts; the first row of the first part opens the case.

    Rows that all kinds share are added at the end. Whoever reported a step may correct it as long
    as there is a content. Where nothing more is owed, the offices may agree to delete the contents:
    each says so (``SHRED``); until the last one has, any of them may say no (``KEEP``), which
    takes back what all have said; after that, each confirms when it has deleted.

    Raises:
        ValueError: Two rows say different things about one step in one state, or the table does
            not begin with opening.
    """
    rows = tuple(row for part in parts for row in part)
    if rows[0].step is not Step.OPEN or rows[0].target is None:
        raise ValueError(f"the table of {kind.word} must begin with opening")
    states = tuple(dict.fromkeys(row.target for row in rows if row.target is not None))
    rows = (
        *rows,
        Transition(Step.SUPERSEDE, By.EITHER, states, None),
        *_shredding(_settled(states, rows)),
    )
    _check_order(kind, rows)
    clocked = {state for row in rows if row.step is Step.PAUSE for state in row.sources}
    lookup: dict[tuple[State, Step], StepRule] = {}
    for row in rows:
        for state in row.sources:
            if (state, row.step) in lookup:
                raise ValueError(f"{kind.word} has two rows for {row.step.word} in {state}")
            lookup[state, row.step] = _rule(kind, row, state, clocked)
    return Lifecycle(kind, about, rows, lookup)


def most_turns(parties: int) -> int:
    """How often a case between so many offices can take one and the same turning step."""
    return MAX_TURNS * max(parties, _FEW) // _FEW


def _check_order(kind: Kind, rows: Iterable[Transition]) -> None:
    """Refuses a table in which steps that a full case allows could go round in a circle."""
    after: dict[State, set[State]] = {}
    for row in rows:
        if row.target is not None and row.step not in TURNING_BACK:
            for state in row.sources:
                after.setdefault(state, set()).add(row.target)
    try:
        # Staying is no circle: it is not ``forward``.
        tuple(TopologicalSorter({s: t - {s} for s, t in after.items()}).static_order())
    except CycleError as error:
        raise ValueError(f"{kind.word} goes round in a circle: {error.args[1]}") from None


def _settled(states: tuple[State, ...], rows: Iterable[Transition]) -> tuple[State, ...]:
    """The ends, and closed: a closed case may be opened again, but nothing is owed in it."""
    ends = _ends(states, rows)
    return tuple(state for state in states if state in ends or state is State.CLOSED)


def _ends(states: Iterable[State], rows: Iterable[Transition]) -> frozenset[State]:
    left = {
        state
        for row in rows
        if row.step not in SHREDDING_STEPS and row.target is not None
        for state in row.sources
        if state is not row.target
    }
    return frozenset(states) - left - SHRED_STATES


def _shredding(settled: tuple[State, ...]) -> tuple[Transition, ...]:
    return (
        Transition(Step.SHRED, By.EVERY, settled, State.SHREDDING),
        Transition(Step.KEEP, By.EITHER, settled, None),
        Transition(Step.CONFIRM_SHREDDING, By.EVERY, (State.SHREDDING,), State.SHREDDED),
    )


def _rule(kind: Kind, row: Transition, state: State, clocked: set[State]) -> StepRule:
    target = state if row.target is None else row.target
    joint = row.by in (By.ALL, By.EVERY)
    return StepRule(
        by=row.by,
        target=target,
        joint=joint,
        once=row.once,
        stays=target is state,
        ends_pause=target not in clocked,
        unguarded=not (joint or row.once or row.step in _LOOKING_BACK),
        forward=row.once or (target is not state and row.step not in TURNING_BACK),
        turns=row.step in _TURNING or (kind, row.step) == _CONFIRMED_ANEW,
    )
