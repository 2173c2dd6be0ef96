"""Plays a scenario: each line at its office, in order, after what the office must have read.

An office whose line is up reads everything before it acts, as people on a working line do; so a
scenario plays out the same way every time. Lines of links that share no office are independent and
are played side by side; links that share one are played in one sequence, so that the clock of an
office never goes back.
"""

from __future__ import annotations

import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from typing import Final, Protocol

import msgspec

from blo_agent.api import response_types as api
from blo_agent.api.problem_types import PROBLEM_PATH, ProblemDetails
from blo_agent.api.request_types import CommandRequest
from blo_cli.errors import CliError
from blo_lab.network.world import World
from blo_lab.scenario import Scenario, ScenarioLine
from blo_lab.scenario.lines import LINE_DOWN
from blo_schemas.content import Dispatch
from blo_schemas.summary import Kind, Step
from blo_schemas.texts import from_object

READ_TIMEOUT_S: Final = 90.0
_POLL_S: Final = 0.01
_WATCH_S: Final = 0.5
_NEVER_OPENED: Final = ProblemDetails(
    type=f"{PROBLEM_PATH}unknown_case",
    title="There is no such case",
    status=404,
    detail="Its opening was refused, so there is no case.",
)


class Desk(Protocol):
    """What the player needs of an office's API."""

    def submit(self, command: CommandRequest) -> api.AcceptedAnswer | ProblemDetails:
        """Submits a command."""

    def await_size(self, link: str, size: int, timeout_s: float) -> api.LinkAnswer:
        """Waits until the office has read so many records of a link."""

    def line(self, *, up: bool) -> None:
        """Cuts the office's line, or gives it back."""

    def clock(self, now_ms: int) -> None:
        """Sets the office's clock."""


