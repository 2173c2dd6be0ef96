"""What comes late, again, or after a restore: shredded contents stay gone, and are not missed."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from blo_agent.commands.accept import CommandRefused
from blo_agent.reports.cut import compute_report, take_cut
from blo_agent.store.connection import Transaction
from blo_agent.store.tables import journal, keys
from blo_domain.reports.annual_report import Period
from blo_log.memory import MemoryCluster, MemoryLog
from blo_log.port import ProducerRecord
from blo_log.topics import exchange_topic, keys_topic
from blo_schemas.event import ENVELOPE
from blo_schemas.grants import KeyPurpose, case_grant_record_key
from blo_schemas.hashes import document_id
from blo_schemas.ids import CaseId, CountryId, KeyId, LinkId
from blo_schemas.reports import NoteAbout, PeriodReport
from blo_schemas.summary import Step
from blo_schemas.trust import Revocation, RevokedFrom, Superior
from blo_schemas.views import State
from tests.agents.backups import back_up, restore
from tests.agents.crashing import agree
from tests.agents.shredded import (
    both_confirm,
    both_consent,
    confirms,
    consents,
    history,
    key_of,
    pages,
    shredded,
    state_of,
    tombstones_sent,
    traces,
    until_scrubbed,
    withdrawn,
)
from tests.agents.started import begin, both_up
from tests.agents.world import (
    CORRIDOR,
    LINK,
    NOW,
    PROVINCE,
    A,
    B,
    RunningAgent,
    all_read,
    two_offices_and_a_province,
)


async def test_a_reader_that_comes_later_deletes_at_once_what_it_was_granted(
    tmp_path: Path,
) -> None:
    cluster = MemoryCluster()
    async with two_offices_and_a_province(tmp_path, lambda: MemoryLog(cluster)) as world:
        a, b = await begin(world, A, B)
        case = await shredded(a, b, [])
        other = await withdrawn(a, [b])
        province = await world.agent(PROVINCE)
        await province.read(8)
        assert await key_of(province, case) is None
        assert await key_of(province, other)
        await province.until(lambda: province.desk().unopened == [])
        assert state_of(province, case) is State.SHREDDED
        await agree([a, b, province])


async def test_a_grant_that_comes_late_or_again_is_not_taken(tmp_path: Path) -> None:
    cluster = MemoryCluster()
    async with both_up(tmp_path, cluster) as (world, a, b):
        case = await withdrawn(a, [b])
        topic = keys_topic(CORRIDOR)
        name = case_grant_record_key(KeyId(case))
        (grant,) = [r for r in cluster.records(topic, 0) if r.key == name]
        await both_consent(a, b, case)
        await confirms(a, case)
        await confirms(b, case)
        await world.append([ProducerRecord(topic, 0, name, grant.value)])
        after = await withdrawn(a, [b])
        await all_read([a, b], 8)
        assert await key_of(b, after), "grants that came behind it were taken"
        assert await key_of(b, case) is None
        assert (await history(b, case)).events[0].content == "shredded"
        await b.stop()
        b = await world.agent(B)
        await b.read(8)
        assert await key_of(b, case) is None
        await agree([a, b])


async def test_when_the_log_is_read_again_shredded_contents_are_neither_missed_nor_back(
    tmp_path: Path,
) -> None:
    async with both_up(tmp_path) as (world, a, b):
        case = await shredded(a, b, [])
        world.certify(PROVINCE)
        document = world.agree(
            LINK,
            (A, B),
            superiors=(Superior(superior=PROVINCE, office=A),),
            version=2,
        )
        await world.publish([world.documents[-2], document])
        for one in (a, b):
            await one.heeds(world)
        for one in (a, b):
            assert await key_of(one, case) is None
            assert one.desk().unopened == []
            shown = await history(one, case)
            assert shown.view is not None
            assert shown.view.state == "shredded"
            assert [event.content for event in shown.events] == ["shredded"] * 4 + ["none"] * 2
        said = await a.ask(
            lambda snapshot: [one for one in journal.entries(snapshot) if one.case == case]
        )
        assert [entry.action for entry in said].count("delete contents") == 1
        await agree([a, b])


async def test_a_restored_office_shows_no_contents_before_it_has_read_the_log(
    tmp_path: Path,
) -> None:
    async with both_up(tmp_path) as (world, a, b):
        case, kept = await withdrawn(a, [b]), await withdrawn(a, [b])
        key = await key_of(a, case)
        assert key is not None
        backup = await back_up(world, a)
        await both_consent(a, b, case)
        await both_confirm(a, b, case)
        await a.stop()
        restore(world, backup)
        a = await world.agent(A, line_up=False)
        assert await key_of(a, case) == key, "the backup has it"
        for each in (case, kept):
            shown = await history(a, each)
            assert {event.content for event in shown.events} == {"withheld"}
            assert not [event for event in shown.events if event.fields or event.dispatch]
        await a.stop()
        a = await world.agent(A, line_up=False)
        assert (await history(a, kept)).events[0].content == "withheld", "a restart changes nothing"

        a.line_up()
        await a.read(8)
        await a.until(lambda: not a.desk().status.is_withheld)
        assert await key_of(a, case) is None
        assert (await history(a, kept)).events[0].content == "opened"
        assert {event.content for event in (await history(a, case)).events} == {"shredded", "none"}
        await agree([a, b])
        await until_scrubbed(a)
        await a.stop()
        assert key not in traces(pages(world, A), key)
        a = await world.agent(A, line_up=False)
        assert (await history(a, kept)).events[0].content == "opened", "a usual start shows all"


async def test_what_waits_in_a_case_that_was_shredded_meanwhile_is_sealed_anew_without_content(
    tmp_path: Path,
) -> None:
    """B is restored to before its consent, and does not know yet that the key is gone."""
    cluster = MemoryCluster()
    async with both_up(tmp_path, cluster) as (world, a, b):
        case = await withdrawn(a, [b])
        await consents(a, case)
        await all_read([a, b], 3)
        backup = await back_up(world, b)
        await consents(b, case)
        await all_read([a, b], 4)
        await b.stop()
        restore(world, backup)
        b = await world.agent(B, line_up=False)
        kept = await b.do(Step.KEEP, case, reason="(fictional) too late")
        b.line_up()
        await all_read([a, b], 5)
        sealed = ENVELOPE.decode(cluster.records(exchange_topic(CORRIDOR), 0)[4].value or b"")
        assert sealed.body_ct == b""
        shown = await history(b, case)
        (lost,) = shown.rejected
        assert lost.event != kept.event.hex(), "it was sealed anew"
        assert lost.words.startswith("Your wish to keep the contents")
        assert lost.words.endswith("does not count: the case no longer allows it.")
        await both_confirm(a, b, case)
        await agree([a, b])


async def test_a_confirmation_that_has_to_be_sealed_anew_needs_no_key(tmp_path: Path) -> None:
    async with both_up(tmp_path) as (world, a, b):
        case = await withdrawn(a, [b])
        await both_consent(a, b, case)
        await until_scrubbed(b)
        backup = await back_up(world, b)
        await b.open()
        await all_read([a, b], 5)
        await b.stop()
        restore(world, backup)
        b = await world.agent(B, line_up=False)
        said = await b.do(Step.CONFIRM_SHREDDING, case)
        b.line_up()
        await all_read([a, b], 6)
        await confirms(a, case)
        await all_read([a, b], 7)
        shown = await history(a, case)
        assert shown.events[4].event != said.event.hex(), "it was sealed anew"
        assert state_of(a, case) is State.SHREDDED
        await agree([a, b])


async def test_a_report_says_how_much_it_misses_because_it_was_shredded(tmp_path: Path) -> None:
    async with both_up(tmp_path) as (_, a, b):
        case = await _answered(a, b)
        before = await _report(a)
        await both_consent(a, b, case)
        after = await _report(a)
        assert (_answers(before), _not_counted(before)) == (["1"], [])
        words = "its content was shredded by agreement of the offices"
        assert (_answers(after), _not_counted(after)) == ([], [("answer", words)])


def _answers(report: PeriodReport) -> list[str]:
    (figure,) = [one for one in report.figures if one.indicator == "requests_answered"]
    return [one.amount for one in figure.totals]


def _not_counted(report: PeriodReport) -> list[tuple[str, str]]:
    """The step of each event that could not be counted, and why."""
    steps = {event.event: event.step for event in report.events}
    notes = [note for note in report.notes if note.about is NoteAbout.NOT_COUNTED]
    return [(steps[note.event or ""], note.words) for note in notes]


async def _answered(a: RunningAgent, b: RunningAgent) -> CaseId:
    case = (await a.open()).case
    await all_read([a, b], 1)
    for step in (Step.ACKNOWLEDGE, Step.ACCEPT):
        await b.do(step, case)
    await b.do(Step.ASSIGN, case, {"agency": "(fictional)"})
    await b.do(Step.ANSWER, case, {"text": "(fictional) not known"})
    await all_read([a, b], 5)
    await a.do(Step.CLOSE, case)
    await all_read([a, b], 6)
    return case


async def _report(agent: RunningAgent) -> PeriodReport:
    office, now = agent.agent.office, agent.agent.clock.now_ms()
    period = Period(date(2024, 11, 1), date(2025, 10, 31))
    return await agent.ask(lambda tx: compute_report(take_cut(office, tx, period, now), tx))


async def test_an_office_does_not_confirm_while_another_link_uses_the_same_key(
    tmp_path: Path,
) -> None:
    async with both_up(tmp_path) as (_, a, b):
        case = await withdrawn(a, [b])
        key = await key_of(a, case)
        assert key is not None
        elsewhere = LinkId("vn-a~la-c")

        def hold(tx: Transaction) -> None:
            again = keys.StoredKey(
                elsewhere, KeyId(case), KeyPurpose.CONTENT, key, A, None, CaseId(case)
            )
            keys.put(tx, again)

        await a.agent.store.write(hold)
        await both_consent(a, b, case)
        await tombstones_sent(a)
        with pytest.raises(CommandRefused, match=r"held for vn-a~la-c too") as refused:
            await a.do(Step.CONFIRM_SHREDDING, case)
        assert refused.value.reason == "not_shredded_yet"


async def test_contents_stay_gone_when_later_documents_take_a_consent_away(
    tmp_path: Path,
) -> None:
    """B's certificate turns out not to have counted when it agreed."""
    async with both_up(tmp_path) as (world, a, b):
        case = await withdrawn(a, [b])
        await both_consent(a, b, case)
        of_b = world.documents[3]
        revocation = Revocation(
            country=CountryId("la"),
            certificate=document_id(of_b.payload),
            at=NOW,
            links=(RevokedFrom(link=LINK, size=2),),
            reason="(fictional) the key was lost",
        )
        await world.publish([world.sign(revocation, [world.root_keys["la"]])])

        def reread() -> bool:
            view = a.view(case)
            whole = a.desk().size >= 4 and not a.desk().is_rereading
            return whole and view is not None and view.state is State.WITHDRAWN

        await a.until(reread)
        assert await key_of(a, case) is None
        assert a.desk().unopened == []
        assert {event.content for event in (await history(a, case)).events} == {"shredded"}
        with pytest.raises(CommandRefused, match="open a new case") as refused:
            await a.do(Step.KEEP, case, reason="(fictional)")
        assert refused.value.reason == "shredded"
        assert (await a.replay()).equal


async def test_metrics_count_what_was_shredded_and_what_is_not_confirmed(tmp_path: Path) -> None:
    async with both_up(tmp_path) as (_, a, b):
        case = await withdrawn(a, [b])
        await both_consent(a, b, case)

        def told(name: str) -> float | None:
            return a.agent.metrics.registry.get_sample_value(name, {"link": LINK})

        await a.until(lambda: told("blo_shreddings_unconfirmed") == 1)
        assert told("blo_cases_shredded_total") == 1
        await confirms(a, case)
        await a.until(lambda: told("blo_shreddings_unconfirmed") == 0)
        assert told("blo_cases_shredded_total") == 1
        assert told("blo_records_unopenable") == 0
