"""What a replay must catch: honest logs, heads and documents, spoiled in every way we know."""

from __future__ import annotations

from pathlib import Path

import pytest

from blo_audit.findings.codes import Code, Severity
from blo_audit.findings.findings import Finding
from blo_audit.replay.signatures import Mode
from tests.audit.exhibits import audit, observer
from tests.audit.mutations import ALL, Found, Mutation
from tests.audit.scene import scene
from tests.audit.table import written

pytestmark = pytest.mark.slow

HARMLESS = {Code.DUPLICATE, Code.HEAD_GOES_BACK, Code.NO_HEAD, Code.KEY_OUTSIDE_VALIDITY}
HARMLESS |= {Code.NO_AGREEMENT}
"""Mutations that change nothing of what counts are told as notes."""


def _findings(mutation: Mutation, mode: Mode) -> list[Finding]:
    exhibit = scene().exhibit.copy()
    mutation.spoil(scene(), exhibit)
    identity = observer(scene().world) if mutation.keys else None
    return list(audit(exhibit, mode, identity=identity).findings)


def _is(finding: Finding, wanted: Found) -> bool:
    return (
        finding.code is wanted.code
        and wanted.position in (None, finding.position)
        and wanted.office in (None, finding.office)
    )


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("mutation", ALL, ids=lambda one: one.name)
def test_every_mutation_is_caught_and_named(mutation: Mutation, mode: Mode) -> None:
    wanted = mutation.full if mode is Mode.FULL else mutation.amortised
    found = _findings(mutation, mode)
    if wanted is None:
        assert [str(one) for one in found if one.severity is not Severity.NOTE] == []
        return
    named = [one for one in found if _is(one, wanted)]
    assert named, "\n".join(map(str, found))
    if wanted.code not in HARMLESS:
        assert any(one.severity is not Severity.NOTE for one in named)


def test_the_table_of_threats_says_what_the_modes_catch(project_root: Path) -> None:
    text = (project_root / "docs" / "threats.md").read_text()
    assert written(text) == text, "run: python -m tests.audit.table"


def test_there_are_enough_mutations_and_each_has_a_name_of_its_own() -> None:
    assert len({one.name for one in ALL}) == len(ALL) >= 45


def test_the_exhibit_that_all_begin_with_is_clean_and_stays_so() -> None:
    for mode in Mode:
        report = audit(scene().exhibit, mode, identity=observer(scene().world))
        assert report.clean, report.findings
