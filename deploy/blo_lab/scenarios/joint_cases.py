"""The year's two joint cases: 28 working groups, 128 person-trips, and one phase's result."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final

from blo_lab.scenarios.fiction import fictional, lao, vietnamese
from blo_lab.scenarios.write import CaseBook, Year, spread

KYSON, XIENGKHOUANG = "vn-kyson", "la-xiengkhouang"
QUEPHONG, XAMTAI = "vn-quephong", "la-xamtai"

GROUPS_KYSON: Final = (5, 4, 6, 4, 4, 5, 4, 5, 3, 6, 4, 5, 4, 6, 4, 5)
"""Person-trips of each working group of the first joint case: 16 groups, 74 trips."""

GROUPS_QUEPHONG: Final = (4, 5, 4, 6, 3, 5, 4, 4, 5, 4, 6, 4)
"""Person-trips of each working group of the second one: 12 groups, 54 trips."""

MISTYPED: Final = 5
"""The group that was reported with 14 person-trips instead of 4, and corrected."""

PHASE_ONE: Final[dict[str, Any]] = {
    "phase": 1,
    "arrests": [{"count": 1, "nationality": "la"}, {"count": 2}],
    "seizures": [
        {"substance": "methamphetamine_crystal", "amount": "38", "unit": "kg"},
        {"substance": "heroin", "amount": "8", "unit": "banh"},
        {"substance": "synthetic_unspecified", "amount": "18000", "unit": "tablet"},
    ],
}
"""What seed 003 says of phase 1; of the other two persons it states no nationality."""


def write_joint_cases(year: Year) -> None:
    """Writes both joint cases; they go on beyond the year."""
    first = year.case("vn-kyson~la-xiengkhouang", "joint-ks", "joint_case")
    _propose(first, KYSON, XIENGKHOUANG, "HC-CA-KS-01", "2024-11-12")
    _deploy(first, KYSON, GROUPS_KYSON, date(2024, 11, 20), date(2025, 10, 8))
    _correct_group(first)
    _report_group_twice(first)
    _report_phase(first)

    second = year.case("vn-quephong~la-xamtai", "joint-qp", "joint_case")
    _propose(second, QUEPHONG, XAMTAI, "HC-CA-QP-02", "2025-01-14")
    _deploy(second, QUEPHONG, GROUPS_QUEPHONG, date(2025, 1, 22), date(2025, 10, 30))
    _deploy_after_the_year(second)


def _propose(case: CaseBook, ours: str, theirs: str, code: str, day: str) -> None:
    case.open(
        ours,
        f"{day} 08:30",
        fictional(f"Đề nghị mở chuyên án chung {code}"),
        {
            "code": code,
            "lead": vietnamese(1),
            "crime_type": "drugs",
            "plan": fictional("Kế hoạch mở bí số Hoa-Ban-Trắng, hai giai đoạn"),
            "suspects": [{"name": lao(31), "nationality": "la"}],
        },
        urgency="urgent",
        urgency_ground=fictional("đối tượng sắp di chuyển"),
        legal_basis="Quy chế phối hợp đã thống nhất (seed 000)",
    )
    case.do(theirs, f"{day} 14:10", "acknowledge")
    case.do(theirs, f"{day} 16:40", "join", {"lead": lao(2)})


def _deploy(case: CaseBook, office: str, trips: tuple[int, ...], first: date, last: date) -> None:
    days = spread(len(trips), first, last)
    for number, (count, day) in enumerate(zip(trips, days, strict=True), 1):
        said = 14 if office == KYSON and number == MISTYPED else count
        case.do(office, f"{day} 07:{number + 10}", "deploy_group", _group(number, said, day))


def _group(number: int, trips: int, day: date) -> dict[str, Any]:
    return {
        "group": number,
        "person_trips": trips,
        "leader": vietnamese(60 + number),
        "task": fictional(f"tổ công tác số {number} sang Lào phối hợp đấu tranh"),
        "returned": (day + timedelta(days=3)).isoformat(),
    }


def _correct_group(case: CaseBook) -> None:
    day = list(spread(len(GROUPS_KYSON), date(2024, 11, 20), date(2025, 10, 8)))[MISTYPED - 1]
    fields = _group(MISTYPED, GROUPS_KYSON[MISTYPED - 1], day)
    entered = f"{day + timedelta(days=5)} 10:05"
    case.correct(KYSON, entered, "deploy_group", fields, on=day.isoformat(), nth=MISTYPED)


def _report_group_twice(case: CaseBook) -> None:
    """The counterpart reports two of the same groups, which count once, and one of its own."""
    days = list(spread(len(GROUPS_KYSON), date(2024, 11, 20), date(2025, 10, 8)))
    for number in (2, 9):
        day = days[number - 1]
        case.do(
            XIENGKHOUANG,
            f"{day + timedelta(days=1)} 09:20",
            "deploy_group",
            {**_group(number, GROUPS_KYSON[number - 1], day), "sent_by": KYSON},
            on=day.isoformat(),
        )
    own = {**_group(101, 3, date(2025, 6, 3)), "sent_by": XIENGKHOUANG}
    case.do(XIENGKHOUANG, "2025-06-03 10:00", "deploy_group", own)


def _report_phase(case: CaseBook) -> None:
    """Both offices report the phase; it counts once."""
    text = fictional("Kết thúc giai đoạn 1 chuyên án bí số Hoa-Ban-Trắng")
    report = {**PHASE_ONE, "text": text}
    case.do(KYSON, "2025-06-20 15:00", "phase_report", report, on="2025-06-19")
    case.do(XIENGKHOUANG, "2025-06-23 09:45", "phase_report", report, on="2025-06-19")


def _deploy_after_the_year(case: CaseBook) -> None:
    """A group on the first day of the next year: outside."""
    number = len(GROUPS_QUEPHONG) + 1
    case.do(QUEPHONG, "2025-11-01 07:30", "deploy_group", _group(number, 5, date(2025, 11, 1)))
