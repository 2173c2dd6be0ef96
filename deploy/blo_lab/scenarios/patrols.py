"""The year's 29 bilateral patrols; seed 003 says "nearly 30", so one less than thirty."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final

from blo_lab.scenarios.fiction import fictional, lao, signatory, vietnamese
from blo_lab.scenarios.write import CaseBook, Year, spread

PATROLS_KYSON: Final = 15
PATROLS_QUEPHONG: Final = 14

PROVINCE_LEVEL: Final = 8
"""Which of Quế Phong's is the first on province level (seed 003)."""

BOTH_COMPLETE: Final = (2, 6, 11)
"""Kỳ Sơn's patrols that both offices report as done, in one case."""

OPENED_TWICE: Final = (4,)
"""Kỳ Sơn's patrols that both offices open, under the same agreed code; each counts once."""

SIGNED_EVERY: Final = 4
"""Of every fourth patrol the minutes are signed in the scenario."""

MISDATED: Final = 14
"""Quế Phong's patrol that was entered with a day after the year, and corrected."""

_KYSON = ("vn-kyson~la-xiengkhouang", "vn-kyson", "la-xiengkhouang")
_QUEPHONG = ("vn-quephong~la-xamtai", "vn-quephong", "la-xamtai")


class _Patrol:
    """One patrol on one link."""

    def __init__(self, year: Year, place: tuple[str, str, str], name: str, day: date) -> None:
        self.year = year
        self.link, self.ours, self.theirs = place
        self.name = name
        self.day = day
        self.code = f"HC-TT-{name.upper()}"

    def at(self, days: int, clock: str) -> str:
        """So many days after the patrol."""
        return f"{self.day + timedelta(days=days)} {clock}"

    def open(self, office: str, days: int, fields: dict[str, Any], suffix: str = "") -> CaseBook:
        case = self.year.case(self.link, f"patrol-{self.name}{suffix}", "patrol")
        subject = fictional(f"Tuần tra song phương {self.code}")
        case.open(office, self.at(days, "09:00"), subject, {"code": self.code, **fields})
        return case

    def confirm(self, case: CaseBook, days: int) -> None:
        case.do(self.ours, self.at(days, "10:15"), "confirm", {"headcount": 6})
        case.do(self.theirs, self.at(days, "15:30"), "confirm", {"headcount": 6})

    def complete(self, case: CaseBook, office: str, clock: str, on: str | None = None) -> None:
        done = {
            "headcount": 12,
            "leaders": [vietnamese(80), lao(81)],
            "findings": fictional(f"không phát hiện dấu-chân-lạ, {self.code}"),
        }
        case.do(office, self.at(0, clock), "complete", done, on=on or self.day.isoformat())

    def sign(self, case: CaseBook) -> None:
        for office, clock in ((self.ours, "08:20"), (self.theirs, "11:10")):
            minutes = {"signatory": signatory(office), "number": f"HC-{self.code}"}
            case.do(office, self.at(1, clock), "sign_minutes", minutes)


def write_patrols(year: Year) -> None:
    """Writes all patrols, and those on the days before and after the year."""
    days = spread(PATROLS_KYSON, date(2024, 11, 8), date(2025, 10, 21))
    for number, day in enumerate(days, 1):
        _kyson(_Patrol(year, _KYSON, f"ks-{number:02d}", day), number)
    days = spread(PATROLS_QUEPHONG, date(2024, 11, 15), date(2025, 10, 29))
    for number, day in enumerate(days, 1):
        _quephong(_Patrol(year, _QUEPHONG, f"qp-{number:02d}", day), number)
    _outside(year)


def _kyson(patrol: _Patrol, number: int) -> None:
    markers = {"marker_from": f"{400 + number}", "marker_to": f"{402 + number}/1"}
    opener = patrol.theirs if number % 3 == 0 else patrol.ours
    case = patrol.open(opener, -9, {**markers, "headcount": 12})
    patrol.confirm(case, -6)
    patrol.complete(case, patrol.ours, "17:05")
    if number in BOTH_COMPLETE:
        patrol.complete(case, patrol.theirs, "18:40")
    if number in OPENED_TWICE:
        again = patrol.open(patrol.theirs, 2, markers, suffix="-again")
        patrol.confirm(again, 3)
        done = {"headcount": 12, "findings": fictional("báo cáo của phía bạn")}
        late = f"{patrol.day + timedelta(days=4)} 09:00"
        again.do(patrol.theirs, late, "complete", done, on=patrol.day.isoformat())
    if number % SIGNED_EVERY == 1:
        patrol.sign(case)


def _quephong(patrol: _Patrol, number: int) -> None:
    markers = {"marker_from": f"{350 + number}", "marker_to": f"{351 + number}(2)"}
    fields: dict[str, Any] = {**markers, "headcount": 12}
    if number == PROVINCE_LEVEL:
        fields = _province_level()
    case = patrol.open(patrol.ours, -8, fields)
    if number == PROVINCE_LEVEL:
        case.do(patrol.theirs, patrol.at(-7, "08:10"), "acknowledge")
    patrol.confirm(case, -5)
    # A day that has passed: one that lies ahead is refused where it is written.
    wrong = "2024-10-29" if number == MISDATED else None
    patrol.complete(case, patrol.ours, "16:50", wrong)
    if number == MISDATED:
        fields = {"headcount": 12, "findings": fictional("ngày ghi nhầm năm, nay sửa")}
        right = patrol.day.isoformat()
        case.correct(patrol.ours, patrol.at(1, "09:30"), "complete", fields, on=right)
    if number % SIGNED_EVERY == 1:
        patrol.sign(case)


def _province_level() -> dict[str, Any]:
    """The first one on province level: what the seed says of it, and no more."""
    return {
        "marker_from": "363",
        "marker_to": "365",
        "level": "province",
        "leaders": [
            "Bộ đội Biên phòng Nghệ An",
            "Bộ Chỉ huy Quân sự tỉnh Hủa Phăn (Lào)",
        ],
    }


def _outside(year: Year) -> None:
    """One on the day before the year, entered within it, and one on the day after it."""
    before = _Patrol(year, _KYSON, "ks-before", date(2024, 10, 31))
    markers = {"marker_from": "398", "marker_to": "399"}
    case = before.open(before.ours, -5, markers)
    before.confirm(case, -2)
    done = {"headcount": 10, "findings": fictional("nhập sổ muộn hai ngày")}
    case.do(before.ours, "2024-11-02 08:30", "complete", done, on="2024-10-31")
    after = _Patrol(year, _QUEPHONG, "qp-after", date(2025, 11, 1))
    case = after.open(after.ours, -6, {"marker_from": "370", "marker_to": "371"})
    after.confirm(case, -3)
    after.complete(case, after.ours, "16:20")
