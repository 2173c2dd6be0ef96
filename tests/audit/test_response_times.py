"""Response times for a ministry, which holds no key to any content."""

from __future__ import annotations

from datetime import date
from io import BytesIO
from typing import Any

import pytest
from openpyxl import load_workbook

from blo_audit.printout.times_report import TimesSetting, times_paper, times_sheet
from blo_audit.reports import response_times as observing
from blo_audit.reports.response_times import LinkTimes, response_times
from blo_domain.deadlines.responses import Responses, Window
from blo_domain.reports.annual_report import Period
from blo_domain.reports.document import window_of
from blo_log.directory import DirectoryFeed
from blo_log.memory import MemoryCluster, MemoryLog
from blo_printout.model import LANGUAGES, PaperLanguage
from blo_printout.text import text_of
from blo_printout.workbook import workbook_of
from blo_processors.query import as_of as processors
from blo_projection import fold as folding
from blo_projection.granted_keys import GrantedKeys
from blo_schemas.clocks import ClockKind
from blo_schemas.ids import LinkId, OfficeId
from blo_sealing.identity import ProgramIdentity
from tests.audit.papers import instant
from tests.processors.world import CORRIDOR, OBSERVER, START, LinkWriter, World

WHOLE = Window(0, START + 366 * 86_400_000)


async def _written(world: World) -> tuple[MemoryLog, LinkWriter]:
    log = MemoryLog(MemoryCluster())
    await world.publish(log)
    writer = LinkWriter(world, world.places[0], seed=11)
    writer.play(150)
    await writer.append(log)
    return log, writer


def times_setting(language: PaperLanguage = "en") -> TimesSetting:
    return TimesSetting(
        language=language,
        times=instant,
        first=date(2024, 11, 1),
        last=date(2025, 10, 31),
        zone="Asia/Vientiane",
        read_at=1_761_930_000_000,
        observer=OBSERVER,
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_paper_and_a_sheet_tell_period_zone_and_percentiles(language: Any) -> None:
    setting = times_setting(language)
    links = [
        LinkTimes(
            LinkId("vn-a~la-b"),
            7,
            0,
            (
                Responses(
                    LinkId("vn-a~la-b"),
                    OfficeId("vn-a"),
                    ClockKind.ANSWER,
                    *(1, 2, 1),
                    *(5_430_000, 3_600_000 * 1500),
                ),
            ),
        )
    ]
    text = text_of(times_paper(links, setting), 200)
    for words in ("Asia/Vientiane", setting.period, OBSERVER, setting.word("p90")):
        assert words in text
    assert ("1.500,00" in text) == (language in ("vi", "lo"))
    book = load_workbook(BytesIO(workbook_of([times_sheet(links, setting)], language, "x")))
    (sheet,) = book.worksheets
    values = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert values[1][0] == f"{setting.period}, Asia/Vientiane"
    assert values[4][3:8] == [1, 2, 1, 1.5, 1500]


def identity(world: World, subject: OfficeId) -> ProgramIdentity:
    return ProgramIdentity(subject, (world.keys[subject],))


async def test_an_observer_gets_the_processors_figures_and_opens_no_content(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World(links=2)
    log, writer = await _written(world)
    feed = DirectoryFeed(log, world.pins)
    await feed.refresh()
    now = writer.now
    (folded, _) = await processors.replay(log, feed, world.identity(), CORRIDOR, now)
    policy = feed.directory.newest_agreements(CORRIDOR)[0].policy
    wanted = processors.what_if(folded, policy, WHOLE, now).agreed
    assert any(row.met for row in wanted)
    assert any(row.missed for row in wanted)

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a content was to be opened")

    monkeypatch.setattr(folding, "open_content", refuse)
    monkeypatch.setattr(GrantedKeys, "content_key", refuse)
    found = await response_times(log, feed, identity(world, OBSERVER), [CORRIDOR], WHOLE, now)
    assert [(one.link, one.size, one.waiting) for one in found] == [
        (world.places[0].link, 150, 0),
        (world.places[1].link, 0, 0),
    ]
    assert found[0].rows == wanted
    assert found[1].rows == ()
    await log.close()


async def test_records_of_a_later_log_time_do_not_count() -> None:
    world = World(links=2)
    log, writer = await _written(world)
    feed = DirectoryFeed(log, world.pins)
    await feed.refresh()
    middle = writer.records[70].log_time
    (one, _) = await response_times(log, feed, identity(world, OBSERVER), [CORRIDOR], WHOLE, middle)
    assert 70 <= one.size < 150
    assert all(record.log_time > middle for record in writer.records[one.size :][:1])
    await log.close()


async def test_whom_no_agreement_names_as_an_observer_sees_no_link() -> None:
    world = World(links=2)
    log, _ = await _written(world)
    feed = DirectoryFeed(log, world.pins)
    await feed.refresh()
    nobody = ProgramIdentity(OfficeId("vn-nobody"), ())
    assert await response_times(log, feed, nobody, [CORRIDOR], WHOLE, START) == []
    assert observing.watched(feed.directory, nobody, CORRIDOR) == []
    await log.close()


async def test_what_waits_for_a_key_is_told_and_not_guessed() -> None:
    world = World(links=1)
    log = MemoryLog(MemoryCluster())
    await world.publish(log)
    writer = LinkWriter(world, world.places[0], seed=3)
    writer.open()
    writer.grants.clear()
    await writer.append(log)
    feed = DirectoryFeed(log, world.pins)
    await feed.refresh()
    (one,) = await response_times(
        log, feed, identity(world, OBSERVER), [CORRIDOR], WHOLE, writer.now
    )
    assert (one.size, one.waiting, one.rows) == (1, 1, ())
    setting = times_setting()
    text = " ".join(text_of(times_paper([one], setting)).split())
    assert f"1 records of {one.link} wait for a summary key and are not counted." in text
    assert any("1 records" in str(value) for _, value in times_sheet([one], setting).facts)
    await log.close()


def test_a_period_ends_with_its_last_day_where_the_offices_are() -> None:
    window = window_of(Period(date(2024, 11, 1), date(2025, 10, 31)), "Asia/Ho_Chi_Minh")
    assert window == Window(1_730_394_000_000, 1_761_930_000_000)
    assert (window.end - window.start) == 365 * 86_400_000
