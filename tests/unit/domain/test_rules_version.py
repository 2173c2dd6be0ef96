"""A frozen report says by which counting rules it was made, so they can't change unnoticed."""

from __future__ import annotations

from hashlib import sha256

from blo_domain.counting_rules import RULES, RULES_VERSION

KNOWN = {1: "5a268b27de57a46babc3faf5960a762ee0cda4fa571f7676dd9cd90aa7922878"}
"""Hash of the table of figures, by the version of the rules."""


def test_whoever_changes_what_is_counted_says_so_by_a_new_version() -> None:
    table = [
        (
            rule.indicator,
            rule.unit,
            rule.kind.word,
            rule.step.word,
            rule.whose.value,
            rule.joint,
            None if rule.same is None else rule.same.__qualname__,
            rule.measure.__qualname__,
        )
        for rule in RULES
    ]
    found = sha256(repr(table).encode()).hexdigest()
    assert KNOWN[RULES_VERSION] == found, "count RULES_VERSION up, and note the new table's hash"
