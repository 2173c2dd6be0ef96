"""The table of ``docs/threats.md`` that says which mode catches which mutation.

``python -m tests.audit.table`` writes it anew.
"""

from __future__ import annotations

import sys
from pathlib import Path

from blo_audit.meanings import MEANINGS
from tests.audit.mutations import ALL, Found

BEGIN = "<!-- mutations: python -m tests.audit.table -->"
END = "<!-- end of mutations -->"


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
    """The page with the table of today."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return "\n".join([before + BEGIN, "", *rows(), "", END + after])


def main() -> None:
    """Write it."""
    page = Path(__file__).parents[2] / "docs" / "threats.md"
    page.write_text(written(page.read_text()))
    sys.stdout.write(f"{page}: {len(ALL)} mutations\n")


if __name__ == "__main__":
    main()

__all__ = ["BEGIN", "END", "rows", "written"]
