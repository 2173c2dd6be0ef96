"""The year 2023 of seed 002 as a scenario: what the seed says, and a fictional rest.

The seed says: the police of three provinces of Laos helped to verify, seize and escort 11 wanted
persons to Nghệ An; by the end of 2023 Nghệ An had handed over 21 village police buildings to the
three provinces' police; on 16 August 2024 in Vinh the four signed a memorandum of cooperation. It does
not say which province did what, nor on which days of the year; the provinces take turns here, and
names, days, places and texts that it does not give are made up and say so. It gives no further
figure, and nothing else is counted.
"""

from __future__ import annotations

import sys
from datetime import date
from typing import Final

from blo_lab.scenarios.fiction import fictional, person, signatory
from blo_lab.scenarios.write import Year, spread

LINK: Final = "memorandum-3-provinces"
NGHEAN: Final = "vn-nghean"
PROVINCES: Final = ("la-bolikhamxay", "la-houaphan", "la-xiengkhouang")
WANTED: Final = 11
BUILDINGS: Final = 21
FIRST_NAME: Final = 301
"""The number of the first fictional person; those of the other scenario are smaller."""


def year_of_seed_002() -> str:
    """The text of ``year-of-seed-002.jsonl``; the same at every call."""
    year = Year()
    days = spread(WANTED, date(2023, 2, 6), date(2023, 11, 20))
    for number, day in enumerate(days, 1):
        _wanted(year, number, day)
    _buildings(year)
    _memorandum(year)
    return year.text()


def _wanted(year: Year, number: int, day: date) -> None:
    """One wanted person: sought, found by a province's police, and brought home."""
    helper = PROVINCES[number % len(PROVINCES)]
    who = person(FIRST_NAME + number)
    case = year.case(LINK, f"wanted-{number:02}", "wanted_person")
    decision = {
        "person": who,
        "decision_number": f"HC-TN-{number:02}",
        "decision_date": "2022-12-05",
        "issuer": fictional("cơ quan ra quyết định truy nã"),
    }
    case.open(NGHEAN, f"{day} 08:00", fictional(f"Truy nã HC-TN-{number:02}"), decision)
    for minute, office in enumerate(PROVINCES, 10):
        case.do(office, f"{day} 09:{minute}", "acknowledge")
    case.do(helper, f"{day} 10:00", "accept")
    place = {"place": fictional(f"bản Hoa-Ban {number:02}")}
    case.do(helper, f"{day} 14:00", "locate", place)
    case.do(helper, f"{day} 15:30", "arrest", place)
    _handover(year, number, day, helper)
    case.do(helper, f"{day} 17:40", "hand_over", {"gate": fictional("cửa khẩu Đá-Ngọc")})
    case.do(NGHEAN, f"{day} 18:10", "close")


def _handover(year: Year, number: int, day: date, gives: str) -> None:
    case = year.case(LINK, f"handover-{number:02}", "handover")
    subject = fictional(f"Bàn giao đối tượng HC-BG-{number:02}")
    case.open(gives, f"{day} 15:45", subject, {"person": person(FIRST_NAME + number)})
    case.do(NGHEAN, f"{day} 15:55", "acknowledge")
    time = {"gate": fictional("cửa khẩu Đá-Ngọc"), "time": f"{day}T17:00:00+07:00"}
    case.do(gives, f"{day} 16:10", "schedule", time)
    for minute, office in enumerate((gives, NGHEAN), 15):
        case.do(office, f"{day} 17:{minute}", "sign_minutes", {"signatory": signatory(office)})
    onward = {"agency": fictional("trại tạm giam Bến-Nước")}
    case.do(NGHEAN, f"{day} 18:00", "transfer_onward", onward)


def _buildings(year: Year) -> None:
    """All 21 in one case: the seed does not say how many each province was given."""
    case = year.case(LINK, "village-police-buildings", "support")
    subject = "Hỗ trợ xây dựng trụ sở Công an bản cho các bản giáp biên giới"
    fields = {
        "place": "các bản giáp biên giới thuộc nước bạn Lào",
        "purpose": "trụ sở Công an bản",
        "buildings": BUILDINGS,
    }
    case.open(NGHEAN, "2023-01-09 08:00", subject, fields)
    for minute, office in enumerate(PROVINCES, 10):
        case.do(office, f"2023-01-09 10:{minute}", "acknowledge")
    surveyed = {"findings": fictional("đã khảo sát các bản Suối-Trong")}
    case.do(NGHEAN, "2023-01-30 16:00", "survey", surveyed)
    case.do(NGHEAN, "2023-12-14 16:00", "build", {"remarks": fictional("đã hoàn thành")})
    for minute, office in enumerate((NGHEAN, *PROVINCES), 10):
        handed = {"buildings": BUILDINGS, "signatory": signatory(office)}
        case.do(office, f"2023-12-21 09:{minute}", "hand_over", handed)


def _memorandum(year: Year) -> None:
    """Signed on the day that the seed gives; it does not say from when it is in force."""
    case = year.case(LINK, "memorandum-2024", "agreement")
    title = "Biên bản ghi nhớ hợp tác bảo đảm an ninh, trật tự năm 2024"
    parties = [
        "Công an tỉnh Nghệ An",
        "Công an tỉnh Bô Ly Khăm Xay",
        "Công an tỉnh Hủa Phăn",
        "Công an tỉnh Xiêng Khoảng",
    ]
    case.open(NGHEAN, "2024-08-15 08:00", title, {"title": title, "parties": parties})
    for minute, office in enumerate(PROVINCES, 10):
        case.do(office, f"2024-08-15 09:{minute}", "acknowledge")
    for minute, office in enumerate((NGHEAN, *PROVINCES), 10):
        signed = {"signatory": signatory(office), "place": "thành phố Vinh"}
        case.do(office, f"2024-08-16 10:{minute}", "sign", signed)


if __name__ == "__main__":
    sys.stdout.write(year_of_seed_002())
