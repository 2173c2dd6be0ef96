"""The year of seed 003 as a scenario (docs/domain.md §5): what the seed says, and a fictional rest.

The figures are the seed's; "nearly 30" patrols are 29. Names, days, places and texts that it does
not give are made up and say so. Around the figures stand the traps of docs/domain.md §5: the day before
and the day after the year, late entries, corrections, one event reported by both offices, and
events of the same kinds that belong to others.
"""

from __future__ import annotations

import sys

from blo_lab.scenarios.conference import write_conference
from blo_lab.scenarios.crossed import write_crossing
from blo_lab.scenarios.joint_cases import write_joint_cases
from blo_lab.scenarios.patrols import write_patrols
from blo_lab.scenarios.persons import write_persons
from blo_lab.scenarios.requests import write_requests
from blo_lab.scenarios.tralinh import write_tralinh
from blo_lab.scenarios.write import Year


def year_of_seed_003() -> str:
    """The text of ``year-of-seed-003.jsonl``; the same at every call."""
    year = Year()
    write_joint_cases(year)
    write_patrols(year)
    write_persons(year)
    write_requests(year)
    write_crossing(year)
    write_conference(year)
    write_tralinh(year)
    return year.text()


if __name__ == "__main__":
    sys.stdout.write(year_of_seed_003())
