"""Days, periods, instants, zones, texts and addresses: one parser each, with clear words."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blo_cli import parameters
from blo_cli.instant_text import InstantText
from blo_cli.parameters import ADDRESS, DAY, HEX32, INSTANT, LINE, LINK, PERIOD, ZONE
from blo_schemas.instants import LAST_INSTANT, unix_ms
from blo_schemas.texts import zone_names

ALL = (ADDRESS, DAY, HEX32, INSTANT, LINE, LINK, PERIOD, ZONE)


@pytest.mark.parametrize(
    "name",
    [
        *("Nowhere", "leapseconds", "../../../etc/passwd", "", "right/UTC", "posix/UTC"),
        *("tzdata.zi", "Asia", "asia/ho_chi_minh", "UTC\n", "/etc/localtime", "x" * 10_000),
    ],
)
def test_a_zone_is_on_the_closed_list(name: str) -> None:
    with pytest.raises(click.BadParameter, match="is no time zone"):
        ZONE.convert(name, None, None)


def test_a_zone_that_is_nearly_right_is_named() -> None:
    with pytest.raises(click.BadParameter, match="did you mean Asia/Ho_Chi_Minh"):
        ZONE.convert("Asia/HoChiMinh", None, None)


def test_every_zone_of_the_list_is_one() -> None:
    assert {ZONE.read(name).key for name in zone_names()} == set(zone_names())
    assert {"UTC", "Asia/Vientiane", "Asia/Ho_Chi_Minh", "Asia/Shanghai"} <= zone_names()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("9999-12-31", "is not between 1900-01-01 and 2199-12-31"),
        ("1899-12-31", "is not between"),
        ("20250301", "expected one as 2025-03-01"),
        ("2025-W09-6", "expected one as"),
        ("2025-02-30", "expected one as"),
        ("٢٠٢٥-٠٣-٠١", "expected one as"),
        ("", "expected one as"),
    ],
)
def test_a_day_is_one_on_which_an_office_can_act(text: str, words: str) -> None:
    with pytest.raises(click.BadParameter, match=words):
        DAY.convert(text, None, None)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("2025-01-01..9999-12-31", "is not between"),
        ("2025-01-01..2024-12-31", "2024-12-31 lies before 2025-01-01"),
        ("2025-01-01", "expected such as 2025-01-01..2025-03-31"),
        ("..", "is no date"),
        ("2025-01-01..2025-01-02..", "is no date"),
    ],
)
def test_a_period_is_two_days_in_order(text: str, words: str) -> None:
    with pytest.raises(click.BadParameter, match=words):
        PERIOD.convert(text, None, None)


def test_what_is_right_is_read() -> None:
    assert DAY.convert("2025-03-01", None, None) == date(2025, 3, 1)
    assert PERIOD.read("2025-01-01..2025-01-01") == (date(2025, 1, 1), date(2025, 1, 1))
    assert INSTANT.read("2025-03-01T07:00:00+07:00") == datetime(2025, 3, 1, tzinfo=UTC)
    assert LINE.read("Nguyễn Văn A, ທ້າວ ບຸນມີ, 王伟") == "Nguyễn Văn A, ທ້າວ ບຸນມີ, 王伟"
    assert HEX32.read("AB" * 32) == "ab" * 32
    assert ADDRESS.read("a:1, [::1]:9093") == "a:1, [::1]:9093"
    assert DAY.convert(date(2025, 3, 1), None, None) == date(2025, 3, 1)


@pytest.mark.parametrize("text", ["2025-03-01", "2025-03-01T00:00:00", "0001-01-01T00:00:00Z", ""])
def test_an_instant_has_an_offset_and_lies_in_a_documents_time(text: str) -> None:
    with pytest.raises(click.BadParameter, match=r"expected a time with its offset|before 1970"):
        INSTANT.convert(text, None, None)


@pytest.mark.parametrize("text", ["a", "a:", ":1", "a:70000", "a:1,", "a:1\n", "a:١"])
def test_an_address_has_a_port(text: str) -> None:
    with pytest.raises(click.BadParameter, match="expected one as kafka1"):
        ADDRESS.convert(text, None, None)


@settings(deadline=None)
@given(st.text(max_size=200))
def test_whatever_is_typed_is_read_or_refused_in_words(text: str) -> None:
    for kind in ALL:
        with contextlib.suppress(click.BadParameter):
            kind.convert(text, None, None)


@pytest.mark.parametrize(
    ("at", "zone", "text"),
    [
        ("2025-03-01T00:30:00Z", "UTC", "2025-03-01 00:30:00 UTC"),
        (
            "2025-03-01T00:30:00Z",
            "Asia/Vientiane",
            "2025-03-01 07:30:00 Asia/Vientiane (00:30:00 UTC)",
        ),
        (
            "2025-02-28T20:00:00Z",
            "Asia/Shanghai",
            "2025-03-01 04:00:00 Asia/Shanghai (2025-02-28 20:00:00 UTC)",
        ),
        ("2025-01-01T12:00:00Z", "Africa/Abidjan", "2025-01-01 12:00:00 UTC"),
    ],
)
def test_an_instant_is_shown_by_the_readers_clock_with_utc_beside(
    at: str, zone: str, text: str
) -> None:
    assert InstantText(ZoneInfo(zone)).of(unix_ms(datetime.fromisoformat(at))) == text


@settings(deadline=None)
@given(st.integers(), st.sampled_from(sorted(zone_names())))
def test_every_instant_has_a_text_in_every_zone(at: int, zone: str) -> None:
    assert "UTC" in InstantText(ZoneInfo(zone)).of(at)
    assert InstantText(ZoneInfo(zone)).of(LAST_INSTANT)


def test_the_readers_zone_is_that_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", ":Asia/Vientiane")
    assert parameters.readers_zone().key == "Asia/Vientiane"
    for nonsense in ("UTC+7", "right/UTC", "/etc/passwd", "\x1b[8m"):
        monkeypatch.setenv("TZ", nonsense)
        assert parameters.readers_zone().key == "UTC"
    monkeypatch.delenv("TZ")
    link: Callable[[Path], Path] = lambda _: Path("/usr/share/zoneinfo/Asia/Bangkok")  # noqa: E731
    monkeypatch.setattr(Path, "is_symlink", lambda _: True)
    monkeypatch.setattr(Path, "readlink", link)
    assert parameters.readers_zone().key == "Asia/Bangkok"
