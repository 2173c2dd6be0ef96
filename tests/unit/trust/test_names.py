"""Names: the one valid on the event's date, with what has become of it (docs/domain.md §1)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from blo_domain.trust import TrustedDirectory
from blo_schemas.ids import OfficeId
from blo_schemas.trust import DatedText
from tests.unit.trust.documents import VN_A, VN_B, certificate, entry, loaded

MERGER = date(2025, 7, 1)
BEFORE, AFTER = date(2025, 6, 30), date(2025, 8, 1)


def name(
    text: str, since: date | None = None, until: date | None = None, language: str = "vi"
) -> DatedText:
    return DatedText(text=text, language=language, since=since, until=until)


def quang_binh(**changes: Any) -> TrustedDirectory:
    """An office whose name ended when its province was merged, and another that was renamed."""
    renamed = (name("BLO Kỳ Sơn", until=MERGER), name("BLO Mường Xén", since=MERGER))
    return loaded(
        entry(VN_A, names=(name("BLO Quảng Bình", until=MERGER),), **changes),
        entry(VN_B, names=renamed),
    )


def test_the_name_of_the_events_date_is_printed() -> None:
    directory = quang_binh()
    assert directory.name(VN_B, BEFORE, "vi") == "BLO Kỳ Sơn"
    assert directory.name(VN_B, MERGER, "vi") == "BLO Mường Xén"


def test_a_name_that_has_since_changed_says_what_it_is_now() -> None:
    directory = quang_binh()
    assert directory.name(VN_B, BEFORE, "vi", AFTER) == "BLO Kỳ Sơn (nay là BLO Mường Xén)"
    assert directory.name(VN_B, BEFORE, "vi", BEFORE) == "BLO Kỳ Sơn"
    assert directory.name(VN_B, AFTER, "vi", AFTER) == "BLO Mường Xén"


def test_a_name_that_ended_without_a_successor_is_marked_former() -> None:
    assert quang_binh().name(VN_A, BEFORE, "vi", AFTER) == "BLO Quảng Bình (cũ)"


def test_a_name_that_ended_with_a_successor_says_which() -> None:
    directory = quang_binh(successor=VN_B)
    assert directory.name(VN_A, BEFORE, "vi", AFTER) == "BLO Quảng Bình (nay là BLO Mường Xén)"


def test_a_successor_of_a_successor_is_found_and_a_circle_ends() -> None:
    ended = (name("C", until=MERGER),)
    third = OfficeId("vn-c")
    circle = entry(third, names=ended, successor=VN_A)
    directory = quang_binh(successor=third).load([circle])[0]
    assert directory.name(VN_A, BEFORE, "vi", AFTER) == "BLO Quảng Bình (cũ)"
    onward = entry(third, version=2, names=ended, successor=VN_B)
    directory = directory.load([onward])[0]
    assert directory.name(VN_A, BEFORE, "vi", AFTER) == "BLO Quảng Bình (nay là BLO Mường Xén)"
    lost = quang_binh(successor=OfficeId("vn-unknown"))
    assert lost.name(VN_A, BEFORE, "vi", AFTER) == "BLO Quảng Bình (cũ)"


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", "BLO Quảng Bình (former)"),
        ("zh", "BLO Quảng Bình（原）"),
        ("lo", "BLO Quảng Bình (ເກົ່າ)"),
        ("vi-VN", "BLO Quảng Bình (cũ)"),
        ("fr", "BLO Quảng Bình (former)"),
    ],
)
def test_the_mark_is_in_the_documents_language(language: str, expected: str) -> None:
    assert quang_binh().name(VN_A, BEFORE, language, AFTER) == expected


def test_the_name_in_the_documents_language_is_preferred() -> None:
    both = (name("Trà Lĩnh"), name("茶岭", language="zh"))
    directory = loaded(entry(VN_A, names=both))
    assert directory.name(VN_A, BEFORE, "zh") == "茶岭"
    assert directory.name(VN_A, BEFORE, "lo") == "Trà Lĩnh"


def test_an_office_without_a_name_on_that_day_is_called_by_its_id() -> None:
    assert quang_binh().name(VN_A, AFTER, "vi", AFTER) == "vn-a"
    assert quang_binh().name(OfficeId("vn-unknown"), AFTER, "vi", AFTER) == "vn-unknown"


def test_the_certificates_names_serve_where_there_is_no_entry() -> None:
    directory = loaded(certificate(VN_B, names=(name("Tạm"),)))
    assert directory.name(VN_B, BEFORE, "vi") == "Tạm"
