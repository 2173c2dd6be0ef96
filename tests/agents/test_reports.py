"""An office's report: from computing to freezing, and computed anew when the log has moved on."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import apsw
import pytest

from blo_agent.commands.accept import Accepted
from blo_agent.reports import service
from blo_agent.reports.errors import ReportRefusal, ReportRefused
from blo_agent.reports.lifecycle import ReportAction
from blo_agent.store.connection import Snapshot, Transaction
from blo_agent.store.tables import events, journal, reports
from blo_domain.commands import Target
from blo_domain.holiday_tables import NEWEST
from blo_domain.reports.checks import check, check_figures
from blo_domain.reports.difference import ReportDifference
from blo_log.memory import MemoryCluster
from blo_schemas.codec import encode
from blo_schemas.grants import KeyPurpose
from blo_schemas.ids import LinkId
from blo_schemas.reports import (
    NoteAbout,
    PeriodReport,
    ReportAct,
    ReportFigure,
    report_digest,
    signed_report,
    to_json,
)
from blo_schemas.summary import Kind, Step
from tests.agents.late_keys import let_go, make_keeper
from tests.agents.started import three_up
from tests.agents.world import (
    LINK,
    NOW,
    PROVINCE,
    YEAR_MS,
    A,
    B,
    RunningAgent,
    all_read,
)
from tests.patience import PATIENCE_S

FIRST, LAST = date(2024, 11, 1), date(2025, 10, 31)
PENALTY = {
    "person": {"name": "A (fictional)", "nationality": "la"},
    "law": "(fictional)",
    "act": "overstay",
    "decision_number": "1",
}


def figure(report: PeriodReport, name: str) -> ReportFigure:
    return next(one for one in report.figures if one.indicator == name)


def number(report: PeriodReport, name: str) -> str:
    return next((one.amount for one in figure(report, name).totals), "0")


async def frozen(running: RunningAgent) -> ReportAction:
    """A report that four eyes have seen."""
    agent = running.agent
    computed = await service.compute(agent, FIRST, LAST, "officer")
    await service.act(agent, computed.digest, ReportAct.REVIEW, "deputy")
    await service.act(agent, computed.digest, ReportAct.SIGN, "chief")
    return await service.act(agent, computed.digest, ReportAct.FREEZE, "officer")


async def can_read_all(province: RunningAgent) -> None:
    """Wait until the province can read whatever it has."""
    desk = province.desk()
    await province.until(lambda: not desk.unopened)


async def refusal(running: RunningAgent, digest: bytes, act: ReportAct, who: str) -> str:
    with pytest.raises(ReportRefused) as refused:
        await service.act(running.agent, digest, act, who)
    return refused.value.reason


async def penalised(a: RunningAgent, *readers: RunningAgent) -> Accepted:
    """A penalty of A's, which all have read."""
    before = a.desk().size
    accepted = await a.submit(Kind.PENALTY, Step.OPEN, fields=PENALTY)
    await all_read([a, *readers], before + 1)
    return accepted


async def still_reproduced(running: RunningAgent, filed: ReportAction) -> ReportDifference:
    """What the log says otherwise since the freeze; the report itself is computed as it was."""
    compared = await service.compare(running.agent, filed.digest, "auditor")
    assert (compared.reproduced, compared.why_not) == (True, [])
    return compared.since


async def actions(running: RunningAgent) -> list[tuple[str, str]]:
    return await running.ask(lambda tx: [(one.actor, one.action) for one in journal.entries(tx)])


async def test_a_report_is_computed_reviewed_signed_and_frozen_and_the_journal_says_by_whom(
    tmp_path: Path,
) -> None:
    async with three_up(tmp_path) as (_, a, b, province):
        for _ in range(3):
            await a.submit(Kind.PENALTY, Step.OPEN, fields=PENALTY)
        await all_read([a, b, province], 3)
        await can_read_all(province)
        filed = await frozen(province)
        assert filed.signed is not None
        assert check(filed.signed.frozen) == []
        report = filed.report
        assert (report.office, report.branches) == (PROVINCE, (A,))
        assert {link.holidays for link in report.links} == {(NEWEST,)}
        assert number(report, "overstay_penalties") == "3"
        places = {one.event: (one.link, one.position) for one in report.events}
        counted = figure(report, "overstay_penalties").events
        assert [places[one.event] for one in counted] == [(LINK, 0), (LINK, 1), (LINK, 2)]
        assert all(note.about is NoteAbout.LATE_ENTRY for note in report.notes)
        assert len(report.notes) == 3
        assert await actions(province) == [
            ("officer", "report compute"),
            ("deputy", "report review"),
            ("chief", "report sign"),
            ("officer", "report freeze"),
        ]
        data = await service.export(province.agent, filed.digest, "chief")
        assert data == to_json(filed.signed)
        assert signed_report(data) == filed.signed
        assert (await actions(province))[-1] == ("chief", "report export")