class PlayedStep(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a line when it was submitted.

    Attributes:
        line: The line.
        event: The event's id in hex; empty if it was refused.
        refused: The lifecycle's reason; empty if it was taken.
        words: The same for the officer.
    """

    line: ScenarioLine
    event: str = ""
    refused: str = ""
    words: str = ""


class Played(msgspec.Struct, frozen=True):
    """A scenario that was played.

    Attributes:
        cases: Label → case id in hex.
        outcomes: Of every step, in the file's order.
        sizes: Link → how many records it must have now.
    """

    cases: dict[str, str]
    outcomes: tuple[PlayedStep, ...]
    sizes: dict[str, int]


class StandsStill(CliError):
    """An office has not read what it must have read before it acts."""


def sequences(world: World, lines: Iterable[ScenarioLine]) -> list[list[ScenarioLine]]:
    """Splits a scenario into parts that have no office in common, each in its order."""
    group: dict[str, set[str]] = {}
    for link in world.links.values():
        joined = set(link.offices).union(*(group.get(office, set()) for office in link.offices))
        for office in joined:
            group[office] = joined
    parts: dict[frozenset[str], list[ScenarioLine]] = defaultdict(list)
    for line in lines:
        parts[frozenset(group.get(line.office, {line.office}))].append(line)
    return list(parts.values())


class Player:
    """Plays one scenario through the offices' APIs.

    Args:
        world: The links and their offices.
        desks: Each office's API.
        progress: Called after each line, from several threads.
        watch: Called twice a second in between, from the thread that plays; what it raises ends
            the play.
    """

    def __init__(
        self,
        world: World,
        desks: Mapping[str, Desk],
        progress: Callable[[], None] = lambda: None,
        watch: Callable[[], None] = lambda: None,
    ) -> None:
        self._world = world
        self._desks = desks
        self._progress = progress
        self._watch = watch
        self._stopped = threading.Event()

    def play(self, scenario: Scenario) -> Played:
        """Plays all lines; a step that is refused is noted, and the rest goes on.

        Raises:
            AgentAnswerError: An agent takes a line for no command, or does not answer.
            StandsStill: An office does not read what is in the log.
        """
        parts = sequences(self._world, scenario.lines)
        pool = ThreadPoolExecutor(max_workers=max(len(parts), 1))
        running = [pool.submit(self._play_part, part) for part in parts]
        try:
            while True:
                done, playing = wait(running, _WATCH_S, return_when=FIRST_EXCEPTION)
                failed = [one for one in done if one.exception() is not None]
                if failed or not playing:
                    return _merged(one.result() for one in failed or running)
                self._watch()
        finally:
            # Whoever still waits for an answer is not waited for: the agents may be gone.
            self._stopped.set()
            pool.shutdown(wait=False, cancel_futures=True)

    def _play_part(self, lines: Sequence[ScenarioLine]) -> Played:
        part = _Part(self._world, self._desks)
        for line in lines:
            if self._stopped.is_set():
                break
            part.play(line)
            self._progress()
        return part.played


class _Part:
    """One sequence: what was sent on its links, and what waits for a line."""

    def __init__(self, world: World, desks: Mapping[str, Desk]) -> None:
        self._world = world
        self._desks = desks
        self._down: set[str] = set()
        self._held: dict[str, Counter[str]] = defaultdict(Counter)
        self._sizes: Counter[str] = Counter()
        self._cases: dict[str, str] = {}
        self._kinds: dict[str, Kind] = {}
        self._outcomes: list[PlayedStep] = []

    @property
    def played(self) -> Played:
        """What was played so far."""
        return Played(self._cases, tuple(self._outcomes), dict(self._sizes))

    def play(self, line: ScenarioLine) -> None:
        """Plays one line."""
        if line.step is None:
            self._switch(line)
            return
        if line.kind is not None:
            self._kinds[line.case] = line.kind
        if line.office not in self._down:
            self._await_all_read(line)
        answer = self._submit(line)
        if isinstance(answer, ProblemDetails):
            self._outcomes.append(PlayedStep(line=line, refused=answer.name, words=answer.detail))
            return
        self._cases.setdefault(line.case, answer.case)
        self._outcomes.append(PlayedStep(line=line, event=answer.event))
        counted = self._held[line.office] if line.office in self._down else self._sizes
        counted[line.link] += 1

    def _submit(self, line: ScenarioLine) -> api.AcceptedAnswer | ProblemDetails:
        case = self._cases.get(line.case)
        if case is None and line.step is not Step.OPEN:
            return _NEVER_OPENED
        command = _command(line, case, self._kinds[line.case])
        return self._desks[line.office].submit(command)

    def _switch(self, line: ScenarioLine) -> None:
        desk = self._desks[line.office]
        desk.clock(line.at_ms)
        desk.line(up=line.do != LINE_DOWN)
        if line.do == LINE_DOWN:
            self._down.add(line.office)
            return
        self._down.discard(line.office)
        self._sizes.update(self._held.pop(line.office, Counter()))

    def _await_all_read(self, line: ScenarioLine) -> None:
        """Waits until the office has read what is in the log, and could open it."""
        size = self._sizes[line.link]
        desk = self._desks[line.office]
        deadline = time.monotonic() + READ_TIMEOUT_S
        while True:
            status = desk.await_size(line.link, size, READ_TIMEOUT_S)
            closed = status.parked + status.unopened
            if status.size >= size and not closed:
                return
            if time.monotonic() > deadline:
                raise StandsStill(
                    f"{line.office}, before line {line.number} of the scenario",
                    f"has read {status.size} of {size} records of {line.link} after "
                    f"{READ_TIMEOUT_S:g} s, and could not open {closed} of them",
                    todo="The agents' logs say why; --keep leaves them behind",
                )
            time.sleep(_POLL_S)


def _command(line: ScenarioLine, case: str | None, kind: Kind) -> CommandRequest:
    """The request of a line.

    It always names the kind, so that an office that does not know the case yet refuses the step
    instead of answering that the request is incomplete.
    """
    assert line.step is not None
    assert line.on is not None
    fields: dict[str, object] = line.body
    if line.corrects is not None:
        step, nth = line.corrects.step.word, line.corrects.nth
        fields = {"corrects": step, "nth": nth, "fields": line.body}
    return CommandRequest(
        link=line.link,
        step=line.step.word,
        on=line.on,
        case=case,
        kind=kind.word,
        urgency=None if line.urgency is None else line.urgency.word,
        reason=line.reason,
        due=line.due,
        dispatch=None if line.dispatch is None else from_object(line.dispatch, Dispatch),
        fields=fields,
        ground=None if line.ground is None else line.ground.word,
        at=line.at,
    )


def _merged(parts: Iterable[Played]) -> Played:
    cases: dict[str, str] = {}
    sizes: dict[str, int] = {}
    outcomes: list[PlayedStep] = []
    for part in parts:
        cases.update(part.cases)
        sizes.update(part.sizes)
        outcomes.extend(part.outcomes)
    ordered = sorted(outcomes, key=lambda outcome: outcome.line.number)
    return Played(cases, tuple(ordered), sizes)
