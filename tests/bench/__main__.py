"""``python -m tests.bench``: measure, print a table, write a report, exit 1 if a bar is missed."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from tests.bench.plan import measure_all
from tests.bench.report import BY_NAME, growth_table, table, write
from tests.bench.timing import Effort


def main(arguments: Sequence[str]) -> int:
    """Run the measurements that the arguments ask for; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--report", type=Path, help="where to write report.json")
    parser.add_argument(
        "--only", action="append", choices=list(BY_NAME), metavar="NAME", help=", ".join(BY_NAME)
    )
    wanted = parser.parse_args(arguments)
    # It complains of each connection that an agent gives up at its end.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    console = Console()
    names = wanted.only or list(BY_NAME)
    measurements = []
    with console.status("") as status:
        for name, measure in measure_all(names, Effort()):
            status.update(f"measuring {name}")
            measurements.append(measure())
    console.print(table(measurements))
    grown = growth_table(measurements)
    if grown.row_count:
        console.print(grown)
    if wanted.report is not None:
        write(measurements, wanted.report)
    return 0 if all(one.ok for one in measurements) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
