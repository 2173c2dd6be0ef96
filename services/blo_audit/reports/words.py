"""The names of a report's figures (docs/domain.md §7) in four languages.

The Lao words need a native reader's review before use. A missing word is replaced by the English
one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

LANGUAGES: Final = ("en", "vi", "lo", "zh")

_WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "report": ("Report", "Báo cáo", "ບົດລາຍງານ", "报告"),
    "figure": ("figure", "chỉ tiêu", "", "指标"),
    "value": ("value", "số liệu", "", "数值"),
    "unit": ("unit", "đơn vị", "", "单位"),
    "events": ("events", "sự kiện", "", "事件"),
    "response times": ("Response times", "Thời gian trả lời", "", "办理时限"),
    "notes": ("Notes", "Ghi chú", "", "备注"),
    "blo_offices_active": ("offices active", "Văn phòng BLO hoạt động", "", "边境联络官办公室"),
    "joint_cases": ("joint cases", "chuyên án chung", "ຄະດີຮ່ວມ", "联合专案"),
    "working_groups": ("working groups", "tổ công tác", "", ""),
    "person_trips": ("person-trips", "lượt người", "", ""),
    "arrests": ("arrests", "bắt giữ", "", ""),
    "seizures": ("seizures", "thu giữ", "", ""),
    "bilateral_patrols": ("bilateral patrols", "tuần tra song phương", "ລາດຕະເວນຮ່ວມ", "联合巡逻"),
    "residence_refused": ("residence refused", "từ chối cho cư trú", "", ""),
    "deportations_received": ("deportations received", "tiếp nhận trục xuất", "", ""),
    "overstay_penalties": ("overstay penalties", "xử phạt quá hạn cư trú", "", ""),
    "delegations": ("delegations", "đoàn công tác", "", ""),
    "delegation_persons": ("persons in delegations", "người đi công tác", "", ""),
    "patrol_person_trips": ("person-trips on patrol", "lượt người tuần tra", "", ""),
    "notices_sent": ("notices sent", "thông báo gửi đi", "ແຈ້ງການ", "通报"),
    "notices_received": ("notices received", "thông báo nhận được", "ແຈ້ງການ", "通报"),
    "requests_answered": ("verifications answered", "xác minh đã trả lời", "ກວດສອບ", "核查"),
    "wanted_arrested": ("wanted persons arrested", "bắt đối tượng truy nã", "", "通缉人员"),
    "handovers": ("handovers", "bàn giao", "ມອບ-ຮັບ", "移交"),
    "briefings": ("briefings", "giao ban", "ກອງປະຊຸມ", "会晤"),
    "support_buildings": ("buildings handed over", "công trình hỗ trợ", "", ""),
    "tablet": ("tablet", "viên", "", ""),
    "banh": ("bánh (block)", "bánh", "", ""),
    "plant": ("plant", "cây", "", ""),
    "methamphetamine_crystal": ("crystal methamphetamine", "ma túy đá", "", ""),
    "methamphetamine_tablet": ("methamphetamine tablets", "hồng phiến", "", ""),
    "synthetic_unspecified": ("synthetic, unspecified", "ma túy tổng hợp", "", ""),
    "": ("not stated", "không nêu", "", ""),
}


def word(name: str, language: str) -> str:
    """The word for a name in a language; without one the English word, or the name itself."""
    known = _WORDS.get(name)
    if known is None:
        return name.replace("_", " ")
    return known[LANGUAGES.index(language)] or known[0]
