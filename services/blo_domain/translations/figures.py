"""The figures of a report, their units and substances: English, Vietnamese, Lao, Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

FIGURES: Final[Mapping[str, tuple[str, str, str, str]]] = {
    "blo_offices_active": (
        "offices active",
        "Văn phòng BLO hoạt động",
        "ຫ້ອງການປະສານງານທີ່ເຄື່ອນໄຫວ",
        "运行的边境联络官办公室",
    ),
    "joint_cases": ("joint cases", "chuyên án chung", "ຄະດີຮ່ວມ", "联合专案"),
    "working_groups": ("working groups", "tổ công tác", "ຈຸວຽກ", "工作组"),
    "person_trips": ("person-trips", "lượt người", "ເທື່ອຄົນ", "人次"),
    "arrests": ("arrests", "bắt giữ", "ການຈັບກຸມ", "抓获人数"),
    "seizures": ("seizures", "thu giữ", "ຂອງກາງທີ່ຢຶດໄດ້", "缴获"),
    "bilateral_patrols": ("bilateral patrols", "tuần tra song phương", "ລາດຕະເວນຮ່ວມ", "联合巡逻"),
    "residence_refused": ("residence refused", "từ chối cho cư trú", "ປະຕິເສດການພັກເຊົາ", "拒绝居留"),
    "deportations_received": (
        "deportations received",
        "tiếp nhận trục xuất",
        "ຮັບຜູ້ຖືກເນລະເທດ",
        "接收遣返人员",
    ),
    "overstay_penalties": (
        "overstay penalties",
        "xử phạt quá hạn cư trú",
        "ປັບໃໝການຢູ່ເກີນກຳນົດ",
        "逾期居留处罚",
    ),
    "delegations": ("delegations", "đoàn công tác", "ຄະນະຜູ້ແທນ", "代表团"),
    "delegation_persons": (
        "persons in delegations",
        "người đi công tác",
        "ຄົນໃນຄະນະຜູ້ແທນ",
        "代表团人数",
    ),
    "patrol_person_trips": (
        "person-trips on patrol",
        "lượt người tuần tra",
        "ເທື່ອຄົນລາດຕະເວນ",
        "巡逻人次",
    ),
    "notices_sent": ("notices sent", "thông báo gửi đi", "ແຈ້ງການສົ່ງອອກ", "发出通报"),
    "notices_received": ("notices received", "thông báo nhận được", "ແຈ້ງການໄດ້ຮັບ", "收到通报"),
    "requests_answered": (
        "verifications answered",
        "xác minh đã trả lời",
        "ການກວດສອບທີ່ຕອບແລ້ວ",
        "已答复核查",
    ),
    "wanted_arrested": (
        "wanted persons arrested",
        "bắt đối tượng truy nã",
        "ຈັບຜູ້ຖືກໝາຍຈັບ",
        "抓获通缉人员",
    ),
    "handovers": ("handovers", "bàn giao", "ມອບ-ຮັບ", "移交"),
    "briefings": ("briefings", "giao ban", "ກອງປະຊຸມ", "会晤"),
    "support_buildings": ("buildings handed over", "công trình hỗ trợ", "ອາຄານທີ່ມອບໃຫ້", "援建移交"),
    # Substances.
    "heroin": ("heroin", "heroin", "ເຮໂຣອິນ", "海洛因"),
    "methamphetamine_crystal": ("crystal methamphetamine", "ma túy đá", "ຢາໄອສ໌", "冰毒"),
    "methamphetamine_tablet": ("methamphetamine tablets", "hồng phiến", "ຢາບ້າ", "麻古"),
    "synthetic_unspecified": (
        "synthetic, unspecified",
        "ma túy tổng hợp",
        "ຢາເສບຕິດສັງເຄາະ",
        "合成毒品（未细分）",
    ),
    "ketamine": ("ketamine", "ketamine", "ເຄຕາມີນ", "氯胺酮"),
    "mdma": ("MDMA", "MDMA", "MDMA", "摇头丸"),
    "opium": ("opium", "thuốc phiện", "ຢາຝິ່ນ", "鸦片"),
    "cannabis": ("cannabis", "cần sa", "ກັນຊາ", "大麻"),
    "morphine": ("morphine", "morphine", "ມໍຟິນ", "吗啡"),
    "cocaine": ("cocaine", "cocaine", "ໂຄເຄນ", "可卡因"),
    # Nationalities.
    "vn": ("Vietnamese", "Việt Nam", "ຫວຽດນາມ", "越南"),
    "la": ("Lao", "Lào", "ລາວ", "老挝"),
    "cn": ("Chinese", "Trung Quốc", "ຈີນ", "中国"),
    "th": ("Thai", "Thái Lan", "ໄທ", "泰国"),
    "mm": ("Burmese", "Mi-an-ma", "ມຽນມາ", "缅甸"),
    "kh": ("Cambodian", "Cam-pu-chia", "ກຳປູເຈຍ", "柬埔寨"),
    "": ("not stated", "không nêu", "ບໍ່ໄດ້ລະບຸ", "未注明"),
}

UNITS: Final[Mapping[str, tuple[str, str, str, str]]] = {
    "offices": ("offices", "văn phòng", "ຫ້ອງການ", "个"),
    "cases": ("cases", "vụ", "ຄະດີ", "起"),
    "groups": ("groups", "tổ", "ຈຸ", "个组"),
    "person_trips": ("person-trips", "lượt người", "ເທື່ອຄົນ", "人次"),
    "persons": ("persons", "người", "ຄົນ", "人"),
    "patrols": ("patrols", "cuộc", "ຄັ້ງ", "次"),
    "delegations": ("delegations", "đoàn", "ຄະນະ", "个团"),
    "notices": ("notices", "thông báo", "ສະບັບ", "份"),
    "requests": ("requests", "đề nghị", "ຄຳຂໍ", "件"),
    "meetings": ("meetings", "cuộc", "ຄັ້ງ", "次"),
    "buildings": ("buildings", "công trình", "ຫຼັງ", "座"),
    "as reported": ("as reported", "theo báo cáo", "ຕາມລາຍງານ", "据报"),
    "kg": ("kg", "kg", "ກິໂລກຣາມ", "千克"),
    "g": ("g", "g", "ກຣາມ", "克"),
    "ml": ("ml", "ml", "ມິນລິລິດ", "毫升"),
    "m2": ("m²", "m²", "ຕາແມັດ", "平方米"),
    "tablet": ("tablet", "viên", "ເມັດ", "片"),
    "banh": ("bánh (block)", "bánh", "ກ້ອນ (bánh)", "块（bánh）"),
    "plant": ("plant", "cây", "ຕົ້ນ", "株"),
}
