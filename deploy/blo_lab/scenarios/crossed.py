"""The line of Kỳ Sơn is down for two days, and both offices go on working."""

from __future__ import annotations

from blo_lab.scenarios.fiction import fictional
from blo_lab.scenarios.requests import (
    KS,
    KYSON,
    XIENGKHOUANG,
    notice,
    reply,
    verification,
)
from blo_lab.scenarios.write import Year


def write_crossing(year: Year) -> None:
    """Writes one answer that crosses a withdrawal, and one urging that crosses a reply.

    The answer is no longer legal when it arrives, so every reader rejects it as
    ``not_legal_now``. The urging still is, so every reader accepts it and flags it as crossed.
    """
    withdrawn = verification(year, KS, "crossing-withdrawn", XIENGKHOUANG, "2025-10-13 08:00", 16)
    _take(year, "crossing-withdrawn", KYSON, "2025-10-13")
    urged = verification(year, KS, "crossing-urged", KYSON, "2025-10-13 08:10", 17)
    _take(year, "crossing-urged", XIENGKHOUANG, "2025-10-13")

    year.write(KYSON, "2025-10-14 07:00", "line_down")
    withdrawn.do(
        XIENGKHOUANG, "2025-10-14 09:00", "withdraw", reason=fictional("vụ việc đã kết thúc")
    )
    so_far = {"text": fictional("đang chờ cơ quan Hồ-Gươm trả lời")}
    urged.do(XIENGKHOUANG, "2025-10-14 09:30", "interim_reply", so_far)
    reply(withdrawn, KYSON, "2025-10-14 10:00")
    urged.do(KYSON, "2025-10-14 10:30", "urge", {"count": 1})
    text = "người lạ hỏi đường mòn Cỏ-Tranh"
    told = notice(year, KS, "crossing-notice", KYSON, "2025-10-14 16:00", "criminal", text)
    year.write(KYSON, "2025-10-15 07:15", "line_up")

    told.do(XIENGKHOUANG, "2025-10-15 08:00", "acknowledge")
    reply(urged, XIENGKHOUANG, "2025-10-17 09:00")
    urged.do(KYSON, "2025-10-17 14:00", "close")


def _take(year: Year, label: str, office: str, day: str) -> None:
    case = year.case(KS, label, "verification_request")
    case.do(office, f"{day} 09:05", "acknowledge")
    case.do(office, f"{day} 09:25", "accept")
    agency = {"agency": fictional("tổ xác minh Vầng-Trăng")}
    case.do(office, f"{day} 10:45", "assign", agency)
