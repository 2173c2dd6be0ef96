"""A whole scenario file, checked against the world it is to be played in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import msgspec

from blo_cli.errors import CliError
from blo_lab.network.world import World
from blo_lab.scenario.errors import ScenarioError
from blo_lab.scenario.lines import LINE_DOWN, ScenarioLine, describe_mismatch, read_line
from blo_runtime.files import LARGE, read_file
from blo_schemas.bodies import BODIES, body_from_json, body_type
from blo_schemas.errors import WrongType
from blo_schemas.fields import MapStruct
from blo_schemas.ids import LinkId, OfficeId
from blo_schemas.mismatch import read_mismatch
from blo_schemas.summary import Kind, Step


class Scenario(msgspec.Struct, frozen=True):
    """A scenario that can be played.

    Attributes:
        name: The file's name.
        lines: Its lines, in order of time.
    """

    name: str
    lines: tuple[ScenarioLine, ...]


def load(path: Path, world: World) -> Scenario:
    """Reads a scenario file.

    Raises:
        ScenarioError: It says the line, the field, and what was expected.
        CliError: The file can't be read.
    """
    try:
        text = read_file(path, LARGE).decode("utf-8")
    except OSError as error:
        raise CliError(
            str(path), f"cannot be read ({error.strerror})", todo="Name a scenario file"
        ) from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ScenarioError(path.name, line, "", "not UTF-8", "UTF-8 text") from None
    return read(path.name, text, world)


def read(name: str, text: str, world: World) -> Scenario:
    """Reads a scenario from the text of its file.

    Raises:
        ScenarioError: It says the line, the field, and what was expected.
    """
    written = text.removesuffix("\n").split("\n")
    return check(name, [read_line(name, n, line) for n, line in enumerate(written, 1)], world)


def check(name: str, lines: Iterable[ScenarioLine], world: World) -> Scenario:
    """Makes a scenario of lines, if they fit to one another and to the world.

    Raises:
        ScenarioError: It says the line, the field, and what was expected.
    """
    checker = _Checker(name, world)
    checked = tuple(checker.check(line) for line in lines)
    checker.end(len(checked))
    return Scenario(name, checked)


class _Case(msgspec.Struct):
    """What is known of a case as far as the file has been read."""

    link: str
    kind: Kind
    steps: Counter[tuple[str, Step]]


class _Checker:
    """Reads on from line to line, remembering what the later ones refer to."""

    def __init__(self, file: str, world: World) -> None:
        self._file = file
        self._world = world
        self._last: ScenarioLine | None = None
        self._cases: dict[str, _Case] = {}
        self._down: dict[str, int] = {}

    def check(self, line: ScenarioLine) -> ScenarioLine:
        """The line itself, if it fits to what came before."""
        if self._last is not None and line.at < self._last.at:
            earlier = f"{self._last.at.isoformat()} or later, as line {self._last.number}"
            raise self._error(line, "at", "lies before the line above", earlier)
        self._last = line
        if OfficeId(line.office) not in self._world.offices:
            raise self._one_of(line, "office", line.office, self._world.offices)
        if line.step is None:
            self._check_line_step(line)
        else:
            self._check_parties(line)
            self._check_body(line, self._case(line, line.step))
        return line

    def end(self, count: int) -> None:
        """Refuses a file at whose end an office still waits for its line."""
        for office, number in self._down.items():
            raise ScenarioError(
                self._file, number, "do", f"the line of {office} stays down", "a line_up after it"
            )
        if count == 0:
            raise ScenarioError(self._file, 1, "", "the file is empty", "one JSON object a line")

    def _check_line_step(self, line: ScenarioLine) -> None:
        if line.do == LINE_DOWN:
            if line.office in self._down:
                raise self._error(line, "do", "the line is down already", "line_up before it")
            self._down[line.office] = line.number
        elif self._down.pop(line.office, None) is None:
            raise self._error(line, "do", "the line is up already", "line_down before it")

    def _check_parties(self, line: ScenarioLine) -> None:
        if LinkId(line.link) not in self._world.links:
            raise self._one_of(line, "link", line.link, self._world.links)
        parties = self._world.parties(LinkId(line.link))
        if line.office not in parties:
            problem = f"{line.office} is no party of {line.link}"
            raise self._error(line, "office", problem, "one of " + ", ".join(parties))

    def _case(self, line: ScenarioLine, step: Step) -> _Case:
        known = self._cases.get(line.case)
        if step is Step.OPEN:
            if known is not None:
                raise self._error(line, "case", f"{line.case!r} was opened before", "a new label")
            assert line.kind is not None
            known = _Case(line.link, line.kind, Counter())
            self._cases[line.case] = known
        elif known is None:
            raise self._error(line, "case", f"{line.case!r} was not opened", "an open line before")
        elif known.link != line.link:
            raise self._error(line, "link", f"{line.case!r} was opened on another", known.link)
        self._check_correction(line, known)
        known.steps[line.office, step] += 1
        return known

    def _check_correction(self, line: ScenarioLine, case: _Case) -> None:
        if line.corrects is None:
            return
        step = line.corrects.step
        if step is Step.SUPERSEDE:
            problem = "a correction is not corrected"
            raise self._error(line, "fields.corrects", problem, "the step that was reported")
        there = case.steps[line.office, step]
        if there == 0:
            words = [known.word for office, known in case.steps if office == line.office]
            problem = f"{line.office} has no {step.word} in the case yet"
            expected = ", ".join(words) or "no step yet"
            raise self._error(line, "fields.corrects", problem, expected)
        if line.corrects.nth > there:
            problem = f"{line.office} has only {there} {step.word} yet"
            raise self._error(line, "fields.nth", problem, f"1 to {there}")

    def _check_body(self, line: ScenarioLine, case: _Case) -> None:
        step = line.step if line.corrects is None else line.corrects.step
        assert step is not None
        within = "fields.fields" if line.corrects else "fields"
        try:
            schema = body_type(case.kind, step)
        except WrongType:
            steps = ", ".join(known.word for kind, known in BODIES if kind is case.kind)
            problem = f"a {case.kind.word} has no step {step.word}"
            field = "fields.corrects" if line.corrects else "do"
            raise self._error(line, field, problem, f"one of {steps}") from None
        try:
            body_from_json(case.kind, step, line.body)
        except WrongType as error:
            where, _, text = error.detail.partition(": ")
            mismatch = read_mismatch(text)._replace(path=within + where.removeprefix("fields"))
            field, problem = mismatch.field, describe_mismatch(mismatch)
            names = ", ".join(_described(schema)) or "no fields at all"
            expected = f"for {case.kind.word} {step.word}: {names}"
            raise self._error(line, field, problem, expected) from None

    def _one_of(
        self, line: ScenarioLine, field: str, given: str, known: Iterable[str]
    ) -> ScenarioError:
        return self._error(
            line, field, f"{given!r} is not known here", "one of " + ", ".join(known)
        )

    def _error(self, line: ScenarioLine, field: str, problem: str, expected: str) -> ScenarioError:
        return ScenarioError(self._file, line.number, field, problem, expected)


def _described(schema: type[MapStruct]) -> list[str]:
    """The fields of a body, those in brackets that may be left out."""
    fields = msgspec.structs.fields(schema)
    return [one.encode_name if one.required else f"[{one.encode_name}]" for one in fields]
