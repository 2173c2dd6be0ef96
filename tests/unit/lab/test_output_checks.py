"""The checks of the processors' outputs: all hold on what a worker wrote, none on anything else."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import msgspec
import pytest

from blo_agent.api import response_types as api
from blo_lab.demo import output_checks
from blo_lab.demo.checks import Check
from blo_lab.demo.observe import Observed
from blo_lab.demo.outputs import CorridorOutputs, LinkOutputs
from blo_schemas.ids import CaseId
from blo_schemas.outputs import TrailState
from blo_schemas.verdicts import ACCEPTED, Outcome, Reason, Verdict, rejected
from tests.processors.world import LA, OBSERVER, PROCESSOR, VN, World
from tests.unit.lab.deriving import LINK, PROGRAM, SIZE, derive


@pytest.fixture(scope="module")
def world() -> World:
    return World()


@pytest.fixture(scope="module")
def derived(world: World) -> CorridorOutputs:
    return asyncio.run(derive(world, LA))


@pytest.fixture
def corridor(derived: CorridorOutputs) -> CorridorOutputs:
    """One of its own, to be spoilt; what was folded plainly stays as it is."""
    ((name, one),) = derived.links.items()
    mine = LinkOutputs(one.plain)
    mine.cases.records.update(one.cases.records)
    mine.alerts.records.update(one.alerts.records)
    mine.trail.entries.update(one.trail.entries)
    mine.trail.checkpoints.update(one.trail.checkpoints)
    return replace(derived, links={name: mine})


@pytest.fixture
def link(corridor: CorridorOutputs) -> LinkOutputs:
    (one,) = corridor.links.values()
    return one


def seen_by(link: LinkOutputs) -> Observed:
    """Two offices that came to what the plain fold came to."""
    plain = link.plain
    verdicts = [one.verdict for one in plain.folded if one.verdict is not None]
    outcomes = Counter(one.outcome for one in verdicts)
    reasons = Counter(one.reason.value for one in verdicts if one.reason is not None)
    status = api.LinkAnswer(
        link=LINK,
        corridor="la-vn",
        partition=0,
        role="party",
        size=SIZE,
        high_watermark=SIZE,
        log_hash=plain.hashes[-1][0].hex(),
        view_digest=plain.views.digest().hex(),
        pending=0,
        unopened=0,
        parked=0,
        halted=None,
        heads=[],
        cosigned=0,
        refused_checkpoints=[],
        alerts=[],
        differences=[],
        counts=api.CountsAnswer(
            appended=SIZE,
            accepted=outcomes[Outcome.ACCEPTED],
            crossed=sum(one.crossed for one in verdicts),
            rejected=dict(reasons),
            duplicates=outcomes[Outcome.DUPLICATE],
        ),
    )
    judged = {
        one.position: one.verdict
        for one in plain.folded
        if one.verdict is not None and one.summary is not None
    }
    offices = (str(VN), str(LA))
    return Observed(
        links={office: {LINK: status} for office in offices},
        verified={},
        verdicts={office: {LINK: dict(judged)} for office in offices},
        metrics={},
    )


def trail(seen: Observed, corridor: CorridorOutputs) -> Check:
    return output_checks.check_trail(seen, [corridor], {LINK: SIZE})


def test_all_hold_on_what_a_worker_wrote(link: LinkOutputs, corridor: CorridorOutputs) -> None:
    seen = seen_by(link)
    made = [
        trail(seen, corridor),
        output_checks.check_case_views(seen, [corridor]),
        output_checks.check_alerts([corridor]),
        output_checks.check_no_dead_letters([corridor]),
        output_checks.check_no_content([corridor]),
    ]
    assert [one.detail for one in made if not one.ok] == []
    assert link.alerts.standing()
    assert len(link.trail.checkpoints) > 3
    assert {one.outcome for one in seen.verdicts[VN][LINK].values()} == {
        Outcome.ACCEPTED,
        Outcome.REJECTED,
    }


def without_an_entry(link: LinkOutputs) -> None:
    del link.trail.entries[5]


def with_an_entry_too_many(link: LinkOutputs) -> None:
    link.trail.entries[SIZE] = link.trail.entries[5]


def with_an_entry_that_waits(link: LinkOutputs) -> None:
    waiting = msgspec.structs.replace(
        link.trail.entries[5], finality=TrailState.PENDING, verdict=None
    )
    link.trail.entries[5] = waiting


def with_another_verdict(link: LinkOutputs) -> None:
    other = rejected(Reason.NOT_YOUR_STEP)
    link.trail.entries[5] = msgspec.structs.replace(link.trail.entries[5], verdict=other)


def with_another_hash(link: LinkOutputs) -> None:
    link.trail.entries[5] = msgspec.structs.replace(link.trail.entries[5], log_hash=bytes(32))


def with_a_false_checkpoint(link: LinkOutputs) -> None:
    made = link.trail.checkpoints[7]
    link.trail.checkpoints[7] = msgspec.structs.replace(made, tree_root=bytes(32))


def with_a_checkpoint_beyond_the_log(link: LinkOutputs) -> None:
    link.trail.checkpoints[SIZE + 1] = link.trail.checkpoints[7]


def with_a_value_that_nobody_signed(link: LinkOutputs) -> None:
    link.unreadable.append("blo.cases.la-vn, offset 3: the signature is bad")


@pytest.mark.parametrize(
    "spoil",
    [
        without_an_entry,
        with_an_entry_too_many,
        with_an_entry_that_waits,
        with_another_verdict,
        with_another_hash,
        with_a_false_checkpoint,
        with_a_checkpoint_beyond_the_log,
        with_a_value_that_nobody_signed,
    ],
)
def test_a_trail_that_is_not_the_log_s_fails(
    link: LinkOutputs, corridor: CorridorOutputs, spoil: Callable[[LinkOutputs], None]
) -> None:
    seen = seen_by(link)
    spoil(link)
    assert not trail(seen, corridor).ok


def test_an_office_with_another_verdict_is_named(
    link: LinkOutputs, corridor: CorridorOutputs
) -> None:
    seen = seen_by(link)
    judged: dict[int, Verdict] = dict(seen.verdicts[LA][LINK])
    position = next(position for position, verdict in judged.items() if verdict == ACCEPTED)
    judged[position] = rejected(Reason.NOT_YOUR_STEP)
    verdicts = {**seen.verdicts, str(LA): {LINK: judged}}
    check = trail(msgspec.structs.replace(seen, verdicts=verdicts), corridor)
    assert not check.ok
    assert f"{LA} on {LINK}: record {position}" in check.detail


@pytest.mark.parametrize("count", ["accepted", "duplicates", "crossed"])
def test_an_office_that_counts_other_verdicts_is_named(
    link: LinkOutputs, corridor: CorridorOutputs, count: str
) -> None:
    seen = seen_by(link)
    status = seen.links[VN][LINK]
    more = {count: getattr(status.counts, count) + 1}
    changed = msgspec.structs.replace(status, counts=msgspec.structs.replace(status.counts, **more))
    links = {**seen.links, str(VN): {LINK: changed}}
    check = trail(msgspec.structs.replace(seen, links=links), corridor)
    assert not check.ok
    assert f"{VN} on {LINK}: it counts" in check.detail


def test_a_case_that_stands_elsewhere_at_an_office_fails(
    link: LinkOutputs, corridor: CorridorOutputs
) -> None:
    seen = seen_by(link)
    case, record = next(iter(link.cases.records.items()))
    view = msgspec.structs.replace(record.view, version=record.view.version + 1)
    link.cases.records[case] = msgspec.structs.replace(record, view=view)
    check = output_checks.check_case_views(seen, [corridor])
    assert not check.ok
    assert VN in check.detail


def test_a_case_that_is_missing_fails(link: LinkOutputs, corridor: CorridorOutputs) -> None:
    seen = seen_by(link)
    link.cases.records.popitem()
    assert not output_checks.check_case_views(seen, [corridor]).ok


def test_alerts_that_are_missing_unfounded_or_changed_are_told(
    link: LinkOutputs, corridor: CorridorOutputs
) -> None:
    (standing, *_) = link.alerts.standing()
    del link.alerts.records[standing.id]
    check = output_checks.check_alerts([corridor])
    assert not check.ok
    assert f"missing: {standing.clock} {standing.rung}" in check.detail
    link.alerts.records[bytes(32)] = standing
    assert "unfounded" in output_checks.check_alerts([corridor]).detail
    del link.alerts.records[bytes(32)]
    link.alerts.records[standing.id] = msgspec.structs.replace(standing, since=1)
    assert "other than it should be" in output_checks.check_alerts([corridor]).detail


def test_clocks_that_a_plain_fold_does_not_make_are_told(
    link: LinkOutputs, corridor: CorridorOutputs
) -> None:
    case, record = next(iter(link.cases.records.items()))
    clocks = msgspec.structs.replace(record.clocks, opener=OBSERVER)
    link.cases.records[CaseId(case)] = msgspec.structs.replace(record, clocks=clocks)
    check = output_checks.check_alerts([corridor])
    assert not check.ok
    assert "clocks" in check.detail


def test_a_dead_letter_fails(link: LinkOutputs, corridor: CorridorOutputs) -> None:
    link.dead = 2
    check = output_checks.check_no_dead_letters([corridor])
    assert not check.ok
    assert f"{LINK}: 2" in check.detail


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"content_granted": 1}, "was granted 1 content keys"),
        ({"grants_opened": 1}, "opens 1 grants"),
        ({"bodies_opened": 1}, "opens 1 of"),
        ({"summaries_opened": 3}, "the trial is blind"),
    ],
)
def test_whatever_opens_that_should_not_fails(
    corridor: CorridorOutputs, changes: dict[str, int], words: str
) -> None:
    other = replace(corridor, opening=replace(corridor.opening, **changes))
    check = output_checks.check_no_content([other])
    assert not check.ok
    assert f"{PROGRAM.title}" in check.detail
    assert words in check.detail


async def test_a_content_key_that_was_granted_to_a_processor_is_found(world: World) -> None:
    tried = (await derive(world, LA, PROCESSOR)).opening
    assert tried.content_granted > 0
    assert tried.grants == tried.content_granted
    assert tried.grants_opened == 0


def test_the_trial_has_something_to_open(corridor: CorridorOutputs) -> None:
    tried = corridor.opening
    assert tried.keys > 2
    assert tried.grants > 5
    assert tried.summaries > SIZE // 2
