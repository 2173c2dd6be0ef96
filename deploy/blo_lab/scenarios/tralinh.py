"""Trà Lĩnh and Tịnh Tây: another corridor, none of whose figures are Nghệ An's."""

from __future__ import annotations

from typing import Final

from blo_lab.scenarios.fiction import fictional, signatory
from blo_lab.scenarios.requests import answered, notice, verification
from blo_lab.scenarios.write import Year

LINK: Final = "vn-tralinh~cn-jingxi"
TRALINH, JINGXI = "vn-tralinh", "cn-jingxi"


def write_tralinh(year: Year) -> None:
    """Writes a few cases of each sort."""
    rows = (
        ("tl-01", TRALINH, JINGXI, "2024-11-11", "2024-11-12", "2024-11-22"),
        ("tl-02", JINGXI, TRALINH, "2025-02-17", "2025-02-18", "2025-03-03"),
        ("tl-03", TRALINH, JINGXI, "2025-09-01", "2025-09-02", "2025-09-12"),
    )
    for number, (name, asks, answers, asked, taken, replied) in enumerate(rows, 51):
        case = verification(year, LINK, f"verify-{name}", asks, f"{asked} 08:00", number)
        answered(case, answers, taken, replied)
        case.do(asks, f"{replied} 16:00", "close")
    told = notice(
        year, LINK, "notice-tl", TRALINH, "2025-04-10 08:00", "human_trafficking", "tuyến Bến-Đá"
    )
    told.do(JINGXI, "2025-04-10 10:00", "acknowledge")
    told.do(JINGXI, "2025-04-11 10:00", "feedback", {"usefulness": "useful"})
    _briefing(year)
    _patrol(year)


def _briefing(year: Year) -> None:
    case = year.case(LINK, "briefing-tl", "briefing")
    fields = {"rhythm": "ad_hoc", "level": "branch", "host": fictional("phía chủ nhà")}
    case.open(JINGXI, "2025-06-05 09:00", fictional("会晤（虚构） giao ban đột xuất"), fields)
    case.do(TRALINH, "2025-06-05 10:00", "acknowledge")
    case.do(JINGXI, "2025-06-12 16:00", "hold", {"attendance": 9})
    for office, clock in ((TRALINH, "09:00"), (JINGXI, "11:00")):
        case.do(office, f"2025-06-13 {clock}", "sign_minutes", {"signatory": signatory(office)})


def _patrol(year: Year) -> None:
    """A patrol of another corridor: in the log, and none of the twenty-nine."""
    case = year.case(LINK, "patrol-tl", "patrol")
    fields = {"code": "HC-TT-TL-01", "marker_from": "741", "marker_to": "743"}
    case.open(TRALINH, "2025-05-19 08:00", fictional("Tuần tra song phương HC-TT-TL-01"), fields)
    case.do(TRALINH, "2025-05-20 08:00", "confirm")
    case.do(JINGXI, "2025-05-20 10:00", "confirm")
    done = {"headcount": 8, "findings": fictional("界碑完好（虚构）")}
    case.do(JINGXI, "2025-05-22 17:00", "complete", done)
