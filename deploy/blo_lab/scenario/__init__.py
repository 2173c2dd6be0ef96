"""Scenario files: a year of offices' decisions as one JSON object a line (``docs/scenarios.md``)."""

from blo_lab.scenario.errors import ScenarioError
from blo_lab.scenario.lines import CorrectionLine, ScenarioLine, read_line
from blo_lab.scenario.parse import Scenario, load, read

__all__ = [
    "CorrectionLine",
    "Scenario",
    "ScenarioError",
    "ScenarioLine",
    "load",
    "read",
    "read_line",
]