async def test_commands_are_accepted_while_a_report_is_computed_and_it_does_not_count_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = asyncio.get_running_loop()
    read = events.case_by_case
    between: list[Accepted] = []

    def reading(snapshot: Snapshot, link: LinkId, end: int) -> Iterator[events.EventRow]:
        for row in read(snapshot, link, end):
            # The reader's thread waits here until the writer has the command on its disk.
            work = a.submit(Kind.PENALTY, Step.OPEN, fields=PENALTY)
            between.append(asyncio.run_coroutine_threadsafe(work, loop).result(PATIENCE_S))
            yield row

    async with three_up(tmp_path) as (_, a, b, province):
        for _ in range(3):
            await a.submit(Kind.PENALTY, Step.OPEN, fields=PENALTY)
        await all_read([a, b, province], 3)
        monkeypatch.setattr(events, "case_by_case", reading)
        computed = await service.compute(a.agent, FIRST, LAST, "officer")
        assert len(between) == 3
        assert [link.size for link in computed.report.links] == [3]
        assert number(computed.report, "overstay_penalties") == "3"
        monkeypatch.undo()
        await all_read([a, b, province], 6)


async def test_a_frozen_report_is_reproduced_and_what_came_late_is_shown_beside_it(
    tmp_path: Path,
) -> None:
    async with three_up(tmp_path) as (_, a, b, province):
        await a.submit(Kind.PENALTY, Step.OPEN, fields=PENALTY)
        second = await a.submit(Kind.PENALTY, Step.OPEN, fields=PENALTY)
        await all_read([a, b, province], 2)
        await can_read_all(province)
        filed = await frozen(province)
        assert (await still_reproduced(province, filed)).figures == ()
        # Late: one more event of the year, and a correction that takes one out of it.
        late = await a.submit(Kind.PENALTY, Step.OPEN, fields=PENALTY)
        await a.submit(
            Kind.PENALTY,
            Step.SUPERSEDE,
            second.case,
            fields={"corrects": "open", "fields": {**PENALTY, "act": "other"}},
            corrects=Target(Step.OPEN, 1),
        )
        await all_read([a, b, province], 4)
        await can_read_all(province)
        since = await still_reproduced(province, filed)
        (changed,) = since.figures
        assert changed.indicator == "overstay_penalties"
        assert (changed.before, changed.after) == ({"": "2"}, {"": "2"})
        assert (changed.added, changed.gone) == ((late.event.hex(),), (second.event.hex(),))
        assert since.records == {LINK: 2}
        kept = await province.ask(lambda tx: reports.get(tx, filed.digest))
        assert kept is not None
        assert filed.signed is not None
        assert kept.signed == encode(filed.signed)


async def test_what_could_not_be_read_at_the_freeze_is_noted_and_stays_out_of_it(
    tmp_path: Path,
) -> None:
    cluster = MemoryCluster()
    keeper = make_keeper(cluster, KeyPurpose.CONTENT, PROVINCE)
    async with three_up(tmp_path, cluster, keeper) as (_, a, b, province):
        closed = await penalised(a, b, province)
        filed = await frozen(province)
        assert number(filed.report, "overstay_penalties") == "0"
        (link,) = filed.report.links
        assert (link.parked, link.closed) == ((), (0,))
        noted = {note.about for note in filed.report.notes if note.position == 0}
        assert noted == {NoteAbout.NOT_OPENED, NoteAbout.NOT_COUNTED}
        await let_go(cluster, keeper)
        await can_read_all(province)
        since = await still_reproduced(province, filed)
        added = {one.indicator: one.added for one in since.figures}
        assert added["overstay_penalties"] == (closed.event.hex(),)


