"""Verification requests, notices, searches, handovers: the daily exchange, one story a function."""

from __future__ import annotations

from typing import Any, Final

from blo_lab.scenarios.fiction import fictional, lao, person, signatory, vietnamese
from blo_lab.scenarios.write import CaseBook, Year

KS: Final = "vn-kyson~la-xiengkhouang"
QP: Final = "vn-quephong~la-xamtai"
KYSON, XIENGKHOUANG = "vn-kyson", "la-xiengkhouang"
QUEPHONG, XAMTAI = "vn-quephong", "la-xamtai"


def write_requests(year: Year) -> None:
    """Writes all stories of the two links with Laos."""
    _plain_answers(year)
    _returned_and_supplied(year)
    _declined(year)
    _paused_and_urged(year)
    _reopened(year)
    _withdrawn(year)
    _wanted_and_handed_over(year)
    _wanted_and_answered(year)
    _notices(year)
    _contact_changes(year)
    _urging(year)
    _document(year)


def verification(
    year: Year, link: str, label: str, office: str, when: str, number: int, **more: Any
) -> CaseBook:
    """A verification request, opened."""
    case = year.case(link, label, "verification_request")
    fields = {
        "subject": fictional(f"chủ xe Chim-Én-Xanh {number:03d}"),
        "identifiers": [{"type": "biển số xe", "value": fictional(f"HC-{number:03d}.88")}],
        "questions": [fictional("người này có thường trú không"), fictional("chủ xe là ai")],
        "purpose": fictional("làm rõ đường dây Mây-Ngàn"),
        "persons": [person(number)],
    }
    case.open(office, when, fictional(f"Đề nghị xác minh HC-XM-{number:03d}"), fields, **more)
    return case


def answered(case: CaseBook, office: str, day: str, later: str) -> None:
    """The receiving side's way from acknowledged to answered."""
    case.do(office, f"{day} 08:35", "acknowledge", {"local_number": f"HC-ĐẾN/{day}"})
    case.do(office, f"{day} 10:05", "accept")
    case.do(office, f"{day} 14:25", "assign", {"agency": fictional("đội nghiệp vụ Trăng-Khuyết")})
    reply(case, office, f"{later} 09:15")


def reply(case: CaseBook, office: str, when: str) -> None:
    """The answer itself."""
    answer = {
        "text": fictional("kết quả xác minh Lá-Cọ: có cư trú, không có tiền án"),
        "answers": [
            {"question": 1, "finding": "confirmed"},
            {"question": 2, "finding": "not_found"},
        ],
        "approved_by": fictional(f"lãnh đạo của {office}"),
    }
    document = {"subject": fictional("Trả lời xác minh"), "local_number": f"HC-ĐI/{when[:10]}"}
    case.do(office, when, "answer", {**answer, "dispatch": document})


def notice(
    year: Year, link: str, label: str, office: str, when: str, crime: str, text: str
) -> CaseBook:
    """An information notice, opened."""
    case = year.case(link, label, "information_notice")
    fields = {
        "crime_type": crime,
        "area": fictional("khu vực Thác-Bạc"),
        "source_grade": "B",
        "information_grade": 2,
        "text": fictional(text),
    }
    case.open(office, when, fictional("Thông báo tình hình"), fields, handling="H2")
    return case


def _plain_answers(year: Year) -> None:
    rows = (
        (KS, "ks-01", KYSON, XIENGKHOUANG, "2024-11-18", "2024-11-19", "2024-11-29"),
        (KS, "ks-02", XIENGKHOUANG, KYSON, "2025-01-06", "2025-01-07", "2025-01-17"),
        (KS, "ks-03", KYSON, XIENGKHOUANG, "2025-05-12", "2025-05-13", "2025-05-26"),
        (QP, "qp-01", QUEPHONG, XAMTAI, "2024-12-16", "2024-12-17", "2024-12-27"),
        (QP, "qp-02", XAMTAI, QUEPHONG, "2025-07-02", "2025-07-03", "2025-07-11"),
    )
    for number, (link, name, asks, answers, asked, taken, replied) in enumerate(rows, 1):
        case = verification(year, link, f"verify-{name}", asks, f"{asked} 09:00", number)
        answered(case, answers, taken, replied)
        found = {"usefulness": "useful", "text": fictional("giúp làm rõ nhân thân")}
        case.do(asks, f"{replied} 15:00", "feedback", found)
        case.do(asks, f"{replied} 15:20", "close")


