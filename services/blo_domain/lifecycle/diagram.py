"""Writes ``docs/lifecycles.md`` from the tables: ``python -m blo_domain.lifecycle.diagram FILE``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from blo_domain.lifecycle.kinds import LIFECYCLES
from blo_domain.lifecycle.model import (
    ATTACHED,
    MAX_CASE_STEPS,
    SHRED_STATES,
    SHREDDING_STEPS,
    TURNING_BACK,
    By,
    Lifecycle,
    Transition,
)
from blo_domain.lifecycle.requirements import NEEDS_DISPATCH, NEEDS_REASON
from blo_schemas.bodies import body_type
from blo_schemas.summary import Step
from blo_schemas.views import State

_HEADER: Final = """\
# Lifecycles

Generated from the tables in `services/blo_domain/lifecycle`; `make diagrams` writes this file.

A case is opened by one office (*the opener*) and moves by the steps below, in the order of the
link's log. A step that its row does not allow is rejected by every reader alike. Overdue and
escalated are computed, never states. No event is deleted: a case is withdrawn, a step is corrected.

- **Who.** {who}
- **Joint steps** (*{all}*, *{every}*):
  each office takes the step once; the case moves when the last one has. On a link of two offices
  both mean the two. On a conference, *{all}* means the opener and every
  office that has taken a step of its own in the case, two at least.
- **Attached steps** move nothing and are left out of the diagrams: {attached}.
- **A correction** (`supersede`) is possible as long as there is a content, of the office's own steps, each once.
- **Shredding** goes the same way for every kind, and is left out of the diagrams: where nothing more
  is owed, each office of the link says `shred`. Until the last one has, `keep` of any of them takes
  back what all have said. When the last one has (*shredding*), every office deletes key and contents
  of the case, and each says `confirm_shredding`; then the case is *shredded*.
- **A full case.** A case has room for {steps} steps, a share of which is kept for each office. Then only
  those steps go on that lead to its end: what changes the state (but {back}), what an
  office does only once, and one `keep` of each office. The rest is `case_full` (`wire-format.md` §4).
- **A reason in words** is needed for: {reason}.
- **A document** travels with: {dispatch}. Above routine, it states the ground of the urgency.
"""


def document() -> str:
    """The whole document."""
    header = _HEADER.format(
        who=", ".join(f"*{by.value}*" for by in (By.OPENER, By.RESPONDER, By.EITHER)) + ".",
        all=By.ALL.value,
        every=By.EVERY.value,
        attached=_words(ATTACHED),
        steps=f"{MAX_CASE_STEPS:,}",
        back=_words(TURNING_BACK),
        reason=_words(NEEDS_REASON),
        dispatch=_words(NEEDS_DISPATCH),
    )
    return "\n".join([header, *(_section(table) for table in LIFECYCLES.values())])


def _section(table: Lifecycle) -> str:
    title = table.kind.word.replace("_", " ").capitalize()
    rows = (_row(table, row) for row in table.transitions)
    return "\n".join(
        [
            f"## {title}",
            "",
            table.about,
            "",
            "```mermaid",
            "stateDiagram-v2",
            *_edges(table),
            "```",
            "",
            "| step | who | from | to | fields |",
            "|---|---|---|---|---|",
            *rows,
            "",
        ]
    )


def _edges(table: Lifecycle) -> Iterator[str]:
    yield f"    [*] --> {table.first}: open"
    for source in table.states:
        for (state, step), rule in table.lookup.items():
            shown = step not in ATTACHED | SHREDDING_STEPS
            shown = shown and (not rule.stays or step is not Step.ACKNOWLEDGE)
            if state is source and shown:
                yield f"    {source} --> {rule.target}: {step.word}{_mark(rule.joint)}"
    for end in table.states:
        if end in table.ends:
            yield f"    {end} --> [*]"


def _mark(joint: bool) -> str:
    return " (joint)" if joint else ""


def _row(table: Lifecycle, row: Transition) -> str:
    every = {*row.sources, *SHRED_STATES} == set(table.states)
    sources = "any state before shredding" if every else ", ".join(map(_state, row.sources)) or "–"
    target = "stays" if row.target is None else _state(row.target)
    who = row.by.value + (", once" if row.once else "")
    fields = body_type(table.kind, row.step).__name__
    return f"| `{row.step.word}` | {who} | {sources} | {target} | `{fields}` |"


def _state(state: State) -> str:
    return state.value.replace("_", " ")


def _words(steps: frozenset[Step]) -> str:
    return ", ".join(f"`{step.word}`" for step in sorted(steps))


def main(arguments: list[str]) -> None:
    """Writes the document to the file named by the only argument."""
    (file,) = arguments
    Path(file).write_text(document(), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
