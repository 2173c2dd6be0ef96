"""What is wrong with a scenario file: the line, the field, and what was expected there."""

from __future__ import annotations

from blo_cli.errors import CliError


class ScenarioError(CliError):
    """A line of a scenario file that can't be played.

    Attributes:
        file: The file's name.
        line: The line, counted from 1.
        field: The field at fault, as ``fields.person.name``; empty for the line as a whole.
        problem: What is wrong there.
        expected: What should be there.
    """

    def __init__(self, file: str, line: int, field: str, problem: str, expected: str) -> None:
        self.file = file
        self.line = line
        self.field = field
        self.problem = problem
        self.expected = expected
        place = f"{file}, line {line}" + (f", field {field}" if field else "")
        super().__init__(
            place,
            f"{problem}; expected {expected}",
            todo="Nothing was started; docs/scenarios.md describes every field",
        )
