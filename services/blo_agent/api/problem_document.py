"""Writes ``docs/problems.md`` from the table: ``python -m blo_agent.api.problem_document FILE``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from blo_agent.api.problem_table import GROUPS

_HEADER: Final = """\
# Problems

Generated from `services/blo_agent/api/problem_table.py`; `make diagrams` writes this file.

Whatever the office's API refuses, it answers with problem details (RFC 9457) of the type
`application/problem+json`:

| member | meaning |
|---|---|
| `type` | the address of the problem's page on the node, `/problems/NAME`; the names are below |
| `title` | the problem in a few words, always the same |
| `status` | the HTTP status |
| `detail` | what is wrong with this request, and what to do |
| `pointer` | the field of the body at fault, as a JSON pointer (RFC 6901) |
| `parameter` | the part of the path, the query or the head at fault |
| `expected` | what was expected there, in words |
| `example` | a value that would do there |
| `crossed` | the steps of the case that the request had not seen: event, step, office, version, time |
| `current`, `by` | the draft as it is now, and who has changed it |
| `incident` | the id under which the node's log file has an unexpected error |

A program decides by `type` alone; the other words are for people. Members that do not apply are left
out. 409 means that the same request may be right later, 422 that it never is.
"""


def document() -> str:
    """The whole page."""
    parts = [_HEADER]
    for group, kinds in GROUPS.items():
        parts.append(f"\n## {group}\n\n| name | status | title | what to do |\n|---|---|---|---|\n")
        for name, kind in kinds.items():
            todo = kind.todo.replace("|", "\\|")
            parts.append(f"| `{name}` | {kind.status} | {kind.title} | {todo} |\n")
    return "".join(parts)


if __name__ == "__main__":
    (_file,) = sys.argv[1:]
    Path(_file).write_text(document(), encoding="utf-8")
