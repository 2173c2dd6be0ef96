"""The tables of ``docs/threats.md`` (which mode catches what) and ``docs/audit.md`` (what it means).

``python -m tests.audit.table`` writes both anew.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from blo_audit.findings.meanings import MEANINGS
from blo_audit.findings.meanings import rows as meanings
from tests.audit.mutations import ALL, Found

BEGIN = "<!-- mutations: python -m tests.audit.table -->"
END = "<!-- end of mutations -->"
MEANINGS_BEGIN = "<!-- meanings: python -m tests.audit.table -->"
MEANINGS_END = "<!-- end of meanings -->"


def rows() -> list[str]:
    """The table's lines."""
    lines = ["| done to the log | full mode tells | amortised mode tells | shown by |"]
    lines.append("|---|---|---|---|")
    for one in ALL:
        keys = " (with summary keys)" if one.keys else ""
        full, amortised = _cell(one.full), _cell(one.amortised)
        lines.append(
            f"| {one.what}{keys} | {full} | {amortised} | "
            "`test_every_mutation_is_caught_and_named` |"
        )
    return lines


def _cell(found: Found | None) -> str:
    if found is None:
        return "nothing"
    return f"{MEANINGS[found.code].severity} {found.code}"


def written(text: str) -> str:
    """``docs/threats.md`` with the table of today."""
    return _between(text, BEGIN, END, rows())


def explained(text: str) -> str:
    """``docs/audit.md`` with the table of today."""
    return _between(text, MEANINGS_BEGIN, MEANINGS_END, meanings())


def _between(text: str, begin: str, end: str, lines: Sequence[str]) -> str:
    before, _, rest = text.partition(begin)
    _, _, after = rest.partition(end)
    return "\n".join([before + begin, "", *lines, "", end + after])


def main() -> None:
    """Write them."""
    docs = Path(__file__).parents[2] / "docs"
    for page, write in ((docs / "threats.md", written), (docs / "audit.md", explained)):
        page.write_text(write(page.read_text()))
    sys.stdout.write(f"{len(ALL)} mutations, {len(MEANINGS)} meanings\n")


if __name__ == "__main__":
    main()

__all__ = ["explained", "rows", "written"]
