"""The 21st briefing of the eight provinces in Điện Biên, and Nghệ An's delegation to it."""

from __future__ import annotations

from typing import Final

from blo_lab.scenarios.fiction import fictional, signatory, vietnamese
from blo_lab.scenarios.write import Year

LINK: Final = "conference-8-provinces"
HOST: Final = "vn-dienbien"
PROVINCE: Final = "vn-nghean"
GUESTS: Final = (
    PROVINCE,
    "vn-thanhhoa",
    "vn-sonla",
    "la-luangprabang",
    "la-houaphan",
    "la-xiengkhouang",
    "la-phongsaly",
)


def write_conference(year: Year) -> None:
    """Writes the briefing and the delegation; the seed does not say the day."""
    _briefing(year)
    _delegation(year)


def _briefing(year: Year) -> None:
    case = year.case(LINK, "briefing-21", "briefing")
    subject = "Hội nghị giao ban công tác phòng, chống ma túy qua biên giới lần thứ 21"
    fields = {
        "rhythm": "periodic",
        "ordinal": 21,
        "level": "province",
        "host": "Điện Biên",
        "place": "Điện Biên",
        "agenda": [fictional("đánh giá phối hợp"), fictional("phương hướng năm sau")],
    }
    case.open(HOST, "2025-07-28 08:00", subject, fields)
    for minute, office in enumerate(GUESTS, 10):
        case.do(office, f"2025-07-29 09:{minute}", "acknowledge")
    held = {"place": "Điện Biên", "decisions": [fictional("giữ đường dây nóng Đèo-Mây")]}
    case.do(HOST, "2025-08-14 16:30", "hold", held)
    task = {"number": 1, "task": fictional("lập danh sách đầu mối Chim-Lạc"), "office": PROVINCE}
    case.do(HOST, "2025-08-14 16:45", "record_action", task)
    for minute, office in enumerate((HOST, *GUESTS), 10):
        case.do(office, f"2025-08-15 10:{minute}", "sign_minutes", {"signatory": signatory(office)})
    done = {"number": 1, "result": fictional("đã gửi danh sách Chim-Lạc")}
    case.do(PROVINCE, "2025-09-04 10:00", "complete_action", done)


def _delegation(year: Year) -> None:
    case = year.case(LINK, "delegation-21", "delegation")
    fields = {
        "head": fictional("trưởng đoàn " + vietnamese(90)),
        "members": [vietnamese(91), vietnamese(92), vietnamese(93)],
        "purpose": "Dự Hội nghị giao ban lần thứ 21 giữa 8 tỉnh",
        "destination": "Điện Biên",
        "leaves": "2025-08-13",
        "returns": "2025-08-16",
    }
    subject = "UBND tỉnh Nghệ An cử đoàn đại biểu dự Hội nghị giao ban lần thứ 21"
    case.open(PROVINCE, "2025-08-04 08:00", subject, fields)
    case.do(HOST, "2025-08-04 14:00", "acknowledge")
    approved = {"approved_by": fictional("lãnh đạo tỉnh"), "decision_number": "HC-21/QĐ"}
    case.do(PROVINCE, "2025-08-06 08:00", "approve", approved)
    travelled = {"persons": 4, "returned": "2025-08-16"}
    case.do(PROVINCE, "2025-08-13 06:00", "travel", travelled)
    report = {"text": fictional("báo cáo kết quả chuyến đi Mường-Thanh")}
    case.do(PROVINCE, "2025-08-20 09:00", "submit_report", report)
