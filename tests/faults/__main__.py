"""``python -m tests.faults``: the long run; writes the report of ``docs/faults.md``."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
import tempfile
from pathlib import Path

from blo_lab.broker import EmbeddedBroker, find_kafka
from tests.faults.chaos import Plan
from tests.faults.lab_table import is_whole, render_lab, run_lab
from tests.faults.run import Report, run_faults

PROJECT_ROOT = Path(__file__).resolve().parents[2]
_PARTS = ("lab", "workers")
_MARK = "<!-- part: {} -->"
_HEAD = """\
# Faults

Written by `make test-faults` (`python -m tests.faults`).
"""
LONG = Plan(
    links=6,
    events=20_000,
    kills=12,
    pause_s=12.0,
    broker_stop_s=10.0,
    seconds=150.0,
    settle_s=240.0,
    seed=7,
)


def render(report: Report) -> str:
    """The report as Markdown."""
    plan = report.plan
    rows = [
        ("links, records", f"{plan.links}, {plan.events:,}"),
        ("length of the run", f"{report.seconds:.0f} s"),
        ("starts of each worker", ", ".join(map(str, report.starts))),
        ("links that went on from their stored state", str(report.resumed)),
        (
            "exit codes (negative: by that signal)",
            ", ".join(f"{code}: {count}" for code, count in sorted(report.exit_codes.items())),
        ),
        ("views that differ from a plain fold of the log", str(report.wrong_views)),
        ("trail entries missing or different", str(report.wrong_entries)),
        ("alerts and clearings", f"{report.alerts:,}"),
        ("of them missing, different or too many", str(report.wrong_alerts)),
        ("cases whose last view on the topic is not the newest", str(report.stale_last)),
        ("trail entries written in all", f"{report.written:,}"),
        ("from the last append until all was right", f"{report.settled_s:.1f} s"),
        ("from SIGTERM to the end", ", ".join(f"{one:.1f} s" for one in report.stop_s)),
        ("exit codes then", ", ".join(map(str, report.last_codes))),
    ]
    table = "\n".join(f"| {name} | {value} |" for name, value in rows)
    deeds = "\n".join(f"{number}. {deed}" for number, deed in enumerate(report.deeds, 1))
    return f"""\
## Two workers of one corridor

Two workers of one corridor on a real Kafka, each started again by a supervisor, while records are appended. Afterwards, what a reader of
the topics sees must be equal to a plain fold of the log from zero.

Last result: **{"exact" if report.exact else "NOT EXACT"}**

| | |
|---|---|
{table}

What was done, in order:

{deeds}
"""


def main() -> int:
    """Run it."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults")
    parser.add_argument("--report", type=Path, default=PROJECT_ROOT / "docs" / "faults.md")
    parser.add_argument("--part", choices=("workers", "lab"), help="only this part")
    options = parser.parse_args()
    # Whoever ends this ends the workers, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    sections = _sections(options.report)
    good = True
    with tempfile.TemporaryDirectory() as scratch:
        if options.part in (None, "workers"):
            report = _run_workers(Path(scratch))
            good = report.exact
            sections["workers"] = render(report)
        if options.part in (None, "lab"):
            outcomes = run_lab(Path(scratch) / "lab")
            good = good and is_whole(outcomes)
            sections["lab"] = render_lab(outcomes)
    parts = [f"{_MARK.format(name)}\n{sections[name]}" for name in _PARTS if name in sections]
    text = "\n".join([_HEAD, *parts])
    options.report.write_text(text, encoding="utf-8")
    print(text)
    return 0 if good else 1


def _run_workers(folder: Path) -> Report:
    libraries = find_kafka(PROJECT_ROOT, os.environ)
    with EmbeddedBroker.start(folder / "broker", libraries) as broker:
        report = asyncio.run(run_faults(LONG, broker, folder))
    if not report.exact:
        print("\n".join(path.read_text() for path in folder.glob("*.log")), file=sys.stderr)
    return report


def _sections(path: Path) -> dict[str, str]:
    """The parts that an earlier run wrote."""
    parts = (
        path.read_text(encoding="utf-8").split(_MARK.partition("{}")[0]) if path.exists() else []
    )
    found = {}
    for part in parts[1:]:
        name, _, text = part.partition(" -->\n")
        found[name] = text.rstrip("\n") + "\n"
    return found


if __name__ == "__main__":
    sys.exit(main())