def _returned_and_supplied(year: Year) -> None:
    case = verification(year, KS, "verify-returned", KYSON, "2025-02-03 08:00", 11)
    case.do(XIENGKHOUANG, "2025-02-04 09:10", "acknowledge")
    case.do(
        XIENGKHOUANG,
        "2025-02-04 11:00",
        "return_for_information",
        {"questions": [fictional("thiếu ngày sinh của đối tượng")]},
        reason=fictional("chưa đủ thông tin để xác minh"),
    )
    case.do(
        KYSON,
        "2025-02-05 08:15",
        "supply_information",
        {"answers": [fictional("sinh năm 1990, không rõ ngày tháng")]},
        due="2025-02-28T17:00:00+07:00",
    )
    case.do(XIENGKHOUANG, "2025-02-05 10:00", "accept")
    agency = {"agency": fictional("công an bản Nậm-Khiên"), "expected": "2025-02-20"}
    case.do(XIENGKHOUANG, "2025-02-05 10:30", "assign", agency)
    so_far = {"text": fictional("đã tìm được nơi ở cũ")}
    case.do(XIENGKHOUANG, "2025-02-14 09:00", "interim_reply", so_far)
    reply(case, XIENGKHOUANG, "2025-02-21 16:00")
    case.do(KYSON, "2025-02-24 08:10", "close")


def _declined(year: Year) -> None:
    case = verification(year, QP, "verify-declined", XAMTAI, "2025-03-24 13:00", 12)
    case.do(QUEPHONG, "2025-03-25 08:00", "acknowledge")
    case.do(
        QUEPHONG,
        "2025-03-25 15:30",
        "decline",
        {"provision": fictional("Điều 9 quy chế")},
        reason=fictional("ngoài phạm vi phối hợp"),
    )


def _paused_and_urged(year: Year) -> None:
    case = verification(
        year,
        QP,
        "verify-paused",
        QUEPHONG,
        "2025-04-07 08:00",
        13,
        urgency="very_urgent",
        urgency_ground=fictional("thời hạn tạm giữ sắp hết"),
        due="2025-04-18T17:00:00+07:00",
    )
    case.do(XAMTAI, "2025-04-07 09:00", "acknowledge")
    case.do(XAMTAI, "2025-04-07 09:30", "accept")
    case.do(XAMTAI, "2025-04-07 10:30", "assign", {"agency": fictional("tổ điều tra Nậm-Xam")})
    case.do(
        XAMTAI,
        "2025-04-08 14:00",
        "pause",
        {"until": "2025-04-15"},
        ground="court",
        reason=fictional("chờ quyết định của tòa án"),
    )
    case.do(
        QUEPHONG, "2025-04-14 08:30", "urge", {"count": 1, "text": fictional("đề nghị sớm trả lời")}
    )
    case.do(XAMTAI, "2025-04-15 09:00", "resume")
    # A hotline call, logged afterwards with its true time.
    call = {"count": 2, "called_at": "2025-04-16T21:40:00+07:00"}
    spoken = {"subject": fictional("Điện thoại đường dây nóng"), "channel": "phone"}
    case.do(QUEPHONG, "2025-04-17 07:45", "urge", {**call, "dispatch": spoken}, on="2025-04-16")
    reply(case, XAMTAI, "2025-04-17 15:00")
    case.do(QUEPHONG, "2025-04-18 08:00", "close")


def _reopened(year: Year) -> None:
    case = verification(year, KS, "verify-reopened", XIENGKHOUANG, "2025-06-02 08:00", 14)
    answered(case, KYSON, "2025-06-03", "2025-06-10")
    case.do(XIENGKHOUANG, "2025-06-11 08:00", "close")
    case.do(XIENGKHOUANG, "2025-06-16 09:00", "reopen", reason=fictional("có thêm biển số mới"))
    reply(case, KYSON, "2025-06-20 10:00")
    found = {"usefulness": "led_to_result"}
    case.do(XIENGKHOUANG, "2025-06-23 08:00", "feedback", found)
    case.do(XIENGKHOUANG, "2025-06-23 08:20", "close")
    # Closed is closed: the lifecycle refuses this when it is submitted.
    case.do(KYSON, "2025-06-24 08:00", "interim_reply", {"text": fictional("bổ sung muộn")})


