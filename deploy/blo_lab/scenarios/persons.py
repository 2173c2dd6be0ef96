"""Citizens refused residence (38), deported (4), penalised for overstaying (5), and others."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final

from blo_lab.scenarios.fiction import fictional, person, signatory
from blo_lab.scenarios.write import Year, spread

REFUSED_KYSON: Final = 22
REFUSED_QUEPHONG: Final = 16

_KYSON: Final = ("vn-kyson~la-xiengkhouang", "vn-kyson", "la-xiengkhouang")
_QUEPHONG: Final = ("vn-quephong~la-xamtai", "vn-quephong", "la-xamtai")
_HOURS: Final = ("08:05", "09:40", "13:35", "15:10")


def write_persons(year: Year) -> None:
    """Writes everything that is done about one person, except search and handover."""
    _refusals(year)
    _refusals_at_the_edges(year)
    _deportations(year)
    _penalties(year)


def _refusals(year: Year) -> None:
    places = (
        (_KYSON, "ks", REFUSED_KYSON, date(2024, 11, 1), date(2025, 10, 20)),
        # The last but one is entered after the year, the day lies in it.
        (_QUEPHONG, "qp", REFUSED_QUEPHONG - 1, date(2024, 11, 4), date(2025, 10, 24)),
    )
    for place, name, count, first, last in places:
        for number, day in enumerate(spread(count, first, last), 1):
            _refusal(year, place, f"{name}-{number:02d}", number, day)
    late = date(2025, 10, 27)
    _refusal(year, _QUEPHONG, f"qp-{REFUSED_QUEPHONG:02d}", 99, late, entered=date(2025, 11, 3))


def _refusal(
    year: Year,
    place: tuple[str, str, str],
    name: str,
    number: int,
    day: date,
    *,
    entered: date | None = None,
) -> None:
    link, ours, theirs = place
    case = year.case(link, f"residence-{name}", "residence_refused")
    written = entered or day
    # Half an hour past midnight in Vientiane is still the day before in UTC.
    clock = "00:30" if name == "ks-01" else _HOURS[number % len(_HOURS)]
    case.open(
        theirs,
        f"{written} {clock}",
        fictional(f"Thông báo công dân không được cư trú HC-CT-{name}"),
        {"citizen": person(100 + number, residence=fictional("bản Suối-Mơ"))},
        on=day.isoformat(),
    )
    done = {"coordination": fictional(f"phối hợp đưa về địa phương HC-CT-{name}")}
    case.do(ours, f"{written} 16:4{number % 10}", "coordinate", done, on=day.isoformat())


def _refusals_at_the_edges(year: Year) -> None:
    """The day before the year, the day after it, one declined and one withdrawn."""
    _refusal(year, _QUEPHONG, "qp-before", 40, date(2024, 10, 31), entered=date(2024, 11, 1))
    _refusal(year, _KYSON, "ks-after", 41, date(2025, 11, 1))
    link, ours, theirs = _KYSON
    case = year.case(link, "residence-declined", "residence_refused")
    subject = fictional("Thông báo công dân không được cư trú, sai địa phương")
    case.open(theirs, "2025-02-11 08:00", subject, {"citizen": person(142)})
    case.do(ours, "2025-02-11 10:00", "decline", reason=fictional("người này không cư trú ở đây"))
    case = year.case(link, "residence-withdrawn", "residence_refused")
    subject = fictional("Thông báo công dân không được cư trú, gửi nhầm")
    case.open(theirs, "2025-03-17 08:00", subject, {"citizen": person(143)})
    case.do(theirs, "2025-03-17 11:30", "withdraw", reason=fictional("gửi nhầm hồ sơ"))


def _deportations(year: Year) -> None:
    received = (
        (_KYSON, "ks-1", 120, date(2024, 12, 10)),
        (_KYSON, "ks-2", 121, date(2025, 5, 6)),
        (_QUEPHONG, "qp-1", 122, date(2025, 3, 12)),
        (_QUEPHONG, "qp-2", 123, date(2025, 9, 23)),
    )
    for place, name, number, day in received:
        _deportation(year, place, name, person(number), day)
    _deportation(year, _QUEPHONG, "qp-after", person(124), date(2025, 11, 1))
    link, ours, theirs = _KYSON
    # The other way round: received by the counterpart, so none of the four.
    reverse = (link, theirs, ours)
    _deportation(year, reverse, "ks-reverse", person(125, "la"), date(2025, 7, 15))
    case = year.case(link, "deportation-withdrawn", "deportation")
    subject = fictional("Thông báo trục xuất, hoãn thi hành")
    case.open(theirs, "2025-04-21 09:00", subject, _deported(person(126)))
    case.do(theirs, "2025-04-22 09:00", "withdraw", reason=fictional("hoãn thi hành"))


def _deported(citizen: dict[str, Any]) -> dict[str, Any]:
    return {
        "citizen": citizen,
        "gate": fictional("cửa khẩu Đá-Ngọc"),
        "condition": fictional("sức khỏe bình thường"),
    }


def _deportation(
    year: Year, place: tuple[str, str, str], name: str, citizen: dict[str, Any], day: date
) -> None:
    link, receiver, sender = place
    case = year.case(link, f"deportation-{name}", "deportation")
    before = day - timedelta(days=2)
    subject = fictional(f"Thông báo trục xuất HC-TX-{name}")
    case.open(sender, f"{before} 10:00", subject, _deported(citizen))
    taken = {"received_by": signatory(receiver), "condition": fictional("tiếp nhận đủ giấy tờ")}
    case.do(receiver, f"{day} 09:30", "receive", taken)
    onward = {"agency": fictional("cơ quan tiếp nhận Cây-Đa")}
    case.do(receiver, f"{day} 15:00", "transfer_onward", onward)


def _penalties(year: Year) -> None:
    places = (
        (_KYSON, "ks-1", "overstay", date(2024, 11, 26)),
        (_KYSON, "ks-2", "overstay", date(2025, 4, 2)),
        (_KYSON, "ks-3", "overstay", date(2025, 8, 12)),
        (_QUEPHONG, "qp-1", "overstay", date(2025, 1, 8)),
        (_QUEPHONG, "qp-2", "overstay", date(2025, 6, 25)),
        # Outside the year, and an act of another kind.
        (_KYSON, "ks-before", "overstay", date(2024, 10, 31)),
        (_QUEPHONG, "qp-other", "border_area_rules", date(2025, 2, 18)),
    )
    for number, (place, name, act, day) in enumerate(places):
        link, ours, theirs = place
        case = year.case(link, f"penalty-{name}", "penalty")
        fields = {
            "person": person(150 + number, "la"),
            "law": fictional("Nghị định về xử phạt vi phạm hành chính"),
            "act": act,
            "decision_number": f"HC-{name}/QĐ-XPHC",
            "decision_date": day.isoformat(),
        }
        case.open(ours, f"{day} 14:20", fictional(f"Thông báo xử phạt HC-XP-{name}"), fields)
        case.do(theirs, f"{day + timedelta(days=1)} 08:45", "acknowledge")
