"""A replay that goes on from the auditor's own statement finds what a whole one finds."""

from __future__ import annotations

import random

import pytest

from blo_audit.replay.statement import LinkStatement, ReplayStatement
from tests.audit.exhibits import LINK, OTHER, audit, observer
from tests.audit.mutations import ALL, Mutation
from tests.audit.scene import scene
from tests.audit.since import earlier_than, replay
from tests.audit.test_replay import _shapes

EXACT = ("records", "log_hash", "tree_root", "accepted", "heads", "checkpoint", "words", "verified")


def _lines(report: ReplayStatement) -> list[str]:
    return sorted(map(str, report.findings))


def _facts(link: LinkStatement) -> dict[str, object]:
    return {name: getattr(link, name) for name in EXACT}


@pytest.mark.parametrize("seed", range(12))
def test_replays_in_parts_find_what_one_replay_finds(seed: int) -> None:
    world, exhibit = _shapes(seed)
    identity = observer(world)
    whole = audit(exhibit, identity=identity)
    dice = random.Random(seed)
    size = len(exhibit.records_[LINK])
    statement = None
    for cut in (*sorted(dice.sample(range(size), 3)), size):
        report, statement = replay(
            earlier_than(exhibit, {LINK: cut}), exhibit.pins, since=statement, identity=identity
        )
    assert _lines(report) == _lines(whole)
    [link], [expected] = report.links, whole.links
    assert link.earlier is not None
    assert _facts(link) == _facts(expected)
    assert link.views is not None
    assert expected.views is not None
    assert (link.views.cases, link.views.differed, link.views.shredded) == (
        expected.views.cases,
        expected.views.differed,
        expected.views.shredded,
    )


@pytest.mark.slow
@pytest.mark.parametrize("mutation", ALL, ids=lambda one: one.name)
def test_every_mutation_is_found_alike_over_a_seam(mutation: Mutation) -> None:
    exhibit = scene().exhibit.copy()
    mutation.spoil(scene(), exhibit)
    identity = observer(scene().world)
    whole = audit(exhibit, identity=identity)
    cuts = {LINK: len(exhibit.records_[LINK]) // 2, OTHER: len(exhibit.records_[OTHER]) // 2}
    before = earlier_than(exhibit, cuts)
    _, statement = replay(before, exhibit.pins, identity=identity)
    report, _ = replay(exhibit, exhibit.pins, since=statement, identity=identity)
    assert _lines(report) == _lines(whole)
