"""Which agency of the office a text means, as an assignment names it (docs/domain.md §1)."""

from __future__ import annotations

from typing import Final

from blo_domain.text_fold import skeleton
from blo_schemas.people import Agency

_WORDS: Final = {
    Agency.POLICE: ("police", "công an", "ຕຳຫຼວດ", "ຕຳຫລວດ", "公安", "警察"),
    Agency.BORDER_GUARD: (
        "border guard", "border defence", "biên phòng", "ປ້ອງກັນຊາຍແດນ", "ທະຫານຊາຍແດນ", "边防", "移民管理",
    ),
    Agency.CUSTOMS: ("customs", "hải quan", "ພາສີ", "海关"),
}  # fmt: skip
"""Words of the four languages; those in Lao await the review of a native reader."""

_SKELETONS: Final = {
    agency: tuple(skeleton(word) for word in words) for agency, words in _WORDS.items()
}


def agencies_named(text: str) -> frozenset[Agency]:
    """The agencies that a text names, whatever else it says."""
    seen = skeleton(text.replace("_", " "))
    return frozenset(
        agency for agency, words in _SKELETONS.items() if any(word in seen for word in words)
    )
