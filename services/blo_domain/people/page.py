"""Writes ``docs/people.md`` from the tables: ``python -m blo_domain.people.page FILE``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from blo_domain.people.approval import DEFAULT_POLICY
from blo_domain.people.drafts import DRAFT_RULES, DraftState
from blo_domain.people.handling_codes import MEANINGS
from blo_domain.people.permissions import PERMISSIONS, Action, Permission
from blo_domain.people.roles import APART
from blo_schemas.people import OfficeRole

_HEADER: Final = """\
# People

Generated from the tables in `services/blo_domain/people`; `make diagrams` writes this file.

Every person who works with an office's node has an account with one or more roles, each with its
dates. A **standing deputy** acts as chief while a delegation of the chief is in force. A **member of
an agency** (police, border guard, customs) reaches the cases that the own agency has drafted in or
was assigned. The **office auditor** reads everything and changes nothing. The **operator** keeps the
node and reads no contents.

## Who may do what

*approval*: somebody else, who may do it without approval, has to agree first. A person with two roles
has the better answer of both. The journal keeps refusals, too.

"""

_APPROVAL: Final = """
## What needs approval

An approver cannot be anybody who drafted or edited. The office's policy names the steps, and the
agreement of a link can add steps that the policy cannot take away. A correction needs approval where
the corrected step does. Nothing is sealed before its approval, and the approval names the digest of
exactly what is sealed, with its attachments.

By default: {steps}.

## The way of a draft

| act | from | to | new revision |
|---|---|---|---|
"""

_APART: Final = """
A draft that is sent, or discarded, stays as it is. An approval is for one revision.

## Roles that one person cannot have at the same time

| role | apart from |
|---|---|
"""

_HANDLING: Final = """
## Handling codes

| code | meaning |
|---|---|
"""

_MARKS: Final = {
    Permission.ALLOWED: "yes",
    Permission.NEEDS_APPROVAL: "approval",
    Permission.REFUSED: "–",
}


def document() -> str:
    """The whole page."""
    steps = sorted({row.step for row in DEFAULT_POLICY})
    approval = _APPROVAL.format(steps=", ".join(f"`{step.word}`" for step in steps))
    rows = [*_permissions(), approval, *_drafts(), _APART, *_apart(), _HANDLING, *_handling()]
    return _HEADER + "".join(rows)


def _permissions() -> Iterator[str]:
    yield f"| | {' | '.join(map(_word, OfficeRole))} |\n"
    yield f"|---|{'---|' * len(OfficeRole)}\n"
    for action in Action:
        cells = (PERMISSIONS[role].get(action, Permission.REFUSED) for role in OfficeRole)
        yield f"| {action} | {' | '.join(_MARKS[cell] for cell in cells)} |\n"


def _drafts() -> Iterator[str]:
    for act, rule in DRAFT_RULES.items():
        sources = ", ".join(state for state in DraftState if state in rule.sources)
        yield f"| {act} | {sources} | {rule.target} | {'yes' if rule.revises else ''} |\n"


def _apart() -> Iterator[str]:
    for role, others in APART.items():
        yield f"| {_word(role)} | {', '.join(_word(other) for other in OfficeRole if other in others)} |\n"


def _handling() -> Iterator[str]:
    for code, meaning in MEANINGS.items():
        yield f"| {code} | {meaning} |\n"


def _word(role: OfficeRole) -> str:
    return role.value.replace("_", " ")


def main(arguments: list[str]) -> None:
    """Writes the page to the file named by the only argument."""
    (file,) = arguments
    Path(file).write_text(document(), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
