"""Scenario files: a year of offices' decisions as one JSON object a line (``docs/scenarios.md``)."""

from blo_cli.scenario.errors import ScenarioError
from blo_cli.scenario.lines import Correction, ScenarioLine, read_line
from blo_cli.scenario.reading import Scenario, load, read

__all__ = [
    "Correction",
    "Scenario",
    "ScenarioError",
    "ScenarioLine",
    "load",
    "read",
    "read_line",
]
