"""The tables of public holidays: shipped with a version, named by agreements, never changed."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from hashlib import sha256
from pathlib import Path

import msgspec
import pytest

from blo_domain import holiday_tables
from blo_domain.deadlines.calendars import office_time
from blo_domain.deadlines.evaluate import alerts, clock_states
from blo_domain.deadlines.policies import CAPITAL_ZONES, PolicyError, check, four_urgencies
from blo_domain.deadlines.terms import Terms
from blo_domain.holiday_tables import NEWEST, TABLES, year_days
from blo_schemas.ids import CountryId
from blo_schemas.policy import Calendar
from tests.unit.deadlines.histories import LA, PAIR, VN, at, opened, term, told

KNOWN = {1: "67dd998386e9781984e37a18398054560cd9f066c87ddb770ac8ab8a569ee4a3"}
"""Hash of each version's days, as it was shipped."""

VIETNAM = CountryId("vn")


def test_a_version_that_was_shipped_is_never_changed() -> None:
    found = {
        version: sha256(repr([(c, sorted(days[c].items())) for c in sorted(days)]).encode())
        for version, days in TABLES.items()
    }
    assert {version: digest.hexdigest() for version, digest in found.items()} == KNOWN, (
        "a version that agreements name may not change: ship the next one, and note its hash"
    )


def test_every_table_is_known_by_its_file_s_number(project_root: Path) -> None:
    folder = project_root / "services" / "blo_domain" / "holiday_tables"
    assert {file.name for file in folder.glob("v*")} == {f"v{version}.txt" for version in TABLES}
    assert max(TABLES) == NEWEST


@pytest.mark.parametrize("version", TABLES)
def test_every_row_can_be_read_and_every_country_that_has_a_zone_is_in_it(version: int) -> None:
    assert set(CAPITAL_ZONES) <= set(TABLES[version])
    for country, years in TABLES[version].items():
        assert list(years) == list(range(2000, 2041))
        for year in years:
            free, worked = year_days(version, CountryId(country), year)
            assert free or year < 2008  # The source knows some countries from then on only.
            assert {day.year for day in free | worked} <= {year}
            assert not free & worked


def test_days_that_a_release_of_the_source_has_moved_stay_where_the_table_has_them() -> None:
    """Releases 0.105 and 0.109 of ``holidays`` differ in Viet Nam's year 2025."""
    free, worked = year_days(1, VIETNAM, 2025)
    assert {date(2025, 1, 27), date(2025, 5, 2)} <= free
    assert worked == {date(2025, 4, 26)}
    assert date(2019, 5, 2) in year_days(1, CountryId("cn"), 2019).free


def test_outside_of_the_table_s_years_only_weekends_and_the_agreement_s_own_days_are_free() -> None:
    for year in (1999, 2041):
        assert not any(year_days(1, VIETNAM, year))
    own = Calendar(country=VIETNAM, extra_days_off=(date(2041, 1, 1),))
    time = office_time("Asia/Ho_Chi_Minh", own, 1)
    assert not time.is_working(date(2041, 1, 1))
    assert time.is_working(date(2041, 1, 2))
    assert not time.is_working(date(2041, 1, 5))


def test_an_agreement_with_an_unknown_version_is_refused_with_words() -> None:
    policy = msgspec.structs.replace(four_urgencies(PAIR), holidays=NEWEST + 1)
    with pytest.raises(PolicyError) as raised:
        check(policy, PAIR)
    assert raised.value.field == "holidays"
    assert f"no version {NEWEST + 1} of the table of public holidays" in raised.value.problem
    assert "install the release that brings it" in raised.value.problem


def test_a_new_agreement_takes_the_newest_version() -> None:
    assert four_urgencies(PAIR).holidays == NEWEST


@pytest.fixture
def two_tables(monkeypatch: pytest.MonkeyPatch) -> tuple[Terms, Terms]:
    """Terms under table 1, and under another in which the second working day of a case is free."""
    moved = {**TABLES[1], "la": {**TABLES[1]["la"], 2025: "0605"}}
    monkeypatch.setattr(holiday_tables, "TABLES", {**TABLES, 7: moved})
    policy = four_urgencies(PAIR)
    newer = msgspec.structs.replace(policy, holidays=7)
    return (term(policy),), (term(newer),)


def test_an_agreement_keeps_its_version_when_a_newer_table_is_there(
    two_tables: tuple[Terms, Terms],
) -> None:
    case = opened("2025-06-04 09:00", opener=VN)  # Wednesday; Laos owes.
    found = []
    for terms in two_tables:
        (acknowledge, *_) = clock_states(case.now, terms, case.now.log_time)
        found.append(told(acknowledge.due))
    assert found == ["2025-06-07 00:00", "2025-06-10 00:00"]


def test_an_alert_names_the_version_that_it_was_counted_by(
    two_tables: tuple[Terms, Terms],
) -> None:
    case = opened("2025-06-04 09:00", opener=VN)
    for terms, version in zip(two_tables, (1, 7), strict=True):
        raised = alerts(case.now, terms, at("2025-07-30 10:00"))
        assert raised
        assert {alert.holidays for alert in raised} == {version}
        assert {alert.must_act for alert in raised} == {(LA,)}


def test_the_generator_never_writes_a_version_anew(project_root: Path) -> None:
    table = project_root / "services" / "blo_domain" / "holiday_tables" / "v1.txt"
    before = table.read_bytes()
    ran = subprocess.run(
        [sys.executable, project_root / "deploy" / "setup" / "holidays", "1"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 1
    assert "v1 is there and stays as it is: take the next version" in ran.stderr
    assert table.read_bytes() == before