async def test_what_could_not_be_judged_at_the_freeze_is_noted_and_stays_out_of_it(
    tmp_path: Path,
) -> None:
    cluster = MemoryCluster()
    keeper = make_keeper(cluster, KeyPurpose.SUMMARY, PROVINCE)
    async with three_up(tmp_path, cluster, keeper) as (_, a, b, province):
        await penalised(a, b, province)
        filed = await frozen(province)
        (link,) = filed.report.links
        assert (link.parked, link.closed) == ((0,), ())
        assert [note.about for note in filed.report.notes] == [NoteAbout.NOT_JUDGED]
        await let_go(cluster, keeper)
        await can_read_all(province)
        since = await still_reproduced(province, filed)
        names = [one.indicator for one in since.figures]
        assert names == ["blo_offices_active", "overstay_penalties"]


async def test_a_report_whose_contents_were_shredded_since_says_why_it_is_not_reproduced(
    tmp_path: Path,
) -> None:
    async with three_up(tmp_path) as (_, a, b, province):
        case = (await penalised(a, b, province)).case
        await can_read_all(province)
        filed = await frozen(province)

        def shred(tx: Transaction) -> None:
            events.forget_contents(tx, LINK, case)

        await province.agent.store.write(shred)
        compared = await service.compare(province.agent, filed.digest, "auditor")
        assert not compared.reproduced
        assert "overstay_penalties differs" in compared.why_not
        assert f"the content of 0 of {LINK} was shredded since" in compared.why_not


async def test_new_trust_documents_that_change_nothing_leave_the_report_reproducible(
    tmp_path: Path,
) -> None:
    async with three_up(tmp_path) as (world, a, b, province):
        await penalised(a, b, province)
        await can_read_all(province)
        filed = await frozen(province)
        # The same key in a certificate of its own, and a certificate that ends after the log.
        await world.publish([world.certify(B, not_before=NOW - YEAR_MS + 1)])
        await province.heeds(world)
        await can_read_all(province)
        office = province.agent.office
        assert office.directory.digest_for_link(LINK).hex() != filed.report.links[0].trust
        await still_reproduced(province, filed)


async def test_four_eyes_must_see_a_report_and_each_refusal_is_in_the_journal(
    tmp_path: Path,
) -> None:
    async with three_up(tmp_path) as (*_, province):
        agent = province.agent
        digest = (await service.compute(agent, FIRST, LAST, "officer")).digest
        tried = [
            (ReportAct.FREEZE, "chief", ReportRefusal.FOUR_EYES),
            (ReportAct.SIGN, "chief", ReportRefusal.OUT_OF_ORDER),
            (ReportAct.REVIEW, "officer", ReportRefusal.OWN_WORK),
        ]
        for act, who, reason in tried:
            assert await refusal(province, digest, act, who) == reason
        await service.act(agent, digest, ReportAct.REVIEW, "deputy")
        await service.act(agent, digest, ReportAct.SIGN, "officer")
        assert await refusal(province, digest, ReportAct.FREEZE, "chief") == ReportRefusal.FOUR_EYES
        await service.act(agent, digest, ReportAct.SIGN, "chief")
        await service.act(agent, digest, ReportAct.FREEZE, "chief")
        for act in (ReportAct.REVIEW, ReportAct.SIGN, ReportAct.FREEZE):
            assert await refusal(province, digest, act, "chief") == ReportRefusal.FROZEN
        refused = [one for one in await actions(province) if one[1].startswith("refused")]
        assert refused == [
            ("chief", "refused report freeze"),
            ("chief", "refused report sign"),
            ("officer", "refused report review"),
            ("chief", "refused report freeze"),
            ("chief", "refused report review"),
            ("chief", "refused report sign"),
            ("chief", "refused report freeze"),
        ]


async def test_one_person_in_two_spellings_is_one_pair_of_eyes(tmp_path: Path) -> None:
    async with three_up(tmp_path) as (*_, province):
        agent = province.agent
        digest = (await service.compute(agent, FIRST, LAST, "Lê Hòa")).digest
        for spelling in ("le hoà", "LÊ\u00a0HÒA", "L\u200bê Hòa", "Lê-Hòa.", "Lе Ноа"):
            tried = await refusal(province, digest, ReportAct.REVIEW, spelling)
            assert tried is ReportRefusal.OWN_WORK
        await service.act(agent, digest, ReportAct.REVIEW, "Trần B")
        await service.act(agent, digest, ReportAct.SIGN, "LE HOA")
        tried = await refusal(province, digest, ReportAct.FREEZE, "Trần B")
        assert tried is ReportRefusal.FOUR_EYES


