"""The words that fields choose from: English, Vietnamese, Lao, Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

VALUES: Final[Mapping[str, tuple[str, str, str, str]]] = {
    # Crime types.
    "drugs": ("drugs", "ma túy", "ຢາເສບຕິດ", "毒品"),
    "criminal": ("criminal", "hình sự", "ອາຍາ", "刑事"),
    "economic": ("economic", "kinh tế", "ເສດຖະກິດ", "经济"),
    "environmental": ("environmental", "môi trường", "ສິ່ງແວດລ້ອມ", "环境"),
    "human_trafficking": ("human trafficking", "mua bán người", "ການຄ້າມະນຸດ", "拐卖人口"),
    "wildlife": ("wildlife", "động vật hoang dã", "ສັດປ່າ", "野生动植物"),
    # Sexes.
    "female": ("female", "nữ", "ຍິງ", "女"),
    "male": ("male", "nam", "ຊາຍ", "男"),
    # Levels.
    "post": ("post", "đồn", "ປ້ອມ", "站所级"),
    "district": ("district", "huyện", "ເມືອງ", "县级"),
    "branch": ("branch", "chi nhánh", "ສາຂາ", "分办级"),
    "province": ("province", "tỉnh", "ແຂວງ", "省级"),
    "ministry": ("ministry", "bộ", "ກະຊວງ", "部级"),
    # Rhythms.
    "periodic": ("periodic", "định kỳ", "ປະຈຳ", "定期"),
    "ad_hoc": ("ad hoc", "đột xuất", "ສະເພາະກິດ", "临时"),
    # Acts of a penalty.
    "overstay": ("overstay", "quá hạn cư trú", "ຢູ່ເກີນກຳນົດ", "逾期居留"),
    "illegal_entry": ("illegal entry", "nhập cảnh trái phép", "ເຂົ້າເມືອງຜິດກົດໝາຍ", "非法入境"),
    "illegal_exit": ("illegal exit", "xuất cảnh trái phép", "ອອກເມືອງຜິດກົດໝາຍ", "非法出境"),
    "illegal_work": ("illegal work", "lao động trái phép", "ເຮັດວຽກຜິດກົດໝາຍ", "非法务工"),
    "smuggling": ("smuggling", "buôn lậu", "ລັກລອບຂົນສົ່ງ", "走私"),
    "border_area_rules": (
        "rules of the border area",
        "quy chế khu vực biên giới",
        "ລະບຽບເຂດຊາຍແດນ",
        "边境管理规定",
    ),
    "other": ("other", "khác", "ອື່ນໆ", "其他"),
    # Contacts.
    "hotline": ("hotline", "đường dây nóng", "ສາຍດ່ວນ", "热线电话"),
    "email": ("e-mail", "thư điện tử", "ອີເມວ", "电子邮件"),
    "fax": ("fax", "fax", "ແຟັກ", "传真"),
    "postal": ("post", "bưu chính", "ໄປສະນີ", "邮寄"),
    "person": ("person", "người liên lạc", "ບຸກຄົນ", "联络人"),
    "channel": ("channel", "kênh", "ຊ່ອງທາງ", "渠道"),
    # Results of a verification.
    "confirmed": ("confirmed", "đúng", "ຢືນຢັນ", "属实"),
    "partly_confirmed": ("partly confirmed", "đúng một phần", "ຢືນຢັນບາງສ່ວນ", "部分属实"),
    "not_confirmed": ("not confirmed", "không đúng", "ບໍ່ຢືນຢັນ", "不属实"),
    "not_found": ("not found", "không tìm thấy", "ບໍ່ພົບ", "未查到"),
    # Usefulness.
    "led_to_result": ("led to a result", "đã có kết quả", "ນຳໄປສູ່ຜົນ", "促成成果"),
    "useful": ("useful", "hữu ích", "ເປັນປະໂຫຍດ", "有用"),
    "already_known": ("already known", "đã biết", "ຮູ້ແລ້ວ", "已知"),
    "not_useful": ("not useful", "không hữu ích", "ບໍ່ເປັນປະໂຫຍດ", "无用"),
    "too_early": ("too early to say", "chưa đánh giá được", "ໄວເກີນໄປ", "尚难判断"),
    # Grounds of a shredding.
    "retention_ended": ("retention ended", "hết thời hạn lưu", "ໝົດກຳນົດເກັບຮັກສາ", "保存期满"),
    "purpose_fulfilled": ("purpose fulfilled", "đã đạt mục đích", "ບັນລຸຈຸດປະສົງແລ້ວ", "目的已达"),
    "unlawfully_sent": ("unlawfully sent", "gửi trái quy định", "ສົ່ງຜິດກົດໝາຍ", "违规发送"),
    "inaccurate": ("inaccurate", "không chính xác", "ບໍ່ຖືກຕ້ອງ", "不准确"),
    "decision_of_authority": (
        "decision of an authority",
        "quyết định của cơ quan có thẩm quyền",
        "ຂໍ້ຕົກລົງຂອງອົງການ",
        "主管机关决定",
    ),
    # Channels.
    "exchange": ("exchange", "hệ thống trao đổi", "ລະບົບແລກປ່ຽນ", "交换系统"),
    "phone": ("telephone", "điện thoại", "ໂທລະສັບ", "电话"),
    "letter": ("letter", "công văn giấy", "ໜັງສື", "书面信函"),
    "meeting": ("meeting", "gặp trực tiếp", "ພົບປະ", "会面"),
}