def _withdrawn(year: Year) -> None:
    case = verification(year, QP, "verify-withdrawn", QUEPHONG, "2025-08-04 08:00", 15)
    case.do(XAMTAI, "2025-08-04 13:20", "acknowledge")
    case.do(QUEPHONG, "2025-08-05 08:00", "withdraw", reason=fictional("đối tượng đã trình diện"))


def _wanted(year: Year, link: str, label: str, office: str, when: str, number: int) -> CaseBook:
    case = year.case(link, label, "wanted_person")
    fields = {
        "person": person(number, other_names=[fictional(f"biệt danh Sáo-Đá {number}")]),
        "decision_number": f"HC-{number}/QĐTN",
        "decision_date": "2024-09-02",
        "issuer": fictional("cơ quan điều tra ra quyết định truy nã"),
        "offence": fictional("mua bán trái phép chất ma túy"),
        "last_place": fictional("bản Hang-Én"),
    }
    case.open(
        office,
        when,
        fictional(f"Đề nghị truy bắt HC-TN-{number}"),
        fields,
        urgency="urgent",
        urgency_ground=fictional("đối tượng nguy hiểm"),
    )
    return case


def _wanted_and_handed_over(year: Year) -> None:
    """An arrest in a search is none of the joint case's three."""
    case = _wanted(year, KS, "wanted-ks", KYSON, "2025-01-20 08:00", 21)
    case.do(XIENGKHOUANG, "2025-01-20 10:00", "acknowledge")
    case.do(XIENGKHOUANG, "2025-01-20 14:00", "accept")
    case.do(
        XIENGKHOUANG, "2025-01-21 08:00", "assign", {"agency": fictional("tổ truy bắt Gió-Lào")}
    )
    case.do(XIENGKHOUANG, "2025-03-05 09:00", "locate", {"place": fictional("bản Phu-Xai")})
    case.do(XIENGKHOUANG, "2025-03-07 06:30", "arrest", {"place": fictional("bản Phu-Xai")})
    _handover(year, KS, "handover-ks", XIENGKHOUANG, KYSON, 21)
    case.do(XIENGKHOUANG, "2025-03-14 14:00", "hand_over", {"gate": fictional("cửa khẩu Đá-Ngọc")})
    case.do(KYSON, "2025-03-17 08:00", "close")


def _handover(year: Year, link: str, label: str, gives: str, takes: str, number: int) -> None:
    case = year.case(link, label, "handover")
    exhibit = {"description": fictional("điện thoại vỏ xà-cừ"), "count": 1, "seal": "HC-NP-01"}
    fields = {"person": person(number), "exhibits": [exhibit]}
    case.open(gives, "2025-03-10 08:00", fictional(f"Bàn giao đối tượng HC-BG-{number}"), fields)
    case.do(takes, "2025-03-10 09:00", "acknowledge")
    gate = {"gate": fictional("cửa khẩu Đá-Ngọc")}
    case.do(gives, "2025-03-10 15:00", "schedule", {**gate, "time": "2025-03-13T09:00:00+07:00"})
    case.do(takes, "2025-03-11 08:00", "schedule", {**gate, "time": "2025-03-14T09:00:00+07:00"})
    for office, clock in ((gives, "10:10"), (takes, "10:25")):
        minutes = {"signatory": signatory(office), "exhibits": [exhibit]}
        case.do(office, f"2025-03-14 {clock}", "sign_minutes", minutes)
    onward = {"agency": fictional("trại tạm giam Bến-Nước")}
    case.do(takes, "2025-03-14 17:00", "transfer_onward", onward)


def _wanted_and_answered(year: Year) -> None:
    case = _wanted(year, QP, "wanted-qp", XAMTAI, "2025-07-21 08:00", 22)
    case.do(QUEPHONG, "2025-07-21 09:30", "acknowledge")
    case.do(QUEPHONG, "2025-07-21 11:00", "accept")
    case.do(QUEPHONG, "2025-07-22 08:00", "assign", {"agency": fictional("tổ truy bắt Rừng-Pơ-Mu")})
    nothing = {"text": fictional("không tìm thấy trên địa bàn")}
    answer = {**nothing, "dispatch": {"subject": fictional("Trả lời truy nã")}}
    case.do(QUEPHONG, "2025-08-18 10:00", "answer", answer)
    case.do(XAMTAI, "2025-08-20 08:00", "close")