async def freeze_refused(running: RunningAgent, first: date, last: date) -> ReportRefused:
    """What the freeze of a report that four eyes have seen is refused with."""
    agent = running.agent
    digest = (await service.compute(agent, first, last, "officer")).digest
    await service.act(agent, digest, ReportAct.REVIEW, "deputy")
    await service.act(agent, digest, ReportAct.SIGN, "chief")
    with pytest.raises(ReportRefused) as refused:
        await service.act(agent, digest, ReportAct.FREEZE, "chief")
    return refused.value


async def test_a_report_of_a_period_that_has_not_ended_is_not_frozen(tmp_path: Path) -> None:
    async with three_up(tmp_path) as (*_, province):
        ahead = datetime.fromtimestamp(NOW / 1000, UTC).date() + timedelta(days=2)
        refused = await freeze_refused(province, FIRST, ahead)
        assert refused.reason is ReportRefusal.PERIOD_NOT_ENDED
        assert f"before {ahead} was over" in refused.words
        # The year itself is not blocked by what was tried too early.
        assert (await frozen(province)).signed is not None


@pytest.mark.parametrize(
    ("first", "last"),
    [(FIRST, FIRST), (LAST, LAST), (FIRST - timedelta(days=9), LAST + timedelta(days=9))],
)
async def test_a_day_is_in_one_frozen_report_only(tmp_path: Path, first: date, last: date) -> None:
    async with three_up(tmp_path) as (*_, province):
        filed = await frozen(province)
        refused = await freeze_refused(province, first, last)
        assert refused.reason is ReportRefusal.PERIOD_IS_FROZEN
        assert f"{filed.digest.hex()} of {FIRST} to {LAST} is frozen" in refused.words


async def test_reports_of_two_years_are_both_frozen(tmp_path: Path) -> None:
    async with three_up(tmp_path) as (*_, province):
        await frozen(province)
        agent, day = province.agent, FIRST - timedelta(days=1)
        digest = (await service.compute(agent, day, day, "officer")).digest
        await service.act(agent, digest, ReportAct.REVIEW, "deputy")
        await service.act(agent, digest, ReportAct.SIGN, "chief")
        assert (await service.act(agent, digest, ReportAct.FREEZE, "chief")).signed is not None


async def test_a_period_is_frozen_once_and_the_store_keeps_it_as_it_is(tmp_path: Path) -> None:
    async with three_up(tmp_path) as (_, a, b, province):
        filed = await frozen(province)
        await penalised(a, b, province)
        with pytest.raises(ReportRefused) as refused:
            await frozen(province)
        assert refused.value.reason is ReportRefusal.PERIOD_IS_FROZEN
        assert filed.digest.hex() in refused.value.words

        def change(tx: Transaction) -> None:
            for sql in ("UPDATE reports SET signed = NULL", "DELETE FROM reports"):
                with pytest.raises(apsw.ConstraintError, match="a frozen report is not"):
                    tx.execute(f"{sql} WHERE signed IS NOT NULL")

        await province.agent.store.write(change)


async def test_only_a_frozen_report_is_reproduced_and_an_unknown_one_is_named(
    tmp_path: Path,
) -> None:
    async with three_up(tmp_path) as (*_, province):
        computed = await service.compute(province.agent, FIRST, LAST, "officer")
        assert computed.digest.hex() == report_digest(computed.report)
        assert check_figures(computed.report) == []
        with pytest.raises(ReportRefused) as refused:
            await service.compare(province.agent, computed.digest, "auditor")
        assert refused.value.reason is ReportRefusal.NOT_FROZEN
        with pytest.raises(ReportRefused, match="no report 0000") as refused:
            await service.export(province.agent, bytes(32), "auditor")
        assert refused.value.reason is ReportRefusal.UNKNOWN_REPORT


async def test_a_link_that_is_halted_is_not_reported_on(tmp_path: Path) -> None:
    async with three_up(tmp_path) as (*_, province):
        province.desk().status.halted = "two logs (fictional)"
        with pytest.raises(ReportRefused, match="two logs") as refused:
            await service.compute(province.agent, FIRST, LAST, "officer")
        assert refused.value.reason is ReportRefusal.HALTED
        assert (await actions(province))[-1] == ("officer", "refused report compute")
