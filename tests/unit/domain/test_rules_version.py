"""A frozen report says by which counting rules it was made, so they can't change unnoticed."""

from __future__ import annotations

from hashlib import sha256

from blo_domain.reports.figure_rules import RULES, RULES_VERSION
from blo_domain.text_fold import FOLDING_VERSION

KNOWN = {2: "7c92b87ae3b65ee2f532016e31684469d307e6fa4a7d9afb07cc37a9ef482b4e"}
"""Hash of the table of figures and of the folding's version, by the version of the rules."""


def test_whoever_changes_what_is_counted_says_so_by_a_new_version() -> None:
    table: list[object] = [
        (
            rule.indicator,
            rule.unit,
            rule.kind.word,
            rule.step.word,
            rule.whose.value,
            rule.joint,
            None if rule.identity is None else rule.identity.__qualname__,
            rule.measure.__qualname__,
        )
        for rule in RULES
    ]
    table.append(("folding", FOLDING_VERSION))
    found = sha256(repr(table).encode()).hexdigest()
    assert KNOWN[RULES_VERSION] == found, "count RULES_VERSION up, and note the new table's hash"
