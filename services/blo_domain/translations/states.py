"""The states of cases and the urgencies: English, Vietnamese, Lao, Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

STATES: Final[Mapping[str, tuple[str, str, str, str]]] = {
    "sent": ("sent", "đã gửi", "ສົ່ງແລ້ວ", "已发送"),
    "acknowledged": ("acknowledged", "đã tiếp nhận", "ຮັບຮູ້ແລ້ວ", "已签收"),
    "accepted": ("accepted", "đã chấp nhận", "ຮັບເອົາແລ້ວ", "已受理"),
    "returned": ("returned", "trả lại bổ sung", "ສົ່ງຄືນແລ້ວ", "已退回补充"),
    "declined": ("declined", "đã từ chối", "ປະຕິເສດແລ້ວ", "已拒绝"),
    "assigned": ("assigned", "đã phân công", "ມອບໝາຍແລ້ວ", "已分派"),
    "answered": ("answered", "đã trả lời", "ຕອບແລ້ວ", "已答复"),
    "closed": ("closed", "đã kết thúc", "ປິດແລ້ວ", "已办结"),
    "withdrawn": ("withdrawn", "đã rút lại", "ຖອນແລ້ວ", "已撤回"),
    "located": ("located", "đã phát hiện", "ພົບຕົວແລ້ວ", "已查获下落"),
    "arrested": ("arrested", "đã bắt giữ", "ຈັບກຸມແລ້ວ", "已抓获"),
    "scheduled": ("scheduled", "đã hẹn lịch", "ນັດໝາຍແລ້ວ", "已约定时间"),
    "signed": ("signed", "đã ký", "ເຊັນແລ້ວ", "已签署"),
    "transferred_onward": ("transferred onward", "đã chuyển giao tiếp", "ສົ່ງຕໍ່ແລ້ວ", "已转送"),
    "proposed": ("proposed", "đã đề xuất", "ສະເໜີແລ້ວ", "已提议"),
    "running": ("running", "đang tiến hành", "ກຳລັງດຳເນີນ", "进行中"),
    "confirmed": ("confirmed", "đã xác nhận", "ຢືນຢັນແລ້ວ", "已确认"),
    "done": ("done", "đã thực hiện", "ສຳເລັດແລ້ວ", "已完成"),
    "notified": ("notified", "đã thông báo", "ແຈ້ງແລ້ວ", "已通报"),
    "coordinated": ("coordinated", "đã phối hợp", "ປະສານງານແລ້ວ", "已协调"),
    "received": ("received", "đã tiếp nhận người", "ຮັບຄົນແລ້ວ", "已接收"),
    "invited": ("invited", "đã mời", "ເຊີນແລ້ວ", "已邀请"),
    "held": ("held", "đã tổ chức", "ຈັດແລ້ວ", "已举行"),
    "in_force": ("in force", "có hiệu lực", "ມີຜົນບັງຄັບໃຊ້", "已生效"),
    "superseded": ("superseded", "đã được thay thế", "ຖືກແທນແລ້ວ", "已被取代"),
    "approved": ("approved", "đã duyệt", "ອະນຸມັດແລ້ວ", "已批准"),
    "travelled": ("travelled", "đã đi công tác", "ເດີນທາງແລ້ວ", "已出行"),
    "reported": ("reported", "đã báo cáo", "ລາຍງານແລ້ວ", "已报告"),
    "surveyed": ("surveyed", "đã khảo sát", "ສຳຫຼວດແລ້ວ", "已勘察"),
    "built": ("built", "đã xây dựng", "ກໍ່ສ້າງແລ້ວ", "已建成"),
    "handed_over": ("handed over", "đã bàn giao", "ມອບ-ຮັບແລ້ວ", "已移交"),
    "computed": ("computed", "đã tổng hợp", "ສັງລວມແລ້ວ", "已统计"),
    "reviewed": ("reviewed", "đã thẩm tra", "ກວດຄືນແລ້ວ", "已审核"),
    "frozen": ("frozen", "đã chốt", "ປິດບົດລາຍງານແລ້ວ", "已定稿"),
    "shredding": ("being shredded", "đang hủy nội dung", "ກຳລັງທຳລາຍເນື້ອໃນ", "内容销毁中"),
    "shredded": ("shredded", "đã hủy nội dung", "ທຳລາຍເນື້ອໃນແລ້ວ", "内容已销毁"),
}

URGENCIES: Final[Mapping[str, tuple[str, str, str, str]]] = {
    "routine": ("routine", "thường", "ທຳມະດາ", "平件"),
    "urgent": ("urgent", "khẩn", "ດ່ວນ", "加急"),
    "very_urgent": ("very urgent", "thượng khẩn", "ດ່ວນຫຼາຍ", "特急"),
    "immediate": ("immediate", "hỏa tốc", "ດ່ວນທີ່ສຸດ", "特提"),
}