def _notices(year: Year) -> None:
    rows = (
        (KS, "ks-1", KYSON, XIENGKHOUANG, "2024-12-02", "drugs", "nhóm vận chuyển Ngựa-Thồ"),
        (KS, "ks-2", XIENGKHOUANG, KYSON, "2025-03-31", "wildlife", "mua bán tê-tê và ngà voi"),
        # The caption under seed 003's photograph speaks of another case: quoted, never counted.
        (KS, "ks-3", KYSON, XIENGKHOUANG, "2025-09-08", "drugs", "vụ khác: 60 bánh heroin, 37 kg"),
        (QP, "qp-1", QUEPHONG, XAMTAI, "2025-02-25", "human_trafficking", "tuyến Sương-Sớm"),
        (QP, "qp-2", XAMTAI, QUEPHONG, "2025-05-27", "environmental", "đổ thải ở suối Nậm-Tôn"),
    )
    for link, name, tells, hears, day, crime, text in rows:
        case = notice(year, link, f"notice-{name}", tells, f"{day} 08:50", crime, text)
        case.do(hears, f"{day} 11:25", "acknowledge")
        if hears == XIENGKHOUANG:
            case.do(hears, f"{day} 16:30", "feedback", {"usefulness": "already_known"})


def _contact_changes(year: Year) -> None:
    case = year.case(QP, "contact-qp", "contact_change")
    fields = {
        "type": "hotline",
        "old": fictional("số máy cũ 0000 111 222"),
        "new": fictional("số máy mới 0000 333 444"),
        "effective": "2025-03-01",
        "verification": fictional("gọi lại số cũ trước ngày đổi"),
    }
    case.open(QUEPHONG, "2025-02-26 08:00", fictional("Đổi số đường dây nóng"), fields)
    case.do(XAMTAI, "2025-02-26 10:00", "acknowledge")
    made_sure = {"verification": fictional("đã gọi lại số cũ"), "verified_by": lao(40)}
    case.do(XAMTAI, "2025-02-27 08:30", "verify_change", made_sure)
    doubtful = year.case(KS, "contact-ks", "contact_change")
    fields = {
        "type": "email",
        "new": fictional("hop-thu@hu-cau.example"),
        "effective": "2025-09-01",
    }
    doubtful.open(XIENGKHOUANG, "2025-08-27 08:00", fictional("Đổi địa chỉ thư"), fields)
    doubtful.do(KYSON, "2025-08-27 09:00", "acknowledge")


def _urging(year: Year) -> None:
    case = year.case(KS, "urging-ks", "urging")
    fields = {
        "item": fictional("công văn giấy HC-77 gửi trước khi có hệ thống"),
        "agency": fictional("phòng nghiệp vụ Cầu-Treo"),
        "count": 1,
        "waiting_since": "2024-10-01",
    }
    case.open(KYSON, "2024-11-25 08:00", fictional("Đôn đốc trả lời công văn"), fields)
    case.do(XIENGKHOUANG, "2024-11-25 14:00", "acknowledge")


def _document(year: Year) -> None:
    case = year.case(QP, "document-qp", "document")
    fields = {
        "text": fictional("Dự thảo văn bản trao đổi Bông-Lau"),
        "translation": fictional("bản dịch tiếng Lào sẽ gửi sau"),
        "translation_language": "vi",
    }
    attachment = {"name": "HC-du-thao.pdf", "size": 20480, "sha256": "AA" * 21 + "A="}
    case.open(
        QUEPHONG,
        "2025-09-15 08:00",
        fictional("Văn bản trao đổi"),
        fields,
        attachments=[attachment],
        drafter=vietnamese(70),
    )
    case.do(XAMTAI, "2025-09-15 09:45", "acknowledge")
    case.do(XAMTAI, "2025-09-16 08:00", "accept")
    case.do(XAMTAI, "2025-09-16 08:30", "assign", {"agency": fictional("văn thư Hoa-Chăm-Pa")})
    agreed = {"text": fictional("đồng ý với dự thảo")}
    letter = {"subject": fictional("Trả lời văn bản trao đổi")}
    case.do(XAMTAI, "2025-09-19 15:00", "answer", {**agreed, "dispatch": letter})
    case.do(QUEPHONG, "2025-09-22 08:00", "close")
